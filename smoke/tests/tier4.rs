//! Runs the cases of tier 4: the daemon that runs.

fn main() -> std::process::ExitCode {
    smoke::tier4::run().into()
}
