//! One suite per port: what every implementation promises, as functions over the port. `job_store_suite!` and its
//! siblings turn each into a test of its own.
//!
//! ```ignore
//! sync_testkit::job_store_suite!(async { MemoryStore::new() });
//! ```

pub mod chunk_queue;
pub mod erasure_store;
pub mod job_store;
pub mod link_store;
pub mod record_store;
pub mod sign_in_store;
pub mod token_vault;

use std::future::Future;

use sync_core::ids::{JobKey, UserId};
use sync_core::job::{Job, SyncType};
use sync_core::link::Link;
use sync_core::ports::{
    ChunkQueue, ClaimOutcome, ErasureQueue, ErasureStore, JobStore, LinkStore, Nudge, PutLink, RecordQuery,
    RecordStore, StartOutcome,
};
use sync_core::record::{RecordKind, RecordUpsert, StoredRecord};
use sync_core::sign_in::SignInStore;
use sync_core::transition::Claim;

use crate::memory::MemoryStore;

/// The stores under test; they see each other's writes.
pub trait Stores: Send + Sync {
    /// The jobs.
    type Jobs: JobStore;
    /// The links.
    type Links: LinkStore;
    /// The records.
    type Records: RecordStore;
    /// What is to be erased.
    type Erasures: ErasureStore;
    /// Sign-ins that wait for their code.
    type SignIns: SignInStore;

    /// The jobs.
    fn jobs(&self) -> &Self::Jobs;

    /// The links.
    fn links(&self) -> &Self::Links;

    /// The records.
    fn records(&self) -> &Self::Records;

    /// What is to be erased.
    fn erasures(&self) -> &Self::Erasures;

    /// Sign-ins that wait for their code.
    fn sign_ins(&self) -> &Self::SignIns;

    /// Stores a record that came from somewhere else than Garmin.
    fn put_foreign_record(&self, user: &UserId, record: &RecordUpsert) -> impl Future<Output = ()> + Send;
}

impl Stores for MemoryStore {
    type Jobs = Self;
    type Links = Self;
    type Records = Self;
    type Erasures = Self;
    type SignIns = Self;

    fn jobs(&self) -> &Self {
        self
    }

    fn links(&self) -> &Self {
        self
    }

    fn records(&self) -> &Self {
        self
    }

    fn erasures(&self) -> &Self {
        self
    }

    fn sign_ins(&self) -> &Self {
        self
    }

    async fn put_foreign_record(&self, user: &UserId, record: &RecordUpsert) {
        self.insert_foreign_record(user, record, "manual");
    }
}

/// A queue under test, with the end at which messages come out.
pub trait Queues: Send + Sync {
    /// The queue.
    type Queue: ChunkQueue + ErasureQueue;

    /// The end at which messages go in.
    fn queue(&self) -> &Self::Queue;

    /// Takes whatever has arrived about jobs.
    fn receive(&self, sync_type: SyncType) -> impl Future<Output = Vec<Nudge>> + Send;

    /// Takes whatever has arrived about erasures.
    fn receive_erasures(&self) -> impl Future<Output = Vec<UserId>> + Send;

    /// Lets a second pass.
    fn wait_a_second(&self) -> impl Future<Output = ()> + Send;
}

/// Tests of a port: one per scenario, each with a subject of its own.
#[doc(hidden)]
#[macro_export]
macro_rules! suite {
    ($port:ident, $subject:expr, [$($scenario:ident),+ $(,)?]) => {
        $(
            #[::tokio::test]
            async fn $scenario() {
                let subject = $subject.await;
                $crate::conformance::$port::$scenario(&subject).await;
            }
        )+
    };
}

async fn linked(stores: &impl Stores, link: &Link) {
    let seen = stores.links().link(&link.user_id).await.expect("a read").map(|link| link.tokens_version);
    let outcome = stores.links().put_link(link, seen).await;
    assert_eq!(outcome.expect("the link is stored"), PutLink::Stored);
}

async fn started(stores: &impl Stores, job: &Job) {
    let outcome = stores.jobs().start(job, None).await.expect("the start is answered");
    assert_eq!(outcome, StartOutcome::Started);
}

/// A user with a link and a started job.
async fn with_job(stores: &impl Stores, job: &Job) {
    let link = Link { account: job.account.clone(), ..crate::build::link(&job.key.user_id) };
    linked(stores, &link).await;
    started(stores, job).await;
}

async fn stored(stores: &impl Stores, key: &JobKey) -> Job {
    let job = stores.jobs().job(key).await.expect("the job is read");
    job.expect("the job is there")
}

async fn claimed(stores: &impl Stores, key: &JobKey, claim: &Claim) -> Job {
    match stores.jobs().claim(key, claim).await.expect("the claim is answered") {
        ClaimOutcome::Claimed(job) => *job,
        ClaimOutcome::Refused => panic!("the claim is refused"),
    }
}

async fn all_records(stores: &impl Stores, user: &UserId, kind: RecordKind) -> Vec<StoredRecord> {
    let query = RecordQuery { kind, from: None, to: None, attributes: None, limit: 1_000, cursor: None };
    let page = stores.records().records(user, &query).await;
    page.expect("the records are read").items
}

async fn days(stores: &impl Stores, user: &UserId) -> usize {
    all_records(stores, user, RecordKind::Day).await.len()
}
