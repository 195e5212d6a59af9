//! A restart's [`Report`](crate::restart::report::Report) as text: for a terminal, for a pull request,
//! as `JUnit`. All of it is pure, and in the words of the other reports.

mod digest;
mod junit;
mod markdown;
mod terminal;

pub use junit::junit;
pub use markdown::markdown;
pub use terminal::terminal;

#[cfg(test)]
mod tests;
