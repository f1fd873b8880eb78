//! SDK clients: of the environment in a Lambda, of explicit endpoints on one machine.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use sync_core::{JobId, JobKey, JobStore, UserId};

/// DynamoDB answers in milliseconds; a call that takes this long has met trouble. The whole of it, retries of a read
/// included, stays below the five seconds that a worker keeps for its commit.
const CONNECT: Duration = Duration::from_secs(1);
const ATTEMPT: Duration = Duration::from_secs(2);
const OPERATION: Duration = Duration::from_millis(4_500);

/// On one machine a long poll of the queue takes up to twenty seconds, and the database shares the processor.
const LOCAL_OPERATION: Duration = Duration::from_secs(30);

/// Where an embedded AWS listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// DynamoDB, as `http://127.0.0.1:<port>`.
    pub dynamodb: String,
    /// SQS, likewise.
    pub sqs: String,
}

/// The clients of everything that this system asks of AWS. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AwsClients {
    /// DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// SQS.
    pub sqs: aws_sdk_sqs::Client,
    shared: SdkConfig,
}

impl AwsClients {
    /// Clients with region, credentials and endpoints of the environment (`AWS_REGION`, `AWS_ENDPOINT_URL_DYNAMODB`, …).
    pub async fn from_env() -> Self {
        let shared = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT)
                    .operation_attempt_timeout(ATTEMPT)
                    .operation_timeout(OPERATION)
                    .build(),
            )
            .load()
            .await;
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&shared),
            sqs: aws_sdk_sqs::Client::new(&shared),
            shared,
        }
    }

    /// Clients of an embedded AWS, which knows no credentials and takes any.
    #[must_use]
    pub fn connect(endpoints: &Endpoints) -> Self {
        let shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                Credentials::from_keys("embedded", "embedded", None),
            ))
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(CONNECT).operation_timeout(LOCAL_OPERATION).build(),
            )
            .build();
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&shared).endpoint_url(&endpoints.dynamodb);
        let sqs = aws_sdk_sqs::config::Builder::from(&shared).endpoint_url(&endpoints.sqs);
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
            shared,
        }
    }

    /// KMS, for the functions that may use it. An embedded AWS has none.
    #[must_use]
    pub fn kms(&self) -> aws_sdk_kms::Client {
        aws_sdk_kms::Client::new(&self.shared)
    }
}

/// How long the warming call may take: a slow one must not use up the time that Lambda gives to a start.
const WARM_UP: Duration = Duration::from_secs(2);

/// One read at the start of a function, whatever its answer: the first call pays for credentials and TLS, and a start has
/// the processor to itself.
pub async fn warm_up(jobs: &impl JobStore) {
    let Ok(nobody) = UserId::new("warm-up") else { return };
    let no_job = JobKey { user_id: nobody, job_id: JobId::new(uuid::Uuid::nil()) };
    if !matches!(tokio::time::timeout(WARM_UP, jobs.job(&no_job)).await, Ok(Ok(_))) {
        tracing::warn!("the warming call failed; the first request will pay for the connection");
    }
}
