//! What every [`RecordStore`] promises.

use std::collections::BTreeMap;

use serde_json::json;
use sync_core::dates::DateRange;
use sync_core::ids::UserId;
use sync_core::ports::{ActivityQuery, Applied, JobStore, RecordQuery, RecordStore};
use sync_core::record::{Attribute, RecordKey, RecordKind, RecordUpsert};
use sync_core::transition::hand_over;

use super::{Stores, all_records, claimed, with_job};
use crate::build::{at, claim, days_of_steps, job, range, record, user};

async fn imported(stores: &impl Stores, user: &UserId, records: &[RecordUpsert]) {
    let new = job(user).build();
    with_job(stores, &new).await;
    let job = claimed(stores, &new.key, &claim(at(1), 1)).await;
    let kept = hand_over(&job, vec![], vec![], vec![], at(2));
    let outcome = stores.jobs().apply(&kept, records).await;
    assert_eq!(outcome.expect("an answer"), Applied::Yes);
}

fn days(from: Option<&str>, to: Option<&str>, limit: u32, cursor: Option<&str>) -> RecordQuery {
    RecordQuery {
        kind: RecordKind::Day,
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        attributes: None,
        limit,
        cursor: cursor.map(str::to_owned),
    }
}

async fn ids(stores: &impl Stores, user: &UserId, query: &RecordQuery) -> (Vec<String>, Option<String>) {
    let page = stores.records().records(user, query).await.expect("a page");
    (page.items.into_iter().map(|record| record.key.id).collect(), page.next)
}

/// What comes out is what went in, whatever it is.
pub async fn every_kind_of_value_reads_back_as_it_was(stores: &impl Stores) {
    let user = user("values");
    let mut sent = record(
        "activity#12345",
        &json!({
            "integer": 72, "negative": -3, "large": 9_007_199_254_740_993_i64, "largest": u64::MAX,
            "float": 36.6, "small": 0.000_012_5, "truth": true, "falsehood": false,
            "text": "Läufe 🏃", "empty": "", "list": [1, 2.5, "x", [], {"a": null}],
            "map": {"b": {"c": [true]}}, "name": "reserved", "status": "reserved", "value": 1,
            "date.with.dots": 1, "with-dash": 2, "9digit": 3
        }),
    );
    let bytes = Attribute::Bytes((0..=255).collect());
    sent.attributes.insert("series".to_owned(), bytes);
    imported(stores, &user, std::slice::from_ref(&sent)).await;
    let kept = all_records(stores, &user, RecordKind::Activity).await;
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0].key, &kept[0].attributes), (&sent.key, &sent.attributes));
}

/// DynamoDB drops trailing zeros, so the fakes do too: what a test sees is what a person gets.
pub async fn a_number_without_a_fraction_is_an_integer(stores: &impl Stores) {
    let user = user("zeros");
    imported(stores, &user, &[record("day#2024-01-01", &json!({"weight": 72.0, "list": [1.0, 1.5]}))]).await;
    let kept = all_records(stores, &user, RecordKind::Day).await;
    let expected = record("day#2024-01-01", &json!({"weight": 72, "list": [1, 1.5]}));
    assert_eq!(kept[0].attributes, expected.attributes);
}

/// A kind's records, and no other's.
pub async fn kinds_are_kept_apart(stores: &impl Stores) {
    let user = user("kinds");
    let records: Vec<_> = RecordKind::ALL
        .iter()
        .flat_map(|kind| ["1", "9", "~"].map(|id| RecordKey::object(*kind, id)))
        .map(|key| RecordUpsert {
            key,
            attributes: BTreeMap::from([("n".to_owned(), Attribute::Json(1.into()))]),
        })
        .collect();
    imported(stores, &user, &records).await;
    for kind in RecordKind::ALL {
        let kept = all_records(stores, &user, *kind).await;
        assert_eq!(kept.len(), 3, "{kind}");
        assert!(kept.iter().all(|record| record.key.kind == *kind));
    }
}

/// Both ends belong to a range.
pub async fn a_range_holds_both_its_ends(stores: &impl Stores) {
    let user = user("ranges");
    imported(stores, &user, &days_of_steps(40)).await;
    for (from, to, count) in [
        (None, None, 40),
        (Some("2024-01-10"), None, 31),
        (None, Some("2024-01-10"), 10),
        (Some("2024-01-10"), Some("2024-01-12"), 3),
        (Some("2024-01-10"), Some("2024-01-10"), 1),
        (Some("2024-01-12"), Some("2024-01-10"), 0),
        (Some("2025-01-01"), None, 0),
    ] {
        let (found, next) = ids(stores, &user, &days(from, to, 1_000, None)).await;
        assert_eq!((found.len(), next), (count, None), "{from:?}..{to:?}");
        assert!(found.is_sorted());
    }
}

