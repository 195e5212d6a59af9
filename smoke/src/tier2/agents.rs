//! What one agent may do to others and to the daemon: hold up nobody, end nothing, and never be two.

use std::fmt::Write as _;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use harness::processes::{Seen, Snapshot, signal};
use harness::wait::{wait_for, wait_until};
use rustix::process::Signal;

use crate::case::{ADMINS, Case, Definition, OWNER, SOON, unbroken};
use crate::stream::{Stream, Work, wait_answers};
use crate::views::{files_below, named, status, wait_echoes, wait_reply};

pub(super) const CASES: &[Definition] = &[
    Definition::fake(
        "tier2::agents::a_slow_memory_command_holds_up_nobody",
        60,
        a_slow_memory_command_holds_up_nobody,
    ),
    Definition::fake("tier2::agents::no_agent_ends_the_daemon", 60, no_agent_ends_the_daemon),
    Definition::fake("tier2::agents::no_chat_has_two_agents", 90, no_chat_has_two_agents),
];

/// Knows something of the second admin, nothing of the others, and never comes to the point about
/// the first.
const MEMORY: &str = r#"
read -r asked
case "$asked" in
  *Zadminname1\"*) exec tail -f /dev/null ;;
  *Zadminname2\"*) echo "likes zmemory" ;;
  *) exit 3 ;;
esac
"#;

/// How long a memory command may take before its session starts without it.
const LOOKUP_MAX: Duration = Duration::from_secs(10);

/// The start of one session waits for a command; other sessions begin, and the daemon ends, as if
/// there were none.
/// Incidents: 112.
/// Danger zone: 1, 4.
/// Pitfall: 2.
fn a_slow_memory_command_holds_up_nobody(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    let path = sandbox.home().join("config.toml");
    let mut config = fs::read_to_string(&path).context("read the configuration")?;
    write!(config, "\n[memory]\ncommand = [\"sh\", \"-c\", '''{MEMORY}''']\n")?;
    fs::write(&path, config).context("write the configuration")?;
    let daemon = sandbox.start()?.pid;

    sandbox.drop_message(ADMINS[0], "zwaits")?;
    let began = Instant::now();
    let lookup = || child_named(daemon, "tail");
    wait_for(SOON, lookup).context("see the memory command of the first run")?;
    sandbox.drop_message(ADMINS[1], "known")?;
    sandbox.drop_message(ADMINS[2], "unknown")?;
    wait_echoes(sandbox, &["known".to_owned(), "unknown".to_owned()], SOON)?;
    let in_time = began.elapsed() < LOOKUP_MAX;
    ensure!(!in_time || lookup().is_some(), "answer the others while the first one waits");
    let prompts: Vec<String> = files_below(&sandbox.home().join("prompts"))?
        .iter()
        .map(|file| fs::read_to_string(file).context("read a prompt"))
        .collect::<Result<_, _>>()?;
    let knowing = prompts.iter().filter(|prompt| prompt.contains("likes zmemory")).count();
    ensure!(knowing == 1, "tell the second agent alone: {knowing} of {}", prompts.len());

    let ended = sandbox.stop(SOON)?.context("see it end in time")?;
    ensure!(ended.success(), "end well: {ended}");
    unbroken("processes left by an end in a look-up", &named(&sandbox.leftovers()))
}

/// The living child of this name.
fn child_named(parent: u32, name: &str) -> Option<Seen> {
    let mut children = Snapshot::take().descendants(parent).into_iter();
    children.find(|child| child.parent == Some(parent) && child.name == name && !child.zombie)
}

/// An agent that reads of a restart in its conversation, or is talked into one, cannot carry it
/// out: no process of an agent is heard at the daemon's socket.
/// Incidents: 33.
fn no_agent_ends_the_daemon(case: &mut Case) -> anyhow::Result<()> {
    let program = case.programs.daemon()?;
    let sandbox = &mut case.sandbox;
    let daemon = sandbox.start()?;
    let orders = "for order in stop restart kill-sessions hold; do \
                  $PROGRAM $order >/dev/null 2>&1; echo $order=$?; done; echo asked";
    let home = sandbox.home();
    let tool = format!(
        "tool: export CLAUDE_ASSISTANT_HOME={} PROGRAM={}; {orders}",
        home.display(),
        program.display()
    );
    sandbox.drop_message(OWNER, &tool)?;
    let reply = wait_reply(sandbox, SOON, |reply| reply.text.contains("asked"))?;
    for order in ["stop", "restart", "kill-sessions", "hold"] {
        let refused = format!("{order}=77");
        ensure!(reply.text.contains(&refused), "see {refused}: {}", reply.text);
    }
    let status = status(sandbox)?;
    ensure!(status["pid"] == daemon.pid && status["held"] == false, "go on: {status}");
    ensure!(status["generation"] == daemon.generation, "go on in the same life: {status}");
    Ok(())
}

/// Ends of the agent, each for another reason.
const ENDS_OF_AGENT: usize = 6;

/// However an agent ends and comes back, there is never a second one beside it: two on one
/// conversation would both answer, and spoil it.
/// Incidents: 36.
fn no_chat_has_two_agents(case: &mut Case) -> anyhow::Result<()> {
    let Case { seed, sandbox, .. } = case;
    let daemon = sandbox.start()?.pid;
    let mut stream = Stream::new(1);
    let (over, most) = (AtomicBool::new(false), AtomicUsize::new(0));
    let agents = || {
        let children = Snapshot::take().descendants(daemon);
        let ours = |child: &&Seen| child.parent == Some(daemon) && child.name == "fake-claude";
        children.iter().filter(ours).filter(|child| !child.zombie).map(|child| child.pid).collect()
    };
    let ended = thread::scope(|scope| {
        scope.spawn(|| {
            let step = Duration::from_millis(5);
            while !wait_until(step, || over.load(Ordering::Relaxed)) {
                let now: Vec<u32> = agents();
                most.fetch_max(now.len(), Ordering::Relaxed);
            }
        });
        let ended = (0..ENDS_OF_AGENT).try_for_each(|_| {
            let before = stream.words();
            stream.send(sandbox, 0, Work::any(seed))?;
            let how = seed.below(4);
            if how == 0 {
                // Killed with one message again and again an agent is another story.
                wait_answers(sandbox, &before, SOON)?;
            }
            let moment = seed.between(Duration::ZERO, Duration::from_millis(150));
            sandbox.wait_replies(moment, |replies| before.len() < replies.len())?;
            match how {
                0 => {
                    let killed = agents().first().map(|&agent| signal(agent, Signal::KILL));
                    // It may have ended meanwhile.
                    drop(killed);
                }
                1 | 2 => drop(sandbox.cli(&["restart-session", "1"], SOON)?),
                _ => drop(sandbox.cli(&["kill-session", "1"], SOON)?),
            }
            anyhow::Ok(())
        });
        over.store(true, Ordering::Relaxed);
        ended
    });
    ended?;
    // What the last end cut off waits for another message.
    stream.send(sandbox, 0, Work::Quick)?;
    stream.settle(sandbox, Duration::from_mins(1))?;
    let most = most.into_inner();
    ensure!(0 < most, "see an agent at all");
    let wrong: Vec<String> =
        (1 < most).then(|| format!("{most} agents at once")).into_iter().collect();
    unbroken("agents of one chat", &wrong)
}
