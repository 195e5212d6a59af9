//! Runs the cases of tier 3: the daemon's binary with the real agent program.

fn main() -> std::process::ExitCode {
    if let Some(code) = smoke::live::meter::serve_if_asked() {
        return code;
    }
    smoke::tier::run(harness::tier::Tier::RealAgent, smoke::tier3::cases()).into()
}
