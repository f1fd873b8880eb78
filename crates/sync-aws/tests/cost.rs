//! What DynamoDB bills for what the stores do.
#![expect(clippy::unwrap_used, reason = "a test that does not find what it expects has failed")]

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use sync_core::job::{Gap, GapReason, Job};
use sync_core::metric::MetricType;
use sync_core::ports::{Applied, JobStore, LinkStore, PutLink, StartOutcome};
use sync_core::record::RecordUpsert;
use sync_core::transition::{chunk_done, hand_over};
use sync_testkit::build::{at, claim, date, days_of_steps, job, link, record, user};
use sync_testkit::conformance::Stores as _;
use sync_testkit::embedded::EmbeddedStores;
use sync_testkit::meter::{Consumed, Meter};

const KIB: usize = 1_024;

/// An item of exactly this size by DynamoDB's rules: the names and values of its three attributes.
async fn put(client: &Client, table: &str, key: &str, bytes: usize) {
    let names = "user_id".len() + "record".len() + "v".len();
    let filler = "x".repeat(bytes - names - "u".len() - key.len());
    client
        .put_item()
        .table_name(table)
        .item("user_id", AttributeValue::S("u".to_owned()))
        .item("record", AttributeValue::S(key.to_owned()))
        .item("v", AttributeValue::S(filler))
        .send()
        .await
        .unwrap();
}

async fn write_units(meter: &Meter, work: impl Future) -> f64 {
    meter.during(work).await.1.write_units
}

async fn read_units(meter: &Meter, work: impl Future) -> f64 {
    meter.during(work).await.1.read_units
}

/// "Capacity unit consumption", DynamoDB developer guide: a write unit per KB begun, a read unit per 4 KB begun, half for
/// an eventually consistent read, twice for a transaction; a query is billed for the sum of what it read, not for each item.
#[tokio::test]
async fn the_embedded_dynamodb_bills_as_the_aws_documentation_says() {
    let (stores, meter) = EmbeddedStores::metered().await;
    let (client, table) = (&stores.clients.dynamodb, stores.tables.records.as_str());
    for (bytes, expected) in [(500, 1.0), (KIB, 1.0), (KIB + 1, 2.0), (3 * KIB + 512, 4.0)] {
        let billed = write_units(&meter, put(client, table, "a", bytes)).await;
        assert_eq!(billed, expected, "a write of {bytes} bytes");
        // "The larger of the item sizes before and after": the smaller one does not make it cheaper.
        let again = write_units(&meter, put(client, table, "a", 200)).await;
        assert_eq!(again, expected, "a write of 200 bytes over {bytes}");
    }

    let get = |key: &str, consistent| {
        client
            .get_item()
            .table_name(table)
            .key("user_id", AttributeValue::S("u".to_owned()))
            .key("record", AttributeValue::S(key.to_owned()))
            .consistent_read(consistent)
            .send()
    };
    for (bytes, expected) in [(4 * KIB, 1.0), (4 * KIB + 1, 2.0), (8 * KIB, 2.0)] {
        put(client, table, "b", bytes).await;
        assert_eq!(read_units(&meter, get("b", true)).await, expected, "a consistent read of {bytes} bytes");
        assert_eq!(read_units(&meter, get("b", false)).await, expected / 2.0, "an eventual one of {bytes}");
    }
    assert_eq!(read_units(&meter, get("nothing", true)).await, 1.0, "what is not there is billed too");

    for number in 0..10 {
        put(client, table, &format!("day#{number}"), 600).await;
    }
    let query = client
        .query()
        .table_name(table)
        .key_condition_expression("user_id = :u AND begins_with(#r, :day)")
        .expression_attribute_names("#r", "record")
        .expression_attribute_values(":u", AttributeValue::S("u".to_owned()))
        .expression_attribute_values(":day", AttributeValue::S("day#".to_owned()));
    let consistent = query.clone().consistent_read(true).send();
    assert_eq!(read_units(&meter, consistent).await, 2.0, "6,000 bytes are two times 4 KB begun, not ten");
    assert_eq!(read_units(&meter, query.send()).await, 1.0);

    let put = Put::builder()
        .table_name(table)
        .item("user_id", AttributeValue::S("u".to_owned()))
        .item("record", AttributeValue::S("t".to_owned()))
        .item("v", AttributeValue::S("x".repeat(2_500)))
        .build()
        .unwrap();
    let items = TransactWriteItem::builder().put(put).build();
    let transaction = client.transact_write_items().transact_items(items).send();
    assert_eq!(write_units(&meter, transaction).await, 6.0, "three KB begun, doubled");
}

