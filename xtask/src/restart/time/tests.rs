use super::*;

/// What comes of persisting with an attempt that comes to `answer`, and how often it was made.
fn persisted(time: Time<'_>, answer: impl Fn() -> Result<u8>) -> (Result<u8>, usize) {
    let mut attempts = 0;
    let ended = time.persist(|| {
        attempts += 1;
        answer()
    });
    (ended, attempts)
}

#[test]
fn nothing_is_tried_when_the_time_is_over() {
    let never = Interrupt::never();
    let over = Time::from_now(Duration::ZERO, &never);
    let (ended, attempts) = persisted(over, || Ok(1));
    assert!(matches!(ended, Err(Trouble::Late)), "{ended:?}");
    assert_eq!(attempts, 0);
    let kept = Time::from_now(Duration::from_mins(1), &never).sooner_by(Duration::from_mins(2));
    assert_eq!((kept.left(), kept.question()), (Duration::ZERO, Duration::ZERO));
    assert_eq!(persisted(kept, || Ok(1)).1, 0);
}

#[test]
fn nothing_is_tried_when_somebody_wants_it_to_end() {
    let interrupt = Interrupt::at_once();
    for limit in [Duration::ZERO, Duration::from_mins(1)] {
        let (ended, attempts) = persisted(Time::from_now(limit, &interrupt), || Ok(1));
        assert!(matches!(ended, Err(Trouble::Interrupted)), "{ended:?}");
        assert_eq!(attempts, 0);
    }
}

#[test]
fn what_comes_to_something_is_tried_no_more() {
    let never = Interrupt::never();
    let ample = Time::from_now(Duration::from_mins(1), &never);
    let (ended, attempts) = persisted(ample, || Ok(7));
    assert_eq!((ended.unwrap(), attempts), (7, 1));
    let (ended, attempts) = persisted(ample, || Err(Trouble::Interrupted));
    assert!(matches!(ended, Err(Trouble::Interrupted)), "{ended:?}");
    assert_eq!(attempts, 1);
}

#[test]
fn a_part_of_the_time_is_never_more_than_is_left() {
    let never = Interrupt::never();
    let time = Time::from_now(Duration::from_mins(1), &never);
    let part = time.at_most(Duration::from_hours(1));
    assert!(part.limit() <= Duration::from_mins(1), "{:?}", part.limit());
    assert_eq!(time.at_most(QUESTION_MAX).limit(), QUESTION_MAX);
    assert!(part.question() <= QUESTION_MAX);
}
