//! Jobs, links, accounts and records in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sync_core::erasure::{DueErasure, Erasure};
use sync_core::ids::{AccountKey, JobId, JobKey, UserId};
use sync_core::job::{Job, JobStatus};
use sync_core::link::{Account, Link, SealedTokens};
use sync_core::ports::{
    ActivityQuery, Applied, ClaimOutcome, DueJob, Erased, ErasureStore, JobStore, LinkStore, Page, PutLink,
    RecordQuery, RecordStore, RememberedAnswer, StartOutcome, StoreError, SyncStatus,
};
use sync_core::record::activity::START_LOCAL;
use sync_core::record::{Attribute, RecordKey, RecordKind, RecordUpsert, StoredRecord};
use sync_core::sign_in::{SealedSignIn, SignInStore};
use sync_core::timing::{IDEMPOTENCY_WINDOW, SIGN_IN_ATTEMPTS, SIGN_IN_CODES, SIGN_IN_WINDOW};
use sync_core::transition::{Claim, LockChange, Transition};
use sync_core::unlink::Unlink;
use uuid::Uuid;

use super::faults::{Fault, Faults, Operation};
use super::give_way;

/// Records that one batch of an erasure takes.
const ERASED_AT_ONCE: usize = 99;

/// The stores in memory. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

/// Everything that a [`MemoryStore`] holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The jobs.
    pub jobs: BTreeMap<JobKey, Job>,
    /// The links.
    pub links: BTreeMap<UserId, Link>,
    /// The accounts.
    pub accounts: BTreeMap<AccountKey, Account>,
    /// The records of every user, those of other sources included.
    pub records: BTreeMap<(UserId, RecordKey), StoredRecord>,
    /// The unfinished erasures.
    pub erasures: BTreeMap<UserId, Erasure>,
}

#[derive(Debug, Default)]
struct State {
    kept: Snapshot,
    foreign: BTreeMap<(UserId, RecordKey), String>,
    answers: BTreeMap<(UserId, String), RememberedAnswer>,
    resumed: BTreeMap<UserId, (JobId, DateTime<Utc>)>,
    sign_ins: BTreeMap<UserId, SignInItem>,
    stale_index: Option<Vec<DueJob>>,
    faults: Faults,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the `nth` write from now on (1 is the next) fail.
    pub fn fail_write(&self, nth: u64, fault: Fault) {
        self.lock().faults.plan(nth, fault);
    }

    /// Asks `hook` before every operation whether it shall fail. Writes that were planned to fail do so first.
    pub fn on_operation(&self, hook: impl FnMut(Operation) -> Option<Fault> + Send + 'static) {
        self.lock().faults.hook(Some(Box::new(hook)));
    }

    /// No more faults from a hook.
    pub fn end_faults(&self) {
        self.lock().faults.hook(None);
    }

    /// How many writes were asked for, those that failed included.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.lock().faults.writes()
    }

    /// From now on [`due`](JobStore::due) answers from the index as it is now, as a stale index would.
    pub fn freeze_index(&self) {
        let mut state = self.lock();
        state.stale_index = Some(state.index());
    }

    /// The index is up to date again.
    pub fn thaw_index(&self) {
        self.lock().stale_index = None;
    }

    /// Everything in it, past every fault.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.lock().kept.clone()
    }

    /// Stores a job as it is, without locks and past every fault.
    pub fn insert_job(&self, job: Job) {
        self.lock().kept.jobs.insert(job.key.clone(), job);
    }

    /// Stores a link as it is, with the watermark and the lock it has, past every fault.
    pub fn insert_link(&self, link: Link) {
        self.lock().kept.links.insert(link.user_id.clone(), link);
    }

    /// Stores an account as it is, past every fault.
    pub fn insert_account(&self, account: AccountKey, kept: Account) {
        self.lock().kept.accounts.insert(account, kept);
    }

    /// Stores a record of Garmin's as it is, past every fault.
    pub fn insert_record(&self, user: &UserId, record: RecordUpsert) {
        let RecordUpsert { key, attributes } = record;
        let stored = StoredRecord { key: key.clone(), attributes };
        self.lock().kept.records.insert((user.clone(), key), stored);
    }

    /// Stores a record of another source than Garmin, past every fault.
    pub fn insert_foreign_record(&self, user: &UserId, record: &RecordUpsert, source: &str) {
        let mut state = self.lock();
        let key = (user.clone(), record.key.clone());
        state.foreign.insert(key.clone(), source.to_owned());
        state
            .kept
            .records
            .insert(key, StoredRecord { key: record.key.clone(), attributes: record.attributes.clone() });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn perform<T>(
        &self,
        operation: Operation,
        effect: impl FnOnce(&mut State) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        give_way().await;
        let result = {
            let mut state = self.lock();
            match state.faults.next(operation) {
                None => effect(&mut state),
                Some(fault) => {
                    if fault.applies() {
                        effect(&mut state).ok();
                    }
                    Err(fault.error())
                }
            }
        };
        give_way().await;
        result
    }
}

