//! What is left running that nobody is to find: agents and tools of a dead daemon of a home, by the
//! mark in their environment, and those that hide whose they are, by their parents.
//!
//! | who asks | what is ended |
//! |---|---|
//! | a daemon that begins, or the parent of one that is dead | what carries the mark of an earlier generation |
//! | a daemon that ends, last of all | whatever descends from it |
//! | the launcher, when its daemon is dead | what fell to it: [`adopted::strays`] |
//!
//! Where the system has no subreaper (macOS) the last two find nothing that has detached itself.

use std::ops::RangeBounds;
use std::time::Duration;

use tracing::{info, warn};

use super::{Found, HomeId, adopted, descendants, end_all, marked, walk};

/// How long they may take to end after TERM. The program takes 30 ms.
const TERM_MAX: Duration = Duration::from_secs(2);

/// The same for what should have ended with its agent.
const STRAY_TERM_MAX: Duration = Duration::from_millis(500);

/// How long killed processes may take to be gone.
const KILL_MAX: Duration = Duration::from_secs(2);

/// Looks at the processes, each of which ends all that were found. What still starts others after
/// that does so faster than it can be killed.
const LOOKS_MAX: usize = 5;

/// Ends those of these generations, so that no two agents ever work on one conversation. Called by who
/// knows that the daemon is dead: under the home's lock, or as its parent.
pub(crate) async fn end(home: HomeId, generations: impl RangeBounds<u64> + Clone + Send + 'static) {
    let look = move || marked(home, &generations).into_iter().map(|it| it.process).collect();
    end_found(look, TERM_MAX).await;
}

/// Ends whatever descends from this process. Called when nothing of it is to run any more.
pub(crate) async fn end_descendants() {
    if adopted::any() {
        end_found(|| descendants(std::process::id()), STRAY_TERM_MAX).await;
    }
}

/// Ends the strays that fell to this process.
pub(crate) async fn end_strays() {
    if adopted::any() {
        end_found(adopted::strays, STRAY_TERM_MAX).await;
    }
}

async fn end_found(look: impl Fn() -> Vec<Found> + Clone + Send + 'static, term_max: Duration) {
    // One may start something in the moment it is ended: looked at again until nothing is left.
    for _ in 0..LOOKS_MAX {
        let found = walk(look.clone()).await;
        if found.is_empty() {
            return;
        }
        info!(processes = found.len(), "ending what was left running");
        let left = end_all(found, term_max, KILL_MAX).await;
        if !left.is_empty() {
            warn!(processes = left.len(), "processes that were left running do not end");
        }
    }
}
