//! What a slot says of itself: which commit it was built of, the hash of each program, and which
//! databases it can read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::SlotName;
use crate::store::Schema;

/// What stands in `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The slot's own name.
    pub name: SlotName,
    /// The commit it was built of, where that is known: 40 hexadecimal digits.
    pub commit: Option<String>,
    /// The program's version.
    pub version: String,
    /// When it was built (RFC 3339, UTC).
    pub built_at: String,
    /// The SHA-256 of each program, by its name in `bin`.
    pub programs: BTreeMap<String, String>,
    /// What it makes of a database.
    pub schema: Schema,
    /// The checks it has passed, where it has been through the gate.
    #[serde(default)]
    pub gate: Option<Gate>,
}

/// What the gate said of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gate {
    /// The tree that was checked.
    pub tree: String,
    /// The test tiers that passed.
    pub tiers: Vec<u8>,
    /// When (RFC 3339, UTC).
    pub passed_at: String,
}

impl Manifest {
    /// That of the program that runs this, with no program in it yet.
    pub(super) fn of_this_build(name: SlotName, commit: Option<&str>) -> Self {
        Self {
            name,
            commit: commit.map(ToOwned::to_owned),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            built_at: super::now(),
            programs: BTreeMap::new(),
            schema: Schema::OF_THIS_PROGRAM,
            gate: None,
        }
    }
}

/// The SHA-256 of a file, in hexadecimal digits.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn hash_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut part = vec![0; 64 << 10];
    loop {
        match file.read(&mut part) {
            Ok(0) => break,
            Ok(bytes) => hash.update(&part[..bytes]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let digits = |byte: &u8| {
        [byte >> 4, byte & 0xf].map(|half| char::from(b"0123456789abcdef"[usize::from(half)]))
    };
    Ok(hash.finalize().iter().flat_map(digits).collect())
}
