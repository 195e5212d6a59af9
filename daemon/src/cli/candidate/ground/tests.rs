//! What the home of a candidate holds, where it stands, and that it goes.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn real() -> (tempfile::TempDir, Home) {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(fs::canonicalize(dir.path()).unwrap().join("home"));
    home.prepare().unwrap();
    (dir, home)
}

fn loaded(home: &Home, text: &str) -> Config {
    fs::write(home.config_file(), text).unwrap();
    Config::load(&home.config_file(), Some(Path::new("/somebody"))).unwrap()
}

#[test]
fn it_stands_below_run_is_private_and_goes_with_its_value() {
    let (_dir, home) = real();
    let ground = Ground::make(&home).unwrap();
    let root = ground.home().root().to_owned();
    assert_eq!(root.parent(), Some(home.run_dir().as_path()));
    assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(ground.hold()).unwrap().permissions().mode() & 0o777, 0o600);
    drop(ground);
    assert_eq!(fs::read_dir(home.run_dir()).unwrap().count(), 0);
}

#[test]
fn a_home_too_deep_for_a_second_socket_gets_its_candidate_elsewhere() {
    let (dir, _) = real();
    let deep = Home::at(dir.path().join("x".repeat(100)));
    deep.prepare().unwrap();
    let ground = Ground::make(&deep).unwrap();
    assert!(!ground.home().root().starts_with(deep.root()), "{ground:?}");
    check_path(&ground.home().socket()).unwrap();
    let root = ground.home().root().to_owned();
    drop(ground);
    assert!(!root.exists());
    assert_eq!(fs::read_dir(deep.run_dir()).unwrap().count(), 0);
}

#[test]
fn the_leavings_of_a_killed_candidate_are_removed_and_those_of_a_living_one_are_not() {
    let (_dir, home) = real();
    // Above any limit on process numbers; and init.
    let (dead, alive) = (
        home.run_dir().join("assistant-candidate-536870911"),
        home.run_dir().join("assistant-candidate-1"),
    );
    for folder in [&dead, &alive] {
        fs::create_dir_all(folder.join("state")).unwrap();
    }
    drop(Ground::make(&home).unwrap());
    assert_eq!((dead.exists(), alive.exists()), (false, true));
}

#[test]
fn its_configuration_is_the_real_one_without_what_reaches_outside() {
    let (dir, home) = real();
    let elsewhere = dir.path().display();
    let config = loaded(
        &home,
        &format!(
            "[agent]\nprogram = \"/bin/claude\"\nconfig_dir = \"{elsewhere}\"\nmodel = \"m\"\n\
             working_dir = \"{elsewhere}\"\nagents_alive_max = 3\nenv = {{ A = \"b\" }}\n\
             [test]\nenabled = false\ntrust = true\nwatch = false\ndir = \"{elsewhere}\"\n\
             [memory]\ncommand = [\"remember\"]\n\
             [shutdown]\ndeadline_s = 7.5\nturn_grace_s = 1.5\n[log]\nlevel = \"debug\"\n"
        ),
    );
    let ground = Ground::make(&home).unwrap();
    ground.furnish(config.clone(), Path::new("/bin/stand-in"), &home).unwrap();
    let found = Config::load(&ground.home().config_file(), None).unwrap();
    let mut expected = config;
    expected.agent.program = "/bin/stand-in".into();
    expected.agent.config_dir = Some(ground.folder("agent"));
    expected.agent.working_dir = None;
    expected.memory = None;
    expected.test.enabled = true;
    expected.test.dir = ground.messages();
    expected.test.trust = false;
    assert_eq!(found, expected);
}

#[test]
fn contacts_come_along_where_there_are_any() {
    let (_dir, home) = real();
    let config = loaded(&home, "");
    let ground = Ground::make(&home).unwrap();
    ground.furnish(config.clone(), Path::new("/bin/sh"), &home).unwrap();
    assert!(!ground.home().contacts_file().exists());
    drop(ground);
    fs::write(home.contacts_file(), "[[contact]]\n").unwrap();
    let ground = Ground::make(&home).unwrap();
    ground.furnish(config, Path::new("/bin/sh"), &home).unwrap();
    assert_eq!(fs::read(ground.home().contacts_file()).unwrap(), b"[[contact]]\n");
}
