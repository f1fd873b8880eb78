//! The promises of the protocol, checked after every write that was applied. The numbers are those of the list of
//! invariants in the protocol's own document.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{NaiveDate, TimeDelta};
use serde_json::Value;
use sync_core::dates::today_in;
use sync_core::job::{ChunkState, Job, JobStatus, PauseReason, SyncType};
use sync_core::link::SealedTokens;
use sync_core::record::{Attribute, RecordKey, RecordKind, RecordUpsert};
use sync_core::timing::{LEASE_MARGIN, NUDGE_GRACE_MAX, SIGN_IN_RECHECK};
use sync_core::{AccountKey, JobKey, MetricType, UserId, Window};
use sync_http::view::JobView;

use super::executor::{Moment, TaskId};
use super::functions::{Ask, Told};
use super::garmin::{DAILY, DAILY_SOURCES, activities_of, date_of_activity, is_of_unfinished_day, truth};
use super::world::{Actor, Report, Short, World};

/// Two clocks that are ten minutes wrong, one after the other.
const CLOCK_SLACK: TimeDelta = TimeDelta::minutes(21);

/// What wrote a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Start,
    Claim,
    Worker,
    Control,
    Resume,
    Wake,
}

/// What a job has imported, whoever's claim it was.
#[derive(Debug, Default)]
struct Covered {
    days: [HashSet<NaiveDate>; DAILY_SOURCES],
    activities: HashSet<String>,
    workouts: bool,
    /// The records of the latest claim that wrote any.
    fence: u64,
    of_fence: HashSet<RecordKey>,
}

/// What the invariants need to know of the past.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    covered: BTreeMap<JobKey, Covered>,
    /// What Garmin was last found to want, and when that was (in entries of the agenda).
    throttles: BTreeMap<AccountKey, (Moment, u64)>,
    /// Days of a user that are stored as they were before they were over, per daily source.
    unfinished_days: BTreeMap<UserId, BTreeSet<(NaiveDate, usize)>>,
    /// Once faults are over: by when a job must have ended.
    bounds: BTreeMap<JobKey, Moment>,
    calm_since: Option<Moment>,
    nudged: HashSet<(TaskId, JobKey)>,
    answers: BTreeMap<(UserId, String), (Value, Moment)>,
}

impl World {
    /// 2, 5, 6, 7, 13: how a job may change.
    pub(super) fn check_move(&mut self, before: Option<&Job>, after: &Job, cause: Cause) {
        let name = Short(&after.key).to_string();
        macro_rules! hold {
            ($condition:expr, $($message:tt)+) => {
                if !$condition {
                    self.violate(format_args!("{name} ({cause:?}): {}", format_args!($($message)+)));
                }
            };
        }
        let count = |state| after.chunk_states.count(state);
        let (done, failed, open) =
            (count(ChunkState::Done), count(ChunkState::Failed), count(ChunkState::Open));
        hold!(
            done + failed + open == after.plan().total(),
            "7: done + failed + open is not what was planned"
        );
        hold!(after.failed_chunks.len() == failed as usize, "6: a failed chunk is not listed as failed");
        let unfinished = after.status.is_unfinished();
        hold!(
            after.due_at.is_some() == unfinished,
            "13: unfinished without a due moment, or finished with one"
        );
        hold!(!unfinished || open > 0, "unfinished, and nothing is left to do");
        let is_paused = after.status == JobStatus::Paused;
        hold!(
            after.pause_reason.is_some() == is_paused,
            "a pause without a reason, or a reason without a pause"
        );
        hold!(
            after.pause_reason != Some(PauseReason::Throttled) || after.retry_at.is_some(),
            "throttled, and nobody knows until when"
        );
        hold!(
            after.status != JobStatus::Completed || done == after.plan().total(),
            "6: completed with a failed chunk"
        );
        hold!(
            after.status == JobStatus::Running || after.lease_until.is_none(),
            "a lease on a job that does not run"
        );
        self.check_wait(after);
        if after.status == JobStatus::Completed {
            self.check_completed(after);
        }
        match after.status {
            JobStatus::Completed => self.report.completed += 1,
            JobStatus::Failed => self.report.failed += 1,
            JobStatus::Cancelled => self.report.cancelled += 1,
            _ if matches!(cause, Cause::Resume | Cause::Wake) => self.report.resumed += 1,
            _ => {}
        }
        let Some(before) = before else {
            hold!(cause == Cause::Start, "a job out of nothing");
            self.set_bound(after);
            return;
        };
        let expected = before.fence + 1;
        hold!(cause != Cause::Claim || after.fence == expected, "2: a claim does not raise the fence by one");
        hold!(after.fence >= before.fence, "2: the fence goes back");
        hold!(
            cause != Cause::Control || after.fence == expected,
            "4: whoever has it in work may still write"
        );
        hold!(
            before.status.is_unfinished() || (before.status == JobStatus::Failed && cause == Cause::Resume),
            "5: {} becomes {}",
            before.status,
            after.status
        );
        for index in 0..before.chunks_total() {
            let (old, new) = (before.chunk_states.get(index), after.chunk_states.get(index));
            let may = match old {
                Some(ChunkState::Done) => new == old,
                Some(ChunkState::Failed) => new == old || cause == Cause::Resume,
                _ => {
                    new == old || (cause == Cause::Worker && before.chunk_states.first_open() == Some(index))
                }
            };
            hold!(may, "2: chunk {index} goes from {} to {}", before.chunk_states, after.chunk_states);
        }
        hold!(after.last_successful_date() >= before.last_successful_date(), "2: the cursor goes back");
        hold!(after.percent_complete() >= before.percent_complete(), "2: percent goes down");
        let goes_on = |job: &Job| matches!(job.status, JobStatus::Pending | JobStatus::Running);
        if goes_on(after) && !goes_on(before) {
            self.set_bound(after);
        }
    }

