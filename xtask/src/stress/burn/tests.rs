//! It waits for the end of its input, whatever comes before.

use std::io::{self, Write};
use std::process::Command;
use std::thread;

use super::{Fire, wait_for_end};

#[test]
fn it_burns_until_nobody_holds_its_input() {
    let (reader, mut writer) = io::pipe().unwrap();
    let burning = thread::spawn(move || wait_for_end(reader));
    writer.write_all(b"still here\n").unwrap();
    assert!(!burning.is_finished());
    drop(writer);
    burning.join().unwrap();
}

#[test]
fn a_fire_that_went_out_is_noticed() {
    // It reads until its input ends, as what burns does.
    assert!(Fire::of(Command::new("cat")).unwrap().burns());
    let mut out = Fire::of(Command::new("true")).unwrap();
    out.child.wait().unwrap();
    assert!(!out.burns());
}