impl State {
    fn index(&self) -> Vec<DueJob> {
        let due = |job: &Job| Some(DueJob { key: job.key.clone(), due_at: job.due_at? });
        self.kept.jobs.values().filter_map(due).collect()
    }

    fn is_used(&self, user: &UserId, key: &str, now: DateTime<Utc>) -> bool {
        self.answers.get(&(user.clone(), key.to_owned())).is_some_and(|answer| answer.expires_at > now)
    }

    fn start(&mut self, job: &Job, remember: Option<&RememberedAnswer>) -> Result<StartOutcome, StoreError> {
        let user = &job.key.user_id;
        if remember.is_some_and(|answer| self.is_used(user, &answer.key, job.created_at)) {
            return Ok(StartOutcome::Repeated);
        }
        let link = self.kept.links.get_mut(user);
        let Some(link) = link.filter(|link| link.is_active && link.account == job.account) else {
            return Ok(StartOutcome::NotLinked);
        };
        if let Some(holder) = link.active_job_id {
            return Ok(StartOutcome::UserBusy(holder));
        }
        let account = self.kept.accounts.entry(job.account.clone()).or_default();
        if account.active_job_id.is_some() {
            return Ok(StartOutcome::AccountBusy);
        }
        if self.kept.jobs.contains_key(&job.key) {
            return Err(StoreError::Unavailable("the id is taken by a job that has ended".into()));
        }
        link.active_job_id = Some(job.key.job_id);
        account.active_job_id = Some(job.key.job_id);
        self.kept.jobs.insert(job.key.clone(), job.clone());
        if let Some(answer) = remember {
            self.answers.insert((user.clone(), answer.key.clone()), answer.clone());
        }
        Ok(StartOutcome::Started)
    }

    fn claim(&mut self, key: &JobKey, claim: &Claim) -> ClaimOutcome {
        let Some(job) = self.kept.jobs.get_mut(key) else {
            return ClaimOutcome::Refused;
        };
        if job.accepts(claim) {
            *job = job.claimed(claim);
            return ClaimOutcome::Claimed(Box::new(job.clone()));
        }
        let is_own = job.status == JobStatus::Running
            && job.claim_token == Some(claim.token)
            && job.lease_until == Some(claim.lease_until);
        if is_own { ClaimOutcome::Claimed(Box::new(job.clone())) } else { ClaimOutcome::Refused }
    }

    fn holds(&self, transition: &Transition) -> bool {
        let before = &transition.before;
        self.kept.jobs.get(&before.key).is_some_and(|job| {
            job.fence == before.fence
                && job.status == before.status
                && (!transition.guards_cursor || job.chunk_states == before.chunk_states)
        })
    }

