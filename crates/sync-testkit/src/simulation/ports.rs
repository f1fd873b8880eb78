//! The ports of `sync-core`, each call with an await point before its effect and one after it. Whatever kills an actor
//! kills it there: before anything happened, or after it happened and before the actor learnt of it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sync_core::erasure::{DueErasure, Erasure};
use sync_core::job::Job;
use sync_core::link::{Account, Link, SealedTokens, Tokens};
use sync_core::metric::MetricType;
use sync_core::ports::{
    Applied, BoxError, ChunkQueue, ClaimOutcome, Clock, DueJob, Erased, ErasureQueue, ErasureStore,
    FetchError, Fetched, GarminSource, Ids, JobStore, LinkStore, Page, PutLink, RefreshError,
    RememberedAnswer, Session, StartOutcome, StoreError, SyncStatus, TokenVault, VaultError,
};
use sync_core::record::RecordUpsert;
use sync_core::sign_in::{SealedSignIn, SignInStore};
use sync_core::transition::{Claim, Transition};
use sync_core::unlink::Unlink;
use sync_core::window::{PlanRequest, Window, WindowPlan};
use sync_core::{AccountKey, JobId, JobKey, UserId};
use uuid::Uuid;

use super::executor::{Pause, Sim, TaskId};
use super::garmin::{self, LONGEST_WINDOW, tokens_of};
use super::mistakes::Mistake;
use super::world::World;

/// Records in one transaction: few, so that a chunk often takes more than one.
const RECORDS_PER_TRANSACTION: usize = 40;

/// The world as one actor has it.
#[derive(Clone, Debug)]
pub(super) struct Ports {
    pub(super) sim: Arc<Sim>,
    pub(super) task: TaskId,
}

fn injected() -> BoxError {
    BoxError::from("injected")
}

impl Ports {
    pub(super) fn pause(&self, delay: TimeDelta) -> Pause<'_> {
        self.sim.pause(self.task, delay)
    }

    fn latency(&self) -> TimeDelta {
        let mut world = self.sim.world();
        if world.fails(|faults| faults.slow) { TimeDelta::seconds(20) } else { world.millis(1, 15) }
    }

    async fn read<T>(&self, look: impl FnOnce(&mut World) -> T + Send) -> Result<T, StoreError> {
        self.pause(self.latency()).await;
        let seen = {
            let mut world = self.sim.world();
            if world.fails(|faults| faults.unavailable) {
                world.note_store_fault(self.task);
                return Err(StoreError::Unavailable(injected()));
            }
            look(&mut world)
        };
        self.pause(TimeDelta::milliseconds(1)).await;
        Ok(seen)
    }

    pub(super) async fn write<T>(
        &self,
        change: impl FnOnce(&mut World) -> T + Send,
    ) -> Result<T, StoreError> {
        self.pause(self.latency()).await;
        let outcome = {
            let mut world = self.sim.world();
            if world.fails(|faults| faults.unavailable) {
                world.note_store_fault(self.task);
                Err(StoreError::Unavailable(injected()))
            } else if world.fails(|faults| faults.unknown_lost) {
                world.report.unknown_outcomes += 1;
                world.note_store_fault(self.task);
                let name = world.name_of(self.task);
                world.tell(format_args!("{name} is not told of a write that was lost"));
                Err(StoreError::OutcomeUnknown(injected()))
            } else {
                let outcome = change(&mut world);
                if world.fails(|faults| faults.unknown_applied) {
                    world.report.unknown_outcomes += 1;
                    world.note_store_fault(self.task);
                    let name = world.name_of(self.task);
                    world.tell(format_args!("{name} is not told of a write that reached the store"));
                    Err(StoreError::OutcomeUnknown(injected()))
                } else {
                    Ok(outcome)
                }
            }
        };
        let after = self.latency();
        self.pause(after).await;
        outcome
    }
}

