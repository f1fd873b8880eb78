//! A vault for one machine: the key is a file that only its owner can read.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use aws_lc_rs::rand;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox};
use sync_core::ids::UserId;
use sync_core::link::{SealedTokens, Tokens};
use sync_core::ports::{TokenVault, VaultError};
use sync_core::sign_in::{PendingSignIn, SealedSignIn, SignInVault};

use super::envelope::{self, Closed, Envelope, KEY_BYTES, KeyKind};

/// [`TokenVault`] with a key from a file.
pub struct KeyFileVault {
    key: SecretBox<[u8; KEY_BYTES]>,
}

impl std::fmt::Debug for KeyFileVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyFileVault")
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file could not be read or made.
    #[error("the key file could not be read or made")]
    Io(#[from] io::Error),
    /// The file is no key: without the right one no tokens open, so it is not replaced.
    #[error("the key file does not hold a key of {KEY_BYTES} bytes")]
    NotAKey,
    /// Others may read the file.
    #[error("the key file can be read by others than its owner (mode {mode:o}); set its mode to 600")]
    Exposed {
        /// Its mode.
        mode: u32,
    },
    /// No randomness.
    #[error("no random key could be made")]
    NoRandomness,
}

impl KeyFileVault {
    /// Reads the key file, or makes one with mode 600 if there is none. Two that make it at once end with one key.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn open_or_create(path: &Path) -> Result<Self, KeyFileError> {
        match read_key(path) {
            Err(KeyFileError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                create_key(path)?;
                read_key(path)
            }
            read => read,
        }
        .map(|key| Self { key })
    }
}

fn read_key(path: &Path) -> Result<SecretBox<[u8; KEY_BYTES]>, KeyFileError> {
    let file = fs::File::open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata()?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Exposed { mode });
        }
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_BYTES + 1));
    io::Read::read_to_end(&mut io::Read::take(file, KEY_BYTES as u64 + 1), &mut bytes)?;
    let key: [u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| KeyFileError::NotAKey)?;
    Ok(SecretBox::new(Box::new(key)))
}

/// The key is written aside and then given its name, so that nobody ever reads half of it.
fn create_key(path: &Path) -> Result<(), KeyFileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder)?;
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    rand::fill(&mut *key).map_err(|_| KeyFileError::NoRandomness)?;
    // Made with mode 600.
    let mut aside = tempfile::NamedTempFile::new_in(folder)?;
    aside.write_all(&*key)?;
    aside.as_file().sync_all()?;
    match aside.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error.into()),
    }
}

impl TokenVault for KeyFileVault {
    async fn seal(&self, user: &UserId, tokens: &Tokens) -> Result<SealedTokens, VaultError> {
        envelope::seal(self.key.expose_secret(), KeyKind::File, user, tokens)
            .map_err(|source| VaultError::Unavailable(source.into()))
    }

    async fn reseal(
        &self,
        user: &UserId,
        replaced: &SealedTokens,
        tokens: &Tokens,
    ) -> Result<SealedTokens, VaultError> {
        self.open(user, replaced).await?;
        self.seal(user, tokens).await
    }

    async fn open(&self, user: &UserId, sealed: &SealedTokens) -> Result<Tokens, VaultError> {
        let opened = read(&sealed.0).and_then(|envelope| envelope.open(self.key.expose_secret(), user));
        opened.map_err(|source| VaultError::Unreadable(source.into()))
    }
}

/// An envelope that this kind of key opens.
fn read(sealed: &str) -> Result<Envelope, Closed> {
    envelope::read(sealed).and_then(|envelope| match envelope.key {
        KeyKind::File => Ok(envelope),
        KeyKind::Kms { .. } => Err(Closed::OtherKey),
    })
}

impl SignInVault for KeyFileVault {
    async fn seal_sign_in(&self, user: &UserId, pending: &PendingSignIn) -> Result<SealedSignIn, VaultError> {
        envelope::seal_sign_in(self.key.expose_secret(), KeyKind::File, user, pending)
            .map_err(|source| VaultError::Unavailable(source.into()))
    }

    async fn open_sign_in(&self, user: &UserId, sealed: &SealedSignIn) -> Result<PendingSignIn, VaultError> {
        let opened =
            read(&sealed.0).and_then(|envelope| envelope.open_sign_in(self.key.expose_secret(), user));
        opened.map_err(|source| VaultError::Unreadable(source.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/tokens.key");
        KeyFileVault::open_or_create(&path).unwrap();
        let key = fs::read(&path).unwrap();
        assert_eq!(key.len(), KEY_BYTES);
        KeyFileVault::open_or_create(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(
                KeyFileVault::open_or_create(&path),
                Err(KeyFileError::Exposed { mode: 0o644 })
            ));
        }
    }

    #[test]
    fn a_damaged_key_file_is_refused_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.key");
        KeyFileVault::open_or_create(&path).unwrap();
        for content in [&b""[..], &[1; 31], &[1; 33]] {
            fs::write(&path, content).unwrap();
            assert!(matches!(KeyFileVault::open_or_create(&path), Err(KeyFileError::NotAKey)));
            assert_eq!(fs::read(&path).unwrap(), content);
        }
    }
}
