use std::ffi::OsStr;

use super::*;

#[track_caller]
fn check(text: Option<&str>, gate: Gate, expected: Option<f64>) {
    let soak = soak_of(text.map(OsStr::new), gate).ok();
    assert_eq!(soak.map(|soak| soak.as_secs_f64()), expected, "{text:?} {gate:?}");
}

#[test]
fn a_soak_is_half_a_minute_unless_somebody_says_otherwise() {
    for gate in [Gate::Open, Gate::Closed] {
        check(None, gate, Some(30.0));
        check(Some(""), gate, Some(30.0));
        check(Some("120"), gate, Some(120.0));
        check(Some("half a minute"), gate, None);
        check(Some("-1"), gate, None);
    }
}

#[test]
fn behind_a_closed_gate_a_soak_cannot_be_cut_short() {
    check(Some("0.5"), Gate::Open, Some(0.5));
    check(Some("0"), Gate::Open, Some(0.0));
    for text in ["0", "0.5", "29.9"] {
        check(Some(text), Gate::Closed, None);
    }
    check(Some("30"), Gate::Closed, Some(30.0));
}

/// Two cases look at one exchange: what it was is kept for both.
#[test]
fn an_exchange_that_the_api_did_not_serve_is_so_for_every_case() {
    let kept = |error: anyhow::Error| Unseen::of(&error).error();
    let late = anyhow!("see the answer");
    let unserved = anyhow!("see the answer").context(Undecided("not served".to_owned()));
    assert!(kept(late).downcast_ref::<Undecided>().is_none());
    let unserved = kept(unserved);
    assert!(unserved.downcast_ref::<Undecided>().is_some(), "{unserved:#}");
    assert!(format!("{unserved:#}").contains("not served"), "{unserved:#}");
}
