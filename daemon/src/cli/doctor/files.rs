//! The files and folders around the assistant.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use assistant_core::access::Tier;
use rustix::fs::Access;

use super::Finding;
use crate::cli::print::size;
use crate::config::file::FileError;
use crate::config::{Config, Home};
use crate::contacts::Contacts;
use crate::control::lock::Held;
use crate::exit::Code;
use crate::store::{OpenError, View};

/// What to do about a database that cannot be read.
const RESTORE: &str = "stop, move it away with its -wal and -shm, restore a backup (or start anew)";

/// Below this the database and transcripts of a few days no longer fit.
const DISK_FREE_BYTES_MIN: u64 = 200 * 1024 * 1024;

/// Whether everything in the home is its owner's alone.
pub(super) fn home(home: &Home, held: &io::Result<Held>) -> Finding {
    const NAME: &str = "home";
    let root = home.root();
    if !root.exists() {
        return Finding::note(
            NAME,
            format!("{} is not there yet", root.display()),
            "start makes it",
        );
    }
    let access = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    if rustix::fs::access(root, access).is_err() {
        let what = format!("{} cannot be read and written", root.display());
        return Finding::missing(NAME, what, format!("chmod u+rwx {}", root.display()));
    }
    let mut open = Vec::new();
    let dirs = [
        home.state_dir(),
        home.work_root(),
        home.logs_dir(),
        home.transcripts_dir(),
        home.run_dir(),
        home.prompts_dir(),
    ];
    collect_open(root, &mut open);
    for dir in &dirs {
        // The agents' working folders are below; what they keep there is theirs.
        if *dir != home.work_root() {
            for path in entries(dir) {
                collect_open(&path, &mut open);
            }
        }
        collect_open(dir, &mut open);
    }
    let files = [home.config_file(), home.contacts_file()];
    for file in &files {
        collect_open(file, &mut open);
    }
    let Some(first) = open.first() else {
        return Finding::found(NAME, format!("{}, private", root.display()));
    };
    let what = format!("{} can be read by others ({} in all)", first.display(), open.len());
    let mended = |path: &PathBuf| path == root || dirs.contains(path) || files.contains(path);
    if matches!(held, Ok(Held::Free)) && open.iter().all(mended) {
        return Finding::note(NAME, what, "start makes it private");
    }
    Finding::missing(NAME, what, format!("chmod -R go= {}", root.display()))
}

fn collect_open(path: &Path, open: &mut Vec<PathBuf>) {
    if fs::symlink_metadata(path).is_ok_and(|found| found.mode() & 0o077 != 0) {
        let link = path.is_symlink();
        if !link && !open.iter().any(|known| known == path) {
            open.push(path.to_owned());
        }
    }
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).collect()
}

/// Whether the configuration can be used.
pub(super) fn config(home: &Home, error: Option<&FileError>) -> Finding {
    const NAME: &str = "config";
    let path = home.config_file();
    match error {
        Some(error) => unreadable(NAME, error),
        None if path.exists() => Finding::found(NAME, path.display().to_string()),
        None => Finding::found(NAME, "no config.toml: everything is at its default"),
    }
}

fn unreadable(name: &'static str, error: &FileError) -> Finding {
    let advice = match (error.line, error.code) {
        (Some(_), _) => "mend that line".to_owned(),
        (None, Code::Denied) => format!("chmod u+rw {}", error.path.display()),
        (None, _) => format!("make {} a plain file, or move it away", error.path.display()),
    };
    Finding::missing(name, error.to_string(), advice)
}

/// Whether anybody is known who may talk.
pub(super) fn contacts(home: &Home) -> Finding {
    const NAME: &str = "contacts";
    let path = home.contacts_file();
    let contacts = match Contacts::open(&path) {
        Ok(contacts) => contacts.directory(),
        Err(error) => return unreadable(NAME, &error),
    };
    let all = contacts.contacts();
    let admins = all.iter().filter(|contact| contact.tier == Tier::Admin).count();
    if admins == 0 {
        return Finding::missing(
            NAME,
            format!("{} contacts, none of tier admin: nobody is answered", all.len()),
            format!("add yourself to {} as [[contact]] with tier = \"admin\"", path.display()),
        );
    }
    Finding::found(NAME, format!("{} contacts, {admins} of tier admin", all.len()))
}

/// Whether the database can be read by this version.
pub(super) fn database(home: &Home) -> Finding {
    const NAME: &str = "database";
    let path = home.database();
    let view = match View::open(&path) {
        Ok(Some(view)) => view,
        Ok(None) => return Finding::found(NAME, "none yet: the first start makes it"),
        Err(error) => {
            return Finding::missing(NAME, format!("failed to {error}"), remedy(&error));
        }
    };
    match view.sessions() {
        Ok(sessions) => {
            let what = format!("{}, {} sessions on record", path.display(), sessions.len());
            Finding::found(NAME, what)
        }
        Err(error) => Finding::missing(NAME, format!("failed to {error}"), RESTORE),
    }
}

fn remedy(error: &OpenError) -> &'static str {
    match error {
        OpenError::Io { .. } => "give yourself the rights to read and write it",
        OpenError::NotAFile { .. } | OpenError::Foreign { .. } => "move it away; start makes one",
        OpenError::LogAlone { .. } => "restore the database, or move the log away",
        OpenError::NotADatabase { .. } | OpenError::Damaged { .. } => RESTORE,
        OpenError::Newer { .. } => "run the version that wrote it, or a newer one",
        OpenError::NoLog { .. } | OpenError::Sql { .. } => {
            "end whatever else has it open, and look again"
        }
    }
}

/// Whether there is room to write.
pub(super) fn disk(home: &Home) -> Finding {
    const NAME: &str = "disk";
    let Some(there) = home.root().ancestors().find(|path| path.exists()) else {
        return Finding::missing(NAME, "the home's folder is nowhere", "choose another home");
    };
    match rustix::fs::statvfs(there) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let what = format!("{} free at {}", size(free), there.display());
            if free < DISK_FREE_BYTES_MIN {
                let least = size(DISK_FREE_BYTES_MIN);
                return Finding::missing(NAME, what, format!("make room: at least {least}"));
            }
            Finding::found(NAME, what)
        }
        Err(error) => Finding::missing(
            NAME,
            format!("{}: {error}", there.display()),
            "look at the file system of the home",
        ),
    }
}

/// Whether test messages can be taken.
pub(super) fn test_directory(config: &Config) -> Finding {
    const NAME: &str = "test directory";
    let dir = &config.test.dir;
    if !config.test.enabled {
        return Finding::found(NAME, "off, by [test] enabled = false");
    }
    let Ok(found) = fs::metadata(dir) else {
        let what = format!("{} is not there yet", dir.display());
        return Finding::note(NAME, what, "start makes it");
    };
    if !found.is_dir() {
        let what = format!("{} is no directory", dir.display());
        return Finding::missing(NAME, what, "move it away, or set [test] dir");
    }
    let access = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    if rustix::fs::access(dir, access).is_err() {
        let what = format!("{} cannot be read and written", dir.display());
        return Finding::missing(NAME, what, format!("chmod u+rwx {}", dir.display()));
    }
    if found.mode() & 0o022 != 0 {
        let what = format!("{}: others can write messages into it", dir.display());
        return Finding::missing(NAME, what, format!("chmod go= {}", dir.display()));
    }
    Finding::found(NAME, dir.display().to_string())
}
