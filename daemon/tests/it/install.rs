//! `install` and `uninstall`, with scripts in the place of what starts programs on a system: they note
//! what they were asked, and say what the test wants.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::place::{Place, Ran};

/// A place with a folder of scripts, which alone is in `PATH`.
struct System {
    place: Place,
}

impl System {
    fn fresh() -> Self {
        let system = Self { place: Place::fresh() };
        std::fs::create_dir_all(system.scripts()).unwrap();
        system
    }

    fn scripts(&self) -> PathBuf {
        self.place.home().with_file_name("scripts")
    }

    /// Puts a command there that notes its arguments and goes on with `then`.
    fn command(&self, name: &str, then: &str) {
        let script = format!("#!/bin/sh\necho \"{name} $*\" >> \"$HOME/asked\"\n{then}\n");
        let path = self.scripts().join(name);
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
    }

    fn run(&self, typed: &str) -> Ran {
        let mut command = self.place.command(typed.split_whitespace());
        let output = command.env("PATH", self.scripts()).env_remove("XDG_CONFIG_HOME").output();
        Ran::of(output.unwrap())
    }

    /// What the commands were asked, and nothing of it again.
    fn asked(&self) -> Vec<String> {
        let path = self.place.home().with_file_name("asked");
        let asked = std::fs::read_to_string(&path).unwrap_or_default();
        drop(std::fs::remove_file(path));
        let unit = self.name();
        asked.lines().map(|line| line.replace(&unit, "NAME")).collect()
    }

    /// The name of the service: that of a home that is not the usual one.
    fn name(&self) -> String {
        let folder = self.place.home().with_file_name(".config/systemd/user");
        let agents = self.place.home().with_file_name("Library/LaunchAgents");
        let names = [folder, agents].into_iter().filter_map(|dir| std::fs::read_dir(dir).ok());
        let mut names = names.flatten().map(|entry| entry.unwrap().path());
        let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
        names.next().map_or_else(|| "no service".to_owned(), stem)
    }

    fn unit(&self) -> PathBuf {
        let file = format!(".config/systemd/user/{}.service", self.name());
        self.place.home().with_file_name(file)
    }

    /// Holds the lock of a launcher as the one does that the scripts tell of, until it is dropped.
    fn launcher(&self) -> File {
        let lock = File::create(self.place.home().join("run/launcher.lock")).unwrap();
        lock.lock().unwrap();
        (&lock).write_all(br#"{"pid":4242,"started_at":"2026-01-01T00:00:00Z"}"#).unwrap();
        lock
    }

    fn current(&self) -> PathBuf {
        std::fs::canonicalize(self.place.home().join("slots/current")).unwrap()
    }
}

#[track_caller]
fn finding(system: &System) -> (String, String) {
    let ran = system.run("doctor --json");
    let findings: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let found = findings.as_array().unwrap().iter().find(|it| it["name"] == "service").unwrap();
    let text = |key: &str| found[key].as_str().unwrap().to_owned();
    (text("verdict"), text("what"))
}

#[test]
fn what_was_installed_is_there_is_loaded_and_goes_again() {
    let system = System::fresh();
    system.command("systemctl", "");
    let ran = system.run("install --manager systemd");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let expected = ["systemctl --user daemon-reload", "systemctl --user enable --now NAME.service"];
    assert_eq!(system.asked(), expected);
    let launcher = system.place.home().join("launcher/claude-assistant");
    let own = std::fs::read(env!("CARGO_BIN_EXE_claude-assistant")).unwrap();
    assert!(std::fs::read(&launcher).unwrap() == own);
    assert_eq!(std::fs::metadata(&launcher).unwrap().permissions().mode() & 0o777, 0o700);
    let slot = system.current();
    assert!(slot.join("bin/claude-assistant").is_file());
    let name = slot.file_name().unwrap().to_str().unwrap();
    let mark = system.place.home().join(format!("slots/marks/{name}.json"));
    assert!(std::fs::read_to_string(mark).unwrap().contains("\"good\""));
    assert_eq!(system.place.open_to_others(), Vec::<PathBuf>::new());
    let unit = std::fs::read_to_string(system.unit()).unwrap();
    assert!(unit.contains(&format!("ExecStart=\"{}\" launch\n", launcher.display())), "{unit}");

    let again = system.run("install --manager systemd --no-start");
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.out.contains(&format!("{name}, as it was")), "{again:?}");
    assert_eq!(system.current(), slot);
    assert_eq!(system.asked()[1], "systemctl --user enable NAME.service");

    let file = system.unit();
    let gone = system.run("uninstall --manager systemd");
    assert_eq!((gone.code, gone.err.as_str()), (0, ""), "{gone:?}");
    assert!(!file.exists() && !launcher.exists());
    assert_eq!(system.current(), slot);
    let asked = std::fs::read_to_string(system.place.home().with_file_name("asked")).unwrap();
    let stem = file.file_stem().unwrap().to_str().unwrap();
    let expected = "systemctl --user disable --now NAME.service\nsystemctl --user daemon-reload\n";
    assert_eq!(asked.replace(stem, "NAME"), expected);
    let nothing = system.run("uninstall --manager systemd");
    assert_eq!((nothing.code, nothing.out.as_str()), (0, "nothing is installed\n"));
}

