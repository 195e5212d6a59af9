use super::{of_rollup, pss_bytes};
use crate::processes::rss_bytes;

#[track_caller]
fn check(text: &str, bytes: Option<u64>) {
    assert_eq!(of_rollup(text), bytes);
}

#[test]
fn the_line_of_all_is_taken_and_not_one_of_its_parts() {
    let text = "00400000-7ffff000 ---p 00000000 00:00 0    [rollup]\nRss:    9000 kB\n\
                Pss:    2048 kB\nPss_Dirty:    17 kB\nPss_Anon:    16 kB\n";
    check(text, Some(2048 * 1024));
}

#[test]
fn what_has_another_form_is_no_number() {
    check("", None);
    check("Rss:  9000 kB\n", None);
    check("Pss:  12 MB\n", None);
    check("Pss:  many kB\n", None);
    check("Pss:  18446744073709551615 kB\n", None);
}

#[test]
fn our_own_share_is_not_more_than_what_is_resident() {
    let pid = std::process::id();
    let (Some(pss), Some(rss)) = (pss_bytes(pid), rss_bytes(pid)) else { return };
    // The two are read one after the other, and other tests of this process work meanwhile.
    assert!(0 < pss && pss <= rss.saturating_mul(2), "{pss} of {rss}");
    assert_eq!(pss_bytes(u32::MAX), None);
}
