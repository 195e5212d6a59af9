//! The chat of `try`: lines become test messages, replies are shown with the time they took.
//!
//! At a terminal replies appear whenever they come. With piped input each message waits for its
//! reply, so that a script reads like a conversation. A message that the assistant gave up is told,
//! and a person who waits long is told where to look.

mod waiting;

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use harness::sandbox::Sandbox;
use harness::wait::{STEP, wait_until};

use self::waiting::{Loss, Waiting};
use super::AgentChoice;

/// How long a piped message may wait for its reply.
const REPLY_LIMIT: Duration = Duration::from_mins(2);

/// How long a command of the chat may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// What to say about the commands.
const HELP: &str = concat!(
    "  /sessions  who talks with the assistant now\n",
    "  /status    how the assistant is\n",
    "  /log       the last lines of its log\n",
    "  /help      this\n",
    "  /quit      end (as Ctrl-D)",
);

/// What the stand-in does on demand; the real program takes these for mere words.
const HELP_FAKE: &str = concat!(
    "the stand-in also does this on demand, as a message:\n",
    "  recall             tell what was said before\n",
    "  tool: CMD          run a command; bg: CMD in the background\n",
    "  call: NAME {json}  call any tool\n",
    "  slow N MS          write N pieces, one every MS milliseconds\n",
    "  error CODE [xN]    fail with that status, every time or N times\n",
    "  drop               lose the connection once\n",
    "  hang               never answer\n",
    "  silent [always]    end the turn without a reply\n",
    "  big N              reply with N bytes",
);

/// What comes in from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// A line that was typed.
    Line(String),
    /// Nothing more will be typed.
    End,
}

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Talk {
    /// A person.
    Interactive,
    /// A pipe or a file.
    Piped,
}

/// How the chat ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// As the user wanted.
    ByUser,
    /// A piped message had no reply in time.
    Unanswered,
    /// The daemon ended by itself.
    DaemonGone,
}

