//! Mends a line that only JavaScript can read.
//!
//! The program cuts texts by UTF-16 units, so that half of a pair may be left of a character outside
//! the basic plane. Its JSON then carries `\ud83d` without its other half, which is no character and
//! which serde refuses together with the whole line. Such a half becomes U+FFFD here. Only a line
//! that could not be read comes this way.

/// `line` with every half pair replaced; `None` if there is none in it.
pub(super) fn mended(line: &[u8]) -> Option<Vec<u8>> {
    let mut mended = None;
    let mut at = 0;
    while at < line.len() {
        if line[at] != b'\\' {
            at += 1;
            continue;
        }
        match (unit(line, at), unit(line, at + ESCAPE)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 2 * ESCAPE,
            (Some(0xd800..=0xdfff), _) => {
                let copy: &mut Vec<u8> = mended.get_or_insert_with(|| line.to_vec());
                copy[at..at + ESCAPE].copy_from_slice(b"\\ufffd");
                at += ESCAPE;
            }
            (Some(_), _) => at += ESCAPE,
            // Another escape: the byte behind the backslash is spoken for.
            (None, _) => at += 2,
        }
    }
    mended
}

/// The length of `\uXXXX`.
const ESCAPE: usize = 6;

/// The UTF-16 unit that is written at `at` as `\uXXXX`.
fn unit(line: &[u8], at: usize) -> Option<u16> {
    let digits = line.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
