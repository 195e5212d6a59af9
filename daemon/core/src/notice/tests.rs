use super::*;

#[test]
fn every_end_of_a_restart_has_its_own_words() {
    let codes = [0, 20, 22, 23, 24, 25, 26, 40, 50, 1].map(Some);
    let mut texts: Vec<&str> =
        codes.map(|code| Notice::Restart(RestartEnd::of_exit_code(code)).text()).to_vec();
    assert!(texts.iter().all(|text| text.starts_with("The restart ")));
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), codes.len());
}

#[test]
fn a_restart_that_was_killed_or_ended_oddly_is_not_called_done() {
    for code in [None, Some(-1), Some(1), Some(64), Some(70), Some(101)] {
        assert_eq!(RestartEnd::of_exit_code(code), RestartEnd::Unknown, "{code:?}");
    }
}

#[test]
fn only_an_end_that_was_verified_is_called_done() {
    let done = (0..=255).filter(|&code| RestartEnd::of_exit_code(Some(code)) == RestartEnd::Done);
    assert_eq!(done.collect::<Vec<_>>(), [0, 10]);
}
