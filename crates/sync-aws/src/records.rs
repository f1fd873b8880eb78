//! Imported records in DynamoDB: one item each in `health_records`, merged attribute by attribute.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, ReturnValuesOnConditionCheckFailure, Select, TransactWriteItem,
};
use chrono::{DateTime, Utc};
use serde_json::{Map, Number, Value};
use sync_core::ids::UserId;
use sync_core::ports::{ActivityQuery, Page, RecordQuery, RecordStore, StoreError};
use sync_core::record::activity::START_LOCAL;
use sync_core::record::{Attribute, RecordKey, RecordKind, RecordUpsert, StoredRecord};

use crate::attributes::{Item, PROVIDER, record_key, text, timestamp};
use crate::expression::Expression;
use crate::failure::{unavailable, unreadable};
use crate::projection::Projection;
use crate::tables::TableNames;

/// Attributes that belong to the store. A source that yields one of these names is in error; it is left out.
pub(crate) const BOOKKEEPING: [&str; 4] = ["user_id", "record", "source", "updated_at"];

/// The index of what has a local start: activities alone. It holds keys and nothing else.
const BY_START: &str = "by_start";

/// DynamoDB takes this many keys in one batch of reads.
const MOST_KEYS: usize = 100;

/// [`RecordStore`] on DynamoDB. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DynamoRecordStore {
    client: Client,
    tables: TableNames,
}

impl DynamoRecordStore {
    /// A store on these tables.
    #[must_use]
    pub const fn new(client: Client, tables: TableNames) -> Self {
        Self { client, tables }
    }
}

impl RecordStore for DynamoRecordStore {
    async fn records(&self, user: &UserId, query: &RecordQuery) -> Result<Page<StoredRecord>, StoreError> {
        let kind = query.kind.name();
        let first = format!("{kind}#{}", query.from.as_deref().unwrap_or_default());
        // `$` follows `#`.
        let last = match &query.to {
            Some(to) => format!("{kind}#{to}"),
            None => format!("{kind}$"),
        };
        let after = query.cursor.as_ref().map(|cursor| format!("{kind}#{cursor}"));
        let nothing_left = after.as_ref().is_some_and(|after| *after >= last);
        if first > last || nothing_left {
            return Ok(Page { items: Vec::new(), next: None });
        }
        // A start outside of the range is refused by DynamoDB, and before the range it means its beginning.
        let mut start = after.filter(|after| *after >= first).map(|after| {
            Item::from([("user_id".into(), text(user.as_str())), ("record".into(), text(after))])
        });
        let limit = query.limit.clamp(1, 1_000) as usize;
        let projection = Projection::of(query.attributes.as_ref());
        let mut items: Vec<StoredRecord> = Vec::new();
        // One more than asked tells whether there is a next page; a megabyte ends DynamoDB's own page early.
        while items.len() <= limit {
            let found = self
                .client
                .query()
                .table_name(&self.tables.records)
                .key_condition_expression("user_id = :user AND #record BETWEEN :first AND :last")
                .set_projection_expression(projection.expression())
                .set_expression_attribute_names(Some(projection.names_and([("#record", "record")])))
                .expression_attribute_values(":user", text(user.as_str()))
                .expression_attribute_values(":first", text(first.as_str()))
                .expression_attribute_values(":last", text(last.as_str()))
                .limit(i32::try_from(limit + 1 - items.len()).unwrap_or(1))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| unavailable("Query records", error))?;
            for item in found.items.unwrap_or_default() {
                items.push(read(item)?);
            }
            start = found.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                break;
            }
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|record| record.key.id.clone());
        Ok(Page { items, next })
    }

    async fn activities(
        &self,
        user: &UserId,
        query: &ActivityQuery,
    ) -> Result<Page<StoredRecord>, StoreError> {
        let limit = query.limit.clamp(1, 1_000) as usize;
        let (mut keys, more) = self.activity_keys(user, query, limit).await?;
        keys.truncate(limit);
        let next = keys.last().filter(|_| more).map(|(start, key)| format!("{start}#{}", key.id));
        let projection = Projection::of(query.attributes.as_ref());
        let mut found = HashMap::new();
        for keys in keys.chunks(MOST_KEYS) {
            let keys = keys.iter().map(|(_, key)| record_key(user, key)).collect();
            for item in self.batch(keys, &projection).await? {
                let record = read(item)?;
                found.insert(record.key.clone(), record);
            }
        }
        // One that is gone since the index was read is left out.
        let items = keys.iter().filter_map(|(_, key)| found.remove(key)).collect();
        Ok(Page { items, next })
    }
}

