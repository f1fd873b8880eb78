//! Imported records: what a person's history consists of once it has arrived.
//!
//! A source yields [`RecordUpsert`]s, each some attributes of one record. Attributes are merged one by one: a sync of one
//! metric never wipes another, and a value that Garmin does not have never overwrites one that it had.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;

use crate::window::{DayOutcome, SourceId};

pub mod activity;
pub mod body;
pub mod day;
pub mod fields;
pub mod series;
pub mod sleep;
pub mod workout;

pub use activity::ActivityRecord;
pub use body::{BloodPressureRecord, WeighInRecord};
pub use day::DayRecord;
pub use sleep::SleepRecord;
pub use workout::WorkoutRecord;

/// The kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// One calendar day's aggregates.
    Day,
    /// One night, by the calendar date of its morning.
    Sleep,
    /// One recorded activity.
    Activity,
    /// One time on the scales.
    WeighIn,
    /// One blood pressure measurement.
    BloodPressure,
    /// One saved workout: a plan, without a date.
    Workout,
    /// One day's series within the day, compressed.
    Intraday,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Day,
        Self::Sleep,
        Self::Activity,
        Self::WeighIn,
        Self::BloodPressure,
        Self::Workout,
        Self::Intraday,
    ];

    /// The name, as it stands before the `#` of a key.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Sleep => "sleep",
            Self::Activity => "activity",
            Self::WeighIn => "weigh_in",
            Self::BloodPressure => "blood_pressure",
            Self::Workout => "workout",
            Self::Intraday => "intraday",
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no record kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of record")]
pub struct UnknownRecordKind;

impl FromStr for RecordKind {
    type Err = UnknownRecordKind;
    fn from_str(name: &str) -> Result<Self, UnknownRecordKind> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name).ok_or(UnknownRecordKind)
    }
}

/// A record's natural key within its user: `day#2024-01-01`, `activity#12345`. Importing the same thing twice hits the
/// same record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// What kind of record.
    pub kind: RecordKind,
    /// Its id among its kind: a calendar date, or Garmin's id.
    pub id: String,
}

impl RecordKey {
    /// The key of a kind that is kept by calendar date.
    #[must_use]
    pub fn dated(kind: RecordKind, date: NaiveDate) -> Self {
        Self { kind, id: date.to_string() }
    }

    /// The key of a kind that is kept by Garmin's id.
    #[must_use]
    pub fn object(kind: RecordKind, id: impl fmt::Display) -> Self {
        Self { kind, id: id.to_string() }
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.kind, self.id)
    }
}

impl FromStr for RecordKey {
    type Err = UnknownRecordKind;
    fn from_str(text: &str) -> Result<Self, UnknownRecordKind> {
        let (kind, id) = text.split_once('#').ok_or(UnknownRecordKind)?;
        Ok(Self { kind: kind.parse()?, id: id.to_owned() })
    }
}

/// One attribute's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// A JSON value, never null.
    Json(Value),
    /// Bytes: a compressed series.
    Bytes(Vec<u8>),
}

/// Some attributes of one record, to be set in it. `Debug` shows names and no values: these are health data.
#[derive(Clone, PartialEq)]
pub struct RecordUpsert {
    /// Which record.
    pub key: RecordKey,
    /// What to set. Attributes that are not named stay as they are.
    pub attributes: BTreeMap<String, Attribute>,
}

impl fmt::Debug for RecordUpsert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.attributes.keys().collect::<Vec<_>>();
        f.debug_struct("RecordUpsert").field("key", &self.key).field("attributes", &names).finish()
    }
}

/// What the name of each attribute begins with that says what asking a source for a day came to.
pub const COVERAGE: &str = "coverage_";

/// The attribute of a day record that says what asking a source for that day came to.
#[must_use]
pub fn coverage_attribute(source: &SourceId) -> String {
    format!("{COVERAGE}{source}")
}

impl RecordUpsert {
    /// The non-null fields of `values` as attributes of `key`.
    ///
    /// # Errors
    /// When `values` does not serialise to a JSON object: a mistake in the type, not in the data.
    pub fn new(key: RecordKey, values: &impl Serialize) -> Result<Self, serde_json::Error> {
        let Value::Object(fields) = serde_json::to_value(values)? else {
            return Err(serde::ser::Error::custom("a record is an object"));
        };
        let attributes = fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, Attribute::Json(value)))
            .collect();
        Ok(Self { key, attributes })
    }

    /// The mark on a day that `source` was asked for it, and what came.
    #[must_use]
    pub fn coverage(date: NaiveDate, source: &SourceId, outcome: DayOutcome) -> Self {
        let value = match outcome {
            DayOutcome::Ok => "ok",
            DayOutcome::None => "none",
            DayOutcome::Offloaded => "offloaded",
            DayOutcome::Refused => "refused",
        };
        Self {
            key: RecordKey::dated(RecordKind::Day, date),
            attributes: BTreeMap::from([(coverage_attribute(source), Attribute::Json(value.into()))]),
        }
    }

    /// One upsert per record, later attributes over earlier ones, in key order: DynamoDB takes one operation per item
    /// in a transaction.
    #[must_use]
    pub fn merged(upserts: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut records: BTreeMap<RecordKey, BTreeMap<String, Attribute>> = BTreeMap::new();
        for upsert in upserts {
            records.entry(upsert.key).or_default().extend(upsert.attributes);
        }
        records.into_iter().map(|(key, attributes)| Self { key, attributes }).collect()
    }
}

/// A record as a store gives it back: its attributes without the store's own bookkeeping.
#[derive(Clone, PartialEq)]
pub struct StoredRecord {
    /// Which record.
    pub key: RecordKey,
    /// What it holds.
    pub attributes: BTreeMap<String, Attribute>,
}

impl fmt::Debug for StoredRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.attributes.keys().collect::<Vec<_>>();
        f.debug_struct("StoredRecord").field("key", &self.key).field("attributes", &names).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn day(attributes: &Value) -> RecordUpsert {
        RecordUpsert::new("day#2024-01-01".parse().unwrap(), attributes).unwrap()
    }

    #[test]
    fn a_null_never_becomes_an_attribute() {
        let upsert = day(&json!({"steps": 1200, "resting_heart_rate_bpm": null}));
        assert_eq!(upsert.attributes.keys().collect::<Vec<_>>(), ["steps"]);
    }

    #[test]
    fn upserts_of_one_record_merge_attribute_by_attribute() {
        let merged = RecordUpsert::merged([
            day(&json!({"steps": 1})),
            day(&json!({"floors": 2})),
            day(&json!({"steps": 3})),
        ]);
        assert_eq!(merged, [day(&json!({"steps": 3, "floors": 2}))]);
    }

    #[test]
    fn a_record_in_a_log_shows_no_values() {
        assert!(!format!("{:?}", day(&json!({"steps": 98765}))).contains("98765"));
    }

    #[test]
    fn every_kind_reads_back_from_its_key() {
        for kind in RecordKind::ALL {
            let key = RecordKey::object(*kind, 7);
            assert_eq!(key.to_string().parse::<RecordKey>(), Ok(key));
        }
    }
}
