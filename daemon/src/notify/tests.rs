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
fn silence_is_so_many_microseconds() {
    for (usec, millis) in [("60000000", 60_000), (" 800000\n", 800)] {
        assert_eq!(silence(OsStr::new(usec)), Some(Duration::from_millis(millis)), "{usec}");
    }
    for usec in ["", "0", "-1", "soon", "99999999999999999999999"] {
        assert_eq!(silence(OsStr::new(usec)), None, "{usec}");
    }
}
