//! The memory summary of a contact: what a configured command prints, within its time.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tracing::warn;

use crate::processes::adopted;

/// A look-up that takes longer than this is left out of the prompt.
pub(crate) const MEMORY_LOOKUP_MAX: Duration = Duration::from_secs(10);

/// More than this of a summary would crowd the prompt.
const SUMMARY_BYTES_MAX: u64 = 64 * 1024;

/// Asks the command for what is known of `contact`, which it gets as its last argument. Absence,
/// failure and slowness are no errors: the prompt then has no summary.
pub(crate) async fn summary(command: &[String], contact: &str) -> Option<String> {
    let (program, arguments) = command.split_first()?;
    let mut lookup = Command::new(program);
    lookup
        .args(arguments)
        .arg(contact)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    let mut own = adopted::spawn(&mut lookup)
        .inspect_err(|error| warn!(%error, "memory command not started"))
        .ok()?;
    let mut stdout = own.child.stdout.take()?.take(SUMMARY_BYTES_MAX);
    let mut printed = Vec::new();
    let reading = async {
        stdout.read_to_end(&mut printed).await?;
        own.child.wait().await
    };
    match tokio::time::timeout(MEMORY_LOOKUP_MAX, reading).await {
        Ok(Ok(status)) if status.success() => {
            let text = String::from_utf8_lossy(&printed).trim().to_owned();
            (!text.is_empty()).then_some(text)
        }
        Ok(Ok(status)) => {
            warn!(code = status.code(), "memory command failed");
            None
        }
        Ok(Err(error)) => {
            warn!(%error, "memory command not read");
            None
        }
        Err(_) => {
            warn!(limit_s = MEMORY_LOOKUP_MAX.as_secs(), "memory command too slow");
            None
        }
    }
}
