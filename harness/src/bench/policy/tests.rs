use std::path::PathBuf;

use super::Policy;

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../baselines/metrics.toml")
}

#[test]
fn the_policy_of_this_project_has_no_problem() {
    assert_eq!(Policy::read(&file()).unwrap().problems(), [""; 0]);
}
