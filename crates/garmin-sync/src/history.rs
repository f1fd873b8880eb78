//! What was imported: read from the records, to print them or to count them.

use anyhow::Result;
use base64::Engine as _;
use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use sync_core::ports::RecordQuery;
use sync_core::record::{Attribute, StoredRecord};
use sync_core::use_cases::history::MAX_PAGE;
use sync_core::{RecordKind, RecordStore, UserId};

use crate::cli::HistoryKind;

/// Records of one read.
const PAGE: u32 = 1_000;

/// What arrived of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Of which kind.
    pub kind: RecordKind,
    /// How many.
    pub count: usize,
    /// The first day, for kinds that have days.
    pub first: Option<NaiveDate>,
    /// The last day.
    pub last: Option<NaiveDate>,
}

/// The user's records of a kind in key order, as far as their day lies in the range; those without a day always.
///
/// # Errors
/// As the store's.
pub async fn records(
    store: &impl RecordStore,
    user: &UserId,
    kind: RecordKind,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> Result<Vec<StoredRecord>> {
    let bound = |day: Option<NaiveDate>| day.filter(|_| is_dated(kind)).map(|day| day.to_string());
    let mut query =
        RecordQuery { kind, from: bound(from), to: bound(to), attributes: None, limit: PAGE, cursor: None };
    let mut records = Vec::new();
    loop {
        let page = store.records(user, &query).await?;
        records.extend(page.items.into_iter().filter(|record| {
            day(record).is_none_or(|day| from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to))
        }));
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => return Ok(records),
        }
    }
}

/// What arrived for a user, kind by kind. A day for which nothing came but the mark that it was asked does not count.
///
/// # Errors
/// As the store's.
pub async fn arrived(store: &impl RecordStore, user: &UserId) -> Result<Vec<Arrived>> {
    let mut all = Vec::new();
    for kind in RecordKind::ALL {
        let mut records = records(store, user, *kind, None, None).await?;
        records.retain(has_values);
        let days = records.iter().filter_map(day);
        let (first, last) = (days.clone().min(), days.max());
        all.push(Arrived { kind: *kind, count: records.len(), first, last });
    }
    Ok(all)
}

/// A record as one JSON object: its kind, its id and its attributes by name.
#[must_use]
pub fn line(record: &StoredRecord) -> Value {
    let mut line = Map::new();
    line.insert("kind".to_owned(), json!(record.key.kind.name()));
    line.insert("id".to_owned(), json!(record.key.id));
    for (name, attribute) in &record.attributes {
        let value = match attribute {
            Attribute::Json(value) => value.clone(),
            Attribute::Bytes(bytes) => json!(base64::engine::general_purpose::STANDARD.encode(bytes)),
        };
        line.entry(name.clone()).or_insert(value);
    }
    Value::Object(line)
}

/// The route below `/history`, with its query. A page is as large as it may be.
#[must_use]
pub fn path(kind: HistoryKind, from: NaiveDate, to: NaiveDate, fields: Option<&str>) -> String {
    let name = match kind {
        HistoryKind::Daily => "daily",
        HistoryKind::Sleep => "sleep",
        HistoryKind::Activities => "activities",
        HistoryKind::Coverage => "coverage",
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("from", &from.to_string()).append_pair("to", &to.to_string());
    query.append_pair("limit", &MAX_PAGE.to_string());
    if let Some(fields) = fields {
        query.append_pair("fields", fields);
    }
    format!("{name}?{}", query.finish())
}

/// What people call the records of a kind.
#[must_use]
pub const fn name_for_people(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Day => "days",
        RecordKind::Sleep => "nights",
        RecordKind::Activity => "activities",
        RecordKind::WeighIn => "weigh-ins",
        RecordKind::BloodPressure => "blood pressure measurements",
        RecordKind::Workout => "saved workouts",
        RecordKind::Intraday => "days in detail",
    }
}

const fn is_dated(kind: RecordKind) -> bool {
    matches!(kind, RecordKind::Day | RecordKind::Sleep | RecordKind::Intraday)
}

fn has_values(record: &StoredRecord) -> bool {
    record.attributes.keys().any(|name| !name.starts_with("coverage_"))
}

/// The calendar day of a record: its id, or the day or the local start among its attributes.
fn day(record: &StoredRecord) -> Option<NaiveDate> {
    let of = |text: &str| text.get(..10).and_then(|day| day.parse().ok());
    if is_dated(record.key.kind) {
        return of(&record.key.id);
    }
    ["date", "start_local"].iter().find_map(|name| match record.attributes.get(*name) {
        Some(Attribute::Json(Value::String(text))) => of(text),
        _ => None,
    })
}
