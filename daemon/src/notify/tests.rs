use std::os::unix::net::UnixDatagram as Listener;

use super::*;

#[test]
fn a_word_reaches_the_listener_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notify.sock");
    let listener = Listener::bind(&path).unwrap();
    let notifier = Notifier::to(path.as_os_str()).unwrap();
    notifier.say("READY=1\nSTATUS=all is well").unwrap();
    let mut block = [0; 64];
    let bytes = listener.recv(&mut block).unwrap();
    assert_eq!(&block[..bytes], b"READY=1\nSTATUS=all is well");
}

/// A listener that hangs must not hang the daemon.
#[test]
fn a_listener_that_takes_nothing_or_is_gone_is_an_error_and_no_wait() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notify.sock");
    let listener = Listener::bind(&path).unwrap();
    let notifier = Notifier::to(path.as_os_str()).unwrap();
    let full = (0..100_000).find_map(|_| notifier.say(WATCHDOG).err()).unwrap();
    assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
    drop(listener);
    assert_eq!(notifier.say(WATCHDOG).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn what_is_no_path_is_refused() {
    for name in ["", "notify.sock", "@abstract"] {
        let refused = Notifier::to(OsStr::new(name)).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput, "{name}");
    }
}

#[test]
fn life_is_shown_four_times_in_what_is_taken_for_silence() {
    for (usec, millis) in [
        ("60000000", Some(15_000)),
        ("20000000", Some(5000)),
        ("800000", Some(200)),
        ("1", Some(50)),
    ] {
        assert_eq!(beat_every(OsStr::new(usec)).map(|every| every.as_millis()), millis, "{usec}");
    }
    for usec in ["", "0", "-1", "soon", "99999999999999999999999"] {
        assert_eq!(beat_every(OsStr::new(usec)), None, "{usec}");
    }
}

#[test]
fn nobody_watches_a_process_that_was_started_by_hand() {
    let watcher = |socket: Option<&'static str>, watchdog: Option<&'static str>| {
        Watcher::of(socket.map(OsStr::new), watchdog.map(OsStr::new))
    };
    assert!(watcher(None, Some("60000000")).unwrap().is_none());
    assert!(watcher(Some(""), None).unwrap().is_none());
    assert!(watcher(Some("@abstract"), None).is_err());
    let ready_only = watcher(Some("/run/notify.sock"), None).unwrap().unwrap();
    assert_eq!(ready_only.beat_every, None);
    let beats = watcher(Some("/run/notify.sock"), Some("4000000")).unwrap().unwrap();
    assert_eq!(beats.beat_every, Some(Duration::from_secs(1)));
}
