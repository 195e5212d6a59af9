//! Folding: what a character looks like, so that a look-alike of a delimiter counts as one.
//!
//! The tables err towards seeing a likeness. A false one costs a person a `> ` before a line; a
//! missed one could put words into the owner's mouth. After Unicode's confusables, reduced to what
//! resembles the ASCII of frames and tags; letters stand in `alphabets`.

use alphabets::ascii_like;

mod alphabets;

/// Whether `c` is a hyphen, a dash, a piece of a line, or a sign that looks like one.
pub(super) fn is_dash(c: char) -> bool {
    matches!(c,
        '-' | '\u{00AF}' | '\u{02C9}' | '\u{02D7}' | '\u{0335}' | '\u{0336}' | '\u{058A}'
        | '\u{05BE}' | '\u{06D4}' | '\u{1400}' | '\u{1427}' | '\u{1806}' | '\u{2010}'..='\u{2015}'
        | '\u{203E}' | '\u{2043}' | '\u{2053}' | '\u{207B}' | '\u{208B}' | '\u{2212}' | '\u{223C}'
        | '\u{23AF}' | '\u{23BA}'..='\u{23BD}' | '\u{23E4}' | '\u{2500}' | '\u{2501}' | '\u{2504}'
        | '\u{2505}' | '\u{2508}' | '\u{2509}' | '\u{254C}' | '\u{254D}' | '\u{2550}' | '\u{2574}'
        | '\u{2576}' | '\u{2578}' | '\u{257A}' | '\u{257C}' | '\u{257E}' | '\u{2581}' | '\u{2582}'
        | '\u{2594}' | '\u{25AC}' | '\u{25AD}' | '\u{2796}' | '\u{27F5}' | '\u{2CBA}' | '\u{2CBB}'
        | '\u{2E0F}' | '\u{2E17}' | '\u{2E1A}' | '\u{2E3A}' | '\u{2E3B}' | '\u{2E40}' | '\u{2E5D}'
        | '\u{3030}' | '\u{301C}' | '\u{30A0}' | '\u{31D0}' | '\u{A4FE}' | '\u{A4FB}' | '\u{FE31}'
        | '\u{FE32}' | '\u{FE49}'..='\u{FE4C}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' | '\u{FF5E}'
        | '\u{FFE3}' | '\u{10110}' | '\u{10191}' | '\u{10EAD}' | '\u{10A7D}' | '\u{1D360}'
        | '\u{1DE8}')
}

/// Whether `c` looks like a dash at all: also letters of Chinese, Japanese and Korean that are one
/// horizontal stroke, which names may rightly hold twice in a row.
pub(super) fn looks_like_dash(c: char) -> bool {
    is_dash(c)
        || matches!(
            c,
            '\u{1173}'
                | '\u{2F00}'
                | '\u{30FC}'
                | '\u{3127}'
                | '\u{3161}'
                | '\u{3192}'
                | '\u{4E00}'
                | '\u{FF70}'
                | '\u{FFDA}'
        )
}

/// Two-em and three-em dashes: runs by themselves.
pub(super) fn is_long_dash(c: char) -> bool {
    matches!(c, '\u{2E3A}' | '\u{2E3B}')
}

/// Whether `c` leaves no mark of its own on a line: spaces, blanks, joiners, and what is drawn
/// over the character before it.
pub(super) fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{00AD}' | '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{115F}' | '\u{1160}'
            | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{20D0}'..='\u{20FF}'
            | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFFC}' | '\u{E0000}'..='\u{E0FFF}')
}

/// What `c` is compared by: the lower-case ASCII letter that it looks like, else the sign, else
/// itself. `l` and `1` become `i`, whose capital they resemble.
pub(super) fn fold(c: char) -> char {
    letter(c).or_else(|| sign(c)).unwrap_or(c)
}

/// The letter that `c` is read as, or nothing if it is no letter. Letters that resemble none of
/// ASCII stay what they are.
pub(super) fn letter(c: char) -> Option<char> {
    if !c.is_alphanumeric() && !is_enclosed_letter(c) {
        return None;
    }
    let looks_like = if c.is_ascii() { c } else { ascii_like(c).unwrap_or(c) };
    Some(match looks_like.to_ascii_lowercase() {
        'l' | '1' => 'i',
        '0' => 'o',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        lower => lower,
    })
}

/// The sign of frames and tags that `c` looks like: `:`, `[`, `(`, `]`, `)`, `<` or `/`.
pub(super) fn sign(c: char) -> Option<char> {
    Some(match c {
        ':' | '∶' | '꞉' | 'ː' | '˸' | '։' | '׃' | '܃' | '܄' | '︓' | '﹕' | '：' | '∷' => {
            ':'
        }
        '[' | '［' | '【' | '〔' | '❲' | '〖' | '⟦' | '⦋' | '⁅' | '「' | '『' | '〚' | '﹝' => {
            '['
        }
        ']' | '］' | '】' | '〕' | '❳' | '〗' | '⟧' | '⦌' | '⁆' | '」' | '』' | '〛' | '﹞' => {
            ']'
        }
        '(' | '（' | '❨' | '❪' | '⁽' | '₍' | '﹙' | '⸨' | '⟮' | '⦅' | '｟' => '(',
        ')' | '）' | '❩' | '❫' | '⁾' | '₎' | '﹚' | '⸩' | '⟯' | '⦆' | '｠' => ')',
        '<' | '＜' | '﹤' | '〈' | '⟨' | '\u{2329}' | '˂' | '❬' | '❮' | '❰' | '≺' | '⋖' | '⧼'
        | '⟪' | '《' | '«' | '≪' | '⪡' | 'ᐸ' => '<',
        '/' | '／' | '⁄' | '∕' | '⧸' | '╱' | '⟋' | '⼃' => '/',
        _ => return None,
    })
}

/// The first `N` of some folded characters, to hold against words.
pub(super) struct Start<const N: usize> {
    folded: [char; N],
    length: usize,
}

impl<const N: usize> Start<N> {
    /// Takes what it needs of `folded` and no more.
    pub(super) fn of(folded: impl Iterator<Item = char>) -> Self {
        let mut start = Self { folded: ['\0'; N], length: 0 };
        for c in folded.take(N) {
            start.folded[start.length] = c;
            start.length += 1;
        }
        start
    }

    /// Whether they begin with `word`, which is ASCII.
    pub(super) fn begins(&self, word: &str) -> bool {
        word.len() <= self.length && word.chars().map(fold).eq(self.taken(word.len()))
    }

    /// Whether they are `word`, which is ASCII and shorter than `N`.
    pub(super) fn is(&self, word: &str) -> bool {
        self.length == word.len() && self.begins(word)
    }

    fn taken(&self, count: usize) -> impl Iterator<Item = char> {
        self.folded[..count].iter().copied()
    }
}

fn is_enclosed_letter(c: char) -> bool {
    matches!(c, '\u{249C}'..='\u{24E9}' | '\u{1F110}'..='\u{1F189}' | '\u{1F1E6}'..='\u{1F1FF}')
}

#[cfg(test)]
mod tests;
