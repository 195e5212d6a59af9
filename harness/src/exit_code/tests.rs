//! The numbers are a promise to scripts: they are written out here once more.

use super::ExitCode;

#[test]
fn the_numbers_are_the_promised_ones() {
    let numbers: Vec<u8> = ExitCode::ALL.into_iter().map(ExitCode::number).collect();
    assert_eq!(numbers, [0, 10, 20, 21, 22, 23, 24, 25, 26, 30, 31, 32, 33, 40, 41, 50, 64]);
}

#[test]
fn a_number_finds_its_outcome_and_a_foreign_number_none() {
    for code in ExitCode::ALL {
        assert_eq!(ExitCode::from_number(i32::from(code.number())), Some(code));
    }
    assert_eq!(ExitCode::from_number(101), None);
    assert_eq!(ExitCode::from_number(-1), None);
}
