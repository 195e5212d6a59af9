//! Every bound of the assistant, each with its reason. Bounds that only an edge needs (a line, a
//! socket) stand in the daemon beside that edge.

// Chats and messages.

/// A chat id, prefix included. The longest address in use is an e-mail of 254 bytes (RFC 5321).
pub const CHAT_ID_BYTES_MAX: usize = 320;

/// The text of one message. What is longer is an error of the source: no phone sends it, and every
/// copy of it would stay in the agent's context.
pub const MESSAGE_TEXT_BYTES_MAX: usize = 1 << 20;

// What a frame shows.

/// A name of a person or a group: more than any address book holds, less than a paragraph.
pub const NAME_CHARS_MAX: usize = 80;

/// A file name as file systems allow it.
pub const FILE_NAME_CHARS_MAX: usize = 255;

/// A MIME type; the longest registered ones have about 80 characters.
pub const MIME_CHARS_MAX: usize = 100;

/// A path, as Linux bounds it; it must arrive whole to be of use.
pub const PATH_CHARS_MAX: usize = 4096;

/// A quote in a reply thread or a redelivery note: enough to recognise a message by.
pub const QUOTE_CHARS_MAX: usize = 500;

/// Quotes shown of one reply thread or one redelivery note; older ones are counted.
pub const QUOTES_SHOWN_MAX: usize = 20;

/// Attachments listed in one frame; the others are counted.
pub const ATTACHMENTS_SHOWN_MAX: usize = 50;

/// The memory summary in a start prompt: it is paid for with every request of the session.
pub const MEMORY_SUMMARY_BYTES_MAX: usize = 32 << 10;
