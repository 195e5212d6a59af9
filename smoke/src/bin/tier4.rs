//! Runs the cases of tier 4, as a program that lies in a slot beside the daemon it looks at.

fn main() -> std::process::ExitCode {
    smoke::tier4::run().into()
}
