//! The sample events in `events/`: each is driven through the handler it is for, so that none can rot.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::world::{DEMO, HTTP_FUNCTIONS, SAMPLE_JOB, SAMPLE_SIGN_IN, World};
use serde_json::Value;

fn files() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// A world in which the job that the events name stands so that what they ask for can be done.
fn world_for(name: &str) -> World {
    let world = World::new();
    match name {
        "control-job-pause" | "control-job-cancel" | "read-job-status" | "read-job-jobs" => {
            world.running_job(DEMO, SAMPLE_JOB);
        }
        "control-job-resume" => {
            world.paused_job(DEMO, SAMPLE_JOB);
        }
        "process-chunk-nudge" => {
            // A job that waits for a sign-in is as far as a worker comes without a Garmin.
            world.pending_job(DEMO, SAMPLE_JOB);
            world.change_link(DEMO, |link| link.reauth_required = true);
        }
        "read-history-daily" | "read-history-sleep" | "read-history-activities" | "read-history-coverage" => {
            crate::history::some_history(&world);
        }
        "sweep-jobs-schedule" => {
            world.pending_job(DEMO, SAMPLE_JOB);
        }
        "link-account-unlink" | "process-chunk-erasure" => {
            world.running_job(DEMO, SAMPLE_JOB);
        }
        "link-account-resume_login" => world.keep_sign_in(DEMO, SAMPLE_SIGN_IN),
        _ => {}
    }
    world
}

#[tokio::test]
async fn every_sample_event_is_answered_by_the_function_it_is_for() {
    for (name, text) in files() {
        let event: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let world = world_for(&name);
        let http = HTTP_FUNCTIONS.iter().find(|(function, _)| name.starts_with(function));
        let answer = if let Some((function, _)) = http {
            let request = lambda_http::request::from_str(&text).unwrap();
            let answer = world.send_to(function, request).await;
            assert_eq!(answer.status, 200, "{name}: {}", answer.body);
            answer.body
        } else if name.starts_with("process-chunk") {
            let response = world.deliver(&event).await.unwrap();
            assert!(response.batch_item_failures.is_empty(), "{name}");
            if name == "process-chunk-nudge" {
                let job = world.job_of(DEMO, SAMPLE_JOB);
                assert_eq!(job.status.name(), "paused", "{name}: the worker has looked at the job");
            }
            serde_json::to_value(response).unwrap()
        } else if name.starts_with("sweep-jobs") {
            let swept = world.sweep(&event).await.unwrap();
            assert_eq!((swept.due, swept.nudged, world.nudges()), (1, 1, 1), "{name}");
            serde_json::to_value(swept).unwrap()
        } else {
            panic!("{name} is for no function")
        };
        assert_sorted_json_snapshot!(name, answer);
    }
}

#[test]
fn every_route_has_a_sample_event_and_every_http_event_a_route() {
    let routes: BTreeSet<String> = HTTP_FUNCTIONS
        .iter()
        .flat_map(|(function, routes)| {
            routes.iter().map(move |(method, path)| format!("{function}: {method} {path}"))
        })
        .collect();
    let sampled: BTreeSet<String> = files()
        .iter()
        .filter_map(|(name, text)| {
            let event: Value = serde_json::from_str(text).unwrap();
            let key = event["routeKey"].as_str()?.to_owned();
            assert_eq!(event["requestContext"]["routeKey"], key.as_str(), "{name}");
            let (method, path) = key.split_once(' ').unwrap();
            assert_eq!(event["requestContext"]["http"]["method"], method, "{name}");
            assert_eq!(event["rawPath"], path, "{name}");
            let function = HTTP_FUNCTIONS.iter().find(|(function, _)| name.starts_with(function));
            Some(format!("{}: {key}", function.unwrap().0))
        })
        .collect();
    assert_eq!(sampled, routes);
}

#[test]
fn no_route_is_answered_by_two_functions() {
    let all: Vec<_> = HTTP_FUNCTIONS.iter().flat_map(|(_, routes)| routes.iter()).collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
}
