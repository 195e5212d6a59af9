use assistant_core::message::RowId;

use super::*;
use crate::store::SessionRow;

#[test]
fn a_person_reads_a_sentence_and_a_program_numbers() {
    let well = Deliveries { rows: 12, overtaken: Vec::new() };
    assert_eq!(
        for_people(&said(7, &well)),
        "generation 7 has delivered 12 messages, each in its order"
    );
    let off = Deliveries { rows: 12, overtaken: vec![(SessionRow(3), RowId(17))] };
    assert_eq!(
        for_people(&said(7, &off)),
        "generation 7 has delivered 12 messages, 1 of them behind a later one of their session"
    );
    assert_eq!(
        serde_json::to_string(&said(7, &off)).unwrap(),
        r#"{"generation":7,"delivered":12,"overtaken":[{"session":3,"row":17}]}"#
    );
}
