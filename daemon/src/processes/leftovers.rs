//! What a dead daemon of a home left running: its agents and their tools, found by the mark in
//! their environment. Called by who knows that the daemon is dead: under the home's lock, or as
//! its parent.

use std::ops::RangeBounds;
use std::time::Duration;

use tracing::{info, warn};

use super::{HomeId, end_all, marked, walk};

/// How long they may take to end after TERM. The program takes 30 ms.
const TERM_MAX: Duration = Duration::from_secs(2);

/// How long killed processes may take to be gone.
const KILL_MAX: Duration = Duration::from_secs(2);

/// Looks at the processes, each of which ends all that were found. What still starts others after
/// that does so faster than it can be killed.
const LOOKS_MAX: usize = 5;

/// Ends those of these generations, so that no two agents ever work on one conversation.
pub(crate) async fn end(home: HomeId, generations: impl RangeBounds<u64> + Clone + Send + 'static) {
    // An agent may start something in the moment it is ended: looked at again until nothing is left.
    for _ in 0..LOOKS_MAX {
        let generations = generations.clone();
        let marked = walk(move || marked(home, &generations)).await;
        if marked.is_empty() {
            return;
        }
        info!(processes = marked.len(), "ending what an earlier daemon left running");
        let found = marked.into_iter().map(|marked| marked.process).collect();
        let left = end_all(found, TERM_MAX, KILL_MAX).await;
        if !left.is_empty() {
            warn!(processes = left.len(), "processes of an earlier daemon do not end");
        }
    }
}
