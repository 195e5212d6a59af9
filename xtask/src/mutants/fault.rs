//! A fault in the copy, and its way out again.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;

use super::list::Mutant;
use crate::checkout::Checkout;

/// A fault in the copy, until this is dropped.
#[derive(Debug)]
pub(super) struct Applied {
    path: PathBuf,
    original: String,
}

/// Puts a fault in.
pub(super) fn apply(checkout: &Checkout, mutant: &Mutant) -> anyhow::Result<Applied> {
    let path = checkout.root().join(&mutant.file);
    let original = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let faulty = mutant
        .applied_to(&original)
        .with_context(|| format!("find the text of {} in {}", mutant.name, mutant.file))?;
    fs::write(&path, faulty).with_context(|| format!("write {}", path.display()))?;
    Ok(Applied { path, original })
}

impl Drop for Applied {
    fn drop(&mut self) {
        // What is left after a failure here, the next run takes away before it begins.
        drop(fs::write(&self.path, &self.original));
    }
}

#[cfg(test)]
mod tests;
