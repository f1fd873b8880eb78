//! The tables, and every write on them as DynamoDB would do it: conditions and effects in one step, what differs and
//! nothing else.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sync_core::erasure::{DueErasure, Erasure};
use sync_core::job::{ChunkStates, Job, JobStatus};
use sync_core::link::{Account, Link, SealedTokens};
use sync_core::ports::{Applied, ClaimOutcome, DueJob, Erased, PutLink, RememberedAnswer, StartOutcome};
use sync_core::record::{Attribute, RecordKey, RecordUpsert};
use sync_core::transition::{Claim, LockChange, Transition};
use sync_core::unlink::Unlink;
use sync_core::{AccountKey, JobKey, UserId};

use super::executor::{Moment, TaskId};
use super::invariants::Cause;
use super::mistakes::Mistake;
use super::world::{Short, World};

/// Records in one batch of an erasure: few, so that it often takes more than one.
const ERASED_AT_ONCE: usize = 25;

/// What is stored.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) jobs: BTreeMap<JobKey, Job>,
    pub(super) links: BTreeMap<UserId, Link>,
    pub(super) accounts: BTreeMap<AccountKey, Account>,
    pub(super) records: BTreeMap<(UserId, RecordKey), BTreeMap<String, Attribute>>,
    pub(super) remembered: BTreeMap<(UserId, String), RememberedAnswer>,
    pub(super) erasures: BTreeMap<UserId, Erasure>,
    /// What the index shows of a job: what is true, what was true before, and since when it is not any more.
    index: BTreeMap<JobKey, IndexEntry>,
}

#[derive(Clone, Copy, Debug)]
struct IndexEntry {
    due_at: Option<Moment>,
    before: Option<Moment>,
    since: Moment,
}

impl Tables {
    /// The index as it shows itself at `now`, to somebody whose clock shows `reading`.
    pub(super) fn due(&self, now: Moment, reading: Moment, limit: u32, stale: bool) -> Vec<DueJob> {
        let mut due: Vec<_> = self
            .index
            .iter()
            .filter_map(|(key, entry)| {
                let is_behind = stale && now - entry.since < chrono::TimeDelta::seconds(5);
                let due_at = if is_behind { entry.before } else { entry.due_at };
                Some(DueJob { key: key.clone(), due_at: due_at.filter(|due_at| *due_at <= reading)? })
            })
            .collect();
        due.sort_by_key(|job| job.due_at);
        due.truncate(limit as usize);
        due
    }

    fn lock_is(&self, job: &Job, also_free: bool) -> bool {
        let id = job.key.job_id;
        let fits = |holder: Option<sync_core::JobId>| holder == Some(id) || (also_free && holder.is_none());
        let link = self.links.get(&job.key.user_id);
        link.is_some_and(|link| fits(link.active_job_id))
            && fits(self.accounts.get(&job.account).and_then(|account| account.active_job_id))
    }
}

impl World {
    pub(super) fn start_job(
        &mut self,
        task: TaskId,
        job: &Job,
        remember: Option<&RememberedAnswer>,
    ) -> StartOutcome {
        if let Some(refusal) = self.why_not_start(job, remember) {
            return refusal;
        }
        self.put_job(task, job, remember);
        StartOutcome::Started
    }

    pub(super) fn why_not_start(
        &self,
        job: &Job,
        remember: Option<&RememberedAnswer>,
    ) -> Option<StartOutcome> {
        let used = remember
            .and_then(|answer| self.tables.remembered.get(&(job.key.user_id.clone(), answer.key.clone())));
        if used.is_some_and(|used| used.expires_at > job.created_at) {
            return Some(StartOutcome::Repeated);
        }
        let link = self.tables.links.get(&job.key.user_id);
        let Some(link) = link.filter(|link| link.is_active && link.account == job.account) else {
            return Some(StartOutcome::NotLinked);
        };
        if let Some(holder) = link.active_job_id {
            return Some(StartOutcome::UserBusy(holder));
        }
        let account = self.tables.accounts.get(&job.account);
        account.is_some_and(|account| account.active_job_id.is_some()).then_some(StartOutcome::AccountBusy)
    }

