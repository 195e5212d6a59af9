use super::*;

#[track_caller]
fn check(text: &str, requests: u64, usd: f64) {
    assert_eq!(text.parse(), Ok(Budget { requests, usd }), "{text}");
}

#[test]
fn a_budget_is_requests_and_dollars_each_with_its_default() {
    check("", 40, 1.0);
    check("requests=60,usd=2.00", 60, 2.0);
    check("usd=0.5", 40, 0.5);
    check(" requests=0 , ", 0, 1.0);
    let budget = Budget { requests: 7, usd: 0.25 };
    check(&budget.to_string(), 7, 0.25);
}

#[test]
fn a_budget_that_is_not_understood_is_refused() {
    for text in ["40", "requests", "requests=-1", "requests=x", "usd=nan", "usd=-1", "eur=1"] {
        assert_eq!(text.parse::<Budget>(), Err(BadBudget(text.to_owned())), "{text}");
    }
}

#[track_caller]
fn check_spent(ledger: &str, requests: u64, usd: f64) {
    let spent = Spent::of(ledger);
    assert_eq!(spent.requests, requests, "{ledger}");
    assert!((spent.usd - usd).abs() < 1e-9, "{ledger}: {spent}");
}

#[test]
fn requests_add_up_and_each_conversation_costs_its_last_total() {
    check_spent("", 0, 0.0);
    check_spent("\"request\"\n\"request\"\n", 2, 0.0);
    let costs = r#"{"cost":{"session":"a","usd":0.1}}
"request"
{"cost":{"session":"a","usd":0.3}}
{"cost":{"session":"b","usd":0.2}}
"#;
    check_spent(costs, 1, 0.5);
}

#[test]
fn what_is_not_understood_is_not_free() {
    check_spent("\"request\"\n\"requ", 2, 0.0);
}

#[test]
fn a_budget_is_used_up_by_either() {
    let budget = Budget { requests: 2, usd: 0.5 };
    let used_up = |requests, usd| budget.is_used_up(&Spent { requests, usd });
    assert!(!used_up(1, 0.4));
    assert!(used_up(2, 0.0));
    assert!(used_up(0, 0.5));
    assert!(budget.usd_left(&Spent { requests: 0, usd: 0.7 }).abs() < 1e-9);
}
