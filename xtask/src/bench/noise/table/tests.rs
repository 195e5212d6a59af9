//! A page from figures.

use harness::bench::report::{Build, Interval};

use super::*;

fn found(false_fail_upper: f64, shows: bool) -> Found {
    let row = NoiseRow {
        metric: "daemon.ready".to_owned(),
        gate: Importance::Blocking,
        launches: 40,
        pairs: 20,
        pairs_played: 40,
        false_fail: 0.001,
        false_fail_upper,
        found_10: 0.91,
        found_25: 1.0,
        inconclusive: 0.05,
    };
    let ratio = Interval { value: 1.19, low: 1.17, high: 1.21 };
    let slowed = vec![Slowed { metric: "daemon.ready".to_owned(), shown: Shown { ratio, shows } }];
    Found { noise: NoiseTable { rows: vec![row] }, slowed, ..Found::default() }
}

fn page(found: &Found) -> String {
    let build = Build { commit: "0123456789abcdef".to_owned(), clean: true };
    markdown(found, &Head::new(build, "machine".to_owned()))
}

#[test]
fn a_gate_that_holds_says_so_below_its_figures() {
    let found = found(0.004, true);
    assert_eq!(found.code(), ExitCode::Pass);
    let page = page(&found);
    assert!(page.contains("Recorded of 0123456789 on machine"), "{page}");
    assert!(
        page.contains("| daemon.ready | 40 | 20/40 | 0.1 % | 0.4 % | 91.0 % | 100.0 % | 5.0 % |"),
        "{page}"
    );
    assert!(page.contains("| daemon.ready | 1.190 (1.170 to 1.210) | yes |"), "{page}");
    assert!(page.contains("\nIn 95.0 % of quiet runs something is said of every"), "{page}");
    assert!(page.ends_with("Everything holds.\n"), "{page}");
}

#[test]
fn false_alarms_break_it() {
    let found = found(0.03, true);
    assert_eq!(found.code(), ExitCode::Failed);
    assert!(
        page(&found)
            .ends_with("- daemon.ready: maybe a false alarm in 3.0 % of runs, more than 2.0 %\n")
    );
}

#[test]
fn so_does_a_slow_down_that_does_not_show() {
    let found = found(0.0, false);
    assert_eq!(found.code(), ExitCode::Failed);
    assert!(page(&found).ends_with("- daemon.ready: a slow-down does not show\n"));
}

#[test]
fn a_part_of_a_recording_is_no_pass() {
    let mut found = found(0.004, true);
    found.lacks("cli.status", 12, 40);
    assert_eq!(found.code(), ExitCode::Inconclusive);
    let page = page(&found);
    assert!(page.ends_with("\n- cli.status: 12 of 40 launches are recorded\n"));
    assert!(!page.contains("of every"), "of those that lack nothing is known: {page}");
}
