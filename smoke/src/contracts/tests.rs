//! Only contracts that all ran, were all kept, and went as recorded, make a case pass.

use harness::contract::{ALL, Capability, Contract, Entry, Outcome, Verdict};

use super::{FAMILIES, Family, judge, recordings};

/// C02 and C03, as they were recorded.
fn wanted() -> &'static [Contract] {
    &ALL[1..3]
}

fn recorded(contract: &Contract) -> Outcome {
    let recording = recordings().of(contract).expect("the recording is read");
    let transcript = recording.expect("a recording shows this contract").transcript;
    Outcome { contract: contract.id, verdict: Verdict::Kept, transcript }
}

#[track_caller]
fn check(change: fn(&mut Vec<Outcome>), wanted_error: Option<&str>) {
    let mut outcomes = wanted().iter().map(recorded).collect();
    change(&mut outcomes);
    let told = judge(wanted(), "fake", &outcomes).err().map(|error| format!("{error:#}"));
    assert_eq!(told.as_deref(), wanted_error);
}

#[test]
fn contracts_that_were_kept_as_recorded_pass() {
    check(|_| {}, None);
}

#[test]
fn a_contract_that_was_skipped_does_not_pass() {
    check(
        |outcomes| outcomes[1].verdict = Verdict::Skipped(Capability::Kill),
        Some("keep 1 contracts:\nC03 skipped: a kill cannot be shown"),
    );
}

#[test]
fn a_contract_that_was_broken_does_not_pass() {
    check(
        |outcomes| outcomes[0].verdict = Verdict::Broken("no result came".to_owned()),
        Some("keep 1 contracts:\nC02 BROKEN: no result came"),
    );
}

#[test]
fn contracts_that_did_not_run_do_not_pass() {
    check(
        |outcomes| drop(outcomes.pop()),
        Some(r#"run the contracts ["C02", "C03"]: ["C02"] ran"#),
    );
    check(Vec::clear, Some(r#"run the contracts ["C02", "C03"]: [] ran"#));
    assert!(judge(&[], "fake", &[]).is_err());
}

#[test]
fn a_contract_that_was_kept_in_other_words_does_not_pass() {
    fn without_model(outcomes: &mut [Outcome]) {
        for line in &mut outcomes[0].transcript.lines {
            if let Entry::Out(said) = &mut line.entry
                && said["subtype"] == "init"
                && let Some(fields) = said.as_object_mut()
            {
                fields.remove("model");
            }
        }
    }
    check(
        |outcomes| without_model(outcomes),
        Some(
            "say what was recorded:\nC02 run 1, conversation: line 2 (system/init) /model: fake \
             has nothing, recording has a string\nC02 run 1, conversation: line 5 (system/init) \
             /model: fake has nothing, recording has a string",
        ),
    );
}

#[test]
fn a_family_beyond_the_list_is_an_error() {
    let family = |first, last| Family { first, last }.contracts().map(<[Contract]>::len).ok();
    assert_eq!(family(1, ALL.len()), Some(ALL.len()));
    assert_eq!(family(1, ALL.len() + 1), None);
    assert_eq!(family(0, 3), None);
    assert_eq!(family(4, 3), None);
}

/// The families are written by hand; this keeps them in step with the contracts.
#[test]
fn the_families_are_all_contracts() {
    let run: Vec<&str> = FAMILIES
        .iter()
        .flat_map(|family| family.contracts().expect("the list has them all"))
        .map(|contract| contract.id)
        .collect();
    assert_eq!(run, ALL.iter().map(|contract| contract.id).collect::<Vec<_>>());
}
