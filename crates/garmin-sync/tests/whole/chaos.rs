//! The real process, killed again and again at moments that nobody chose.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use garmin_sync::client::Client;
use garmin_sync::data_dir::DataDir;
use rand::Rng as _;
use reqwest::Method;
use serde_json::{Value, json};
use sync_aws::{AwsClients, DynamoJobStore, DynamoLinkStore, Endpoints, TableNames};
use sync_core::{Clock as _, JobStatus, JobStore as _, LinkStore as _, UserId, ports::SystemClock};

use crate::process::{ANY_PORTS, Process, garmin_sync};
use crate::seed::chance;
use crate::world::{day, job, job_when, job_when_ended};

const KILLS: u32 = 25;

/// More than [`KILLS`], by what a fast machine may do between a look and a kill.
const CHUNKS: u32 = 33;

#[tokio::test(flavor = "multi_thread")]
async fn after_twenty_five_kills_every_day_is_there_once_and_nothing_is_left_locked() {
    let mut chance = chance();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let garmin = Process::start(garmin_sync(&path, &["simulator", "--addr=127.0.0.1:0", "--latency-ms=3"]));
    let flags = ["serve", "--garmin-url", &garmin.url, "--invocation-seconds=8", "--sweep-seconds=1"];
    let flags: Vec<_> = flags.into_iter().chain(ANY_PORTS).collect();
    let data = DataDir::open(&path).unwrap();
    let user = UserId::new("demo").unwrap();
    let client_of = |server: &Process| Client::new(&server.url, &data.issuer().unwrap(), &user).unwrap();

    let (from, to) = ("2020-05-01", "2022-12-31");
    let body =
        json!({"startDate": from, "endDate": to, "metricTypes": ["steps", "heart_rates", "hrv", "sleep"]});
    let server = Process::start(garmin_sync(&path, &flags));
    let (_, answer) = client_of(&server).ask(Method::POST, "/sync/historical", Some(&body)).await.unwrap();
    assert_eq!(answer["chunksTotal"], CHUNKS, "{answer}");
    let (mut server, mut done) = (server, 0);
    for kill in 0..KILLS {
        // At any moment, but soon when it is ahead by a chunk per kill: on whatever machine, the import is not over before
        // the last of them.
        let client = client_of(&server);
        let ahead = job_when(&client, |job| job.chunks_completed > kill);
        let pause = Duration::from_millis(chance.random_range(20..3_500));
        if tokio::time::timeout(pause, ahead).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(chance.random_range(0..600))).await;
        }
        server.kill();
        server = Process::start(garmin_sync(&path, &flags));
        let found = job(&client_of(&server)).await;
        assert!(found.chunks_completed >= done, "a kill took back what was done: {found:?}");
        assert!(found.status.is_unfinished(), "over after {} of the kills: {found:?}", kill + 1);
        done = found.chunks_completed;
    }
    let client = client_of(&server);
    let mut ended = job_when_ended(&client).await;
    if ended.status == JobStatus::Failed {
        // On a slow machine three kills may hit the same chunk, which is then given up, and told. That is what resuming is for.
        let (status, answer) =
            client.ask(Method::POST, "/sync/resume", Some(&json!({"jobId": ended.id}))).await.unwrap();
        assert_eq!(status, 200, "{answer}");
        ended = job_when_ended(&client).await;
    }
    assert_eq!(ended.status, JobStatus::Completed, "{ended:?}");
    assert_eq!((ended.chunks_completed, ended.chunks_total, ended.percent_complete), (CHUNKS, CHUNKS, 100));

    // No stale lock, no orphan.
    let running = data.running().unwrap().unwrap();
    let aws = AwsClients::connect(&Endpoints { dynamodb: running.dynamodb, sqs: running.sqs });
    let links = DynamoLinkStore::new(aws.dynamodb.clone(), TableNames::with_prefix(""));
    let link = links.link(&user).await.unwrap().unwrap();
    assert_eq!(link.active_job_id, None);
    assert_eq!(links.account(&link.account).await.unwrap().active_job_id, None);
    let jobs = DynamoJobStore::new(aws.dynamodb, TableNames::with_prefix(""), None);
    let due = jobs.due(SystemClock.now() + TimeDelta::days(365), 10).await.unwrap();
    assert!(due.is_empty(), "{due:?}");
    assert_eq!(jobs.jobs(&user, 10, None).await.unwrap().items.len(), 1, "one start, one job");

    // Every day once, and as Garmin has it.
    let output = garmin_sync(&path, &["record", "--kind=day", "--from", from, "--to", to]).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: BTreeSet<_> = records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect();
    let expected: BTreeSet<_> =
        day(from).iter_days().take_while(|date| *date <= day(to)).map(|date| date.to_string()).collect();
    assert_eq!(records.len(), 975, "a day is there twice, or not at all");
    assert!(ids == expected, "other days than asked for");
    let mut with_data = 0;
    for record in records.iter().step_by(11) {
        let url = format!("{}/__simulator/truth/demo/{}", garmin.url, record["id"].as_str().unwrap());
        let truth: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        with_data += u32::from(!truth["steps"].is_null());
        assert_eq!(record["steps"], truth["steps"], "{}", record["id"]);
    }
    assert!(with_data > 40, "only {with_data} sampled days have data");
    assert_eq!(server.terminate(), Some(0));
}
