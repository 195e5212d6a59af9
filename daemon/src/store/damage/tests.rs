//! A damaged page is found wherever it is, within the time for it, and what is read of the rest is right.

use std::fs;
use std::path::PathBuf;

use assistant_core::time::WallMs;
use tempfile::TempDir;

use super::*;

const LONG: Duration = Duration::from_mins(1);

/// Rows that come before the backup, and after it.
const BEFORE: i64 = 40;
const AFTER: i64 = 30;

/// A database with a backup beside it, made before its last rows. Each row fills a page of its own
/// and more.
pub(in crate::store) struct Scene {
    pub dir: TempDir,
    pub path: PathBuf,
    pub backup: PathBuf,
}

impl Scene {
    pub(in crate::store) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("assistant.db");
        let backup = dir.path().join("backup.db");
        let db = open::open(&path, WallMs(1)).unwrap();
        add(&db, 1..=BEFORE);
        super::super::backup(&path, &backup).unwrap();
        add(&db, BEFORE + 1..=BEFORE + AFTER);
        schema::set_meta(&db, schema::GENERATION, 7).unwrap();
        Self { dir, path, backup }
    }

    /// Overwrites the page at which a text of this row of the inbox begins to lie.
    pub(in crate::store) fn damage(&self, row: i64) {
        let mut bytes = fs::read(&self.path).unwrap();
        let text = text(row);
        let at = bytes.windows(text.len()).position(|part| part == text.as_bytes()).unwrap();
        let page = at / 4096 * 4096;
        bytes[page..page + 4096].fill(0xa5);
        fs::write(&self.path, bytes).unwrap();
    }

    /// The same without a word to the writer, which is still there and keeps its log.
    pub(in crate::store) fn with_log() -> (Self, Connection) {
        let scene = Self::new();
        let db = open::open(&scene.path, WallMs(2)).unwrap();
        add(&db, BEFORE + AFTER + 1..=BEFORE + AFTER + 1);
        assert!(open::has_log(&scene.path));
        (scene, db)
    }
}

fn text(row: i64) -> String {
    format!("text of row {row:03};")
}

fn add(db: &Connection, rows: std::ops::RangeInclusive<i64>) {
    for row in rows {
        let text = text(row).repeat(200);
        db.execute(
            "INSERT INTO inbox (source, key, chat, sender, text, attachments, voice, sent_at_ms,
                 seen_at_ms, accepted_at_ms, state, finished_at_ms)
             VALUES ('test', ?1, 'test:+15555550101', 's', ?2, '[]', '', 1, 1, 1, 'ignored', 1)",
            (row, text),
        )
        .unwrap();
    }
}

fn listing(dir: &TempDir) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn a_damaged_page_in_the_middle_is_found_and_a_look_changes_nothing() {
    let scene = Scene::new();
    assert_eq!(look(&scene.path, LONG), Look::Whole);
    scene.damage(BEFORE / 2);
    let before = listing(&scene.dir);
    assert!(matches!(look(&scene.path, LONG), Look::Damaged { .. }));
    assert_eq!(listing(&scene.dir), before);
}

/// As after a kill: what was committed last is in the log alone.
#[test]
fn the_log_is_read_too_and_stays_as_it_is() {
    let (scene, db) = Scene::with_log();
    let before = listing(&scene.dir);
    assert_eq!(look(&scene.path, LONG), Look::Whole);
    let lacks = missing(&scene.path, &scene.backup, LONG);
    let expected: Vec<i64> = (BEFORE + 1..=BEFORE + AFTER + 1).collect();
    assert_eq!(lacks.inbox.rows, expected);
    scene.damage(BEFORE / 2);
    assert!(matches!(look(&scene.path, LONG), Look::Damaged { .. }));
    let names = |files: Vec<(PathBuf, _)>| files.into_iter().map(|it| it.0).collect::<Vec<_>>();
    assert_eq!(names(listing(&scene.dir)), names(before));
    drop(db);
}

#[test]
fn a_database_that_takes_too_long_is_not_called_damaged() {
    let scene = Scene::new();
    let db = open::open_unlocked(&scene.path).unwrap();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                   SELECT count(*) FROM n";
    let ended = within(&db, Duration::from_millis(20), || {
        db.query_row(endless, [], |row| row.get::<_, i64>(0))
    });
    let error = open::sql_error(&scene.path, ended.unwrap_err());
    assert!(matches!(verdict(Err(error)), Look::Unfinished { .. }));
}

#[test]
fn what_is_gone_empty_or_something_else_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("assistant.db");
    let check = || assert!(matches!(look(&path, LONG), Look::Damaged { .. }));
    check();
    fs::write(&path, "").unwrap();
    check();
    fs::write(&path, "text".repeat(2000)).unwrap();
    check();
    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE other (a)").unwrap();
    check();
}

#[test]
fn what_a_backup_lacks_is_listed_around_the_damaged_page() {
    let scene = Scene::new();
    let lost = BEFORE + 10;
    scene.damage(lost);
    let lacks = missing(&scene.path, &scene.backup, LONG);
    assert!(lacks.inbox.complete && lacks.inbox.unreadable.contains(&lost), "{lacks:?}");
    let mut all = [lacks.inbox.rows.clone(), lacks.inbox.unreadable].concat();
    all.sort_unstable();
    assert_eq!(all, (BEFORE + 1..=BEFORE + AFTER).collect::<Vec<_>>());
    assert!(10 < lacks.inbox.rows.len());
    assert_eq!((lacks.outbox.rows, lacks.outbox.complete), (vec![], true));
    let at_once = missing(&scene.path, &scene.backup, Duration::ZERO);
    assert!(!at_once.inbox.complete);
}

#[test]
fn a_copy_gives_no_number_away_again() {
    let scene = Scene::new();
    let lacks = missing(&scene.path, &scene.backup, LONG);
    go_on_behind(&scene.backup, &lacks).unwrap();
    let copy = Connection::open(&scene.backup).unwrap();
    assert_eq!(last_number(&copy, &INBOX).unwrap(), BEFORE + AFTER);
    assert_eq!(schema::meta(&copy, schema::GENERATION).unwrap(), Some(7));
    // Where nothing of it can be read, far behind.
    go_on_behind(&scene.backup, &Missing::default()).unwrap();
    assert_eq!(last_number(&copy, &INBOX).unwrap(), BEFORE + AFTER + NUMBERS_SKIPPED);
    assert_eq!(schema::meta(&copy, schema::GENERATION).unwrap(), Some(8));
}
