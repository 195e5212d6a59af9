use super::*;

#[test]
fn every_message_is_routed_once_and_its_hold_counts() {
    let dir = tempfile::tempdir().unwrap();
    let mut route = Route::create(dir.path(), 10).unwrap();
    for _ in 0..3 {
        route.one_message("hello", || {}).unwrap();
    }
    let mut held = Duration::ZERO;
    let took = route.one_message("hello", || {
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(20) {}
        held = began.elapsed();
    });
    assert!(held < took.unwrap());
    assert!(route.mailbox.try_recv().is_err(), "one hint for each message");
}

#[test]
fn a_router_that_ended_is_no_measurement() {
    let dir = tempfile::tempdir().unwrap();
    let mut route = Route::create(dir.path(), 10).unwrap();
    route.cancel.cancel();
    let why = route.one_message("hello", || {}).unwrap_err().to_string();
    assert_eq!(why, "prepare what is to be measured: the router is gone");
}

#[test]
fn a_folder_is_measured_in_once() {
    let dir = tempfile::tempdir().unwrap();
    drop(Route::create(dir.path(), 10).unwrap());
    let why = Route::create(dir.path(), 10).unwrap_err().to_string();
    assert!(why.ends_with("assistant.db is there already"), "{why}");
}
