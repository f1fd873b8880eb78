//! Wires `create-job` to AWS. The environment variables are in `functions/README.md`.

use lambda_http::{Error, run, service_fn, tracing};
use sync_aws::{AwsClients, Config, DynamoJobStore, DynamoLinkStore, SqsChunkQueue};
use sync_core::ports::{RandomIds, SystemClock};
use sync_core::use_cases::start::Starter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = Config::from_env()?;
    let queues = config.queues()?;
    let clients = AwsClients::from_env().await;
    let jobs = DynamoJobStore::new(clients.dynamodb.clone(), config.tables(), config.job_retention);
    sync_aws::warm_up(&jobs).await;
    let starter = Starter {
        jobs,
        links: DynamoLinkStore::new(clients.dynamodb, config.tables()),
        queue: SqsChunkQueue::new(clients.sqs, queues),
        clock: SystemClock,
        ids: RandomIds,
    };
    run(service_fn(|request| create_job::handle(&starter, request))).await
}
