//! Mistakes that somebody could make with this protocol, as switches of the simulated world. Production code has no such
//! switches: a mistake alters what the simulated store, queue or worker does with the same calls. Each must be caught.

use std::fmt;

use chrono::TimeDelta;
use sync_core::JobStatus;
use sync_core::job::{ChunkState, Job};
use sync_core::transition::{Claim, Transition};

/// A planted mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A worker's commit is applied whatever the job has become since.
    NoConditionOnCommit,
    /// Records are written first, on their own, and the job after them.
    RecordsOutsideTheTransaction,
    /// A control changes the status and not the fence, and a commit looks at the fence and not at the status.
    CommitIgnoresStatus,
    /// A start looks whether the locks are free, and then takes them.
    CheckThenPutStart,
    /// A message says which chunk to do, and the worker obeys.
    MessageCarriesTheChunk,
    /// There is no sweeper.
    NoSweeper,
    /// A lease does not run out.
    EndlessLease,
    /// A lease ends before the invocation that has it.
    ShortLease,
    /// Nobody is told what failed and is tried again.
    SilentRetry,
    /// A chunk that was given up counts as done.
    FailedChunkNotRecorded,
    /// A throttle is kept with the job and not with the account.
    ThrottlePerJob,
    /// The watermark follows the last day of each chunk.
    WatermarkByChunk,
    /// Unlinking cancels the job and leaves its fence.
    UnlinkKeepsFence,
    /// Unlinking ends the link and not the job.
    UnlinkLeavesTheJob,
    /// Unlinking leaves the version of the tokens, and a refresh on its way does not look whether there still is a link.
    RefreshRevivesTheLink,
    /// A link is stored although what was imported is still being erased.
    LinkWhileErasing,
    /// Refreshed tokens replace whatever is stored.
    TokensWithoutVersion,
}

impl Mistake {
    /// Every mistake.
    pub const ALL: [Self; 17] = [
        Self::NoConditionOnCommit,
        Self::RecordsOutsideTheTransaction,
        Self::CommitIgnoresStatus,
        Self::CheckThenPutStart,
        Self::MessageCarriesTheChunk,
        Self::NoSweeper,
        Self::EndlessLease,
        Self::ShortLease,
        Self::SilentRetry,
        Self::FailedChunkNotRecorded,
        Self::ThrottlePerJob,
        Self::WatermarkByChunk,
        Self::UnlinkKeepsFence,
        Self::UnlinkLeavesTheJob,
        Self::RefreshRevivesTheLink,
        Self::LinkWhileErasing,
        Self::TokensWithoutVersion,
    ];

    /// What a claim becomes.
    pub(super) fn alter_claim(self, claim: &mut Claim) {
        match self {
            Self::EndlessLease => claim.lease_until += TimeDelta::days(3650),
            Self::ShortLease => claim.lease_until -= TimeDelta::seconds(60),
            _ => {}
        }
    }

    /// What a transition becomes before the store applies it.
    pub(super) fn alter_transition(self, transition: &mut Transition) {
        let is_control = !transition.guards_cursor;
        let (before, after) = (&transition.before, &mut transition.after);
        match self {
            Self::CommitIgnoresStatus if is_control => after.fence = before.fence,
            Self::SilentRetry if after.retry_at.is_some() => after.error_message = None,
            Self::FailedChunkNotRecorded => count_failed_as_done(after),
            Self::WatermarkByChunk if before.chunk_states != after.chunk_states && !is_control => {
                transition.watermark = before.current_chunk().map(|chunk| chunk.range.end());
            }
            _ => {}
        }
    }
}

/// States can only be set through their text: `sync-core` lets nobody else change them, and rightly so.
fn count_failed_as_done(job: &mut Job) {
    if job.chunk_states.count(ChunkState::Failed) == 0 {
        return;
    }
    if let Ok(states) = job.chunk_states.to_string().replace('f', "d").parse() {
        job.chunk_states = states;
    }
    job.failed_chunks.clear();
    if job.status == JobStatus::Failed {
        job.status = JobStatus::Completed;
        job.error_message = None;
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
