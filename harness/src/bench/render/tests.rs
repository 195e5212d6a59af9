use super::{Colour, html, junit, markdown, terminal};
use crate::bench::specimen::{full, holding};

#[test]
fn print_them() {
    for report in [full(), holding(2)] {
        println!("{}", terminal(&report, Colour::Plain));
        println!("{}", markdown(&report));
        println!("{}", junit(&report));
        println!("{}", html(&report));
    }
}
