//! The tables of a data directory, whether a server runs on it or not.

use anyhow::{Context as _, Result};
use embedded_aws::{EmbeddedAws, Options};
use sync_aws::{AwsClients, DynamoLinkStore, DynamoRecordStore, TableNames};

use crate::data_dir::{DataDir, DataDirLock, Endpoints};

/// An open data directory.
#[derive(Debug)]
pub struct Storage {
    /// What was imported.
    pub records: DynamoRecordStore,
    /// The links to Garmin.
    pub links: DynamoLinkStore,
    /// The built-in simulator of the server that runs on it.
    pub simulator: Option<String>,
    _opened: Option<(EmbeddedAws, DataDirLock)>,
}

impl Storage {
    /// Asks the running server's DynamoDB, or opens the file.
    ///
    /// # Errors
    /// When neither can be done.
    pub async fn open(data: &DataDir) -> Result<Self> {
        let (aws, simulator, opened) = match data.running()? {
            Some(Endpoints { dynamodb, sqs, simulator, .. }) => {
                (AwsClients::connect(&sync_aws::Endpoints { dynamodb, sqs }), simulator, None)
            }
            None => {
                let lock = data.lock()?;
                let storage = embedded_aws::Storage::File(data.database());
                let embedded = EmbeddedAws::start(Options { storage, ..Options::default() })
                    .await
                    .context("the tables cannot be opened")?;
                let aws = embedded.clients();
                sync_aws::migrate(&aws.dynamodb, "").await.context("the tables cannot be set up")?;
                (aws, None, Some((embedded, lock)))
            }
        };
        Ok(Self {
            records: DynamoRecordStore::new(aws.dynamodb.clone(), TableNames::default()),
            links: DynamoLinkStore::new(aws.dynamodb, TableNames::default()),
            simulator,
            _opened: opened,
        })
    }
}
