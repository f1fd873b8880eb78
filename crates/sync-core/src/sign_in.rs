//! Signing in to Garmin: what a person gives, what Garmin answers, and the ports that linking needs for it.

use std::fmt;
use std::future::Future;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use secrecy::SecretString;
use uuid::Uuid;

use crate::ids::{AccountKey, UserId};
use crate::link::Tokens;
use crate::ports::{StoreError, VaultError};

/// What a person signs in to Garmin with. Lives as long as the request that brought it and is stored nowhere.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The e-mail address of the Garmin account.
    pub email: SecretString,
    /// Its password.
    pub password: SecretString,
}

/// A sign-in that waits for its code: Garmin's session, in the client's own format. As good as half a password.
#[derive(Clone, Debug)]
pub struct PendingSignIn(
    /// Cookies and what else the second step needs, as text.
    pub SecretString,
);

/// A [`PendingSignIn`] as it may be stored: ciphertext that only the owner's record can be opened with.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSignIn(
    /// The envelope, in the vault's own format, Base64.
    pub String,
);

impl fmt::Debug for SealedSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSignIn")
    }
}

/// How far credentials have led.
#[derive(Clone, Debug)]
pub enum SignIn {
    /// All the way.
    Done(Tokens),
    /// Garmin has sent the person a code and waits for it.
    NeedsCode(PendingSignIn),
}

/// Whose an account is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The account.
    pub account: AccountKey,
    /// Garmin's `displayName`.
    pub display_name: String,
    /// The person's time zone; none when Garmin does not say, or says one that nobody knows.
    pub time_zone: Option<Tz>,
}

/// Why a sign-in led nowhere, one variant per thing to do about it.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// E-mail and password do not belong together.
    #[error("Garmin does not accept the credentials")]
    WrongCredentials,
    /// The code is not the one that Garmin has sent. The session is still open.
    #[error("Garmin does not accept the code")]
    WrongCode,
    /// Garmin does not know the session any more: begin anew.
    #[error("Garmin's sign-in session has ended")]
    SessionEnded,
    /// Garmin wants to see a person before a browser.
    #[error("Garmin asks for a captcha")]
    CaptchaRequired,
    /// Too many wrong passwords: Garmin has locked the account.
    #[error("Garmin has locked the account")]
    AccountLocked,
    /// Garmin throttles sign-ins: a 429, open or hidden in an answer.
    #[error("Garmin throttles sign-ins")]
    Throttled {
        /// What Garmin asked for.
        retry_after: Option<TimeDelta>,
    },
    /// A firewall's page, or a 403: sign-ins from this network are refused, whatever the credentials.
    #[error("Garmin refuses sign-ins from this network")]
    NetworkRefused,
    /// The tokens are not good, or were not issued for anything that can be asked.
    #[error("Garmin does not accept the tokens")]
    TokensRefused,
    /// 5xx, a timeout or a broken connection.
    #[error("Garmin is unavailable ({code})")]
    Unavailable {
        /// What happened, as a code: `http_503`, `timeout`, `connection`.
        code: String,
    },
    /// The answer has a shape that is not known.
    #[error("Garmin's answer cannot be read at {path}")]
    Unreadable {
        /// The path of the field, without any value.
        path: String,
    },
}

/// Garmin's front door. No method asks anything twice: Garmin locks accounts that knock too often.
pub trait GarminSignIn: Send + Sync {
    /// Signs in, never past `deadline`.
    ///
    /// # Errors
    /// [`SignInError`].
    fn sign_in(
        &self,
        credentials: &Credentials,
        deadline: DateTime<Utc>,
    ) -> impl Future<Output = Result<SignIn, SignInError>> + Send;

    /// Shows the code that Garmin has sent the person.
    ///
    /// # Errors
    /// [`SignInError::WrongCode`] leaves the session open; any other.
    fn verify_code(
        &self,
        pending: &PendingSignIn,
        code: &SecretString,
        deadline: DateTime<Utc>,
    ) -> impl Future<Output = Result<Tokens, SignInError>> + Send;

    /// Whose tokens these are: one authenticated look at the person's profile.
    ///
    /// # Errors
    /// [`SignInError::TokensRefused`]; any other.
    fn owner(
        &self,
        tokens: &Tokens,
        deadline: DateTime<Utc>,
    ) -> impl Future<Output = Result<Owner, SignInError>> + Send;
}

/// Seals the sessions of sign-ins, as [`crate::TokenVault`] does tokens: bound to the user, and to being sign-ins.
pub trait SignInVault: Send + Sync {
    /// Seals a session for a user.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    fn seal_sign_in(
        &self,
        user: &UserId,
        pending: &PendingSignIn,
    ) -> impl Future<Output = Result<SealedSignIn, VaultError>> + Send;

    /// Opens a user's session.
    ///
    /// # Errors
    /// [`VaultError::Unreadable`] when it is not this user's, or damaged; [`VaultError::Unavailable`].
    fn open_sign_in(
        &self,
        user: &UserId,
        sealed: &SealedSignIn,
    ) -> impl Future<Output = Result<PendingSignIn, VaultError>> + Send;
}

/// Sign-ins under way, one per user, and how often each user has knocked.
pub trait SignInStore: Send + Sync {
    /// Counts an attempt to sign in. Some moment when there were [`crate::timing::SIGN_IN_ATTEMPTS`] of them within
    /// [`crate::timing::SIGN_IN_WINDOW`] before it: the attempt must not be made before then.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when it may have been counted.
    fn count_attempt(
        &self,
        user: &UserId,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<DateTime<Utc>>, StoreError>> + Send;

    /// Keeps a session until `expires_at`, in place of the user's last one.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when it may be kept.
    fn keep(
        &self,
        user: &UserId,
        state: Uuid,
        session: &SealedSignIn,
        expires_at: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The user's session, and one of its [`crate::timing::SIGN_IN_CODES`] tries used up; none when there is no such
    /// session, it has expired, or every try is used.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when a try may be used up.
    fn use_try(
        &self,
        user: &UserId,
        state: Uuid,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<SealedSignIn>, StoreError>> + Send;

    /// Refuses every attempt of the user until then: as if there had been as many as may be.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when they may be refused.
    fn refuse_attempts(
        &self,
        user: &UserId,
        until: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Forgets the user's session, whichever it is.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when it may be forgotten.
    fn forget_any(&self, user: &UserId) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Forgets the session, if it is still this one.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when it may be forgotten.
    fn forget(&self, user: &UserId, state: Uuid) -> impl Future<Output = Result<(), StoreError>> + Send;
}
