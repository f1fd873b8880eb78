//! What makes an import wait, and what makes it go on.

use std::time::Duration;

use chrono::TimeDelta;
use garmin_simulator::{Fault, FaultPlan, FaultRule, Simulator};
use serde_json::{Value, json};
use sync_aws::{AwsClients, Endpoints};
use sync_core::job::{ChunkState, NewJob};
use sync_core::ports::{ClaimOutcome, JobStore as _, RandomIds, StartOutcome, SystemClock};
use sync_core::transition::Claim;
use sync_core::{
    Clock as _, DateRange, Ids as _, Job, JobKey, JobStatus, LinkStore as _, MetricSet, PauseReason,
    SyncType, UserId,
};
use tokio::time::Instant;

use crate::process::garmin_sync;
use crate::tables::Tables;
use crate::underneath::dynamodb;
use crate::world::{PATIENCE, World, asked_twice, day, job, job_when, job_when_ended, started};

pub(crate) fn tables(world: &World) -> (Tables, UserId) {
    let endpoints = world.system.endpoints();
    let aws = Endpoints { dynamodb: endpoints.dynamodb.clone(), sqs: endpoints.sqs.clone() };
    (Tables::of(&AwsClients::connect(&aws)), UserId::new("demo").unwrap())
}

/// Moves an instant of an item into the past, as time does.
async fn is_long_ago(world: &World, table: &str, key: Value, attribute: &str) {
    let update = json!({
        "TableName": table,
        "Key": key,
        "UpdateExpression": format!("SET {attribute} = :then"),
        "ConditionExpression": format!("{attribute} > :then"),
        "ExpressionAttributeValues": {":then": {"N": "1"}},
    });
    dynamodb(&world.system.endpoints().dynamodb, "UpdateItem", &update).await;
}

pub(crate) fn data_calls(simulator: &Simulator) -> usize {
    simulator.calls().iter().filter(|call| call.account.is_some()).count()
}

/// A job that nobody looks at before a minute has passed.
pub(crate) async fn started_without_a_nudge(tables: &Tables, user: &UserId, from: &str, to: &str) -> JobKey {
    let link = tables.links.link(user).await.unwrap().unwrap();
    let new = NewJob {
        job_id: RandomIds.job_id(SystemClock.now()),
        user_id: user.clone(),
        account: link.account,
        sync_type: SyncType::Historical,
        range: DateRange::new(day(from), day(to)).unwrap(),
        metric_types: MetricSet::all(),
        time_zone: link.time_zone,
    };
    let new = Job::new(new, SystemClock.now());
    assert_eq!(tables.jobs.start(&new, None).await.unwrap(), StartOutcome::Started);
    new.key
}

