//! What the domain needs from the outside world. Each trait is small, and the `# Errors` section of each method is its
//! contract; `sync-testkit` has one conformance suite per trait that every implementation passes.

use std::collections::BTreeSet;
use std::future::Future;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::dates::DateRange;
use crate::erasure::{DueErasure, Erasure};
use crate::ids::{AccountKey, JobId, JobKey, UserId};
use crate::job::Job;
use crate::link::{Account, Link, SealedTokens, Tokens};
use crate::metric::MetricType;
use crate::record::{RecordKind, RecordUpsert, StoredRecord};
use crate::transition::{Claim, Transition};
use crate::unlink::Unlink;
use crate::window::{PlanRequest, Window, WindowPlan};

/// The error underneath one of ours, kept for the log.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What can go wrong in a store or a queue.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It was not reached, is busy, or refuses us. Nothing was written; trying again later may work.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
    /// A write was sent and its answer lost: it may have been applied. Never repeat it blindly; read the truth.
    #[error("the outcome of a write is unknown")]
    OutcomeUnknown(#[source] BoxError),
    /// Something stored does not read as what it should be.
    #[error("a stored item is not readable as a {what}")]
    Unreadable {
        /// What it should have been.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        source: BoxError,
    },
}

/// What became of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a write whose condition failed has changed nothing"]
pub enum Applied {
    /// Written, all of it.
    Yes,
    /// Somebody else moved the job first. Nothing was written.
    Lost,
}

/// An answer to a start that an `Idempotency-Key` makes repeatable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedAnswer {
    /// The caller's key, at most 64 characters.
    pub key: String,
    /// What was asked, so that the same key with another question is noticed.
    pub request: String,
    /// The answer, as the use case gave it, in JSON.
    pub answer: serde_json::Value,
    /// Until when it is remembered.
    pub expires_at: DateTime<Utc>,
}

/// What became of a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartOutcome {
    /// The job is stored and holds both locks.
    Started,
    /// The user has an unfinished job: this one.
    UserBusy(JobId),
    /// Another user's unfinished job holds the Garmin account.
    AccountBusy,
    /// There is no active link to the account that the job imports from.
    NotLinked,
    /// The idempotency key was used by a start that came first.
    Repeated,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The job is ours until its lease ends; here is how it stands.
    Claimed(Box<Job>),
    /// It is finished, paused, waiting, somebody else's, or gone.
    Refused,
}

/// What became of storing a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a link that was refused is not there"]
pub enum PutLink {
    /// Stored.
    Stored,
    /// Refused: an [erasure](crate::erasure::Erasure) of the user is unfinished, and would take what is imported anew.
    Erasing,
    /// Refused: the user has unlinked since the link was looked at.
    Unlinked,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
}

/// Where a user's sync stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncStatus {
    /// The job that the user started last or, if it had ended, made go on last; finished or not.
    pub job: Option<Job>,
    /// The link's watermark.
    pub last_successful_sync: Option<NaiveDate>,
}

/// A job that is due for a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueJob {
    /// Which job.
    pub key: JobKey,
    /// Its due moment as the index showed it.
    pub due_at: DateTime<Utc>,
}

/// The jobs and their locks. Implementations are cheap to clone or to borrow; all writes are conditional.
pub trait JobStore: Send + Sync {
    /// Stores a new job and takes both locks, in one transaction, and with it what an idempotency key shall answer.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when it may have been stored.
    fn start(
        &self,
        job: &Job,
        remember: Option<&RememberedAnswer>,
    ) -> impl Future<Output = Result<StartOutcome, StoreError>> + Send;

    /// The job, read consistently; none if the user has no such job.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Unreadable`].
    fn job(&self, key: &JobKey) -> impl Future<Output = Result<Option<Job>, StoreError>> + Send;

    /// The user's jobs, newest first, at most `limit` (1 to 100) from `cursor` on. `cursor` is the id of the last job of
    /// the page before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Unreadable`].
    fn jobs(
        &self,
        user: &UserId,
        limit: u32,
        cursor: Option<JobId>,
    ) -> impl Future<Output = Result<Page<Job>, StoreError>> + Send;

    /// The job that the user started or resumed last and the link's watermark, read consistently: whoever was told that a job has started finds
    /// it here, and never an older state of it after a newer one. Asked every few seconds by every open page, so it has to
    /// be cheap.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Unreadable`].
    fn status(&self, user: &UserId) -> impl Future<Output = Result<SyncStatus, StoreError>> + Send;

    /// Claims the job if it [accepts](Job::accepts) the claim, making it [`Job::claimed`].
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when the claim may stand; its lease then runs out by itself.
    fn claim(
        &self,
        key: &JobKey,
        claim: &Claim,
    ) -> impl Future<Output = Result<ClaimOutcome, StoreError>> + Send;

