//! A worker whose machine stands still for longer than its lease, and then goes on as if nothing had happened.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use chrono::TimeDelta;
use clap::Parser as _;
use garmin_sync::cli::Cli;
use garmin_sync::data_dir::DataDir;
use garmin_sync::garmin::Connection;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use sync_aws::{
    AwsClients, DynamoErasureStore, DynamoJobStore, DynamoLinkStore, Endpoints, KeyFileVault, Message,
    QueueUrls, SqsChunkQueue, TableNames,
};
use sync_core::ports::{Nudge, RandomIds, SystemClock};
use sync_core::use_cases::erase::Eraser;
use sync_core::use_cases::process_chunk::Worker;
use sync_core::{Clock as _, JobStatus, RecordKind};
use tokio::time::Instant;

use crate::waits::{data_calls, started_without_a_nudge, tables};
use crate::world::{PATIENCE, World, day, job_when_ended};

/// Where the system runs whose worker this process is, and the message that it gets.
const OF_WORKER: [&str; 2] = ["FROZEN_WORKER_DATA", "FROZEN_WORKER_MESSAGE"];

const INVOCATION: &str = "--invocation-seconds=8";

/// No test: this program started once more is the worker of the test below, with the real handler and the real adapters.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the test below starts it"]
async fn one_invocation_in_a_process_of_its_own() {
    let [data, message] = OF_WORKER.map(|name| std::env::var(name).expect("the test below says so"));
    let data = DataDir::open(data).unwrap();
    let running = data.running().unwrap().expect("a running system");
    let aws = AwsClients::connect(&Endpoints { dynamodb: running.dynamodb, sqs: running.sqs });
    let urls = QueueUrls { incremental: running.incremental_queue, historical: running.historical_queue };
    let queue = SqsChunkQueue::new(aws.sqs.clone(), urls);
    let args = Cli::try_parse_from(["garmin-sync", INVOCATION]).unwrap().system;
    let worker = Worker {
        jobs: DynamoJobStore::new(aws.dynamodb.clone(), TableNames::default(), None),
        links: DynamoLinkStore::new(aws.dynamodb.clone(), TableNames::default()),
        queue: queue.clone(),
        vault: KeyFileVault::open_or_create(&data.token_key()).unwrap(),
        garmin: Connection::new(&args, running.simulator.as_deref()).unwrap().client().unwrap(),
        clock: SystemClock,
        ids: RandomIds,
    };
    let erasures = DynamoErasureStore::new(aws.dynamodb, TableNames::default());
    let eraser = Eraser { erasures, queue, clock: SystemClock };
    let event = json!({"Records": [{"messageId": "m", "body": message}]});
    let event: SqsEvent = serde_json::from_value(event).unwrap();
    let deadline = SystemClock.now() + TimeDelta::from_std(args.invocation()).unwrap();
    let mut context = Context::default();
    context.deadline = deadline.timestamp_millis().unsigned_abs();
    let answer = process_chunk::handle(&worker, &eraser, LambdaEvent::new(event, context)).await.unwrap();
    assert!(SystemClock.now() > deadline, "it was to be frozen until after its time");
    assert!(answer.batch_item_failures.is_empty(), "whoever has been overtaken acknowledges");
}

/// Killed when dropped, frozen or not.
struct Frozen(Child);

impl Frozen {
    fn start(world: &World, message: &str) -> Self {
        let database = world.data.database();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["frozen::one_invocation_in_a_process_of_its_own", "--exact", "--ignored"])
            .env(OF_WORKER[0], database.parent().unwrap())
            .env(OF_WORKER[1], message)
            .stdout(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

async fn everything_stored(world: &World) -> Vec<Value> {
    let mut all = Vec::new();
    for kind in [RecordKind::Day, RecordKind::Sleep, RecordKind::Activity, RecordKind::WeighIn] {
        all.extend(world.records(kind, day("2022-01-01"), day("2022-01-30")).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_frozen_past_its_lease_asks_nothing_more_and_writes_nothing() {
    let world = World::start(Duration::from_millis(100), &[INVOCATION, "--sweep-seconds=1"]).await;
    let (client, (tables, user)) = (world.demo(), tables(&world));
    let simulator = world.system.simulator().unwrap();
    let key = started_without_a_nudge(&tables, &user, "2022-01-01", "2022-01-30").await;
    let mut frozen = Frozen::start(&world, &Message::Job(Nudge { key, fence: None }).body());
    let begun = Instant::now();
    while data_calls(simulator) < 5 {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    frozen.signal("-STOP");
    let held = tables.sound_job(&user).await;
    assert_eq!((held.fence, held.status), (1, JobStatus::Running), "the frozen worker has it");
    let ended = job_when_ended(&client).await;
    assert_eq!(ended.status, JobStatus::Completed, "{ended:?}");
    assert!(SystemClock.now() > held.lease_until.unwrap(), "nobody else had it before the lease ended");

    let (job, stored) = (tables.sound_job(&user).await, everything_stored(&world).await);
    let calls = data_calls(simulator);
    frozen.signal("-CONT");
    assert!(frozen.0.wait().unwrap().success());
    assert_eq!(tables.sound_job(&user).await, job);
    assert_eq!(everything_stored(&world).await, stored);
    // One may have been on its way when it froze.
    assert!(data_calls(simulator) <= calls + 1, "it asked on");
    tables.is_complete_and_true(&user, "demo", &simulator.truth()).await;
    world.system.stop().await;
}
