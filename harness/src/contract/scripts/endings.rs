//! The end of stdin and of the process, at every moment.

use anyhow::ensure;

use crate::contract::frames::{asks, field, is_init, is_result, is_tool_result, same, tool_text};
use crate::contract::peer::{Exit, Signal};
use crate::contract::play::Play;

pub(crate) async fn a_turn_outlives_stdin(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    host.tell("slow 10 100").await?;
    host.until("init", is_init).await?;
    let rest = host.leave().await?;
    let result = rest.one("result", is_result)?;
    field(result, "/is_error", false)?;
    field(result, "/terminal_reason", "completed")
}

pub(crate) async fn an_open_question_fails_with_stdin(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    host.tell("tool: touch pending").await?;
    host.until("a question", |frame| asks(frame, "can_use_tool")).await?;
    let rest = host.leave().await?;
    let back = rest.one("tool_result", is_tool_result)?;
    field(back, "/message/content/0/is_error", true)?;
    let words = tool_text(back);
    ensure!(words.contains("stream closed before response received"), "says why: {words}");
    let result = rest.one("result", is_result)?;
    field(result, "/is_error", false)?;
    field(result, "/permission_denials/0/tool_name", "Bash")
}

pub(crate) async fn a_task_outlives_stdin(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    host.converse("bg: sleep 1; echo late").await?;
    let rest = host.leave().await?;
    let result = rest.one("result of the task's end", is_result)?;
    field(result, "/origin/kind", "task-notification")
}

pub(crate) async fn a_termination_ends_it_at_once(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    host.tell("slow 100 100").await?;
    host.until("init", is_init).await?;
    host.signal(Signal::Terminate)?;
    let (said, exit) = host.rest().await?;
    said.none("result", is_result)?;
    same("its end", &exit, &Exit::code(143))
}
