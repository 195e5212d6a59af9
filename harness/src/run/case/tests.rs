//! Needs are looked for as seldom as possible: a listing of many cases has to be quick.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{Case, Missing, Need, Needs};

static LOOKS: AtomicU32 = AtomicU32::new(0);

fn missing() -> Missing {
    Missing { what: "gold".to_owned(), command: "dig".to_owned() }
}

#[test]
fn what_many_cases_need_is_looked_for_once() {
    let there = Need { name: "there", check: || Ok(()) };
    let gold = Need {
        name: "gold",
        check: || {
            LOOKS.fetch_add(1, Ordering::Relaxed);
            Err(missing())
        },
    };
    let case = |needs: &[Need]| Case {
        needs: needs.to_vec(),
        ..Case::new("tier2::a::b", Duration::from_secs(1), |_| Ok(()))
    };
    let mut needs = Needs::default();
    assert_eq!(needs.missing(&case(&[])), None);
    assert_eq!(needs.missing(&case(&[there])), None);
    assert_eq!(needs.missing(&case(&[there, gold])), Some(missing()));
    assert_eq!(needs.missing(&case(&[gold])), Some(missing()));
    assert_eq!(LOOKS.load(Ordering::Relaxed), 1);
    assert_eq!(missing().to_string(), "find gold; this puts it there: dig");
}
