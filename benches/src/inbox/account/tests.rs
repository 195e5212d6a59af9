use super::super::evidence::Delivery;
use super::*;

/// Two chats, `a` and `b`. Words are `a1`; a delivery that says so is `a1*`. What is checked: lost,
/// duplicated, reordered.
#[track_caller]
fn check(rows: &str, deliveries: &str, replies: &str, expected: [u32; 3]) {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let delivery = |word: String| Delivery {
        marked: word.ends_with('*'),
        word: word.trim_end_matches('*').to_owned(),
    };
    let evidence = Evidence {
        rows: words(rows),
        deliveries: words(deliveries).into_iter().map(delivery).collect(),
        replies: words(replies),
    };
    let sent = [words("a1 a2 a3"), words("b1 b2")];
    let Account { lost, duplicated, reordered } = Account::of(&sent, &evidence);
    assert_eq!([lost, duplicated, reordered], expected);
}

const ALL: &str = "a1 b1 a2 b2 a3";

#[test]
fn what_comes_once_and_in_the_order_of_its_chat_is_well() {
    check(ALL, ALL, ALL, [0, 0, 0]);
    check("b1 b2 a1 a2 a3", "a1 a2 a3 b1 b2", "b1 a1 a2 a3 b2", [0, 0, 0]);
}

#[test]
fn what_is_no_row_or_has_no_answer_is_lost() {
    check("a1 b1 b2 a3", "a1 b1 b2 a3", "a1 b1 b2 a3", [1, 0, 0]);
    check(ALL, ALL, "a1 b1 b2", [2, 0, 0]);
    check("", "", "", [5, 0, 0]);
}

#[test]
fn what_is_handed_over_again_has_to_say_so() {
    check(ALL, "a1 a2 a3 b1 b2 b2*", ALL, [0, 0, 0]);
    check(ALL, "a1 a2 a3 b1 b2 b2", ALL, [0, 1, 0]);
    check(ALL, "a1 a1 a2 a2* a3 b1 b2 b2 b2", ALL, [0, 2, 0]);
}

#[test]
fn what_is_a_row_twice_or_answered_more_often_than_handed_over_is_doubled() {
    check("a1 a1 b1 a2 b2 a3", ALL, ALL, [0, 1, 0]);
    check(ALL, "a1 a1* a2 a3 b1 b2", "a1 a1 b1 a2 b2 a3", [0, 0, 0]);
    check(ALL, ALL, "a1 a1 b1 a2 b2 a3", [0, 1, 0]);
}

#[test]
fn who_is_behind_a_later_one_of_its_chat_is_counted_once_wherever_it_shows() {
    check("a2 a1 b1 b2 a3", ALL, ALL, [0, 0, 1]);
    check("a2 a1 b1 b2 a3", "a2 a1 b1 b2 a3", "a2 a1 b1 b2 a3", [0, 0, 1]);
    check(ALL, "a3 a1 a2 b1 b2", "b2 b1 a1 a2 a3", [0, 0, 3]);
}

#[test]
fn a_second_time_is_out_of_no_order() {
    check(ALL, "a1 a2 a1* a3 b1 b2", "a1 a2 a1 a3 b1 b2", [0, 0, 0]);
}
