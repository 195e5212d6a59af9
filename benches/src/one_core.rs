//! Computing where another probe computes too: the two of a pair meet the same processor.
//!
//! A processor of a shared machine is one of two that share their insides. As long as somebody computes on the
//! other one, what is measured takes nearly twice as long, for seconds and on that processor alone. Two
//! probes on two of them would be held against each other's neighbours.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// From now on this thread stays on one processor: the last of those it may use, which is the same for
/// every probe. Where the system refuses, it goes where it is sent.
pub(crate) fn stay() {
    let Ok(allowed) = sched_getaffinity(None) else { return };
    let Some(last) = (0..CpuSet::MAX_CPU).rev().find(|core| allowed.is_set(*core)) else { return };
    let mut one = CpuSet::new();
    one.set(last);
    // It is measured all the same, and the control shows what that is worth.
    let _refused = sched_setaffinity(None, &one);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_stays_has_one_processor() {
        let cores = std::thread::spawn(|| {
            stay();
            sched_getaffinity(None).map(|allowed| allowed.count())
        });
        assert_eq!(cores.join().unwrap(), Ok(1));
    }
}
