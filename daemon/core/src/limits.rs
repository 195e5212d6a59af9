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

/// The longest wait between turns while the other end of the agent refuses us.
pub const TURN_WAIT_MAX: Duration = Duration::from_secs(60);

/// Revivals of a dead session allowed within [`REVIVALS_WINDOW`].
pub const REVIVALS_MAX: usize = 3;

/// Must exceed the slowest way of finding a session dead, times [`REVIVALS_MAX`].
pub const REVIVALS_WINDOW: Duration = Duration::from_secs(20 * 60);

/// A dead session with messages waiting tries again after this, even if no new message comes.
pub const DEAD_RETRY_AFTER: Duration = Duration::from_secs(60);

/// An agent that has not answered `initialize` by then counts as not started. Twenty at once on
/// two cores took up to 22 s.
pub const LAUNCH_MAX: Duration = Duration::from_secs(60);

/// An agent without anything to do for this long is ended; its conversation is kept.
pub const IDLE_MAX: Duration = Duration::from_secs(2 * 60 * 60);

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
