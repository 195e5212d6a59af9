use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{History, HistoryError, Line, LineError, POINTS_MAX, append};
use crate::bench::policy::Policy;
use crate::bench::reference::{Reference, promote};
use crate::bench::report::{Mode, Trend};
use crate::bench::small_run::{moment, run};

const READY: &str = "daemon.ready";

/// A history of runs at these times of the day, and the folder that it lies in.
fn of(times: &[&str]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = History::path(dir.path(), "here");
    for at in times {
        append(&path, &line(at)).unwrap();
    }
    (dir, path)
}

fn line(at: &str) -> Line {
    Line::of(&run(at, &[(READY, 10.0)])).unwrap()
}

/// When its runs began, and which line was cut.
#[track_caller]
fn check(path: &Path, times: &[&str], cut: Option<usize>) {
    let history = History::read(path).unwrap();
    let found: Vec<_> = history.lines.iter().map(|line| line.at).collect();
    let expected: Vec<_> = times.iter().map(|at| moment(at)).collect();
    assert_eq!((found, history.cut), (expected, cut));
}

fn cut_by(path: &Path, bytes: usize) {
    let mut text = fs::read(path).unwrap();
    text.truncate(text.len() - bytes);
    fs::write(path, text).unwrap();
}

#[test]
fn a_run_is_read_as_it_was_appended() {
    let (_dir, path) = of(&["12:00", "13:00"]);
    check(&path, &["12:00", "13:00"], None);
    assert_eq!(History::read(&path).unwrap().lines[0], line("12:00"));
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
}

#[test]
fn where_nothing_was_measured_there_is_no_history() {
    let dir = tempfile::tempdir().unwrap();
    check(&dir.path().join("none.jsonl"), &[], None);
}

#[test]
fn a_quick_run_is_not_kept_and_what_was_not_measured_is_no_value() {
    let mut report = run("12:00", &[(READY, 10.0), ("cli.status", 5.0)]);
    report.metrics[0].head = None;
    let line = Line::of(&report).unwrap();
    assert_eq!(line.values.keys().collect::<Vec<_>>(), ["cli.status"]);
    for mode in [Mode::Quick, Mode::Compare] {
        report.mode = mode;
        assert_eq!(Line::of(&report), None);
    }
}

#[test]
fn nothing_is_appended_to_what_is_no_history() {
    let (_dir, path) = of(&["12:00"]);
    fs::write(&path, "no line\n").unwrap();
    append(&path, &line("13:00")).unwrap_err();
    assert_eq!(fs::read_to_string(&path).unwrap(), "no line\n");
}

#[test]
fn a_last_line_that_was_cut_is_told_and_the_rest_is_read() {
    for bytes in [2, 40, 150] {
        let (_dir, path) = of(&["12:00", "13:00"]);
        cut_by(&path, bytes);
        check(&path, &["12:00"], Some(2));
    }
}

#[test]
fn the_next_run_takes_a_cut_line_away() {
    let (_dir, path) = of(&["12:00", "13:00"]);
    cut_by(&path, 40);
    append(&path, &line("14:00")).unwrap();
    check(&path, &["12:00", "14:00"], None);
}

#[test]
fn wherever_a_file_is_cut_its_whole_lines_stay() {
    let whole: String = ["12:00", "13:00"]
        .map(|at| format!("{}\n", serde_json::to_string(&line(at)).unwrap()))
        .concat();
    for end in 0..=whole.len() {
        let text = &whole[..end];
        let history = History::parse(text).unwrap();
        let ended = text.matches('\n').count();
        let left = text.len() - text.rfind('\n').map_or(0, |end| end + 1);
        assert!(history.lines.len() == ended || (0 < left && history.cut.is_none()), "at {end}");
        assert!(history.cut.is_none_or(|line| 0 < left && line == ended + 1), "at {end}");
    }
}

#[test]
fn a_line_that_lacks_nothing_but_its_end_is_kept() {
    let (_dir, path) = of(&["12:00", "13:00"]);
    cut_by(&path, 1);
    check(&path, &["12:00", "13:00"], None);
    append(&path, &line("14:00")).unwrap();
    check(&path, &["12:00", "13:00", "14:00"], None);
}

#[test]
fn a_cut_through_a_letter_hides_no_other_line() {
    let (_dir, path) = of(&["12:00"]);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend(b"{\"schema\": \"\xc3");
    fs::write(&path, bytes).unwrap();
    check(&path, &["12:00"], Some(2));
    append(&path, &line("13:00")).unwrap();
    check(&path, &["12:00", "13:00"], None);
}

