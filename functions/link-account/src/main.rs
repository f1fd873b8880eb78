//! Wires `link-account` to AWS and to Garmin. The environment variables are in `functions/README.md`.

mod environment;

use std::sync::Arc;

use environment::Environment;
use lambda_http::{Error, run, service_fn, tracing};
use link_account::UseCases;
use sync_aws::{
    AwsClients, Config, DynamoErasureStore, DynamoJobStore, DynamoLinkStore, DynamoSignInStore, KeyFileVault,
    KmsVault, SqsChunkQueue,
};
use sync_core::TokenVault;
use sync_core::ports::{RandomIds, SystemClock};
use sync_core::sign_in::SignInVault;
use sync_core::use_cases::erase::Eraser;
use sync_core::use_cases::link::Linker;
use sync_core::use_cases::unlink::Unlinker;
use sync_garmin::{Jitter, SignInClient};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = Config::from_env()?;
    let environment = Environment::read()?;
    if let Some(key_file) = &environment.tokens_key_file {
        let vault = KeyFileVault::open_or_create(key_file)?;
        answer(config, environment, |_| vault).await
    } else {
        let key_id = config.tokens_key_id()?.to_owned();
        answer(config, environment, |clients| KmsVault::new(clients.kms(), key_id)).await
    }
}

async fn answer<V: TokenVault + SignInVault>(
    config: Config,
    environment: Environment,
    vault: impl FnOnce(&AwsClients) -> V,
) -> Result<(), Error> {
    let queues = config.queues()?;
    let clients = AwsClients::from_env().await;
    let (dynamodb, tables) = (|| clients.dynamodb.clone(), || config.tables());
    let jobs = DynamoJobStore::new(dynamodb(), tables(), config.job_retention);
    sync_aws::warm_up(&jobs).await;
    let links = DynamoLinkStore::new(dynamodb(), tables());
    let sign_ins = DynamoSignInStore::new(&clients.dynamodb, tables());
    let queue = SqsChunkQueue::new(clients.sqs.clone(), queues);
    let use_cases = UseCases {
        unlinker: Unlinker {
            jobs: jobs.clone(),
            links: links.clone(),
            sign_ins: sign_ins.clone(),
            clock: SystemClock,
        },
        eraser: Eraser {
            erasures: DynamoErasureStore::new(dynamodb(), tables()),
            queue: queue.clone(),
            clock: SystemClock,
        },
        linker: Linker {
            jobs,
            links,
            sign_ins,
            vault: vault(&clients),
            garmin: SignInClient::new(environment.garmin, Arc::new(SystemClock), Jitter::from_os())?,
            queue,
            clock: SystemClock,
            ids: RandomIds,
        },
    };
    run(service_fn(|request| link_account::handle(&use_cases, request))).await
}
