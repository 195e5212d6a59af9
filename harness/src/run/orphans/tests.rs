//! What is ended is below the process that is named, and nothing else.

use std::process::{Child, Command, Stdio};

use super::*;
use crate::wait::wait_for;

/// Long against everything here.
const LIMIT: Duration = Duration::from_secs(20);

/// A shell with two shells below it, each with a child of its own that hears nothing but KILL.
fn family() -> Child {
    let below = "sh -c 'trap \"\" TERM; tail -f /dev/null & wait' &";
    Command::new("sh")
        .args(["-c", &format!("{below} {below} wait; exec tail -f /dev/null")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn living(ancestor: u32) -> Vec<u32> {
    let found = Snapshot::take().descendants(ancestor).into_iter();
    found.filter(|process| !process.zombie).map(|process| process.pid).collect()
}

#[test]
fn what_is_below_a_process_is_ended_and_what_is_spared_is_not() {
    let mut family = family();
    let spared = wait_for(LIMIT, || {
        let children: Vec<u32> = Snapshot::take()
            .descendants(family.id())
            .iter()
            .filter(|process| process.parent == Some(family.id()))
            .map(|process| process.pid)
            .collect();
        (children.len() == 2 && living(family.id()).len() == 4).then(|| children[0])
    });
    let spared = spared.expect("they start");
    let kept = living(spared);

    end(family.id(), &BTreeSet::from([spared]));
    let mut expected = kept.clone();
    expected.push(spared);
    expected.sort_unstable();
    assert_eq!((living(family.id()), kept.len()), (expected, 1));
    assert!(family.try_wait().unwrap().is_none(), "it is not below itself");

    end(family.id(), &BTreeSet::new());
    let only_itself = |id: &u32| Snapshot::take().find(*id).is_none_or(|process| process.zombie);
    assert!(kept.iter().all(only_itself) && only_itself(&spared));
    family.kill().unwrap();
    family.wait().unwrap();
}
