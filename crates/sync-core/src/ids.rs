//! Identifiers as types of their own, so that one cannot stand where another belongs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Who a person is: the `sub` claim of a verified token, 1 to 128 printable ASCII characters without spaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(String);

/// Why a text is no [`UserId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user id is 1 to 128 printable ASCII characters without spaces")]
pub struct InvalidUserId;

impl UserId {
    /// Checks and wraps a user id.
    ///
    /// # Errors
    /// [`InvalidUserId`] when it is empty, longer than 128 characters, or holds a space, a control or a non-ASCII
    /// character.
    pub fn new(id: impl Into<String>) -> Result<Self, InvalidUserId> {
        let id = id.into();
        let valid = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        if valid { Ok(Self(id)) } else { Err(InvalidUserId) }
    }

    /// The id as it stands in tokens and keys.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for UserId {
    type Error = InvalidUserId;
    fn try_from(id: String) -> Result<Self, InvalidUserId> {
        Self::new(id)
    }
}

impl From<UserId> for String {
    fn from(id: UserId) -> Self {
        id.0
    }
}

/// A job's id: a UUID version 7, so that ids sort by the moment they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(Uuid);

/// Why a text is no [`JobId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a job id is a hyphenated lower-case UUID")]
pub struct InvalidJobId;

impl JobId {
    /// Wraps a UUID.
    #[must_use]
    pub const fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// The UUID inside.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl FromStr for JobId {
    type Err = InvalidJobId;
    fn from_str(text: &str) -> Result<Self, InvalidJobId> {
        let id = Uuid::try_parse(text).map_err(|_| InvalidJobId)?;
        // The hyphenated lower-case form is the one stored: any other spelling would miss the record.
        if id.hyphenated().to_string() == text { Ok(Self(id)) } else { Err(InvalidJobId) }
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// Where a job's record stands: its owner and its id. This is all that a queue message carries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobKey {
    /// Whose job it is.
    pub user_id: UserId,
    /// Which of the user's jobs.
    pub job_id: JobId,
}

/// Which Garmin account a link leads to: a hash of Garmin's own id of it. Two users may link one account, and Garmin
/// throttles the account, so locks and waits are kept under this key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountKey(String);

impl AccountKey {
    /// The key of Garmin's `garmin_guid`.
    #[must_use]
    pub fn of(garmin_guid: &str) -> Self {
        let digest = Sha256::digest(garmin_guid.as_bytes());
        Self(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }

    /// The key under which throttles over all accounts are counted: no account has it, for it is no hash.
    #[must_use]
    pub fn everybody() -> Self {
        Self("everybody".to_owned())
    }

    /// A key read back from a store.
    #[must_use]
    pub fn from_stored(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key as stored: 32 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_is_short_printable_ascii() {
        assert!(UserId::new("auth0|5f7c8ec7c33c6c004bbafe82").is_ok());
        assert!(UserId::new("a".repeat(128)).is_ok());
        for bad in ["", "a b", "a\n", "zoë", "a\u{0}", &"a".repeat(129)] {
            assert_eq!(UserId::new(bad), Err(InvalidUserId), "{bad:?}");
        }
    }

    #[test]
    fn a_job_id_has_one_spelling() {
        let text = "01933333-0000-7000-8000-000000000001";
        assert_eq!(text.parse::<JobId>().map(|id| id.to_string()).as_deref(), Ok(text));
        for bad in ["", "x", "0193333300007000800000000000000f", "01933333-0000-7000-8000-00000000000A"] {
            assert_eq!(bad.parse::<JobId>(), Err(InvalidJobId), "{bad:?}");
        }
    }

    #[test]
    fn an_account_key_does_not_show_the_id_it_was_made_from() {
        let key = AccountKey::of("garmin-guid");
        assert_eq!(key.as_str().len(), 32);
        assert!(!key.as_str().contains("guid"));
        assert_eq!(key, AccountKey::of("garmin-guid"));
        assert_ne!(key, AccountKey::of("another"));
    }
}