    /// 13: an unfinished job that nobody has in work shows why it waits and until when; or it waits for its nudge, and that
    /// takes a minute, or a quarter of an hour where nobody answers.
    pub(super) fn check_wait(&mut self, job: &Job) {
        let view = JobView::from(job);
        // By the clock of whoever has written it.
        let now = self.now() - CLOCK_SLACK;
        let ends_within =
            |wait: TimeDelta| job.due_at.is_some_and(|due_at| due_at <= now + CLOCK_SLACK * 2 + wait);
        let is_shown = match (view.status, view.pause_reason) {
            (JobStatus::Completed | JobStatus::Failed | JobStatus::Cancelled, None) => {
                view.retry_at.is_none()
            }
            (JobStatus::Paused, Some(PauseReason::Throttled)) => view.retry_at.is_some(),
            (JobStatus::Paused, Some(PauseReason::ReauthRequired)) => ends_within(SIGN_IN_RECHECK),
            (JobStatus::Paused, Some(PauseReason::User)) => view.retry_at.is_none(),
            (JobStatus::Pending | JobStatus::Running, None) => match view.retry_at {
                Some(retry_at) => {
                    view.error_message.is_some()
                        && (job.due_at <= Some(retry_at) || ends_within(NUDGE_GRACE_MAX))
                }
                None => job.lease_until.is_some() || ends_within(NUDGE_GRACE_MAX),
            },
            _ => false,
        };
        if !is_shown {
            self.violate(format_args!("13: {} does not show what it waits for: {view:?}", Short(&job.key)));
        }
    }

    /// A lease outlives the invocation that has it: nobody gets a job that a live worker still has in work, unless that
    /// worker's machine was frozen or the two clocks differ by more than the lease's margin.
    pub(super) fn check_lease(&mut self, claimant: TaskId, job: &Job) {
        if job.lease_until.is_none() {
            return;
        }
        let Some(reading) = self.actors.get(&claimant).map(|actor| actor.skew) else { return };
        let is_at_work = |actor: &Actor| {
            let difference = reading - actor.skew;
            actor.claimed.as_ref().is_some_and(|(key, fence)| *key == job.key && *fence == job.fence)
                && actor.frozen_until.is_none()
                && !actor.clock_jumped
                && difference < LEASE_MARGIN
        };
        let holder = self.actors.iter().find(|(task, actor)| **task != claimant && is_at_work(actor));
        if let Some(holder) = holder.map(|(task, _)| self.name_of(*task)) {
            let (name, claimant) = (Short(&job.key).to_string(), self.name_of(claimant));
            self.violate(format_args!("{claimant} gets {name} from {holder}, which is at work on it"));
        }
    }

