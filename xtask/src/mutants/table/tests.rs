use super::super::list::parse;
use super::*;

const LIST: &str = r#"
[[mutant]]
name = "one"
file = "daemon/src/a.rs"
find = "a"
replace = "b"
fault = "A | B."
killed_by = "claude-assistant a::tests::b"

[[mutant]]
name = "twenty"
file = "daemon/core/src/a.rs"
find = "a"
replace = "b"
fault = "C."
killed_by = "tier2 tier2::a::b"
"#;

fn record(first: Verdict, second: Verdict) -> Record {
    let mutants = parse(LIST).unwrap();
    Record {
        commit: "0123".to_owned(),
        written_at: Timestamp::UNIX_EPOCH,
        whole: true,
        elapsed_s: 31,
        mutants: vec![Tried::new(&mutants[0], first, 1.26), Tried::new(&mutants[1], second, 30.0)],
    }
}

const KILLED: Verdict = Verdict::Killed { by: Stage::ItsTest, timeout: false };

#[test]
fn the_table_of_a_document_has_a_line_for_each_fault() {
    let mutants = parse(LIST).unwrap();
    assert_eq!(
        markdown(&mutants.iter().collect::<Vec<_>>()),
        "| name | fault | killed by |\n\
         |---|---|---|\n\
         | `one` | A \\| B. | `claude-assistant a::tests::b` |\n\
         | `twenty` | C. | `tier2::a::b` |\n"
    );
}

#[test]
fn what_became_of_each_is_told_and_counted() {
    let by_tier = Verdict::Killed { by: Stage::Tier1, timeout: true };
    assert_eq!(
        results(&record(KILLED, by_tier)),
        "one         1.3 s  killed by its test\n\
         twenty     30.0 s  killed by tier 1 (timeout)\n\
         \n\
         2 of 2 killed, 1 by the test that is named, in 31 s\n"
    );
}

#[test]
fn only_a_run_in_which_all_are_killed_passes() {
    let code = |verdict| record(KILLED, verdict).code();
    assert_eq!(code(KILLED), ExitCode::Pass);
    assert_eq!(code(Verdict::Survived), ExitCode::Failed);
    let why = "tier 1 does not hold without the fault".to_owned();
    assert_eq!(code(Verdict::Unclear { why }), ExitCode::Failed);
    assert_eq!(code(Verdict::Interrupted), ExitCode::Failed);
    assert_eq!(code(Verdict::NotCompiled), ExitCode::FileInvalid);
    assert_eq!(code(Verdict::NotTried { why: "no test ran".to_owned() }), ExitCode::FileInvalid);
}

#[test]
fn the_record_says_what_it_is_of() {
    let json = record(KILLED, Verdict::NotCompiled).json().unwrap();
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["schema"], "harness.mutants.v1");
    assert_eq!(read["commit"], "0123");
    assert_eq!(read["written_at"], "1970-01-01T00:00:00Z");
    assert_eq!(read["mutants"][0]["verdict"], "killed");
    assert_eq!(read["mutants"][0]["by"], "its_test");
    assert_eq!(read["mutants"][1]["verdict"], "not_compiled");
}