/// Nobody asks Garmin anything for a while, and the job stays as it is.
async fn is_quiet(world: &World) {
    let simulator = world.system.simulator().unwrap();
    let (calls, before) = (data_calls(simulator), job(&world.demo()).await);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(data_calls(simulator), calls, "somebody asked");
    assert_eq!(job(&world.demo()).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_import_stands_still_until_resumed_and_then_asks_for_nothing_that_is_done() {
    let world = World::start(Duration::from_millis(5), &["--sweep-seconds=1"]).await;
    let (client, (tables, user)) = (world.demo(), tables(&world));
    let simulator = world.system.simulator().unwrap();
    let id = started(&client, "2022-01-01", "2022-05-30").await;
    job_when(&client, |job| job.chunks_completed >= 2).await;
    client.control("pause", &id).await.unwrap();
    let paused = job(&client).await;
    assert_eq!((paused.status, paused.pause_reason), (JobStatus::Paused, Some(PauseReason::User)));
    assert_eq!(paused.retry_at, None, "it waits for the user, and that has no time");
    // The worker in mid-chunk asks to the end of its chunk, however long that takes here, and may then write nothing.
    let (begun, mut calls) = (Instant::now(), usize::MAX);
    while data_calls(simulator) != calls {
        assert!(begun.elapsed() < PATIENCE, "it asks on and on");
        calls = data_calls(simulator);
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    is_quiet(&world).await;
    let stored = tables.sound_job(&user).await;
    assert_eq!(stored.chunk_states.count(ChunkState::Done), paused.chunks_completed);
    tables.has_every_day_of_what_is_done(&stored).await;

    simulator.clear_calls();
    client.control("resume", &id).await.unwrap();
    let ended = job_when_ended(&client).await;
    assert_eq!((ended.status, ended.chunks_completed), (JobStatus::Completed, 5), "{ended:?}");
    assert_eq!(asked_twice(&simulator.calls()), None);
    tables.is_complete_and_true(&user, "demo", &simulator.truth()).await;
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_import_says_until_when_it_waits_asks_nothing_before_and_then_goes_on_by_itself() {
    let world = World::start(Duration::ZERO, &["--sweep-seconds=1"]).await;
    let (client, (tables, user)) = (world.demo(), tables(&world));
    let simulator = world.system.simulator().unwrap();
    let rule = FaultRule::on("/hrv-service/", Fault::TooManyRequests { retry_after_seconds: Some(60) });
    simulator.set_faults(FaultPlan::of([rule.times(1)]));
    let begun = SystemClock.now();
    let id = started(&client, "2022-01-01", "2022-03-31").await;
    let paused = job_when(&client, |job| job.status == JobStatus::Paused).await;
    assert_eq!(paused.pause_reason, Some(PauseReason::Throttled));
    let wait = paused.retry_at.unwrap() - begun;
    assert!(wait >= TimeDelta::minutes(30) && wait < TimeDelta::minutes(32), "{wait}");
    is_quiet(&world).await;
    let stored = tables.sound_job(&user).await;
    assert_eq!(stored.due_at.map(|due| due.timestamp()), paused.retry_at.map(|at| at.timestamp()));

    // Half an hour passes, for the account and for the job.
    let key = json!({"account": {"S": stored.account.to_string()}});
    is_long_ago(&world, "garmin_accounts", key, "not_before").await;
    world.end_the_wait(&id).await;
    let ended = job_when_ended(&client).await;
    assert_eq!((ended.status, ended.chunks_completed), (JobStatus::Completed, 3), "{ended:?}");
    let account = tables.links.account(&stored.account).await.unwrap();
    assert_eq!(account.consecutive_throttles, 0, "a finished chunk forgets the throttle");
    tables.is_complete_and_true(&user, "demo", &simulator.truth()).await;
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_tokens_are_refused_waits_for_a_sign_in_and_goes_on_after_it_by_itself() {
    let world = World::start(Duration::from_millis(2), &["--sweep-seconds=1"]).await;
    let (client, (tables, user)) = (world.demo(), tables(&world));
    let simulator = world.system.simulator().unwrap();
    let id = started(&client, "2022-01-01", "2022-05-30").await;
    job_when(&client, |job| job.chunks_completed >= 1).await;
    simulator.revoke("demo");
    let paused = job_when(&client, |job| job.status == JobStatus::Paused).await;
    assert_eq!((paused.pause_reason, paused.retry_at), (Some(PauseReason::ReauthRequired), None));
    assert!(tables.links.link(&user).await.unwrap().unwrap().reauth_required);
    is_quiet(&world).await;
    let due = tables.sound_job(&user).await.due_at.unwrap() - SystemClock.now();
    assert!(due < TimeDelta::minutes(5), "a new sign-in would be noticed only after {due}");

    // By the command line, which wakes the job as the API does: nobody waits for the sweeper's next look.
    let url = format!("{}/__simulator/tokens/demo", simulator.base_url());
    let file = world.data.path().join("tokens.json");
    std::fs::write(&file, reqwest::get(url).await.unwrap().text().await.unwrap()).unwrap();
    let arguments = ["link", "--user=demo", "--tokens", file.to_str().unwrap()];
    let mut link = garmin_sync(world.data.path(), &arguments);
    let linked = tokio::task::spawn_blocking(move || link.output().unwrap()).await.unwrap();
    assert!(linked.status.success(), "{linked:?}");
    let stored = tables.sound_job(&user).await;
    assert_eq!((stored.key.job_id.to_string(), stored.pause_reason), (id, None), "the link has woken it");
    let ended = job_when_ended(&client).await;
    assert_eq!((ended.status, ended.chunks_completed), (JobStatus::Completed, 5), "{ended:?}");
    tables.is_complete_and_true(&user, "demo", &simulator.truth()).await;
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_that_kills_three_workers_is_given_up_the_job_goes_on_and_a_resume_does_that_chunk_alone() {
    let world = World::start(Duration::ZERO, &["--sweep-seconds=1"]).await;
    let (client, (tables, user)) = (world.demo(), tables(&world));
    let simulator = world.system.simulator().unwrap();
    // Nobody is nudged yet, so the first three to claim it are ours, and they die.
    let key = started_without_a_nudge(&tables, &user, "2022-01-01", "2022-03-31").await;
    for _ in 0..3 {
        let now = SystemClock.now();
        let lease_until = now + TimeDelta::milliseconds(20);
        let claim = Claim { now, lease_until, token: RandomIds.claim_token(), nudged_at: None };
        let claimed = tables.jobs.claim(&key, &claim).await.unwrap();
        assert!(matches!(claimed, ClaimOutcome::Claimed(_)), "somebody else had it");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let failed = job_when_ended(&client).await;
    assert_eq!(failed.status, JobStatus::Failed);
    assert_eq!(failed.error_message.as_deref(), Some("1 of 3 chunks failed"));
    assert_eq!((failed.chunks_completed, failed.chunks_total), (2, 3));
    let stored = tables.sound_job(&user).await;
    assert_eq!(stored.failed_chunks[0].error, "given up after 3 tries that ended without a result");
    let asked = simulator.calls();
    assert!(asked.iter().all(|call| !format!("{} {}", call.path, call.query).contains("2022-01-2")));

    simulator.clear_calls();
    client.control("resume", &failed.id).await.unwrap();
    let ended = job_when_ended(&client).await;
    assert_eq!((ended.status, ended.chunks_completed), (JobStatus::Completed, 3));
    let asked = simulator.calls();
    assert!(asked.iter().all(|call| !format!("{} {}", call.path, call.query).contains("2022-03")));
    tables.is_complete_and_true(&user, "demo", &simulator.truth()).await;
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_that_takes_longer_than_an_invocation_is_handed_over_and_nothing_is_asked_twice() {
    // Eight seconds are three for asking, and a chunk of everything is more than that.
    let world =
        World::start(Duration::from_millis(90), &["--invocation-seconds=8", "--sweep-seconds=1"]).await;
    let (client, (tables, user)) = (world.demo(), tables(&world));
    let simulator = world.system.simulator().unwrap();
    let begun = Instant::now();
    started(&client, "2022-01-01", "2022-01-30").await;
    let mut marks = 0;
    let ended = loop {
        let stored = tables.sound_job(&user).await;
        if !stored.status.is_unfinished() {
            break stored;
        }
        assert!(stored.progress.done.len() >= marks, "marks were lost: {stored:?}");
        marks = stored.progress.done.len();
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(ended.fence >= 3, "it took {} claims only", ended.fence);
    assert!(marks > 5, "only {marks} windows were carried over");
    assert_eq!(asked_twice(&simulator.calls()), None);
    tables.is_complete_and_true(&user, "demo", &simulator.truth()).await;
    world.system.stop().await;
}