/// The chat.
pub(super) struct Chat<'a, Out> {
    sandbox: &'a mut Sandbox,
    from: &'a str,
    agent: AgentChoice,
    talk: Talk,
    out: Out,
    shown: BTreeSet<u64>,
    waiting: Waiting,
    lost: Vec<Loss>,
}

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked<'a> {
    Nothing,
    Help,
    Quit,
    Cli(&'static [&'static str]),
    Unknown(&'a str),
    Message(&'a str),
}

impl<'a, Out: Write> Chat<'a, Out> {
    pub(super) fn new(
        sandbox: &'a mut Sandbox,
        from: &'a str,
        agent: AgentChoice,
        talk: Talk,
        out: Out,
    ) -> Self {
        let (shown, waiting, lost) = (BTreeSet::new(), Waiting::default(), Vec::new());
        Self { sandbox, from, agent, talk, out, shown, waiting, lost }
    }

    /// Talks until an end; `interrupted` becomes true with Ctrl-C.
    pub(super) fn run(
        mut self,
        inputs: &Receiver<Input>,
        interrupted: &AtomicBool,
    ) -> anyhow::Result<Ended> {
        writeln!(self.out, "type a message; /help shows the commands")?;
        self.prompt()?;
        loop {
            if interrupted.load(Ordering::Relaxed) {
                return self.end_line(Ended::ByUser);
            }
            match inputs.recv_timeout(STEP) {
                Ok(Input::Line(line)) => {
                    if self.take_up(&line)? == Asked::Quit {
                        return Ok(Ended::ByUser);
                    }
                }
                Ok(Input::End) | Err(RecvTimeoutError::Disconnected) => {
                    return self.end_line(Ended::ByUser);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.talk == Talk::Piped && !self.wait_reply(interrupted) {
                writeln!(self.out, "no reply within {REPLY_LIMIT:?}")?;
                return Ok(Ended::Unanswered);
            }
            self.show_replies()?;
            self.show_losses()?;
            self.show_late()?;
            if let Some(status) = self.sandbox.wait_end(Duration::ZERO)? {
                writeln!(self.out, "\nthe assistant ended by itself ({status}):")?;
                writeln!(self.out, "{}", self.sandbox.daemon_stderr())?;
                return Ok(Ended::DaemonGone);
            }
        }
    }

    /// Leaves the line of the prompt.
    fn end_line(&mut self, ended: Ended) -> anyhow::Result<Ended> {
        writeln!(self.out)?;
        Ok(ended)
    }

    /// Waits for as many new replies as messages wait for one, or until one is given up; false when
    /// that took too long.
    fn wait_reply(&mut self, interrupted: &AtomicBool) -> bool {
        let wanted = self.shown.len() + self.waiting.len();
        let Self { sandbox, waiting, lost, .. } = self;
        wait_until(REPLY_LIMIT, || {
            lost.extend(waiting.new_losses(sandbox));
            interrupted.load(Ordering::Relaxed)
                || sandbox.replies().map_or(true, |replies| wanted <= replies.len())
                || !lost.is_empty()
                || !sandbox.is_running()
        })
    }

    fn help(&mut self) -> anyhow::Result<()> {
        writeln!(self.out, "{HELP}")?;
        let directory = self.sandbox.messages_dir();
        writeln!(self.out, "a JSON file in {} is a message as well", directory.display())?;
        if self.agent == AgentChoice::Fake {
            writeln!(self.out, "{HELP_FAKE}")?;
        }
        Ok(())
    }

    fn take_up<'line>(&mut self, line: &'line str) -> anyhow::Result<Asked<'line>> {
        if self.talk == Talk::Piped {
            writeln!(self.out, "{line}")?;
        }
        let asked = asked(line);
        match &asked {
            Asked::Nothing | Asked::Quit => {}
            Asked::Help => self.help()?,
            Asked::Unknown(command) => writeln!(self.out, "no such command: {command}\n{HELP}")?,
            Asked::Cli(arguments) => match self.sandbox.cli(arguments, COMMAND_LIMIT) {
                Ok(said) => write!(self.out, "{}{}", said.stdout, said.stderr)?,
                Err(error) => writeln!(self.out, "failed to {error}")?,
            },
            Asked::Message(text) => {
                self.sandbox.drop_message(self.from, text)?;
                self.waiting.push(Instant::now());
                // A person sees the cursor; the next prompt comes with the reply.
                return Ok(asked);
            }
        }
        if asked != Asked::Quit {
            self.prompt()?;
        }
        Ok(asked)
    }

    fn show_replies(&mut self) -> anyhow::Result<()> {
        for reply in self.sandbox.replies()? {
            if !self.shown.insert(reply.row) {
                continue;
            }
            let took = self
                .waiting
                .settle()
                .map_or_else(String::new, |sent| format!("  ({})", span(sent.elapsed())));
            writeln!(self.out, "\rassistant> {}{took}", reply.text)?;
            for attachment in &reply.attachments {
                writeln!(self.out, "           + {attachment}")?;
            }
            self.prompt()?;
        }
        Ok(())
    }

    fn show_losses(&mut self) -> anyhow::Result<()> {
        self.lost.extend(self.waiting.new_losses(self.sandbox));
        for loss in std::mem::take(&mut self.lost) {
            self.waiting.settle();
            let reason = loss.reason;
            writeln!(self.out, "\rno reply will come, the message was given up: {reason}")?;
            self.prompt()?;
        }
        Ok(())
    }

    fn show_late(&mut self) -> anyhow::Result<()> {
        if let Some(waited) = self.waiting.newly_late(Instant::now()) {
            let waited = waited.as_secs();
            writeln!(self.out, "\rno reply for {waited} s; /status and /log may say why")?;
            self.prompt()?;
        }
        Ok(())
    }

    fn prompt(&mut self) -> anyhow::Result<()> {
        write!(self.out, "you> ")?;
        self.out.flush()?;
        Ok(())
    }
}

fn asked(line: &str) -> Asked<'_> {
    match line.trim() {
        "" => Asked::Nothing,
        "/help" => Asked::Help,
        "/quit" => Asked::Quit,
        "/sessions" => Asked::Cli(&["sessions"]),
        "/status" => Asked::Cli(&["status"]),
        "/log" => Asked::Cli(&["logs", "-n", "20"]),
        command if command.starts_with('/') && !command.contains(' ') => Asked::Unknown(command),
        text => Asked::Message(text),
    }
}

/// A span as a person reads it.
fn span(span: Duration) -> String {
    if span < Duration::from_secs(1) {
        format!("{} ms", span.as_millis())
    } else {
        format!("{:.1} s", span.as_secs_f64())
    }
}

#[cfg(test)]
mod tests;