    /// 6: every day of the range is imported, or in a gap with a reason.
    fn check_completed(&mut self, job: &Job) {
        let nothing = Covered::default();
        let covered = self.ledger.covered.get(&job.key).unwrap_or(&nothing);
        let missing = missing_days(job, covered, job.range.end());
        if let Some(missing) = missing {
            self.violate(format_args!("6: {} is completed without {missing}", Short(&job.key)));
        }
    }

    /// 1, 4, 8: which records may be written, by whom, and with what in them.
    pub(super) fn check_records(&mut self, task: TaskId, as_read: &Job, records: &[RecordUpsert]) {
        let name = Short(&as_read.key).to_string();
        let Some(stored) = self.tables.jobs.get(&as_read.key).cloned() else {
            return self.violate(format_args!("records of {name}, which does not exist"));
        };
        if self.tables.erasures.contains_key(&stored.key.user_id) {
            self.violate(format_args!("4: {name} writes what is to be erased"));
        }
        if stored.status != JobStatus::Running {
            self.violate(format_args!("4: {name} is {}, and records of it are written", stored.status));
        }
        if stored.fence != as_read.fence {
            let worker = self.name_of(task);
            self.violate(format_args!(
                "1: {worker} writes records of {name} with fence {}, which is at {}",
                as_read.fence, stored.fence
            ));
        }
        let Some(chunk) = stored.current_chunk() else {
            return self.violate(format_args!("1: records of {name}, which has no chunk left"));
        };
        let today = today_in(self.garmin.zone, self.now());
        for record in records {
            let fence = as_read.fence;
            let covered = self.ledger.covered.entry(stored.key.clone()).or_default();
            if covered.fence != fence {
                covered.fence = fence;
                covered.of_fence.clear();
            }
            if !covered.of_fence.insert(record.key.clone()) {
                self.violate(format_args!("1: a claim of {name} writes {} twice", record.key));
            }
            let date = match record.key.kind {
                RecordKind::Activity => date_of_activity(&record.key.id),
                RecordKind::Workout => None,
                _ => record.key.id.parse().ok(),
            };
            if let Some(date) = date
                && !chunk.range.contains(date)
            {
                self.violate(format_args!(
                    "1: {name} writes {} outside its chunk {}",
                    record.key, chunk.range
                ));
            }
            self.check_values(&stored, record, date, today);
        }
    }

    fn check_values(&mut self, job: &Job, record: &RecordUpsert, date: Option<NaiveDate>, today: NaiveDate) {
        let covered = self.ledger.covered.entry(job.key.clone()).or_default();
        let Some(date) = date else {
            covered.workouts = true;
            return;
        };
        let mut wrong = false;
        for (name, value) in &record.attributes {
            if let Some(source) = name.strip_prefix("coverage_") {
                let place = DAILY.iter().position(|(daily, _)| daily.as_str() == source);
                if let Some(days) = place.and_then(|place| covered.days.get_mut(place)) {
                    days.insert(date);
                }
                continue;
            }
            let Attribute::Json(value) = value else { continue };
            let Some(value) = value.as_u64() else { continue };
            let unfinished = is_of_unfinished_day(value);
            wrong |= value != truth(&job.account, name, date, !unfinished) || (!unfinished && date >= today);
            if name == "activity" {
                covered.activities.insert(record.key.id.clone());
            }
            if let Some(place) = DAILY.iter().position(|(daily, _)| daily.as_str() == name) {
                let days = self.ledger.unfinished_days.entry(job.key.user_id.clone()).or_default();
                if unfinished {
                    days.insert((date, place));
                } else {
                    days.remove(&(date, place));
                }
            }
        }
        if wrong {
            self.violate(format_args!("8: {} of {} is not what Garmin has", record.key, Short(&job.key)));
        }
    }

