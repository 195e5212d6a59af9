use super::*;

fn home() -> (tempfile::TempDir, Home) {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(dir.path());
    std::fs::create_dir_all(home.restart_dir()).unwrap();
    (dir, home)
}

#[test]
fn what_is_remembered_goes_round() {
    let (_dir, home) = home();
    let memory = Memory {
        slot: Some("a".parse().unwrap()),
        crashes: vec![WallMs(1), WallMs(2)],
        looped: true,
        waits: 3,
        alerted: true,
        rolled_back: Some(keeper::RolledBack {
            id: "r1-0000".into(),
            target: "b".parse().unwrap(),
            why: "it hung".into(),
            at: WallMs(4),
        }),
    };
    remember(&home, memory.clone()).unwrap();
    assert_eq!(found(&home).0.memory, memory);
}

/// Else a bad slot would be started, and a good one not be gone back to, for a disk that errs once.
#[test]
fn a_mark_that_the_system_does_not_give_says_what_it_said_before() {
    let (_dir, home) = home();
    let slots = Slots::of(&home);
    let name = |name: &str| name.parse::<SlotName>().unwrap();
    let known = BTreeMap::from([
        (name("bad"), keeper::Standing::Bad),
        (name("good"), keeper::Standing::Good),
        (name("new"), keeper::Standing::Unknown),
    ]);
    for name in known.keys() {
        std::fs::create_dir_all(slots.dir(name)).unwrap();
        // A folder in its place stands for a disk that does not give it.
        std::fs::create_dir_all(home.slots_dir().join(format!("marks/{name}.json"))).unwrap();
    }
    let said = |slot: &SlotName| known[slot];
    assert_eq!(standings(&slots, said), Some(known.clone()));

    let bad = home.slots_dir().join("marks/bad.json");
    std::fs::remove_dir(&bad).unwrap();
    std::fs::write(&bad, "{\"format\":1,\"stand").unwrap();
    let torn = standings(&slots, said).unwrap();
    assert_eq!(torn[&name("bad")], keeper::Standing::Unknown);
}

/// Incident: K8.
#[test]
fn files_that_cannot_be_read_are_put_aside_and_only_a_good_slot_is_left() {
    let (_dir, home) = home();
    let slots = Slots::of(&home);
    for (name, standing) in [("good", Some(Standing::Good)), ("new", None)] {
        let name: SlotName = name.parse().unwrap();
        std::fs::create_dir_all(slots.dir(&name)).unwrap();
        if let Some(standing) = standing {
            slots.set_mark(&name, standing, "").unwrap();
        }
    }
    std::fs::write(home.pending_file(), "").unwrap();
    std::fs::write(home.keeper_file(), "{\"format\":1,\"slo").unwrap();
    let (found, pending) = found(&home);
    assert_eq!((found.pending, pending, found.memory), (None, None, Memory::default()));
    assert_eq!(found.slots, BTreeMap::from([("good".parse().unwrap(), keeper::Standing::Good)]));
    let aside = home.pending_file().with_extension("json.unreadable");
    assert!(aside.exists() && !home.pending_file().exists());
}
