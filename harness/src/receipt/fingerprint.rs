//! Hashes of files: the lock file, and the programs that take part.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use sha2::{Digest, Sha256};

/// How much of a file is held in memory at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// SHA-256 of the file at `path`, in hexadecimal digits; the error names the file.
pub fn sha256(path: &std::path::Path) -> io::Result<String> {
    hash(path)
        .map_err(|error| io::Error::new(error.kind(), format!("hash {}: {error}", path.display())))
}

/// The same for programs, by the name of their file. Two of one name are told apart by number.
pub fn binaries(paths: impl IntoIterator<Item = PathBuf>) -> io::Result<BTreeMap<String, String>> {
    let mut hashes = BTreeMap::new();
    for path in paths {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let mut unique = name.clone();
        let mut number = 1;
        while hashes.contains_key(&unique) {
            number += 1;
            unique = format!("{name} {number}");
        }
        hashes.insert(unique, sha256(&path)?);
    }
    Ok(hashes)
}

fn hash(path: &std::path::Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece)? {
            0 => break,
            length => hasher.update(&piece[..length]),
        }
    }
    let mut digits = String::new();
    for byte in hasher.finalize() {
        write!(digits, "{byte:02x}").expect("a string takes every digit");
    }
    Ok(digits)
}