    /// Applies a transition and writes `records` with it: all of it or, when the job has moved on, none of the
    /// transition. More records than one transaction takes go ahead in transactions of their own under the same
    /// condition. A record whose `source` is not Garmin is left as it is, and so may be one that holds all of it already.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when it may have been applied: give up, the next claim reads the truth.
    fn apply(
        &self,
        transition: &Transition,
        records: &[RecordUpsert],
    ) -> impl Future<Output = Result<Applied, StoreError>> + Send;

    /// Ends a link, in one transaction: the job that holds its lock is cancelled and both locks given back, the link is
    /// inactive and without tokens, and the erasure, if one is wanted, is there. All of it or, when link or job have
    /// moved on, none.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when it may have been applied.
    fn unlink(&self, unlink: &Unlink) -> impl Future<Output = Result<Applied, StoreError>> + Send;

    /// Unfinished jobs whose due moment is not after `now`, the most overdue first, at most `limit`. Reads an index that
    /// may be stale.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn due(
        &self,
        now: DateTime<Utc>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<DueJob>, StoreError>> + Send;

    /// Moves a due moment on, if it is still what the index showed.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when it may have moved.
    fn postpone(
        &self,
        due: &DueJob,
        until: DateTime<Utc>,
    ) -> impl Future<Output = Result<Applied, StoreError>> + Send;

    /// What an idempotency key of this user answers, if it was used and has not expired at `now`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn remembered(
        &self,
        user: &UserId,
        key: &str,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<RememberedAnswer>, StoreError>> + Send;

    /// Remembers an answer that started nothing, unless the key was used before.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when it may be remembered.
    fn remember(
        &self,
        user: &UserId,
        answer: &RememberedAnswer,
    ) -> impl Future<Output = Result<Applied, StoreError>> + Send;
}

/// The links to Garmin and the accounts behind them.
pub trait LinkStore: Send + Sync {
    /// The user's link, read consistently; none if there never was one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Unreadable`].
    fn link(&self, user: &UserId) -> impl Future<Output = Result<Option<Link>, StoreError>> + Send;

    /// Stores a link, new or anew: tokens, account, name and zone are replaced, their version goes up, `is_active` is
    /// set and `reauth_required` cleared; the watermark and the lock of an existing link of the same account stay.
    ///
    /// `seen` is the version of the tokens that the link had before Garmin was asked whose the new ones are, if there was
    /// a link. One that has ended under another version was ended meanwhile, and does not come back. A refresh or another
    /// sign-in meanwhile is no hindrance.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when it may have been stored.
    fn put_link(
        &self,
        link: &Link,
        seen: Option<u64>,
    ) -> impl Future<Output = Result<PutLink, StoreError>> + Send;

    /// Replaces the tokens, if the link is active and still has `version`; the new ones have `version + 1`, and `reauth_required` is
    /// cleared: another worker, finding the old pair used up while these were on their way, may have set it. To be
    /// called before the new tokens are used: whoever loses drops its own and reads the stored ones.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when they may have been replaced.
    fn replace_tokens(
        &self,
        user: &UserId,
        version: u64,
        tokens: &SealedTokens,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Applied, StoreError>> + Send;

    /// Marks the link as needing a new sign-in, if it is active and still has the token `version` that was refused.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when it may have been marked.
    fn require_reauth(
        &self,
        user: &UserId,
        version: u64,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Applied, StoreError>> + Send;

    /// What is kept of a Garmin account; the default when nothing is.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Unreadable`].
    fn account(&self, account: &AccountKey) -> impl Future<Output = Result<Account, StoreError>> + Send;

    /// Records a throttle: `not_before` becomes the later of what it was and `not_before`, and one more throttle in a row
    /// is counted. Returns the `not_before` that now holds.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when it may have been recorded.
    fn throttle(
        &self,
        account: &AccountKey,
        not_before: DateTime<Utc>,
    ) -> impl Future<Output = Result<DateTime<Utc>, StoreError>> + Send;

    /// Garmin answers again: the throttles in a row are forgotten.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when they may have been.
    fn clear_throttles(&self, account: &AccountKey) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What was imported, to read. Records are written by [`JobStore::apply`] alone.
pub trait RecordStore: Send + Sync {
    /// The user's records of a kind in key order, from the id `from` to the id `to`, both included where given, at most
    /// `limit` of them, from `cursor` on.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Unreadable`].
    fn records(
        &self,
        user: &UserId,
        query: &RecordQuery,
    ) -> impl Future<Output = Result<Page<StoredRecord>, StoreError>> + Send;

    /// The user's activities in the order in which they began on the person's clock, at most `limit` of them, from
    /// `cursor` on. Reads an index that may be a moment behind. An activity that does not say when it began stands
    /// nowhere in that order and is left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Unreadable`].
    fn activities(
        &self,
        user: &UserId,
        query: &ActivityQuery,
    ) -> impl Future<Output = Result<Page<StoredRecord>, StoreError>> + Send;
}

/// Which records to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordQuery {
    /// Of which kind.
    pub kind: RecordKind,
    /// The first id.
    pub from: Option<String>,
    /// The last id.
    pub to: Option<String>,
    /// Only these attributes, of a record that has none of them only its key; every attribute when not said.
    pub attributes: Option<BTreeSet<String>>,
    /// At most this many, 1 to 1,000.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// Which activities to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityQuery {
    /// The days on which they began, on the person's clock.
    pub days: DateRange,
    /// Only these attributes; every attribute when not said.
    pub attributes: Option<BTreeSet<String>>,
    /// At most this many, 1 to 1,000.
    pub limit: u32,
    /// Where the page before ended: a local start and an id, joined by `#`.
    pub cursor: Option<String>,
}

/// What became of a batch of an erasure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Erased {
    /// Some records are gone; this is how the erasure stands now.
    Batch(Erasure),
    /// The last record is gone, and the erasure with it.
    All {
        /// Records erased, from the beginning of the erasure on.
        records: u64,
    },
    /// The erasure is over, or somebody else has come further. Nothing was deleted.
    Lost,
}

/// What is to be erased of what was imported. An erasure begins with [`JobStore::unlink`].
pub trait ErasureStore: Send + Sync {
    /// The user's unfinished erasure, read consistently.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Unreadable`].
    fn erasure(&self, user: &UserId) -> impl Future<Output = Result<Option<Erasure>, StoreError>> + Send;

