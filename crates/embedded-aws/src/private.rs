//! The files of the database: for their owner alone.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// What SQLite adds to the name of a database for the files that it keeps beside it.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Makes the database file before SQLite does, and takes from one that is there what others may. SQLite gives what it
/// makes beside a database the mode that the database has.
pub(crate) fn make(database: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(database)?);
    close(database)?;
    for suffix in BESIDE {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        match close(&PathBuf::from(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(unix)]
fn close(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let mut permissions = fs::metadata(file)?.permissions();
    if permissions.mode() & 0o077 == 0 {
        return Ok(());
    }
    permissions.set_mode(0o600);
    fs::set_permissions(file, permissions)
}

#[cfg(not(unix))]
fn close(file: &Path) -> io::Result<()> {
    fs::metadata(file).map(drop)
}