    pub(super) fn put_job(&mut self, task: TaskId, job: &Job, remember: Option<&RememberedAnswer>) {
        self.tell(format_args!(
            "{} starts {} over {}, {} chunks",
            self.name_of(task),
            Short(&job.key),
            job.range,
            job.chunks_total()
        ));
        self.report.started += 1;
        if let Some(answer) = remember {
            let place = (job.key.user_id.clone(), answer.key.clone());
            self.tables.remembered.insert(place, answer.clone());
        }
        if let Some(link) = self.tables.links.get_mut(&job.key.user_id) {
            link.active_job_id = Some(job.key.job_id);
        }
        self.tables.accounts.entry(job.account.clone()).or_default().active_job_id = Some(job.key.job_id);
        self.store_job(job.clone(), Cause::Start);
        self.check_start(job);
        self.check_locks(&job.key.user_id, &job.account);
    }

    pub(super) fn claim_job(&mut self, task: TaskId, key: &JobKey, mut claim: Claim) -> ClaimOutcome {
        if let Some(mistake) = self.mistake {
            mistake.alter_claim(&mut claim);
        }
        let Some(job) = self.tables.jobs.get(key).filter(|job| job.accepts(&claim)) else {
            self.tell(format_args!("{} is refused the claim of {}", self.name_of(task), Short(key)));
            return ClaimOutcome::Refused;
        };
        let (mut claimed, before) = (job.claimed(&claim), job.clone());
        self.check_lease(task, &before);
        self.tell(format_args!(
            "{} claims {} with fence {}, states {}",
            self.name_of(task),
            Short(key),
            claimed.fence,
            claimed.chunk_states
        ));
        self.store_job(claimed.clone(), Cause::Claim);
        if let Some(actor) = self.actors.get_mut(&task) {
            actor.claimed = Some((key.clone(), claimed.fence));
        }
        if let Some(chunk) = self.chunk_to_obey(task) {
            claimed.chunk_states = obeying(&claimed.chunk_states, chunk);
        }
        ClaimOutcome::Claimed(Box::new(claimed))
    }

    /// Whether the job still is as the transition's maker read it.
    fn is_as_read(&self, transition: &Transition) -> bool {
        let Some(stored) = self.tables.jobs.get(&transition.before.key) else { return false };
        let before = &transition.before;
        let obeys = self.is_planted(Mistake::MessageCarriesTheChunk) && transition.guards_cursor;
        match self.mistake {
            Some(Mistake::NoConditionOnCommit) if transition.guards_cursor => true,
            Some(Mistake::CommitIgnoresStatus) if transition.guards_cursor => stored.fence == before.fence,
            _ => {
                stored.fence == before.fence
                    && stored.status == before.status
                    && (!transition.guards_cursor || obeys || stored.chunk_states == before.chunk_states)
            }
        }
    }

    /// Records that go ahead of the job, under the job's condition.
    pub(super) fn write_ahead(
        &mut self,
        task: TaskId,
        transition: &Transition,
        records: &[RecordUpsert],
    ) -> Applied {
        if !self.is_as_read(transition) && !self.is_planted(Mistake::RecordsOutsideTheTransaction) {
            return Applied::Lost;
        }
        self.write_records(task, &transition.before, records);
        Applied::Yes
    }

