//! How a job moves. Every function here takes the job as it was read and an event, and returns the one conditional
//! write that follows, or says why the event does not apply. Nothing here waits, stores or looks at a clock.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::dates::today_in;
use crate::ids::JobKey;
use crate::job::{
    ChunkProgress, ChunkState, ChunkStates, FailedChunk, Gap, Job, JobStatus, NewJob, PauseReason, merge_gaps,
};
use crate::timing::{NUDGE_GRACE, NUDGE_GRACE_MAX, PAUSED_RECHECK, SIGN_IN_RECHECK};
use crate::window::Window;

/// What a transition does to the locks: `active_job_id` on the link and the sentinel on the Garmin account, always
/// both, always in the transaction that moves the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockChange {
    /// The job keeps what it has.
    Keep,
    /// The job takes both locks; they must be free or its own.
    Acquire,
    /// The job gives both locks back.
    Release,
}

/// One conditional write: the job as it was read, the job as it shall be, and what else changes with it. A store
/// applies it only if the job still has `before`'s fence and status (and, for a worker's transition, its cursor).
///
/// It writes what differs between the two, so that a cancel does not undo what a worker has written since it was decided.
/// When the status changes, it also writes all that says how a job waits in its status, whether it differs or not: pause
/// reason, error, lease, and the moments until which and at which. The worker's wait is not the paused job's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a transition does nothing until a store applies it"]
pub struct Transition {
    /// The job as read.
    pub before: Job,
    /// The job as it shall be.
    pub after: Job,
    /// What happens to the locks.
    pub lock: LockChange,
    /// The link's new watermark, when the job moves it.
    pub watermark: Option<NaiveDate>,
    /// Whether the write also depends on the cursor (`chunk_states`) being as read: true for a worker's transitions.
    pub guards_cursor: bool,
}

impl Transition {
    fn new(before: &Job, now: DateTime<Utc>, change: impl FnOnce(&mut Job)) -> Self {
        let mut after = before.clone();
        change(&mut after);
        after.updated_at = now;
        Self { before: before.clone(), after, lock: LockChange::Keep, watermark: None, guards_cursor: false }
    }

    /// A worker's transition: it gives the lease back, unless it finishes the job.
    fn of_worker(before: &Job, now: DateTime<Utc>, change: impl FnOnce(&mut Job)) -> Self {
        let mut transition = Self::new(before, now, change);
        transition.after.lease_until = None;
        transition.guards_cursor = true;
        transition
    }

    /// What a store makes of the job that it has when the condition holds. Stores do this in one conditional update; this is
    /// its meaning, which the fakes run and the conformance suite holds the real stores to.
    pub fn write_into(&self, stored: &mut Job) {
        let Self { before, after, .. } = self;
        macro_rules! write {
            (if $always:expr; $($field:ident),+ $(,)?) => {
                $(if $always || before.$field != after.$field {
                    stored.$field = after.$field.clone();
                })+
            };
        }
        write!(if self.changes_status(); pause_reason, error_message, lease_until, retry_at, due_at);
        write!(if false; status, chunk_states, progress, failed_chunks, gaps, fence, claim_token, attempts);
        write!(if false; started_at, completed_at);
        stored.updated_at = after.updated_at;
    }

    /// Whether the job waits otherwise than before.
    #[must_use]
    pub fn changes_status(&self) -> bool {
        self.before.status != self.after.status
    }

    /// Whether a job that had ended goes on: a failed one that its user resumes.
    #[must_use]
    pub const fn reopens(&self) -> bool {
        !self.before.status.is_unfinished() && self.after.status.is_unfinished()
    }

    /// The job it moves.
    #[must_use]
    pub const fn key(&self) -> &JobKey {
        &self.before.key
    }
}

/// An event that does not apply to a job as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IllegalMove {
    /// Only paused and failed jobs can be resumed.
    #[error("cannot resume job with status: {0}")]
    Resume(JobStatus),
    /// Only unfinished jobs can be cancelled.
    #[error("cannot cancel job with status: {0}")]
    Cancel(JobStatus),
    /// Only pending and running jobs can be paused, and paused ones that would go on by themselves.
    #[error("cannot pause job with status: {0}")]
    Pause(JobStatus),
    /// Only a job that waits for Garmin or for a sign-in goes on by itself, and not before its time.
    #[error("job with status {0} does not wait for anything that has come")]
    Wake(JobStatus),
}

