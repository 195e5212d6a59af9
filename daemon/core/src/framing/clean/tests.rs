use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(clean(text), expected, "{}", text.escape_unicode());
    assert_eq!(clean(expected), expected, "twice");
}

#[track_caller]
fn check_unchanged(text: &str) {
    assert!(matches!(clean(text), Cow::Borrowed(same) if same == text) || clean(text) == text);
}

#[test]
fn every_kind_of_line_break_becomes_a_newline() {
    check("a\r\nb\rc\u{85}d\u{2028}e\u{2029}f\u{0B}g\u{0C}h", "a\nb\nc\nd\ne\nf\ng\nh");
    check("a\r\r\n\nb", "a\n\n\nb");
}

#[test]
fn control_and_invisible_characters_are_removed() {
    check("a\u{0}b\u{7}c\u{1B}[31md\u{7F}e\u{9B}f", "abc[31mdef");
    check("a\u{200B}b\u{200C}c\u{200E}d\u{2060}e\u{FEFF}f\u{AD}g", "abcdefg");
    check("hi\u{E0041}\u{E0042}\u{E007F}", "hi");
    check("a\tb", "a\tb");
}

#[test]
fn bidi_controls_are_shown() {
    check("a\u{202E}b\u{2066}c\u{2069}", "a<U+202E>b<U+2066>c<U+2069>");
}

#[test]
fn emoji_are_unchanged() {
    for emoji in [
        "👩\u{200D}👩\u{200D}👧",
        "❤\u{FE0F}\u{200D}🔥",
        "👩🏽\u{200D}⚕\u{FE0F}",
        "🏳\u{FE0F}\u{200D}🌈",
        "1\u{FE0F}\u{20E3}",
        "🇩🇪",
        "☺\u{FE0E}",
        "葛\u{E0100}",
    ] {
        check_unchanged(emoji);
    }
}

#[test]
fn joiners_and_selectors_elsewhere_are_removed() {
    check("a\u{200D}b", "ab");
    check("-\u{200D}-", "--");
    check("👩\u{200D}", "👩");
    check("\u{200D}👩", "👩");
    check("👩\u{200D}\u{200D}👧", "👩\u{200D}👧");
    check("a\u{FE0F}b\u{E0101}", "ab");
    check("❤\u{FE0F}\u{FE0E}\u{FE01}", "❤\u{FE0F}");
}

#[test]
fn ordinary_text_is_not_copied() {
    assert!(matches!(clean("déjà vu, 日本語 🙂\n\t- a"), Cow::Borrowed(_)));
}

proptest! {
    #[test]
    fn cleaning_twice_changes_nothing(text in any::<String>()) {
        let once = clean(&text).into_owned();
        prop_assert_eq!(clean(&once), once.as_str());
    }
}
