//! Links: which Garmin account a user has connected, and the waits that Garmin imposed on that account.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::ids::{AccountKey, JobId, UserId};

/// Garmin's token pair, in the clear. It cannot be printed; only [`crate::TokenVault`] turns it into something that can
/// be stored.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The bearer token of data calls (`di_token`, a JWT).
    pub access: SecretString,
    /// The refresh token (`di_refresh_token`). It rotates: using it makes it worthless.
    pub refresh: SecretString,
    /// The client the pair was issued to (`di_client_id`).
    pub client_id: String,
    /// When the access token ends: the `exp` claim of its JWT.
    pub expires_at: DateTime<Utc>,
}

/// Tokens as they may be stored: ciphertext that only the owner's record can be opened with. The default is none, which
/// opens for nobody.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedTokens(
    /// The envelope, in the vault's own format, Base64.
    pub String,
);

impl fmt::Debug for SealedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedTokens")
    }
}

/// A user's connection to a Garmin account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whose link.
    pub user_id: UserId,
    /// The Garmin account it leads to.
    pub account: AccountKey,
    /// Garmin's `displayName`, which stands in some of its paths; empty once unlinked.
    pub display_name: String,
    /// The person's time zone: what "today" means.
    pub time_zone: Tz,
    /// The tokens, sealed; none once unlinked.
    pub tokens: SealedTokens,
    /// Counts the token pairs this link has had, and its ends; a new pair is stored only over the version it was made from.
    pub tokens_version: u64,
    /// When the access token ends.
    pub token_expires_at: DateTime<Utc>,
    /// False once unlinked.
    pub is_active: bool,
    /// True when Garmin refused the tokens for good: the person has to sign in again.
    pub reauth_required: bool,
    /// The watermark: every day up to here has been imported, as far as a sync has begun.
    pub last_successful_sync_date: Option<NaiveDate>,
    /// The lock that makes one active job per user: set exactly while a job is unfinished.
    pub active_job_id: Option<JobId>,
    /// When the account was linked.
    pub linked_at: DateTime<Utc>,
    /// When the link last changed.
    pub updated_at: DateTime<Utc>,
}

impl Link {
    /// Whether what is imported from `account` can be asked for with this link. A person may have linked another account
    /// since a job was made: its tokens would bring somebody else's days into the job.
    #[must_use]
    pub fn serves(&self, account: &AccountKey) -> bool {
        self.is_active && !self.reauth_required && self.account == *account
    }
}

/// What is kept per Garmin account, whoever linked it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Throttled: no call before this moment.
    pub not_before: Option<DateTime<Utc>>,
    /// Throttles in a row, without a finished chunk between them.
    pub consecutive_throttles: u32,
    /// The unfinished job that holds the account.
    pub active_job_id: Option<JobId>,
}
