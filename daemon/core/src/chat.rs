//! Chats: addresses that messages come from and go to, each in one canonical form.
//!
//! A chat id is a source's prefix and a normalised address: `test:+15555550123`. Two spellings of
//! one address must give one id, or a conversation splits in two; two addresses must never give
//! the same id, or one person reads another's chat. So only spellings that are surely equal are
//! folded, and letters only within ASCII: a Kelvin sign must not become a `k`.
//!
//! | address | becomes |
//! |---|---|
//! | `+` and up to 15 digits, with the punctuation of phone numbers | `+` and the digits |
//! | ten digits | `+1` and the digits |
//! | eleven digits that begin with 1 | `+` and the digits |
//! | 20 or more hex digits (a group of Messages) | lower case |
//! | an e-mail address | lower case |
//! | anything else, so also base64 (a Signal group) | itself, without outer spaces |

use std::fmt;

use thiserror::Error;

use crate::limits::CHAT_ID_BYTES_MAX;

/// Digits of the longest phone number (ITU-T E.164).
const PHONE_DIGITS_MAX: usize = 15;
/// Hex digits from which an address is a group rather than a number or a name.
const GROUP_HEX_DIGITS_MIN: usize = 20;
/// Characters from which base64 is a Signal group: 32 bytes give 44 with padding.
const GROUP_BASE64_CHARS_MIN: usize = 40;

/// Where messages come from, and through which they are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The Messages application of macOS.
    Imessage,
    /// Signal, through signal-cli.
    Signal,
    /// JSON files in the test-messages directory.
    Test,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Imessage, Self::Signal, Self::Test];

    /// The word before the colon of a chat id; also the source's name in the store and in config.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Imessage => "imessage",
            Self::Signal => "signal",
            Self::Test => "test",
        }
    }

    /// The word in the delimiters of a frame.
    pub fn label(self) -> &'static str {
        match self {
            Self::Imessage => "SMS",
            Self::Signal => "SIGNAL",
            Self::Test => "TEST",
        }
    }

    /// The source with this prefix.
    pub fn parse(prefix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.prefix() == prefix)
    }
}

/// The address of a conversation, normalised, with its source as prefix: `test:+15555550123`.
///
/// `Display` writes it whole. `Debug` leaves the address out, because what is formatted for
/// debugging ends up in logs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChatId(String);

/// Why a text is no chat id. The address itself is not part of it: errors are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadChat {
    /// Nothing is left without the prefix.
    #[error("take a chat id without an address")]
    Empty,
    /// It is over [`CHAT_ID_BYTES_MAX`].
    #[error("take a chat id of {bytes} bytes (at most {CHAT_ID_BYTES_MAX})")]
    TooLong {
        /// Its length as given.
        bytes: usize,
    },
    /// It holds a line break or another control character.
    #[error("take a chat id with a control character in it")]
    Control,
    /// It has the prefix of another source than the one that brought it.
    #[error("take a chat id of the source {found} from {expected}")]
    OtherSource {
        /// The source it was to belong to.
        expected: &'static str,
        /// The source it names.
        found: &'static str,
    },
    /// It has no source's prefix where one is needed.
    #[error("take a chat id without imessage:, signal: or test: before it")]
    NoSource,
}

impl ChatId {
    /// The chat of `source` with the address `raw`, which may already have that source's prefix.
    ///
    /// Given its own output, it returns the same again.
    pub fn new(source: Source, raw: &str) -> Result<Self, BadChat> {
        if CHAT_ID_BYTES_MAX < raw.len() {
            return Err(BadChat::TooLong { bytes: raw.len() });
        }
        if raw.contains(breaks_a_line) {
            return Err(BadChat::Control);
        }
        let mut address = raw.trim();
        // A prefix put on twice would split the chat from itself.
        while let Some((found, rest)) = split_prefix(address) {
            if found != source {
                let (expected, found) = (source.prefix(), found.prefix());
                return Err(BadChat::OtherSource { expected, found });
            }
            address = rest.trim_start();
        }
        let address = normalise_handle(address);
        if address.is_empty() {
            return Err(BadChat::Empty);
        }
        let id = format!("{}:{address}", source.prefix());
        if CHAT_ID_BYTES_MAX < id.len() {
            return Err(BadChat::TooLong { bytes: id.len() });
        }
        Ok(Self(id))
    }

    /// A chat id as it is stored, with its prefix.
    pub fn parse(text: &str) -> Result<Self, BadChat> {
        let (source, _) = split_prefix(text.trim()).ok_or(BadChat::NoSource)?;
        Self::new(source, text)
    }

    /// A chat as a person types it: a bare address belongs to `default_source`.
    pub fn from_typed(text: &str, default_source: Source) -> Result<Self, BadChat> {
        match Self::parse(text) {
            Err(BadChat::NoSource) => Self::new(default_source, text),
            parsed => parsed,
        }
    }

    /// The source it belongs to.
    pub fn source(&self) -> Source {
        self.parts().0
    }

    /// The normalised address, without the prefix.
    pub fn address(&self) -> &str {
        self.parts().1
    }

    /// The whole id, as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the address has the shape of a group's. A test chat with any other address may
    /// still be a group: there the message says so.
    pub fn is_group(&self) -> bool {
        let address = self.address();
        is_long_hex(address) || is_long_base64(address) || is_messages_group(address)
    }

    fn parts(&self) -> (Source, &str) {
        split_prefix(&self.0).expect("every constructor puts the prefix there")
    }
}

impl fmt::Display for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChatId({}:…)", self.source().prefix())
    }
}

/// An address in its canonical form, by the table at the top of this file. Normalising twice
/// changes nothing.
pub fn normalise_handle(raw: &str) -> String {
    let raw = raw.trim();
    if let Some(phone) = phone_number(raw) {
        return phone;
    }
    if is_long_hex(raw) || is_email(raw) {
        return raw.to_ascii_lowercase();
    }
    raw.to_owned()
}

fn split_prefix(text: &str) -> Option<(Source, &str)> {
    let (prefix, rest) = text.split_once(':')?;
    Some((Source::parse(prefix)?, rest))
}

fn breaks_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

fn phone_number(raw: &str) -> Option<String> {
    let (plus, rest) = match raw.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, raw),
    };
    let mut digits = String::with_capacity(PHONE_DIGITS_MAX + 2);
    for c in rest.chars() {
        match c {
            '0'..='9' => digits.push(c),
            ' ' | '-' | '.' | '(' | ')' => {}
            _ => return None,
        }
        if PHONE_DIGITS_MAX < digits.len() {
            return None;
        }
    }
    match (plus, digits.len()) {
        (_, 0) => None,
        (true, _) => Some(format!("+{digits}")),
        (false, 10) => Some(format!("+1{digits}")),
        (false, 11) if digits.starts_with('1') => Some(format!("+{digits}")),
        (false, _) => None,
    }
}

fn is_long_hex(address: &str) -> bool {
    GROUP_HEX_DIGITS_MIN <= address.len() && address.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_email(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else { return false };
    let plain = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    plain(local) && plain(domain) && !domain.contains('@')
}

/// Standard or URL-safe base64, padded or not.
fn is_long_base64(address: &str) -> bool {
    let body = address.trim_end_matches('=');
    GROUP_BASE64_CHARS_MIN <= address.len()
        && address.len() - body.len() <= 2
        && body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_'))
}

/// Messages names groups `chat` and digits.
fn is_messages_group(address: &str) -> bool {
    address
        .strip_prefix("chat")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
