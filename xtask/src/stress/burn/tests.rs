//! It waits for the end of its input, whatever comes before.

use std::io::{self, Write};
use std::thread;

use super::wait_for_end;

#[test]
fn it_burns_until_nobody_holds_its_input() {
    let (reader, mut writer) = io::pipe().unwrap();
    let burning = thread::spawn(move || wait_for_end(reader));
    writer.write_all(b"still here\n").unwrap();
    assert!(!burning.is_finished());
    drop(writer);
    burning.join().unwrap();
}
