use super::*;

/// Lines that can be told apart.
pub(super) fn numbered(lines: std::ops::Range<u32>) -> String {
    lines.fold(String::new(), |text, line| text + &format!("line {line}\n"))
}

#[test]
fn a_log_line_has_its_time_level_and_fields_and_no_colour() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("daemon.log");
    let log = Log::open(&path).unwrap();
    let layer = fmt::layer().with_ansi(false).with_writer(log);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        tracing::info!(chat = 17, "turn ended");
    });
    let text = std::fs::read_to_string(&path).unwrap();
    let (time, rest) = text.split_once(' ').unwrap();
    assert!(time.parse::<jiff::Timestamp>().is_ok() && time.ends_with('Z'), "{time}");
    let rest = rest.trim_start();
    assert_eq!(rest, "INFO claude_assistant::telemetry::tests: turn ended chat=17\n");
}

#[test]
fn a_bad_filter_is_wrong_usage_and_touches_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("daemon.log");
    let failure = Failure::from(start(&path, Level::Info, Some("a=b=c")).unwrap_err());
    assert_eq!(failure.code, Code::Usage);
    assert!(failure.message.starts_with("CLAUDE_ASSISTANT_LOG: not a log filter: "), "{failure}");
    assert!(!path.exists());
}