    /// The transition itself, and the records that go with it.
    pub(super) fn apply_transition(
        &mut self,
        task: TaskId,
        transition: &Transition,
        records: &[RecordUpsert],
    ) -> Applied {
        let mut transition = transition.clone();
        if let Some(mistake) = self.mistake {
            mistake.alter_transition(&mut transition);
        }
        let Transition { before, after, lock, .. } = &transition;
        let sloppy = self.is_planted(Mistake::NoConditionOnCommit) && transition.guards_cursor;
        let lock_fits = match lock {
            LockChange::Keep => true,
            LockChange::Acquire => {
                self.tables.lock_is(before, true)
                    && self
                        .tables
                        .links
                        .get(&before.key.user_id)
                        .is_some_and(|link| link.is_active && link.account == before.account)
            }
            LockChange::Release => sloppy || self.tables.lock_is(before, false),
        };
        if !self.is_as_read(&transition) || !lock_fits {
            self.tell(format_args!(
                "{} is refused a write of {} to {}",
                self.name_of(task),
                Short(&before.key),
                after.status
            ));
            return Applied::Lost;
        }
        let Some(stored) = self.tables.jobs.get(&before.key).cloned() else { return Applied::Lost };
        self.write_records(task, before, records);
        let mut job = stored.clone();
        let obeyed = self.chunk_to_obey(task).filter(|_| transition.guards_cursor);
        transition.write_into(&mut job);
        if let Some(chunk) = obeyed {
            job.chunk_states = joined(&stored.chunk_states, &after.chunk_states, chunk);
        }
        self.tell(format_args!(
            "{} moves {} to {} {}, fence {}, with {} records",
            self.name_of(task),
            Short(&before.key),
            job.status,
            job.chunk_states,
            job.fence,
            records.len()
        ));
        let cause = match lock {
            _ if transition.guards_cursor && *lock != LockChange::Acquire => Cause::Worker,
            LockChange::Acquire => Cause::Resume,
            LockChange::Keep if after.status == JobStatus::Pending => Cause::Wake,
            LockChange::Keep | LockChange::Release => Cause::Control,
        };
        let holder = (*lock == LockChange::Acquire).then_some(before.key.job_id);
        if *lock != LockChange::Keep {
            if let Some(link) = self.tables.links.get_mut(&before.key.user_id) {
                link.active_job_id = holder;
            }
            self.tables.accounts.entry(before.account.clone()).or_default().active_job_id = holder;
        }
        let (user, account) = (before.key.user_id.clone(), before.account.clone());
        self.store_job(job, cause);
        if let Some(watermark) = transition.watermark {
            self.move_watermark(&transition, watermark);
        }
        self.check_locks(&user, &account);
        Applied::Yes
    }

    fn move_watermark(&mut self, transition: &Transition, watermark: NaiveDate) {
        let job = &transition.before;
        let Some(link) = self.tables.links.get_mut(&job.key.user_id) else { return };
        let old = link.last_successful_sync_date;
        // As the adapter: a watermark that is not this link's any more is left out, and the job ends all the same.
        let is_mistaken = self.mistake == Some(Mistake::WatermarkByChunk);
        if link.account != job.account || (!is_mistaken && old.is_some_and(|old| old >= watermark)) {
            return;
        }
        link.last_successful_sync_date = Some(watermark);
        self.check_watermark(&job.key.clone(), old, watermark);
    }

    fn write_records(&mut self, task: TaskId, job_as_read: &Job, records: &[RecordUpsert]) {
        if records.is_empty() {
            return;
        }
        self.check_records(task, job_as_read, records);
        self.report.records += records.len() as u64;
        for record in records {
            let place = (job_as_read.key.user_id.clone(), record.key.clone());
            self.tables.records.entry(place).or_default().extend(record.attributes.clone());
        }
    }

    fn store_job(&mut self, job: Job, cause: Cause) {
        self.report.writes += 1;
        let before = self.tables.jobs.get(&job.key).cloned();
        self.check_move(before.as_ref(), &job, cause);
        self.put_in_index(&job, before.and_then(|before| before.due_at));
        self.tables.jobs.insert(job.key.clone(), job);
    }

    fn put_in_index(&mut self, job: &Job, before: Option<Moment>) {
        let entry = IndexEntry { due_at: job.due_at, before, since: self.now() };
        self.tables.index.insert(job.key.clone(), entry);
    }

    pub(super) fn postpone_job(&mut self, due: &DueJob, until: Moment) -> Applied {
        let Some(job) = self.tables.jobs.get_mut(&due.key).filter(|job| job.due_at == Some(due.due_at))
        else {
            return Applied::Lost;
        };
        job.due_at = Some(until);
        let job = job.clone();
        self.check_wait(&job);
        self.report.writes += 1;
        self.put_in_index(&job, Some(due.due_at));
        Applied::Yes
    }

    pub(super) fn remember_answer(&mut self, user: &UserId, answer: &RememberedAnswer) -> Applied {
        let place = (user.clone(), answer.key.clone());
        let asked_at = answer.expires_at - sync_core::timing::IDEMPOTENCY_WINDOW;
        if self.tables.remembered.get(&place).is_some_and(|used| used.expires_at > asked_at) {
            return Applied::Lost;
        }
        self.tables.remembered.insert(place, answer.clone());
        Applied::Yes
    }

