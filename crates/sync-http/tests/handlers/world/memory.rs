//! Jobs, links and the queue in one lock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sync_core::link::SealedTokens;
use sync_core::ports::{Applied, ClaimOutcome, DueJob, Page, RememberedAnswer, StartOutcome, StoreError};
use sync_core::transition::{Claim, LockChange, Transition};
use sync_core::{
    Account, AccountKey, ChunkQueue, Job, JobId, JobKey, JobStore, Link, LinkStore, RecordUpsert, SyncType,
    UserId,
};

/// What every call answers with from now on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    Unavailable,
    OutcomeUnknown,
    Unreadable,
    /// Another user's job holds every account.
    AccountBusy,
    /// Every conditional write loses.
    Lost,
}

#[derive(Debug, Default)]
struct State {
    jobs: BTreeMap<(UserId, JobId), Job>,
    links: BTreeMap<UserId, Link>,
    accounts: BTreeMap<AccountKey, Account>,
    remembered: BTreeMap<(UserId, String), RememberedAnswer>,
    nudges: Vec<JobKey>,
}

#[derive(Clone, Default)]
pub(crate) struct Memory {
    state: Arc<Mutex<State>>,
    failure: Arc<Mutex<Option<Failure>>>,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn fail(&self, failure: Option<Failure>) {
        *self.failure.lock().unwrap() = failure;
    }

    fn failure(&self) -> Option<Failure> {
        *self.failure.lock().unwrap()
    }

    fn checked(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        const INSIDE: &str = "ProvisionedThroughputExceeded at 10.0.0.7 for table garmin_sync_jobs";
        match self.failure() {
            Some(Failure::Unavailable) => Err(StoreError::Unavailable(INSIDE.into())),
            Some(Failure::OutcomeUnknown) => Err(StoreError::OutcomeUnknown(INSIDE.into())),
            Some(Failure::Unreadable) => Err(StoreError::Unreadable { what: "job", source: INSIDE.into() }),
            _ => Ok(self.state()),
        }
    }

    /// Everything that is stored, to compare.
    pub(crate) fn everything(&self) -> String {
        format!("{:#?}", self.state())
    }

    pub(crate) fn nudges(&self) -> usize {
        self.state().nudges.len()
    }

    pub(crate) fn link(&self, user: &str, guid: &str, time_zone: Tz, now: DateTime<Utc>) {
        let user_id = UserId::new(user).unwrap();
        let link = Link {
            user_id: user_id.clone(),
            account: AccountKey::of(guid),
            display_name: "runner".into(),
            time_zone,
            tokens: SealedTokens("sealed".into()),
            tokens_version: 1,
            token_expires_at: now,
            is_active: true,
            reauth_required: false,
            last_successful_sync_date: None,
            active_job_id: None,
            linked_at: now,
            updated_at: now,
        };
        self.state().links.insert(user_id, link);
    }

    pub(crate) fn change_link(&self, user: &str, change: impl FnOnce(&mut Link)) {
        change(self.state().links.get_mut(&UserId::new(user).unwrap()).unwrap());
    }

    pub(crate) fn link_of(&self, user: &str) -> Link {
        self.state().links[&UserId::new(user).unwrap()].clone()
    }

    /// Stores a job as it is, with the locks that its status has.
    pub(crate) fn put(&self, job: Job) {
        let mut state = self.state();
        let holds = job.status.is_unfinished().then_some(job.key.job_id);
        state.links.get_mut(&job.key.user_id).unwrap().active_job_id = holds;
        state.accounts.entry(job.account.clone()).or_default().active_job_id = holds;
        state.jobs.insert((job.key.user_id.clone(), job.key.job_id), job);
    }

    pub(crate) fn job_of(&self, key: &JobKey) -> Job {
        self.state().jobs[&(key.user_id.clone(), key.job_id)].clone()
    }
}

impl JobStore for Memory {
    async fn start(
        &self,
        job: &Job,
        remember: Option<&RememberedAnswer>,
    ) -> Result<StartOutcome, StoreError> {
        {
            let mut state = self.checked()?;
            let user = &job.key.user_id;
            let is_used = |it: &RememberedAnswer| {
                let used = state.remembered.get(&(user.clone(), it.key.clone()));
                used.is_some_and(|used| used.expires_at > job.created_at)
            };
            if remember.is_some_and(is_used) {
                return Ok(StartOutcome::Repeated);
            }
            let Some(link) = state.links.get(user).filter(|link| link.is_active) else {
                return Ok(StartOutcome::NotLinked);
            };
            if let Some(active) = link.active_job_id {
                return Ok(StartOutcome::UserBusy(active));
            }
            let busy = state.accounts.get(&job.account).is_some_and(|it| it.active_job_id.is_some());
            if busy || matches!(self.failure(), Some(Failure::AccountBusy)) {
                return Ok(StartOutcome::AccountBusy);
            }
            if let Some(remember) = remember {
                state.remembered.insert((user.clone(), remember.key.clone()), remember.clone());
            }
        }
        self.put(job.clone());
        Ok(StartOutcome::Started)
    }

