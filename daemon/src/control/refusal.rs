//! Why something that was asked on a socket is not done, as it stands on the wire.

use serde::{Deserialize, Serialize};

use crate::exit::Code;

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    /// What sort of reason it is.
    pub kind: RefusalKind,
    /// The reason, for a person; without message text.
    pub message: String,
}

impl Refusal {
    /// A refusal with its reason.
    pub(crate) fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// The sorts of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefusalKind {
    /// Too many connections; asking again soon may work.
    Busy,
    /// The request is longer than [`REQUEST_BYTES_MAX`].
    TooLong,
    /// The line is no request.
    Malformed,
    /// The line did not come in time.
    TooSlow,
    /// The request speaks another [`VERSION`].
    Version,
    /// The peer may not ask.
    NotPermitted,
    /// What the request names is not there.
    NotFound,
    /// What the request says cannot be right.
    Invalid,
    /// The daemon is about to end.
    Stopping,
    /// It was tried and failed.
    Failed,
    /// A reason that this version does not know.
    #[serde(other)]
    Other,
}

impl RefusalKind {
    /// What a command that was refused so ends with.
    pub(crate) fn code(self) -> Code {
        match self {
            Self::Busy => Code::Busy,
            Self::NotPermitted => Code::Denied,
            Self::TooLong | Self::Malformed | Self::Version | Self::Invalid => Code::Usage,
            Self::Stopping => Code::Unreachable,
            Self::TooSlow | Self::NotFound | Self::Failed | Self::Other => Code::Failed,
        }
    }
}
