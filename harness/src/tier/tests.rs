use super::{NoSuchTier, Tier};

#[test]
fn a_tier_is_found_by_its_number_and_by_an_id() {
    for tier in Tier::ALL {
        assert_eq!(Tier::try_from(tier.number()), Ok(tier));
        assert_eq!(Tier::of_id(&format!("tier{}::messages::a_reply", tier.number())), Some(tier));
    }
    assert_eq!(Tier::try_from(5), Err(NoSuchTier(5)));
    for id in ["", "tier", "tier9::x", "tierx::y", "smoke::tier2::z"] {
        assert_eq!(Tier::of_id(id), None, "{id}");
    }
}