    /// 3, 4: nothing goes on without a link, and nothing is left to go on with.
    pub(super) fn check_unlinked(&mut self, user: &UserId) {
        let left =
            self.tables.jobs.values().find(|job| job.key.user_id == *user && job.status.is_unfinished());
        if let Some(left) = left.map(|job| Short(&job.key).to_string()) {
            self.violate(format_args!("4: {user} has unlinked, and {left} goes on"));
        }
        let Some(link) = self.tables.links.get(user).cloned() else { return };
        if link.is_active || link.active_job_id.is_some() || link.tokens != SealedTokens::default() {
            self.violate(format_args!("4: {user} has unlinked, and there is {link:?}"));
        }
        self.check_locks(user, &link.account);
    }

    /// Nothing is erased but what was there when the person asked for it: that is, while there is no link.
    pub(super) fn check_erased(&mut self, user: &UserId, batch: &[RecordKey]) {
        let is_linked = self.tables.links.get(user).is_some_and(|link| link.is_active);
        if is_linked && !batch.is_empty() {
            self.violate(format_args!(
                "{} records of {user} are erased that were imported anew",
                batch.len()
            ));
        }
        self.forget_unfinished_days(user);
    }

    /// What was to be erased is gone, all of it.
    pub(super) fn check_all_erased(&mut self, user: &UserId) {
        let left = self.tables.records.keys().filter(|(owner, _)| owner == user).count();
        if left > 0 {
            self.violate(format_args!("{left} records of {user} are left of what was to be erased"));
        }
    }

    /// 3: at most one unfinished job per user and per account, and the locks name it.
    pub(super) fn check_locks(&mut self, user: &UserId, account: &AccountKey) {
        let unfinished = |of: &dyn Fn(&Job) -> bool| -> Vec<_> {
            let jobs = self.tables.jobs.values().filter(|job| job.status.is_unfinished() && of(job));
            jobs.map(|job| job.key.job_id).collect()
        };
        let of_user = unfinished(&|job| job.key.user_id == *user);
        let of_account = unfinished(&|job| job.account == *account);
        let link = self.tables.links.get(user).and_then(|link| link.active_job_id);
        let sentinel = self.tables.accounts.get(account).and_then(|account| account.active_job_id);
        if of_user.len() > 1 || link.as_slice() != of_user.as_slice() {
            self.violate(format_args!("3: {user} has the unfinished jobs {of_user:?} and the lock {link:?}"));
        }
        if of_account.len() > 1 || sentinel.as_slice() != of_account.as_slice() {
            let name = self.garmin.name_of(account);
            self.violate(format_args!(
                "3: account {name} has the unfinished jobs {of_account:?} and the lock {sentinel:?}"
            ));
        }
    }

    /// 9: nobody calls Garmin for an account that it knew, or could have known, to be throttled; nor for any, once all are.
    pub(super) fn count_call(&mut self, task: TaskId, account: &AccountKey) {
        self.report.calls += 1;
        let Some(actor) = self.actors.get(&task) else { return };
        let mut throttled = None;
        for waits in [account, &AccountKey::everybody()] {
            let Some((not_before, since)) = self.ledger.throttles.get(waits).copied() else { continue };
            if actor.latest_reading < not_before {
                let knew = actor.looked_at.get(waits).is_some_and(|looked| *looked >= since);
                throttled = Some((not_before, knew));
            }
        }
        match throttled {
            Some((not_before, true)) => {
                let (name, account) = (self.name_of(task), self.garmin.name_of(account));
                self.violate(format_args!("9: {name} calls Garmin for {account} before {not_before}"));
            }
            Some((_, false)) => self.report.late_calls += 1,
            None => {}
        }
    }

    /// A chunk that goes on in another invocation asks nothing twice.
    pub(super) fn check_question(&mut self, task: TaskId, window: &Window) {
        let claimed = self.actors.get(&task).and_then(|actor| actor.claimed.as_ref());
        let job = claimed.and_then(|(key, fence)| {
            self.tables.jobs.get(key).filter(|job| job.fence == *fence && job.progress.covers(window))
        });
        if let Some(name) = job.map(|job| Short(&job.key).to_string()) {
            self.violate(format_args!("{name} asks for {window} again, which is done"));
        }
    }

