//! Folding: what a character looks like, so that a look-alike of a delimiter counts as one.
//!
//! The tables err towards seeing a likeness. A false one costs a person a `> ` before a line; a
//! missed one could put words into the owner's mouth. After Unicode's confusables, reduced to what
//! resembles the ASCII of frames and tags.

/// Whether `c` looks like a hyphen, a dash or a piece of a line.
pub(super) fn is_dash(c: char) -> bool {
    matches!(c,
        '-' | '\u{00AF}' | '\u{02C9}' | '\u{02D7}' | '\u{0335}' | '\u{0336}'
        | '\u{058A}' | '\u{05BE}' | '\u{06D4}' | '\u{1173}' | '\u{1400}' | '\u{1427}' | '\u{1806}'
        | '\u{2010}'..='\u{2015}' | '\u{203E}' | '\u{2043}' | '\u{2053}' | '\u{207B}' | '\u{208B}'
        | '\u{2212}' | '\u{223C}' | '\u{23AF}' | '\u{23BA}'..='\u{23BD}' | '\u{23E4}'
        | '\u{2500}' | '\u{2501}' | '\u{2504}' | '\u{2505}' | '\u{2508}' | '\u{2509}'
        | '\u{254C}' | '\u{254D}' | '\u{2550}' | '\u{2574}' | '\u{2576}' | '\u{2578}' | '\u{257A}'
        | '\u{257C}' | '\u{257E}' | '\u{2581}' | '\u{2582}' | '\u{2594}' | '\u{25AC}' | '\u{25AD}'
        | '\u{2796}' | '\u{27F5}' | '\u{2CBA}' | '\u{2CBB}' | '\u{2E0F}' | '\u{2E17}' | '\u{2E1A}'
        | '\u{2E3A}' | '\u{2E3B}' | '\u{2E40}' | '\u{2E5D}' | '\u{3030}' | '\u{301C}' | '\u{30A0}'
        | '\u{30FC}' | '\u{3127}' | '\u{3161}' | '\u{31D0}' | '\u{4E00}' | '\u{A4FE}' | '\u{A4FB}'
        | '\u{FE31}' | '\u{FE32}' | '\u{FE49}'..='\u{FE4C}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}'
        | '\u{FF5E}' | '\u{FF70}' | '\u{FFDA}' | '\u{FFE3}' | '\u{10110}' | '\u{10191}'
        | '\u{10EAD}' | '\u{10A7D}' | '\u{1D360}' | '\u{1DE8}')
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

fn is_enclosed_letter(c: char) -> bool {
    matches!(c, '\u{249C}'..='\u{24E9}' | '\u{1F110}'..='\u{1F189}' | '\u{1F1E6}'..='\u{1F1FF}')
}

fn ascii_like(c: char) -> Option<char> {
    let code = u32::from(c);
    match code {
        0x00C0..=0x024F => latin(c),
        0x0370..=0x03FF => greek(c),
        0x0400..=0x052F => cyrillic(c),
        0x13A0..=0x13FF => paired(CHEROKEE, c),
        0xA4D0..=0xA4FF => paired(LISU, c),
        // Fullwidth forms stand in the order of ASCII.
        0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0),
        // Parenthesised, circled, squared and regional letters, each in alphabetical order.
        0x249C..=0x24B5 => nth_letter(code - 0x249C),
        0x24B6..=0x24CF => nth_letter(code - 0x24B6),
        0x24D0..=0x24E9 => nth_letter(code - 0x24D0),
        0x1F110..=0x1F129 => nth_letter(code - 0x1F110),
        0x1F130..=0x1F149 => nth_letter(code - 0x1F130),
        0x1F150..=0x1F169 => nth_letter(code - 0x1F150),
        0x1F170..=0x1F189 => nth_letter(code - 0x1F170),
        0x1F1E6..=0x1F1FF => nth_letter(code - 0x1F1E6),
        // Mathematical alphabets: 13 styles of 26 capitals and 26 small letters, then dotless i
        // and j, 5 styles of Greek with 58 signs each, and 5 styles of digits.
        0x1D400..=0x1D6A3 => nth_letter((code - 0x1D400) % 26),
        0x1D6A4 => Some('i'),
        0x1D6A5 => Some('j'),
        0x1D6A8..=0x1D7C9 => mathematical_greek((code - 0x1D6A8) % 58),
        0x1D7CE..=0x1D7FF => char::from_digit((code - 0x1D7CE) % 10, 10),
        _ => paired(OTHERS, c),
    }
}

