//! The records of a data directory, whether a server runs on it or not.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use embedded_aws::EmbeddedDynamoDb;
use sync_aws::{AwsClients, DynamoRecordStore, TableNames};

use crate::data_dir::{DataDir, DataDirLock};

/// An open data directory.
#[derive(Debug)]
pub struct Storage {
    /// What was imported.
    pub records: DynamoRecordStore,
    _opened: Option<(EmbeddedDynamoDb, DataDirLock)>,
}

impl Storage {
    /// Asks the running server's DynamoDB, or opens the file.
    ///
    /// # Errors
    /// When neither can be done.
    pub async fn open(data: &DataDir) -> Result<Self> {
        let (url, opened) = match data.running()? {
            Some(endpoints) => (endpoints.dynamodb, None),
            None => {
                let lock = data.lock()?;
                let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
                let dynamodb = EmbeddedDynamoDb::open(&data.database(), any_port)
                    .await
                    .context("the tables cannot be opened")?;
                (dynamodb.url(), Some((dynamodb, lock)))
            }
        };
        // Nobody asks for the queue here; it has no address.
        let aws = AwsClients::connect(&sync_aws::Endpoints { dynamodb: url.clone(), sqs: url });
        if opened.is_some() {
            sync_aws::migrate(&aws.dynamodb, "").await.context("the tables cannot be set up")?;
        }
        Ok(Self { records: DynamoRecordStore::new(aws.dynamodb, TableNames::default()), _opened: opened })
    }
}
