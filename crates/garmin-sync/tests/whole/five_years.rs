use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;
use sync_core::{JobStatus, RecordKind};

use crate::world::{World, asked_twice, day, job_when_ended};

#[tokio::test(flavor = "multi_thread")]
async fn five_years_arrive_completely_and_every_chunk_counts_once() {
    let world = World::start(Duration::ZERO, &[]).await;
    let (from, to) = ("2020-01-01", "2024-12-31");
    // What Garmin hands out by ranges: everything would be eight thousand calls.
    let metrics = ["steps", "heart_rates", "hrv", "body_composition"];
    let body = json!({"startDate": from, "endDate": to, "metricTypes": metrics});
    let (status, answer) = world.demo().ask(Method::POST, "/sync/historical", Some(&body)).await.unwrap();
    assert_eq!((status, &answer["chunksTotal"]), (StatusCode::OK, &json!(61)), "{answer}");
    let job = job_when_ended(&world.demo()).await;
    assert_eq!(job.status, JobStatus::Completed, "{job:?}");
    assert_eq!((job.chunks_completed, job.chunks_total, job.percent_complete), (61, 61, 100));

    let days = world.records(RecordKind::Day, day(from), day(to)).await;
    let present: BTreeSet<_> = days.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect();
    let expected: BTreeSet<_> =
        day(from).iter_days().take_while(|date| *date <= day(to)).map(|date| date.to_string()).collect();
    assert_eq!(days.len(), expected.len(), "a day is there twice");
    let odd: Vec<_> = present.symmetric_difference(&expected).take(5).collect();
    assert!(odd.is_empty(), "{odd:?}");

    let simulator = world.system.simulator().unwrap();
    let truth = simulator.truth();
    let mut with_data = 0;
    for record in days.iter().step_by(7) {
        let date = day(record["id"].as_str().unwrap());
        let Some(truth) = truth.day("demo", date) else {
            assert!(record["steps"].is_null(), "{date} has steps that Garmin does not have");
            continue;
        };
        with_data += 1;
        assert_eq!(record["steps"], truth.steps, "{date}");
        assert_eq!(record["resting_heart_rate_bpm"], truth.resting_heart_rate, "{date}");
    }
    assert!(with_data > 200, "only {with_data} sampled days have data");
    let stored = world.records(RecordKind::WeighIn, day(from), day(to)).await;
    let true_ones = truth.weigh_ins("demo", day(from), day(to));
    assert_eq!(stored.len(), true_ones.len());
    assert!(stored.len() > 200, "only {} weigh-ins", stored.len());

    // Nothing went wrong, so nothing was asked twice: each chunk was done by one worker, once.
    assert_eq!(asked_twice(&simulator.calls()), None);
    world.system.stop().await;
}
