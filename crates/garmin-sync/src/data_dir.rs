//! The data directory: everything that outlives the process, and the lock that keeps two servers apart.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use sync_core::Ids as _;
use sync_core::ports::RandomIds;

use crate::issuer::Issuer;

/// What nobody but the owner may be allowed to do, of a file's or a directory's mode.
const OTHERS: u32 = 0o077;

/// The files by one of which a directory is known for a data directory.
const KNOWN_BY: [&str; 4] = ["lock", "issuer.key", "token.key", "dynamodb.sqlite"];

/// Where a running server listens: the content of `endpoints.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// The gateway, as `http://…`.
    pub http: String,
    /// The embedded DynamoDB.
    pub dynamodb: String,
    /// The embedded SQS.
    pub sqs: String,
    /// The URL of the queue of incremental syncs: functions that run elsewhere are told it as `INCREMENTAL_QUEUE_URL`.
    pub incremental_queue: String,
    /// The URL of the queue of historical syncs, `HISTORICAL_QUEUE_URL`.
    pub historical_queue: String,
    /// The built-in simulator, if Garmin is that.
    pub simulator: Option<String>,
    /// The server's process.
    pub pid: u32,
}

impl Endpoints {
    /// The address of the gateway.
    ///
    /// # Errors
    /// When the file was written by something else.
    pub fn http_addr(&self) -> Result<SocketAddr> {
        let addr = self.http.strip_prefix("http://").unwrap_or_default();
        addr.parse().with_context(|| format!("{:?} is not the address of a server", self.http))
    }
}

/// A directory that is only the user's.
#[derive(Clone, Debug)]
pub struct DataDir {
    path: PathBuf,
}

/// The right to be the one server of a data directory, until it is dropped.
#[derive(Debug)]
pub struct DataDirLock {
    _file: File,
}

