use std::fs;
use std::path::Path;

use super::html;
use crate::bench::specimen::{full, holding};

#[test]
fn the_page_can_be_looked_at() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/harness/specimen");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("bench.html"), html(&full())).unwrap();
    fs::write(place.join("holding.html"), html(&holding(40))).unwrap();
}