impl JobStore for Ports {
    async fn start(
        &self,
        job: &Job,
        remember: Option<&RememberedAnswer>,
    ) -> Result<StartOutcome, StoreError> {
        let is_sloppy = self.sim.world().is_planted(Mistake::CheckThenPutStart);
        if is_sloppy {
            if let Some(refusal) = self.read(|world| world.why_not_start(job, remember)).await? {
                return Ok(refusal);
            }
            self.write(|world| world.put_job(self.task, job, remember)).await?;
            return Ok(StartOutcome::Started);
        }
        self.write(|world| world.start_job(self.task, job, remember)).await
    }

    async fn job(&self, key: &JobKey) -> Result<Option<Job>, StoreError> {
        self.read(|world| world.tables.jobs.get(key).cloned()).await
    }

    async fn jobs(&self, user: &UserId, limit: u32, cursor: Option<JobId>) -> Result<Page<Job>, StoreError> {
        self.read(|world| {
            let mut jobs: Vec<_> = world
                .tables
                .jobs
                .values()
                .filter(|job| job.key.user_id == *user)
                .filter(|job| cursor.is_none_or(|cursor| job.key.job_id < cursor))
                .cloned()
                .collect();
            jobs.reverse();
            let more = jobs.len() > limit as usize;
            jobs.truncate(limit as usize);
            let next = jobs.last().filter(|_| more).map(|job| job.key.job_id.to_string());
            Page { items: jobs, next }
        })
        .await
    }

    async fn status(&self, user: &UserId) -> Result<SyncStatus, StoreError> {
        self.read(|world| {
            let mut of_user = world.tables.jobs.values().filter(|job| job.key.user_id == *user);
            let link = world.tables.links.get(user);
            SyncStatus {
                job: of_user.next_back().cloned(),
                last_successful_sync: link.and_then(|link| link.last_successful_sync_date),
            }
        })
        .await
    }

    async fn claim(&self, key: &JobKey, claim: &Claim) -> Result<ClaimOutcome, StoreError> {
        self.write(|world| world.claim_job(self.task, key, *claim)).await
    }

    async fn apply(&self, transition: &Transition, records: &[RecordUpsert]) -> Result<Applied, StoreError> {
        let is_sloppy = self.sim.world().is_planted(Mistake::RecordsOutsideTheTransaction);
        let mut rest = records;
        while rest.len() > RECORDS_PER_TRANSACTION || (is_sloppy && !rest.is_empty()) {
            let (ahead, others) = rest.split_at(rest.len().min(RECORDS_PER_TRANSACTION));
            if self.write(|world| world.write_ahead(self.task, transition, ahead)).await? == Applied::Lost {
                return Ok(Applied::Lost);
            }
            rest = others;
        }
        self.write(|world| world.apply_transition(self.task, transition, rest)).await
    }

    async fn unlink(&self, unlink: &Unlink) -> Result<Applied, StoreError> {
        self.write(|world| world.unlink(self.task, unlink)).await
    }

