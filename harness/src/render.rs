//! A [`Report`](crate::report::Report) as text: for a terminal, for a pull request, as `JUnit`, and as
//! lines while the run goes on.
//!
//! All of it is pure. What a case counts as is asked of [`Standing`](crate::verdict::Standing) alone, and
//! the totals are those of the report's verdict, so that every rendering tells the same numbers.
//! Absent: reading and writing files, and any knowledge of whether somebody looks at a terminal.

pub(crate) mod digest;
pub mod json_lines;
mod junit;
pub(crate) mod markdown;
pub(crate) mod terminal;

#[cfg(feature = "run")]
pub(crate) use digest::{one_line, plain};
pub use junit::junit;
pub use markdown::markdown;
pub use terminal::{Colour, terminal};

#[cfg(test)]
mod tests;
