//! Once a minute: whatever is due is nudged. The schedule's event says nothing that is needed.

use chrono::TimeDelta;
use lambda_runtime::{Error, LambdaEvent};
use serde::Serialize;
use serde_json::Value;
use sync_core::use_cases::sweep::{self, Sweeper};
use sync_core::{ChunkQueue, Clock, JobStore, LinkStore};
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
}

impl From<sweep::Swept> for Swept {
    fn from(sweep::Swept { due, nudged, woken, failed }: sweep::Swept) -> Self {
        Self { due, nudged, woken, failed }
    }
}

/// Sweeps once.
///
/// # Errors
/// When the index of due jobs cannot be read; the runtime logs it, and the next minute tries again.
pub async fn handle<J, L, Q, C>(
    sweeper: &Sweeper<J, L, Q, C>,
    event: LambdaEvent<Value>,
) -> Result<Swept, Error>
where
    J: JobStore,
    L: LinkStore,
    Q: ChunkQueue,
    C: Clock,
{
    let span = tracing::info_span!("sweep", request_id = event.context.request_id);
    async {
        let swept = Swept::from(sweeper.sweep(TimeDelta::zero()).await?);
        let Swept { due, nudged, woken, failed } = swept;
        tracing::info!(due, nudged, woken, failed, "swept");
        Ok(swept)
    }
    .instrument(span)
    .await
}
