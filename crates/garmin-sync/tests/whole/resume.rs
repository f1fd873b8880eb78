use std::time::Duration;

use garmin_simulator::{Days, Fault, FaultPlan, FaultRule, Matcher};
use sync_core::{JobStatus, RecordKind};

use crate::world::{World, day, days_in, job, job_when, job_when_ended, started};

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_does_exactly_the_chunks_that_are_not_done() {
    let world = World::start(Duration::ZERO, &["--sweep-seconds=1"]).await;
    let client = world.demo();
    let simulator = world.system.simulator().unwrap();
    // Five chunks; the third (2022-03-02 to 2022-03-31) has three days that Garmin cannot give.
    let (bad_from, bad_to) = (day("2022-03-10"), day("2022-03-12"));
    let matcher = Matcher { days: Some(Days { from: bad_from, to: bad_to }), ..Matcher::default() };
    simulator.set_faults(FaultPlan::of([FaultRule { matcher, fault: Fault::ServerError, times: None }]));
    let id = started(&client, "2022-01-01", "2022-05-30").await;

    // A chunk is tried three times, with waits between that a test need not sit through.
    for _ in 0..2 {
        job_when(&client, |job| job.retry_at.is_some_and(|at| at.timestamp() > 1)).await;
        world.end_the_wait(&id).await;
        job_when(&client, |job| job.retry_at.is_none_or(|at| at.timestamp() > 1)).await;
    }
    let failed = job_when_ended(&client).await;
    assert_eq!(failed.status, JobStatus::Failed, "{failed:?}");
    assert_eq!((failed.chunks_completed, failed.chunks_total), (4, 5));
    assert_eq!(failed.error_message.as_deref(), Some("1 of 5 chunks failed"));

    simulator.set_faults(FaultPlan::default());
    simulator.clear_calls();
    client.control("resume", &id).await.unwrap();
    assert!(job(&client).await.percent_complete >= failed.percent_complete);
    let completed = job_when_ended(&client).await;
    assert_eq!(completed.status, JobStatus::Completed, "{completed:?}");
    assert_eq!((completed.chunks_completed, completed.id.as_str()), (5, &*id));

    let (chunk_from, chunk_to) = (day("2022-03-02"), day("2022-03-31"));
    let calls = simulator.calls();
    let asked: Vec<_> = calls.iter().flat_map(|call| days_in(&call.path, &call.query)).collect();
    assert!(asked.contains(&bad_from), "{asked:?}");
    assert!(asked.iter().all(|date| (chunk_from..=chunk_to).contains(date)), "{asked:?}");
    let days = world.records(RecordKind::Day, day("2022-01-01"), day("2022-05-30")).await;
    assert_eq!(days.len(), 150);
    world.system.stop().await;
}
