use std::fs;

use super::*;

const GOOD: &str = r#"
[[contact]]
name = "owner"
tier = "admin"
handles = ["+15555550123", "owner@example.com"]

[[contact]]
name = "next"
tier = "favorite"
handles = ["+15555550124"]
"#;

fn read_text(text: &str) -> Result<Directory, FileError> {
    parse(&Text::from_bytes(Path::new("contacts.toml"), text.as_bytes().to_vec())?)
}

#[track_caller]
fn check(text: &str, error: &str) {
    assert_eq!(read_text(text).map(drop).map_err(|error| error.to_string()), Err(error.to_owned()));
}

#[test]
fn a_contact_is_found_by_any_of_its_handles() {
    let directory = read_text(GOOD).unwrap();
    for handle in ["+15555550123", "(555) 555-0123", "OWNER@example.com"] {
        assert_eq!(directory.find(handle).unwrap().tier, Tier::Admin, "{handle}");
    }
    assert_eq!(directory.find("+15555550124").unwrap().tier, Tier::Favorite);
    assert!(directory.find("+15555550199").is_none());
}

#[test]
fn no_file_means_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let contacts = Contacts::open(&dir.path().join("contacts.toml")).unwrap();
    assert!(contacts.directory().contacts().is_empty());
}

#[test]
fn whatever_is_wrong_is_named_without_a_name_or_number() {
    check(
        "[[contact]]\nname = \"n\"\ntier = \"admin\"",
        "contacts.toml:1: contact.handles: missing",
    );
    check(
        "[[contact]]\nname = \"n\"\ntier = \"boss\"\nhandles = []",
        "contacts.toml:3: contact.tier: bad value: expected one of \"admin\", \"partner\", \"family\", \"favorite\", \"bots\"",
    );
    check(
        "[[contact]]\nname = \"n\"\ntier = \"bots\"\nhandles = \"+15555550123\"",
        "contacts.toml:4: contact.handles: wrong type: expected an array, found a string",
    );
    check(
        "[[contact]]\nname = \"n\"\ntier = \"bots\"\nhandles = [15555550123]",
        "contacts.toml:4: contact.handles: wrong type: expected a string, found an integer",
    );
    check(
        "[[contact]]\nname = \" \"\ntier = \"bots\"\nhandles = []",
        "contacts.toml:2: contact.name: bad value: empty",
    );
    check(
        "[[contact]]\nname = \"a\\nb\"\ntier = \"bots\"\nhandles = []",
        "contacts.toml:2: contact.name: bad value: holds a control character",
    );
    check("[[contacts]]\nname = \"n\"", "contacts.toml:1: contacts: unknown key");
    check(
        "[[contact]]\nname = \"n\"\nphone = \"+15555550123\"",
        "contacts.toml:3: contact.phone: unknown key",
    );
    check(
        &GOOD.replace("+15555550124", "555-555-0123"),
        "contacts.toml:10: contact.handles: bad value: shares a handle with the contact in line 5",
    );
    check(
        &GOOD.replace("+15555550124", ""),
        "contacts.toml:10: contact.handles: bad value: a handle is empty",
    );
    check(
        &GOOD.replace("+15555550124", "harness"),
        "contacts.toml:10: contact.handles: bad value: a handle is that of the built-in contact",
    );
}

/// The story of one file: what is found, and what is wrong, at moments after the start.
struct Story {
    _dir: tempfile::TempDir,
    path: PathBuf,
    contacts: Contacts,
    start: Instant,
}

impl Story {
    fn begin() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("contacts.toml");
        fs::write(&path, GOOD).unwrap();
        let contacts = Contacts::open(&path).unwrap();
        Self { _dir: dir, path, contacts, start: Instant::now() }
    }

    #[track_caller]
    fn check(&self, at_ms: u64, contacts: usize, broken: Option<&str>) {
        let at = self.start + Duration::from_millis(at_ms);
        assert_eq!(self.contacts.directory_at(at).contacts().len(), contacts);
        self.check_error(at_ms, broken);
    }

    /// Whether something is wrong, where nobody asks for the contacts.
    #[track_caller]
    fn check_error(&self, at_ms: u64, broken: Option<&str>) {
        let error = self.contacts.error_at(self.start + Duration::from_millis(at_ms));
        let error = error.map(|error| error.rsplit('/').next().unwrap().to_owned());
        assert_eq!(error.as_deref(), broken);
    }
}

#[test]
fn a_change_is_seen_once_the_interval_is_over() {
    let story = Story::begin();
    story.check(0, 2, None);
    fs::write(&story.path, "").unwrap();
    story.check(100, 2, None);
    story.check(700, 0, None);
}

/// Reading it for every message costs more than everything else together.
/// Incidents: K13.
#[test]
fn a_file_that_does_not_change_is_read_once() {
    let story = Story::begin();
    let first = story.contacts.directory_at(story.start);
    for second in 1..100 {
        let later = story.contacts.directory_at(story.start + Duration::from_secs(second));
        assert!(Arc::ptr_eq(&first, &later), "read again after {second} s");
    }
}

#[test]
fn a_broken_file_keeps_the_last_good_contacts_until_it_is_mended() {
    let story = Story::begin();
    fs::write(&story.path, "[[contact]]\nname = 1\n").unwrap();
    let broken = "contacts.toml:2: contact.name: wrong type: expected a string, found an integer";
    story.check(700, 2, Some(broken));
    story.check(1400, 2, Some(broken));
    fs::write(&story.path, "# nobody\n").unwrap();
    story.check(2100, 0, None);
}

#[test]
fn what_is_wrong_is_known_before_anybody_asks_for_a_contact() {
    let story = Story::begin();
    fs::write(&story.path, "[[contact]]\nname = 1\n").unwrap();
    story.check_error(100, None);
    let broken = "contacts.toml:2: contact.name: wrong type: expected a string, found an integer";
    story.check_error(700, Some(broken));
}

#[test]
fn a_file_that_goes_away_takes_its_contacts_along() {
    let story = Story::begin();
    fs::remove_file(&story.path).unwrap();
    story.check(700, 0, None);
}

#[test]
fn a_file_put_in_place_by_renaming_is_seen_though_its_size_is_the_same() {
    let story = Story::begin();
    let next = story.path.with_extension("new");
    fs::write(&next, GOOD.replace("+15555550124", "+15555550125")).unwrap();
    fs::rename(&next, &story.path).unwrap();
    let directory = story.contacts.directory_at(story.start + Duration::from_secs(1));
    assert!(directory.find("+15555550125").is_some());
}

#[test]
fn a_broken_file_at_the_start_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("contacts.toml");
    fs::write(&path, "x").unwrap();
    let error = Contacts::open(&path).unwrap_err().to_string();
    assert!(error.contains("contacts.toml:1: not valid TOML: "), "{error}");
}
