//! The format of sealed tokens and sign-ins, version 1: Base64 of `{"v":1,"key":…,"nonce":…,"ciphertext":…}`.
//!
//! AES-256-GCM; the additional data are the format, what it is for, the kind of key, the provider and the user id, so that nothing of it
//! can be exchanged without the ciphertext refusing to open.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sync_core::ids::UserId;
use sync_core::link::{SealedTokens, Tokens};
use sync_core::sign_in::{PendingSignIn, SealedSignIn};

use crate::attributes::PROVIDER;

/// The length of a key, in bytes.
pub(super) const KEY_BYTES: usize = 32;

const VERSION: u32 = 1;

/// What an envelope holds, still closed.
#[derive(Serialize, Deserialize)]
pub(super) struct Envelope {
    v: u32,
    /// Which kind of key opens it.
    pub(super) key: KeyKind,
    #[serde(with = "base64_text")]
    nonce: Vec<u8>,
    #[serde(with = "base64_text")]
    ciphertext: Vec<u8>,
}

/// Where the key of an envelope is.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum KeyKind {
    /// In the key file of this machine.
    File,
    /// In the envelope itself, encrypted by KMS.
    Kms {
        /// The data key as KMS gave it.
        #[serde(with = "base64_text")]
        data_key: Vec<u8>,
    },
}

impl KeyKind {
    const fn name(&self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Kms { .. } => "kms",
        }
    }
}

/// Why an envelope does not open. Says nothing of what is inside.
#[derive(Debug, thiserror::Error)]
pub(super) enum Closed {
    #[error("they are not an envelope")]
    Malformed(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("envelope version {0} is not known")]
    Version(u32),
    #[error("they were sealed with another kind of key")]
    OtherKey,
    #[error("the key or the owner is not theirs, or they are damaged")]
    NotTheirs,
    /// Of what was inside, only that it did not read.
    #[error("what is inside does not read as tokens")]
    NoTokens,
    #[error("the cipher does not work here")]
    Cipher,
}

/// What is inside. Wiped from memory once written or read.
#[derive(Serialize, Deserialize)]
struct Inside<'a> {
    access: std::borrow::Cow<'a, str>,
    refresh: std::borrow::Cow<'a, str>,
    client_id: std::borrow::Cow<'a, str>,
    expires_at: DateTime<Utc>,
}

/// What an envelope is for: one of either kind opens as nothing else.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Tokens,
    SignIn,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::SignIn => "sign-in",
        }
    }
}

fn owner(purpose: Purpose, user: &UserId, key: &KeyKind) -> Vec<u8> {
    // A user id holds no control characters, so these texts are one-to-one with their parts.
    format!("garmin-sync {} v{VERSION}\n{}\n{PROVIDER}\n{user}", purpose.name(), key.name()).into_bytes()
}

pub(super) fn seal(
    key: &[u8],
    kind: KeyKind,
    user: &UserId,
    tokens: &Tokens,
) -> Result<SealedTokens, Closed> {
    let inside = Zeroizing::new(
        serde_json::to_vec(&Inside {
            access: tokens.access.expose_secret().into(),
            refresh: tokens.refresh.expose_secret().into(),
            client_id: tokens.client_id.as_str().into(),
            expires_at: tokens.expires_at,
        })
        .map_err(|_| Closed::NoTokens)?,
    );
    seal_bytes(key, kind, Purpose::Tokens, user, inside).map(SealedTokens)
}

pub(super) fn seal_sign_in(
    key: &[u8],
    kind: KeyKind,
    user: &UserId,
    pending: &PendingSignIn,
) -> Result<SealedSignIn, Closed> {
    let inside = Zeroizing::new(pending.0.expose_secret().as_bytes().to_vec());
    seal_bytes(key, kind, Purpose::SignIn, user, inside).map(SealedSignIn)
}

fn seal_bytes(
    key: &[u8],
    kind: KeyKind,
    purpose: Purpose,
    user: &UserId,
    mut inside: Zeroizing<Vec<u8>>,
) -> Result<String, Closed> {
    // Room for the tag, so that the clear text is not left behind by a reallocation.
    inside.reserve_exact(AES_256_GCM.tag_len());
    let nonce = RandomizedNonceKey::new(&AES_256_GCM, key)
        .and_then(|cipher| {
            cipher.seal_in_place_append_tag(Aad::from(owner(purpose, user, &kind)), &mut *inside)
        })
        .map_err(|_| Closed::Cipher)?;
    let envelope =
        Envelope { v: VERSION, key: kind, nonce: nonce.as_ref().to_vec(), ciphertext: inside.to_vec() };
    let json = serde_json::to_vec(&envelope).map_err(|_| Closed::Cipher)?;
    Ok(STANDARD.encode(json))
}

