//! Garmin's tokens at rest: an AEAD under a key from a file or from KMS, with the owner bound into the ciphertext.

mod envelope;
mod key_file;
mod kms;

pub use key_file::{KeyFileError, KeyFileVault};
pub use kms::KmsVault;
