use super::*;

#[test]
fn a_bench_finds_the_programs_one_folder_up() {
    let target = tempfile::tempdir().unwrap();
    let release = target.path().join("release");
    let bench = release.join("deps/end_to_end-0123");
    std::fs::create_dir_all(bench.parent().unwrap()).unwrap();
    std::fs::write(release.join("claude-assistant"), "").unwrap();

    let missing = Programs::beside(&bench).unwrap_err();
    assert_eq!(missing.path, release.join("fake-claude"));
    assert!(missing.to_string().contains("cargo build --release"), "{missing}");

    std::fs::write(release.join("fake-claude"), "").unwrap();
    let found = Programs::beside(&bench).unwrap();
    assert_eq!(found.daemon, release.join("claude-assistant"));
    assert_eq!(Programs::beside(&release.join("worker")), Ok(found));
}