fn nth_letter(n: u32) -> Option<char> {
    char::from_u32(u32::from('a') + n)
}

/// Letters of Latin with marks and strokes.
fn latin(c: char) -> Option<char> {
    Some(match u32::from(c) {
        0xC0..=0xC6 | 0xE0..=0xE6 | 0x100..=0x105 | 0x1CD..=0x1CE | 0x200..=0x203 => 'a',
        0x180..=0x185 => 'b',
        0xC7 | 0xE7 | 0x106..=0x10D | 0x187..=0x188 => 'c',
        0xD0 | 0xF0 | 0x10E..=0x111 | 0x189..=0x18C => 'd',
        0xC8..=0xCB
        | 0xE8..=0xEB
        | 0x112..=0x11B
        | 0x18E..=0x190
        | 0x204..=0x207
        | 0x228..=0x229 => 'e',
        0x191..=0x192 => 'f',
        0x11C..=0x123 | 0x193..=0x194 | 0x1E4..=0x1E7 | 0x1F4..=0x1F5 => 'g',
        0x124..=0x127 | 0x21E..=0x21F => 'h',
        0xCC..=0xCF
        | 0xEC..=0xEF
        | 0x128..=0x131
        | 0x196..=0x197
        | 0x1CF..=0x1D0
        | 0x208..=0x20B => 'i',
        0x134..=0x135 => 'j',
        0x136..=0x138 | 0x198..=0x199 => 'k',
        0x139..=0x142 | 0x19A => 'l',
        0x19C => 'm',
        0xD1 | 0xF1 | 0x143..=0x14B | 0x19D..=0x19E | 0x220 => 'n',
        0xD2..=0xD6
        | 0xD8
        | 0xF2..=0xF6
        | 0xF8
        | 0x14C..=0x153
        | 0x19F..=0x1A1
        | 0x1D1..=0x1D2
        | 0x1EA..=0x1ED
        | 0x20C..=0x20F
        | 0x22A..=0x231 => 'o',
        0x1A4..=0x1A5 => 'p',
        0x154..=0x159 | 0x1A6 | 0x210..=0x213 => 'r',
        0x15A..=0x161 | 0x17F | 0x1A7..=0x1A8 | 0x218..=0x219 => 's',
        0x162..=0x167 | 0x1AB..=0x1AE | 0x21A..=0x21B => 't',
        0xD9..=0xDC
        | 0xF9..=0xFC
        | 0x168..=0x173
        | 0x1AF..=0x1B1
        | 0x1D3..=0x1DC
        | 0x214..=0x217 => 'u',
        0x1B2 => 'v',
        0x174..=0x175 => 'w',
        0xDD | 0xFD | 0xFF | 0x176..=0x178 | 0x1B3..=0x1B4 | 0x232..=0x233 => 'y',
        0x179..=0x17E | 0x1B5..=0x1B6 | 0x224..=0x225 => 'z',
        _ => return None,
    })
}

fn greek(c: char) -> Option<char> {
    Some(match c {
        'Α' | 'α' | 'ά' | 'Ά' | 'Λ' => 'a',
        'Β' | 'β' => 'b',
        'ϲ' | 'Ϲ' => 'c',
        'Ε' | 'ε' | 'έ' | 'Έ' | 'Σ' | 'Ξ' | 'ϵ' => 'e',
        'Ϝ' => 'f',
        'Η' | 'Ή' => 'h',
        'Ι' | 'ι' | 'ί' | 'Ί' | 'ϊ' => 'i',
        'ϳ' | 'Ϳ' => 'j',
        'Κ' | 'κ' => 'k',
        'Μ' | 'μ' | 'Ϻ' => 'm',
        'Ν' | 'η' | 'ή' | 'Π' | 'π' => 'n',
        'Ο' | 'ο' | 'ό' | 'Ό' | 'σ' | 'Θ' | 'θ' | 'Φ' => 'o',
        'Ρ' | 'ρ' => 'p',
        'Γ' => 'r',
        'ς' => 's',
        'Τ' | 'τ' => 't',
        'υ' | 'ύ' => 'u',
        'ν' => 'v',
        'ω' | 'ώ' => 'w',
        'Χ' | 'χ' => 'x',
        'Υ' | 'Ύ' | 'γ' => 'y',
        'Ζ' | 'ζ' => 'z',
        _ => return None,
    })
}

