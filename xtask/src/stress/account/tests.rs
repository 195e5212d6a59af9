//! Runs in, table and figures out.

use harness::report::Machine;
use harness::tier::Tier;
use jiff::Timestamp;

use super::super::Load;
use super::{Account, Doubt, Flake, RunAccount, TierAccount, median};

fn run(elapsed_s: f64, flakes: &[&str]) -> RunAccount {
    let flakes: Vec<Flake> = flakes
        .iter()
        .map(|id| Flake { id: (*id).to_owned(), outcome: "failed".to_owned() })
        .collect();
    let kept = (!flakes.is_empty()).then(|| "/t/kept".into());
    RunAccount { elapsed_s, passed: 100 - flakes.len(), tests: 100, flakes, kept }
}

fn account() -> Account {
    let machine = Machine { os: "linux".into(), arch: "x86_64".into(), cores: 2 };
    let mut account =
        Account::new("9f86".to_owned(), Timestamp::UNIX_EPOCH, machine, Load::Burning);
    let mut tier = TierAccount::new(Tier::InProcess);
    for (number, run) in (1..).zip([run(3.0, &[]), run(12.25, &["tier1::a"]), run(2.0, &[])]) {
        tier.add(number, run);
    }
    account.tiers.push(tier);
    account.doubts.push(Doubt::Changed);
    account
}

#[test]
fn the_table_has_a_line_for_each_tier() {
    assert_eq!(
        account().table(),
        "tier    runs   tests  failures  median s   max s\n\
         tier 1     3     300         1       3.0    12.2\n"
    );
    assert_eq!((account().passed(), account().failures()), (299, 1));
}

#[test]
fn a_run_is_a_line_and_one_more_for_whatever_went_wrong() {
    assert_eq!(run(3.0, &[]).line(), "100 tests, 0 failures, 3.0 s");
    let expected = "100 tests, 1 failures, 3.0 s\n    tier1::a: failed\n    kept /t/kept";
    assert_eq!(run(3.0, &["tier1::a"]).line(), expected);
}

#[test]
fn the_file_says_what_ran_where_and_what_failed() {
    let json: serde_json::Value = serde_json::from_str(&account().to_json()).unwrap();
    assert_eq!(json["schema"], "harness.stress.v1");
    assert_eq!((&json["commit"], &json["burning"]), (&"9f86".into(), &true.into()));
    assert_eq!(json["machine"]["cores"], 2);
    assert_eq!(json["doubts"][0], "files changed while it ran");
    assert_eq!(json["tiers"][0]["tier"], 1);
    assert_eq!(json["tiers"][0]["failures"], 1);
    let failing = &json["tiers"][0]["failing_runs"][0];
    assert_eq!((&failing["run"], &failing["flakes"][0]["id"]), (&2.into(), &"tier1::a".into()));
}

#[test]
fn the_median_is_the_middle() {
    for (numbers, middle) in
        [(&[][..], 0.0), (&[7.0], 7.0), (&[1.0, 2.0], 1.5), (&[1.0, 2.0, 9.0], 2.0)]
    {
        assert!((median(numbers) - middle).abs() < f64::EPSILON, "{numbers:?}");
    }
}
