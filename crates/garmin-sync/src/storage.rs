//! The records of a data directory, whether a server runs on it or not.

use anyhow::{Context as _, Result};
use embedded_aws::{EmbeddedAws, Options};
use sync_aws::{AwsClients, DynamoRecordStore, TableNames};

use crate::data_dir::{DataDir, DataDirLock, Endpoints};

/// An open data directory.
#[derive(Debug)]
pub struct Storage {
    /// What was imported.
    pub records: DynamoRecordStore,
    _opened: Option<(EmbeddedAws, DataDirLock)>,
}

impl Storage {
    /// Asks the running server's DynamoDB, or opens the file.
    ///
    /// # Errors
    /// When neither can be done.
    pub async fn open(data: &DataDir) -> Result<Self> {
        let (aws, opened) = match data.running()? {
            Some(Endpoints { dynamodb, sqs, .. }) => {
                (AwsClients::connect(&sync_aws::Endpoints { dynamodb, sqs }), None)
            }
            None => {
                let lock = data.lock()?;
                let storage = embedded_aws::Storage::File(data.database());
                let embedded = EmbeddedAws::start(Options { storage, ..Options::default() })
                    .await
                    .context("the tables cannot be opened")?;
                let aws = embedded.clients();
                sync_aws::migrate(&aws.dynamodb, "").await.context("the tables cannot be set up")?;
                (aws, Some((embedded, lock)))
            }
        };
        Ok(Self { records: DynamoRecordStore::new(aws.dynamodb, TableNames::default()), _opened: opened })
    }
}