impl Job {
    /// A new job: pending, every chunk open, due for a look within [`NUDGE_GRACE`] should its nudge be lost.
    #[must_use]
    pub fn new(new: NewJob, now: DateTime<Utc>) -> Self {
        let total = crate::dates::ChunkPlan::new(new.range).total();
        Self {
            key: JobKey { user_id: new.user_id, job_id: new.job_id },
            account: new.account,
            sync_type: new.sync_type,
            range: new.range,
            metric_types: new.metric_types,
            time_zone: new.time_zone,
            status: JobStatus::Pending,
            pause_reason: None,
            chunk_states: ChunkStates::open(total),
            progress: ChunkProgress::default(),
            failed_chunks: Vec::new(),
            gaps: Vec::new(),
            error_message: None,
            fence: 0,
            lease_until: None,
            claim_token: None,
            attempts: 0,
            retry_at: None,
            due_at: Some(now + NUDGE_GRACE),
            created_at: now,
            started_at: None,
            completed_at: None,
            updated_at: now,
        }
    }

    /// What a claim makes of the job. Stores do this in one conditional update; this is its meaning, which the fakes
    /// run and the conformance suite holds the real stores to.
    #[must_use]
    pub fn claimed(&self, claim: &Claim) -> Self {
        Self {
            status: JobStatus::Running,
            fence: self.fence + 1,
            attempts: self.attempts + 1,
            lease_until: Some(claim.lease_until),
            due_at: Some(claim.lease_until),
            claim_token: Some(claim.token),
            retry_at: None,
            error_message: None,
            started_at: self.started_at.or(Some(claim.now)),
            updated_at: claim.now,
            ..self.clone()
        }
    }
}

/// A worker's wish to own a job for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The worker's clock.
    pub now: DateTime<Utc>,
    /// How long nobody else may claim it.
    pub lease_until: DateTime<Utc>,
    /// Names this claim: a repeated request that finds it already there has succeeded before.
    pub token: uuid::Uuid,
    /// The job's fence when the nudge was sent that the worker follows. A job that has moved on since has had that nudge
    /// answered, or has a newer one: messages that came twice do not each go on from chunk to chunk.
    /// None: the nudge does not say.
    pub nudged_at: Option<u64>,
}

/// The user ends the job for good. A worker in mid-fetch finds the fence raised and can write nothing more.
///
/// # Errors
/// [`IllegalMove::Cancel`] for a finished job.
pub fn cancel(job: &Job, now: DateTime<Utc>) -> Result<Transition, IllegalMove> {
    if !job.status.is_unfinished() {
        return Err(IllegalMove::Cancel(job.status));
    }
    let mut transition = Transition::new(job, now, |job| {
        job.status = JobStatus::Cancelled;
        job.error_message = None;
        job.fence += 1;
        finish(job, now);
    });
    transition.lock = LockChange::Release;
    Ok(transition)
}

/// The user pauses the job; it stays so until resumed. A pause that was Garmin's becomes the user's.
///
/// # Errors
/// [`IllegalMove::Pause`] for a finished job and for one that the user has paused already.
pub fn pause(job: &Job, now: DateTime<Utc>) -> Result<Transition, IllegalMove> {
    if !job.status.is_unfinished() || job.pause_reason == Some(PauseReason::User) {
        return Err(IllegalMove::Pause(job.status));
    }
    Ok(Transition::new(job, now, |job| {
        job.fence += 1;
        wait_for(job, PauseReason::User, now, None);
    }))
}

/// The user resumes the job: chunks that were given up are open again, chunks that are done stay done.
///
/// # Errors
/// [`IllegalMove::Resume`] unless the job is paused or failed.
pub fn resume(job: &Job, now: DateTime<Utc>) -> Result<Transition, IllegalMove> {
    if !matches!(job.status, JobStatus::Paused | JobStatus::Failed) {
        return Err(IllegalMove::Resume(job.status));
    }
    let mut transition = Transition::new(job, now, |job| {
        job.chunk_states.reopen_failed();
        job.failed_chunks.clear();
        go_on(job, now);
    });
    // The marks of a half-done chunk stand for the first open chunk: reopening an earlier one orphans them.
    if transition.after.chunk_states.first_open() != job.chunk_states.first_open() {
        transition.after.progress = ChunkProgress::default();
    }
    transition.lock = LockChange::Acquire;
    // The whole decision rests on the chunk states as read.
    transition.guards_cursor = true;
    Ok(transition)
}

