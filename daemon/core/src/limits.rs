//! Every bound of the assistant, each with its reason. Bounds that only an edge needs (a line, a
//! socket) stand in the daemon beside that edge.

use std::time::Duration;

/// Attempts in flight to one agent. More would pile up in the program's own queue, where neither
/// order nor fate can be seen; after a long downtime a session is not flooded either.
pub const ATTEMPTS_IN_FLIGHT_MAX: usize = 50;

/// Rows a session holds in memory. The rest stays in the store and is fetched when these are done.
pub const ROWS_FETCHED_MAX: usize = 100;

/// Counted attempts after which a row is given up as poison and listed as dropped.
pub const COUNTED_ATTEMPTS_MAX: u32 = 3;

/// Each error in a row makes the next wait longer by this.
pub const ERROR_WAIT_STEP: Duration = Duration::from_secs(2);

/// At this many errors in a row a session is dead.
pub const ERRORS_IN_A_ROW_MAX: u32 = 3;

/// Turns that end for a full conversation before another one begins. The program makes room by
/// itself when it can: the turn after that fits.
pub const FULL_TURNS_MAX: u32 = 3;

/// The longest wait between turns while the other end of the agent refuses us.
pub const TURN_WAIT_MAX: Duration = Duration::from_mins(1);

/// Revivals of a dead session allowed within [`REVIVALS_WINDOW`].
pub const REVIVALS_MAX: usize = 3;

/// Must exceed the slowest way of finding a session dead, times [`REVIVALS_MAX`].
pub const REVIVALS_WINDOW: Duration = Duration::from_mins(20);

/// A dead session with messages waiting tries again after this, even if no new message comes.
pub const DEAD_RETRY_AFTER: Duration = Duration::from_mins(1);

/// An agent that has not answered `initialize` by then counts as not started. Twenty at once on
/// two cores took up to 22 s.
pub const LAUNCH_MAX: Duration = Duration::from_mins(1);

/// An agent without anything to do for this long is ended; its conversation is kept.
pub const IDLE_MAX: Duration = Duration::from_hours(2);

/// After `idle` the program owes nothing. Attempts that it saw and still does not run after this
/// were lost by it, and are delivered again.
pub const IDLE_SETTLE: Duration = Duration::from_secs(5);

/// How long an interrupted turn may take to end before the agent is terminated (measured: 20 ms).
pub const CLOSE_IDLE_MAX: Duration = Duration::from_secs(5);

/// How long the program may take to exit after its input was closed (measured: 40 ms).
pub const CLOSE_EXIT_MAX: Duration = Duration::from_secs(3);

/// How long the program may take to exit after TERM (measured: 30 ms).
pub const CLOSE_TERM_MAX: Duration = Duration::from_secs(2);

/// Agents alive at once unless configured: about 200 MiB each.
pub const AGENTS_ALIVE_MAX: usize = 20;
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

// What the launcher gives the daemon.

/// A daemon that has not said READY, and answered, by then counts as one that did not start. It
/// takes a tenth of a second; longer only to check a database after a crash.
pub const READY_MAX: Duration = Duration::from_secs(30);

/// A daemon that says nothing of itself for this long hangs. It speaks four times in that time.
pub const HEARTBEAT_MAX: Duration = Duration::from_secs(20);

/// How long a daemon that hangs may take to end after TERM.
pub const HUNG_TERM_MAX: Duration = Duration::from_secs(2);

/// How long a daemon that failed after a restart may take to stop, before the one before it is started:
/// that one answers again within ten seconds of the verdict.
pub const BACK_STOP_MAX: Duration = Duration::from_secs(5);

/// Who drives the launcher's decisions and comes so much later than what was due stood still itself
/// (a machine under load or asleep, a write that takes long): that something was not heard meanwhile
/// says nothing. Far longer than a timer takes to come.
pub const LATE_MIN: Duration = Duration::from_millis(250);

/// What is given on top then, to hear what came meanwhile.
pub const LATE_GRACE: Duration = Duration::from_secs(1);

/// What a daemon may take to stop beyond its own deadline, to write its last lines.
pub const STOP_MARGIN: Duration = Duration::from_secs(5);

/// Ends by itself within [`CRASH_WINDOW`] at which a daemon is in a crash loop. The one before is
/// started again at once: most are of a cause that has passed.
pub const CRASHES_MAX: usize = 3;

/// Must exceed the slowest way of finding a daemon dead ([`READY_MAX`] and its end), times
/// [`CRASHES_MAX`]. A daemon that is well for this long has recovered.
pub const CRASH_WINDOW: Duration = Duration::from_mins(10);

/// A daemon that ends in order sooner than this after it was ready, without having been told to by
/// its launcher, has crashed for all that is known: it would be started for ever, without a pause.
pub const ASKED_END_MIN: Duration = Duration::from_secs(10);

/// The first wait when nothing is left to start; each one is twice as long.
pub const CRASH_WAIT_FIRST: Duration = Duration::from_mins(1);

/// The longest of these waits. A person is called when it is reached.
pub const CRASH_WAIT_MAX: Duration = Duration::from_mins(15);

/// Between the moment when nobody carries a restart out any more, and its end: who does so may hand
/// over its lock in it.
pub const RUNNER_GONE_GRACE: Duration = Duration::from_secs(2);

/// Between the announcement of a restart and its switch: whoever carries it out has nothing left to do
/// between them, and holds everybody else up.
pub const ARMED_MAX: Duration = Duration::from_mins(1);

/// The pause before the launcher writes again what it could not write. Each try may take as long as a
/// disk takes that is about to fail.
pub const UNWRITTEN_PAUSE: Duration = Duration::from_secs(2);

/// For how long it tries before a person is called: room may be made by itself before that.
pub const UNWRITTEN_MAX: Duration = Duration::from_secs(20);

/// Restarts that one initiator may ask for within [`REQUESTS_WINDOW`].
pub const REQUESTS_MAX: usize = 3;

/// Longer than a gated restart takes that reuses its build: who asks again has seen what became of
/// the last one.
pub const REQUESTS_WINDOW: Duration = Duration::from_mins(10);