    fn apply(&mut self, transition: &Transition, records: &[RecordUpsert]) -> Applied {
        let job = &transition.before;
        let id = job.key.job_id;
        let user = &job.key.user_id;
        let link = self.kept.links.get(user);
        let account = self.kept.accounts.get(&job.account);
        let link_holder = link.and_then(|link| link.active_job_id);
        let account_holder = account.and_then(|account| account.active_job_id);
        let locks_allow = match transition.lock {
            LockChange::Keep => transition.watermark.is_none() || link_holder == Some(id),
            LockChange::Release => link_holder == Some(id) && account_holder == Some(id),
            LockChange::Acquire => {
                link.is_some_and(|link| link.is_active && link.account == job.account)
                    && link_holder.is_none_or(|holder| holder == id)
                    && account_holder.is_none_or(|holder| holder == id)
            }
        };
        if !self.holds(transition) || !locks_allow {
            return Applied::Lost;
        }
        self.write_records(user, records);
        if transition.reopens() {
            self.resumed.insert(user.clone(), (id, transition.after.updated_at));
        }
        if let Some(stored) = self.kept.jobs.get_mut(&job.key) {
            transition.write_into(stored);
        }
        if let Some(link) = self.kept.links.get_mut(user) {
            if let Some(watermark) = transition.watermark {
                move_watermark(link, job, watermark);
            }
            set_lock(&mut link.active_job_id, transition.lock, id);
        }
        if transition.lock != LockChange::Keep {
            let account = self.kept.accounts.entry(job.account.clone()).or_default();
            set_lock(&mut account.active_job_id, transition.lock, id);
        }
        Applied::Yes
    }

    /// The job that was resumed last or, if one was started since, that.
    fn latest(&self, user: &UserId) -> Option<&Job> {
        let newest = self.kept.jobs.values().rev().find(|job| job.key.user_id == *user)?;
        let resumed = self.resumed.get(user).filter(|(_, at)| *at >= newest.created_at);
        let resumed = resumed.map(|(job_id, _)| JobKey { user_id: user.clone(), job_id: *job_id });
        Some(resumed.and_then(|key| self.kept.jobs.get(&key)).unwrap_or(newest))
    }

    fn unlink(&mut self, unlink: &Unlink) -> Applied {
        let before = &unlink.before;
        let is_as_read = self.kept.links.get(&before.user_id).is_some_and(|link| {
            link.tokens_version == before.tokens_version
                && link.is_active == before.is_active
                && link.active_job_id == before.active_job_id
        });
        let job_is_as_read = unlink.cancel.as_ref().is_none_or(|cancel| self.holds(cancel));
        if !is_as_read || !job_is_as_read {
            return Applied::Lost;
        }
        if let Some(cancel) = &unlink.cancel
            && self.apply(cancel, &[]) == Applied::Lost
        {
            return Applied::Lost;
        }
        self.kept.links.insert(before.user_id.clone(), unlink.after.clone());
        if let Some(erasure) = &unlink.erasure {
            self.kept.erasures.insert(before.user_id.clone(), erasure.clone());
        }
        Applied::Yes
    }

    fn erase(&mut self, erasure: &Erasure, now: DateTime<Utc>) -> Erased {
        let user = &erasure.user_id;
        let is_as_read =
            self.kept.erasures.get(user).is_some_and(|kept| {
                kept.version == erasure.version && kept.erased_up_to == erasure.erased_up_to
            });
        if !is_as_read {
            return Erased::Lost;
        }
        let in_text_order: BTreeMap<String, RecordKey> = self
            .kept
            .records
            .keys()
            .filter(|(owner, _)| owner == user)
            .map(|(_, key)| (key.to_string(), key.clone()))
            .collect();
        let after = erasure.erased_up_to.as_ref().map(RecordKey::to_string);
        let left =
            in_text_order.into_iter().filter(|(text, _)| after.as_ref().is_none_or(|after| after < text));
        let left: Vec<RecordKey> = left.map(|(_, key)| key).collect();
        let batch = &left[..left.len().min(ERASED_AT_ONCE)];
        let mut records = 0;
        for key in batch {
            let place = (user.clone(), key.clone());
            if !self.foreign.contains_key(&place) && self.kept.records.remove(&place).is_some() {
                records += 1;
            }
        }
        match batch.last().filter(|_| batch.len() < left.len()) {
            Some(last) => {
                let further = erasure.after(records, last.clone(), now);
                self.kept.erasures.insert(user.clone(), further.clone());
                Erased::Batch(further)
            }
            None => {
                self.kept.erasures.remove(user);
                Erased::All { records: erasure.records + records }
            }
        }
    }

