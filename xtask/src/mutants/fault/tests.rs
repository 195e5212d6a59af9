//! On a repository of its own, in a temporary directory.

use super::*;
use crate::checkout::tests::{FILE, TEXT, begin, text};
use crate::mutants::list::parse;

fn mutant() -> Mutant {
    let entry = format!(
        "[[mutant]]\nname = \"a\"\nfile = \"{FILE}\"\nfind = \"<\"\nreplace = \"<=\"\n\
         fault = \"b.\"\nkilled_by = \"claude-assistant a::tests::b\"\n"
    );
    parse(&entry).unwrap().remove(0)
}

#[test]
fn a_fault_is_in_the_copy_alone_and_only_for_a_while() {
    let (repository, place) = begin();
    let checkout = Checkout::of_head(repository.path(), place.path()).unwrap();
    let applied = apply(&checkout, &mutant()).unwrap();
    assert_eq!(text(checkout.root()), "one <= two\n");
    assert_eq!(text(repository.path()), TEXT);
    drop(applied);
    assert_eq!(text(checkout.root()), TEXT);
}

/// As a run leaves it that was killed.
#[test]
fn a_fault_that_was_left_is_taken_out() {
    let (repository, place) = begin();
    let checkout = Checkout::of_head(repository.path(), place.path()).unwrap();
    std::mem::forget(apply(&checkout, &mutant()).unwrap());
    checkout.restore().unwrap();
    assert_eq!(text(checkout.root()), TEXT);
}
