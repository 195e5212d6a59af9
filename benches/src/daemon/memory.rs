//! Memory of a daemon's processes by what they are for.

use harness::bench::report::RoleMemory;
use harness::processes::{Snapshot, pss_bytes, rss_bytes};

/// The daemon with this id, and whatever lives below it: its agents. `None` if it is gone.
pub(super) fn by_role(scene: &str, daemon: u32) -> Option<Vec<RoleMemory>> {
    let own = RoleMemory {
        scene: scene.to_owned(),
        role: "daemon".to_owned(),
        processes: 1,
        rss_bytes: rss_bytes(daemon)?,
        pss_bytes: pss_bytes(daemon),
    };
    let mut agents = Snapshot::take().descendants(daemon);
    agents.retain(|agent| !agent.zombie);
    if agents.is_empty() {
        return Some(vec![own]);
    }
    let all = RoleMemory {
        scene: scene.to_owned(),
        role: "agent".to_owned(),
        processes: agents.len(),
        rss_bytes: agents.iter().map(|agent| agent.rss_bytes).sum(),
        // One that is gone by now leaves no sum that could be compared with the other one.
        pss_bytes: agents.iter().map(|agent| pss_bytes(agent.pid)).sum(),
    };
    Some(vec![own, all])
}
