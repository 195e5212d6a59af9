//! Cleaning: which characters of a text reach the agent.
//!
//! | characters | become |
//! |---|---|
//! | CR LF, CR, vertical tab, form feed, U+0085, U+2028, U+2029 | a newline |
//! | other control characters but newline and tab | nothing |
//! | bidi embeddings, overrides and isolates | shown, `<U+202E>` |
//! | zero-width, blank and deprecated format characters, tag characters | nothing |
//! | U+200D (zero width joiner) | kept between two emoji, else nothing |
//! | variation selectors | one kept after a visible character outside ASCII letters, else nothing |
//!
//! The joiner and the selectors are what emoji are made of. Tag characters also draw three flags of
//! Britain; they become black flags, because the same characters spell out ASCII that nobody sees.

use std::borrow::Cow;
use std::fmt::Write;

const ZERO_WIDTH_JOINER: char = '\u{200D}';

/// What becomes of a character.
enum Fate {
    Keep,
    Newline,
    Show,
    Drop,
    /// Kept between two emoji.
    Joiner,
    /// Kept once after a character that it can vary.
    Selector,
}

/// `text` with the characters of the table replaced; borrowed if there are none.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    let Some(first) = text.char_indices().find(|&(_, c)| !matches!(fate(c), Fate::Keep)) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    // A selector or joiner looks one kept character back.
    out.push_str(&text[..first.0]);
    let mut last = out.chars().next_back();
    let mut rest = text[first.0..].chars().peekable();
    while let Some(c) = rest.next() {
        let kept = match fate(c) {
            Fate::Keep => Some(c),
            Fate::Newline => {
                if c == '\r' && rest.peek() == Some(&'\n') {
                    rest.next();
                }
                Some('\n')
            }
            Fate::Show => {
                show(&mut out, c);
                last = None;
                None
            }
            Fate::Drop => None,
            Fate::Joiner => {
                let joins = last.is_some_and(is_emoji_end)
                    && rest.peek().is_some_and(|&next| is_emoji_start(next));
                joins.then_some(c)
            }
            Fate::Selector => last.is_some_and(|before| can_vary(before, c)).then_some(c),
        };
        if let Some(kept) = kept {
            out.push(kept);
            last = Some(kept);
        }
    }
    Cow::Owned(out)
}

/// Writes `c` as its code point.
pub(super) fn show(out: &mut String, c: char) {
    write!(out, "<U+{:04X}>", u32::from(c)).expect("writing to a string does not fail");
}

fn fate(c: char) -> Fate {
    match c {
        '\n' | '\t' | ' '..='~' => Fate::Keep,
        '\r' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Fate::Newline,
        '\u{00}'..='\u{1F}' | '\u{7F}'..='\u{9F}' => Fate::Drop,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => Fate::Show,
        ZERO_WIDTH_JOINER => Fate::Joiner,
        '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => Fate::Selector,
        // Soft hyphen, grapheme joiner, Arabic letter mark, fillers, Khmer and Mongolian format
        // characters, zero-width space to right-to-left mark, invisible operators and deprecated
        // format characters, byte order mark, annotation anchors, shorthand and musical format
        // controls, tag characters and their unassigned neighbours.
        '\u{AD}'
        | '\u{34F}'
        | '\u{61C}'
        | '\u{115F}'..='\u{1160}'
        | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206A}'..='\u{206F}'
        | '\u{3164}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}' => Fate::Drop,
        _ => Fate::Keep,
    }
}

/// Emoji, or what may stand at the end of one: a selector or a skin tone.
fn is_emoji_end(c: char) -> bool {
    is_emoji_start(c) || c == '\u{FE0F}'
}

fn is_emoji_start(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{21FF}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}'
        | '\u{1F000}'..='\u{1FAFF}')
}

/// Whether a selector says something about the character before it: emoji and keycaps take one of
/// the first sixteen, ideographs and mathematical signs any. Never a second one, and none after a
/// letter, where it could only hide something.
fn can_vary(before: char, selector: char) -> bool {
    let is_selector = matches!(before, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}');
    let is_ideograph = matches!(before, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}');
    if '\u{E0100}' <= selector {
        return is_ideograph;
    }
    !is_selector
        && (matches!(before, '0'..='9' | '#' | '*') || (!before.is_ascii() && !before.is_control()))
}

#[cfg(test)]
mod tests;
