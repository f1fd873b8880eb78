//! Sending writes: what is retried, for how long, and what counts as unknown.
//!
//! The SDK's own retries are off for writes. It would hide whether a first try was lost on the way, and then a failed
//! condition on the second could be our own success.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use backon::{BackoffBuilder, ExponentialBuilder};
use sync_core::StoreError;
use uuid::Uuid;

use crate::attributes::Item;
use crate::failure::{AwsFailure, Effect, effect};

/// The waits between the tries of one write: five tries within about two seconds.
pub(crate) fn waits() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(60))
        .with_max_delay(Duration::from_millis(500))
        .with_max_times(4)
        .with_jitter()
        .build()
}

/// The same client without the SDK's retries.
pub(crate) fn without_retries(client: &Client) -> Client {
    Client::from_conf(client.config().to_builder().retry_config(RetryConfig::disabled()).build())
}

/// What became of a conditional update.
pub(crate) enum Updated {
    /// Done; the attributes that the request asked for.
    Yes(Box<UpdateItemOutput>),
    /// The condition failed; the item as it stands, if there is one.
    No(Option<Item>),
}

/// Sends a conditional update. With `knows_itself` the caller recognises its own success in the item of a failed
/// condition, so that an update whose answer was lost may be sent again.
pub(crate) async fn update(
    operation: &'static str,
    request: UpdateItemFluentBuilder,
    knows_itself: bool,
) -> Result<Updated, StoreError> {
    let mut waits = waits();
    let mut may_be_written = false;
    loop {
        let error = match request.clone().send().await {
            Ok(output) => return Ok(Updated::Yes(Box::new(output))),
            Err(SdkError::ServiceError(service)) if service.err().is_conditional_check_failed_exception() => {
                return Ok(Updated::No(match service.into_err() {
                    UpdateItemError::ConditionalCheckFailedException(refused) => refused.item,
                    _ => None,
                }));
            }
            Err(error) => error,
        };
        let effect = effect(&error);
        may_be_written |= matches!(effect, Effect::Unknown | Effect::UnknownAndLate);
        let again = effect == Effect::NoneYet || (effect == Effect::Unknown && knows_itself);
        wait_or_give_up(AwsFailure::of(operation, error), again, may_be_written, &mut waits).await?;
    }
}

/// What became of a transaction.
pub(crate) enum Transacted {
    /// All of it is written.
    Yes,
    /// A condition failed and nothing is written; one reason per item, by position.
    No(Vec<CancellationReason>),
}

/// Whether the condition of this item failed.
pub(crate) fn refused(reason: Option<&CancellationReason>) -> bool {
    reason.is_some_and(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

/// Sends a transaction. Its request token makes a repeat after a lost answer the same transaction; a new token is taken
/// only when the answer said that nothing was written.
pub(crate) async fn transact(
    client: &Client,
    operation: &'static str,
    items: Vec<TransactWriteItem>,
) -> Result<Transacted, StoreError> {
    let mut waits = waits();
    let mut may_be_written = false;
    let mut token = Uuid::new_v4();
    loop {
        let request = client
            .transact_write_items()
            .client_request_token(token.to_string())
            .set_transact_items(Some(items.clone()));
        let error = match request.send().await {
            Ok(_) => return Ok(Transacted::Yes),
            Err(error) => error,
        };
        if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
            error.as_service_error()
        {
            // The token vouches for it: had an earlier try been applied, this one would have succeeded.
            may_be_written = false;
            token = Uuid::new_v4();
            let reasons = cancelled.cancellation_reasons().to_vec();
            if reasons.iter().any(|reason| refused(Some(reason))) {
                return Ok(Transacted::No(reasons));
            }
            let codes = codes(&reasons);
            let again = reasons.iter().all(|reason| {
                matches!(
                    reason.code(),
                    None | Some(
                        "None" | "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"
                    )
                )
            });
            let failure = AwsFailure::new(operation, format!("cancelled ({codes})"));
            wait_or_give_up(failure, again, may_be_written, &mut waits).await?;
            continue;
        }
        let effect = effect(&error);
        may_be_written |= matches!(effect, Effect::Unknown | Effect::UnknownAndLate);
        let again = matches!(effect, Effect::NoneYet | Effect::Unknown);
        wait_or_give_up(AwsFailure::of(operation, error), again, may_be_written, &mut waits).await?;
    }
}

/// The codes of the reasons, each once: what a log may know of them.
fn codes(reasons: &[CancellationReason]) -> String {
    let mut codes: Vec<_> =
        reasons.iter().filter_map(CancellationReason::code).filter(|code| *code != "None").collect();
    codes.sort_unstable();
    codes.dedup();
    codes.join(", ")
}

async fn wait_or_give_up(
    failure: AwsFailure,
    again: bool,
    may_be_written: bool,
    waits: &mut impl Iterator<Item = Duration>,
) -> Result<(), StoreError> {
    match waits.next().filter(|_| again) {
        Some(wait) => {
            tracing::debug!(error = %failure, wait_ms = wait.as_millis(), "trying a write again");
            tokio::time::sleep(wait).await;
            Ok(())
        }
        None if may_be_written => Err(StoreError::OutcomeUnknown(Box::new(failure))),
        None => Err(StoreError::Unavailable(Box::new(failure))),
    }
}
