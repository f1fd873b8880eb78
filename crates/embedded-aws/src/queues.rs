//! Making the queues that Terraform makes in the cloud.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;

/// A standard queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSpec {
    /// Its name: letters, digits, `-` and `_`.
    pub name: String,
    /// How long a received message stays hidden; whole seconds.
    pub visibility_timeout: Duration,
    /// Where messages go that nobody could take.
    pub dead_letters: Option<DeadLetters>,
}

/// A queue of messages that nobody could take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetters {
    /// Its name.
    pub name: String,
    /// How often a message is received before it goes there.
    pub max_receive_count: u32,
}

/// Why a queue could not be made.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// SQS refused or was not reached.
    #[error("queue {name} could not be made")]
    Sqs {
        /// Which queue.
        name: String,
        /// Why.
        #[source]
        source: Box<aws_sdk_sqs::Error>,
    },
    /// SQS did not say where the queue is.
    #[error("queue {name} has no address")]
    NoAddress {
        /// Which queue.
        name: String,
    },
}

/// Makes a queue, and its dead-letter queue first, unless they are there; returns its URL.
///
/// # Errors
/// [`QueueError`].
pub async fn create_queue(sqs: &Client, spec: &QueueSpec) -> Result<String, QueueError> {
    let mut request = sqs
        .create_queue()
        .queue_name(&spec.name)
        .attributes(QueueAttributeName::VisibilityTimeout, spec.visibility_timeout.as_secs().to_string());
    if let Some(dead_letters) = &spec.dead_letters {
        let url =
            created(&dead_letters.name, sqs.create_queue().queue_name(&dead_letters.name).send().await)?;
        let arn = sqs
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await
            .map_err(|error| refused(&dead_letters.name, error))?
            .attributes
            .and_then(|mut attributes| attributes.remove(&QueueAttributeName::QueueArn))
            .ok_or_else(|| no_address(&dead_letters.name))?;
        let policy = serde_json::json!({
            "deadLetterTargetArn": arn,
            "maxReceiveCount": dead_letters.max_receive_count,
        });
        request = request.attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
    }
    created(&spec.name, request.send().await)
}

fn created<E: Into<aws_sdk_sqs::Error>>(
    name: &str,
    created: Result<aws_sdk_sqs::operation::create_queue::CreateQueueOutput, E>,
) -> Result<String, QueueError> {
    created.map_err(|error| refused(name, error))?.queue_url.ok_or_else(|| no_address(name))
}

fn refused(name: &str, source: impl Into<aws_sdk_sqs::Error>) -> QueueError {
    QueueError::Sqs { name: name.to_owned(), source: Box::new(source.into()) }
}

fn no_address(name: &str) -> QueueError {
    QueueError::NoAddress { name: name.to_owned() }
}