    fn write_records(&mut self, user: &UserId, records: &[RecordUpsert]) {
        for record in records {
            let key = (user.clone(), record.key.clone());
            if self.foreign.contains_key(&key) {
                continue;
            }
            let stored = self
                .kept
                .records
                .entry(key)
                .or_insert_with(|| StoredRecord { key: record.key.clone(), attributes: BTreeMap::new() });
            for (name, attribute) in &record.attributes {
                stored.attributes.insert(name.clone(), as_kept(attribute));
            }
        }
    }
}

fn set_lock(lock: &mut Option<JobId>, change: LockChange, job: JobId) {
    match change {
        LockChange::Keep => {}
        LockChange::Acquire => *lock = Some(job),
        LockChange::Release => *lock = None,
    }
}

/// Only forward, and only on a link to the account that the job imported from.
fn move_watermark(link: &mut Link, job: &Job, watermark: NaiveDate) {
    let forward = link.last_successful_sync_date.is_none_or(|date| date < watermark);
    if forward && link.account == job.account {
        link.last_successful_sync_date = Some(watermark);
    }
}

/// A value as DynamoDB keeps it: a number without a fraction is an integer.
fn as_kept(attribute: &Attribute) -> Attribute {
    match attribute {
        Attribute::Json(value) => Attribute::Json(integers(value)),
        Attribute::Bytes(bytes) => Attribute::Bytes(bytes.clone()),
    }
}

fn integers(value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            let text = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e15);
            match text.filter(|_| number.is_f64()).map(|float| format!("{float:.0}").parse::<i64>()) {
                Some(Ok(integer)) => integer.into(),
                _ => value.clone(),
            }
        }
        Value::Array(values) => values.iter().map(integers).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), integers(value))).collect())
        }
        other => other.clone(),
    }
}

impl JobStore for MemoryStore {
    async fn start(
        &self,
        job: &Job,
        remember: Option<&RememberedAnswer>,
    ) -> Result<StartOutcome, StoreError> {
        self.perform(Operation::Start, |state| state.start(job, remember)).await
    }

    async fn job(&self, key: &JobKey) -> Result<Option<Job>, StoreError> {
        self.perform(Operation::Read, |state| Ok(state.kept.jobs.get(key).cloned())).await
    }

    async fn jobs(&self, user: &UserId, limit: u32, cursor: Option<JobId>) -> Result<Page<Job>, StoreError> {
        self.perform(Operation::Read, |state| {
            let of_user = state.kept.jobs.values().rev().filter(|job| {
                job.key.user_id == *user && cursor.is_none_or(|cursor| job.key.job_id < cursor)
            });
            Ok(page(of_user.cloned(), limit.clamp(1, 100), |job| job.key.job_id.to_string()))
        })
        .await
    }

    async fn status(&self, user: &UserId) -> Result<SyncStatus, StoreError> {
        self.perform(Operation::Read, |state| {
            let job = state.latest(user).cloned();
            let link = state.kept.links.get(user);
            let last_successful_sync = link.and_then(|link| link.last_successful_sync_date);
            Ok(SyncStatus { job, last_successful_sync })
        })
        .await
    }

    async fn claim(&self, key: &JobKey, claim: &Claim) -> Result<ClaimOutcome, StoreError> {
        self.perform(Operation::Claim, |state| Ok(state.claim(key, claim))).await
    }

    async fn apply(&self, transition: &Transition, records: &[RecordUpsert]) -> Result<Applied, StoreError> {
        give_way().await;
        let result = {
            let mut state = self.lock();
            match state.faults.next(Operation::Apply) {
                None => Ok(state.apply(transition, records)),
                Some(fault) => {
                    if fault.applies() {
                        let _lost_or_not = state.apply(transition, records);
                    } else if fault == Fault::RecordsOnly && state.holds(transition) {
                        state.write_records(&transition.before.key.user_id, records);
                    }
                    Err(fault.error())
                }
            }
        };
        give_way().await;
        result
    }