/// A running job as large as they get while nothing is wrong: thirty years, in the middle of a chunk that was handed over.
async fn running_for_thirty_years(stores: &EmbeddedStores) -> Job {
    let new = job(&user("u")).range("1996-11-23", "2026-11-22").build();
    let mut link = link(&new.key.user_id);
    // Sealed tokens as long as real ones.
    link.tokens.0 = "c".repeat(5_000);
    assert_eq!(stores.links.put_link(&link, None).await.unwrap(), PutLink::Stored);
    assert_eq!(stores.jobs.start(&new, None).await.unwrap(), StartOutcome::Started);
    let done = |count: i64| {
        let sources = ["steps", "heart_rate", "stress", "body_battery", "intensity_minutes", "hydration"];
        let windows = sources.iter().cycle().zip(0..count);
        windows
            .map(|(source, number)| {
                let day = date("1996-11-23") + chrono::TimeDelta::days(number);
                format!("{source}@{day}..{day}").parse().unwrap()
            })
            .collect::<Vec<_>>()
    };
    let gap = |number: i64| Gap {
        metric: MetricType::Hrv,
        start: date("1996-11-23") + chrono::TimeDelta::days(3 * number),
        end: date("1996-11-23") + chrono::TimeDelta::days(3 * number),
        reason: GapReason::Refused,
    };
    let claimed = stores.claimed(&new, 1).await;
    let handed_over = hand_over(&claimed, done(30), vec![], (0..5).map(gap).collect(), at(2));
    assert_eq!(stores.jobs.apply(&handed_over, &[]).await.unwrap(), Applied::Yes);
    stores.claimed(&new, 2).await
}

trait Claimed {
    async fn claimed(&self, job: &Job, number: u32) -> Job;
}

impl Claimed for EmbeddedStores {
    async fn claimed(&self, job: &Job, number: u32) -> Job {
        let claim = claim(at(i64::from(number) * 10), u128::from(number));
        match self.jobs().claim(&job.key, &claim).await.unwrap() {
            sync_core::ports::ClaimOutcome::Claimed(job) => *job,
            sync_core::ports::ClaimOutcome::Refused => unreachable!("the claim is refused"),
        }
    }
}

#[tokio::test]
async fn a_status_is_one_read_and_one_unit_even_of_a_job_of_thirty_years() {
    let (stores, meter) = EmbeddedStores::metered().await;
    let job = running_for_thirty_years(&stores).await;
    let (status, consumed) = meter.during(stores.jobs.status(&job.key.user_id)).await;
    assert_eq!(status.unwrap().job, Some(job));
    let calls = [("Query", 1)].into();
    assert_eq!((consumed.calls, consumed.read_units, consumed.write_units), (calls, 1.0, 0.0));
}

/// As in a day: what one import after the other writes of the same records.
async fn import(stores: &EmbeddedStores, meter: &Meter, number: u64, records: &[RecordUpsert]) -> Consumed {
    let new = job(&user("u")).number(number).range("2024-01-01", "2024-01-30").build();
    assert_eq!(stores.jobs.start(&new, None).await.unwrap(), StartOutcome::Started);
    let claimed = stores.claimed(&new, 1).await;
    let done = chunk_done(&claimed, vec![], None, at(20));
    let (applied, consumed) = meter.during(stores.jobs.apply(&done, records)).await;
    assert_eq!(applied.unwrap(), Applied::Yes);
    consumed
}

#[tokio::test]
async fn what_is_stored_already_is_not_written_again_and_what_changed_is() {
    let (stores, meter) = EmbeddedStores::metered().await;
    assert_eq!(stores.links.put_link(&link(&user("u")), None).await.unwrap(), PutLink::Stored);
    let mut records = days_of_steps(30);
    let activity = |name: &str| {
        record("activity#77", &serde_json::json!({"name": name, "distance_m": 1_234.0, "laps": [{"s": 1.5}]}))
    };
    records.push(activity("a run"));

    let first = import(&stores, &meter, 1, &records).await;
    // Job, link and account, doubled, and the job's place in the index of due jobs, which a transaction does not double.
    let (job_and_locks, kib, in_a_transaction) = (3.0 * 2.0 + 1.0, 1.0, 2.0);
    assert_eq!(first.write_units, job_and_locks + 31.0 * kib * in_a_transaction, "{first:?}");
    assert_eq!(first.read_units, 1.0, "one query finds out that there is nothing yet: {first:?}");

    let second = import(&stores, &meter, 2, &records).await;
    assert_eq!(second.write_units, job_and_locks, "{second:?}");
    assert_eq!(second.calls, [("BatchGetItem", 1), ("Query", 1), ("TransactWriteItems", 1)].into());

    records[7] = record("day#2024-01-08", &serde_json::json!({"steps": 123_456}));
    records[30] = activity("a walk");
    let third = import(&stores, &meter, 3, &records).await;
    assert_eq!(third.write_units, job_and_locks + 2.0 * kib * in_a_transaction, "{third:?}");
    let kept = sync_core::ports::RecordQuery {
        kind: sync_core::RecordKind::Day,
        from: Some("2024-01-08".to_owned()),
        to: Some("2024-01-08".to_owned()),
        attributes: None,
        limit: 1,
        cursor: None,
    };
    let kept = sync_core::RecordStore::records(&stores.records, &user("u"), &kept).await.unwrap();
    assert_eq!(kept.items[0].attributes, records[7].attributes);
}