    /// Deletes the next batch of the user's records and marks how far that came, in one transaction, if the erasure is
    /// as read; after the last record the erasure itself. A record whose `source` is not Garmin stays as it is.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when the batch may be gone: give up, the next nudge reads the truth.
    fn erase(
        &self,
        erasure: &Erasure,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Erased, StoreError>> + Send;

    /// Erasures whose due moment is not after `now`, the most overdue first, at most `limit`. Reads an index that may be
    /// stale.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn due_erasures(
        &self,
        now: DateTime<Utc>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<DueErasure>, StoreError>> + Send;

    /// Moves a due moment on, if it is still what the index showed.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when it may have moved.
    fn postpone_erasure(
        &self,
        due: &DueErasure,
        until: DateTime<Utc>,
    ) -> impl Future<Output = Result<Applied, StoreError>> + Send;
}

/// The queue of nudges to erase. As with chunks, a message only says whose erasure to look at.
pub trait ErasureQueue: Send + Sync {
    /// Sends a nudge. A lost one costs time, nothing else: the sweeper sends another.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::OutcomeUnknown`]; the nudge may or may not arrive.
    fn nudge_erasure(&self, user: &UserId) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What a message says: look at this job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nudge {
    /// Which.
    pub key: JobKey,
    /// Its fence when the message was sent. Messages of the first release do not say.
    pub fence: Option<u64>,
}

impl Nudge {
    /// A nudge for the job as it stands.
    #[must_use]
    pub fn of(job: &Job) -> Self {
        Self { key: job.key.clone(), fence: Some(job.fence) }
    }
}

/// The queue of nudges. A message says "look at this job", never what to do.
pub trait ChunkQueue: Send + Sync {
    /// Sends a [`Nudge`] for the job as it stands, which arrives after `delay` (cut to what a message can carry). A lost nudge costs time, nothing else:
    /// the sweeper sends another.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::OutcomeUnknown`]; the nudge may or may not arrive.
    fn nudge(&self, job: &Job, delay: TimeDelta) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Turns tokens into ciphertext and back. The user id and the provider are bound into the ciphertext: a record copied to
/// another user does not open.
pub trait TokenVault: Send + Sync {
    /// Seals tokens for a user, under a key of their own: for linking alone.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    fn seal(
        &self,
        user: &UserId,
        tokens: &Tokens,
    ) -> impl Future<Output = Result<SealedTokens, VaultError>> + Send;

    /// Seals the pair that a refresh gave, under the key of the pair that it replaces: who may open tokens may do that,
    /// and needs no right to make keys.
    ///
    /// # Errors
    /// [`VaultError::Unreadable`] when `replaced` is not this user's, or damaged; [`VaultError::Unavailable`].
    fn reseal(
        &self,
        user: &UserId,
        replaced: &SealedTokens,
        tokens: &Tokens,
    ) -> impl Future<Output = Result<SealedTokens, VaultError>> + Send;

