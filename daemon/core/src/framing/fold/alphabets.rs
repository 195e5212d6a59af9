//! Letters that look like those of ASCII, alphabet by alphabet.

/// The ASCII letter or digit that `c`, which is not ASCII, looks like.
pub(super) fn ascii_like(c: char) -> Option<char> {
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
