//! The queue's side of an import: each message says "look at this job" (or "look at what is to be erased of this user"),
//! and each is answered for by itself.
//!
//! A message that was dealt with, whatever came of it, is acknowledged. One that cannot be read, or whose job could not
//! be looked at, is handed back: it comes again, and in the end lies in the dead-letter queue where somebody sees it.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use chrono::{DateTime, Utc};
use lambda_runtime::{Error, LambdaEvent};
use sync_aws::Message;
use sync_core::timing::COMMIT_MARGIN;
use sync_core::use_cases::erase::Eraser;
use sync_core::use_cases::process_chunk::{ChunkOutcome, Worker};
use sync_core::{
    ChunkQueue, Clock, ErasureQueue, ErasureStore, GarminSource, Ids, JobKey, JobStore, LinkStore,
    TokenVault, UserId,
};
use tracing::Instrument;

/// A message is handed back. The invocation itself succeeds, so an alarm counts the lines with the outcome "handed_back".
#[derive(Debug)]
struct HandedBack;

/// Deals with the messages of a batch, one after the other, until the invocation's deadline.
///
/// # Errors
/// When a message that has to be handed back has no id: then the whole batch has to come again.
pub async fn handle<J, L, Q, V, G, C, I, E>(
    worker: &Worker<J, L, Q, V, G, C, I>,
    eraser: &Eraser<E, Q, C>,
    event: LambdaEvent<SqsEvent>,
) -> Result<SqsBatchResponse, Error>
where
    J: JobStore,
    L: LinkStore,
    Q: ChunkQueue + ErasureQueue,
    V: TokenVault,
    G: GarminSource,
    C: Clock,
    I: Ids,
    E: ErasureStore,
{
    let (event, context) = event.into_parts();
    let deadline = i64::try_from(context.deadline).ok().and_then(DateTime::from_timestamp_millis);
    let deadline = deadline.ok_or("the invocation's deadline is not a moment in time")?;
    let span = tracing::info_span!("nudges", request_id = context.request_id);
    deal_with(worker, eraser, event.records, deadline).instrument(span).await
}

async fn deal_with<J, L, Q, V, G, C, I, E>(
    worker: &Worker<J, L, Q, V, G, C, I>,
    eraser: &Eraser<E, Q, C>,
    messages: Vec<SqsMessage>,
    deadline: DateTime<Utc>,
) -> Result<SqsBatchResponse, Error>
where
    J: JobStore,
    L: LinkStore,
    Q: ChunkQueue + ErasureQueue,
    V: TokenVault,
    G: GarminSource,
    C: Clock,
    I: Ids,
    E: ErasureStore,
{
    let mut response = SqsBatchResponse::default();
    for (index, message) in messages.into_iter().enumerate() {
        let message_id = message.message_id.unwrap_or_default();
        // The first message is always looked at. One that an earlier one has left no time for would only use up a claim.
        let no_time =
            index > 0 && worker.clock.now() + worker.garmin.longest_window() + COMMIT_MARGIN > deadline;
        let outcome = if no_time {
            tracing::warn!(message_id, "no time is left for this message");
            Err(HandedBack)
        } else {
            look_at(worker, eraser, &message_id, message.body.as_deref().unwrap_or_default(), deadline).await
        };
        if let Err(HandedBack) = outcome {
            // An empty id in the answer would hand back the whole batch without saying so.
            if message_id.is_empty() {
                return Err("a message without an id has to be handed back".into());
            }
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message_id;
            response.batch_item_failures.push(failure);
        }
    }
    Ok(response)
}

async fn look_at<J, L, Q, V, G, C, I, E>(
    worker: &Worker<J, L, Q, V, G, C, I>,
    eraser: &Eraser<E, Q, C>,
    message_id: &str,
    body: &str,
    deadline: DateTime<Utc>,
) -> Result<(), HandedBack>
where
    J: JobStore,
    L: LinkStore,
    Q: ChunkQueue + ErasureQueue,
    V: TokenVault,
    G: GarminSource,
    C: Clock,
    I: Ids,
    E: ErasureStore,
{
    let message = Message::parse(body).map_err(|error| {
        // Without its causes: a parser's error repeats what it could not read.
        tracing::error!(message_id, outcome = "handed_back", error = %error, "unreadable message");
        HandedBack
    })?;
    match message {
        Message::Job(nudge) => match worker.process(&nudge, deadline).await {
            Ok(outcome) => {
                report(&nudge.key, message_id, outcome);
                Ok(())
            }
            Err(error) => {
                tracing::error!(message_id, outcome = "handed_back", job_id = %nudge.key.job_id, error = %chain(&error), "the job could not be worked on");
                Err(HandedBack)
            }
        },
        Message::Erasure(user) => erase(eraser, &user, message_id, deadline).await,
    }
}

async fn erase<E: ErasureStore, Q: ErasureQueue, C: Clock>(
    eraser: &Eraser<E, Q, C>,
    user: &UserId,
    message_id: &str,
    deadline: DateTime<Utc>,
) -> Result<(), HandedBack> {
    match eraser.erase(user, deadline).await {
        Ok(outcome) => {
            // Not as "outcome", which infra/alarms.tf counts by its values: this one has a number in it.
            tracing::info!(message_id, came_of_it = ?outcome, "erasure looked at");
            Ok(())
        }
        Err(error) => {
            tracing::error!(message_id, outcome = "handed_back", error = %chain(&error), "nothing could be erased");
            Err(HandedBack)
        }
    }
}

fn report(key: &JobKey, message_id: &str, outcome: ChunkOutcome) {
    let job_id = key.job_id;
    match outcome {
        ChunkOutcome::Done { job_finished } => {
            tracing::info!(%job_id, message_id, outcome = "done", job_finished, "chunk done");
        }
        ChunkOutcome::AgainLater => {
            tracing::info!(%job_id, message_id, outcome = "again_later", "chunk goes on later");
        }
        ChunkOutcome::Paused(reason) => {
            tracing::warn!(%job_id, message_id, outcome = "paused", ?reason, "job waits");
        }
        ChunkOutcome::Failed { job_finished } => {
            tracing::warn!(%job_id, message_id, outcome = "failed", job_finished, "chunk given up");
        }
        ChunkOutcome::NotOurs => {
            tracing::info!(%job_id, message_id, outcome = "not_ours", "nothing to do");
        }
    }
}

/// An error and all that caused it, in one line for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
