//! The ticker: what the schedule does for the sweeper.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Calls `sweep` every `interval`, one after the other, until `stop`.
pub async fn run(
    interval: Duration,
    stop: CancellationToken,
    sweep: impl Fn() -> BoxFuture<'static, ()> + Send,
) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        // A sweep is a handful of small writes: it is let finish.
        sweep().await;
    }
}