pub(super) fn read(sealed: &str) -> Result<Envelope, Closed> {
    let json = STANDARD.decode(sealed).map_err(|source| Closed::Malformed(source.into()))?;
    let envelope: Envelope =
        serde_json::from_slice(&json).map_err(|source| Closed::Malformed(source.into()))?;
    if envelope.v == VERSION { Ok(envelope) } else { Err(Closed::Version(envelope.v)) }
}

impl Envelope {
    pub(super) fn open(self, key: &[u8], user: &UserId) -> Result<Tokens, Closed> {
        self.opened(key, Purpose::Tokens, user, |clear| {
            let inside: Inside<'_> = serde_json::from_slice(clear).map_err(|_| Closed::NoTokens)?;
            Ok(Tokens {
                access: SecretString::from(inside.access.into_owned()),
                refresh: SecretString::from(inside.refresh.into_owned()),
                client_id: inside.client_id.into_owned(),
                expires_at: inside.expires_at,
            })
        })
    }

    pub(super) fn open_sign_in(self, key: &[u8], user: &UserId) -> Result<PendingSignIn, Closed> {
        self.opened(key, Purpose::SignIn, user, |clear| {
            let text = std::str::from_utf8(clear).map_err(|_| Closed::NotTheirs)?;
            Ok(PendingSignIn(SecretString::from(text)))
        })
    }

    fn opened<T>(
        self,
        key: &[u8],
        purpose: Purpose,
        user: &UserId,
        read: impl FnOnce(&[u8]) -> Result<T, Closed>,
    ) -> Result<T, Closed> {
        let owner = owner(purpose, user, &self.key);
        let nonce = Nonce::try_assume_unique_for_key(&self.nonce).map_err(|_| Closed::NotTheirs)?;
        let mut ciphertext = Zeroizing::new(self.ciphertext);
        let clear = RandomizedNonceKey::new(&AES_256_GCM, key)
            .map_err(|_| Closed::Cipher)?
            .open_in_place(nonce, Aad::from(owner), &mut ciphertext)
            .map_err(|_| Closed::NotTheirs)?;
        read(clear)
    }
}

mod base64_text {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        Tokens {
            access: SecretString::from("access-secret"),
            refresh: SecretString::from("refresh-secret"),
            client_id: "GARMIN_CONNECT_MOBILE_ANDROID_DI".to_owned(),
            expires_at: "2026-11-22T20:00:00Z".parse().unwrap(),
        }
    }

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    #[test]
    fn nothing_of_the_tokens_shows_in_the_envelope() {
        let sealed = seal(&[7; KEY_BYTES], KeyKind::File, &user("u"), &tokens()).unwrap();
        let json = String::from_utf8(STANDARD.decode(&sealed.0).unwrap()).unwrap();
        assert!(json.contains("\"v\":1") && !json.contains("secret"));
    }

    #[test]
    fn a_byte_changed_anywhere_keeps_the_envelope_closed() {
        let sealed = seal(&[7; KEY_BYTES], KeyKind::File, &user("u"), &tokens()).unwrap();
        let length = read(&sealed.0).unwrap().ciphertext.len();
        for index in 0..length {
            let mut envelope = read(&sealed.0).unwrap();
            envelope.ciphertext[index] ^= 1;
            assert!(matches!(envelope.open(&[7; KEY_BYTES], &user("u")), Err(Closed::NotTheirs)));
        }
        assert!(read(&sealed.0).unwrap().open(&[7; KEY_BYTES], &user("u")).is_ok());
    }

    #[test]
    fn the_kind_of_key_is_bound_in() {
        let sealed = seal(&[7; KEY_BYTES], KeyKind::File, &user("u"), &tokens()).unwrap();
        let mut envelope = read(&sealed.0).unwrap();
        envelope.key = KeyKind::Kms { data_key: vec![] };
        assert!(matches!(envelope.open(&[7; KEY_BYTES], &user("u")), Err(Closed::NotTheirs)));
    }

    #[test]
    fn an_envelope_of_another_version_is_refused_by_its_number() {
        let sealed =
            SealedTokens(STANDARD.encode(r#"{"v":2,"key":{"kind":"file"},"nonce":"","ciphertext":""}"#));
        assert!(matches!(read(&sealed.0), Err(Closed::Version(2))));
    }
}
