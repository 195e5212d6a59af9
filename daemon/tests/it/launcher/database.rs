//! A target that damages the database, and the way back over real processes.

use std::time::Instant;

use serde_json::{Value, json};

use super::{Manner, NEW, PATIENCE, Scene};

/// Runs as it should, and overwrites a page of the database once it has ended in order.
const DAMAGES: &str = concat!(
    "exec 3<&0\n",
    env!("CARGO_BIN_EXE_claude-assistant"),
    " \"$@\" <&3 &\n\
     daemon=$!\n\
     trap 'kill $daemon' TERM\n\
     while kill -0 $daemon 2>/dev/null; do wait $daemon; done\n\
     cd \"$CLAUDE_ASSISTANT_HOME\"\n\
     dd if=/dev/urandom of=state/assistant.db bs=4096 count=1 conv=notrunc \
        seek=$(cat page) 2>/dev/null\n\
     : > damaged",
);

/// Adds messages that have ended to the home's database.
fn add_messages(db: &rusqlite::Connection, keys: std::ops::RangeInclusive<u32>) {
    for key in keys {
        let add = "INSERT INTO inbox (source, key, chat, sender, text, attachments, voice,
                       sent_at_ms, seen_at_ms, accepted_at_ms, state, finished_at_ms)
                   VALUES ('test', ?1, 'test:+15555550199', 's', 't', '[]', '', 1, 1, 1,
                       'ignored', 1)";
        db.execute(add, [key]).unwrap();
    }
}

#[test]
fn a_database_that_the_target_damaged_is_replaced_by_its_backup_and_what_is_lost_is_listed() {
    let mut scene = Scene::with(&Manner::Script(DAMAGES));
    scene.until_ready();
    scene.place.run("stop");
    scene.launcher.take().unwrap().wait().unwrap();
    let called = scene.path("called");
    let config = format!(
        "[test]\nenabled = false\n[restart]\n\
         alert_command = [\"sh\", \"-c\", \"printf %s \\\"$1\\\" > {}\", \"sh\"]\n",
        called.display()
    );
    scene.place.write("config.toml", &config);
    scene.launch();
    scene.until_ready();

    let db = rusqlite::Connection::open(scene.path("state/assistant.db")).unwrap();
    add_messages(&db, 1..=2);
    db.execute_batch(
        "CREATE TABLE filler (text TEXT);
         INSERT INTO filler SELECT hex(randomblob(600)) FROM sqlite_master",
    )
    .unwrap();
    let root = "SELECT rootpage - 1 FROM sqlite_master WHERE name = 'filler'";
    let page: i64 = db.query_row(root, [], |row| row.get(0)).unwrap();
    scene.place.write("page", &page.to_string());
    let backup = scene.path("r1.db");
    assert_eq!(scene.place.run(&format!("backup {}", backup.display())).code, 0);
    let _runner = scene.runner();
    let arm = format!(
        "arm --id r1 --target {NEW} --confirm-timeout 60 --runner 1 --backup {}",
        backup.display()
    );
    assert_eq!(scene.ask(&arm.replace(".db", ".none")).0, 1, "it has to be there");
    assert_eq!(scene.ask(&arm).0, 0);
    let (code, up) = scene.ask("switch --id r1");
    assert_eq!((code, &up["generation"]), (0, &json!(3)), "{up}");
    add_messages(&db, 3..=5);
    drop(db);
    let (code, answer) = scene.ask("roll-back --id r1 --why interrupted --blameless");
    assert_eq!(code, 0, "{answer}");
    assert!(scene.path("damaged").exists());

    let status = scene.until_old();
    assert_eq!(status["daemon"]["generation"], 4, "{status}");
    assert_eq!(scene.mark(NEW)["standing"], "bad", "it had the database open");
    assert!(scene.path("state/assistant.db.damaged-r1").exists());
    let missing: Value =
        serde_json::from_str(&scene.read("state/restart/missing-r1.json")).unwrap();
    assert_eq!(missing["inbox"], json!({"rows": [3, 4, 5], "unreadable": [], "complete": true}));
    assert_eq!(missing["outbox"]["rows"], json!([]), "{missing}");
    assert_eq!(missing["damaged"], "assistant.db.damaged-r1");
    let db = rusqlite::Connection::open(scene.path("state/assistant.db")).unwrap();
    let rows: i64 = db.query_row("SELECT count(*) FROM inbox", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 2);
    add_messages(&db, 6..=6);
    assert_eq!(db.last_insert_rowid(), 6, "no number is given away again");
    let log = scene.read("logs/launcher.log");
    assert!(log.contains("rows are missing") && !log.contains("15555550199"), "{log}");
    let began = Instant::now();
    while scene.read("called").is_empty() && began.elapsed() < PATIENCE {
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
    assert!(scene.read("called").contains("missing-r1.json"));
}