    async fn job(&self, key: &JobKey) -> Result<Option<Job>, StoreError> {
        Ok(self.checked()?.jobs.get(&(key.user_id.clone(), key.job_id)).cloned())
    }

    async fn jobs(&self, user: &UserId, limit: u32, cursor: Option<JobId>) -> Result<Page<Job>, StoreError> {
        let state = self.checked()?;
        let older =
            state.jobs.values().rev().filter(|job| {
                job.key.user_id == *user && cursor.is_none_or(|cursor| job.key.job_id < cursor)
            });
        let mut items: Vec<_> = older.take(limit as usize + 1).cloned().collect();
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| more).map(|job| job.key.job_id.to_string());
        Ok(Page { items, next })
    }

    async fn claim(&self, key: &JobKey, claim: &Claim) -> Result<ClaimOutcome, StoreError> {
        let mut state = self.checked()?;
        let job = state.jobs.get_mut(&(key.user_id.clone(), key.job_id));
        let Some(job) = job.filter(|job| job.is_claimable(claim.now)) else {
            return Ok(ClaimOutcome::Refused);
        };
        *job = job.claimed(claim);
        Ok(ClaimOutcome::Claimed(Box::new(job.clone())))
    }

    async fn apply(&self, transition: &Transition, _: &[RecordUpsert]) -> Result<Applied, StoreError> {
        if matches!(self.failure(), Some(Failure::Lost)) {
            return Ok(Applied::Lost);
        }
        {
            let state = self.checked()?;
            let key = transition.key();
            let stored = &state.jobs[&(key.user_id.clone(), key.job_id)];
            let moved = stored.fence != transition.before.fence || stored.status != transition.before.status;
            let taken = transition.lock == LockChange::Acquire
                && state
                    .accounts
                    .get(&stored.account)
                    .and_then(|account| account.active_job_id)
                    .is_some_and(|active| active != key.job_id);
            if moved || taken {
                return Ok(Applied::Lost);
            }
        }
        self.put(transition.after.clone());
        Ok(Applied::Yes)
    }

    async fn due(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<DueJob>, StoreError> {
        let state = self.checked()?;
        let due = state.jobs.values().filter_map(|job| {
            let due_at = job.due_at.filter(|due_at| *due_at <= now)?;
            Some(DueJob { key: job.key.clone(), due_at })
        });
        Ok(due.take(limit as usize).collect())
    }

    async fn postpone(&self, due: &DueJob, until: DateTime<Utc>) -> Result<Applied, StoreError> {
        let mut state = self.checked()?;
        let job = state.jobs.get_mut(&(due.key.user_id.clone(), due.key.job_id));
        let Some(job) = job.filter(|job| job.due_at == Some(due.due_at)) else {
            return Ok(Applied::Lost);
        };
        job.due_at = Some(until);
        Ok(Applied::Yes)
    }

    async fn remembered(
        &self,
        user: &UserId,
        key: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<RememberedAnswer>, StoreError> {
        let state = self.checked()?;
        let answer = state.remembered.get(&(user.clone(), key.to_owned()));
        Ok(answer.filter(|answer| answer.expires_at > now).cloned())
    }

    async fn remember(&self, user: &UserId, answer: &RememberedAnswer) -> Result<Applied, StoreError> {
        let mut state = self.checked()?;
        let key = (user.clone(), answer.key.clone());
        if state.remembered.contains_key(&key) {
            return Ok(Applied::Lost);
        }
        state.remembered.insert(key, answer.clone());
        Ok(Applied::Yes)
    }
}

impl LinkStore for Memory {
    async fn link(&self, user: &UserId) -> Result<Option<Link>, StoreError> {
        Ok(self.checked()?.links.get(user).cloned())
    }

    async fn put_link(&self, _: &Link) -> Result<(), StoreError> {
        unreachable!("no handler here links")
    }

    async fn replace_tokens(
        &self,
        _: &UserId,
        _: u64,
        _: &SealedTokens,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
    ) -> Result<Applied, StoreError> {
        unreachable!("no test refreshes tokens")
    }

    async fn require_reauth(&self, _: &UserId, _: u64, _: DateTime<Utc>) -> Result<Applied, StoreError> {
        unreachable!("no test has tokens refused")
    }

    async fn account(&self, account: &AccountKey) -> Result<Account, StoreError> {
        Ok(self.checked()?.accounts.get(account).cloned().unwrap_or_default())
    }

    async fn throttle(&self, _: &AccountKey, _: DateTime<Utc>) -> Result<DateTime<Utc>, StoreError> {
        unreachable!("no test is throttled")
    }

    async fn clear_throttles(&self, _: &AccountKey) -> Result<(), StoreError> {
        Ok(())
    }
}

impl ChunkQueue for Memory {
    async fn nudge(&self, key: &JobKey, _: SyncType, _: TimeDelta) -> Result<(), StoreError> {
        self.checked()?.nudges.push(key.clone());
        Ok(())
    }
}
