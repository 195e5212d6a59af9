use super::*;

#[test]
fn a_person_reads_what_is_still_under_way() {
    let quiet = Drained { quiet: true, busy: Vec::new(), unsent: 0, waited_ms: 40 };
    assert_eq!(for_people(&quiet), "nothing is under way, after 40 ms");
    let busy = Drained { quiet: false, busy: vec![3, 7], unsent: 2, waited_ms: 9000 };
    let line = "after 9000 ms: sessions at work: 3, 7; texts on their way: 2";
    assert_eq!(for_people(&busy), line);
    let sending = Drained { busy: Vec::new(), ..busy };
    let line = "after 9000 ms: sessions at work: none; texts on their way: 2";
    assert_eq!(for_people(&sending), line);
}
