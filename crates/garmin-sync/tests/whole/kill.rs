use std::time::Duration;

use chrono::NaiveDate;
use garmin_sync::client::Client;
use garmin_sync::data_dir::DataDir;
use serde_json::Value;
use sync_core::{JobStatus, UserId};

use crate::process::{ANY_PORTS, Process, garmin_sync};
use crate::world::{days_in, job, job_when, job_when_ended, started};

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_in_the_middle_the_import_ends_without_repeating_what_was_done() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let garmin = Process::start(garmin_sync(&path, &["simulator", "--addr=127.0.0.1:0", "--latency-ms=2"]));
    let flags = ["serve", "--garmin-url", &garmin.url, "--invocation-seconds=8", "--sweep-seconds=1"];
    let flags: Vec<_> = flags.into_iter().chain(ANY_PORTS).collect();
    let data = DataDir::open(&path).unwrap();
    let user = UserId::new("demo").unwrap();

    let server = Process::start(garmin_sync(&path, &flags));
    let client = Client::new(&server.url, &data.issuer().unwrap(), &user).unwrap();
    let id = started(&client, "2022-01-01", "2022-06-30").await;
    job_when(&client, |job| job.chunks_completed >= 2).await;
    server.kill();
    let calls_before = calls(&garmin.url).await.len();

    let server = Process::start(garmin_sync(&path, &flags));
    let client = Client::new(&server.url, &data.issuer().unwrap(), &user).unwrap();
    let found = job(&client).await;
    assert_eq!(found.id, id);
    assert!(found.status.is_unfinished(), "{found:?}");
    assert!(found.chunks_completed >= 2);
    let done_until: NaiveDate =
        client.status_as_is().await.unwrap()["job"]["lastSuccessfulDate"].as_str().unwrap().parse().unwrap();
    let ended = job_when_ended(&client).await;
    assert_eq!(ended.status, JobStatus::Completed, "{ended:?}");
    assert_eq!((ended.chunks_completed, ended.chunks_total), (7, 7));

    let calls = calls(&garmin.url).await;
    let asked_again: Vec<_> = calls[calls_before..]
        .iter()
        .flat_map(|call| days_in(call["path"].as_str().unwrap(), call["query"].as_str().unwrap()))
        .filter(|date| *date <= done_until)
        .collect();
    assert!(asked_again.is_empty(), "done until {done_until}, and asked again for {asked_again:?}");

    // `record` asks the running server; after a clean end it opens the file, and finds the same.
    let record = || {
        let arguments = ["record", "--kind=day", "--from=2022-01-01", "--to=2022-06-30"];
        let output = garmin_sync(&path, &arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let of_the_server = record();
    assert_eq!(of_the_server.lines().count(), 181);
    assert!(path.join("endpoints.json").exists());
    assert_eq!(server.terminate(), Some(0));
    assert!(!path.join("endpoints.json").exists());
    assert_eq!(record(), of_the_server);
}

async fn calls(simulator: &str) -> Vec<Value> {
    let url = format!("{simulator}/__simulator/calls");
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
    let answer: Value = client.get(url).send().await.unwrap().json().await.unwrap();
    answer["calls"].as_array().unwrap().clone()
}