    pub(super) fn note_throttle(&mut self, account: &AccountKey, not_before: Moment) {
        let since = self.agenda.made();
        self.ledger.throttles.insert(account.clone(), (not_before, since));
    }

    /// 10: the watermark moves forward, over days that are all there; 11: and over none that the next incremental sync
    /// would not read again although it was not over.
    pub(super) fn check_watermark(&mut self, key: &JobKey, old: Option<NaiveDate>, new: NaiveDate) {
        let Some(job) = self.tables.jobs.get(key).cloned() else { return };
        let name = Short(key).to_string();
        if old.is_some_and(|old| new <= old) {
            self.violate(format_args!("10: {name} moves the watermark from {old:?} back to {new}"));
        }
        if old.is_some_and(|old| job.range.start() > old + TimeDelta::days(1)) {
            self.violate(format_args!("10: {name} moves the watermark from {old:?} over a hole to {new}"));
        }
        if !job.metric_types.is_all() {
            self.violate(format_args!("10: {name} moves the watermark with some metrics only"));
        }
        let nothing = Covered::default();
        let covered = self.ledger.covered.get(key).unwrap_or(&nothing);
        if let Some(missing) = missing_days(&job, covered, new) {
            self.violate(format_args!("10: {name} moves the watermark to {new} without {missing}"));
        }
        let lost = self.ledger.unfinished_days.get(&key.user_id).and_then(|days| {
            let ends = new - TimeDelta::days(2);
            days.iter().map(|(date, _)| *date).find(|date| job.range.contains(*date) && *date < ends)
        });
        if let Some(lost) = lost {
            self.violate(format_args!(
                "11: {name} moves the watermark to {new}, and {lost} was not over when read"
            ));
        }
    }

    /// 11: a day up to the watermark that was not over is read again by the next incremental sync.
    pub(super) fn check_start(&mut self, job: &Job) {
        if job.sync_type != SyncType::Incremental {
            return;
        }
        let Some(link) = self.tables.links.get(&job.key.user_id).filter(|link| link.account == job.account)
        else {
            return;
        };
        let Some(watermark) = link.last_successful_sync_date else { return };
        let days = self.ledger.unfinished_days.get(&job.key.user_id);
        // Days of imports that never moved the watermark lie behind it, and nobody has promised anything of them.
        let promised = watermark - TimeDelta::days(2)..=watermark;
        let mut dates = days.into_iter().flatten().map(|(date, _)| *date);
        let promised = dates.find(|date| promised.contains(date) && *date < job.range.start());
        if let Some(promised) = promised {
            self.violate(format_args!("11: {} does not read {promised} again", Short(&job.key)));
        }
    }

    pub(super) fn check_replaced_tokens(&mut self, user: &UserId, old: &SealedTokens, new: &SealedTokens) {
        if !self.garmin.was_traded_for(new, old) {
            self.violate(format_args!(
                "{user}: refreshed tokens replace a pair that they were not traded for"
            ));
        }
    }

    /// 14: nobody nudges one job more than once.
    pub(super) fn count_nudge(&mut self, task: TaskId, key: &JobKey) {
        if !self.ledger.nudged.insert((task, key.clone())) {
            let name = self.name_of(task);
            self.violate(format_args!("14: {name} nudges {} twice", Short(key)));
        }
    }

