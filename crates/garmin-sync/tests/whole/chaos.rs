//! The real process, killed again and again at moments that nobody chose; and with a disk that is full.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::TimeDelta;
use garmin_sync::client::Client;
use garmin_sync::data_dir::DataDir;
use garmin_sync::people;
use rand::Rng as _;
use reqwest::Method;
use serde_json::{Value, json};
use sync_aws::{AwsClients, DynamoJobStore, DynamoLinkStore, Endpoints, TableNames};
use sync_core::{
    Clock as _, Job, JobKey, JobStatus, JobStore as _, LinkStore as _, UserId, ports::SystemClock,
};
use tokio::time::Instant;

use crate::process::{ANY_PORTS, Process, garmin_sync};
use crate::seed::chance;
use crate::underneath;
use crate::world::{PATIENCE, day, job, job_when, job_when_ended};

const KILLS: u32 = 25;

/// More than [`KILLS`]: each gets at most one chunk done or given up.
const CHUNKS: u32 = 33;

/// Until a worker has the job; how long it works on a chunk here.
async fn somebody_works(jobs: &DynamoJobStore, key: &JobKey) -> Job {
    let begun = Instant::now();
    loop {
        let job = jobs.job(key).await.unwrap().unwrap();
        if job.lease_until.is_some_and(|lease_until| lease_until > SystemClock.now()) {
            return job;
        }
        assert!(job.status.is_unfinished() && begun.elapsed() < PATIENCE, "nobody works on {job:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Lets the lease of a dead worker be over, as the clock would in its time.
async fn its_lease_ends(dynamodb: &str, key: &JobKey) {
    let update = json!({
        "TableName": "garmin_sync_jobs",
        "Key": {"user_id": {"S": key.user_id.to_string()}, "job_id": {"S": key.job_id.to_string()}},
        "UpdateExpression": "SET due_at = :then, lease_until = :then",
        "ExpressionAttributeValues": {":then": {"N": "1"}},
    });
    underneath::dynamodb(dynamodb, "UpdateItem", &update).await;
}

/// Every day once, and as Garmin has it.
async fn every_day_is_there_once(path: &Path, garmin: &Process, from: &str, to: &str) {
    let output = garmin_sync(path, &["record", "--kind=day", "--from", from, "--to", to]).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: BTreeSet<_> = records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect();
    let expected: BTreeSet<_> =
        day(from).iter_days().take_while(|date| *date <= day(to)).map(|date| date.to_string()).collect();
    assert_eq!(records.len(), expected.len(), "a day is there twice, or not at all");
    assert!(ids == expected, "other days than asked for");
    let mut with_data = 0;
    for record in records.iter().step_by(11) {
        let url = format!("{}/__simulator/truth/demo/{}", garmin.url, record["id"].as_str().unwrap());
        let truth: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        with_data += u32::from(!truth["steps"].is_null());
        assert_eq!(record["steps"], truth["steps"], "{}", record["id"]);
    }
    assert!(with_data > 40, "only {with_data} sampled days have data");
}

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
    let tables = || {
        let running = data.running().unwrap().unwrap();
        let aws = AwsClients::connect(&Endpoints { dynamodb: running.dynamodb.clone(), sqs: running.sqs });
        (running.dynamodb, aws.dynamodb)
    };
    let key = JobKey { user_id: user.clone(), job_id: answer["jobId"].as_str().unwrap().parse().unwrap() };
    let first_chunk = Instant::now();
    job_when(&client_of(&server), |job| job.chunks_completed > 0).await;
    let a_chunk = u64::try_from(first_chunk.elapsed().as_millis()).unwrap();
    let (mut server, mut done, mut hits) = (server, 0, 0);
    for kill in 1..=KILLS {
        let jobs = |client| DynamoJobStore::new(client, TableNames::with_prefix(""), None);
        somebody_works(&jobs(tables().1), &key).await;
        tokio::time::sleep(Duration::from_millis(chance.random_range(0..a_chunk))).await;
        server.kill();
        server = Process::start(garmin_sync(&path, &flags));
        let found = job(&client_of(&server)).await;
        assert!(found.chunks_completed >= done, "a kill took back what was done: {found:?}");
        assert!(found.status.is_unfinished(), "over after {kill} of the kills: {found:?}");
        done = found.chunks_completed;
        let (endpoint, client) = tables();
        let left = jobs(client).job(&key).await.unwrap().unwrap();
        if left.lease_until.is_some_and(|lease_until| lease_until > SystemClock.now()) {
            hits += 1;
            its_lease_ends(&endpoint, &key).await;
        }
    }
    people::note(format!(
        "{hits} of {KILLS} kills hit a worker in mid-chunk; {done} chunks were done by then"
    ));
    assert!(hits >= KILLS / 2, "only {hits} kills hit somebody who worked");
    let client = client_of(&server);
    let mut ended = job_when_ended(&client).await;
    if ended.status == JobStatus::Failed {
        // Three kills may hit the same chunk, which is then given up, and told. That is what resuming is for.
        let (status, answer) =
            client.ask(Method::POST, "/sync/resume", Some(&json!({"jobId": ended.id}))).await.unwrap();
        assert_eq!(status, 200, "{answer}");
        ended = job_when_ended(&client).await;
    }
    assert_eq!(ended.status, JobStatus::Completed, "{ended:?}");
    assert_eq!((ended.chunks_completed, ended.chunks_total, ended.percent_complete), (CHUNKS, CHUNKS, 100));

    // No stale lock, no orphan.
    let (_, client) = tables();
    let links = DynamoLinkStore::new(client.clone(), TableNames::with_prefix(""));
    let link = links.link(&user).await.unwrap().unwrap();
    assert_eq!(link.active_job_id, None);
    assert_eq!(links.account(&link.account).await.unwrap().active_job_id, None);
    let jobs = DynamoJobStore::new(client, TableNames::with_prefix(""), None);
    let due = jobs.due(SystemClock.now() + TimeDelta::days(365), 10).await.unwrap();
    assert!(due.is_empty(), "{due:?}");
    assert_eq!(jobs.jobs(&user, 10, None).await.unwrap().items.len(), 1, "one start, one job");

    every_day_is_there_once(&path, &garmin, from, to).await;
    assert_eq!(server.terminate(), Some(0));
}

/// A server whose files may not grow beyond this: what a full disk is to it.
fn on_a_small_disk(path: &Path, flags: &[&str]) -> Process {
    let mut command = Command::new("sh");
    // In blocks of 512 bytes. Without the trap the first write too many would be the end of the process.
    command.args([
        "-c",
        "trap '' XFSZ; ulimit -f 2400; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_garmin-sync"),
    ]);
    command.env_remove("RUST_LOG").arg("--data").arg(path).args(flags).stdin(Stdio::null());
    Process::start(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_disk_is_full_stands_still_and_goes_on_where_it_was_when_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let garmin = Process::start(garmin_sync(&path, &["simulator", "--addr=127.0.0.1:0"]));
    let flags = ["serve", "--garmin-url", &garmin.url, "--invocation-seconds=8", "--sweep-seconds=1"];
    let flags: Vec<_> = flags.into_iter().chain(ANY_PORTS).collect();
    let data = DataDir::open(&path).unwrap();
    let user = UserId::new("demo").unwrap();
    let client_of = |server: &Process| Client::new(&server.url, &data.issuer().unwrap(), &user).unwrap();

    let (from, to) = ("2020-05-01", "2022-12-31");
    let body =
        json!({"startDate": from, "endDate": to, "metricTypes": ["steps", "heart_rates", "hrv", "sleep"]});
    let server = on_a_small_disk(&path, &flags);
    let client = client_of(&server);
    let (_, answer) = client.ask(Method::POST, "/sync/historical", Some(&body)).await.unwrap();
    assert_eq!(answer["chunksTotal"], CHUNKS, "{answer}");
    let (mut stuck, mut since) = (job(&client).await, Instant::now());
    while since.elapsed() < Duration::from_secs(6) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = job(&client).await;
        if now.chunks_completed > stuck.chunks_completed {
            since = Instant::now();
        }
        stuck = now;
    }
    assert!(stuck.status.is_unfinished(), "the disk was not small enough: {stuck:?}");
    assert!(stuck.chunks_completed > 0, "nothing was stored while there was room: {stuck:?}");
    server.kill();

    let server = Process::start(garmin_sync(&path, &flags));
    let client = client_of(&server);
    let found = job(&client).await;
    assert_eq!((found.id, found.chunks_completed), (stuck.id, stuck.chunks_completed), "it is what it said");
    let ended = job_when_ended(&client).await;
    assert_eq!((ended.status, ended.chunks_completed), (JobStatus::Completed, CHUNKS), "{ended:?}");
    every_day_is_there_once(&path, &garmin, from, to).await;
    assert_eq!(server.terminate(), Some(0));
}
