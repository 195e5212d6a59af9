use super::*;

#[test]
fn every_message_is_answered_and_the_agent_idle_after_it() {
    let mut conversation = Conversation::awake();
    for nth in 2..5 {
        assert_eq!(conversation.one_message(), nth);
        assert_eq!(conversation.standing(), Standing::Idle);
    }
}
