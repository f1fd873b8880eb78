use std::time::Duration;

use futures::future::join_all;
use garmin_sync::client::Started;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::world::{World, day, job, started};

#[tokio::test(flavor = "multi_thread")]
async fn fifty_starts_at_once_make_one_job() {
    // Slow, so that the job outlives the last of the fifty.
    let world = World::start(Duration::from_millis(100), &[]).await;
    let client = world.demo();
    let starts = (0..50).map(|_| client.start(day("2022-01-01"), day("2023-12-31")));
    let answers: Vec<_> = join_all(starts).await.into_iter().map(Result::unwrap).collect();
    let new: Vec<_> = answers
        .iter()
        .filter_map(|answer| if let Started::New(id) = answer { Some(id) } else { None })
        .collect();
    assert_eq!(new.len(), 1, "{answers:?}");
    let running: Vec<_> = answers
        .iter()
        .filter_map(|answer| if let Started::Running(id) = answer { Some(id) } else { None })
        .collect();
    assert_eq!(running.len(), 49);
    assert!(running.iter().all(|id| *id == new[0]), "{answers:?}");
    assert_eq!(&job(&client).await.id, new[0]);
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_moves_the_job_of_somebody_else() {
    let world = World::start(Duration::from_millis(100), &[]).await;
    let (demo, other) = (world.demo(), world.client("other"));
    let id = started(&demo, "2022-01-01", "2023-12-31").await;
    assert!(other.status().await.unwrap().job.is_none());
    let (_, jobs) = other.ask(Method::GET, "/sync/jobs", None).await.unwrap();
    assert_eq!(jobs["jobs"], json!([]));
    for what in ["pause", "resume", "cancel"] {
        let body = json!({"jobId": id, "userId": "demo"});
        let (status, answer) = other.ask(Method::POST, &format!("/sync/{what}"), Some(&body)).await.unwrap();
        assert_eq!((status, &answer["error"]), (StatusCode::NOT_FOUND, &json!("Job not found")), "{what}");
    }
    assert!(job(&demo).await.status.is_unfinished());
    world.system.stop().await;
}
