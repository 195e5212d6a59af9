use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn located(named: Option<&str>, user: Option<&str>) -> Result<PathBuf, String> {
    Home::locate(named.map(Into::into), user.map(Into::into))
        .map(|home| home.root().to_owned())
        .map_err(|error| error.to_string())
}

#[test]
fn the_home_is_named_by_a_variable_or_stands_in_the_users_folder() {
    assert_eq!(located(Some("/srv/a"), Some("/u")), Ok("/srv/a".into()));
    assert_eq!(located(Some("~/a"), Some("/u")), Ok("/u/a".into()));
    assert_eq!(located(Some(""), Some("/u")), Ok("/u/.claude-assistant".into()));
    assert_eq!(located(None, Some("/u")), Ok("/u/.claude-assistant".into()));
    assert!(located(None, None).unwrap_err().starts_with("neither "));
    assert!(located(Some("here"), None).unwrap().is_absolute());
}

#[test]
fn every_folder_is_made_private() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(dir.path().join("deep/home"));
    home.prepare().unwrap();
    for path in [
        home.root().to_owned(),
        home.state_dir(),
        home.work_root(),
        home.logs_dir(),
        home.transcripts_dir(),
        home.run_dir(),
        home.prompts_dir(),
    ] {
        assert_eq!(mode(&path), 0o700, "{}", path.display());
    }
}

#[test]
fn rights_of_others_are_taken_away() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(dir.path().join("home"));
    home.prepare().unwrap();
    fs::write(home.config_file(), "").unwrap();
    fs::set_permissions(home.config_file(), Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(home.run_dir(), Permissions::from_mode(0o777)).unwrap();
    home.prepare().unwrap();
    assert_eq!(mode(&home.config_file()), 0o600);
    assert_eq!(mode(&home.run_dir()), 0o700);
}

#[test]
fn a_file_where_a_folder_belongs_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("state"), "").unwrap();
    let error = Home::at(dir.path()).prepare().unwrap_err();
    let shown = error.to_string();
    assert!(shown.contains("/state: cannot be made a private folder"), "{shown}");
    assert_eq!(Failure::from(error).code, Code::Usage);
}

#[test]
fn a_home_and_a_link_to_it_are_one_home() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    Home::at(&real).prepare().unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let by_link = Home::at(&link).canonical().unwrap();
    assert_eq!(by_link.root(), Home::at(&real).canonical().unwrap().root());
    assert!(Home::at(folder.path().join("none")).canonical().is_err());
}
