//! A [`BenchReport`](crate::bench::report::BenchReport) as text: for a terminal, for a pull request,
//! as `JUnit`, and as one page of HTML.
//!
//! All of it is pure, and nothing is judged here: what a metric means stands in the report, and the
//! totals are those of its verdict, so that every rendering tells the same numbers. What is shown
//! comes out of a file, so no text of it is trusted: none steers a terminal, ends a cell, or opens a
//! tag. Absent: reading and writing files.

mod digest;
mod figures;
mod html;
mod junit;
mod markdown;
mod terminal;

pub use html::html;
pub use junit::junit;
pub use markdown::{MARKER, markdown};
pub use terminal::terminal;

pub use crate::render::Colour;

#[cfg(test)]
mod tests;
