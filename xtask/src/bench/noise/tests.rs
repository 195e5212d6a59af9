//! How long a recording takes.

use super::*;
use crate::bench::plan::tests::{offered, policy};

#[test]
fn a_whole_recording_takes_little_more_than_half_an_hour() {
    let offered = offered(&[]);
    let wanted = Wanted { mode: Mode::Full, only: None, head: &offered, base: Some(&offered) };
    let planned = plan::plan(&policy(), wanted);
    let of = |plan: &Planned| -> Duration {
        shares(plan, LAUNCHES_MIN).map(|share| time(plan, &share, 0)).sum()
    };
    let all: Duration = planned.iter().map(of).sum();
    assert!(all < Duration::from_mins(35), "{all:?}");
    let there: Duration = planned
        .iter()
        .flat_map(|plan| shares(plan, LAUNCHES_MIN).map(move |it| time(plan, &it, it.launches)))
        .sum();
    assert_eq!(there, Duration::ZERO, "what is there costs nothing");
}
