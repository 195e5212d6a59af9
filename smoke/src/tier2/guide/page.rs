//! The page as a list of commands, and a command as a list of words.

/// Every command of a page, each once, in its order: those in its blocks and those between backticks.
pub(super) fn commands(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in page.lines() {
        if let Some(fence) = line.strip_prefix("```") {
            in_block = !in_block && fence == "sh";
        } else if in_block {
            found.push(without_comment(line));
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    let begins = ["claude-assistant ", "cargo ", "echo "];
    found.retain(|command| begins.iter().any(|word| command.starts_with(word)));
    let mut seen = Vec::new();
    for command in found {
        if !seen.contains(&command) {
            seen.push(command);
        }
    }
    seen
}

fn without_comment(line: &str) -> String {
    line.split("  #").next().unwrap_or(line).trim().to_owned()
}

/// A command's words; quotation marks hold words together.
pub(super) fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in command.split('"').enumerate() {
        if number % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