    pub(super) fn store_link(&mut self, link: &Link, seen: Option<u64>) -> PutLink {
        let is_erased = self.tables.erasures.contains_key(&link.user_id);
        if is_erased && !self.is_planted(Mistake::LinkWhileErasing) {
            self.tell(format_args!("{} is not linked while data is erased", link.user_id));
            return PutLink::Erasing;
        }
        let stored = self.tables.links.get(&link.user_id);
        if stored.is_some_and(|stored| !stored.is_active && Some(stored.tokens_version) != seen) {
            self.tell(format_args!("{} has unlinked meanwhile and is not linked", link.user_id));
            return PutLink::Unlinked;
        }
        self.tell(format_args!("{} links {}", link.user_id, self.garmin.name_of(&link.account)));
        let stored = self.tables.links.get(&link.user_id);
        let mut link = link.clone();
        link.tokens_version = stored.map_or(1, |stored| stored.tokens_version + 1);
        link.is_active = true;
        link.reauth_required = false;
        let is_other = stored.is_some_and(|stored| stored.account != link.account);
        link.active_job_id = stored.and_then(|stored| stored.active_job_id);
        link.last_successful_sync_date = stored
            .filter(|stored| stored.account == link.account)
            .and_then(|stored| stored.last_successful_sync_date);
        self.report.writes += 1;
        if is_other {
            self.forget_unfinished_days(&link.user_id);
        }
        self.tables.links.insert(link.user_id.clone(), link);
        PutLink::Stored
    }

    /// Unlinking as one transaction: the unfinished job is cancelled, both locks are given back, the link is inactive and
    /// without tokens, and what is to be erased is written down.
    pub(super) fn unlink(&mut self, task: TaskId, unlink: &Unlink) -> Applied {
        let Unlink { before, after, cancel, erasure } = unlink;
        let is_as_read = self.tables.links.get(&before.user_id).is_some_and(|link| {
            link.tokens_version == before.tokens_version
                && link.is_active == before.is_active
                && link.active_job_id == before.active_job_id
        });
        if !is_as_read {
            return Applied::Lost;
        }
        let mut cancel = cancel.clone().filter(|_| !self.is_planted(Mistake::UnlinkLeavesTheJob));
        if let Some(cancel) = cancel.as_mut().filter(|_| self.is_planted(Mistake::UnlinkKeepsFence)) {
            cancel.after.fence = cancel.before.fence;
        }
        if let Some(cancel) = &cancel
            && self.apply_transition(task, cancel, &[]) == Applied::Lost
        {
            return Applied::Lost;
        }
        let mut after = after.clone();
        if self.is_planted(Mistake::RefreshRevivesTheLink) {
            after.tokens_version = before.tokens_version;
        }
        let erases = if erasure.is_some() { ", and erases what was imported" } else { "" };
        self.tell(format_args!("{} unlinks{erases}", before.user_id));
        self.report.writes += 1;
        self.report.unlinked += 1;
        self.tables.links.insert(before.user_id.clone(), after);
        if let Some(erasure) = erasure {
            self.tables.erasures.insert(before.user_id.clone(), erasure.clone());
        }
        self.check_unlinked(&before.user_id);
        Applied::Yes
    }

    /// One batch of an erasure, and the mark of how far it came.
    pub(super) fn erase(&mut self, erasure: &Erasure, now: Moment) -> Erased {
        let user = &erasure.user_id;
        let is_as_read =
            self.tables.erasures.get(user).is_some_and(|kept| {
                kept.version == erasure.version && kept.erased_up_to == erasure.erased_up_to
            });
        if !is_as_read {
            return Erased::Lost;
        }
        let after = erasure.erased_up_to.as_ref();
        let left = self.tables.records.keys().filter(|(owner, _)| owner == user).map(|(_, key)| key);
        let left: Vec<_> = left.filter(|key| after.is_none_or(|after| after < *key)).cloned().collect();
        let batch = left.get(..left.len().min(ERASED_AT_ONCE)).unwrap_or_default();
        self.check_erased(user, batch);
        for key in batch {
            self.tables.records.remove(&(user.clone(), key.clone()));
        }
        self.report.writes += 1;
        let records = batch.len() as u64;
        self.report.erased += records;
        match batch.last().filter(|_| batch.len() < left.len()) {
            Some(last) => {
                let further = erasure.after(records, last.clone(), now);
                self.tables.erasures.insert(user.clone(), further.clone());
                Erased::Batch(further)
            }
            None => {
                self.tables.erasures.remove(user);
                self.tell(format_args!("everything of {user} is erased"));
                self.check_all_erased(user);
                Erased::All { records: erasure.records + records }
            }
        }
    }

