//! Wires `sweep-jobs` to AWS. The environment variables are in `functions/README.md`.

use lambda_runtime::{Error, run, service_fn, tracing};
use sync_aws::{AwsClients, Config, DynamoErasureStore, DynamoJobStore, DynamoLinkStore, SqsChunkQueue};
use sync_core::ports::SystemClock;
use sync_core::use_cases::erase::Eraser;
use sync_core::use_cases::sweep::Sweeper;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = Config::from_env()?;
    let queues = config.queues()?;
    let clients = AwsClients::from_env().await;
    let jobs = DynamoJobStore::new(clients.dynamodb.clone(), config.tables(), config.job_retention);
    sync_aws::warm_up(&jobs).await;
    let queue = SqsChunkQueue::new(clients.sqs, queues);
    let eraser = Eraser {
        erasures: DynamoErasureStore::new(clients.dynamodb.clone(), config.tables()),
        queue: queue.clone(),
        clock: SystemClock,
    };
    let links = DynamoLinkStore::new(clients.dynamodb, config.tables());
    let sweeper = Sweeper { jobs, links, queue, clock: SystemClock };
    run(service_fn(|event| sweep_jobs::handle(&sweeper, &eraser, event))).await
}
