//! Wires `process-chunk` to AWS and to Garmin. The environment variables are in `functions/README.md`.

mod environment;

use environment::Environment;
use lambda_runtime::{Error, run, service_fn, tracing};
use std::sync::Arc;
use sync_aws::{
    AwsClients, Config, DynamoErasureStore, DynamoJobStore, DynamoLinkStore, KeyFileVault, KmsVault,
    SqsChunkQueue,
};
use sync_core::TokenVault;
use sync_core::ports::{RandomIds, SystemClock};
use sync_core::use_cases::erase::Eraser;
use sync_core::use_cases::process_chunk::Worker;
use sync_garmin::{GarminClient, Jitter};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = Config::from_env()?;
    let environment = Environment::read()?;
    if let Some(key_file) = &environment.tokens_key_file {
        let vault = KeyFileVault::open_or_create(key_file)?;
        work(config, environment, |_| vault).await
    } else {
        let key_id = config.tokens_key_id()?.to_owned();
        work(config, environment, |clients| KmsVault::new(clients.kms(), key_id)).await
    }
}

async fn work<V: TokenVault>(
    config: Config,
    environment: Environment,
    vault: impl FnOnce(&AwsClients) -> V,
) -> Result<(), Error> {
    let queues = config.queues()?;
    let clients = AwsClients::from_env().await;
    let jobs = DynamoJobStore::new(clients.dynamodb.clone(), config.tables(), config.job_retention);
    sync_aws::warm_up(&jobs).await;
    let queue = SqsChunkQueue::new(clients.sqs.clone(), queues);
    let eraser = Eraser {
        erasures: DynamoErasureStore::new(clients.dynamodb.clone(), config.tables()),
        queue: queue.clone(),
        clock: SystemClock,
    };
    let worker = Worker {
        jobs,
        vault: vault(&clients),
        links: DynamoLinkStore::new(clients.dynamodb, config.tables()),
        queue,
        garmin: GarminClient::new(environment.garmin, Arc::new(SystemClock), Jitter::from_os())?,
        clock: SystemClock,
        ids: RandomIds,
    };
    run(service_fn(|event| process_chunk::handle(&worker, &eraser, event))).await
}