impl DynamoRecordStore {
    /// The local starts and the keys of the activities that `query` asks for, and whether there are more than `limit`.
    async fn activity_keys(
        &self,
        user: &UserId,
        query: &ActivityQuery,
        limit: usize,
    ) -> Result<(Vec<(String, RecordKey)>, bool), StoreError> {
        // A local start is written `2024-01-31T07:00:00`, and `U` follows `T`.
        let (first, last) = (query.days.start().to_string(), format!("{}U", query.days.end()));
        let after = query.cursor.as_ref().map(|after| after.split_once('#').unwrap_or((after, "")));
        if after.is_some_and(|(start, _)| *start >= *last) {
            return Ok((Vec::new(), false));
        }
        // A start outside of the range is refused by DynamoDB, and before the range it means its beginning.
        let mut start = after.filter(|(start, _)| **start >= *first).map(|(start, id)| {
            let mut key = record_key(user, &RecordKey::object(RecordKind::Activity, id));
            key.insert(START_LOCAL.to_owned(), text(start));
            key
        });
        let mut keys = Vec::new();
        // One more than asked tells whether there is a next page.
        while keys.len() <= limit {
            let found = self
                .client
                .query()
                .table_name(&self.tables.records)
                .index_name(BY_START)
                .key_condition_expression("user_id = :user AND #start BETWEEN :first AND :last")
                .expression_attribute_names("#start", START_LOCAL)
                .expression_attribute_values(":user", text(user.as_str()))
                .expression_attribute_values(":first", text(first.as_str()))
                .expression_attribute_values(":last", text(last.as_str()))
                .limit(i32::try_from(limit + 1 - keys.len()).unwrap_or(1))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| unavailable("Query activities", error))?;
            for item in found.items.unwrap_or_default() {
                let start = item.get(START_LOCAL).and_then(|start| start.as_s().ok());
                let start = start.ok_or_else(|| unreadable("record", "the index shows no start"))?.clone();
                keys.push((start, key_of(&item)?));
            }
            start = found.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                break;
            }
        }
        let more = keys.len() > limit;
        Ok((keys, more))
    }

    /// The items of these keys, at most [`MOST_KEYS`], in no order. DynamoDB answers 16 MB at once and names what is left.
    async fn batch(&self, keys: Vec<Item>, projection: &Projection) -> Result<Vec<Item>, StoreError> {
        let table = &self.tables.records;
        let (mut items, mut left) = (Vec::new(), keys);
        while !left.is_empty() {
            let asked = left.len();
            let request = KeysAndAttributes::builder()
                .set_keys(Some(left))
                .set_projection_expression(projection.expression())
                .set_expression_attribute_names(projection.names())
                .build()
                .map_err(|error| unreadable("record", error))?;
            let found = self
                .client
                .batch_get_item()
                .request_items(table, request)
                .send()
                .await
                .map_err(|error| unavailable("BatchGetItem records", error))?;
            items.extend(found.responses.unwrap_or_default().into_values().flatten());
            left = found
                .unprocessed_keys
                .unwrap_or_default()
                .remove(table)
                .map_or_else(Vec::new, |left| left.keys);
            if left.len() == asked {
                return Err(StoreError::Unavailable("DynamoDB got round to none of the keys".into()));
            }
        }
        Ok(items)
    }
}

/// What of `records` a write would change: a record that holds all of it already costs a read here instead of a write,
/// which is dearer by an order of magnitude. Records of another source stay in: the write finds out about them.
///
/// Whoever asks holds the job, and with it the right to write this user's records of Garmin, so that nothing moves between
/// this read and the write. Should the read fail, everything is written.
pub(crate) async fn changed(
    client: &Client,
    tables: &TableNames,
    user: &UserId,
    records: Vec<RecordUpsert>,
) -> Vec<RecordUpsert> {
    match stored(client, tables, user, &records).await {
        Ok(stored) if stored.is_empty() => records,
        Ok(stored) => records
            .into_iter()
            .filter(|record| !stored.get(&record.key.to_string()).is_some_and(|item| holds(item, record)))
            .collect(),
        Err(error) => {
            tracing::debug!(error = %error, "not known what is stored already; all of it is written");
            records
        }
    }
}

