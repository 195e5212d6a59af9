use super::*;

#[test]
fn bytes_that_are_not_text_are_named_by_their_line() {
    let error =
        Text::from_bytes(Path::new("x.toml"), b"a = 1\nb = \"\xff\"\n".to_vec()).unwrap_err();
    assert_eq!(error.to_string(), "x.toml:2: not UTF-8");
}

#[test]
fn a_directory_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let error = Text::read(dir.path()).unwrap_err();
    assert_eq!(error.to_string(), format!("{}: is a directory, not a file", dir.path().display()));
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("config.toml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let error = Text::read(&pipe).unwrap_err();
    assert_eq!(error.to_string(), format!("{}: is not a regular file", pipe.display()));
}

#[test]
fn a_file_that_is_not_there_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Text::read(&dir.path().join("none.toml")).unwrap().is_none());
}

#[test]
fn a_file_error_ends_the_program_as_wrong_usage() {
    let error = Text::from_bytes(Path::new("x.toml"), vec![0xff]).unwrap_err();
    assert_eq!(Failure::from(error), Failure::new(Code::Usage, "x.toml:1: not UTF-8"));
}
