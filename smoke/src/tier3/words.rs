//! What cases say to an agent, phrased so that the stand-in of the model and a real one both do it:
//! the stand-in obeys the first words, a real model the rest.

/// Answered with a text that has `word` in it.
pub(super) fn say(word: &str) -> String {
    format!("Reply with exactly this one word and nothing else: {word}")
}

/// Gives the agent something to know later; answered with anything.
pub(super) fn remember(word: &str) -> String {
    format!("Remember this word for later and reply with OK: {word}")
}

/// Answered with what [`remember`] gave.
pub(super) fn recall() -> String {
    "recall the word that you were asked to remember, and reply with it".to_owned()
}

/// Runs a command line, answered with its output. To the shell, the words for a real model are a
/// comment.
pub(super) fn run(command: &str) -> String {
    format!(
        "tool: {command} # run this whole command line with the Bash tool, in the foreground, and \
         reply with what it prints"
    )
}
