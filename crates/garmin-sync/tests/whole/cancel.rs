use std::time::Duration;

use sync_core::{JobStatus, RecordKind};

use crate::world::{PATIENCE, World, day, job, job_when, started};

#[tokio::test(flavor = "multi_thread")]
async fn after_a_cancel_has_answered_nothing_more_is_written_and_a_new_job_starts_at_once() {
    let world = World::start(Duration::from_millis(20), &[]).await;
    let client = world.demo();
    let (from, to) = (day("2022-01-01"), day("2023-12-31"));
    let id = started(&client, "2022-01-01", "2023-12-31").await;
    let simulator = world.system.simulator().unwrap();
    let asked =
        |year: &str| simulator.calls().iter().filter(|call| format!("{call:?}").contains(year)).count();

    // Some chunks are there, and the next one is under way: some of its windows are asked, and not all.
    job_when(&client, |job| job.chunks_completed >= 2).await;
    let before = asked("202");
    while asked("202") < before + 5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    client.control("cancel", &id).await.unwrap();
    let at_the_answer = all(&world, from, to).await;
    let restarted = started(&client, "2018-01-01", "2018-01-20").await;
    assert_ne!(restarted, id);

    // The cancelled worker has long come to its commit when the new job is done.
    let ended = tokio::time::timeout(PATIENCE, job_when(&client, |job| !job.status.is_unfinished())).await;
    assert_eq!(ended.unwrap().status, JobStatus::Completed);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(all(&world, from, to).await, at_the_answer);
    assert_eq!(job(&client).await.id, restarted);
    world.system.stop().await;
}

async fn all(world: &World, from: chrono::NaiveDate, to: chrono::NaiveDate) -> Vec<serde_json::Value> {
    let mut all = Vec::new();
    for kind in RecordKind::ALL.iter().filter(|kind| **kind != RecordKind::Workout) {
        all.extend(world.records(*kind, from, to).await);
    }
    all
}
