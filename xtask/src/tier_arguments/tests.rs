//! A command line in, orders or a complaint out.

use clap::Parser;
use harness::gate::Gate;
use harness::tier::Tier;

use super::TierArguments;
use crate::suite::{Request, Reuse};
use crate::tier::Api;
use crate::tier::build::Profile;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    arguments: TierArguments,
}

#[track_caller]
fn request(line: &str) -> Result<Request, String> {
    let words = std::iter::once("test-tier").chain(line.split_whitespace());
    let line = Line::try_parse_from(words).map_err(|error| error.kind().to_string())?;
    line.arguments.request(Gate::Open)
}

#[test]
fn a_number_orders_all_of_that_tier() {
    let request = request("2").unwrap();
    let [order] = &request.orders[..] else { panic!("one order: {request:?}") };
    assert_eq!(
        (order.tier, order.gate, order.profile),
        (Tier::RealBinaries, Gate::Open, Profile::Dev)
    );
    assert!(order.selection.is_everything());
    assert_eq!(request.reuse, Reuse::Never);
    assert_eq!(request.copies, crate::suite::Copies::default());
}

#[test]
fn flags_shape_the_order() {
    let line = "3 --up-to --gate --reuse --build release --api live --budget usd=1 --json r.json";
    let request = request(line).unwrap();
    let tiers: Vec<Tier> = request.orders.iter().map(|order| order.tier).collect();
    assert_eq!(tiers, [Tier::InProcess, Tier::RealBinaries, Tier::RealAgent]);
    for order in &request.orders {
        assert_eq!((order.gate, order.profile), (Gate::Closed, Profile::Release));
    }
    assert_eq!((request.orders[2].api, request.reuse), (Api::Live, Reuse::Valid));
    assert_eq!(request.orders[2].budget.as_deref(), Some("usd=1"));
    assert_eq!(request.copies.json.as_deref(), Some("r.json".as_ref()));
}

#[test]
fn a_home_is_for_the_tier_that_looks_at_one() {
    let request = request("4 --up-to --home /h").unwrap();
    assert_eq!(request.orders[3].home.as_deref(), Some("/h".as_ref()));
    assert!(request.orders[..3].iter().all(|order| order.home.is_none()));
}

#[test]
fn what_does_not_fit_together_is_refused() {
    for line in [
        "0",
        "5",
        "2 --only a --up-to",
        "2 --only a --reuse",
        "2 --only=",
        "2 --api live",
        "2 --budget usd=1",
        "3 --budget usd=1",
        "3 --home /h",
        "4 --reuse",
        "3 --api mars",
    ] {
        assert!(request(line).is_err(), "{line}");
    }
}
