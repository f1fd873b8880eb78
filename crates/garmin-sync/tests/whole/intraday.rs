//! `--intraday`: what Garmin still has of the series within the day arrives, and what it has no longer shows as a gap.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use sync_core::ports::SystemClock;
use sync_core::{Clock as _, JobStatus, RecordKind};

use crate::world::{World, day, job_when_ended, started};

#[tokio::test(flavor = "multi_thread")]
async fn series_of_recent_days_arrive_and_those_of_old_days_are_offloaded_gaps() {
    let world = World::start(Duration::ZERO, &["--intraday"]).await;
    let client = world.demo();

    started(&client, "2024-01-01", "2024-01-03").await;
    assert_eq!(job_when_ended(&client).await.status, JobStatus::Completed);
    let status = client.status_as_is().await.unwrap();
    let gaps = status["job"]["gaps"].as_array().unwrap();
    for metric in ["heart_rates", "stress", "body_battery", "sleep"] {
        let gap =
            json!({"metric": metric, "start": "2024-01-01", "end": "2024-01-03", "reason": "offloaded"});
        assert!(gaps.contains(&gap), "no {metric} in {gaps:?}");
    }
    assert_eq!(world.records(RecordKind::Intraday, day("2024-01-01"), day("2024-01-03")).await.len(), 0);

    // Ten days, so that one on which the watch lay in a drawer does not matter.
    let to = SystemClock.now().date_naive() - TimeDelta::days(10);
    let from = to - TimeDelta::days(9);
    started(&client, &from.to_string(), &to.to_string()).await;
    assert_eq!(job_when_ended(&client).await.status, JobStatus::Completed);
    let status = client.status_as_is().await.unwrap();
    assert_eq!(status["job"]["gaps"], json!([]));
    let series = world.records(RecordKind::Intraday, from, to).await;
    assert!(series.len() >= 5, "{} days", series.len());
    assert!(series[0]["heart_rate_bpm"].is_string(), "{:?}", series[0].as_object().map(|day| day.keys()));
    world.system.stop().await;
}
