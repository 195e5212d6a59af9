use super::*;

/// The words of a command line, each flag with its value behind `=`.
fn read(line: &str) -> Result<Flags, String> {
    let mut words = Words::default();
    for word in line.split_whitespace() {
        let (flag, value) = word.split_once('=').unwrap_or((word, ""));
        let value = Some(value.to_owned());
        match flag {
            "--dry-run" => words.dry_run = true,
            "--when-idle" => words.when_idle = value,
            "--drain" => words.drain = value,
            "--now" => words.now = true,
            "--because" => words.because = value,
            "--gate" => words.gate = value,
            "--soak" => words.soak = value,
            "--confirm-timeout" => words.confirm_timeout = value,
            "--no-rollback" => words.no_rollback = true,
            "--strict-perf" => words.strict_perf = true,
            other => panic!("no such flag: {other}"),
        }
    }
    words.read().map_err(|error| error.to_string())
}

#[test]
fn without_a_word_everything_has_its_default() {
    assert_eq!(read(""), Ok(Flags::default()));
}

#[test]
fn each_flag_says_what_it_says() {
    let flags = read(
        "--dry-run --when-idle=10m --gate=tiers=1,3 --soak=1m --confirm-timeout=6m --no-rollback --strict-perf",
    );
    let expected = Flags {
        scope: Scope::DryRun,
        drain: Drain::WhenIdle(Duration::from_mins(10)),
        gate: Choice::Tiers([Tier::InProcess, Tier::RealAgent].into()),
        soak: Duration::from_mins(1),
        confirm_timeout: Duration::from_mins(6),
        on_failure: OnFailure::Keep,
        speed: Speed::Strict,
    };
    assert_eq!(flags, Ok(expected));
}

#[test]
fn times_are_numbers_with_a_unit() {
    let drain = |text: &str| read(&format!("--drain={text}")).map(|flags| flags.drain);
    assert_eq!(drain("45"), Ok(Drain::Within(Duration::from_secs(45))));
    assert_eq!(drain("0s"), Ok(Drain::Within(Duration::ZERO)));
    assert_eq!(drain("1h"), Ok(Drain::Within(Duration::from_hours(1))));
    for bad in ["", "s", "-1s", "+1", "1.5m", "1d", "25h", "99999999999999999999s", "ä"] {
        let error = drain(bad).unwrap_err();
        assert_eq!(error, format!("read --drain: {bad:?} is no time such as 30s, 10m or 1h"));
    }
}

#[test]
fn who_interrupts_people_says_why() {
    assert_eq!(
        read("--now").unwrap_err(),
        "interrupt people without a reason: --now needs --because"
    );
    assert!(read("--now --because=").is_err());
    let now = read("--now --because=leak").map(|flags| flags.drain);
    assert_eq!(now, Ok(Drain::Now { because: "leak".to_owned() }));
    assert!(read("--because=leak").unwrap_err().contains("belongs to --now"));
    assert!(read("--drain=1m --because=leak").unwrap_err().contains("belongs to --now"));
}

#[test]
fn there_is_one_way_to_drain_at_a_time() {
    for line in [
        "--drain=1m --when-idle=1m",
        "--now --because=x --drain=1m",
        "--when-idle=1m --now --because=x",
    ] {
        assert!(read(line).unwrap_err().starts_with("drain in several ways"), "{line}");
    }
}

#[test]
fn the_gate_is_one_of_three_things() {
    assert_eq!(read("--gate=all").map(|flags| flags.gate), Ok(Choice::All));
    for bad in ["", "none", "tiers=", "tiers=0", "tiers=1,4", "tiers=1,,2"] {
        assert!(read(&format!("--gate={bad}")).is_err(), "{bad}");
    }
}

#[test]
fn the_launcher_has_to_wait_for_longer_than_the_checks_take() {
    assert_eq!(
        read("--soak=90s --confirm-timeout=2m").unwrap_err(),
        "check within 120 s what is to soak for 90 s: --confirm-timeout has to be 365 s at least"
    );
    assert!(read("--soak=90s --confirm-timeout=365s").is_ok());
    let unsaid = read("--soak=1h").map(|flags| flags.confirm_timeout);
    assert_eq!(unsaid, Ok(Duration::from_secs(3600 + 275)));
}
