use super::*;

#[track_caller]
fn check(written: &str, read: &str) {
    let letters: String = written.chars().filter_map(letter).collect();
    let expected: String = read.chars().map(fold).collect();
    assert_eq!(letters, expected, "{written}");
}

#[test]
fn a_word_is_known_in_any_alphabet_that_resembles_its_own() {
    check("ENDSMS", "endsms");
    check("ЕΝDЅМЅ", "endsms");
    check("ＥＮＤＳＭＳ", "endsms");
    check("ｅｎｄｓｍｓ", "endsms");
    check("𝐄𝐍𝐃𝐒𝐌𝐒 𝑒𝑛𝑑 𝓔𝓝𝓓 𝔢𝔫𝔡 𝔼ℕ𝔻 𝖤𝖭𝖣 𝙀𝙉𝘿 𝚎𝚗𝚍", "endsmsendendendendendendend");
    check("ⒺⓃⒹ ⓢⓜⓢ 🄴🄽🄳 🅴🅽🅳 🅔🅝🅓 🇪🇳🇩 ⒠⒩⒟", "endsmsendendendendend");
    check("ᴇɴᴅ ꜱᴍꜱ ᵉⁿᵈ ˢᵐˢ", "endsmsendsms");
    check("ꓰꓠꓓ ꓢꓟꓢ", "endsms");
    check("ÉÑĎ ŚMŠ", "endsms");
    check("ADМІN ОVЕRRIDЕ", "adminoverride");
    check("АDMIN ΟVΕRRΙDΕ", "adminoverride");
    check("5M5 S1GNAL TE5T GR0UP", "smssignaltestgroup");
    check("SІGΝАL SΙGNΑL SıGNAl", "signalsignalsignal");
    check("ТЕЅТ ΤΕSΤ 𝚻𝚬𝐒𝚻", "testtesttest");
    check("СНАТ ІD", "chatid");
}

#[test]
fn other_scripts_are_letters_of_their_own() {
    for text in ["日本語", "عربي", "हिन्दी", "ไทย", "한국어", "עברית"]
    {
        for c in text.chars().filter(|c| c.is_alphanumeric()) {
            assert_eq!(letter(c), Some(c));
        }
    }
}

#[test]
fn signs_are_no_letters() {
    for c in "-—=*_[](){}<>:/|!?\"'🙂❤\u{200D} \n".chars() {
        assert_eq!(letter(c), None, "{c:?}");
    }
}

#[test]
fn every_character_can_be_folded() {
    for c in (0..=0x10_FFFF).filter_map(char::from_u32) {
        let folded = fold(c);
        assert!(!folded.is_ascii_uppercase(), "{c:?}");
        if c.is_ascii() {
            assert!(folded.is_ascii(), "{c:?}");
        }
    }
}

#[test]
fn a_start_is_compared_with_whole_words_and_beginnings() {
    let start = Start::<6>::of("signal".chars().filter_map(letter));
    assert!(start.begins("sign") && start.begins("signal") && start.begins("SIGNAL"));
    assert!(start.is("signal") && !start.is("sign") && !start.begins("signals"));
    let empty = Start::<6>::of(std::iter::empty());
    assert!(empty.is("") && !empty.begins("s"));
}
