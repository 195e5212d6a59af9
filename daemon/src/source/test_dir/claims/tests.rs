use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use proptest::prelude::*;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use super::*;

/// A message of the contact that these tests are about.
const HELLO: &str = r#"{"from": "+15555550123", "text": "hello"}"#;

fn home() -> HomeId {
    HomeId::of(Path::new("/one"))
}

/// A test directory, and what looks at it.
struct Fixture {
    dir: TempDir,
    claims: Claims,
}

impl Fixture {
    fn new() -> Self {
        Self::of(tempfile::tempdir().unwrap(), 1)
    }

    /// A life of the daemon that has looked once.
    fn of(dir: TempDir, generation: u64) -> Self {
        let mut claims = Claims::new(dir.path().to_owned(), home(), generation);
        claims.prepare().unwrap();
        Self { dir, claims }
    }

    /// The next life of the daemon, after this one was killed.
    fn killed(self) -> Self {
        let Self { dir, claims } = self;
        let generation = claims.generation + 1;
        drop(claims);
        Self::of(dir, generation)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn drop_file(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().append(true).open(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// Looks so long after the start.
    fn look(&mut self, at_ms: u64) -> Found {
        self.claims.look(Duration::from_millis(at_ms)).unwrap()
    }

    /// The texts that a look finds ready.
    fn texts(&mut self, at_ms: u64) -> Vec<String> {
        texts(&self.look(at_ms))
    }

    /// The names in a subdirectory, sorted.
    fn names(&self, dir: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(dir)) else { return Vec::new() };
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name != ".lock")
            .collect();
        names.sort();
        names
    }

    fn reason(&self, name: &str) -> String {
        fs::read_to_string(self.path(&format!("errors/{name}.reason"))).unwrap()
    }

    /// What is dropped as `x.json` is set aside at once, for this reason.
    #[track_caller]
    fn check_set_aside(&mut self, reason: &str) {
        let found = self.look(0);
        assert_eq!((found.ready.len(), found.set_aside), (0, vec![reason.to_owned()]));
        let name = "00000001-0000000000.json";
        assert_eq!(self.reason(name), format!("{reason}\ndropped as: \"x.json\"\n"));
        assert_eq!(self.names("errors"), [name.to_owned(), format!("{name}.reason")]);
        assert!(self.names("claimed").is_empty());
    }
}

fn texts(found: &Found) -> Vec<String> {
    found.ready.iter().map(|claimed| claimed.arrival.text.clone()).collect()
}

fn message(text: &str) -> String {
    serde_json::json!({"from": "+15555550123", "text": text}).to_string()
}

fn names(found: &Found) -> Vec<&str> {
    found.ready.iter().map(|claimed| claimed.name.as_str()).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_directory_is_made_private_with_all_above_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("some/where");
    let found = Claims::new(path.clone(), home(), 1).look(Duration::ZERO).unwrap();
    assert!(found.anew);
    assert_eq!((mode(&path), mode(&path.join("claimed"))), (0o700, 0o700));
}

#[test]
fn files_are_claimed_in_the_order_of_their_names() {
    let mut fixture = Fixture::new();
    for name in ["b.json", "a.json", "B.json", "10.json", "9.json"] {
        fixture.drop_file(name, message(name));
    }
    let found = fixture.look(0);
    assert_eq!(texts(&found), ["10.json", "9.json", "B.json", "a.json", "b.json"]);
    let expected = (0..5).map(|count| format!("00000001-{count:010}.json")).collect::<Vec<_>>();
    assert_eq!(names(&found), expected);
    let keys: Vec<_> = found.ready.iter().map(|claimed| claimed.arrival.key.clone()).collect();
    assert_eq!(keys, expected);
    assert!(!found.more && found.set_aside.is_empty() && found.stuck.is_empty());
    assert_eq!(fixture.names("claimed"), expected);
    fixture.claims.done(&expected);
    assert!(fixture.names("claimed").is_empty());
    assert_eq!(fixture.names(""), ["claimed"]);
}

#[test]
fn the_same_file_twice_is_two_messages() {
    let mut fixture = Fixture::new();
    let mut keys = Vec::new();
    for _ in 0..2 {
        fixture.drop_file("x.json", HELLO);
        keys.extend(fixture.look(0).ready.into_iter().map(|claimed| claimed.arrival.key));
    }
    assert_eq!(keys, ["00000001-0000000000.json", "00000001-0000000001.json"]);
}

#[test]
fn what_an_earlier_life_claimed_comes_first_and_under_its_name() {
    let mut fixture = Fixture::new();
    fixture.drop_file("z.json", message("before"));
    fixture.look(0);
    fixture.drop_file("a.json", message("after"));
    let mut fixture = fixture.killed();
    let found = fixture.look(0);
    assert_eq!(texts(&found), ["before", "after"]);
    assert_eq!(names(&found), ["00000001-0000000000.json", "00000002-0000000000.json"]);
}

/// A database that was put back to an older state counts its generations again.
#[test]
fn a_name_is_not_given_twice_even_if_the_generation_is() {
    let mut fixture = Fixture::new();
    fixture.drop_file("a.json", message("before"));
    fixture.look(0);
    fixture.drop_file("b.json", message("after"));
    let Fixture { dir, claims } = fixture;
    drop(claims);
    let mut fixture = Fixture::of(dir, 1);
    let found = fixture.look(0);
    assert_eq!(texts(&found), ["before", "after"]);
    assert_eq!(names(&found), ["00000001-0000000000.json", "00000001-0000000001.json"]);
}

#[test]
fn a_half_written_file_is_waited_for() {
    let mut fixture = Fixture::new();
    fixture.drop_file("x.json", "");
    assert!(fixture.texts(0).is_empty());
    fixture.append("claimed/00000001-0000000000.json", &HELLO[..20]);
    assert!(fixture.texts(900).is_empty());
    assert!(fixture.texts(1899).is_empty());
    fixture.append("claimed/00000001-0000000000.json", &HELLO[20..]);
    assert_eq!(fixture.texts(1999), ["hello"]);
}

#[test]
fn a_file_that_grows_for_long_is_accepted_in_the_end() {
    let mut fixture = Fixture::new();
    fixture.drop_file("x.json", "");
    for at in 0..HELLO.len() - 1 {
        assert!(fixture.texts(at as u64 * 100).is_empty());
        fixture.append("claimed/00000001-0000000000.json", &HELLO[at..=at]);
    }
    assert!(fixture.texts(4000).is_empty());
    fixture.append("claimed/00000001-0000000000.json", "}");
    assert_eq!(fixture.texts(4999), ["hello"]);
}

#[test]
fn a_file_that_is_never_completed_is_set_aside_a_second_after_its_last_change() {
    let mut fixture = Fixture::new();
    fixture.drop_file("x.json", &HELLO[..20]);
    assert!(fixture.look(0).set_aside.is_empty());
    assert!(fixture.look(999).set_aside.is_empty());
    let found = fixture.look(1000);
    assert_eq!(found.set_aside, ["not a test message (line 1, column 20)"]);
    let name = "00000001-0000000000.json";
    let reason = "not a test message: EOF while parsing a string at line 1 column 20\n\
                  dropped as: \"x.json\"\n";
    assert_eq!(fixture.reason(name), reason);
    assert_eq!(mode(&fixture.path("errors")), 0o700);
    assert_eq!(mode(&fixture.path(&format!("errors/{name}.reason"))), 0o600);
    assert_eq!(fs::read(fixture.path(&format!("errors/{name}"))).unwrap(), HELLO.as_bytes()[..20]);
    assert!(fixture.look(5000).set_aside.is_empty());
}

#[test]
fn a_half_written_file_holds_up_no_other() {
    let mut fixture = Fixture::new();
    fixture.drop_file("a.json", "{");
    fixture.drop_file("b.json", HELLO);
    assert_eq!(fixture.texts(0), ["hello"]);
}

#[test]
fn what_is_no_message_is_set_aside_in_time() {
    let long = format!(r#"{{"from": "{}"}}"#, "x".repeat(400));
    let deep = "[".repeat(1000);
    let bad: &[&[u8]] = &[
        b"",
        b"hello",
        b"null",
        b"[]",
        b"\"\"",
        b"{}",
        b"{\"from\": \"+15555550123\"} {}",
        b"{\"from\": 15555550123}",
        b"{\"from\": null}",
        b"{\"from\": \"\"}",
        b"{\"from\": \" \\t \"}",
        b"{\"from\": \"a\", \"text\": 1}",
        b"{\"from\": \"a\", \"is_group\": \"yes\"}",
        b"{\"from\": \"a\", \"attachments\": \"/a\"}",
        b"{\"from\": \"a\", \"attachments\": [1]}",
        b"{\"from\": \"a\", \"from\": \"b\"}",
        b"{\"from\": \"a\", \"form\": \"b\"}",
        b"{\"from\": \"a\", \"chat_id\": \"\"}",
        b"{\"from\": \"a\", \"chat_id\": \"signal:a\"}",
        b"{\"from\": \"a\\nb\"}",
        b"{\"from\": \"a\xff\"}",
        b"{\"from\": \"\\ud800\"}",
        b"\xef\xbb\xbf{\"from\": \"a\"}",
        long.as_bytes(),
        deep.as_bytes(),
    ];
    let mut fixture = Fixture::new();
    for (number, text) in bad.iter().enumerate() {
        fixture.drop_file(&format!("{number:02}.json"), text);
    }
    let early = fixture.look(0);
    let late = fixture.look(1000);
    assert_eq!((early.ready.len(), late.ready.len()), (0, 0));
    assert_eq!(early.set_aside.len() + late.set_aside.len(), bad.len());
    assert_eq!(fixture.names("errors").len(), bad.len() * 2);
}

#[test]
fn the_log_is_told_nothing_that_the_file_says() {
    let mut fixture = Fixture::new();
    fixture.drop_file("a.json", r#"{"from": "secret", "secret": 1}"#);
    fixture.drop_file("b.json", r#"{"from": {"secret": 1}}"#);
    fixture.drop_file("c.json", r#"{"from": "secret", "chat_id": "signal:secret"}"#);
    fixture.drop_file("d.json", "\"secret\"");
    let (early, late) = (fixture.look(0), fixture.look(1000));
    let told = [early.set_aside, early.stuck, late.set_aside, late.stuck].concat();
    assert_eq!(told.len(), 4);
    assert!(!told.iter().any(|reason| reason.contains("secret")), "{told:?}");
}

#[test]
fn a_file_may_be_a_mebibyte_and_not_a_byte_more() {
    let filling = |bytes: usize| message(&"x".repeat(bytes - message("").len()));
    let mut fixture = Fixture::new();
    fixture.drop_file("x.json", filling(1 << 20));
    assert_eq!(fixture.texts(0).len(), 1);
    let mut fixture = Fixture::new();
    fixture.drop_file("x.json", filling((1 << 20) + 1));
    fixture.check_set_aside("over 1 MiB (1048577 bytes)");
    // Without being read, or held, as a whole.
    let mut fixture = Fixture::new();
    File::create(fixture.path("x.json")).unwrap().set_len(1 << 40).unwrap();
    fixture.check_set_aside("over 1 MiB (1099511627776 bytes)");
}

#[test]
fn links_are_not_followed() {
    for target in ["there.txt", "claimed", "/no/such/file", "x.json"] {
        let mut fixture = Fixture::new();
        fixture.drop_file("there.txt", HELLO);
        symlink(target, fixture.path("x.json")).unwrap();
        fixture.check_set_aside("not a regular file");
    }
}

#[test]
fn a_pipe_or_a_socket_is_not_waited_for() {
    for file_type in [FileType::Fifo, FileType::Socket] {
        let mut fixture = Fixture::new();
        mknodat(CWD, fixture.path("x.json"), file_type, Mode::from_raw_mode(0o600), 0).unwrap();
        fixture.check_set_aside("not a regular file");
    }
}

#[test]
fn directories_drafts_and_other_files_are_left_alone() {
    let mut fixture = Fixture::new();
    fs::create_dir_all(fixture.path("x.json/deeper")).unwrap();
    fs::create_dir(fixture.path("sub")).unwrap();
    let others = [".json", ".x.json", "x.json.part", "x.JSON", "json", "sub/x.json"];
    for name in others {
        fixture.drop_file(name, HELLO);
    }
    let found = fixture.look(0);
    assert!(found.ready.is_empty() && found.set_aside.is_empty() && found.stuck.is_empty());
    for name in others {
        assert!(fixture.path(name).exists(), "{name}");
    }
    assert!(fixture.path("x.json/deeper").exists());
}

#[test]
fn a_name_may_be_of_any_bytes() {
    let mut fixture = Fixture::new();
    let name = OsString::from_vec(b"\xff\n.json".to_vec());
    fs::write(fixture.dir.path().join(&name), HELLO).unwrap();
    fs::write(fixture.dir.path().join(OsString::from_vec(b"\xfe\n.json".to_vec())), "{}").unwrap();
    assert_eq!(fixture.texts(0), ["hello"]);
    fixture.look(1000);
    // The first of the two by name; it cannot put a line of its own into the reason.
    let reason = fixture.reason("00000001-0000000000.json");
    let expected = "not a test message: missing field `from` at line 1 column 2\n\
                    dropped as: \"�\\n.json\"\n";
    assert_eq!(reason, expected);
}

#[test]
fn a_file_that_is_taken_back_is_no_error() {
    let mut fixture = Fixture::new();
    for name in ["a.json", "b.json", "c.json"] {
        fixture.drop_file(name, message(name));
    }
    let dropped = fixture.claims.dropped().unwrap();
    fs::remove_file(fixture.path("b.json")).unwrap();
    let mut stuck = Vec::new();
    assert!(!fixture.claims.claim(dropped, &mut stuck));
    assert!(stuck.is_empty());
    assert_eq!(fixture.texts(0), ["a.json", "c.json"]);
    // Also once it is claimed.
    fixture.drop_file("d.json", "{");
    fixture.look(100);
    fs::remove_file(fixture.path("claimed/00000001-0000000002.json")).unwrap();
    let found = fixture.look(5000);
    assert!(found.ready.is_empty() && found.set_aside.is_empty() && found.stuck.is_empty());
}

#[test]
fn what_is_done_and_not_unlinked_comes_again_under_its_key() {
    let mut fixture = Fixture::new();
    fixture.drop_file("x.json", HELLO);
    let first = fixture.look(0).ready;
    let mut fixture = fixture.killed();
    assert_eq!(fixture.look(0).ready, first);
    // Within one life only if it is said to be needed.
    assert!(fixture.look(100).ready.is_empty());
    fixture.claims.again(vec![first[0].name.clone()]);
    assert_eq!(fixture.look(200).ready, first);
}

#[test]
fn many_files_are_taken_so_many_at_a_time_and_in_order() {
    let mut fixture = Fixture::new();
    let expected: Vec<String> = (0..500).map(|number| format!("{number:03}.json")).collect();
    for name in &expected {
        fixture.drop_file(name, message(name));
    }
    let mut seen = Vec::new();
    loop {
        let found = fixture.look(0);
        assert!(found.ready.len() <= TAKEN_AT_ONCE_MAX);
        seen.extend(texts(&found));
        if !found.more {
            break;
        }
    }
    assert_eq!(seen, expected);
}

#[test]
fn what_the_store_refused_comes_again_before_what_is_new() {
    let mut fixture = Fixture::new();
    for number in 0..100 {
        fixture.drop_file(&format!("{number:03}.json"), message(&number.to_string()));
    }
    let mut last = Vec::new();
    for _ in 0..5 {
        let found = fixture.look(0);
        // However often it is refused, no more of it is in memory.
        assert_eq!(found.ready.len(), TAKEN_AT_ONCE_MAX);
        last = texts(&found);
        let names = found.ready.into_iter().map(|claimed| claimed.name).collect();
        fixture.claims.again(names);
    }
    assert_eq!(last, (0..64).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_file_that_can_be_neither_read_nor_moved_rests_and_is_told_once() {
    let mut fixture = Fixture::new();
    fixture.drop_file("errors", "in the way");
    fixture.drop_file("a.json", "{\"from\": \"\"}");
    fixture.drop_file("b.json", HELLO);
    let found = fixture.look(0);
    assert_eq!(texts(&found), ["hello"]);
    assert_eq!(found.stuck, ["set aside: File exists (os error 17)"]);
    for at_ms in [100, 4999, 5000, 60_000] {
        let found = fixture.look(at_ms);
        assert!(found.stuck.is_empty() && found.set_aside.is_empty() && !found.more);
    }
    assert_eq!(fixture.names("claimed")[0], "00000001-0000000000.json");
    fs::remove_file(fixture.path("errors")).unwrap();
    assert!(fixture.look(64_999).set_aside.is_empty());
    assert_eq!(fixture.look(65_000).set_aside, ["not a test message: `from` is empty"]);
}

#[test]
fn files_that_cannot_be_claimed_stay_and_keep_no_other_back() {
    let mut fixture = Fixture::new();
    let mut stuck = Vec::new();
    // A name with a NUL cannot be renamed, whoever asks; here it stands for one of others' files.
    let unclaimable: Vec<OsString> =
        (0..100).map(|number| OsString::from(format!("{number:03}\0.json"))).collect();
    fixture.drop_file("z.json", HELLO);
    let mut dropped = unclaimable;
    dropped.push("z.json".into());
    assert!(!fixture.claims.claim(dropped.clone(), &mut stuck));
    assert_eq!(stuck.len(), 100);
    // Tried again, and told once for as long as they are there.
    fixture.claims.claim(dropped, &mut stuck);
    assert_eq!(stuck.len(), 100);
    assert_eq!(texts(&fixture.look(0)), ["hello"]);
}

#[test]
fn a_directory_that_is_taken_away_is_not_made_again() {
    let mut fixture = Fixture::new();
    let (dir, away) = (fixture.path("messages"), fixture.path("away"));
    fixture.claims = Claims::new(dir.clone(), home(), 1);
    fixture.drop_file("away", "in the way");
    assert!(fixture.look(0).anew);
    fs::write(dir.join("x.json"), "{").unwrap();
    assert!(!fixture.look(0).anew);
    fs::remove_file(&away).unwrap();
    fs::rename(&dir, &away).unwrap();
    for _ in 0..2 {
        let lost = fixture.claims.look(Duration::ZERO).unwrap_err();
        assert!(
            matches!(&lost, NoLook::Lost(error) if error.kind() == io::ErrorKind::NotFound),
            "{lost}"
        );
        assert!(!dir.exists());
    }
    // Another one in its place.
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("y.json"), HELLO).unwrap();
    let found = fixture.look(0);
    assert!(found.anew);
    assert_eq!(names(&found), ["00000001-0000000001.json"]);
    // And the old one, with what was claimed in it.
    fs::remove_dir_all(&dir).unwrap();
    fs::rename(&away, &dir).unwrap();
    fs::write(dir.join("claimed/00000001-0000000000.json"), HELLO).unwrap();
    let found = fixture.look(0);
    assert!(found.anew);
    assert_eq!(names(&found), ["00000001-0000000000.json"]);
}

#[test]
fn a_directory_is_one_daemons_at_a_time() {
    let mut fixture = Fixture::new();
    let mut other = Claims::new(fixture.dir.path().to_owned(), home(), 1);
    fixture.drop_file("x.json", HELLO);
    assert!(matches!(other.look(Duration::ZERO), Err(NoLook::Held)));
    assert_eq!(fixture.texts(0), ["hello"]);
    assert!(matches!(other.look(Duration::ZERO), Err(NoLook::Held)));
    // Once the first is gone, what it had claimed is taken up.
    let Fixture { dir, claims } = fixture;
    drop(claims);
    assert_eq!(texts(&other.look(Duration::ZERO).unwrap()), ["hello"]);
    drop(dir);
}

#[test]
fn a_directory_whose_lock_was_taken_away_is_locked_again() {
    let mut fixture = Fixture::new();
    fs::remove_dir_all(fixture.path("claimed")).unwrap();
    let mut other = Claims::new(fixture.dir.path().to_owned(), home(), 1);
    other.look(Duration::ZERO).unwrap();
    assert!(matches!(fixture.claims.look(Duration::ZERO), Err(NoLook::Held)));
    drop(other);
    fixture.drop_file("x.json", HELLO);
    assert_eq!(fixture.texts(0), ["hello"]);
}

/// Its names say nothing in our database, but may stand there all the same.
#[test]
fn what_another_home_left_is_taken_up_under_names_of_our_own() {
    let dir = tempfile::tempdir().unwrap();
    let other = HomeId::of(Path::new("/other"));
    let life = |home, generation| Claims::new(dir.path().to_owned(), home, generation);
    fs::write(dir.path().join("x.json"), HELLO).unwrap();
    assert_eq!(names(&life(other, 1).look(Duration::ZERO).unwrap()), ["00000001-0000000000.json"]);
    let found = life(home(), 1).look(Duration::ZERO).unwrap();
    assert_eq!(names(&found), ["00000001-0000000001.json"]);
    let found = life(home(), 2).look(Duration::ZERO).unwrap();
    assert_eq!(names(&found), ["00000001-0000000001.json"], "now it is ours");
}

#[test]
fn no_claim_is_written_over_whoever_made_it() {
    let mut fixture = Fixture::new();
    let theirs = r#"{"from": "+15555550124", "text": "theirs"}"#;
    for counter in 0..2 {
        fs::write(fixture.path(&format!("claimed/00000001-000000000{counter}.json")), theirs)
            .unwrap();
    }
    fixture.drop_file("x.json", HELLO);
    assert_eq!(names(&fixture.look(0)), ["00000001-0000000002.json"]);
    for counter in 0..2 {
        let kept = fixture.path(&format!("claimed/00000001-000000000{counter}.json"));
        assert_eq!(fs::read_to_string(kept).unwrap(), theirs);
    }
}

#[test]
fn what_is_missing_in_the_directory_is_made_again() {
    let mut fixture = Fixture::new();
    fs::remove_dir_all(fixture.path("claimed")).unwrap();
    fixture.drop_file("x.json", HELLO);
    fixture.drop_file("y.json", r#"{"from": ""}"#);
    let found = fixture.look(0);
    assert_eq!((texts(&found), found.set_aside.len()), (vec!["hello".to_owned()], 1));
    fs::remove_dir_all(fixture.path("errors")).unwrap();
    fixture.drop_file("y.json", r#"{"from": ""}"#);
    assert_eq!(fixture.look(0).set_aside.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_a_file_holds_it_is_a_message_or_set_aside(
        files in proptest::collection::vec(contents(), 1..8)
    ) {
        let mut fixture = Fixture::new();
        for (number, bytes) in files.iter().enumerate() {
            fixture.drop_file(&format!("{number}.json"), bytes);
        }
        let (early, late) = (fixture.look(0), fixture.look(1000));
        let ready = early.ready.len() + late.ready.len();
        let set_aside = early.set_aside.len() + late.set_aside.len();
        prop_assert_eq!(ready + set_aside, files.len());
        prop_assert_eq!(fixture.names("claimed").len(), ready);
        prop_assert_eq!(fixture.names("errors").len(), set_aside * 2);
        prop_assert!(fixture.claims.open.is_empty());
    }
}

/// Any bytes, and what is almost a message.
fn contents() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        Just("\"from\""),
        Just("\"text\""),
        Just("\"chat_id\""),
        Just("\"attachments\""),
        Just("\"is_group\""),
        Just("\"\\u0000\"")
    ];
    let value = prop_oneof![
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        Just("true".to_owned()),
        Just("null".to_owned()),
        Just("[\"/etc\", \"\\u0000\"]".to_owned()),
        Just("[[".to_owned()),
    ];
    let member = (field, value).prop_map(|(field, value)| format!("{field}: {value}"));
    let object = proptest::collection::vec(member, 0..4)
        .prop_map(|members| format!("{{{}}}", members.join(", ")).into_bytes());
    prop_oneof![any::<Vec<u8>>(), object]
}
