//! Wires `read-history` to AWS. The environment variables are in `functions/README.md`.

use lambda_http::{Error, run, service_fn, tracing};
use sync_aws::{AwsClients, Config, DynamoJobStore, DynamoRecordStore};
use sync_core::use_cases::history::History;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = Config::from_env()?;
    let clients = AwsClients::from_env().await;
    let jobs = DynamoJobStore::new(clients.dynamodb.clone(), config.tables(), config.job_retention);
    let records = DynamoRecordStore::new(clients.dynamodb, config.tables());
    sync_aws::warm_up(&jobs).await;
    let history = History { records, jobs };
    run(service_fn(|request| read_history::handle(&history, request))).await
}
