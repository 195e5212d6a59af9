use super::*;

#[test]
fn the_lock_is_one_persons_until_it_is_dropped() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("run/restart.lock");
    assert_eq!(holder(&path).unwrap(), Held::ByNobody);
    let first = Lock::take(&path, &Holder::here("first", "v2")).unwrap();
    let Held::By(seen) = holder(&path).unwrap() else { panic!("it says who holds it") };
    assert_eq!((seen.who.as_str(), seen.pid), ("first", std::process::id()));
    let refused = Lock::take(&path, &Holder::here("second", "v3")).unwrap_err();
    assert!(refused.to_string().contains("first"), "{refused}");
    assert_eq!(refused.failure().code, Some(ExitCode::Locked));
    drop(first);
    assert_eq!(holder(&path).unwrap(), Held::ByNobody);
    drop(Lock::take(&path, &Holder::here("second", "v3")).unwrap());
}

#[test]
fn what_a_dead_runner_has_written_is_nobodys() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("restart.lock");
    let text = serde_json::to_string(&Holder::here("dead", "v2")).unwrap();
    fs::write(&path, text).unwrap();
    assert_eq!(holder(&path).unwrap(), Held::ByNobody);
    drop(Lock::take(&path, &Holder::here("alive", "v2")).unwrap());
}