/// The signs of one mathematical style of Greek: 25 capitals, nabla, 25 small letters, variants.
fn mathematical_greek(n: u32) -> Option<char> {
    match n {
        0..=24 => char::from_u32(0x391 + n).and_then(greek),
        26..=50 => char::from_u32(0x3B1 + n - 26).and_then(greek),
        _ => None,
    }
}

fn cyrillic(c: char) -> Option<char> {
    Some(match c {
        'А' | 'а' | 'Ӑ' | 'ӑ' | 'Ӓ' | 'ӓ' | 'Д' | 'д' => 'a',
        'В' | 'в' | 'Ь' | 'ь' => 'b',
        'С' | 'с' => 'c',
        'Ԁ' | 'ԁ' => 'd',
        'Е' | 'е' | 'Ё' | 'ё' | 'Ѐ' | 'ѐ' | 'Є' | 'є' | 'Э' | 'э' => 'e',
        'Ԍ' | 'ԍ' => 'g',
        'Н' | 'н' | 'Һ' | 'һ' | 'Ң' | 'ң' => 'h',
        'І' | 'і' | 'Ї' | 'ї' | 'Ӏ' | 'ӏ' => 'i',
        'Ј' | 'ј' => 'j',
        'К' | 'к' | 'Ќ' | 'ќ' => 'k',
        'М' | 'м' => 'm',
        'И' | 'и' | 'Й' | 'й' | 'П' | 'п' | 'Ѝ' | 'ѝ' => 'n',
        'О' | 'о' | 'Ө' | 'ө' | 'Ф' | 'ф' => 'o',
        'Р' | 'р' => 'p',
        'Ԛ' | 'ԛ' => 'q',
        'Я' | 'я' | 'Г' | 'г' => 'r',
        'Ѕ' | 'ѕ' => 's',
        'Т' | 'т' => 't',
        'Ц' | 'ц' => 'u',
        'Ѵ' | 'ѵ' => 'v',
        'Ԝ' | 'ԝ' | 'Ш' | 'ш' => 'w',
        'Х' | 'х' => 'x',
        'У' | 'у' | 'Ү' | 'ү' | 'Ў' | 'ў' | 'Ч' | 'ч' => 'y',
        _ => return None,
    })
}

/// The sign that stands for `c` in a table of pairs: likeness, then the ASCII it resembles.
fn paired(table: &str, c: char) -> Option<char> {
    let mut signs = table.chars();
    while let (Some(sign), Some(ascii)) = (signs.next(), signs.next()) {
        if sign == c {
            return Some(ascii);
        }
    }
    None
}

const CHEROKEE: &str = "ᎪaᏴbᏟcᏧdᎠdᎬeᎨfᏀgᎻhᏂhᎥiᎢtᎫjᏦkᏞlᎷmᏁnᎾnᎤoᏢpᏒrᎡrᏚsᏕsᎦsᏌuᏙvᏔwᎳwᎩyᏃz";

const LISU: &str = "ꓮaꓐbꓚcꓓdꓰeꓝfꓖgꓧhꓲiꓙjꓗkꓡlꓟmꓠnꓳoꓑpꓣrꓢsꓔtꓴuꓦvꓪwꓫxꓬyꓜz";

/// Letter-like symbols, Roman numerals, small capitals, superscripts, subscripts and Armenian.
const OTHERS: &str = "ℂcℊgℋhℌhℍhℎhℐiℑiℒlℓlℕnℙpℚqℛrℜrℝrℤzℨzℬbℭcℯeℰeℱfℳmℴoℹiⅅdⅆdⅇeⅈiⅉj\
    ⅠiⅤvⅩxⅬlⅭcⅮdⅯmⅰiⅴvⅹxⅼlⅽcⅾdⅿm\
    ᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpʀrꜱsᴛtᴜuᴠvᴡwʏyᴢzɑaɡgɩiɛeɔcɾrʂsʇtʌvɐaǝeɯm\
    ᴬaᴮbᴰdᴱeᴳgᴴhᴵiᴶjᴷkᴸlᴹmᴺnᴼoᴾpᴿrᵀtᵁuⱽvᵂwᵃaᵇbᶜcᵈdᵉeᶠfᵍgʰhⁱiʲjᵏkˡlᵐmⁿnᵒoᵖpʳrˢsᵗtᵘuᵛvʷwˣxʸyᶻz\
    ₐaₑeₕhᵢiⱼjₖkₗlₘmₙnₒoₚpᵣrₛsₜtᵤuᵥvₓx\
    ՏsտsՍuսuՕoօoհhոnցgյjքpԵeԼl\
    Ƨsẞs";

#[cfg(test)]
mod tests;
