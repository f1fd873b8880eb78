//! The tables of a data directory, whether a server runs on it or not.

use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use embedded_aws::{EmbeddedAws, Options};
use sync_aws::{
    AwsClients, DynamoJobStore, DynamoLinkStore, DynamoRecordStore, DynamoSignInStore, KeyFileVault,
    QueueUrls, SqsChunkQueue, TableNames,
};
use sync_core::ports::{RandomIds, SystemClock};
use sync_core::{ChunkQueue, Job, StoreError};

use crate::data_dir::{DataDir, DataDirLock, Endpoints};
use crate::garmin::Connection;
use crate::link::LocalLinker;

/// An open data directory.
#[derive(Debug)]
pub struct Storage {
    /// What was imported.
    pub records: DynamoRecordStore,
    /// The built-in simulator of the server that runs on it.
    pub simulator: Option<String>,
    aws: AwsClients,
    nudges: Nudges,
    _opened: Option<(EmbeddedAws, DataDirLock)>,
}

/// Who looks at a job that can go on.
#[derive(Clone, Debug)]
pub enum Nudges {
    /// The running server.
    Server(SqsChunkQueue),
    /// The next one: it begins with a look at every unfinished job.
    NextStart,
}

impl ChunkQueue for Nudges {
    async fn nudge(&self, job: &Job, delay: TimeDelta) -> Result<(), StoreError> {
        match self {
            Self::Server(queue) => queue.nudge(job, delay).await,
            Self::NextStart => Ok(()),
        }
    }
}

impl Storage {
    /// Asks the running server's DynamoDB, or opens the file.
    ///
    /// # Errors
    /// When neither can be done.
    pub async fn open(data: &DataDir) -> Result<Self> {
        let (aws, simulator, nudges, opened) = match data.running()? {
            Some(Endpoints { dynamodb, sqs, simulator, incremental_queue, historical_queue, .. }) => {
                let aws = AwsClients::connect(&sync_aws::Endpoints { dynamodb, sqs });
                let queues = QueueUrls { incremental: incremental_queue, historical: historical_queue };
                let nudges = Nudges::Server(SqsChunkQueue::new(aws.sqs.clone(), queues));
                (aws, simulator, nudges, None)
            }
            None => {
                let lock = data.lock()?;
                let storage = embedded_aws::Storage::File(data.database());
                let embedded = EmbeddedAws::start(Options { storage, ..Options::default() })
                    .await
                    .context("the tables cannot be opened")?;
                let aws = embedded.clients();
                sync_aws::migrate(&aws.dynamodb, "").await.context("the tables cannot be set up")?;
                (aws, None, Nudges::NextStart, Some((embedded, lock)))
            }
        };
        Ok(Self {
            records: DynamoRecordStore::new(aws.dynamodb.clone(), TableNames::default()),
            simulator,
            aws,
            nudges,
            _opened: opened,
        })
    }

    /// What links a user of this directory.
    ///
    /// # Errors
    /// When the key of the tokens cannot be had, or the HTTP client does not start.
    pub fn linker(&self, data: &DataDir, garmin: &Connection) -> Result<LocalLinker<Nudges>> {
        let (dynamodb, tables) = (|| self.aws.dynamodb.clone(), TableNames::default);
        Ok(LocalLinker {
            jobs: DynamoJobStore::new(dynamodb(), tables(), None),
            links: DynamoLinkStore::new(dynamodb(), tables()),
            sign_ins: DynamoSignInStore::new(&self.aws.dynamodb, tables()),
            vault: KeyFileVault::open_or_create(&data.token_key()).context("the token key cannot be had")?,
            garmin: garmin.door()?,
            queue: self.nudges.clone(),
            clock: SystemClock,
            ids: RandomIds,
        })
    }
}
