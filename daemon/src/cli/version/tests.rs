use super::*;
use crate::store;

#[test]
fn a_program_says_which_forms_it_knows() {
    let said = serde_json::to_value(Program::of_this_program()).unwrap();
    let expected = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "schema": {"version": store::SCHEMA_VERSION, "min_reader": store::MIN_READER},
        "formats": {"pending": 1, "manifest": 1},
    });
    assert_eq!(said, expected);
}
