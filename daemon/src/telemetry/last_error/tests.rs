use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

#[test]
fn an_error_is_noted_with_its_reason_and_nothing_else_of_the_line() {
    let told = || last_error().expect("an error was logged").what;
    tracing::subscriber::with_default(tracing_subscriber::registry().with(NoteErrors), || {
        tracing::error!(outgoing = 3, reason = %"the folder is gone", "text not sent");
        assert_eq!(told(), "text not sent: the folder is gone");
        tracing::error!(row = 4, reason = "poison", "message dropped");
        assert_eq!(told(), "message dropped: poison");
        tracing::error!(error = %"use the database: full", "rows not read");
        assert_eq!(told(), "rows not read: use the database: full");
        tracing::error!(session = 1, "session rests");
        tracing::warn!(reason = "none", "no error");
        assert_eq!(told(), "session rests");
        let about = || last_error().expect("an error was logged").session;
        assert_eq!(about(), Some(1));
        tracing::error!(session = 7_i64, error = %"busy", "rows not read");
        assert_eq!(about(), Some(7));
        tracing::error!("nothing is stored any more");
        assert_eq!(about(), None);
    });
}
