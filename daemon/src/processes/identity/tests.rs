use super::*;

#[cfg(target_os = "linux")]
#[test]
fn when_it_began_is_the_22nd_field_whatever_its_program_is_called() {
    let numbers: Vec<String> = (4..=52).map(|number| number.to_string()).collect();
    for name in ["sh", "a b", ") S 1 2 (", "", "\u{fc}"] {
        let stat = format!("17 ({name}) S {}\n", numbers.join(" "));
        assert_eq!(ticks_in(stat.as_bytes()), Some(22), "{stat}");
    }
    for stat in ["", "17 (sh", "17 (sh) S 1 2 3", ")"] {
        assert_eq!(ticks_in(stat.as_bytes()), None, "{stat}");
    }
}

fn noted(pid: u32, started_s: u64, since_boot: Option<(&str, u64)>) -> Noted {
    let since_boot = since_boot.map(|(boot, ticks)| SinceBoot { boot: boot.to_owned(), ticks });
    Noted { pid, started_s, since_boot }
}

#[test]
fn a_process_is_the_one_that_was_noted_by_what_the_clock_does_not_move() {
    let it = noted(7, 1000, Some(("a", 55)));
    assert!(it.is(&it));
    assert!(it.is(&noted(7, 4600, Some(("a", 55)))), "the clock was set");
    assert!(!it.is(&noted(7, 1000, Some(("b", 55)))), "the machine was started again");
    assert!(!it.is(&noted(7, 1000, Some(("a", 56)))), "a later one in the same second");
    assert!(!it.is(&noted(8, 1000, Some(("a", 55)))), "another number");
    // Where nothing else is known of one of them.
    assert!(noted(7, 1000, None).is(&it));
    assert!(!noted(7, 1001, None).is(&it));
}

#[test]
fn what_an_earlier_version_noted_is_read() {
    let old: Noted = serde_json::from_str(r#"{"pid":7,"started_s":1000}"#).unwrap();
    assert_eq!(old, noted(7, 1000, None));
}
