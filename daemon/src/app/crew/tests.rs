use super::*;

/// Every stage there is. The match has the compiler ask for one that is new.
const ALL: [Stage; 12] = [
    Stage::Sources,
    Stage::Router,
    Stage::Supervisor,
    Stage::Sender,
    Stage::Desk,
    Stage::Control,
    Stage::Holds,
    Stage::Heartbeat,
    Stage::Touches,
    Stage::Strays,
    Stage::Reaper,
    Stage::StoreWatch,
];

fn place(stage: Stage) -> usize {
    match stage {
        Stage::Sources => 0,
        Stage::Router => 1,
        Stage::Supervisor => 2,
        Stage::Sender => 3,
        Stage::Desk => 4,
        Stage::Control => 5,
        Stage::Holds => 6,
        Stage::Heartbeat => 7,
        Stage::Touches => 8,
        Stage::Strays => 9,
        Stage::Reaper => 10,
        Stage::StoreWatch => 11,
    }
}

/// Whichever it is, its end is told at once, and keeps none of the others from theirs.
/// Incidents: K17.
#[tokio::test]
async fn a_stage_that_panics_is_told_by_its_name_and_the_others_are_taken_down() {
    for (at, broken) in ALL.into_iter().enumerate() {
        assert_eq!(place(broken), at);
        let mut crew = Crew::default();
        for stage in ALL {
            crew.start(stage, |cancel| async move {
                assert!(stage != broken, "a panic that was asked for");
                cancel.cancelled().await;
            });
        }
        assert_eq!(crew.ended().await, Some(broken));
        crew.take_down().await;
        assert_eq!(crew.ended().await, None, "nobody is left");
    }
}
