//! Two that want the same.

use harness::exit_code::ExitCode;

use super::alone_by;

#[test]
fn the_second_of_two_runs_is_refused_and_the_next_one_is_not() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("lock");
    let code = alone_by(&path, || {
        assert_eq!(alone_by(&path, || panic!("it runs")).unwrap(), ExitCode::Locked);
        Ok(ExitCode::Failed)
    });
    assert_eq!(code.unwrap(), ExitCode::Failed);
    assert_eq!(alone_by(&path, || Ok(ExitCode::Pass)).unwrap(), ExitCode::Pass);
}
