use super::*;

#[test]
fn a_program_says_which_forms_it_knows() {
    let said = serde_json::to_value(Program::of_this_program()).unwrap();
    let Schema { version, min_reader } = Schema::OF_THIS_PROGRAM;
    let expected = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "schema": {"version": version, "min_reader": min_reader},
        "formats": {"pending": 1, "manifest": 1},
    });
    assert_eq!(said, expected);
}
