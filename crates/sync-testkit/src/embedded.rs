//! The real adapters on an AWS in this process.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use embedded_aws::{DeadLetters, EmbeddedAws, Options, QueueSpec, create_queue};
use sync_aws::{
    AwsClients, DynamoErasureStore, DynamoJobStore, DynamoLinkStore, DynamoRecordStore, DynamoSignInStore,
    Message, QueueUrls, SqsChunkQueue, TableNames, migrate,
};
use sync_core::ids::UserId;
use sync_core::job::SyncType;
use sync_core::ports::Nudge;
use sync_core::record::{Attribute, RecordUpsert};

use crate::conformance::{Queues, Stores};
use crate::meter::Meter;

/// The stores on an embedded DynamoDB of their own, with its tables.
#[derive(Debug)]
pub struct EmbeddedStores {
    /// The jobs. Finished ones are kept for 30 days.
    pub jobs: DynamoJobStore,
    /// The links.
    pub links: DynamoLinkStore,
    /// The records.
    pub records: DynamoRecordStore,
    /// What is to be erased.
    pub erasures: DynamoErasureStore,
    /// Sign-ins that wait for their code.
    pub sign_ins: DynamoSignInStore,
    /// The clients, to look underneath.
    pub clients: AwsClients,
    /// What the tables are called.
    pub tables: TableNames,
    _aws: EmbeddedAws,
}

impl EmbeddedStores {
    /// Starts a DynamoDB in memory and creates the tables.
    pub async fn start() -> Self {
        Self::start_with(Clone::clone).await
    }

    /// The same with a meter in every client.
    pub async fn metered() -> (Self, Meter) {
        let meter = Meter::default();
        (Self::start_with(|client| meter.on(client)).await, meter)
    }

    async fn start_with(between: impl FnOnce(&aws_sdk_dynamodb::Client) -> aws_sdk_dynamodb::Client) -> Self {
        let aws = EmbeddedAws::start(Options::default()).await.expect("an embedded AWS");
        let mut clients = aws.clients();
        clients.dynamodb = between(&clients.dynamodb);
        migrate(&clients.dynamodb, "test_").await.expect("the tables");
        let tables = TableNames::with_prefix("test_");
        let dynamodb = || clients.dynamodb.clone();
        Self {
            jobs: DynamoJobStore::new(dynamodb(), tables.clone(), Some(chrono::TimeDelta::days(30))),
            links: DynamoLinkStore::new(dynamodb(), tables.clone()),
            records: DynamoRecordStore::new(dynamodb(), tables.clone()),
            sign_ins: DynamoSignInStore::new(&clients.dynamodb, tables.clone()),
            erasures: DynamoErasureStore::new(dynamodb(), tables.clone()),
            clients,
            tables,
            _aws: aws,
        }
    }
}

impl Stores for EmbeddedStores {
    type Jobs = DynamoJobStore;
    type Links = DynamoLinkStore;
    type Records = DynamoRecordStore;
    type Erasures = DynamoErasureStore;
    type SignIns = DynamoSignInStore;

    fn jobs(&self) -> &DynamoJobStore {
        &self.jobs
    }

    fn links(&self) -> &DynamoLinkStore {
        &self.links
    }

    fn records(&self) -> &DynamoRecordStore {
        &self.records
    }

    fn erasures(&self) -> &DynamoErasureStore {
        &self.erasures
    }

    fn sign_ins(&self) -> &DynamoSignInStore {
        &self.sign_ins
    }

    async fn put_foreign_record(&self, user: &UserId, record: &RecordUpsert) {
        let mut request = self
            .clients
            .dynamodb
            .put_item()
            .table_name(&self.tables.records)
            .item("user_id", AttributeValue::S(user.to_string()))
            .item("record", AttributeValue::S(record.key.to_string()))
            .item("source", AttributeValue::S("manual".to_owned()));
        for (name, attribute) in &record.attributes {
            let Attribute::Json(serde_json::Value::Number(number)) = attribute else {
                panic!("a foreign record of a test holds numbers");
            };
            request = request.item(name, AttributeValue::N(number.to_string()));
        }
        request.send().await.expect("the record is put");
    }
}

/// The queues on an embedded SQS of their own.
#[derive(Debug)]
pub struct EmbeddedQueues {
    /// The end at which messages go in.
    pub queue: SqsChunkQueue,
    /// Where the queues are.
    pub urls: QueueUrls,
    /// The clients, to look underneath.
    pub clients: AwsClients,
    _aws: EmbeddedAws,
}

impl EmbeddedQueues {
    /// Starts an SQS and creates both queues: a second of visibility, and a dead-letter queue after two receives.
    pub async fn start() -> Self {
        let aws = EmbeddedAws::start(Options::default()).await.expect("an embedded AWS");
        let clients = aws.clients();
        let create = async |name: &str| {
            let spec = QueueSpec {
                name: name.to_owned(),
                visibility_timeout: Duration::from_secs(1),
                dead_letters: Some(DeadLetters {
                    name: format!("{name}-dead-letters"),
                    max_receive_count: 2,
                }),
            };
            create_queue(&clients.sqs, &spec).await.expect("a queue")
        };
        let urls =
            QueueUrls { incremental: create("incremental").await, historical: create("historical").await };
        Self { queue: SqsChunkQueue::new(clients.sqs.clone(), urls.clone()), urls, clients, _aws: aws }
    }
}

impl EmbeddedQueues {
    async fn take(&self, sync_type: SyncType) -> Vec<Message> {
        let url = match sync_type {
            SyncType::Incremental => &self.urls.incremental,
            SyncType::Historical => &self.urls.historical,
        };
        let received = self
            .clients
            .sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .send()
            .await
            .expect("messages");
        let mut taken = Vec::new();
        for message in received.messages() {
            taken.push(Message::parse(message.body().expect("a body")).expect("a nudge"));
            let receipt = message.receipt_handle().expect("a receipt");
            let delete = self.clients.sqs.delete_message().queue_url(url).receipt_handle(receipt);
            delete.send().await.expect("it is deleted");
        }
        taken
    }
}

impl Queues for EmbeddedQueues {
    type Queue = SqsChunkQueue;

    fn queue(&self) -> &SqsChunkQueue {
        &self.queue
    }

    async fn receive(&self, sync_type: SyncType) -> Vec<Nudge> {
        let about_jobs = |message| match message {
            Message::Job(nudge) => Some(nudge),
            Message::Erasure(_) => None,
        };
        self.take(sync_type).await.into_iter().filter_map(about_jobs).collect()
    }

    async fn receive_erasures(&self) -> Vec<UserId> {
        let about_erasures = |message| match message {
            Message::Job(_) => None,
            Message::Erasure(user) => Some(user),
        };
        self.take(SyncType::Historical).await.into_iter().filter_map(about_erasures).collect()
    }

    async fn wait_a_second(&self) {
        // A little more: the queue's clock and the test's are not the same.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
}
