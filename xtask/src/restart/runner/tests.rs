use super::*;

#[test]
fn a_question_without_an_answer_is_told_with_its_own_time() {
    let unanswered =
        Trouble::Unanswered { asked: "drain".to_owned(), limit: Duration::from_secs(15) };
    let why = "drain gave no answer within 15 s".to_owned();
    assert_eq!(event(Err(unanswered)), Some(Event::Unanswered(why)));
    // How long the whole action had, the machine knows.
    assert_eq!(event(Err(Trouble::Late)), None);
}
