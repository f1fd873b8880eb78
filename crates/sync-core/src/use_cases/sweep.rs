//! The sweeper: once a minute, whatever is due is nudged. It is what makes every crash and every lost message
//! harmless.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::job::JobStatus;
use crate::ports::{Applied, ChunkQueue, Clock, DueJob, JobStore, LinkStore, StoreError};
use crate::timing::{COMMIT_MARGIN, OVERDUE};
use crate::transition;

/// Jobs that are asked of the index at once.
const BATCH: u32 = 200;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Jobs that were due.
    pub due: u32,
    /// Jobs nudged.
    pub nudged: u32,
    /// Paused jobs whose wait was over and that go on.
    pub woken: u32,
    /// Jobs that could not be looked at; they stay due.
    pub failed: u32,
    /// Jobs that nobody has claimed for [`OVERDUE`] or longer, though they were nudged.
    pub overdue: u32,
}

/// What sweeping needs.
#[derive(Clone, Debug)]
pub struct Sweeper<J, L, Q, C> {
    /// The jobs.
    pub jobs: J,
    /// The links: a job that waits for a sign-in goes on once there is one.
    pub links: L,
    /// The queue.
    pub queue: Q,
    /// The time.
    pub clock: C,
}

impl<J: JobStore, L: LinkStore, Q: ChunkQueue, C: Clock> Sweeper<J, L, Q, C> {
    /// Looks at every job that is due at the clock's time plus `ahead`, longest overdue first, until `deadline`, when this
    /// invocation is ended from outside; what it has no time for is due in the next minute. The schedule passes zero; a
    /// local runtime whose queue is known to be empty after a restart passes the longest grace that nudges are given, to
    /// look at once.
    ///
    /// # Errors
    /// [`StoreError`] when the index cannot be read. A job that fails is counted and stays due.
    pub async fn sweep(&self, ahead: TimeDelta, deadline: DateTime<Utc>) -> Result<Swept, StoreError> {
        // One moment for all of the sweep, or what it has put off would be due again before it ends.
        let until = self.clock.now() + ahead;
        let (mut swept, mut seen) = (Swept::default(), BTreeSet::new());
        let mut limit = BATCH;
        loop {
            let due = self.jobs.due(until, limit).await?;
            let is_all = due.len() < limit as usize;
            let before = seen.len();
            for job in &due {
                if !seen.insert((job.due_at, job.key.clone())) {
                    continue;
                }
                if self.clock.now() + COMMIT_MARGIN > deadline {
                    tracing::warn!(due = swept.due, "more is due than one sweep has time for");
                    return Ok(swept);
                }
                swept.due += 1;
                if let Err(error) = self.look_at(job, &mut swept).await {
                    swept.failed += 1;
                    tracing::warn!(job_id = %job.key.job_id, error = %error, "a due job could not be looked at");
                }
            }
            if is_all {
                return Ok(swept);
            }
            // What comes again, because its look failed or the index is behind, must not hide what stands after it.
            let again = due.len() - (seen.len() - before);
            limit = BATCH.saturating_add(u32::try_from(again).unwrap_or(u32::MAX));
        }
    }

    async fn look_at(&self, due: &DueJob, swept: &mut Swept) -> Result<(), StoreError> {
        let Some(job) = self.jobs.job(&due.key).await? else {
            return Ok(());
        };
        // The index may be behind: only the job itself says whether it is still due.
        if !job.status.is_unfinished() || job.due_at != Some(due.due_at) {
            return Ok(());
        }
        let now = self.clock.now();
        if job.status == JobStatus::Paused
            && self.what_it_waits_for_has_come(&job).await?
            && let Ok(transition) = transition::wake(&job, now)
        {
            if self.jobs.apply(&transition, &[]).await? == Applied::Yes {
                swept.woken += 1;
                tracing::info!(job_id = %job.key.job_id, "paused job goes on");
                self.queue.nudge(&transition.after, TimeDelta::zero()).await?;
                swept.nudged += 1;
            }
            return Ok(());
        }
        swept.overdue +=
            u32::from(job.status != JobStatus::Paused && transition::unanswered_for(&job, now) >= OVERDUE);
        // First the due moment, then the nudge: of two sweepers at once, one nudges.
        if self.jobs.postpone(due, transition::next_look(&job, now)).await? == Applied::Yes
            && job.status != JobStatus::Paused
        {
            self.queue.nudge(&job, TimeDelta::zero()).await?;
            swept.nudged += 1;
        }
        Ok(())
    }

    async fn what_it_waits_for_has_come(&self, job: &crate::Job) -> Result<bool, StoreError> {
        use crate::job::PauseReason;
        Ok(match job.pause_reason {
            Some(PauseReason::Throttled) => true,
            Some(PauseReason::ReauthRequired) => {
                self.links.link(&job.key.user_id).await?.is_some_and(|link| link.serves(&job.account))
            }
            Some(PauseReason::User) | None => false,
        })
    }
}
