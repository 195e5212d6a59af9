//! Which command lines of cargo are seen to be wrong.

use super::*;

const HELP: &str = "Options:\n  -p, --package [<SPEC>]\n      --features <F>  Space\n      --test [<NAME>]\n  \
                    -r, --release  Build\n      --message-format <FMT>\n      --locked  Assert\n";

#[track_caller]
fn check(own: &str, expected: Option<&str>) {
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<String>>();
    let known = Known {
        packages: set(&["smoke"]),
        targets: BTreeMap::from([("test".to_owned(), set(&["tier2"]))]),
        features: set(&["claude-assistant/faults"]),
    };
    assert_eq!(known.fault(own, HELP).as_deref(), expected, "{own}");
}

#[test]
fn a_command_line_of_what_is_there_is_right() {
    check("--locked --release --package smoke --test tier2 --message-format=json", None);
    check("--features claude-assistant/faults -p smoke", None);
}

#[test]
fn what_is_not_there_is_named() {
    check("--relase", Some("it has no --relase"));
    check("--package smok", Some("there is no smok for --package"));
    check("--locked --test tier9", Some("there is no tier9 for --test"));
    check(
        "--features claude-assistant/fault",
        Some("there is no claude-assistant/fault for --features"),
    );
    check("-p", Some("there is no nothing for -p"));
}
