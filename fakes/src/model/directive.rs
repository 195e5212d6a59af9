//! What a person's text asks the model to do, by its first word.

use serde_json::{Value, json};

use super::{Fault, Pace};

/// A directive. Anything that is none is simply answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Directive {
    /// No directive: the words come back.
    Plain,
    /// `recall`: the reply lists the earlier texts of this conversation.
    Recall,
    /// `tool: CMD`: a Bash call, then a reply with its output.
    Tool {
        /// The command line.
        command: String,
    },
    /// `bg: CMD`: a Bash call in the background.
    Background {
        /// The command line.
        command: String,
    },
    /// `call: NAME {json}`: a call of any tool.
    Call {
        /// The tool's name.
        name: String,
        /// Its arguments.
        input: Value,
    },
    /// `slow N MS`: N pieces of text, one every MS milliseconds, then the reply.
    Slow(Pace),
    /// `error CODE [xN]`: the API answers with that status, every time or N times.
    Error {
        /// The status.
        code: u16,
        /// How often; `None` = every time.
        times: Option<u32>,
    },
    /// `drop`: the connection is cut in mid-stream, once.
    Drop,
    /// `hang`: no answer ever.
    Hang,
    /// `silent`: the turn ends without a reply; a stop hook's reminder brings one, but not after
    /// `silent always`.
    Silent {
        /// Whether a reminder changes nothing.
        always: bool,
    },
    /// `big N`: a reply of N bytes.
    Big {
        /// The length of the reply.
        bytes: usize,
    },
}

impl Directive {
    /// Reads the directive of one person's text.
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        if let Some(command) = text.strip_prefix("tool:") {
            return Self::Tool { command: command.trim().to_owned() };
        }
        if let Some(command) = text.strip_prefix("bg:") {
            return Self::Background { command: command.trim().to_owned() };
        }
        if let Some(call) = text.strip_prefix("call:") {
            let (name, input) = call.trim().split_once(' ').unwrap_or((call.trim(), "{}"));
            let input = serde_json::from_str(input).unwrap_or_else(|_| json!({}));
            return Self::Call { name: name.to_owned(), input };
        }
        Self::of_words(text).unwrap_or(Self::Plain)
    }

    fn of_words(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        Some(match words.next()? {
            "recall" => Self::Recall,
            "slow" => Self::Slow(Pace {
                chunks: words.next()?.parse().ok()?,
                chunk_ms: words.next()?.parse().ok()?,
            }),
            "error" => Self::Error {
                code: words.next()?.parse().ok()?,
                times: words.next().and_then(|word| word.strip_prefix('x')?.parse().ok()),
            },
            "drop" => Self::Drop,
            "hang" => Self::Hang,
            "silent" => Self::Silent { always: words.next() == Some("always") },
            "big" => Self::Big { bytes: words.next()?.parse().ok()? },
            _ => return None,
        })
    }

    /// The fault the directive asks for.
    pub(super) fn fault(&self) -> Option<Fault> {
        match self {
            Self::Error { code, times } => Some(Fault::Status { code: *code, times: *times }),
            Self::Drop => Some(Fault::Drop),
            Self::Hang => Some(Fault::Hang),
            _ => None,
        }
    }

    /// The tool call that comes before the reply.
    pub(super) fn call(&self) -> Option<(String, Value)> {
        match self {
            Self::Tool { command } => {
                Some(("Bash".to_owned(), json!({ "command": command, "description": "run it" })))
            }
            Self::Background { command } => Some((
                "Bash".to_owned(),
                json!({ "command": command, "description": "run it", "run_in_background": true }),
            )),
            Self::Call { name, input } => Some((name.clone(), input.clone())),
            _ => None,
        }
    }

    /// The slow text that comes before the reply.
    pub(super) fn pace(&self) -> Option<Pace> {
        match self {
            Self::Slow(pace) => Some(*pace),
            _ => None,
        }
    }
}
