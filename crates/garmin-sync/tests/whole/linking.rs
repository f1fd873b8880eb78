//! Signing in with a second factor, importing, leaving in the middle, having all of it erased though the server is killed,
//! and coming back.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use garmin_sync::client::Client;
use garmin_sync::data_dir::DataDir;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sync_core::{JobStatus, UserId};

use crate::process::{ANY_PORTS, Process, garmin_sync, text};
use crate::world::{PATIENCE, job, job_when, job_when_ended, started};

const CODE: &str = "424242";

/// A Garmin whose demo account has a password and a second factor, and a server on it.
struct Line {
    path: std::path::PathBuf,
    garmin: Process,
    server: Process,
    _directory: tempfile::TempDir,
}

impl Line {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("data");
        let flags =
            ["simulator", "--addr=127.0.0.1:0", "--latency-ms=2", "--password=right", "--mfa-code=424242"];
        let garmin = Process::start(garmin_sync(&path, &flags));
        let server = serve(&path, &garmin.url);
        Self { path, garmin, server, _directory: directory }
    }

    fn client(&self, user: &str) -> Client {
        let issuer = DataDir::open(&self.path).unwrap().issuer().unwrap();
        Client::new(&self.server.url, &issuer, &UserId::new(user).unwrap()).unwrap()
    }

    fn kill_and_restart(self) -> Self {
        self.server.kill();
        let server = serve(&self.path, &self.garmin.url);
        Self { server, ..self }
    }

    fn days(&self, user: &str) -> usize {
        let output = garmin_sync(&self.path, &["record", "--user", user]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        text(&output).0.lines().count()
    }
}

fn serve(path: &Path, garmin: &str) -> Process {
    let flags = ["serve", "--garmin-url", garmin, "--invocation-seconds=8", "--sweep-seconds=1"];
    let flags: Vec<_> = flags.into_iter().chain(ANY_PORTS).collect();
    Process::start(garmin_sync(path, &flags))
}

async fn post(client: &Client, path: &str, body: Value) -> (StatusCode, Value) {
    client.ask(Method::POST, path, Some(&body)).await.unwrap()
}

async fn sign_in(client: &Client) {
    let credentials = json!({"email": "demo@example.test", "password": "right"});
    let (status, answer) = post(client, "/login", credentials).await;
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("needs_mfa")), "{answer}");
    let state = answer["client_state"].clone();
    let wrong = json!({"client_state": state, "mfa_code": "000000"});
    let (status, answer) = post(client, "/resume_login", wrong).await;
    assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!("wrong_mfa_code")));
    let right = json!({"client_state": state, "mfa_code": CODE});
    let (status, answer) = post(client, "/resume_login", right).await;
    assert_eq!((status, answer), (StatusCode::OK, json!({"status": "success"})));
}

async fn is_linked(client: &Client) -> bool {
    let (status, answer) = client.ask(Method::GET, "/status", None).await.unwrap();
    assert_eq!(status, StatusCode::OK);
    answer["isLinked"].as_bool().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_in_the_middle_leaves_nothing_behind_and_can_come_back() {
    let line = Line::start();
    let (ada, eve) = (line.client("ada"), line.client("eve"));
    let (status, answer) =
        post(&ada, "/login", json!({"email": "demo@example.test", "password": "wrong"})).await;
    assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!("wrong_credentials")));
    assert!(!is_linked(&ada).await);
    sign_in(&ada).await;
    assert!(is_linked(&ada).await);
    assert!(!is_linked(&eve).await, "one user's token never shows another's link");

    started(&ada, "2019-01-01", "2023-12-31").await;
    job_when(&ada, |job| job.chunks_completed >= 8).await;
    let (status, answer) = post(&ada, "/unlink", json!({})).await;
    assert_eq!((status, &answer["success"]), (StatusCode::OK, &json!(true)));
    let at_the_end = line.days("ada");
    assert!(at_the_end > 200, "{at_the_end}");
    assert_eq!(job(&ada).await.status, JobStatus::Cancelled);
    assert!(!is_linked(&ada).await);
    // A worker may have been in mid-fetch: long enough for its commit to be tried, and refused.
    let calls_then = quiet(&line.garmin.url).await;
    assert_eq!(line.days("ada"), at_the_end, "nothing more was written after {calls_then} calls");

    // The server dies with the erasure begun; the next one finds it in the tables alone.
    let (status, _) = post(&ada, "/unlink", json!({"deleteData": true})).await;
    assert_eq!(status, StatusCode::OK);
    let line = line.kill_and_restart();
    let ada = line.client("ada");
    let begun = Instant::now();
    while line.days("ada") > 0 {
        assert!(begun.elapsed() < PATIENCE, "{} records are left", line.days("ada"));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    let begun = Instant::now();
    loop {
        // The last record is gone a moment before the erasure is.
        let (status, answer) =
            post(&ada, "/login", json!({"email": "demo@example.test", "password": "right"})).await;
        if status == StatusCode::OK {
            let right = json!({"client_state": answer["client_state"], "mfa_code": CODE});
            if post(&ada, "/resume_login", right).await.0 == StatusCode::OK {
                break;
            }
        }
        assert!(begun.elapsed() < PATIENCE, "{answer}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    started(&ada, "2023-01-01", "2023-01-30").await;
    assert_eq!(job_when_ended(&ada).await.status, JobStatus::Completed);
    assert!(line.days("ada") >= 30);
}

/// Waits until Garmin is asked nothing any more; how often it was asked.
async fn quiet(simulator: &str) -> usize {
    let mut before = usize::MAX;
    loop {
        let answer: Value =
            reqwest::get(format!("{simulator}/__simulator/calls")).await.unwrap().json().await.unwrap();
        let calls = answer["calls"].as_array().unwrap().len();
        if calls == before {
            return calls;
        }
        before = calls;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_signs_in_with_what_it_is_told_and_unlinks() {
    let line = Line::start();
    let login = |answers: &str| {
        let flags = ["login", "--user=ada", "--garmin-url", &line.garmin.url];
        let mut command = garmin_sync(&line.path, &flags);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let refused = login("demo@example.test\nwrong\n");
    assert!(!refused.status.success());
    assert!(!text(&refused).1.contains("wrong\n"), "nothing typed is repeated");
    let output = login("demo@example.test\nright\n111111\n424242\n");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output).0.trim(), "ada is linked to demo-runs");
    let ada = line.client("ada");
    assert!(is_linked(&ada).await);
    let unlinked = garmin_sync(&line.path, &["unlink", "--user=ada", "--delete-data"]).output().unwrap();
    assert!(unlinked.status.success(), "{unlinked:?}");
    assert!(!is_linked(&ada).await);
    let again = garmin_sync(&line.path, &["unlink", "--user=ada"]).output().unwrap();
    assert!(!again.status.success());
    assert!(text(&again).1.contains("Garmin Connect account not found for this user."));
}
