//! Wires `read-job` to AWS. The environment variables are in `functions/README.md`.

use lambda_http::{Error, run, service_fn, tracing};
use sync_aws::{AwsClients, Config, DynamoJobStore};
use sync_core::use_cases::status::Reader;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = Config::from_env()?;
    let clients = AwsClients::from_env().await;
    let jobs = DynamoJobStore::new(clients.dynamodb, config.tables(), config.job_retention);
    sync_aws::warm_up(&jobs).await;
    let reader = Reader { jobs };
    run(service_fn(|request| read_job::handle(&reader, request))).await
}
