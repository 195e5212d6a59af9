use std::io::{BufRead as _, BufReader, Read as _};
use std::os::fd::OwnedFd;

use super::*;

#[test]
fn lines_arrive_one_by_one_and_end_with_it() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let voice = Voice::on(ours).unwrap();
    voice.say("READY {}").unwrap();
    voice.say(BEAT).unwrap();
    drop(voice);
    let lines: Vec<_> = BufReader::new(theirs).lines().map(Result::unwrap).collect();
    assert_eq!(lines, ["READY {}", "BEAT"]);
}

/// A launcher that stands still, or is gone, must not stop its daemon.
#[test]
fn nobody_who_listens_is_waited_for() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let voice = Voice::on(ours).unwrap();
    let full = (0..100_000).find_map(|_| voice.say(BEAT).err()).unwrap();
    assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
    let mut heard = vec![0; 5];
    theirs.read_exact(&mut heard).unwrap();
    assert_eq!(heard, b"BEAT\n");
    drop(theirs);
    assert_eq!(voice.say(BEAT).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_pipe_is_refused() {
    let (_reader, writer) = io::pipe().unwrap();
    Voice::on(UnixStream::from(OwnedFd::from(writer))).unwrap_err();
}