    async fn unlink(&self, unlink: &Unlink) -> Result<Applied, StoreError> {
        self.perform(Operation::Unlink, |state| Ok(state.unlink(unlink))).await
    }

    async fn due(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<DueJob>, StoreError> {
        self.perform(Operation::Read, |state| {
            let mut due = state.stale_index.clone().unwrap_or_else(|| state.index());
            due.retain(|job| job.due_at <= now);
            due.sort_by(|one, other| (one.due_at, &one.key).cmp(&(other.due_at, &other.key)));
            due.truncate(limit as usize);
            Ok(due)
        })
        .await
    }

    async fn postpone(&self, due: &DueJob, until: DateTime<Utc>) -> Result<Applied, StoreError> {
        self.perform(Operation::Postpone, |state| {
            let job = state.kept.jobs.get_mut(&due.key);
            match job.filter(|job| job.due_at == Some(due.due_at)) {
                Some(job) => {
                    job.due_at = Some(until);
                    Ok(Applied::Yes)
                }
                None => Ok(Applied::Lost),
            }
        })
        .await
    }

    async fn remembered(
        &self,
        user: &UserId,
        key: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<RememberedAnswer>, StoreError> {
        self.perform(Operation::Read, |state| {
            let answer = state.answers.get(&(user.clone(), key.to_owned()));
            Ok(answer.filter(|answer| answer.expires_at > now).cloned())
        })
        .await
    }

    async fn remember(&self, user: &UserId, answer: &RememberedAnswer) -> Result<Applied, StoreError> {
        self.perform(Operation::Remember, |state| {
            if state.is_used(user, &answer.key, answer.expires_at - IDEMPOTENCY_WINDOW) {
                return Ok(Applied::Lost);
            }
            state.answers.insert((user.clone(), answer.key.clone()), answer.clone());
            Ok(Applied::Yes)
        })
        .await
    }
}

impl LinkStore for MemoryStore {
    async fn link(&self, user: &UserId) -> Result<Option<Link>, StoreError> {
        self.perform(Operation::Read, |state| Ok(state.kept.links.get(user).cloned())).await
    }

    async fn put_link(&self, link: &Link, seen: Option<u64>) -> Result<PutLink, StoreError> {
        self.perform(Operation::PutLink, |state| {
            if state.kept.erasures.contains_key(&link.user_id) {
                return Ok(PutLink::Erasing);
            }
            let before = state.kept.links.get(&link.user_id);
            if before.is_some_and(|before| !before.is_active && Some(before.tokens_version) != seen) {
                return Ok(PutLink::Unlinked);
            }
            let kept = Link {
                tokens_version: before.map_or(0, |before| before.tokens_version) + 1,
                is_active: true,
                reauth_required: false,
                last_successful_sync_date: before
                    .filter(|before| before.account == link.account)
                    .and_then(|before| before.last_successful_sync_date),
                active_job_id: before.and_then(|before| before.active_job_id),
                ..link.clone()
            };
            state.kept.links.insert(link.user_id.clone(), kept);
            Ok(PutLink::Stored)
        })
        .await
    }

    async fn replace_tokens(
        &self,
        user: &UserId,
        version: u64,
        tokens: &SealedTokens,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Applied, StoreError> {
        self.perform(Operation::ReplaceTokens, |state| {
            let link = state.kept.links.get_mut(user);
            let Some(link) = link.filter(|link| link.is_active && link.tokens_version == version) else {
                return Ok(Applied::Lost);
            };
            link.tokens = tokens.clone();
            link.tokens_version = version + 1;
            link.token_expires_at = expires_at;
            link.reauth_required = false;
            link.updated_at = now;
            Ok(Applied::Yes)
        })
        .await
    }

    async fn require_reauth(
        &self,
        user: &UserId,
        version: u64,
        now: DateTime<Utc>,
    ) -> Result<Applied, StoreError> {
        self.perform(Operation::RequireReauth, |state| {
            let link = state.kept.links.get_mut(user);
            let Some(link) = link.filter(|link| link.is_active && link.tokens_version == version) else {
                return Ok(Applied::Lost);
            };
            link.reauth_required = true;
            link.updated_at = now;
            Ok(Applied::Yes)
        })
        .await
    }

    async fn account(&self, account: &AccountKey) -> Result<Account, StoreError> {
        self.perform(Operation::Read, |state| {
            Ok(state.kept.accounts.get(account).cloned().unwrap_or_default())
        })
        .await
    }

    async fn throttle(
        &self,
        account: &AccountKey,
        not_before: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, StoreError> {
        self.perform(Operation::Throttle, |state| {
            let account = state.kept.accounts.entry(account.clone()).or_default();
            account.consecutive_throttles += 1;
            let later = account.not_before.map_or(not_before, |kept| kept.max(not_before));
            account.not_before = Some(later);
            Ok(later)
        })
        .await
    }

    async fn clear_throttles(&self, account: &AccountKey) -> Result<(), StoreError> {
        self.perform(Operation::ClearThrottles, |state| {
            if let Some(account) = state.kept.accounts.get_mut(account) {
                account.consecutive_throttles = 0;
            }
            Ok(())
        })
        .await
    }
}

impl ErasureStore for MemoryStore {
    async fn erasure(&self, user: &UserId) -> Result<Option<Erasure>, StoreError> {
        self.perform(Operation::Read, |state| Ok(state.kept.erasures.get(user).cloned())).await
    }

    async fn erase(&self, erasure: &Erasure, now: DateTime<Utc>) -> Result<Erased, StoreError> {
        self.perform(Operation::Erase, |state| Ok(state.erase(erasure, now))).await
    }

    async fn due_erasures(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<DueErasure>, StoreError> {
        self.perform(Operation::Read, |state| {
            let due = state.kept.erasures.values().filter(|erasure| erasure.due_at <= now);
            let due =
                due.map(|erasure| DueErasure { user_id: erasure.user_id.clone(), due_at: erasure.due_at });
            let mut due: Vec<_> = due.collect();
            due.sort_by_key(|due| due.due_at);
            due.truncate(limit as usize);
            Ok(due)
        })
        .await
    }

    async fn postpone_erasure(&self, due: &DueErasure, until: DateTime<Utc>) -> Result<Applied, StoreError> {
        self.perform(Operation::PostponeErasure, |state| {
            let erasure = state.kept.erasures.get_mut(&due.user_id);
            match erasure.filter(|erasure| erasure.due_at == due.due_at) {
                Some(erasure) => {
                    erasure.due_at = until;
                    Ok(Applied::Yes)
                }
                None => Ok(Applied::Lost),
            }
        })
        .await
    }
}

/// What is kept of a user's sign-ins.
#[derive(Debug, Default)]
struct SignInItem {
    attempts: u32,
    attempts_until: Option<DateTime<Utc>>,
    waiting: Option<WaitingSignIn>,
}

#[derive(Debug)]
struct WaitingSignIn {
    state: Uuid,
    session: SealedSignIn,
    until: DateTime<Utc>,
    tries: u32,
}

impl SignInStore for MemoryStore {
    async fn count_attempt(
        &self,
        user: &UserId,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.perform(Operation::SignIn, |state| {
            let item = state.sign_ins.entry(user.clone()).or_default();
            let until = item.attempts_until.filter(|until| *until > now);
            if until.is_some() && item.attempts >= SIGN_IN_ATTEMPTS {
                return Ok(until);
            }
            item.attempts = if until.is_some() { item.attempts + 1 } else { 1 };
            item.attempts_until = until.or(Some(now + SIGN_IN_WINDOW));
            Ok(None)
        })
        .await
    }

    async fn keep(
        &self,
        user: &UserId,
        state_id: Uuid,
        session: &SealedSignIn,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.perform(Operation::SignIn, |state| {
            let waiting =
                WaitingSignIn { state: state_id, session: session.clone(), until: expires_at, tries: 0 };
            state.sign_ins.entry(user.clone()).or_default().waiting = Some(waiting);
            Ok(())
        })
        .await
    }

    async fn use_try(
        &self,
        user: &UserId,
        state_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<SealedSignIn>, StoreError> {
        self.perform(Operation::SignIn, |state| {
            let waiting = state.sign_ins.get_mut(user).and_then(|item| item.waiting.as_mut());
            let waiting = waiting.filter(|waiting| {
                waiting.state == state_id && waiting.until > now && waiting.tries < SIGN_IN_CODES
            });
            Ok(waiting.map(|waiting| {
                waiting.tries += 1;
                waiting.session.clone()
            }))
        })
        .await
    }

    async fn refuse_attempts(&self, user: &UserId, until: DateTime<Utc>) -> Result<(), StoreError> {
        self.perform(Operation::SignIn, |state| {
            let item = state.sign_ins.entry(user.clone()).or_default();
            item.attempts = SIGN_IN_ATTEMPTS;
            item.attempts_until = Some(until);
            Ok(())
        })
        .await
    }

    async fn forget_any(&self, user: &UserId) -> Result<(), StoreError> {
        self.perform(Operation::SignIn, |state| {
            if let Some(item) = state.sign_ins.get_mut(user) {
                item.waiting = None;
            }
            Ok(())
        })
        .await
    }

    async fn forget(&self, user: &UserId, state_id: Uuid) -> Result<(), StoreError> {
        self.perform(Operation::SignIn, |state| {
            if let Some(item) = state.sign_ins.get_mut(user)
                && item.waiting.as_ref().is_some_and(|waiting| waiting.state == state_id)
            {
                item.waiting = None;
            }
            Ok(())
        })
        .await
    }
}

impl RecordStore for MemoryStore {
    async fn records(&self, user: &UserId, query: &RecordQuery) -> Result<Page<StoredRecord>, StoreError> {
        self.perform(Operation::Read, |state| {
            let within = |id: &str| {
                query.from.as_deref().is_none_or(|from| from <= id)
                    && query.to.as_deref().is_none_or(|to| id <= to)
                    && query.cursor.as_deref().is_none_or(|cursor| cursor < id)
            };
            let found = state
                .kept
                .records
                .iter()
                .filter(|((owner, key), _)| owner == user && key.kind == query.kind && within(&key.id))
                .map(|(_, record)| projected(record, query.attributes.as_ref()));
            Ok(page(found, query.limit.clamp(1, 1_000), |record| record.key.id.clone()))
        })
        .await
    }

    async fn activities(
        &self,
        user: &UserId,
        query: &ActivityQuery,
    ) -> Result<Page<StoredRecord>, StoreError> {
        self.perform(Operation::Read, |state| {
            let (first, last) = (query.days.start().to_string(), format!("{}U", query.days.end()));
            let mut found: Vec<_> = state
                .kept
                .records
                .iter()
                .filter(|((owner, key), _)| owner == user && key.kind == RecordKind::Activity)
                .filter_map(|(_, record)| match record.attributes.get(START_LOCAL) {
                    Some(Attribute::Json(Value::String(start))) => Some((start, record)),
                    _ => None,
                })
                .filter(|(start, _)| (&first..=&last).contains(start))
                .map(|(start, record)| (format!("{start}#{}", record.key.id), record))
                .filter(|(place, _)| query.cursor.as_ref().is_none_or(|cursor| cursor < place))
                .collect();
            found.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            let found = page(found.into_iter(), query.limit.clamp(1, 1_000), |(place, _)| place.clone());
            let attributes = query.attributes.as_ref();
            let items = found.items.into_iter().map(|(_, record)| projected(record, attributes)).collect();
            Ok(Page { items, next: found.next })
        })
        .await
    }
}

fn projected(record: &StoredRecord, attributes: Option<&BTreeSet<String>>) -> StoredRecord {
    let mut record = record.clone();
    if let Some(attributes) = attributes {
        record.attributes.retain(|name, _| attributes.contains(name));
    }
    record
}

fn page<T>(items: impl Iterator<Item = T>, limit: u32, cursor: impl Fn(&T) -> String) -> Page<T> {
    let limit = limit as usize;
    let mut items: Vec<T> = items.take(limit + 1).collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(cursor);
    Page { items, next }
}
