//! Memory of processes that share some of it: a page that three of them map counts a third for each.
//!
//! Resident memory counts such a page for everyone, so the sum over twenty agents of one program says
//! more than they take. Linux tells the other number in `/proc/PID/smaps_rollup`; elsewhere there
//! is none.

/// Memory of the process in bytes, with what is shared divided among those who share it; `None`
/// where the system does not tell.
pub fn pss_bytes(pid: u32) -> Option<u64> {
    of_rollup(&std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?)
}

/// The line `Pss:   1234 kB`; the kernel means units of 1024 bytes.
fn of_rollup(text: &str) -> Option<u64> {
    let mut words = text.lines().find_map(|line| line.strip_prefix("Pss:"))?.split_whitespace();
    let count: u64 = words.next()?.parse().ok()?;
    (words.next() == Some("kB")).then(|| count.checked_mul(1024)).flatten()
}

#[cfg(test)]
mod tests;
