//! A tier with one case of every outcome, by which the tests of the runner know what it makes of
//! each. Nothing else starts it.
//!
//! `FIXTURE_MANY=N` replaces them by N cases that do nothing, to see what a case costs;
//! `FIXTURE_MEET=N` by two that wait until N of them are there; `FIXTURE_LIMIT_S=N` gives the case that
//! waits for ever so many seconds.

use std::fs::File;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{env, fs, mem, thread};

use anyhow::{Context, bail, ensure};
use harness::environment::{LOGS, path};
use harness::processes::{Snapshot, cpu_time};
use harness::report::End;
use harness::run::{Case, Company, Missing, Need, Room, Skip, Transport, run, unbroken};
use harness::tier::Tier;
use harness::wait::wait_until;

/// Long against everything here, but for the case that waits for ever.
const LIMIT: Duration = Duration::from_secs(20);

#[expect(clippy::print_stderr, reason = "a runner talks to whoever started it")]
fn main() -> std::process::ExitCode {
    let end = End { integration: "agent".to_owned(), real: false, what: "nothing".to_owned() };
    let many = env::var("FIXTURE_MANY").ok().and_then(|number| number.parse().ok());
    let meet = env::var("FIXTURE_MEET").ok().and_then(|number| number.parse().ok());
    let others = || meet.map_or_else(cases, cases_that_meet);
    let code = run(Tier::RealBinaries, vec![end], many.map_or_else(others, empty_cases));
    if let (Some(_), Some(time)) = (many, cpu_time(std::process::id())) {
        eprintln!("cpu_ms {}", time.as_millis());
    }
    code.into()
}

fn empty_cases(number: u32) -> Vec<Case> {
    (0..number).map(|n| Case::new(format!("tier2::many::case_{n:04}"), LIMIT, |_| Ok(()))).collect()
}

/// Each makes a file beside the logs, and waits for those of the others.
fn cases_that_meet(number: usize) -> Vec<Case> {
    let case = |name: &'static str| Case {
        company: Company::Others,
        ..Case::new(format!("tier2::meet::{name}"), LIMIT, move |_| meet(name, number))
    };
    vec![case("one"), case("two")]
}

fn meet(name: &str, number: usize) -> anyhow::Result<()> {
    let place = path(LOGS).context("find the directory of the logs")?.join("met");
    fs::create_dir_all(&place).context("make the place")?;
    fs::write(place.join(name), "").context("be there")?;
    let there = || fs::read_dir(&place).is_ok_and(|found| number <= found.count());
    ensure!(wait_until(LIMIT, there), "see {number} of us");
    Ok(())
}

fn cases() -> Vec<Case> {
    let case = |name: &str, body: fn(&mut Room) -> anyhow::Result<()>| {
        Case::new(format!("tier2::fixture::{name}"), LIMIT, body)
    };
    let beside = |name: &str, body: fn(&mut Room) -> anyhow::Result<()>| Case {
        company: Company::Others,
        ..case(name, body)
    };
    let short = env::var("FIXTURE_LIMIT_S").ok().and_then(|seconds| seconds.parse().ok());
    let short = short.map_or(Duration::from_millis(200), Duration::from_secs);
    let nothing = Need { name: "nothing", check: || Err(missing()) };
    vec![
        Case { tags: vec!["first".to_owned()], ..case("passes", |_| Ok(())) },
        beside("fails", |_| bail!("see the sun\u{1b}[31m red\u{1b}]0;a title\u{7}")),
        beside("panics", |_| panic!("out of words")),
        Case { limit: short, ..case("times_out", wait_for_ever) },
        Case { limit: short, ..beside("waits_too_long", |_| wait_too_long()) },
        beside("breaks_an_invariant", |_| unbroken("messages lost", &["the third".to_owned()])),
        case("leaves_a_thread", |_| leave_a_thread()),
        beside("leaves_a_child", |_| leave_a_child()),
        beside("leaves_a_zombie", |_| leave_a_zombie()),
        beside("leaves_an_orphan", |_| leave_an_orphan()),
        case("has_an_orphan_that_ends", |_| have_an_orphan_that_ends()),
        beside("leaves_a_file_open", |_| leave_open(File::open("/dev/null"))),
        case("leaves_a_socket_open", |_| leave_open(UnixDatagram::unbound())),
        beside("leaves_a_temporary_file", leave_a_temporary_file),
        case("leaves_a_temporary_directory", |_| leave_a_temporary_directory()),
        Case { retries: 2, ..case("holds_at_the_second_try", |_| hold_at_the_second_try()) },
        case("does_not_get_through", |_| Err(Transport("nobody answers".to_owned()).into())),
        beside("is_skipped", |_| Err(Skip("there is no moon".to_owned()).into())),
        Case { needs: vec![nothing], ..case("lacks_something", |_| Ok(())) },
        beside("fails_in_quarantine", |_| bail!("see the moon")),
        beside("fails_after_its_quarantine", |_| bail!("see the stars")),
        case("passes_after_its_quarantine", |_| Ok(())),
    ]
}

