//! `send`: a text to a chat, past the agent. Asked for once, it is sent once: each run has a key
//! of its own, under which a repeated request finds the first one.

use uuid::Uuid;

use super::print::Screen;
use super::{Place, inject, lookup};
use crate::config::args::Send;
use crate::control::protocol::{Answer, Request};
use crate::exit::Code;

pub(super) async fn send(place: &Place, send: Send, screen: &mut Screen) -> anyhow::Result<Code> {
    lookup::typed_chat(&send.chat)?;
    let chat = send.chat;
    let text = inject::checked(send.text)?;
    let key = format!("send:{}", Uuid::new_v4());
    match place.ask(Request::Send { chat, text, key }).await? {
        Answer::Queued { row, state } => screen.line(&format!("reply {row}: {state}"))?,
        _ => screen.line("queued")?,
    }
    Ok(Code::Done)
}