    /// Whatever is asked has an answer that the contract knows, and "unavailable" is said only when something is.
    pub(super) fn check_told(&mut self, task: TaskId, user: &UserId, ask: &Ask, told: Option<&Told>) {
        let name = self.name_of(task);
        let Some(told) = told else {
            return self.violate(format_args!("{name}: {} is not answered", ask.path));
        };
        let code = told.body["code"].as_str().unwrap_or_default();
        self.tell(format_args!("{name}: {user} asks for {} and is told {} {code}", ask.path, told.status));
        let was_failed = self.actors.get(&task).is_some_and(|actor| actor.was_failed);
        let is_fit = match (told.status, code) {
            (200 | 304, _) => {
                self.report.answered += 1;
                return;
            }
            // A clock that is wrong may show yesterday.
            (400, "end_in_future") => true,
            (409, "garmin_not_connected" | "account_busy" | "already_running") => true,
            (409, "cannot_pause" | "cannot_resume" | "cannot_cancel") => true,
            // A control that keeps losing to a worker, or to a lock, says so too.
            (503, "unavailable") => was_failed || matches!(ask.path, "pause" | "resume" | "cancel"),
            _ => false,
        };
        self.report.refused += 1;
        if !is_fit {
            self.violate(format_args!("{name}: {user} asks for {} and is told {told:?}", ask.path));
        }
    }

    /// A start's answer names a job of this person, and one key has one answer.
    pub(super) fn check_start_told(&mut self, user: &UserId, key: Option<&String>, answer: &Value) {
        let named = answer["jobId"].as_str();
        if (named.is_none() && answer["status"] != "up_to_date")
            || named.is_some_and(|named| !self.is_job_of(user, named))
        {
            self.violate(format_args!("{user} is told of a job that does not exist: {answer}"));
        }
        let Some(key) = key else { return };
        let now = self.now();
        let place = (user.clone(), key.clone());
        let first = self.ledger.answers.entry(place).or_insert_with(|| (answer.clone(), now));
        let is_remembered = now - first.1 < TimeDelta::hours(23);
        if is_remembered && first.0 != *answer {
            let first = first.0.clone();
            self.violate(format_args!("{user} gets {answer} for the key that got {first}"));
        }
    }

    /// 17: nobody is shown a job of somebody else.
    pub(super) fn check_shown(&mut self, user: &UserId, job: &Value) {
        let id = job["id"].as_str().unwrap_or_default();
        if !self.is_job_of(user, id) {
            self.violate(format_args!("17: {user} is shown {id}, which is not theirs"));
        }
        let is_100 = job["percentComplete"] == 100;
        if is_100 != (job["status"] == "completed") {
            self.violate(format_args!("{user} is shown 100 % too early or never: {job}"));
        }
    }

    fn is_job_of(&self, user: &UserId, id: &str) -> bool {
        id.parse()
            .is_ok_and(|job_id| self.tables.jobs.contains_key(&JobKey { user_id: user.clone(), job_id }))
    }

    pub(super) fn forget_unfinished_days(&mut self, user: &UserId) {
        self.ledger.unfinished_days.remove(user);
    }

    /// Faults are over: from now on there is a moment by which every job must have ended.
    pub(super) fn set_bounds(&mut self) {
        self.ledger.calm_since = Some(self.now());
        let jobs: Vec<_> = self.tables.jobs.values().cloned().collect();
        for job in jobs {
            if matches!(job.status, JobStatus::Pending | JobStatus::Running) {
                self.set_bound(&job);
            }
        }
    }

    /// 12: the remaining work, and twice a lease and a sweep.
    fn set_bound(&mut self, job: &Job) {
        if self.ledger.calm_since.is_none() {
            return;
        }
        let now = self.now();
        let minute = TimeDelta::seconds(60);
        let open = i32::try_from(job.chunk_states.count(ChunkState::Open)).unwrap_or(i32::MAX);
        let work = (self.function_timeout + minute) * 2 * open;
        let waits = (self.function_timeout + TimeDelta::seconds(5) + minute) * 2 + CLOCK_SLACK + minute * 4;
        self.ledger.bounds.insert(job.key.clone(), now + work + waits);
    }

