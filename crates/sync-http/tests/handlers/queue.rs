//! process-chunk answers for each message of a batch by itself.

use crate::world::{DEMO, Fault, NO_JOB, SAMPLE_JOB, World};
use serde_json::{Value, json};

fn nudge(job_id: &str) -> Value {
    json!({ "schemaVersion": 1, "userId": DEMO, "jobId": job_id })
}

fn batch(messages: &[(&str, String)]) -> Value {
    let records: Vec<_> =
        messages.iter().map(|(id, body)| json!({ "messageId": id, "body": body })).collect();
    json!({ "Records": records })
}

async fn handed_back(world: &World, messages: &[(&str, String)]) -> Vec<String> {
    let response = world.deliver(&batch(messages)).await.unwrap();
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_handed_back_and_the_others_are_not() {
    let unreadable = [
        String::new(),
        "{".into(),
        "[]".into(),
        "nudge".into(),
        json!({ "userId": DEMO, "jobId": SAMPLE_JOB }).to_string(),
        json!({ "schemaVersion": 2, "userId": DEMO, "jobId": SAMPLE_JOB }).to_string(),
        json!({ "schemaVersion": 1, "userId": "", "jobId": SAMPLE_JOB }).to_string(),
        json!({ "schemaVersion": 1, "userId": DEMO, "jobId": "1" }).to_string(),
        json!({ "schemaVersion": 1, "userId": DEMO }).to_string(),
    ];
    for body in unreadable {
        let messages = [("good", nudge(NO_JOB).to_string()), ("bad", body.clone())];
        assert_eq!(handed_back(&World::new(), &messages).await, ["bad"], "{body}");
    }
}

#[tokio::test]
async fn a_message_may_carry_fields_that_are_not_known_yet() {
    let mut message = nudge(NO_JOB);
    message["sentBy"] = "a later version".into();
    assert!(handed_back(&World::new(), &[("new", message.to_string())]).await.is_empty());
}

#[tokio::test]
async fn a_job_that_is_gone_finished_or_somebody_elses_is_acknowledged() {
    let world = World::new();
    world.cancelled_job(DEMO, SAMPLE_JOB);
    let messages = [("gone", nudge(NO_JOB).to_string()), ("finished", nudge(SAMPLE_JOB).to_string())];
    assert!(handed_back(&world, &messages).await.is_empty());
    let world = World::new();
    world.running_job(DEMO, SAMPLE_JOB);
    assert!(handed_back(&world, &[("leased", nudge(SAMPLE_JOB).to_string())]).await.is_empty());
}

#[tokio::test]
async fn a_job_that_could_not_be_looked_at_comes_again() {
    let messages = [("first", nudge(SAMPLE_JOB).to_string()), ("second", nudge(NO_JOB).to_string())];
    for fault in [Fault::Unavailable, Fault::UnknownNotApplied, Fault::UnknownApplied] {
        let world = World::new();
        world.fail(fault);
        assert_eq!(handed_back(&world, &messages).await, ["first", "second"], "{fault:?}");
    }
    let world = World::new();
    world.pending_job(DEMO, SAMPLE_JOB);
    assert_eq!(handed_back(&world, &messages).await, ["first"], "the vault is closed");
}

#[tokio::test]
async fn a_message_without_an_id_fails_the_whole_batch_rather_than_none() {
    let event = json!({ "Records": [{ "body": "{" }] });
    assert!(World::new().deliver(&event).await.is_err());
    let event = json!({ "Records": [{ "body": nudge(NO_JOB).to_string() }] });
    assert!(World::new().deliver(&event).await.unwrap().batch_item_failures.is_empty());
}

#[tokio::test]
async fn a_sweep_that_cannot_read_what_is_due_fails() {
    let world = World::new();
    world.fail(Fault::Unavailable);
    assert!(world.sweep(&json!({})).await.is_err());
}
