use std::collections::BTreeMap;

use super::*;

#[test]
fn the_stand_in_is_told_what_each_step_is_held_by() {
    let delays = [
        ("agent.connect", 10),
        ("agent.resume_connect", 20),
        ("agent.first_response", 3),
        ("agent.full_query", 8),
        ("agent.interrupt", 4),
        ("agent.disconnect", 5),
    ];
    let delays = delays.map(|(metric, micros)| (metric.to_owned(), Duration::from_micros(micros)));
    let slowdown = Slowdown::of(BTreeMap::from(delays));
    let rest = "assistant=3,result=5,interrupt=4,exit=5";
    assert_eq!(holds(&slowdown, "connect"), format!("initialize=10,{rest}"));
    assert_eq!(holds(&slowdown, "resume_connect"), format!("initialize=20,{rest}"));
    let none = "initialize=0,assistant=0,result=0,interrupt=0,exit=0";
    assert_eq!(holds(&Slowdown::none(), "connect"), none);
}
