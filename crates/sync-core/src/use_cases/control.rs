//! Pause, resume, cancel: read the job, decide, write once under the condition that it has not moved, and look again
//! if it has.

use chrono::{DateTime, TimeDelta, Utc};

use super::nudge_or_leave_it_to_the_sweeper;
use crate::ids::{JobId, JobKey, UserId};
use crate::job::Job;
use crate::ports::{Applied, ChunkQueue, Clock, JobStore, LinkStore, StoreError};
use crate::transition::{self, IllegalMove, Transition};

/// How often a control looks again when a worker moved the job between the read and the write. A worker moves a job
/// about once a second at most, so losing this often means that something else is wrong.
const TRIES: u32 = 8;

/// Why a job was not paused, resumed or cancelled.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The user has no such job.
    #[error("no such job")]
    NotFound,
    /// The job's status does not allow it.
    #[error(transparent)]
    Illegal(#[from] IllegalMove),
    /// Resume: another of the user's jobs is unfinished, or another user's holds the Garmin account.
    #[error("another job holds the lock")]
    Busy,
    /// Resume: the account that the job imports from is not linked any more.
    #[error("no Garmin account is linked")]
    NotLinked,
    /// The job moved each time between the read and the write.
    #[error("the job kept moving")]
    KeptMoving,
    /// A store failed.
    #[error("a store failed")]
    Store(#[from] StoreError),
}

/// What controlling needs.
#[derive(Clone, Debug)]
pub struct Controller<J, L, Q, C> {
    /// The jobs.
    pub jobs: J,
    /// The links.
    pub links: L,
    /// The queue.
    pub queue: Q,
    /// The time.
    pub clock: C,
}

impl<J: JobStore, L: LinkStore, Q: ChunkQueue, C: Clock> Controller<J, L, Q, C> {
    /// Ends the job. Once this has answered, no record of the job is written any more.
    ///
    /// # Errors
    /// [`ControlError`].
    pub async fn cancel(&self, user: &UserId, job_id: JobId) -> Result<(), ControlError> {
        self.move_job(user, job_id, transition::cancel).await.map(drop)
    }

    /// Pauses the job. Once this has answered, no record of the job is written until it is resumed.
    ///
    /// # Errors
    /// [`ControlError`].
    pub async fn pause(&self, user: &UserId, job_id: JobId) -> Result<(), ControlError> {
        self.move_job(user, job_id, transition::pause).await.map(drop)
    }

    /// Makes the job go on with exactly the chunks that are not done.
    ///
    /// # Errors
    /// [`ControlError`].
    pub async fn resume(&self, user: &UserId, job_id: JobId) -> Result<(), ControlError> {
        let job = match self.move_job(user, job_id, transition::resume).await {
            Ok(job) => job,
            // A resume that keeps losing loses to a lock, not to a worker: paused and failed jobs have none.
            Err(ControlError::KeptMoving) => return Err(self.who_holds_the_lock(user, job_id).await?),
            Err(error) => return Err(error),
        };
        nudge_or_leave_it_to_the_sweeper(&self.queue, &job, TimeDelta::zero()).await;
        Ok(())
    }

    async fn move_job(
        &self,
        user: &UserId,
        job_id: JobId,
        decide: fn(&Job, DateTime<Utc>) -> Result<Transition, IllegalMove>,
    ) -> Result<Job, ControlError> {
        let key = JobKey { user_id: user.clone(), job_id };
        for _ in 0..TRIES {
            let job = self.jobs.job(&key).await?.ok_or(ControlError::NotFound)?;
            let transition = decide(&job, self.clock.now())?;
            if transition.lock == transition::LockChange::Acquire {
                let link = self.links.link(user).await?;
                let link = link.filter(|link| link.is_active && link.account == job.account);
                let link = link.ok_or(ControlError::NotLinked)?;
                if link.active_job_id.is_some_and(|active| active != job_id) {
                    return Err(ControlError::Busy);
                }
            }
            if self.jobs.apply(&transition, &[]).await? == Applied::Yes {
                tracing::info!(job_id = %job_id, status = transition.after.status.name(), "job moved by its user");
                return Ok(transition.after);
            }
        }
        Err(ControlError::KeptMoving)
    }

    async fn who_holds_the_lock(&self, user: &UserId, job_id: JobId) -> Result<ControlError, ControlError> {
        let key = JobKey { user_id: user.clone(), job_id };
        let job = self.jobs.job(&key).await?.ok_or(ControlError::NotFound)?;
        let account = self.links.account(&job.account).await?;
        let busy = account.active_job_id.is_some_and(|active| active != job_id);
        Ok(if busy { ControlError::Busy } else { ControlError::KeptMoving })
    }
}