/// What a paused job waited for has come: the throttle is over, or the account is linked anew.
///
/// # Errors
/// [`IllegalMove::Wake`] unless the job is paused for Garmin and its time has come, or for a sign-in.
pub fn wake(job: &Job, now: DateTime<Utc>) -> Result<Transition, IllegalMove> {
    let its_time_has_come = job.status == JobStatus::Paused
        && match job.pause_reason {
            Some(PauseReason::Throttled) => job.retry_at.is_none_or(|retry_at| retry_at <= now),
            Some(PauseReason::ReauthRequired) => true,
            Some(PauseReason::User) | None => false,
        };
    if !its_time_has_come {
        return Err(IllegalMove::Wake(job.status));
    }
    Ok(Transition::new(job, now, |job| go_on(job, now)))
}

/// Worker: the current chunk is imported. Moves on to the next open chunk, or finishes the job.
pub fn chunk_done(job: &Job, gaps: Vec<Gap>, watermark: Option<NaiveDate>, now: DateTime<Utc>) -> Transition {
    end_chunk(job, ChunkState::Done, None, gaps, watermark, now)
}

/// Worker: the current chunk is given up. It is recorded, and the job goes on without it.
pub fn chunk_failed(job: &Job, error: String, gaps: Vec<Gap>, now: DateTime<Utc>) -> Transition {
    let failed = job.current_chunk().map(|chunk| FailedChunk {
        start: chunk.range.start(),
        end: chunk.range.end(),
        error,
    });
    end_chunk(job, ChunkState::Failed, failed, gaps, None, now)
}

/// Worker: no time for another window. What is done is kept, and the next invocation goes on with the same chunk.
pub fn hand_over(
    job: &Job,
    done: Vec<Window>,
    found: Vec<Window>,
    gaps: Vec<Gap>,
    now: DateTime<Utc>,
) -> Transition {
    Transition::of_worker(job, now, |job| {
        // A hand-over that got something done, if only that a window is known to be too long, is no failed try; one that did
        // not must not go on for ever.
        let pieces = |found: &[Window]| found.iter().filter(|window| window.range().is_some()).count();
        if !done.is_empty() || pieces(&found) > pieces(&job.progress.found) {
            job.attempts = 0;
        }
        keep(job, done, found, gaps);
        job.due_at = Some(now + NUDGE_GRACE);
    })
}

