//! A system of one's own: any free ports, an empty directory, the built-in simulator.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::NaiveDate;
use clap::Parser as _;
use garmin_simulator::Call;
use garmin_sync::cli::Cli;
use garmin_sync::client::{Client, JobStatusAnswer, Started};
use garmin_sync::data_dir::DataDir;
use garmin_sync::history;
use garmin_sync::system::{DEMO_USER, System};
use serde_json::{Value, json};
use sync_aws::Endpoints;
use sync_core::{JobStatus, RecordKind, UserId};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::underneath::dynamodb;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);

pub(crate) struct World {
    pub(crate) system: System,
    pub(crate) data: DataDir,
    _directory: TempDir,
}

impl World {
    pub(crate) async fn start(latency: Duration, flags: &[&str]) -> Self {
        Self::start_behind(latency, flags, Clone::clone).await
    }

    /// With something between the system and its AWS.
    pub(crate) async fn start_behind(
        latency: Duration,
        flags: &[&str],
        between: impl FnOnce(&Endpoints) -> Endpoints,
    ) -> Self {
        drop(garmin_sync::logging::start(None, false));
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::open(directory.path().join("data")).unwrap();
        let any_port = ["garmin-sync", "--http=127.0.0.1:0", "--dynamodb=127.0.0.1:0", "--sqs=127.0.0.1:0"];
        let cli = Cli::try_parse_from(any_port.iter().chain(flags)).unwrap();
        let system = System::start_behind(&data, &cli.system, latency, between).await.unwrap();
        Self { system, data, _directory: directory }
    }

    pub(crate) fn client(&self, user: &str) -> Client {
        let user = UserId::new(user).unwrap();
        Client::new(&self.system.endpoints().http, &self.data.issuer().unwrap(), &user).unwrap()
    }

    pub(crate) fn demo(&self) -> Client {
        self.client(DEMO_USER)
    }

    /// The demo user's records of a kind, as `record` prints them.
    pub(crate) async fn records(&self, kind: RecordKind, from: NaiveDate, to: NaiveDate) -> Vec<Value> {
        let user = UserId::new(DEMO_USER).unwrap();
        let records =
            history::records(self.system.records(), &user, kind, Some(from), Some(to)).await.unwrap();
        records.iter().map(history::line).collect()
    }

    /// Lets the wait of a job be over, as the clock would in its time.
    pub(crate) async fn end_the_wait(&self, job: &str) {
        let update = json!({
            "TableName": "garmin_sync_jobs",
            "Key": {"user_id": {"S": DEMO_USER}, "job_id": {"S": job}},
            "UpdateExpression": "SET due_at = :then, retry_at = :then",
            "ConditionExpression": "retry_at > :then",
            "ExpressionAttributeValues": {":then": {"N": "1"}},
        });
        dynamodb(&self.system.endpoints().dynamodb, "UpdateItem", &update).await;
    }
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) async fn started(client: &Client, from: &str, to: &str) -> String {
    match client.start(day(from), day(to)).await.unwrap() {
        Started::New(job) => job,
        Started::Running(job) => panic!("{job} is in the way"),
    }
}

pub(crate) async fn job(client: &Client) -> JobStatusAnswer {
    client.status().await.unwrap().job.expect("a job")
}

/// Polls until the job is as wanted; checks on the way that progress only goes forward.
pub(crate) async fn job_when(client: &Client, wanted: impl Fn(&JobStatusAnswer) -> bool) -> JobStatusAnswer {
    let begun = Instant::now();
    let mut percent = 0;
    loop {
        let job = job(client).await;
        assert!(job.percent_complete >= percent, "{percent} % became {job:?}");
        assert!(job.chunks_completed <= job.chunks_total, "{job:?}");
        assert_eq!(job.percent_complete == 100, job.status == JobStatus::Completed, "{job:?}");
        percent = job.percent_complete;
        if wanted(&job) {
            return job;
        }
        assert!(begun.elapsed() < PATIENCE, "still {job:?}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

pub(crate) async fn job_when_ended(client: &Client) -> JobStatusAnswer {
    job_when(client, |job| !job.status.is_unfinished()).await
}

/// The calendar days that a call is for, named in its path and query. None for the endurance score: it is counted by
/// whole weeks, so its call begins up to six days before its window.
pub(crate) fn days_in(path: &str, query: &str) -> Vec<NaiveDate> {
    if path.contains("endurancescore") {
        return Vec::new();
    }
    [path, query]
        .into_iter()
        .flat_map(|text| text.split(|character: char| !character.is_ascii_digit() && character != '-'))
        .filter_map(|part| part.parse().ok())
        .collect()
}

/// A call for data that was made twice, when there is one.
pub(crate) fn asked_twice(calls: &[Call]) -> Option<&Call> {
    let mut asked = BTreeSet::new();
    calls
        .iter()
        .filter(|call| call.account.is_some() && !call.path.contains("profile"))
        .find(|call| !asked.insert((&call.path, &call.query)))
}
