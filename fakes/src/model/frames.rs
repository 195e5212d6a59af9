//! Finds the words of people in what the agent is told.
//!
//! A message of a person stands in a frame: a first line `---SMS FROM ...---` (or of another name),
//! notes in brackets, a line `Chat ID: ...`, an optional quoted thread, the text, an optional list of
//! attachments, and a last line `---END ...---`. Text outside of any frame counts as one person's
//! text, unless the program wrote it itself.

/// A delimiter begins and ends with these.
const DASHES: &str = "---";

/// Returns the texts of the people in `told`, one for each frame, in order.
pub fn texts_of(told: &str) -> Vec<String> {
    let told = without_reminders(told);
    let mut texts = Vec::new();
    let mut frame: Option<Vec<&str>> = None;
    for line in told.lines() {
        match &mut frame {
            None if opens(line) => frame = Some(Vec::new()),
            None => {}
            Some(lines) if closes(line) => {
                texts.push(text_of_frame(lines));
                frame = None;
            }
            Some(lines) => lines.push(line),
        }
    }
    let bare = told.trim();
    let own_words = bare.starts_with("<task-notification>") || bare.starts_with("[Request interr");
    if texts.is_empty() && !bare.is_empty() && !own_words {
        texts.push(bare.to_owned());
    }
    texts
}

fn opens(line: &str) -> bool {
    2 * DASHES.len() < line.len() && line.starts_with(DASHES) && line.ends_with(DASHES)
}

fn closes(line: &str) -> bool {
    opens(line) && line[DASHES.len()..].starts_with("END ")
}

/// The text of a frame: what is neither its address, nor a note in brackets, nor the attachments.
fn text_of_frame(lines: &[&str]) -> String {
    let address = lines.iter().position(|line| line.starts_with("Chat ID:"));
    let mut text: Vec<&str> = Vec::new();
    let mut in_thread = false;
    for line in &lines[address.map_or(0, |at| at + 1)..] {
        if in_thread || (text.is_empty() && line.starts_with("[Reply thread")) {
            in_thread = !line.ends_with(']');
        } else if *line == "ATTACHMENTS:" {
            break;
        } else if !["[Redelivery", "[Your memory"].iter().any(|note| line.starts_with(note)) {
            text.push(line);
        }
    }
    text.join("\n").trim().to_owned()
}

/// Takes the program's own reminders out.
fn without_reminders(told: &str) -> String {
    const OPEN: &str = "<system-reminder>";
    const CLOSE: &str = "</system-reminder>";
    let mut kept = String::with_capacity(told.len());
    let mut rest = told;
    while let Some(start) = rest.find(OPEN) {
        let Some(length) = rest[start..].find(CLOSE) else { break };
        kept.push_str(&rest[..start]);
        rest = &rest[start + length + CLOSE.len()..];
    }
    kept.push_str(rest);
    kept
}
