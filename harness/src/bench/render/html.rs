//! One page that holds everything, and asks nobody for anything: no script, no font, no picture.
//!
//! ```text
//!  masthead   what it means, of which build, the counts
//!  look       what fails first, then what cannot be said, then remarks: a card each
//!  holds      a card each
//!  unmeasured a card each
//!  around     memory, tiers, quarantine, load and controls, machine
//! ```
//!
//! It is HTML and well-formed XML at once, so that a test can read it with a strict parser. Light and
//! dark follow the reader's system. Absent: anything that has to run before it can be read.

mod markup;

use self::markup::{Element, el};
use super::digest;
use crate::bench::report::BenchReport;

/// What a browser may fetch for the page: nothing.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The report as a page of its own.
pub fn html(report: &BenchReport) -> String {
    let mut out = "<!DOCTYPE html>\n".to_owned();
    let page = el("html").with("lang", "en").child(head(report)).child(el("body"));
    page.render(&mut out);
    out
}

fn head(report: &BenchReport) -> Element {
    el("head")
        .child(el("meta").with("charset", "utf-8"))
        .child(el("meta").with("http-equiv", "Content-Security-Policy").with("content", POLICY))
        .child(el("meta").with("name", "viewport").with("content", "width=device-width"))
        .child(el("title").text(digest::headline(report)))
}