    /// 12: whatever is overdue is a violation.
    pub(super) fn check_bounds(&mut self) {
        let Some(calm_since) = self.ledger.calm_since else { return };
        let now = self.now();
        let sweep = TimeDelta::minutes(4) + CLOCK_SLACK;
        let erasing = self.tables.erasures.values().find(|erasure| {
            let bound = (self.function_timeout + TimeDelta::minutes(1)) * 2 + sweep;
            now > erasure.requested_at.max(calm_since) + bound
        });
        if let Some(user) = erasing.map(|erasure| erasure.user_id.clone()) {
            self.violate(format_args!("12: what {user} wants erased is not"));
        }
        let overdue = self.tables.jobs.values().find(|job| match (job.status, job.pause_reason) {
            (JobStatus::Pending | JobStatus::Running, _) => {
                self.ledger.bounds.get(&job.key).is_some_and(|bound| now > *bound)
            }
            (JobStatus::Paused, Some(PauseReason::Throttled)) => {
                job.retry_at.is_none_or(|retry_at| now > retry_at.max(calm_since) + sweep)
            }
            (JobStatus::Paused, Some(PauseReason::ReauthRequired)) => {
                self.can_be_imported(job) && now > job.updated_at.max(calm_since) + SIGN_IN_RECHECK + sweep
            }
            _ => false,
        });
        if let Some(job) = overdue {
            let what =
                format!("12: {} is {} {:?} and does not end", Short(&job.key), job.status, job.pause_reason);
            self.violate(format_args!("{what}"));
        }
    }

    /// Whether nothing keeps a job that waited for a sign-in.
    pub(super) fn can_be_imported(&self, job: &Job) -> bool {
        self.tables
            .links
            .get(&job.key.user_id)
            .is_some_and(|link| link.is_active && !link.reauth_required && link.account == job.account)
    }
}

/// The first thing of the job's range up to `until` that is neither imported nor in a gap.
fn missing_days(job: &Job, covered: &Covered, until: NaiveDate) -> Option<String> {
    let in_gap = |metric: MetricType, date: NaiveDate| {
        job.gaps.iter().any(|gap| gap.metric == metric && (gap.start..=gap.end).contains(&date))
    };
    let days = || job.range.iter().filter(|date| *date <= until);
    for ((source, metric), had) in DAILY.iter().zip(&covered.days) {
        if job.metric_types.contains(*metric)
            && let Some(date) = days().find(|date| !had.contains(date) && !in_gap(*metric, *date))
        {
            return Some(format!("{source} of {date}"));
        }
    }
    if job.metric_types.contains(MetricType::Activities) {
        for date in days() {
            if let Some(id) = activities_of(&job.account, date)
                && !covered.activities.contains(&id)
                && !in_gap(MetricType::Activities, date)
            {
                return Some(format!("activity {id}"));
            }
        }
    }
    let wants_workouts = job.metric_types.contains(MetricType::Workouts);
    (wants_workouts && !covered.workouts && !in_gap(MetricType::Workouts, job.range.start()))
        .then(|| "workouts".to_owned())
}

impl World {
    /// Once nothing moves any more, nobody is asked to sign in whose tokens Garmin takes.
    pub(super) fn check_sign_ins(&mut self) {
        let in_vain = self
            .tables
            .links
            .values()
            .find(|link| link.is_active && link.reauth_required && self.garmin.takes(&link.tokens));
        if let Some(user) = in_vain.map(|link| link.user_id.clone()) {
            self.violate(format_args!("{user} has to sign in again, and the stored tokens are good"));
        }
    }

    /// At the very end: everything that could be imported is, no lock is left, and no message was sent without a cause.
    pub(super) fn check_the_end(&mut self) {
        let unfinished = self.tables.jobs.values().find(|job| job.status.is_unfinished());
        if let Some(job) = unfinished {
            let what = format!("12: {} is {} at the end", Short(&job.key), job.status);
            return self.violate(format_args!("{what}"));
        }
        let failed = self.tables.jobs.values().find(|job| {
            job.status == JobStatus::Failed
                && self.tables.links.get(&job.key.user_id).is_some_and(|link| link.account == job.account)
        });
        if let Some(job) = failed {
            let what = format!("6: {} is failed at the end: {:?}", Short(&job.key), job.failed_chunks);
            return self.violate(format_args!("{what}"));
        }
        let Report { messages, deliveries, started, resumed, looks, .. } = self.report;
        if messages > deliveries + started + resumed + looks {
            self.violate(format_args!("14: {messages} messages"));
        }
    }
}
