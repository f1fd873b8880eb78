//! A vault without a cipher, for tests in which only whose tokens they are matters.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sync_core::ids::UserId;
use sync_core::link::{SealedTokens, Tokens};
use sync_core::ports::{TokenVault, VaultError};
use sync_core::sign_in::{PendingSignIn, SealedSignIn, SignInVault};

use super::give_way;

/// [`TokenVault`] that hides nothing and opens for the owner alone.
#[derive(Clone, Debug, Default)]
pub struct MemoryVault {
    sealings: Arc<AtomicU64>,
}

impl TokenVault for MemoryVault {
    async fn seal(&self, user: &UserId, tokens: &Tokens) -> Result<SealedTokens, VaultError> {
        give_way().await;
        let text = json!({
            "sealing": self.sealings.fetch_add(1, Ordering::Relaxed),
            "user": user,
            "access": tokens.access.expose_secret(),
            "refresh": tokens.refresh.expose_secret(),
            "client_id": tokens.client_id,
            "expires_at": tokens.expires_at,
        });
        Ok(SealedTokens(STANDARD.encode(text.to_string())))
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
        give_way().await;
        read(user, sealed).ok_or_else(|| VaultError::Unreadable("not this user's".into()))
    }
}

impl SignInVault for MemoryVault {
    async fn seal_sign_in(&self, user: &UserId, pending: &PendingSignIn) -> Result<SealedSignIn, VaultError> {
        give_way().await;
        let text = json!({ "sign_in_of": user, "session": pending.0.expose_secret() });
        Ok(SealedSignIn(STANDARD.encode(text.to_string())))
    }

    async fn open_sign_in(&self, user: &UserId, sealed: &SealedSignIn) -> Result<PendingSignIn, VaultError> {
        give_way().await;
        let opened = || {
            let text: Value = serde_json::from_slice(&STANDARD.decode(&sealed.0).ok()?).ok()?;
            (text.get("sign_in_of")?.as_str()? == user.as_str()).then_some(())?;
            Some(PendingSignIn(SecretString::from(text.get("session")?.as_str()?)))
        };
        opened().ok_or_else(|| VaultError::Unreadable("not this user's".into()))
    }
}

fn read(user: &UserId, sealed: &SealedTokens) -> Option<Tokens> {
    let text: Value = serde_json::from_slice(&STANDARD.decode(&sealed.0).ok()?).ok()?;
    let field = |name: &str| text.get(name).and_then(Value::as_str);
    (field("user")? == user.as_str()).then_some(())?;
    Some(Tokens {
        access: SecretString::from(field("access")?),
        refresh: SecretString::from(field("refresh")?),
        client_id: field("client_id")?.to_owned(),
        expires_at: field("expires_at")?.parse().ok()?,
    })
}