/// What is stored of these records, by key. Days first, in one query, for the days of a chunk are neighbours and every
/// import writes them: where there is none, this is the first import, and the rest is not looked up at all.
async fn stored(
    client: &Client,
    tables: &TableNames,
    user: &UserId,
    records: &[RecordUpsert],
) -> Result<HashMap<String, Item>, StoreError> {
    let (days, others): (Vec<_>, Vec<_>) =
        records.iter().map(|record| &record.key).partition(|key| key.kind == RecordKind::Day);
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return Ok(HashMap::new());
    };
    let mut items = Vec::new();
    let mut start = None;
    loop {
        let found = client
            .query()
            .table_name(&tables.records)
            .key_condition_expression("user_id = :user AND #record BETWEEN :first AND :last")
            .expression_attribute_names("#record", "record")
            .expression_attribute_values(":user", text(user.as_str()))
            .expression_attribute_values(":first", text(first.to_string()))
            .expression_attribute_values(":last", text(last.to_string()))
            .consistent_read(true)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| unavailable("Query stored days", error))?;
        items.extend(found.items.unwrap_or_default());
        start = found.last_evaluated_key.filter(|key| !key.is_empty());
        if start.is_none() {
            break;
        }
    }
    if !items.is_empty() {
        for keys in others.chunks(MOST_KEYS) {
            let keys = keys.iter().map(|key| record_key(user, key)).collect();
            let Ok(keys) = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build()
            else {
                continue;
            };
            let found = client
                .batch_get_item()
                .request_items(&tables.records, keys)
                .send()
                .await
                .map_err(|error| unavailable("BatchGetItem stored records", error))?;
            // What DynamoDB did not get round to is written.
            items.extend(found.responses.unwrap_or_default().into_values().flatten());
        }
    }
    let by_key = |item: Item| Some((item.get("record")?.as_s().ok()?.clone(), item));
    Ok(items.into_iter().filter_map(by_key).collect())
}

/// Whether an item of Garmin's says all that `record` says.
fn holds(item: &Item, record: &RecordUpsert) -> bool {
    item.get("source").and_then(|source| source.as_s().ok()).is_some_and(|source| source == PROVIDER)
        && record
            .attributes
            .iter()
            .filter(|(name, _)| !BOOKKEEPING.contains(&name.as_str()))
            .all(|(name, attribute)| item.get(name).is_some_and(|kept| is_same(kept, &write(attribute))))
}

