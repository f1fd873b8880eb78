//! What stands in the tables, beside what the ports give back.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that does not find what it expects has failed"
)]

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use sync_core::job::Job;
use sync_core::ports::{Applied, ClaimOutcome, JobStore, LinkStore, PutLink};
use sync_core::transition::{chunk_done, chunk_failed, resume};
use sync_testkit::build::{at, claim, job, link, record, user};
use sync_testkit::embedded::EmbeddedStores;

async fn started() -> (EmbeddedStores, Job) {
    let stores = EmbeddedStores::start().await;
    let new = job(&user("u")).range("2024-01-01", "2024-01-10").build();
    assert_eq!(stores.links.put_link(&link(&new.key.user_id), None).await.unwrap(), PutLink::Stored);
    stores.jobs.start(&new, None).await.unwrap();
    let ClaimOutcome::Claimed(job) = stores.jobs.claim(&new.key, &claim(at(1), 1)).await.unwrap() else {
        panic!("the claim is refused");
    };
    (stores, *job)
}

async fn item(stores: &EmbeddedStores, job: &Job) -> HashMap<String, AttributeValue> {
    let found = stores
        .clients
        .dynamodb
        .get_item()
        .table_name(&stores.tables.jobs)
        .key("user_id", AttributeValue::S(job.key.user_id.to_string()))
        .key("job_id", AttributeValue::S(job.key.job_id.to_string()))
        .send()
        .await
        .unwrap();
    found.item.unwrap()
}

#[tokio::test]
async fn a_job_expires_once_finished_and_no_longer_once_resumed() {
    let (stores, job) = started().await;
    assert!(!item(&stores, &job).await.contains_key("expires_at"));
    let failed = chunk_failed(&job, "http_500".to_owned(), vec![], at(2));
    assert_eq!(stores.jobs.apply(&failed, &[]).await.unwrap(), Applied::Yes);
    let kept = item(&stores, &job).await;
    let expected = (at(2) + chrono::TimeDelta::days(30)).timestamp();
    assert_eq!(kept["expires_at"], AttributeValue::N(expected.to_string()));
    assert!(!kept.contains_key("due_at") && !kept.contains_key("due_shard"));
    let resumed = resume(&failed.after, at(3)).unwrap();
    assert_eq!(stores.jobs.apply(&resumed, &[]).await.unwrap(), Applied::Yes);
    let kept = item(&stores, &job).await;
    assert!(!kept.contains_key("expires_at") && !kept.contains_key("completed_at"));
    assert!(kept.contains_key("due_at") && kept.contains_key("due_shard"));
}

#[tokio::test]
async fn what_follows_from_the_chunk_states_is_kept_up_to_date_for_readers_of_the_table() {
    let (stores, job) = started().await;
    let done = chunk_done(&job, vec![], None, at(2));
    assert_eq!(stores.jobs.apply(&done, &[]).await.unwrap(), Applied::Yes);
    let kept = item(&stores, &job).await;
    assert_eq!(kept["status"], AttributeValue::S("completed".into()));
    assert_eq!(kept["chunks_completed"], AttributeValue::N("1".into()));
    assert_eq!(kept["percent_complete"], AttributeValue::N("100".into()));
    assert_eq!(kept["last_successful_date"], AttributeValue::S("2024-01-10".into()));
    assert!(!kept.contains_key("current_chunk_start") && !kept.contains_key("current_chunk_end"));
}

#[tokio::test]
async fn a_record_says_whose_it_is_and_when_it_was_written() {
    let (stores, job) = started().await;
    let done = chunk_done(&job, vec![], None, at(2));
    // A source must not pass for another: its own `source` is left out.
    let day = record("day#2024-01-01", &json!({"steps": 5, "source": "manual"}));
    assert_eq!(stores.jobs.apply(&done, &[day]).await.unwrap(), Applied::Yes);
    let found = stores
        .clients
        .dynamodb
        .get_item()
        .table_name(&stores.tables.records)
        .key("user_id", AttributeValue::S("u".into()))
        .key("record", AttributeValue::S("day#2024-01-01".into()))
        .send()
        .await
        .unwrap();
    let text = |value: &str| AttributeValue::S(value.to_owned());
    assert_eq!(
        found.item.unwrap(),
        HashMap::from([
            ("user_id".to_owned(), text("u")),
            ("record".to_owned(), text("day#2024-01-01")),
            ("source".to_owned(), text("garmin")),
            ("updated_at".to_owned(), text("2026-11-22T08:00:02Z")),
            ("steps".to_owned(), AttributeValue::N("5".into())),
        ])
    );
}
