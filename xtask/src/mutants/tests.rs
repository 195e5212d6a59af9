use std::path::Path;

/// The top of the workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the manifest lies below the top")
}

#[test]
fn every_fault_of_the_list_can_be_put_into_the_tree() {
    let none: [String; 0] = [];
    assert_eq!(super::problems(root()), none);
}

#[test]
fn the_table_names_every_fault() {
    let table = super::markdown(root()).unwrap();
    let mutants = super::list::read(&root().join(super::LIST)).unwrap();
    assert_eq!(table.lines().count(), mutants.len() + 2);
}
