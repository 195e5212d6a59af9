//! One file of the core in, the lines and modules it may not name out.

use super::check;
use crate::tidy::tree::Tree;

#[track_caller]
fn play(path: &str, text: &str, expected: &[(usize, &str)]) {
    let found: Vec<String> =
        check(&Tree::of(&[(path, text)])).iter().map(ToString::to_string).collect();
    let expected: Vec<String> = expected
        .iter()
        .map(|(line, module)| {
            format!(
                "error: {path}:{line}: `std::{module}`: the core does no I/O, waits for nothing"
            )
        })
        .collect();
    assert_eq!(found, expected);
}

const CORE: &str = "daemon/core/src/a.rs";

#[test]
fn what_reaches_outside_is_found_however_it_is_named() {
    for module in ["env", "fs", "io", "net", "process", "thread"] {
        play(CORE, &format!("\nuse std::{module};\n"), &[(2, module)]);
        play(CORE, &format!("\nuse ::std::{module}::x as y;\n"), &[(2, module)]);
        play(CORE, &format!("fn f() {{ std::{module}::x() }}"), &[(1, module)]);
        play(CORE, &format!("use std::{{fmt, {module}}};"), &[(1, module)]);
    }
    play(
        CORE,
        "use std::{\n    collections::{BTreeMap, fs},\n    io::{self, Read},\n    net,\n};\n",
        &[(3, "io"), (4, "net")],
    );
}

#[test]
fn values_of_std_and_names_that_only_look_alike_pass() {
    play(CORE, "use std::{collections::BTreeMap, time::Duration};\nuse std::fmt;\n", &[]);
    play(CORE, "/// Like `std::fs`.\nfn f() { g(\"std::net\"); mystd::fs(); std::iota() }", &[]);
}

#[test]
fn only_the_core_is_asked_and_not_its_tests() {
    play("daemon/src/a.rs", "use std::fs;\n", &[]);
    play("daemon/core/src/a/tests.rs", "use std::fs;\n", &[]);
    play("daemon/core/src/a/tests/b.rs", "use std::fs;\n", &[]);
}