#[test]
fn launchd_is_told_to_forget_a_list_before_it_reads_another() {
    let system = System::fresh();
    let loaded = "[ \"$1\" != print ] || [ -e \"$HOME/loaded\" ] || exit 113\n\
                  [ \"$1\" != print ] || /bin/cat \"$HOME/loaded\"\n\
                  [ \"$1\" != bootout ] || /bin/rm \"$HOME/loaded\"\n\
                  [ \"$1\" != bootstrap ] || echo '\tpid = 4242' > \"$HOME/loaded\"";
    system.command("launchctl", loaded);
    let uid = rustix::process::getuid().as_raw();
    let changes = || -> Vec<String> {
        let asked = system.asked().into_iter();
        asked.filter(|command| !command.starts_with("launchctl print ")).collect()
    };
    let out = format!("launchctl bootout gui/{uid}/NAME");
    let agents = system.place.home().with_file_name("Library/LaunchAgents");
    let list = format!("launchctl bootstrap gui/{uid} {}/NAME.plist", agents.display());

    let first = system.run("install --manager launchd");
    assert_eq!((first.code, first.err.as_str()), (0, ""), "{first:?}");
    assert_eq!(changes(), std::slice::from_ref(&list));
    let same = system.run("install --manager launchd");
    assert_eq!(same.code, 0, "{same:?}");
    assert_eq!(changes(), [""; 0]);
    system.place.write("config.toml", "[shutdown]\ndeadline_s = 3\n");
    let changed = system.run("install --manager launchd");
    assert_eq!(changed.code, 0, "{changed:?}");
    assert_eq!(changes(), [out, list]);
    assert!(first.out.ends_with("it is loaded, and runs\n"), "{first:?}");
    let _launcher = system.launcher();
    let goes_on = "the launcher that ran before goes on as it was until it is started again\n";
    let same = system.run("install --manager launchd");
    assert!(same.out.ends_with(goes_on), "{same:?}");
    system.place.write("config.toml", "[shutdown]\ndeadline_s = 4\n");
    let changed = system.run("install --manager launchd");
    let anew = "it is loaded anew: the launcher that ran before was ended, and another runs\n";
    assert!(changed.out.ends_with(anew), "{changed:?}");
}

#[test]
fn a_system_without_the_command_keeps_the_files_and_is_told_what_to_do() {
    let system = System::fresh();
    let ran = system.run("install --manager systemd");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("failed to run systemctl: it is not in PATH"), "{ran:?}");
    assert!(ran.err.contains("claude-assistant start runs the launcher by hand"), "{ran:?}");
    assert!(system.unit().exists());
    let gone = system.run("uninstall --manager systemd");
    assert_eq!(gone.code, 1, "{gone:?}");
    assert!(gone.err.contains("the files are removed"), "{gone:?}");
    assert_eq!(system.name(), "no service");
    assert!(!system.place.home().join("launcher").exists());
}

#[test]
fn a_command_that_says_no_is_quoted() {
    let system = System::fresh();
    system.command("systemctl", "echo 'Failed to connect to bus' >&2; exit 1");
    let ran = system.run("install --manager systemd");
    assert_eq!(ran.code, 1, "{ran:?}");
    let said = "failed to run systemctl --user daemon-reload: exit status: 1: \
                Failed to connect to bus";
    assert!(ran.err.contains(said), "{ran:?}");
    let gone = system.run("uninstall --manager systemd");
    assert_eq!(gone.code, 1, "{gone:?}");
    assert!(system.unit().exists());
}

/// What the system started ends with the service; what it does not know of is the owner's to end.
#[test]
fn uninstall_says_whether_a_launcher_goes_on() {
    let system = System::fresh();
    let goes_on = "a launcher that the system did not start goes on: claude-assistant stop
";
    for (known, expected) in [("4242", false), ("0", true)] {
        let show = format!("[ \"$2\" != show ] || echo MainPID={known}");
        system.command("systemctl", &show);
        assert_eq!(system.run("install --manager systemd --no-start").code, 0);
        let _launcher = system.launcher();
        let gone = system.run("uninstall --manager systemd");
        assert_eq!((gone.code, gone.out.ends_with(goes_on)), (0, expected), "{gone:?}");
    }
}

#[test]
fn a_daemon_that_was_started_by_hand_is_to_be_stopped_first() {
    let system = System::fresh();
    system.command("systemctl", "");
    assert_eq!(system.place.run("start").code, 0);
    let ran = system.run("install --manager systemd");
    assert_eq!(ran.code, 75, "{ran:?}");
    assert!(ran.err.contains("(claude-assistant stop, then install)"), "{ran:?}");
    assert!(!system.place.home().join("launcher").exists());
    assert_eq!(system.asked(), Vec::<String>::new());
    assert_eq!(system.run("install --manager systemd --no-start").code, 0);
}

#[test]
fn what_cannot_be_installed_makes_nothing() {
    let system = System::fresh();
    system.place.write("config.toml", "[log]\nlevel = 3\n");
    assert_eq!(system.run("install --manager systemd").code, 64);
    assert_eq!(system.run("install --commit abc").code, 64);
    assert!(!system.place.home().join("launcher").exists());
    assert_eq!(system.name(), "no service");
}

#[test]
fn doctor_says_how_the_service_is() {
    let system = System::fresh();
    system.command("systemctl", "");
    system.command("launchctl", "");
    let not = ("note".to_owned(), "not installed".to_owned());
    assert_eq!(finding(&system), not);
    assert_eq!(system.run("install --no-start").code, 0);
    assert_eq!(finding(&system).0, "found");
    system.place.write("config.toml", "[shutdown]\ndeadline_s = 3\n");
    let (verdict, what) = finding(&system);
    assert_eq!(verdict, "note");
    assert!(what.ends_with("differs from what install would write now"), "{what}");
    std::fs::remove_file(system.place.home().join("launcher/claude-assistant")).unwrap();
    let (verdict, what) = finding(&system);
    assert_eq!(verdict, "missing");
    assert!(what.ends_with("launcher/claude-assistant, which is not there"), "{what}");
}