/// Equal as DynamoDB sees it: it keeps numbers, not the way they were written.
fn is_same(one: &AttributeValue, other: &AttributeValue) -> bool {
    match (one, other) {
        (AttributeValue::N(one), AttributeValue::N(other)) => {
            one == other
                || matches!((as_float(one), as_float(other)), (Some(one), Some(other)) if one == other)
        }
        (AttributeValue::L(one), AttributeValue::L(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (AttributeValue::M(one), AttributeValue::M(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| is_same(one, other)))
        }
        _ => one == other,
    }
}

/// The number, unless it is an integer that no float holds: those are written one way only.
fn as_float(number: &str) -> Option<f64> {
    if number.parse::<i128>().is_ok_and(|integer| integer.unsigned_abs() >= 1 << 53) {
        return None;
    }
    number.parse().ok()
}

/// The write of one record: its attributes over those that are there, unless it is of another source.
pub(crate) fn upsert(
    tables: &TableNames,
    user: &UserId,
    record: &RecordUpsert,
    now: DateTime<Utc>,
) -> TransactWriteItem {
    let mut expression = Expression::new().set("source", text(PROVIDER)).set("updated_at", timestamp(now));
    for (name, attribute) in &record.attributes {
        if BOOKKEEPING.contains(&name.as_str()) {
            tracing::error!(attribute = name, kind = %record.key.kind, "a record names an attribute of the store's own");
            continue;
        }
        expression = expression.set(name, write(attribute));
    }
    if_garmins(expression).into_update(
        &tables.records,
        record_key(user, &record.key),
        ReturnValuesOnConditionCheckFailure::None,
    )
}

/// The end of one record, unless it is of another source.
pub(crate) fn erasing(tables: &TableNames, user: &UserId, record: &RecordKey) -> TransactWriteItem {
    if_garmins(Expression::new()).into_delete(&tables.records, record_key(user, record))
}

fn if_garmins(expression: Expression) -> Expression {
    expression.when_absent_or("source", "=", text(PROVIDER))
}

/// A page of what a user has, of whatever kind, as far as erasing it has to know.
pub(crate) struct KeyPage {
    /// The records of Garmin's.
    pub(crate) garmins: Vec<RecordKey>,
    /// The last record of the page, whosever it is.
    pub(crate) last: Option<RecordKey>,
    /// Whether there are more.
    pub(crate) more: bool,
}

/// The next records of the user after `after`, at most `limit` and no more than a megabyte of them.
pub(crate) async fn keys_after(
    client: &Client,
    tables: &TableNames,
    user: &UserId,
    after: Option<&RecordKey>,
    limit: usize,
) -> Result<KeyPage, StoreError> {
    // Every key has letters, so that a space sorts before each.
    let after = after.map_or_else(|| " ".to_owned(), RecordKey::to_string);
    let found = client
        .query()
        .table_name(&tables.records)
        .key_condition_expression("user_id = :user AND #record > :after")
        // Said outright: link-account's role demands it.
        .select(Select::SpecificAttributes)
        .projection_expression("#record, #source")
        .expression_attribute_names("#record", "record")
        .expression_attribute_names("#source", "source")
        .expression_attribute_values(":user", text(user.as_str()))
        .expression_attribute_values(":after", text(after))
        .consistent_read(true)
        .limit(i32::try_from(limit).unwrap_or(i32::MAX))
        .send()
        .await
        .map_err(|error| unavailable("Query record keys", error))?;
    let more = found.last_evaluated_key.as_ref().is_some_and(|key| !key.is_empty());
    let mut page = KeyPage { garmins: Vec::new(), last: None, more };
    for item in found.items.unwrap_or_default() {
        let key = key_of(&item)?;
        page.last = Some(key.clone());
        if item.get("source").is_none_or(|source| *source == text(PROVIDER)) {
            page.garmins.push(key);
        }
    }
    Ok(page)
}

fn key_of(item: &Item) -> Result<RecordKey, StoreError> {
    item.get("record")
        .and_then(|key| key.as_s().ok())
        .ok_or_else(|| unreadable("record", "it has no key"))?
        .parse()
        .map_err(|source: sync_core::record::UnknownRecordKind| unreadable("record", source))
}

fn read(mut item: Item) -> Result<StoredRecord, StoreError> {
    let key = key_of(&item)?;
    for name in BOOKKEEPING {
        item.remove(name);
    }
    let attributes = item
        .into_iter()
        .map(|(name, value)| Ok((name, read_attribute(value)?)))
        .collect::<Result<BTreeMap<_, _>, StoreError>>()?;
    Ok(StoredRecord { key, attributes })
}

fn write(attribute: &Attribute) -> AttributeValue {
    match attribute {
        Attribute::Json(value) => write_json(value),
        Attribute::Bytes(bytes) => AttributeValue::B(Blob::new(bytes.clone())),
    }
}

fn write_json(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(value) => AttributeValue::Bool(*value),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(values) => AttributeValue::L(values.iter().map(write_json).collect()),
        Value::Object(fields) => AttributeValue::M(
            fields.iter().map(|(name, value)| (name.clone(), write_json(value))).collect::<HashMap<_, _>>(),
        ),
    }
}

fn read_attribute(value: AttributeValue) -> Result<Attribute, StoreError> {
    match value {
        AttributeValue::B(bytes) => Ok(Attribute::Bytes(bytes.into_inner())),
        value => read_json(value).map(Attribute::Json),
    }
}

