use std::io::Read as _;
use std::os::unix::net::{UnixDatagram, UnixStream};

use super::*;

fn ready() -> Ready {
    Ready { pid: 123, generation: 4, elapsed_ms: 41, slot: None, held: true }
}

#[test]
fn life_is_shown_four_times_in_what_is_taken_for_silence() {
    for (silence_ms, every_ms) in [(60_000, 15_000), (20_000, 5000), (800, 200), (0, 50)] {
        let every = beat_every(Duration::from_millis(silence_ms));
        assert_eq!(every, Duration::from_millis(every_ms), "{silence_ms}");
    }
}

#[test]
fn nobody_watches_a_process_that_was_started_by_hand() {
    let watcher = |socket: Option<&'static str>, watchdog: Option<&'static str>| {
        Watcher::manager(socket.map(OsStr::new), watchdog.map(OsStr::new))
    };
    assert!(watcher(None, Some("60000000")).unwrap().is_none());
    assert!(watcher(Some(""), None).unwrap().is_none());
    assert!(watcher(Some("@abstract"), None).is_err());
    let ready_only = watcher(Some("/run/notify.sock"), None).unwrap().unwrap();
    assert_eq!(ready_only.beat_every, None);
    let beats = watcher(Some("/run/notify.sock"), Some("4000000")).unwrap().unwrap();
    assert_eq!(beats.beat_every, Some(Duration::from_secs(1)));
}

#[test]
fn each_watcher_hears_its_own_words() {
    let all = [Word::Ready(&ready()), Word::Alive, Word::Stopping];
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notify.sock");
    let listener = UnixDatagram::bind(&path).unwrap();
    let manager = Watcher::manager(Some(path.as_os_str()), None).unwrap().unwrap();
    let heard = all.map(|word| {
        manager.say(word).unwrap();
        let mut block = [0; 64];
        let bytes = listener.recv(&mut block).unwrap();
        String::from_utf8(block[..bytes].to_vec()).unwrap()
    });
    assert_eq!(heard, ["READY=1\nSTATUS=generation 4, held", "WATCHDOG=1", "STOPPING=1"]);

    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let launcher = Watcher::launcher(Voice::on(ours).unwrap(), Duration::from_secs(1));
    for word in all {
        launcher.say(word).unwrap();
    }
    drop(launcher);
    let mut heard = String::new();
    theirs.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, format!("{}\nBEAT\n", ready().line()));
}
