//! Erasing what was imported, in batches: each batch and the mark of how far it came are one transaction, so that a crash
//! anywhere loses nothing but time. The sweeper nudges, an invocation deletes what time allows.

use chrono::{DateTime, TimeDelta, Utc};

use crate::erasure::DueErasure;
use crate::ids::UserId;
use crate::ports::{Applied, Clock, Erased, ErasureQueue, ErasureStore, StoreError};
use crate::timing::{COMMIT_MARGIN, NUDGE_GRACE, OVERDUE};

/// Erasures that one sweep nudges. What is left over is due in the next one.
const SWEEP: u32 = 50;

/// What became of a nudge to erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EraseOutcome {
    /// Nothing of Garmin's is left.
    Done {
        /// Records erased, from the beginning of the erasure on.
        records: u64,
    },
    /// Time was up; a nudge is on its way.
    AgainLater,
    /// Nothing is to be erased, or another invocation is at it.
    NotOurs,
}

/// What a sweep did about erasures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweptErasures {
    /// Erasures nudged.
    pub nudged: u32,
    /// Those of them that were asked for [`OVERDUE`] ago or longer, and those that could not be looked at.
    pub overdue: u32,
}

/// What erasing needs.
#[derive(Clone, Debug)]
pub struct Eraser<E, Q, C> {
    /// What is to be erased.
    pub erasures: E,
    /// The queue.
    pub queue: Q,
    /// The time.
    pub clock: C,
}

impl<E: ErasureStore, Q: ErasureQueue, C: Clock> Eraser<E, Q, C> {
    /// Erases the user's records batch after batch until none is left or `deadline`, when this invocation is ended from
    /// outside, is near.
    ///
    /// # Errors
    /// [`StoreError`]; the batches before it are gone, and the sweeper nudges again.
    pub async fn erase(&self, user: &UserId, deadline: DateTime<Utc>) -> Result<EraseOutcome, StoreError> {
        let Some(mut erasure) = self.erasures.erasure(user).await? else {
            return Ok(EraseOutcome::NotOurs);
        };
        loop {
            match self.erasures.erase(&erasure, self.clock.now()).await? {
                Erased::All { records } => {
                    tracing::info!(records, "everything imported is erased");
                    return Ok(EraseOutcome::Done { records });
                }
                Erased::Lost => return Ok(EraseOutcome::NotOurs),
                Erased::Batch(further) => erasure = further,
            }
            if self.clock.now() + COMMIT_MARGIN >= deadline {
                tracing::info!(records = erasure.records, "no time to erase more; handing over");
                self.nudge_or_leave_it_to_the_sweeper(user).await;
                return Ok(EraseOutcome::AgainLater);
            }
        }
    }

    /// Nudges every erasure that is due.
    ///
    /// # Errors
    /// [`StoreError`] when the index cannot be read. An erasure that fails stays due.
    pub async fn sweep(&self, ahead: TimeDelta) -> Result<SweptErasures, StoreError> {
        let now = self.clock.now();
        let mut swept = SweptErasures::default();
        for due in self.erasures.due_erasures(now + ahead, SWEEP).await? {
            if let Err(error) = self.look_at(&due, now, &mut swept).await {
                swept.overdue += 1;
                tracing::warn!(error = %error, "a due erasure could not be looked at");
            }
        }
        Ok(swept)
    }

    async fn look_at(
        &self,
        due: &DueErasure,
        now: DateTime<Utc>,
        swept: &mut SweptErasures,
    ) -> Result<(), StoreError> {
        // The index may be behind: only the erasure itself says whether it is still due.
        let Some(erasure) = self.erasures.erasure(&due.user_id).await? else {
            return Ok(());
        };
        // First the due moment, then the nudge: of two sweepers at once, one nudges.
        if self.erasures.postpone_erasure(due, now + NUDGE_GRACE).await? == Applied::Yes {
            self.queue.nudge_erasure(&due.user_id).await?;
            swept.nudged += 1;
            swept.overdue += u32::from(now - erasure.requested_at >= OVERDUE);
        }
        Ok(())
    }

    async fn nudge_or_leave_it_to_the_sweeper(&self, user: &UserId) {
        if let Err(error) = self.queue.nudge_erasure(user).await {
            tracing::warn!(error = %error, "nudge to erase not sent; the sweeper will send another");
        }
    }
}
