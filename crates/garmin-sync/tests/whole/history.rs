//! What was imported, read over HTTP: the simulator's truth, in order, as rows and as a table.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use garmin_sync::cli::HistoryKind;
use garmin_sync::client::Client;
use garmin_sync::history;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sync_core::JobStatus;

use crate::process::{garmin_sync, text};
use crate::world::{World, day, job_when_ended};

async fn rows(
    client: &Client,
    kind: HistoryKind,
    from: NaiveDate,
    to: NaiveDate,
    fields: &str,
) -> Vec<Value> {
    let mut rows = Vec::new();
    let path = history::path(kind, from, to, Some(fields).filter(|fields| !fields.is_empty()));
    // Pages so small that there are several.
    let path = path.replace("limit=1000", "limit=40");
    client
        .history(&path, |page| {
            assert!(page.len() <= 40);
            rows.extend(page.to_vec());
            Ok(())
        })
        .await
        .unwrap();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_imported_reads_back_as_the_truth_in_order_and_as_a_table() {
    let world = World::start(Duration::ZERO, &[]).await;
    let client = world.demo();
    let (from, to) = (day("2024-01-01"), day("2024-04-29"));
    let metrics = ["steps", "heart_rates", "sleep", "activities"];
    let body = json!({"startDate": from, "endDate": to, "metricTypes": metrics});
    let (status, answer) = client.ask(Method::POST, "/sync/historical", Some(&body)).await.unwrap();
    assert_eq!((status, &answer["chunksTotal"]), (StatusCode::OK, &json!(4)), "{answer}");
    assert_eq!(job_when_ended(&client).await.status, JobStatus::Completed);
    let truth = world.system.simulator().unwrap().truth();

    let days = rows(&client, HistoryKind::Daily, from, to, "steps,restingHeartRateBpm").await;
    let shown: Vec<_> = days
        .iter()
        .map(|row| {
            (day(row["date"].as_str().unwrap()), row["steps"].as_i64(), row["restingHeartRateBpm"].as_f64())
        })
        .collect();
    let true_days: Vec<_> = truth
        .days("demo", from, to)
        .iter()
        .map(|day| (day.date, json!(day.steps).as_i64(), json!(day.resting_heart_rate).as_f64()))
        .collect();
    assert_eq!(shown, true_days);
    assert!(shown.len() > 80, "only {} days", shown.len());
    let nights = rows(&client, HistoryKind::Sleep, from, to, "start,sleepSeconds").await;
    let true_nights: Vec<_> = truth
        .days("demo", from, to)
        .into_iter()
        .filter_map(|day| Some((day.date, day.sleep?)))
        .map(|(date, night)| json!({"date": date, "start": night.start, "sleepSeconds": night.total_seconds}))
        .collect();
    assert_eq!(nights, true_nights);

    let activities = rows(&client, HistoryKind::Activities, from, to, "startLocal").await;
    let true_ones: Vec<_> = truth
        .activities("demo", from, to)
        .iter()
        .map(|activity| json!({"id": activity.activity_id.to_string(), "startLocal": activity.start_local}))
        .collect();
    assert_eq!(activities, true_ones);
    assert!(activities.len() > 20, "only {} activities", activities.len());
    let tracks = rows(&client, HistoryKind::Activities, from, to, "laps,track").await;
    assert!(tracks.iter().any(|row| row["laps"].is_array()), "{} activities, no laps", tracks.len());

    let coverage = rows(&client, HistoryKind::Coverage, from - TimeDelta::days(1), to, "").await;
    let states: BTreeSet<_> = coverage.iter().map(|range| range["state"].as_str().unwrap()).collect();
    assert_eq!(coverage[0], json!({"start": "2023-12-31", "end": "2023-12-31", "state": "not_imported"}));
    assert!(states.is_subset(&["imported", "none", "not_imported"].into()), "{states:?}");

    let program = world.data.path().to_owned();
    for (kind, id) in [("daily", "date"), ("activities", "id")] {
        let run = |format: &str| {
            let (from, to, format) =
                (format!("--from={from}"), format!("--to={to}"), format!("--format={format}"));
            let kind = format!("--kind={kind}");
            let output = garmin_sync(&program, &["history", &from, &to, &kind, &format]).output().unwrap();
            assert!(output.status.success(), "{:?}", text(&output));
            text(&output).0
        };
        let lines: Vec<Value> = run("json").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let table = run("csv");
        let mut table = csv::Reader::from_reader(table.as_bytes());
        let first = table.headers().unwrap()[0].to_owned();
        assert_eq!(first, id);
        let ids: Vec<_> = table.records().map(|row| row.unwrap()[0].to_owned()).collect();
        assert_eq!(ids, lines.iter().map(|line| line[id].as_str().unwrap()).collect::<Vec<_>>(), "{kind}");
    }
    world.system.stop().await;
}
