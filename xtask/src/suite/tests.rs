//! When an earlier run does for another, and the page for a pull request.

use harness::exit_code::ExitCode;
use harness::gate::Gate;
use harness::receipt::{Receipt, Wanted};
use harness::report::{Outcome, Report, Selection};
use harness::tier::Tier;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::{Copies, Request, Reuse, markdown, reusable, test_tier, tier_steps};
use crate::steps::Run;
use crate::tier::Order;
use crate::tier::places::Places;
use crate::tier::proof::tests::wanted;
use crate::tier::tests::{case, report};
use crate::workspace::Workspace;

/// A place where a whole tier 2 has passed, an hour ago.
struct Desk {
    room: TempDir,
    places: Places,
    report: Report,
}

impl Desk {
    fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        let places = Places::at(room.path().join("tier2"));
        let report = report(Gate::Closed, vec![case("tier2::a", Outcome::Passed)]);
        let desk = Self { room, places, report };
        desk.report.write(&desk.places.report()).unwrap();
        let ended = Timestamp::now() - SignedDuration::from_hours(1);
        Receipt::of(&desk.report, wanted(), ended).write(&desk.receipt()).unwrap();
        desk
    }

    fn receipt(&self) -> std::path::PathBuf {
        self.room.path().join("tier-2.json")
    }

    #[track_caller]
    fn check(&self, wanted: Option<&Wanted>, expected: Result<(), &str>) {
        let found = reusable(&self.places, &self.receipt(), wanted);
        assert_eq!(found.map(drop), expected.map_err(str::to_owned));
    }
}

#[test]
fn an_earlier_run_on_the_same_files_and_programs_will_do() {
    Desk::new().check(Some(&wanted()), Ok(()));
}

#[test]
fn any_doubt_runs_again() {
    let desk = Desk::new();
    desk.check(None, Err("what it would prove is unknown"));
    let rebuilt = Wanted { binaries: [("p".to_owned(), "2".to_owned())].into(), ..wanted() };
    desk.check(Some(&rebuilt), Err("the program p is another one"));

    let only = Selection { only: Some("a".to_owned()), exact: false };
    let partial = Report { selection: only, ..desk.report.clone() };
    partial.write(&desk.places.report()).unwrap();
    desk.check(Some(&wanted()), Err("another run has overwritten the report of its receipt"));
    desk.places.clear().unwrap();
    desk.check(Some(&wanted()), Err("the report that its receipt is about is gone"));

    std::fs::remove_file(desk.receipt()).unwrap();
    desk.check(Some(&wanted()), Err("there is no receipt"));
}

#[test]
fn the_page_for_a_pull_request_begins_with_the_steps() {
    let report = report(Gate::Closed, vec![case("tier2::a", Outcome::Passed)]);
    let page = markdown("format  ok\n\n1 passed, 0 failed\n", &[report]);
    assert!(page.starts_with("```text\nformat  ok\n\n1 passed, 0 failed\n```\n"), "{page}");
    assert!(page.contains("tier 2"), "{page}");
}

#[test]
fn a_copy_never_takes_the_place_of_a_directory() {
    let room = tempfile::tempdir().unwrap();
    let kept = room.path().join("kept");
    std::fs::write(&kept, "mine").unwrap();
    let link = room.path().join("link");
    std::os::unix::fs::symlink(&kept, &link).unwrap();
    for path in [room.path(), &link] {
        let path = Some(path.to_path_buf());
        for copies in [
            Copies { json: path.clone(), ..Copies::default() },
            Copies { junit: path.clone(), ..Copies::default() },
            Copies { markdown: path.clone(), ..Copies::default() },
        ] {
            let request = Request { orders: Vec::new(), reuse: Reuse::Never, copies };
            let code = test_tier(&Workspace::find().unwrap(), &request).unwrap();
            assert_eq!(code, ExitCode::BadUsage);
        }
    }
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "mine");
}

#[test]
fn a_copy_of_an_earlier_run_is_taken_away() {
    let room = tempfile::tempdir().unwrap();
    let old = room.path().join("old.json");
    std::fs::write(&old, "{}").unwrap();
    let absent = Some(room.path().join("absent.xml"));
    let copies = Copies { json: Some(old.clone()), junit: absent, markdown: None };
    assert_eq!(copies.refusal(), None);
    copies.clear().unwrap();
    assert!(!old.exists());
}

#[test]
fn a_run_that_never_started_leaves_no_report_of_an_earlier_one() {
    let room = tempfile::tempdir().unwrap();
    std::fs::write(room.path().join("Cargo.toml"), "nothing that builds").unwrap();
    let workspace = Workspace::at(room.path());
    for reuse in [Reuse::Never, Reuse::Valid] {
        let places = Places::of_tier(workspace.target_dir(), Tier::RealBinaries);
        let old = report(Gate::Closed, vec![case("tier2::a", Outcome::Passed)]);
        old.write(&places.report()).unwrap();
        std::fs::write(places.junit(), "<testsuites/>").unwrap();
        let mut run = Run::default();
        let order = Order::whole(Tier::RealBinaries, Gate::Closed);
        assert_eq!(tier_steps(&workspace, &order, reuse, &mut run), None);
        assert_eq!(run.finish(), ExitCode::BuildFailed);
        assert!(!places.report().exists(), "{reuse:?}");
        assert!(!places.junit().exists(), "{reuse:?}");
    }
}

#[test]
fn a_quoted_line_does_not_break_out_of_the_page() {
    let page = markdown("tier 2  failed\n    ```` <b>\n", &[]);
    assert_eq!(page, "`````text\ntier 2  failed\n    ```` <b>\n`````\n");
}
