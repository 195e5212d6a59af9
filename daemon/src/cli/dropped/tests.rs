use assistant_core::chat::ChatId;
use assistant_core::message::RowId;
use assistant_core::time::WallMs;

use super::*;
use crate::cli::print::Colours;

#[test]
fn a_person_reads_when_it_was_in_their_own_time_and_a_program_in_utc() {
    let message = Dropped {
        row: RowId(7),
        chat: ChatId::parse("test:+15555550123").unwrap(),
        reason: "poison".to_owned(),
        counted_attempts: 3,
        deliveries: 4,
        accepted_at: WallMs(0),
        failed_at: WallMs(61_000),
    };
    let line = serde_json::to_value(Line::from(&message)).unwrap();
    assert_eq!(line["failed_at"], "1970-01-01T00:01:01.000Z");
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    let expected = [
        "ROW  REASON  DELIVERIES  COUNTED  CAME                 GIVEN UP             CHAT",
        "7    poison  4           3        1970-01-01 02:00:00  1970-01-01 02:01:01  \
         test:+15555550123",
    ];
    assert_eq!(table(&[message], &zone).lines(Colours::Off), expected);
}
