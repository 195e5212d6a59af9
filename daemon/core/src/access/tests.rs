use std::fmt::Write;

use super::*;

fn contact(tier: Tier, handles: &[&str]) -> Contact {
    let handles = handles.iter().map(|&handle| handle.to_owned()).collect();
    Contact { name: format!("the {}", tier.as_str()), tier, handles }
}

fn directory() -> Directory {
    Directory::new(vec![
        contact(Tier::Admin, &["+1 (555) 555-0100", "Owner@Example.com"]),
        contact(Tier::Partner, &["+15555550101"]),
        contact(Tier::Family, &["+15555550102"]),
        contact(Tier::Favorite, &["+15555550103"]),
        contact(Tier::Bots, &["+15555550104"]),
        contact(Tier::Unknown, &["+15555550105"]),
    ])
    .unwrap()
}

/// Each has a name that reads back: none is known in one place and not in another.
/// Incidents: J25.
#[test]
fn tiers_are_ordered_by_their_rights() {
    assert!(Tier::ALL.is_sorted());
    assert_eq!(Tier::Admin.min(Tier::Family), Tier::Family);
    assert_eq!(Tier::ALL.iter().max(), Some(&Tier::Admin));
    for tier in Tier::ALL {
        assert_eq!(Tier::parse(tier.as_str()), Some(tier));
    }
    assert_eq!(Tier::parse("Admin"), None);
}

#[test]
fn a_contact_is_found_by_any_spelling_of_any_of_its_handles() {
    let directory = directory();
    for spelling in ["+15555550100", "555-555-0100", "15555550100", "OWNER@example.com"] {
        assert_eq!(directory.find(spelling).map(|c| c.tier), Some(Tier::Admin), "{spelling}");
    }
    assert_eq!(directory.find("+15555550199"), None);
    assert_eq!(directory.find("owner@example.com.example.org"), None);
}

#[test]
fn contacts_that_share_a_handle_are_told_apart_by_place() {
    let shared = Directory::new(vec![
        contact(Tier::Admin, &["+15555550100"]),
        contact(Tier::Family, &["+15555550102"]),
        contact(Tier::Favorite, &["+15555550103", "(555) 555-0100"]),
    ]);
    assert_eq!(shared, Err(BadDirectory::SharedHandle { first: 0, second: 2 }));
    assert_eq!(
        shared.unwrap_err().to_string(),
        "tell the contacts 0 and 2 apart: they share a handle"
    );
}

#[test]
fn one_contact_may_name_a_handle_twice() {
    assert!(Directory::new(vec![contact(Tier::Admin, &["5555550100", "+15555550100"])]).is_ok());
}

#[test]
fn empty_and_reserved_handles_are_refused() {
    let with = |handle| Directory::new(vec![contact(Tier::Admin, &[handle])]);
    assert_eq!(with(" "), Err(BadDirectory::EmptyHandle { entry: 0 }));
    assert_eq!(with("harness"), Err(BadDirectory::ReservedHandle { entry: 0 }));
}

#[test]
fn a_test_message_makes_nobody_more_than_a_favorite_unless_it_is_trusted() {
    let mut table = String::new();
    for contact in directory().contacts() {
        let tier = |source, trust| tier_of(contact, source, trust).as_str();
        writeln!(
            table,
            "{}: test {}, trusted {}, imessage {}",
            contact.tier.as_str(),
            tier(Source::Test, TestTrust::Capped),
            tier(Source::Test, TestTrust::Trusted),
            tier(Source::Imessage, TestTrust::Capped),
        )
        .unwrap();
    }
    insta::assert_snapshot!(table, @"
    admin: test favorite, trusted admin, imessage admin
    partner: test favorite, trusted partner, imessage partner
    family: test favorite, trusted family, imessage family
    favorite: test favorite, trusted favorite, imessage favorite
    bots: test bots, trusted bots, imessage bots
    unknown: test unknown, trusted unknown, imessage unknown
    ");
}

#[test]
fn a_group_has_the_rights_of_its_least() {
    let directory = directory();
    let tier = |participants: &[&str]| {
        let participants = participants.iter().copied();
        group_tier(participants, &directory, Source::Imessage, TestTrust::Capped)
    };
    let (admin, partner, family) = ("+15555550100", "+15555550101", "+15555550102");
    let (favorite, bots, unknown) = ("+15555550103", "+15555550104", "+15555550105");
    assert_eq!(tier(&[admin, partner]), Tier::Family);
    assert_eq!(tier(&[admin, family]), Tier::Family);
    assert_eq!(tier(&[admin, favorite]), Tier::Favorite);
    assert_eq!(tier(&[admin, "+15555550199"]), Tier::Favorite);
    assert_eq!(tier(&[admin, unknown]), Tier::Favorite);
    assert_eq!(tier(&[admin, bots]), Tier::Bots);
    assert_eq!(tier(&[]), Tier::Favorite);
}

/// A list of what is given: what nobody thought of is not given.
/// Incidents: 109.
/// Pitfall: 5.
#[test]
fn profiles_offer_exactly_these_tools() {
    let mut table = String::new();
    for profile in Profile::ALL {
        let list = |names: &[&str]| names.join(",");
        writeln!(
            table,
            "{}\n  tools: {}\n  own: {}\n  settings: {}",
            profile.as_str(),
            list(profile.tools()),
            list(profile.own_tools()),
            list(profile.setting_sources()),
        )
        .unwrap();
        assert_eq!(Profile::parse(profile.as_str()), Some(profile));
    }
    insta::assert_snapshot!(table, @"
    admin
      tools: Read,Write,Edit,Glob,Grep,NotebookEdit,WebSearch,WebFetch,Bash,Task,TaskStop,Skill
      own: reply,history,restart
      settings: project
    harness
      tools: 
      own: reply
      settings: 
    ");
}

/// A tool that is added to a profile in good faith may reach further than the person may.
/// Pitfall: 5.
#[test]
fn no_profile_offers_a_tool_that_reaches_beyond_its_chat() {
    let never = [
        "SendMessage",
        "ListAgents",
        "CronCreate",
        "CronDelete",
        "CronList",
        "ScheduleWakeup",
        "Monitor",
        "Workflow",
        "AskUserQuestion",
        "ExitPlanMode",
    ];
    for profile in Profile::ALL {
        for tool in never {
            assert!(!profile.tools().contains(&tool), "{} offers {tool}", profile.as_str());
        }
    }
}
