//! Wires `create-job` to AWS. The environment variables are in `functions/README.md`.

use std::time::Duration;

use lambda_http::{Error, run, service_fn, tracing};
use sync_aws::{AwsClients, Config, DynamoJobStore, DynamoLinkStore, SqsChunkQueue};
use sync_core::ports::{RandomIds, SystemClock};
use sync_core::use_cases::start::Starter;
use sync_core::{JobKey, JobStore, UserId};

/// How long the warming call may take: a slow one must not use up the time that Lambda gives to a start.
const WARM_UP: Duration = Duration::from_secs(2);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = Config::from_env()?;
    let queues = config.queues()?;
    let clients = AwsClients::from_env().await;
    let jobs = DynamoJobStore::new(clients.dynamodb.clone(), config.tables(), config.job_retention);
    warm_up(&jobs).await?;
    let starter = Starter {
        jobs,
        links: DynamoLinkStore::new(clients.dynamodb, config.tables()),
        queue: SqsChunkQueue::new(clients.sqs, queues),
        clock: SystemClock,
        ids: RandomIds,
    };
    run(service_fn(|request| create_job::handle(&starter, request))).await
}

/// One read at the start, whatever its answer: the first call pays for credentials and TLS, and a start has the
/// processor to itself.
async fn warm_up(jobs: &impl JobStore) -> Result<(), Error> {
    let nobodys =
        JobKey { user_id: UserId::new("warm-up")?, job_id: "00000000-0000-7000-8000-000000000000".parse()? };
    if !matches!(tokio::time::timeout(WARM_UP, jobs.job(&nobodys)).await, Ok(Ok(_))) {
        tracing::warn!("the warming call failed; the first request will pay for the connection");
    }
    Ok(())
}
