//! What a build is compared with.
//!
//! ```text
//!  a revision was named ──────────────────────────────> that one
//!  the branch left origin/main, or else main, at a commit ──> that one
//!  it has not left it:   the tree is changed ──────────> HEAD
//!                        it is not ────────────────────> the commit before HEAD
//! ```

use std::path::Path;

use crate::checkout::ask;

/// Where work comes together, the first of these that there is.
const MAINS: [&str; 2] = ["origin/main", "main"];

/// What git says of the work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// The commit that is checked out.
    pub(super) head: String,
    /// Whether all files are as it has them.
    pub(super) clean: bool,
    /// The first parent of it.
    pub(super) parent: Option<String>,
    /// Where its branch left the one where work comes together, and what that is called.
    pub(super) left: Option<(String, &'static str)>,
}

/// A commit to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    /// All its digits.
    pub(super) commit: String,
    /// Why this one, for people.
    pub(super) why: String,
}

/// A revision that git does not know.
#[derive(Debug, thiserror::Error)]
#[error("find the revision {0}")]
pub(super) struct NoSuchRevision(String);

impl Facts {
    /// Asks git. `clean` is known already.
    pub(super) fn of(root: &Path, clean: bool) -> anyhow::Result<Self> {
        let head = ask(root, &["rev-parse", "HEAD"])?;
        let parent = commit(root, "HEAD^1").ok();
        let left = MAINS.into_iter().find_map(|main| {
            commit(root, main).ok()?;
            Some((ask(root, &["merge-base", "HEAD", main]).ok()?, main))
        });
        Ok(Self { head, clean, parent, left })
    }
}

/// The base of this tree; `None` where there is no older commit.
pub(super) fn choose(facts: &Facts) -> Option<Base> {
    match &facts.left {
        Some((commit, main)) if *commit != facts.head => {
            Some(Base { commit: commit.clone(), why: format!("where this branch left {main}") })
        }
        _ if !facts.clean => {
            Some(Base { commit: facts.head.clone(), why: "what was committed last".to_owned() })
        }
        _ => {
            let why = "the commit before this one".to_owned();
            facts.parent.clone().map(|commit| Base { commit, why })
        }
    }
}

/// All digits of the commit that `revision` names.
pub(super) fn commit(root: &Path, revision: &str) -> Result<String, NoSuchRevision> {
    let named = format!("{revision}^{{commit}}");
    // Not an option, whatever it begins with.
    ask(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &named])
        .map_err(|_| NoSuchRevision(revision.to_owned()))
}

#[cfg(test)]
mod tests;