fn missing() -> Missing {
    Missing { what: "the philosopher's stone".to_owned(), command: "make gold".to_owned() }
}

/// Waits for a child that ends only with everything that carries the case's mark.
fn wait_for_ever(room: &mut Room) -> anyhow::Result<()> {
    let value = format!("{}-{}", std::process::id(), room.seed.number());
    room.end_with_mark(format!("FIXTURE_MARK={value}"));
    let mut child = endless().env("FIXTURE_MARK", value).spawn().context("start a child")?;
    child.wait().context("wait for the child")?;
    Ok(())
}

fn wait_too_long() -> anyhow::Result<()> {
    ensure!(wait_until(LIMIT, || false), "see the sea");
    Ok(())
}

fn endless() -> Command {
    let mut command = Command::new("tail");
    command.args(["-f", "/dev/null"]).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

#[expect(clippy::unnecessary_wraps, reason = "it is a body as the others are")]
fn leave_a_thread() -> anyhow::Result<()> {
    // A thread that nobody joins runs on.
    drop(thread::spawn(|| {
        loop {
            thread::park();
        }
    }));
    Ok(())
}

fn leave_a_child() -> anyhow::Result<()> {
    // The handle goes away, the child does not.
    drop(endless().spawn().context("start a child")?);
    Ok(())
}

fn leave_a_zombie() -> anyhow::Result<()> {
    let pid = Command::new("true").spawn().context("start a child")?.id();
    let ended = || Snapshot::take().find(pid).is_some_and(|child| child.zombie);
    ensure!(wait_until(LIMIT, ended), "see it end");
    Ok(())
}

/// Its parent is gone and it has a session of its own, so that only who adopts orphans sees it. No
/// other system lets a process do that.
fn leave_an_orphan() -> anyhow::Result<()> {
    if cfg!(not(target_os = "linux")) {
        return leave_a_child();
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", "setsid tail -f /dev/null > /dev/null 2>&1 &"]).stdin(Stdio::null());
    let status = shell.status().context("run a shell")?;
    ensure!(status.success(), "see the shell end well: {status}");
    Ok(())
}

/// Whoever adopts it has to reap it too, while the case still looks.
fn have_an_orphan_that_ends() -> anyhow::Result<()> {
    let mut shell = Command::new("sh");
    shell.args(["-c", "sleep 0.1 > /dev/null 2>&1 & echo $!"]).stdin(Stdio::null());
    let said = shell.output().context("run a shell")?;
    let pid = String::from_utf8_lossy(&said.stdout).trim().parse().context("read its id")?;
    ensure!(wait_until(LIMIT, || Snapshot::take().find(pid).is_none()), "see it go");
    Ok(())
}

fn leave_open<T>(opened: std::io::Result<T>) -> anyhow::Result<()> {
    mem::forget(opened.context("open it")?);
    Ok(())
}

fn leave_a_temporary_file(room: &mut Room) -> anyhow::Result<()> {
    fs::write(room.temp_dir()?.join("left"), "x").context("write it")
}

fn leave_a_temporary_directory() -> anyhow::Result<()> {
    let kept = tempfile::Builder::new().prefix("left-").tempdir().context("make it")?.keep();
    ensure!(kept.is_dir(), "keep it");
    Ok(())
}

fn hold_at_the_second_try() -> anyhow::Result<()> {
    static TRIES: AtomicU32 = AtomicU32::new(0);
    if TRIES.fetch_add(1, Ordering::Relaxed) == 0 {
        return Err(Transport("the line was busy".to_owned()).into());
    }
    Ok(())
}
