use super::*;

#[test]
fn a_limit_is_told_as_people_say_it() {
    let told = |limit| Trouble::Unanswered { asked: "status".to_owned(), limit }.to_string();
    assert_eq!(told(Duration::from_secs(15)), "status gave no answer within 15 s");
    assert_eq!(told(Duration::from_nanos(9_998_127_341)), "status gave no answer within 10.0 s");
    assert_eq!(told(Duration::from_millis(340)), "status gave no answer within 0.3 s");
}