    pub(super) fn postpone_erasure(&mut self, due: &DueErasure, until: Moment) -> Applied {
        let erasure = self.tables.erasures.get_mut(&due.user_id);
        match erasure.filter(|erasure| erasure.due_at == due.due_at) {
            Some(erasure) => {
                erasure.due_at = until;
                Applied::Yes
            }
            None => Applied::Lost,
        }
    }

    pub(super) fn replace_link_tokens(
        &mut self,
        user: &UserId,
        version: u64,
        tokens: &SealedTokens,
        expires_at: Moment,
    ) -> Applied {
        let sloppy = self.is_planted(Mistake::TokensWithoutVersion);
        let Some(link) = self.tables.links.get(user) else { return Applied::Lost };
        let revives = self.is_planted(Mistake::RefreshRevivesTheLink);
        if (link.tokens_version != version || !(link.is_active || revives)) && !sloppy {
            return Applied::Lost;
        }
        if !link.is_active {
            self.violate(format_args!("4: {user} has unlinked, and the link gets tokens again"));
            return Applied::Lost;
        }
        let replaced = link.tokens.clone();
        self.check_replaced_tokens(user, &replaced, tokens);
        if let Some(link) = self.tables.links.get_mut(user) {
            link.tokens = tokens.clone();
            link.tokens_version = version + 1;
            link.token_expires_at = expires_at;
            link.reauth_required = false;
        }
        self.report.writes += 1;
        Applied::Yes
    }

    pub(super) fn mark_reauth(&mut self, user: &UserId, version: u64) -> Applied {
        match self.tables.links.get_mut(user).filter(|link| link.is_active && link.tokens_version == version)
        {
            Some(link) => {
                link.reauth_required = true;
                self.report.sign_ins_required += 1;
                self.tell(format_args!("{user} has to sign in again"));
                Applied::Yes
            }
            None => Applied::Lost,
        }
    }

    pub(super) fn record_throttle(&mut self, account: &AccountKey, not_before: Moment) -> Moment {
        let stored = self.tables.accounts.get(account).and_then(|account| account.not_before);
        let holds = stored.map_or(not_before, |stored| stored.max(not_before));
        self.tell(format_args!("{} is not to be called before {holds}", self.garmin.name_of(account)));
        self.note_throttle(account, holds);
        if !self.is_planted(Mistake::ThrottlePerJob) {
            let account = self.tables.accounts.entry(account.clone()).or_default();
            account.not_before = Some(holds);
            account.consecutive_throttles += 1;
        }
        holds
    }

    pub(super) fn name_of(&self, task: TaskId) -> String {
        format!("{}{}", self.actors.get(&task).map_or("?", |actor| actor.what), task.0)
    }
}

/// The states as a worker sees them that was told to do `chunk`: all before it are behind it.
fn obeying(states: &ChunkStates, chunk: u32) -> ChunkStates {
    let letters = states.to_string();
    let letters = letters.chars().enumerate().map(|(index, letter)| {
        if index < chunk as usize {
            'd'
        } else if index == chunk as usize {
            '.'
        } else {
            letter
        }
    });
    letters.collect::<String>().parse().unwrap_or_else(|_| states.clone())
}

/// The stored states with what an obedient worker made of its chunk.
fn joined(stored: &ChunkStates, seen: &ChunkStates, chunk: u32) -> ChunkStates {
    let seen = seen.to_string();
    let letters = stored.to_string();
    let letters = letters.chars().enumerate().map(|(index, letter)| {
        let new = seen.chars().nth(index).unwrap_or(letter);
        if index == chunk as usize { new } else { letter }
    });
    letters.collect::<String>().parse().unwrap_or_else(|_| stored.clone())
}
