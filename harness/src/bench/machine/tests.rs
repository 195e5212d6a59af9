use super::{id, slug};
use crate::bench::report::BenchMachine;
use crate::report::Machine;

#[track_caller]
fn check(cpu: &str, expected: &str) {
    assert_eq!(slug(cpu), expected);
}

#[test]
fn a_processor_is_named_without_what_every_name_has() {
    check("Intel(R) Xeon(R) CPU @ 2.20GHz", "intel-xeon-2-20ghz");
    check("AMD Ryzen 7 5800U with Radeon Graphics", "amd-ryzen-7-5800u-radeon-graphics");
    check("Apple M2 Pro", "apple-m2-pro");
}

#[test]
fn a_processor_without_a_name_is_unknown() {
    check("", "unknown");
    check("CPU (R) @", "unknown");
}

#[test]
fn a_machine_is_named_by_what_it_is() {
    let machine = Machine { os: "linux".into(), arch: "x86_64".into(), cores: 2 };
    assert_eq!(id(&machine, "Apple M2"), "linux-x86_64-2-apple-m2");
}

#[test]
fn this_machine_has_the_name_of_a_file_and_the_same_twice() {
    let here = BenchMachine::here();
    let fits = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    assert!(here.id.chars().all(fits), "{}", here.id);
    assert_eq!(here, BenchMachine::here());
}
