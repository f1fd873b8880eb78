//! The poller: what Lambda's event source mapping does between a queue and its function. It receives, calls the function
//! under its limits, deletes what succeeded and leaves the rest: the queue shows it again when its visibility timeout
//! ends, and puts it aside after five times.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures::future::BoxFuture;
use lambda_runtime::LambdaEvent;
use serde_json::{Map, Value, json};
use sync_aws::AwsClients;
use sync_core::ports::{RandomIds, SystemClock};
use sync_core::{Clock as _, Ids as _};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::invocation;

/// How long an empty queue is asked before it answers that it is empty, when nothing is going on.
const LONG_POLL_SECONDS: i32 = 1;

/// How long to wait between two looks at empty queues while chunks are being worked on. The end of an invocation ends
/// the wait: it nudged just before.
const BUSY_WAIT: Duration = Duration::from_millis(100);

/// How long to wait after the queue did not answer.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// The function behind the queue.
pub type Function = Arc<
    dyn Fn(LambdaEvent<SqsEvent>) -> BoxFuture<'static, Result<SqsBatchResponse, lambda_http::Error>>
        + Send
        + Sync,
>;

/// What a poller polls, and for whom.
#[derive(Clone)]
pub struct Poller {
    /// The clients; only SQS is asked.
    pub aws: AwsClients,
    /// The queues' URLs, the one to be emptied first in front.
    pub queues: Vec<String>,
    /// The function.
    pub function: Function,
    /// The time budget of an invocation.
    pub invocation: Duration,
    /// How many messages are worked on at once.
    pub workers: usize,
}

impl std::fmt::Debug for Poller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poller").field("queues", &self.queues).finish_non_exhaustive()
    }
}

impl Poller {
    /// Polls until `stop`. Invocations run on `invocations`, for the caller to wait for.
    pub async fn run(self, stop: CancellationToken, invocations: TaskTracker) {
        let poller = Arc::new(self);
        let free = Arc::new(Semaphore::new(poller.workers));
        let ended = Arc::new(Notify::new());
        loop {
            let permit = tokio::select! {
                () = stop.cancelled() => return,
                permit = Arc::clone(&free).acquire_owned() => permit,
            };
            let Ok(permit) = permit else { return };
            // A message that arrives while we stop stays in the queue, which ends with the process.
            let busy = !invocations.is_empty();
            let received = tokio::select! {
                () = stop.cancelled() => return,
                received = poller.next(busy) => received,
            };
            match received {
                Ok(Some(message)) => {
                    let (poller, ended) = (Arc::clone(&poller), Arc::clone(&ended));
                    invocations.spawn(async move {
                        poller.deliver(message).await;
                        drop(permit);
                        ended.notify_one();
                    });
                }
                Ok(None) if busy => tokio::select! {
                    () = stop.cancelled() => return,
                    () = ended.notified() => {}
                    () = tokio::time::sleep(BUSY_WAIT) => {}
                },
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "the queue does not answer");
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(AFTER_FAILURE) => {}
                    }
                }
            }
        }
    }

    /// The next message of the first queue that has one.
    async fn next(&self, busy: bool) -> Result<Option<Received>> {
        let last = self.queues.len().saturating_sub(1);
        for (index, queue) in self.queues.iter().enumerate() {
            let wait = if index == last && !busy { LONG_POLL_SECONDS } else { 0 };
            let answer = self
                .aws
                .sqs
                .receive_message()
                .queue_url(queue)
                .max_number_of_messages(1)
                .wait_time_seconds(wait)
                .message_system_attribute_names("All".into())
                .send()
                .await?;
            let Some(message) = answer.messages.unwrap_or_default().into_iter().next() else {
                continue;
            };
            let attributes = message.attributes.unwrap_or_default();
            return Ok(Some(Received {
                queue: queue.clone(),
                id: message.message_id.unwrap_or_default(),
                receipt: message.receipt_handle.unwrap_or_default(),
                body: message.body.unwrap_or_default(),
                attributes: attributes
                    .into_iter()
                    .map(|(name, value)| (name.as_str().to_owned(), json!(value)))
                    .collect(),
            }));
        }
        Ok(None)
    }

    async fn deliver(&self, message: Received) {
        let message_id = &message.id;
        let event = match serde_json::from_value::<SqsEvent>(message.event()) {
            Ok(event) => event,
            Err(error) => {
                tracing::error!(message_id, %error, "a message makes no event");
                return;
            }
        };
        let request_id = RandomIds.claim_token().to_string();
        let context = invocation::context("process-chunk", &request_id, SystemClock.now(), self.invocation);
        let function = Arc::clone(&self.function);
        let call = async move { function(LambdaEvent::new(event, context)).await };
        let done = match invocation::run(self.invocation, call).await {
            Ok(answer) => answer.batch_item_failures.is_empty(),
            Err(failure) => {
                tracing::warn!(request_id, message_id, %failure, "invocation failed; the message comes back");
                false
            }
        };
        if done {
            let delete =
                self.aws.sqs.delete_message().queue_url(&message.queue).receipt_handle(&message.receipt);
            if let Err(error) = delete.send().await {
                tracing::warn!(message_id, %error, "a message was not deleted; it comes back and finds nothing to do");
            }
        }
    }
}

/// A message and where it came from.
struct Received {
    queue: String,
    id: String,
    receipt: String,
    body: String,
    attributes: Map<String, Value>,
}

impl Received {
    /// The event that Lambda makes of it.
    fn event(&self) -> Value {
        let name = self.queue.rsplit('/').next().unwrap_or_default();
        json!({"Records": [{
            "messageId": self.id,
            "receiptHandle": self.receipt,
            "body": self.body,
            "attributes": self.attributes,
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{name}"),
            "awsRegion": "us-east-1",
        }]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_becomes_the_event_that_lambda_would_send() {
        let message = Received {
            queue: "http://localhost/000000000000/historical".to_owned(),
            id: "m-1".to_owned(),
            receipt: "r-1".to_owned(),
            body: "{}".to_owned(),
            attributes: Map::from_iter([("ApproximateReceiveCount".to_owned(), json!("2"))]),
        };
        let event: SqsEvent = serde_json::from_value(message.event()).unwrap();
        let record = &event.records[0];
        assert_eq!(record.message_id.as_deref(), Some("m-1"));
        assert_eq!(record.body.as_deref(), Some("{}"));
        assert_eq!(record.attributes["ApproximateReceiveCount"], "2");
        let arn = record.event_source_arn.as_deref();
        assert_eq!(arn, Some("arn:aws:sqs:us-east-1:000000000000:historical"));
    }
}
