//! What a program is started with; that it then runs is tried by the contracts.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::{Launch, Manners, Session};
use super::Pipes;

fn launch(manners: Manners) -> Launch {
    Launch {
        contract: "C01",
        run: 0,
        session: Session::New("c0".to_owned()),
        serves_tools: false,
        in_pieces: false,
        retries: 0,
        manners,
    }
}

/// The variables that a program behind these pipes gets.
fn environment(pipes: &Pipes, manners: Manners) -> BTreeMap<String, String> {
    let command = pipes.command(&launch(manners));
    let text = |value: &std::ffi::OsStr| value.to_str().expect("it is text").to_owned();
    let set = command.as_std().get_envs();
    set.filter_map(|(name, value)| Some((text(name), text(value?)))).collect()
}

fn pipes() -> Pipes {
    Pipes::new(Path::new("/nowhere")).expect("a home is made")
}

#[test]
fn a_program_carries_the_mark_of_its_case() {
    let marked = pipes().marked("CASE_MARK=a=b").expect("it is a mark");
    let found = environment(&marked, Manners::Proper);
    assert_eq!(found.get("CASE_MARK").map(String::as_str), Some("a=b"));
    let told = pipes().marked("CASE_MARK").expect_err("it has no value").to_string();
    assert_eq!(told, "read a mark: it has no value");
}

#[test]
fn a_program_is_strict_where_the_host_is_good() {
    let pipes = pipes().strict_by("STRICT");
    assert!(environment(&pipes, Manners::Proper).contains_key("STRICT"));
    assert!(!environment(&pipes, Manners::Odd).contains_key("STRICT"));
}
