//! Runs the cases of tier 2: the daemon's binary with a stand-in of the agent program.

fn main() -> std::process::ExitCode {
    smoke::tier::run(harness::tier::Tier::RealBinaries, smoke::tier2::cases()).into()
}
