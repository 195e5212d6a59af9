//! Tags: defusing what the agent program, or the model itself, takes for markup of its own.
//!
//! The program wraps what it adds to a conversation in tags (`<system-reminder>`,
//! `<local-command-stdout>`), and the model was trained on others. In a text
//! that people wrote, the `<` of such a tag becomes `‹`. Other markup stays as it is.

use std::borrow::Cow;

use super::fold::{Start, is_invisible, letter, sign};

/// What an opening bracket becomes.
const DEFUSED: &str = "‹";

/// Beginnings of tag names, without hyphens and underscores.
const PREFIXES: [&str; 28] = [
    "antml",
    "bashinput",
    "bashstderr",
    "bashstdout",
    "channelmessage",
    "commandargs",
    "commandcontents",
    "commandmessage",
    "commandname",
    "functioncall",
    "functionresult",
    "ideopenedfile",
    "ideselection",
    "localcommand",
    "newdiagnostics",
    "persistedoutput",
    "posttoolusehook",
    "sessionstarthook",
    "systemmessage",
    "systemnotification",
    "systemprompt",
    "systemreminder",
    "tasknotification",
    "teammatemessage",
    "toolcall",
    "toolresult",
    "tooluse",
    "userpromptsubmithook",
];

/// Whole tag names: words that also begin harmless placeholders (`<username>`).
const WORDS: [&str; 11] = [
    "admin",
    "assistant",
    "developer",
    "function",
    "human",
    "invoke",
    "parameter",
    "system",
    "thinking",
    "tick",
    "user",
];

/// Letters to know a tag by: the longest name above, and one to see that it ended.
const NAME_LETTERS: usize = 21;

/// `text` with the opening brackets of such tags replaced; borrowed if there are none.
pub(super) fn defuse(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    for (at, bracket) in text.char_indices().filter(|&(_, c)| sign(c) == Some('<')) {
        let after = at + bracket.len_utf8();
        if is_tag(&text[after..]) {
            out.push_str(&text[copied..at]);
            out.push_str(DEFUSED);
            copied = after;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Whether what follows a bracket makes it a tag. Reads no further than the next bracket, so that
/// a text full of brackets is read twice at most.
fn is_tag(rest: &str) -> bool {
    let mut rest = rest.chars().take_while(|&c| sign(c) != Some('<') && c != '>').peekable();
    while rest.next_if(|&c| is_invisible(c) || sign(c) == Some('/')).is_some() {}
    if matches!(rest.peek(), Some('|' | '｜')) {
        return true;
    }
    // A space ends a name; hyphens, colons and what is invisible do not.
    let name = rest.take_while(|c| !c.is_whitespace()).filter_map(letter);
    let name = Start::<NAME_LETTERS>::of(name);
    PREFIXES.iter().any(|prefix| name.begins(prefix)) || WORDS.iter().any(|word| name.is(word))
}
