//! The machine as a name: what it is, not whose.
//!
//! Two machines with the same name have references in common. So the name holds what times depend
//! on most (system, architecture, cores, processor), and nothing that tells one owner from another.

use sysinfo::{CpuRefreshKind, RefreshKind, System};

use super::report::BenchMachine;
use crate::report::Machine;

/// Words in a processor's name that say nothing, as each has them.
const EMPTY_WORDS: &[&str] = &["cpu", "processor", "r", "tm", "with"];

impl BenchMachine {
    /// This one.
    pub fn here() -> Self {
        let (machine, cpu) = (Machine::here(), processor());
        Self { id: id(&machine, &cpu), machine, cpu }
    }
}

/// The name of the first processor; empty where the system does not tell.
fn processor() -> String {
    let kind = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    let Ok(system) = System::new_with_specifics(kind) else { return String::new() };
    system.cpus().first().map_or("", sysinfo::Cpu::brand).trim().to_owned()
}

/// `linux-x86_64-2-intel-xeon-2-20ghz`: a file name on every system.
fn id(machine: &Machine, cpu: &str) -> String {
    let Machine { os, arch, cores } = machine;
    format!("{os}-{arch}-{cores}-{}", slug(cpu))
}

/// `Intel(R) Xeon(R) CPU @ 2.20GHz` as `intel-xeon-2-20ghz`.
fn slug(cpu: &str) -> String {
    let lower = cpu.to_ascii_lowercase();
    let words = lower.split(|character: char| !character.is_ascii_alphanumeric());
    let words: Vec<&str> =
        words.filter(|word| !word.is_empty() && !EMPTY_WORDS.contains(word)).collect();
    if words.is_empty() { "unknown".to_owned() } else { words.join("-") }
}

#[cfg(test)]
mod tests;
