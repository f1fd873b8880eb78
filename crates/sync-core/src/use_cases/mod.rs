//! What each HTTP route, the queue and the schedule do: read, decide with a pure function of
//! [`crate::transition`], write once, nudge.

pub mod control;
pub mod erase;
pub mod history;
pub mod link;
pub mod process_chunk;
pub mod start;
pub mod status;
pub mod sweep;
pub mod unlink;

use chrono::TimeDelta;

use crate::job::Job;
use crate::ports::ChunkQueue;

/// Sends a nudge and, when that fails, says so in the log and goes on: the job's due moment is set, and the sweeper
/// nudges again. Telling the caller would make it repeat what has succeeded.
async fn nudge_or_leave_it_to_the_sweeper(queue: &impl ChunkQueue, job: &Job, delay: TimeDelta) {
    if let Err(error) = queue.nudge(job, delay).await {
        tracing::warn!(job_id = %job.key.job_id, error = %error, "nudge not sent; the sweeper will send another");
    }
}