    async fn due(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<DueJob>, StoreError> {
        self.read(|world| {
            let stale = world.fails(|faults| faults.stale_index);
            world.tables.due(world.now(), now, limit, stale)
        })
        .await
    }

    async fn postpone(&self, due: &DueJob, until: DateTime<Utc>) -> Result<Applied, StoreError> {
        self.write(|world| world.postpone_job(due, until)).await
    }

    async fn remembered(
        &self,
        user: &UserId,
        key: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<RememberedAnswer>, StoreError> {
        self.read(|world| {
            let answer = world.tables.remembered.get(&(user.clone(), key.to_owned()));
            answer.filter(|answer| answer.expires_at > now).cloned()
        })
        .await
    }

    async fn remember(&self, user: &UserId, answer: &RememberedAnswer) -> Result<Applied, StoreError> {
        self.write(|world| world.remember_answer(user, answer)).await
    }
}

/// Nobody in these worlds waits for a code, so there is nothing to keep: what is left is a write that can fail.
impl SignInStore for Ports {
    async fn count_attempt(&self, _: &UserId, _: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.write(|_| None).await
    }

    async fn keep(&self, _: &UserId, _: Uuid, _: &SealedSignIn, _: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(|_| ()).await
    }

    async fn use_try(
        &self,
        _: &UserId,
        _: Uuid,
        _: DateTime<Utc>,
    ) -> Result<Option<SealedSignIn>, StoreError> {
        self.write(|_| None).await
    }

    async fn refuse_attempts(&self, _: &UserId, _: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(|_| ()).await
    }

    async fn forget_any(&self, _: &UserId) -> Result<(), StoreError> {
        self.write(|_| ()).await
    }

    async fn forget(&self, _: &UserId, _: Uuid) -> Result<(), StoreError> {
        self.write(|_| ()).await
    }
}

impl LinkStore for Ports {
    async fn link(&self, user: &UserId) -> Result<Option<Link>, StoreError> {
        self.read(|world| world.tables.links.get(user).cloned()).await
    }

    async fn put_link(&self, link: &Link, seen: Option<u64>) -> Result<PutLink, StoreError> {
        self.write(|world| world.store_link(link, seen)).await
    }

    async fn replace_tokens(
        &self,
        user: &UserId,
        version: u64,
        tokens: &SealedTokens,
        expires_at: DateTime<Utc>,
        _: DateTime<Utc>,
    ) -> Result<Applied, StoreError> {
        self.write(|world| world.replace_link_tokens(user, version, tokens, expires_at)).await
    }

    async fn require_reauth(
        &self,
        user: &UserId,
        version: u64,
        _: DateTime<Utc>,
    ) -> Result<Applied, StoreError> {
        self.write(|world| world.mark_reauth(user, version)).await
    }

    async fn account(&self, account: &AccountKey) -> Result<Account, StoreError> {
        self.read(|world| {
            world.note_look(self.task, account);
            world.tables.accounts.get(account).cloned().unwrap_or_default()
        })
        .await
    }

    async fn throttle(
        &self,
        account: &AccountKey,
        not_before: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, StoreError> {
        self.write(|world| {
            let holds = world.record_throttle(account, not_before);
            // Whoever records a throttle knows of it.
            world.note_look(self.task, account);
            holds
        })
        .await
    }

    async fn clear_throttles(&self, account: &AccountKey) -> Result<(), StoreError> {
        self.write(|world| {
            if let Some(account) = world.tables.accounts.get_mut(account) {
                account.consecutive_throttles = 0;
            }
        })
        .await
    }
}

impl ErasureStore for Ports {
    async fn erasure(&self, user: &UserId) -> Result<Option<Erasure>, StoreError> {
        self.read(|world| world.tables.erasures.get(user).cloned()).await
    }

    async fn erase(&self, erasure: &Erasure, now: DateTime<Utc>) -> Result<Erased, StoreError> {
        self.write(|world| world.erase(erasure, now)).await
    }

    async fn due_erasures(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<DueErasure>, StoreError> {
        self.read(|world| {
            let due = world.tables.erasures.values().filter(|erasure| erasure.due_at <= now);
            let due = due.map(|due| DueErasure { user_id: due.user_id.clone(), due_at: due.due_at });
            due.take(limit as usize).collect()
        })
        .await
    }

    async fn postpone_erasure(&self, due: &DueErasure, until: DateTime<Utc>) -> Result<Applied, StoreError> {
        self.write(|world| world.postpone_erasure(due, until)).await
    }
}

impl ErasureQueue for Ports {
    async fn nudge_erasure(&self, user: &UserId) -> Result<(), StoreError> {
        self.write(|world| world.send_erasure(user)).await
    }
}

impl ChunkQueue for Ports {
    async fn nudge(&self, job: &Job, delay: TimeDelta) -> Result<(), StoreError> {
        self.write(|world| world.send(self.task, job, delay)).await
    }
}

impl TokenVault for Ports {
    async fn seal(&self, user: &UserId, tokens: &Tokens) -> Result<SealedTokens, VaultError> {
        use secrecy::ExposeSecret;
        self.pause(TimeDelta::milliseconds(2)).await;
        let mut world = self.sim.world();
        if world.fails(|faults| faults.vault) {
            return Err(VaultError::Unavailable(injected()));
        }
        let id = tokens.access.expose_secret().get(1..).unwrap_or_default();
        Ok(SealedTokens(format!("{user}|{id}")))
    }

    async fn reseal(
        &self,
        user: &UserId,
        _: &SealedTokens,
        tokens: &Tokens,
    ) -> Result<SealedTokens, VaultError> {
        self.seal(user, tokens).await
    }

    async fn open(&self, user: &UserId, sealed: &SealedTokens) -> Result<Tokens, VaultError> {
        self.pause(TimeDelta::milliseconds(2)).await;
        let mut world = self.sim.world();
        if world.fails(|faults| faults.vault) {
            return Err(VaultError::Unavailable(injected()));
        }
        let unreadable = || VaultError::Unreadable(injected());
        let (owner, id) = sealed.0.split_once('|').ok_or_else(unreadable)?;
        if owner != user.as_str() {
            world.violate(format_args!("{user} opens the tokens of {owner}"));
            return Err(unreadable());
        }
        let id: u64 = id.parse().map_err(|_| unreadable())?;
        let expires_at = world.garmin.expiry_of(id).ok_or_else(unreadable)?;
        Ok(tokens_of(id, expires_at))
    }
}

impl GarminSource for Ports {
    fn plan(&self, request: &PlanRequest<'_>) -> WindowPlan {
        garmin::plan(request)
    }

    fn metrics(&self, window: &Window) -> &'static [MetricType] {
        garmin::metrics_of(window)
    }

    fn longest_window(&self) -> TimeDelta {
        LONGEST_WINDOW
    }

    async fn fetch(
        &self,
        session: &Session,
        window: &Window,
        deadline: DateTime<Utc>,
    ) -> Result<Fetched, FetchError> {
        self.pause(TimeDelta::milliseconds(1)).await;
        let (answer, takes) = {
            let mut world = self.sim.world();
            let left = deadline - world.clock_of(self.task);
            if left < TimeDelta::seconds(1) {
                return Err(FetchError::OutOfTime);
            }
            world.check_question(self.task, window);
            let slow = world.fails(|faults| faults.garmin_slow);
            let takes = if slow { world.seconds(8, 20) } else { world.millis(200, 1500) };
            if takes > left {
                world.count_call(self.task, &session.account);
                (Err(FetchError::Unavailable { code: "timeout".into() }), left)
            } else {
                (world.answer(self.task, session, window), takes)
            }
        };
        self.pause(takes).await;
        answer
    }

    async fn refresh(&self, tokens: &Tokens) -> Result<Tokens, RefreshError> {
        self.pause(TimeDelta::milliseconds(1)).await;
        let (answer, takes) = {
            let mut world = self.sim.world();
            let answer = world.trade(self.task, tokens);
            // Between the trade and the store of what it gave, time is dearest: this is where machines are slow.
            if world.fails(|faults| faults.freeze * 10.0) {
                world.freeze(self.task);
            }
            let slow = world.fails(|faults| faults.garmin_slow);
            (answer, if slow { world.seconds(5, 40) } else { world.millis(100, 2000) })
        };
        self.pause(takes).await;
        answer
    }
}

impl Clock for Ports {
    fn now(&self) -> DateTime<Utc> {
        self.sim.world().clock_of(self.task)
    }
}

impl Ids for Ports {
    fn job_id(&self, now: DateTime<Utc>) -> JobId {
        let number = self.sim.world().next_id();
        let millis = u128::try_from(now.timestamp_millis()).unwrap_or_default();
        // Version 7, with a counter where randomness would be.
        JobId::new(Uuid::from_u128((millis << 80) | (0x7 << 76) | (0x8 << 60) | u128::from(number)))
    }

    fn claim_token(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.sim.world().next_id()))
    }
}
