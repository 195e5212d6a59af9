//! Where the programs that are measured lie in memory: drawn anew for each launch.
//!
//! The system keeps a file that was read once in the pages that it found for it then, and every process of
//! it shares them until somebody drops them. Two copies of one and the same program differed so by 11 % in
//! what it takes to end it, launch after launch, for minutes. That is neither build's merit: so each launch
//! has the files dropped and read again, and the difference is one of those between launches.

use std::fs::File;
use std::io;
use std::path::Path;

/// What a scenario starts again and again, or runs in.
const PROGRAMS: [&str; 3] = ["bench-probe", "claude-assistant", "fake-claude"];

/// Drops the programs beside `program` from memory and reads them again. What is not there is left out.
///
/// # Errors
/// When one that is there cannot be read.
pub(super) fn anew(program: &Path) -> io::Result<()> {
    let Some(folder) = program.parent() else { return Ok(()) };
    for name in PROGRAMS {
        match File::open(folder.join(name)) {
            Ok(file) => again(file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn again(mut file: File) -> io::Result<()> {
    // What was not written yet stays where it is.
    file.sync_data()?;
    drop_from_memory(&file)?;
    io::copy(&mut file, &mut io::sink()).map(drop)
}

#[cfg(target_os = "linux")]
fn drop_from_memory(file: &File) -> io::Result<()> {
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed).map_err(io::Error::from)
}

/// Elsewhere nobody can be asked to.
#[cfg(not(target_os = "linux"))]
fn drop_from_memory(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn programs_are_read_again_and_stay_as_they_are() {
        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("bench-probe");
        fs::write(&program, vec![7; 100_000]).unwrap();
        anew(&program).unwrap();
        assert_eq!(fs::read(&program).unwrap(), vec![7; 100_000]);
    }

    #[test]
    fn what_is_not_there_is_left_out_and_what_cannot_be_read_is_told() {
        let place = tempfile::tempdir().unwrap();
        anew(Path::new("sh")).unwrap();
        anew(&place.path().join("bench-probe")).unwrap();
        fs::create_dir(place.path().join("fake-claude")).unwrap();
        assert!(anew(&place.path().join("bench-probe")).is_err());
    }
}
