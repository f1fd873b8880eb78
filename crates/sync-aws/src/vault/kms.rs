//! The vault of the cloud: each link has a data key of its own, which KMS gives out again only for the same owner.

use std::collections::HashMap;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use secrecy::zeroize::Zeroizing;
use sync_core::ids::UserId;
use sync_core::link::{SealedTokens, Tokens};
use sync_core::ports::{TokenVault, VaultError};
use sync_core::sign_in::{PendingSignIn, SealedSignIn, SignInVault};

use super::envelope::{self, Closed, Envelope, KeyKind};
use crate::attributes::PROVIDER;
use crate::failure::AwsFailure;

/// [`TokenVault`] with KMS data keys. The user id and the provider are the encryption context, so that an audit of the
/// key shows whose tokens were opened, and a policy can speak of them.
#[derive(Clone, Debug)]
pub struct KmsVault {
    client: Client,
    key_id: String,
}

impl KmsVault {
    /// A vault with this KMS key.
    #[must_use]
    pub fn new(client: Client, key_id: impl Into<String>) -> Self {
        Self { client, key_id: key_id.into() }
    }
}

fn context(user: &UserId) -> HashMap<String, String> {
    HashMap::from([("user_id".to_owned(), user.to_string()), ("provider".to_owned(), PROVIDER.to_owned())])
}

fn no_key(operation: &'static str) -> VaultError {
    VaultError::Unavailable(Box::new(AwsFailure::new(operation, "the answer holds no key")))
}

/// The clear key of an answer, wiped from memory when dropped.
fn clear_key(plaintext: Option<Blob>) -> Option<Zeroizing<Vec<u8>>> {
    plaintext.map(|blob| Zeroizing::new(blob.into_inner()))
}

impl KmsVault {
    /// A new data key: clear, and as KMS wraps it.
    async fn new_key(&self, user: &UserId) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), VaultError> {
        let made = self
            .client
            .generate_data_key()
            .key_id(&self.key_id)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(Some(context(user)))
            .send()
            .await
            .map_err(|error| VaultError::Unavailable(Box::new(AwsFailure::of("GenerateDataKey", error))))?;
        let key = clear_key(made.plaintext).ok_or_else(|| no_key("GenerateDataKey"))?;
        let data_key = made.ciphertext_blob.ok_or_else(|| no_key("GenerateDataKey"))?.into_inner();
        Ok((key, data_key))
    }

    /// An envelope, still closed, and the data key that opens it.
    async fn unwrap(
        &self,
        user: &UserId,
        sealed: &str,
    ) -> Result<(Envelope, Zeroizing<Vec<u8>>), VaultError> {
        let unreadable = |source: Closed| VaultError::Unreadable(source.into());
        let envelope = envelope::read(sealed).map_err(unreadable)?;
        let KeyKind::Kms { data_key } = &envelope.key else {
            return Err(unreadable(Closed::OtherKey));
        };
        let decrypted = self
            .client
            .decrypt()
            .key_id(&self.key_id)
            .ciphertext_blob(Blob::new(data_key.clone()))
            .set_encryption_context(Some(context(user)))
            .send()
            .await
            .map_err(|error| {
                // What KMS says to a context or a ciphertext that is not theirs.
                let not_theirs =
                    matches!(error.code(), Some("InvalidCiphertextException" | "IncorrectKeyException"));
                let failure = Box::new(AwsFailure::of("Decrypt", error));
                if not_theirs { VaultError::Unreadable(failure) } else { VaultError::Unavailable(failure) }
            })?;
        let key = clear_key(decrypted.plaintext).ok_or_else(|| no_key("Decrypt"))?;
        Ok((envelope, key))
    }
}

impl TokenVault for KmsVault {
    async fn seal(&self, user: &UserId, tokens: &Tokens) -> Result<SealedTokens, VaultError> {
        let (key, data_key) = self.new_key(user).await?;
        envelope::seal(&key, KeyKind::Kms { data_key }, user, tokens)
            .map_err(|source| VaultError::Unavailable(source.into()))
    }

    async fn reseal(
        &self,
        user: &UserId,
        replaced: &SealedTokens,
        tokens: &Tokens,
    ) -> Result<SealedTokens, VaultError> {
        let (envelope, key) = self.unwrap(user, &replaced.0).await?;
        envelope::seal(&key, envelope.key, user, tokens)
            .map_err(|source| VaultError::Unavailable(source.into()))
    }

    async fn open(&self, user: &UserId, sealed: &SealedTokens) -> Result<Tokens, VaultError> {
        let (envelope, key) = self.unwrap(user, &sealed.0).await?;
        envelope.open(&key, user).map_err(|source| VaultError::Unreadable(source.into()))
    }
}

impl SignInVault for KmsVault {
    async fn seal_sign_in(&self, user: &UserId, pending: &PendingSignIn) -> Result<SealedSignIn, VaultError> {
        let (key, data_key) = self.new_key(user).await?;
        envelope::seal_sign_in(&key, KeyKind::Kms { data_key }, user, pending)
            .map_err(|source| VaultError::Unavailable(source.into()))
    }

    async fn open_sign_in(&self, user: &UserId, sealed: &SealedSignIn) -> Result<PendingSignIn, VaultError> {
        let (envelope, key) = self.unwrap(user, &sealed.0).await?;
        envelope.open_sign_in(&key, user).map_err(|source| VaultError::Unreadable(source.into()))
    }
}