/// Worker: some windows failed and the chunk has claims left. What is done is kept; the rest is tried again at
/// `retry_at`, and until then the job says what failed.
pub fn try_again(
    job: &Job,
    error: String,
    done: Vec<Window>,
    found: Vec<Window>,
    gaps: Vec<Gap>,
    retry_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Transition {
    Transition::of_worker(job, now, |job| {
        keep(job, done, found, gaps);
        job.error_message = Some(error);
        job.retry_at = Some(retry_at);
        job.due_at = Some(retry_at);
    })
}

/// Worker: Garmin throttles the account until `retry_at`, or refuses its tokens (`retry_at` none). What is done is
/// kept; the claim does not count.
pub fn pause_for_garmin(
    job: &Job,
    done: Vec<Window>,
    found: Vec<Window>,
    gaps: Vec<Gap>,
    reason: PauseReason,
    retry_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Transition {
    Transition::of_worker(job, now, |job| {
        keep(job, done, found, gaps);
        job.attempts = job.attempts.saturating_sub(1);
        wait_for(job, reason, now, retry_at);
    })
}

/// How long nobody has claimed the job although somebody might have: since it last moved, or since its lease or its wait
/// ended. Zero or less while one of these lasts.
#[must_use]
pub fn unanswered_for(job: &Job, now: DateTime<Utc>) -> TimeDelta {
    let ends = [job.lease_until, job.retry_at].into_iter().flatten();
    now - ends.fold(job.updated_at, DateTime::max)
}

/// Sweeper: somebody is about to be nudged, look again after [`NUDGE_GRACE`], and after twice as long each time that nobody
/// claims the job, up to [`NUDGE_GRACE_MAX`]; or the job waits for a person, and is looked at every [`PAUSED_RECHECK`], or
/// every [`SIGN_IN_RECHECK`] if it is a sign-in that is waited for. Earlier when something that keeps workers out ends
/// earlier: a lease, which may be a dead worker's, the wait before another try, a throttle.
#[must_use]
pub fn next_look(job: &Job, now: DateTime<Utc>) -> DateTime<Utc> {
    // As long as it has been waiting already: that is what doubles, and needs no count.
    let patience = || unanswered_for(job, now).clamp(NUDGE_GRACE, NUDGE_GRACE_MAX);
    let grace = job.pause_reason.map_or_else(patience, recheck);
    let ends = [job.lease_until, job.retry_at].into_iter().flatten().filter(|end| *end > now);
    ends.fold(now + grace, DateTime::min)
}

/// The watermark that finishing `job` earns: its last day, when it imported everything up to today or yesterday and
/// leaves no hole between the old watermark and its first day. It only moves forward.
#[must_use]
pub fn earned_watermark(job: &Job, watermark: Option<NaiveDate>, now: DateTime<Utc>) -> Option<NaiveDate> {
    let yesterday = today_in(job.time_zone, now) - TimeDelta::days(1);
    let all_but_the_last_done = job.chunk_states.count(ChunkState::Done) + 1 >= job.chunk_states.total()
        && job.chunk_states.count(ChunkState::Failed) == 0;
    let reaches_now = job.range.end() >= yesterday;
    let leaves_no_hole =
        watermark.is_none_or(|watermark| job.range.start() <= watermark + TimeDelta::days(1));
    let moves_forward = watermark.is_none_or(|watermark| job.range.end() > watermark);
    (job.metric_types.is_all() && all_but_the_last_done && reaches_now && leaves_no_hole && moves_forward)
        .then(|| job.range.end())
}

fn end_chunk(
    job: &Job,
    state: ChunkState,
    failed: Option<FailedChunk>,
    gaps: Vec<Gap>,
    watermark: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Transition {
    let mut transition = Transition::of_worker(job, now, |job| {
        if let Some(index) = job.chunk_states.first_open() {
            job.chunk_states.set(index, state);
        }
        job.failed_chunks.extend(failed);
        job.gaps = merge_gaps(job.gaps.drain(..).chain(gaps));
        job.progress = ChunkProgress::default();
        job.attempts = 0;
        job.due_at = Some(now + NUDGE_GRACE);
        if job.chunk_states.first_open().is_none() {
            let failures = job.chunk_states.count(ChunkState::Failed);
            if failures == 0 {
                job.status = JobStatus::Completed;
            } else {
                job.status = JobStatus::Failed;
                job.error_message = Some(format!("{failures} of {} chunks failed", job.chunks_total()));
            }
            finish(job, now);
        }
    });
    if !transition.after.status.is_unfinished() {
        transition.lock = LockChange::Release;
    }
    if transition.after.status == JobStatus::Completed {
        transition.watermark = earned_watermark(job, watermark, now);
    }
    transition
}

fn keep(job: &mut Job, done: Vec<Window>, found: Vec<Window>, gaps: Vec<Gap>) {
    job.progress.done.extend(done);
    job.progress.found = found;
    job.gaps = merge_gaps(job.gaps.drain(..).chain(gaps));
}

const fn recheck(reason: PauseReason) -> TimeDelta {
    match reason {
        PauseReason::ReauthRequired => SIGN_IN_RECHECK,
        PauseReason::User | PauseReason::Throttled => PAUSED_RECHECK,
    }
}

fn wait_for(job: &mut Job, reason: PauseReason, now: DateTime<Utc>, retry_at: Option<DateTime<Utc>>) {
    job.status = JobStatus::Paused;
    job.pause_reason = Some(reason);
    job.lease_until = None;
    job.error_message = None;
    job.retry_at = retry_at;
    job.due_at = Some(retry_at.unwrap_or(now + recheck(reason)));
}

fn go_on(job: &mut Job, now: DateTime<Utc>) {
    job.status = JobStatus::Pending;
    job.fence += 1;
    job.pause_reason = None;
    job.retry_at = None;
    job.lease_until = None;
    job.attempts = 0;
    job.error_message = None;
    job.completed_at = None;
    job.due_at = Some(now + NUDGE_GRACE);
}

fn finish(job: &mut Job, now: DateTime<Utc>) {
    job.lease_until = None;
    job.pause_reason = None;
    job.retry_at = None;
    job.due_at = None;
    job.completed_at = Some(now);
}