/// Pages join without gap or repetition, and a cursor from elsewhere does no harm.
pub async fn pages_join_and_a_strange_cursor_does_no_harm(stores: &impl Stores) {
    let user = user("pages");
    imported(stores, &user, &days_of_steps(25)).await;
    let (mut all, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let query = days(Some("2024-01-03"), Some("2024-01-22"), 10, cursor.as_deref());
        let (found, next) = ids(stores, &user, &query).await;
        all.extend(found);
        pages += 1;
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    let (whole, _) = ids(stores, &user, &days(Some("2024-01-03"), Some("2024-01-22"), 1_000, None)).await;
    assert_eq!((all, pages), (whole, 2), "twenty days are two pages of ten, and no third");
    let before = days(Some("2024-01-03"), None, 1, Some("2024-01-01"));
    assert_eq!(ids(stores, &user, &before).await.0, ["2024-01-03"]);
    let after = days(None, Some("2024-01-10"), 1, Some("2024-01-20"));
    assert_eq!(ids(stores, &user, &after).await, (vec![], None));
    let nonsense = days(None, None, 1_000, Some("~#$"));
    assert_eq!(ids(stores, &user, &nonsense).await, (vec![], None));
}

/// More than one answer of DynamoDB holds.
pub async fn a_page_is_full_though_its_records_are_large(stores: &impl Stores) {
    let user = user("large");
    let text = "x".repeat(200_000);
    let records: Vec<_> =
        (10..30).map(|day| record(&format!("day#2024-01-{day}"), &json!({"text": text}))).collect();
    imported(stores, &user, &records).await;
    let (found, next) = ids(stores, &user, &days(None, None, 15, None)).await;
    assert_eq!((found.len(), next.as_deref()), (15, Some("2024-01-24")));
}

/// Of a record only what was asked for comes, and every record comes, whatever it has of that.
pub async fn only_the_attributes_that_were_asked_for_come(stores: &impl Stores) {
    let user = user("projected");
    let bytes = RecordUpsert {
        key: "day#2024-01-02".parse().expect("a key"),
        attributes: BTreeMap::from([("series".to_owned(), Attribute::Bytes(vec![1, 2, 3]))]),
    };
    let sent = [
        record(
            "day#2024-01-01",
            &json!({"steps": 1, "status": "reserved", "date.with.dots": 2, "long": [1]}),
        ),
        bytes,
    ];
    imported(stores, &user, &sent).await;
    let asked = |names: &[&str]| RecordQuery {
        attributes: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        ..days(None, None, 1_000, None)
    };
    for (names, expected) in [
        (
            &["steps", "status", "date.with.dots", "nothing"][..],
            [&["date.with.dots", "status", "steps"][..], &[]],
        ),
        (&["series"], [&[], &["series"]]),
        (&["record", "source", "user_id"], [&[], &[]]),
        (&[], [&[], &[]]),
    ] {
        let page = stores.records().records(&user, &asked(names)).await.expect("a page");
        let keys: Vec<_> = page.items.iter().map(|record| record.key.id.as_str()).collect();
        assert_eq!(keys, ["2024-01-01", "2024-01-02"], "{names:?}");
        let came: Vec<Vec<_>> = page.items.iter().map(|record| record.attributes.keys().collect()).collect();
        assert_eq!(came, expected, "{names:?}");
    }
    let many: Vec<_> = (0..200).map(|number| format!("attribute_{number}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).chain(["steps"]).collect();
    let page = stores.records().records(&user, &asked(&many)).await.expect("a page");
    assert_eq!(page.items[0].attributes.len(), 1, "as many names as a record may have");
}

fn activity(id: u32, start_local: &str) -> RecordUpsert {
    record(
        &format!("activity#{id}"),
        &json!({"start_local": start_local, "name": format!("{id}"), "steps": 1}),
    )
}

fn began(days: DateRange, limit: u32, cursor: Option<&str>) -> ActivityQuery {
    ActivityQuery { days, attributes: None, limit, cursor: cursor.map(str::to_owned) }
}

async fn activity_ids(
    stores: &impl Stores,
    user: &UserId,
    query: &ActivityQuery,
) -> (Vec<String>, Option<String>) {
    let page = stores.records().activities(user, query).await.expect("a page");
    (page.items.into_iter().map(|record| record.key.id).collect(), page.next)
}

/// Ids say nothing of when: an activity may be typed in years later.
pub async fn activities_come_in_the_order_in_which_they_began(stores: &impl Stores) {
    let user = user("began");
    let records = [
        activity(900, "2024-01-02T00:00:00"),
        activity(7, "2024-01-03T23:59:59"),
        activity(80, "2024-01-02T00:00:00.500"),
        activity(5, "2024-01-01T23:59:59"),
        activity(600, "2024-01-04T00:00:00"),
        activity(40, "2024-01-03T07:00:00"),
        record("activity#3", &json!({"name": "of no date"})),
        record("day#2024-01-02", &json!({"steps": 1})),
    ];
    imported(stores, &user, &records).await;
    let (found, next) =
        activity_ids(stores, &user, &began(range("2024-01-02", "2024-01-03"), 1_000, None)).await;
    assert_eq!((found, next), (["900", "80", "40", "7"].map(str::to_owned).to_vec(), None));
    let one_day = began(range("2024-01-04", "2024-01-04"), 1_000, None);
    assert_eq!(activity_ids(stores, &user, &one_day).await.0, ["600"]);
    let projected = ActivityQuery { attributes: Some(["name".to_owned()].into()), ..one_day };
    let page = stores.records().activities(&user, &projected).await.expect("a page");
    let sent = record("activity#600", &json!({"name": "600"}));
    assert_eq!(page.items[0].attributes, sent.attributes);
    let others = activity_ids(stores, &crate::build::user("began2"), &projected).await;
    assert_eq!(others, (vec![], None), "one user's activities are another's nothing");
}

/// Pages of activities join, more of them than one batch of reads takes, though many began at one moment.
pub async fn pages_of_activities_join_and_a_strange_cursor_does_no_harm(stores: &impl Stores) {
    let user = user("began_in_pages");
    let start = |id: u32| format!("2024-01-{:02}T07:00:00", 1 + id / 20);
    let records: Vec<_> = (100..420).map(|id| activity(id, &start(id))).collect();
    imported(stores, &user, &records).await;
    let days = range("2024-01-06", "2024-01-21");
    let (mut all, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let (found, next) = activity_ids(stores, &user, &began(days, 160, cursor.as_deref())).await;
        all.extend(found);
        pages += 1;
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages, 2, "three hundred and twenty are two pages, and no third");
    let days_of_all: Vec<_> = all.iter().map(|id| id.parse::<u32>().expect("a number") / 20).collect();
    assert!(days_of_all.is_sorted());
    all.sort_unstable();
    let expected: Vec<_> = (100..420).map(|id: u32| id.to_string()).collect();
    assert_eq!(all, expected, "each once");

    let before = began(days, 1, Some("2024-01-01T00:00:00#1"));
    assert_eq!(activity_ids(stores, &user, &before).await.0.len(), 1);
    let between = began(days, 1_000, Some("2024-01-21T00:00:00#1"));
    assert_eq!(activity_ids(stores, &user, &between).await.0.len(), 20, "no activity stands there");
    for after in ["2024-01-30T00:00:00#1", "~#$"] {
        assert_eq!(
            activity_ids(stores, &user, &began(days, 1, Some(after))).await,
            (vec![], None),
            "{after}"
        );
    }
}

/// One user's history is another's nothing.
pub async fn two_users_never_see_each_others_records(stores: &impl Stores) {
    let (one, other) = (user("one"), user("one2"));
    imported(stores, &one, &days_of_steps(5)).await;
    assert_eq!(all_records(stores, &other, RecordKind::Day).await, []);
    imported(stores, &other, &[record("day#2024-01-01", &json!({"steps": 99}))]).await;
    assert_eq!(all_records(stores, &one, RecordKind::Day).await.len(), 5);
}

/// Every promise of a [`RecordStore`] as a test. Takes an expression that gives the future of [`Stores`].
#[macro_export]
macro_rules! record_store_suite {
    ($stores:expr) => {
        $crate::suite!(
            record_store,
            $stores,
            [
                every_kind_of_value_reads_back_as_it_was,
                a_number_without_a_fraction_is_an_integer,
                kinds_are_kept_apart,
                a_range_holds_both_its_ends,
                pages_join_and_a_strange_cursor_does_no_harm,
                a_page_is_full_though_its_records_are_large,
                only_the_attributes_that_were_asked_for_come,
                activities_come_in_the_order_in_which_they_began,
                pages_of_activities_join_and_a_strange_cursor_does_no_harm,
                two_users_never_see_each_others_records,
            ]
        );
    };
}
