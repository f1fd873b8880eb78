//! DynamoDB attribute values and keys, written by hand.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use sync_core::ids::{AccountKey, JobId, UserId};
use sync_core::record::RecordKey;

/// The provider of every link here.
pub(crate) const PROVIDER: &str = "garmin";

/// An item, or the key of one.
pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// An instant that conditions compare: epoch milliseconds.
pub(crate) fn millis(instant: DateTime<Utc>) -> AttributeValue {
    number(instant.timestamp_millis())
}

/// A moment at which DynamoDB may delete an item: epoch seconds, rounded up.
pub(crate) fn expiry(instant: DateTime<Utc>) -> AttributeValue {
    number(instant.timestamp() + i64::from(instant.timestamp_subsec_nanos() > 0))
}

/// An instant that people read: RFC 3339.
pub(crate) fn timestamp(instant: DateTime<Utc>) -> AttributeValue {
    text(instant.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
}

pub(crate) fn instant_of(value: &AttributeValue) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(value.as_n().ok()?.parse().ok()?)
}

pub(crate) fn job_key(user: &UserId, job: JobId) -> Item {
    job_table_key(user, job.to_string())
}

pub(crate) fn job_table_key(user: &UserId, sort_key: String) -> Item {
    Item::from([("user_id".into(), text(user.as_str())), ("job_id".into(), text(sort_key))])
}

pub(crate) fn link_key(user: &UserId) -> Item {
    Item::from([("user_id".into(), text(user.as_str())), ("provider_type".into(), text(PROVIDER))])
}

pub(crate) fn account_key(account: &AccountKey) -> Item {
    Item::from([("account".into(), text(account.as_str()))])
}

pub(crate) fn record_key(user: &UserId, record: &RecordKey) -> Item {
    Item::from([("user_id".into(), text(user.as_str())), ("record".into(), text(record.to_string()))])
}
