//! Once a minute: whatever is due is nudged. The schedule's event says nothing that is needed.

use chrono::{DateTime, TimeDelta};
use lambda_runtime::{Error, LambdaEvent};
use serde::Serialize;
use serde_json::Value;
use sync_core::use_cases::erase::{Eraser, SweptErasures};
use sync_core::use_cases::sweep::{self, Sweeper};
use sync_core::{ChunkQueue, Clock, ErasureQueue, ErasureStore, JobStore, LinkStore};
use tracing::Instrument;

/// What a sweep did, as the function answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Jobs that were due.
    pub due: u32,
    /// Jobs nudged.
    pub nudged: u32,
    /// Paused jobs whose wait was over and that go on.
    pub woken: u32,
    /// Jobs that could not be looked at; they stay due.
    pub failed: u32,
    /// Jobs that nobody has claimed for an hour or longer, though they were nudged.
    pub overdue: u32,
    /// Erasures nudged.
    pub erasures: u32,
    /// Erasures that were asked for an hour ago or longer, or could not be looked at.
    pub erasures_overdue: u32,
}

/// Sweeps once, until nothing is due any more or the invocation's time is up.
///
/// # Errors
/// When the index of what is due cannot be read; the runtime logs it, and the next minute tries again.
pub async fn handle<J, L, Q, C, E>(
    sweeper: &Sweeper<J, L, Q, C>,
    eraser: &Eraser<E, Q, C>,
    event: LambdaEvent<Value>,
) -> Result<Swept, Error>
where
    J: JobStore,
    L: LinkStore,
    Q: ChunkQueue + ErasureQueue,
    C: Clock,
    E: ErasureStore,
{
    let context = event.context;
    let deadline = i64::try_from(context.deadline).ok().and_then(DateTime::from_timestamp_millis);
    let deadline = deadline.ok_or("the invocation's deadline is not a moment in time")?;
    let span = tracing::info_span!("sweep", request_id = context.request_id);
    async {
        let sweep::Swept { due, nudged, woken, failed, overdue } =
            sweeper.sweep(TimeDelta::zero(), deadline).await?;
        let SweptErasures { nudged: erasures, overdue: erasures_overdue } =
            eraser.sweep(TimeDelta::zero()).await?;
        tracing::info!(due, nudged, woken, failed, overdue, erasures, erasures_overdue, "swept");
        Ok(Swept { due, nudged, woken, failed, overdue, erasures, erasures_overdue })
    }
    .instrument(span)
    .await
}