fn read_json(value: AttributeValue) -> Result<Value, StoreError> {
    match value {
        AttributeValue::Null(_) => Ok(Value::Null),
        AttributeValue::Bool(value) => Ok(Value::Bool(value)),
        AttributeValue::N(number) => read_number(&number).map(Value::Number),
        AttributeValue::S(text) => Ok(Value::String(text)),
        AttributeValue::L(values) => values.into_iter().map(read_json).collect(),
        // Sorted: DynamoDB's maps have no order, and two reads of one record shall print the same.
        AttributeValue::M(fields) => BTreeMap::from_iter(fields)
            .into_iter()
            .map(|(name, value)| Ok((name, read_json(value)?)))
            .collect::<Result<Map<_, _>, _>>()
            .map(Value::Object),
        _ => Err(unreadable("record", "an attribute has a type that is never written")),
    }
}

/// A number as DynamoDB writes it: integers stay integers. DynamoDB drops trailing zeros, so that 72.0 comes back as 72.
fn read_number(number: &str) -> Result<Number, StoreError> {
    let not_a_number = || unreadable("record", "a number is not readable");
    if let Ok(integer) = number.parse::<i64>() {
        return Ok(integer.into());
    }
    if let Ok(integer) = number.parse::<u64>() {
        return Ok(integer.into());
    }
    let float: f64 = number.parse().map_err(|_| not_a_number())?;
    Number::from_f64(float).ok_or_else(not_a_number)
}

/// About what a record counts against the size of a transaction.
pub(crate) fn estimated_bytes(record: &RecordUpsert) -> usize {
    let attributes = record.attributes.iter().map(|(name, attribute)| {
        name.len()
            + match attribute {
                Attribute::Json(value) => json_bytes(value),
                Attribute::Bytes(bytes) => bytes.len(),
            }
    });
    200 + attributes.sum::<usize>()
}

fn json_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::Number(_) => 21,
        Value::String(text) => text.len(),
        Value::Array(values) => 3 + values.iter().map(|value| 1 + json_bytes(value)).sum::<usize>(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| 1 + name.len() + json_bytes(value));
            3 + fields.sum::<usize>()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_reads_back_as_it_was_written_and_integers_stay_integers() {
        let values = json!({
            "integer": 72, "negative": -3, "largest": u64::MAX, "smallest": i64::MIN, "float": 36.6,
            "tiny": 1.5e-9, "text": "Läufe", "empty": "", "truth": true, "nothing": null,
            "list": [1, [2.5], {"a": []}], "map": {"b": {"c": "d"}}
        });
        assert_eq!(read_json(write_json(&values)).unwrap(), values);
    }

    #[test]
    fn a_record_that_holds_all_of_it_is_recognised_and_one_that_differs_is_not() {
        let kept = json!({
            "steps": 72, "weight_kg": 71, "big": u64::MAX, "zone": {"a": [1.5, 2]}, "name": "Läufe", "other": 1
        });
        let mut item: Item =
            kept.as_object().unwrap().iter().map(|(k, v)| (k.clone(), write_json(v))).collect();
        item.insert("source".into(), text(PROVIDER));
        let says = |values: Value| RecordUpsert::new("day#2024-01-01".parse().unwrap(), &values).unwrap();
        assert!(holds(&item, &says(json!({"steps": 72, "weight_kg": 71.0, "zone": {"a": [1.5, 2.0]}}))));
        assert!(holds(&item, &says(json!({"big": u64::MAX, "name": "Läufe"}))));
        for different in [
            json!({"steps": 73}),
            json!({"floors": 1}),
            json!({"big": u64::MAX - 1}),
            json!({"zone": {"a": [1.5]}}),
            json!({"zone": {"a": [1.5, 2], "b": 1}}),
            json!({"name": "läufe"}),
        ] {
            assert!(!holds(&item, &says(different.clone())), "{different}");
        }
        item.insert("source".into(), text("manual"));
        assert!(!holds(&item, &says(json!({"steps": 72}))), "whose it is, is for the write to find out");
    }

    #[test]
    fn bytes_read_back_as_bytes() {
        let bytes = Attribute::Bytes(vec![0, 159, 255]);
        assert_eq!(read_attribute(write(&bytes)).unwrap(), bytes);
    }
}