    /// Opens a user's tokens.
    ///
    /// # Errors
    /// [`VaultError::Unreadable`] when they are not this user's, or damaged; [`VaultError::Unavailable`].
    fn open(
        &self,
        user: &UserId,
        sealed: &SealedTokens,
    ) -> impl Future<Output = Result<Tokens, VaultError>> + Send;
}

/// What can go wrong in a vault.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key service was not reached or refused.
    #[error("the key service is unavailable")]
    Unavailable(#[source] BoxError),
    /// The ciphertext does not open for this user.
    #[error("the sealed tokens do not open")]
    Unreadable(#[source] BoxError),
}

/// With whom a window is asked: one account, one access token.
#[derive(Clone, Debug)]
pub struct Session {
    /// Garmin's `displayName`.
    pub display_name: String,
    /// The bearer token.
    pub access: SecretString,
    /// Paces calls: one in flight per account.
    pub account: AccountKey,
    /// The person's calendar date now: that day is not over.
    pub today: NaiveDate,
}

/// What came of a window.
#[derive(Clone, Debug, Default)]
pub struct Fetched {
    /// The records, in part or in whole. For a window of days the source also marks each day's coverage.
    pub records: Vec<RecordUpsert>,
    /// Windows that the answer leads to, such as each activity's details.
    pub found: Vec<Window>,
}

/// Why a window could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// 401: the access token is expired or revoked.
    #[error("Garmin does not accept the access token")]
    Unauthorized,
    /// 429, or a firewall's page in place of an answer.
    #[error("Garmin throttles the account")]
    Throttled {
        /// What Garmin asked for.
        retry_after: Option<TimeDelta>,
    },
    /// 400 for a range: more days than Garmin answers at once.
    #[error("Garmin does not answer this many days at once")]
    RangeTooLong,
    /// 403 with a JSON body, or 404: this object is not to be had.
    #[error("Garmin refuses this object")]
    Refused,
    /// 5xx, a timeout or a broken connection, after the quick retries.
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
    /// An answer that the table of errors does not know, such as a 400 for something that is not a range.
    #[error("Garmin answered with an unexpected status {status}")]
    Unexpected {
        /// The HTTP status.
        status: u16,
    },
    /// Not asked: the deadline would have passed.
    #[error("no time was left to ask")]
    OutOfTime,
}

/// Why tokens could not be refreshed.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// `invalid_grant`: the refresh token was used, revoked or has expired.
    #[error("Garmin does not accept the refresh token")]
    InvalidGrant,
    /// Throttled at the token endpoint.
    #[error("Garmin throttles the account")]
    Throttled {
        /// What Garmin asked for.
        retry_after: Option<TimeDelta>,
    },
    /// 5xx, a timeout, a broken connection, or an answer that cannot be read. The pair may or may not have rotated.
    #[error("Garmin is unavailable ({code})")]
    Unavailable {
        /// What happened, as a code.
        code: String,
    },
}

/// Garmin's data.
pub trait GarminSource: Send + Sync {
    /// The windows that a chunk consists of. The same request always gives the same windows, unless Garmin has since
    /// shown a smaller cap.
    fn plan(&self, request: &PlanRequest<'_>) -> WindowPlan;

    /// Which metric types a window serves.
    fn metrics(&self, window: &Window) -> &'static [MetricType];

    /// The longest that asking one window may take, tries and pace included.
    fn longest_window(&self) -> TimeDelta;

    /// Asks one window, at the account's pace, never past `deadline`.
    ///
    /// # Errors
    /// [`FetchError`], one variant per thing to do about it.
    fn fetch(
        &self,
        session: &Session,
        window: &Window,
        deadline: DateTime<Utc>,
    ) -> impl Future<Output = Result<Fetched, FetchError>> + Send;

    /// Trades the refresh token for a new pair. The old pair is worthless afterwards: store the new one before using it.
    ///
    /// # Errors
    /// [`RefreshError`].
    fn refresh(&self, tokens: &Tokens) -> impl Future<Output = Result<Tokens, RefreshError>> + Send;
}

/// The time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> DateTime<Utc>;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// Randomness, as ids.
pub trait Ids: Send + Sync {
    /// The id of a job made at `now`: later ids sort later.
    fn job_id(&self, now: DateTime<Utc>) -> JobId;

    /// A name for a claim that no other claim has.
    fn claim_token(&self) -> Uuid;
}

/// Ids from the operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn job_id(&self, now: DateTime<Utc>) -> JobId {
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        let timestamp = uuid::Timestamp::from_unix(uuid::NoContext, seconds, now.timestamp_subsec_nanos());
        JobId::new(Uuid::new_v7(timestamp))
    }

    fn claim_token(&self) -> Uuid {
        Uuid::new_v4()
    }
}