impl DataDir {
    /// Opens the directory, and makes it when there is none. One that others may look into is closed to them.
    ///
    /// # Errors
    /// When it cannot be made, is another user's, or is open to others and full of things that are not ours: closing it
    /// could take something away from them.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("the data directory {} cannot be made", path.display()))?;
        close_to_others(&path)?;
        Ok(Self { path })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file that holds the tables.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path.join("dynamodb.sqlite")
    }

    /// The file that holds the key of the tokens at rest.
    #[must_use]
    pub fn token_key(&self) -> PathBuf {
        self.path.join("token.key")
    }

    /// Takes the directory for this process. The operating system gives it back when the process ends, however it ends.
    ///
    /// # Errors
    /// When another process has it.
    pub fn lock(&self) -> Result<DataDirLock> {
        let path = self.path.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("{} cannot be opened", path.display()))?;
        // A look at the lock by another process holds it for a moment: one refusal is not the answer yet.
        for _ in 0..20 {
            match file.try_lock() {
                Ok(()) => return Ok(DataDirLock { _file: file }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(std::time::Duration::from_millis(10)),
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("{} cannot be locked", path.display()));
                }
            }
        }
        bail!("another garmin-sync uses {}: stop it, or take another --data", self.path.display())
    }

    /// Whether a server has the directory now.
    ///
    /// # Errors
    /// When the lock cannot be looked at.
    pub fn is_locked(&self) -> Result<bool> {
        let path = self.path.join("lock");
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be opened", path.display())),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", path.display()))
            }
        }
    }

    /// The development issuer of this directory; its key is made on first use.
    ///
    /// # Errors
    /// When the key can be neither read nor written.
    pub fn issuer(&self) -> Result<Issuer> {
        let path = self.path.join("issuer.key");
        let key = match fs::read(&path) {
            Ok(key) => key,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                match write_new(&path, &Issuer::generate_key()?) {
                    Ok(()) => {}
                    // Somebody made one between the look and the write: then that one is it.
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                    Err(error) => {
                        return Err(error).with_context(|| format!("{} cannot be written", path.display()));
                    }
                }
                fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?
            }
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        let mode = fs::metadata(&path).map_or(0, |file| file.permissions().mode() & 0o777);
        if mode & OTHERS != 0 {
            bail!(
                "{} can be read by others than its owner (mode {mode:o}); set its mode to 600",
                path.display()
            );
        }
        Issuer::from_key(&key)
    }

    /// Tells other processes where the server listens.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn publish(&self, endpoints: &Endpoints) -> Result<()> {
        let temporary = self.path.join(format!("endpoints.{}.tmp", endpoints.pid));
        // Only a killed process of the same number can have left one.
        drop(fs::remove_file(&temporary));
        let content = serde_json::to_vec_pretty(endpoints)?;
        new_private(&temporary)
            .and_then(|mut file| file.write_all(&content))
            .and_then(|()| fs::rename(&temporary, self.endpoints_file()))
            .with_context(|| format!("{} cannot be written", self.endpoints_file().display()))
    }

    /// Forgets where the server listened.
    pub fn unpublish(&self) {
        if let Err(error) = fs::remove_file(self.endpoints_file())
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "endpoints.json was not removed");
        }
    }

    /// Where the running server listens; none when none is running. The file alone proves nothing, since a killed server
    /// leaves it behind: the lock does.
    ///
    /// # Errors
    /// When the lock or the file cannot be read.
    pub fn running(&self) -> Result<Option<Endpoints>> {
        if !self.is_locked()? {
            return Ok(None);
        }
        match fs::read(self.endpoints_file()) {
            Ok(file) => Ok(Some(serde_json::from_slice(&file).context("endpoints.json is not readable")?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("endpoints.json is not readable"),
        }
    }

    fn endpoints_file(&self) -> PathBuf {
        self.path.join("endpoints.json")
    }
}

/// Makes sure that nobody else looks into a data directory.
fn close_to_others(path: &Path) -> Result<()> {
    let failed = || format!("the data directory {} cannot be looked at", path.display());
    let directory = fs::metadata(path).with_context(failed)?;
    if directory.uid() != own_id(path)? {
        bail!("the data directory {} is another user's: take another --data", path.display());
    }
    if directory.mode() & OTHERS == 0 {
        return Ok(());
    }
    let is_empty = fs::read_dir(path).with_context(failed)?.next().is_none();
    if !is_empty && !KNOWN_BY.iter().any(|name| path.join(name).exists()) {
        bail!(
            "{} is open to others and holds other things than ours: take a directory of its own as --data",
            path.display()
        );
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
        .with_context(|| format!("the data directory {} cannot be closed to others", path.display()))
}

/// Whose files this process makes: the standard library says it of a file only.
fn own_id(directory: &Path) -> Result<u32> {
    let probe = directory.join(format!("probe.{}.tmp", RandomIds.claim_token()));
    let file = new_private(&probe);
    let id = file.and_then(|file| file.metadata()).map(|file| file.uid());
    drop(fs::remove_file(&probe));
    id.with_context(|| format!("nothing can be written in the data directory {}", directory.display()))
}

/// A new file that only its owner can read.
fn new_private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Writes a file that only its owner can read, whole or not at all, unless there is one.
fn write_new(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = new_private(&temporary)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .and_then(|()| fs::hard_link(&temporary, path));
    drop(fs::remove_file(&temporary));
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn with_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn endpoints() -> Endpoints {
        Endpoints {
            http: "http://127.0.0.1:3000".to_owned(),
            dynamodb: "http://127.0.0.1:3001".to_owned(),
            sqs: "http://127.0.0.1:3002".to_owned(),
            incremental_queue: "http://127.0.0.1:3002/000000000000/incremental".to_owned(),
            historical_queue: "http://127.0.0.1:3002/000000000000/historical".to_owned(),
            simulator: None,
            pid: 7,
        }
    }

    #[test]
    fn two_servers_never_share_a_directory() {
        let temporary = tempfile::tempdir().unwrap();
        let first = DataDir::open(temporary.path().join("data")).unwrap();
        let second = DataDir::open(first.path()).unwrap();
        let lock = first.lock().unwrap();
        assert!(second.lock().is_err());
        assert!(second.is_locked().unwrap());
        drop(lock);
        assert!(!second.is_locked().unwrap());
        assert!(second.lock().is_ok());
    }

    #[test]
    fn what_a_killed_server_left_behind_is_not_taken_for_a_running_one() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = DataDir::open(temporary.path()).unwrap();
        directory.publish(&endpoints()).unwrap();
        assert_eq!(directory.running().unwrap(), None);
        let lock = directory.lock().unwrap();
        assert_eq!(directory.running().unwrap(), Some(endpoints()));
        directory.unpublish();
        assert_eq!(directory.running().unwrap(), None);
        drop(lock);
    }

    #[test]
    fn keys_are_made_once_and_are_only_their_owners() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = DataDir::open(temporary.path()).unwrap();
        let first = serde_json::to_value(directory.issuer().unwrap().key_set()).unwrap();
        assert_eq!(serde_json::to_value(directory.issuer().unwrap().key_set()).unwrap(), first);
        let key = temporary.path().join("issuer.key");
        assert_eq!(mode(&key), 0o600);
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 1);
        with_mode(&key, 0o640);
        assert!(directory.issuer().unwrap_err().to_string().contains("mode 640"));
    }

    #[test]
    fn where_the_server_listens_is_for_its_owner_alone() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = DataDir::open(temporary.path()).unwrap();
        let endpoints = endpoints();
        let left_behind = temporary.path().join(format!("endpoints.{}.tmp", endpoints.pid));
        fs::write(&left_behind, "").unwrap();
        directory.publish(&endpoints).unwrap();
        assert_eq!(mode(&directory.endpoints_file()), 0o600);
        assert!(!left_behind.exists());
    }

    #[test]
    fn an_open_directory_is_closed_if_it_is_ours_and_refused_if_it_is_not() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("data");
        DataDir::open(&path).unwrap().issuer().unwrap();
        assert_eq!(mode(&path), 0o700);
        with_mode(&path, 0o755);
        DataDir::open(&path).unwrap();
        assert_eq!(mode(&path), 0o700);

        let shared = temporary.path().join("shared");
        fs::create_dir(&shared).unwrap();
        with_mode(&shared, 0o755);
        fs::write(shared.join("theirs"), "").unwrap();
        assert!(DataDir::open(&shared).is_err());
        assert_eq!(mode(&shared), 0o755, "others may need it");
    }
}