#[test]
fn a_broken_line_with_an_end_is_an_error_with_its_number() {
    for broken in ["{\n", "\n", "<<<<<<< ours\n"] {
        let (_dir, path) = of(&["12:00"]);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}{broken}{text}")).unwrap();
        let error = History::read(&path).unwrap_err();
        assert!(matches!(error, HistoryError::Line { line: 2, .. }), "{error}");
    }
}

#[test]
fn a_line_of_another_version_is_an_error_even_without_an_end() {
    let (_dir, path) = of(&["12:00"]);
    let text = fs::read_to_string(&path).unwrap().replace("history.v1", "history.v2");
    fs::write(&path, text.trim_end()).unwrap();
    let error = History::read(&path).unwrap_err();
    assert!(
        matches!(&error, HistoryError::Line { source: LineError::Schema(found), .. } if found.ends_with("v2")),
        "{error}"
    );
}

#[test]
fn a_field_of_a_newer_build_is_no_error() {
    let (_dir, path) = of(&["12:00"]);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen('{', "{\"colour\": \"red\", ", 1)).unwrap();
    check(&path, &["12:00"], None);
}

#[test]
fn a_trend_goes_through_all_runs_in_the_order_of_time() {
    let mixed = History { lines: vec![line("13:00"), line("12:00")], cut: None };
    let Trend { points, promotions } = mixed.trends(None).remove(READY).unwrap();
    assert_eq!(
        points.iter().map(|point| point.at).collect::<Vec<_>>(),
        [moment("12:00"), moment("13:00")]
    );
    assert_eq!(promotions, []);
}

#[test]
fn a_trend_has_all_promotions_and_the_last_runs() {
    let runs = (0..POINTS_MAX + 10).map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60));
    let history = History { lines: runs.map(|at| line(&at)).collect(), cut: None };
    let report = run("12:00", &[(READY, 10.0), ("cli.status", 5.0)]);
    let reference = promote(None, &report, None, "the first one").unwrap();
    let trends = history.trends(Some(&reference));
    assert_eq!(trends[READY].points.len(), POINTS_MAX);
    assert_eq!(trends[READY].points[0].at, moment("00:10"));
    assert_eq!(trends[READY].promotions[0].because, "the first one");
    assert_eq!((trends["cli.status"].points.len(), trends["cli.status"].promotions.len()), (0, 1));
}

#[test]
fn what_a_hand_did_to_it_is_found() {
    let known = Policy { retired: vec![READY.into()], metrics: Vec::new() };
    let found = |edit: fn(&mut Vec<Line>)| {
        let mut lines = vec![line("12:00"), line("13:00")];
        edit(&mut lines);
        History { lines, cut: None }.problems(&known)
    };
    assert_eq!(found(|_| {}), [""; 0]);
    assert_eq!(
        found(|lines| lines[1].mode = Mode::Quick),
        ["run of 2026-03-10T13:00:00Z: it is quick, and such are not kept"]
    );
    assert_eq!(
        found(|lines| lines[1].at = lines[0].at),
        ["run of 2026-03-10T12:00:00Z: it stands twice"]
    );
    assert_eq!(
        found(|lines| lines[0].values.get_mut(READY).unwrap().samples = 0),
        ["run of 2026-03-10T12:00:00Z: its daemon.ready is no measured value"]
    );
    assert_eq!(
        found(|lines| {
            let value = lines[0].values.remove(READY).unwrap();
            lines[0].values.insert("daemon.heat".into(), value);
        }),
        ["run of 2026-03-10T12:00:00Z: the policy does not know daemon.heat"]
    );
}

/// Files of a folder of the baselines, with the machine that each is named for.
fn stored(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
    let folder = baselines().join(folder);
    let Ok(entries) = fs::read_dir(&folder) else { return Vec::new() };
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let found = path.extension().and_then(|found| found.to_str());
            assert_eq!(found, Some(extension), "a stranger lies there: {}", path.display());
            let machine = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (path, machine)
        })
        .collect()
}

fn baselines() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../baselines")
}

#[test]
fn what_this_project_keeps_was_edited_by_no_hand() {
    let policy = Policy::read(&baselines().join("metrics.toml")).unwrap();
    for (path, machine) in stored("machines", "json") {
        let reference = Reference::read(&path).unwrap().unwrap();
        assert_eq!(reference.machine.id, machine);
        assert_eq!(reference.problems(&policy), [""; 0], "{}", path.display());
    }
    for (path, _) in stored("history", "jsonl") {
        let history = History::read(&path).unwrap();
        assert_eq!(history.problems(&policy), [""; 0], "{}", path.display());
        assert_eq!(history.cut, None, "{}", path.display());
    }
}
