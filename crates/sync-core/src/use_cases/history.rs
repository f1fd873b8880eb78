//! Reading what was imported: days, nights and activities as rows of named values, and which days there are. Nothing here
//! writes, and no page reads more than [`MAX_PAGE`] records of a kind.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::coverage::{self, CoveredRange, Marks, Unfinished};
use crate::dates::{DateRange, parse_date};
use crate::ids::UserId;
use crate::job::Job;
use crate::ports::{ActivityQuery, JobStore, Page, RecordQuery, RecordStore, StoreError};
use crate::record::activity::{START_LOCAL, TRACK};
use crate::record::series::{BODY_BATTERY, HEART_RATE, STRESS, Series, Track, UnreadableSeries};
use crate::record::{
    ActivityRecord, Attribute, DayRecord, RecordKey, RecordKind, SleepRecord, StoredRecord, fields,
};
use crate::use_cases::status;

/// The most records on one page.
pub const MAX_PAGE: u32 = 1_000;

/// The records on a page when the caller does not say: a year of days.
pub const DEFAULT_PAGE: u32 = 366;

/// The most records on one page when something long is asked for. A day's three series are some 40 KB of JSON.
pub const MAX_LONG_PAGE: u32 = 31;

/// How many jobs are looked at for what they gave up. With a sync a day that is most of a year; what an older one gave
/// up shows as not imported.
const MOST_JOBS: usize = 300;

/// The series within a day: how a row names them, and the attribute of the intraday record.
const SERIES: [(&str, &str); 3] =
    [("heart_rate_series", HEART_RATE), ("stress_series", STRESS), ("body_battery_series", BODY_BATTERY)];

/// Of what there are rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Calendar days.
    Days,
    /// Nights, by the date of their morning.
    Nights,
    /// Activities, by the day on which they began.
    Activities,
}

impl Rows {
    /// Every kind of rows.
    pub const ALL: [Self; 3] = [Self::Days, Self::Nights, Self::Activities];

    /// The names of the values that a row can have, in the order of the record's type; what is stored beside the
    /// record's own values comes last.
    #[must_use]
    pub fn fields(self) -> Vec<&'static str> {
        match self {
            Self::Days => [fields::names::<DayRecord>(), &SERIES.map(|(name, _)| name)].concat(),
            Self::Nights => fields::names::<SleepRecord>().to_vec(),
            Self::Activities => [fields::names::<ActivityRecord>(), &[TRACK]].concat(),
        }
    }

    /// Whether a value is too long to come without being asked for by name.
    #[must_use]
    pub fn is_long(self, field: &str) -> bool {
        match self {
            Self::Days => SERIES.iter().any(|(name, _)| *name == field),
            Self::Nights => field == "stages",
            Self::Activities => ["split_summaries", "laps", "exercise_sets", TRACK].contains(&field),
        }
    }
}

/// Which rows to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowQuery {
    /// Of what.
    pub rows: Rows,
    /// The days.
    pub days: DateRange,
    /// Which values; all that are not long when that is not said.
    pub fields: Option<Vec<&'static str>>,
    /// At most this many records are looked at, 1 to [`MAX_PAGE`].
    pub limit: u32,
    /// Where the page before ended: a [`Row::place`].
    pub after: Option<String>,
}

impl RowQuery {
    /// The values that rows have: those that are named, in that order, or all that are not long.
    #[must_use]
    pub fn fields(&self) -> Vec<&'static str> {
        let short = || self.rows.fields().into_iter().filter(|field| !self.rows.is_long(field)).collect();
        self.fields.clone().unwrap_or_else(short)
    }
}

/// A day, a night or an activity, with the values that were asked for and that it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// A calendar date, or Garmin's id of the activity.
    pub id: String,
    /// Where it stands among the rows.
    pub place: String,
    /// The values by name.
    pub values: Map<String, Value>,
}

/// What reading needs.
#[derive(Clone, Debug)]
pub struct History<R, J> {
    /// What was imported.
    pub records: R,
    /// The jobs that imported it.
    pub jobs: J,
}

impl<R: RecordStore, J: JobStore> History<R, J> {
    /// A page of rows, first to last. A record that has none of the values is no row, so that a page may be short or even
    /// empty and not be the last.
    ///
    /// # Errors
    /// As the store's.
    pub async fn rows(&self, user: &UserId, query: &RowQuery) -> Result<Page<Row>, StoreError> {
        let fields = BTreeSet::from_iter(query.fields());
        let most =
            if fields.iter().any(|field| query.rows.is_long(field)) { MAX_LONG_PAGE } else { MAX_PAGE };
        let limit = query.limit.clamp(1, most);
        let mut attributes: BTreeSet<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let found = match query.rows {
            Rows::Days | Rows::Nights => {
                let kind = if query.rows == Rows::Days { RecordKind::Day } else { RecordKind::Sleep };
                self.dated(user, kind, query.days, attributes, limit, query.after.clone()).await?
            }
            Rows::Activities => {
                attributes.insert(START_LOCAL.to_owned());
                let (days, cursor) = (query.days, query.after.clone());
                let query = ActivityQuery { days, attributes: Some(attributes), limit, cursor };
                self.records.activities(user, &query).await?
            }
        };
        let series = self.series(user, &fields, &found.items).await?;
        let mut rows = Vec::with_capacity(found.items.len());
        for record in found.items {
            let mut row = row(query.rows, record)?;
            if let Some(series) = series.get(&row.id) {
                row.values.extend(series.clone());
            }
            row.values.retain(|name, value| !value.is_null() && fields.contains(name.as_str()));
            if fields.is_empty() || !row.values.is_empty() {
                rows.push(row);
            }
        }
        Ok(Page { items: rows, next: found.next })
    }

    /// Which of the days have arrived, as ranges, at most `limit` of them; `next` is the day on which the next page
    /// begins. A page may end within days that stand alike.
    ///
    /// # Errors
    /// As the stores'.
    pub async fn coverage(
        &self,
        user: &UserId,
        days: DateRange,
        limit: u32,
    ) -> Result<Page<CoveredRange>, StoreError> {
        let found = self.dated(user, RecordKind::Day, days, Marks::attributes(), MAX_PAGE, None).await?;
        let mut marks = BTreeMap::new();
        for record in &found.items {
            marks.insert(date_of(&record.key)?, Marks::of(record));
        }
        // Past the last record of an unfinished page nothing is known.
        let last = marks.last_key_value().filter(|_| found.next.is_some()).map(|(date, _)| *date);
        let seen = DateRange::new(days.start(), last.unwrap_or(days.end())).unwrap_or(days);
        let unfinished = Unfinished::of(&self.jobs_of(user).await?, seen);
        let mut ranges = coverage::ranges(seen, &marks, &unfinished);
        ranges.truncate(limit.clamp(1, MAX_PAGE) as usize);
        let end = ranges.last().map_or(seen.end(), |range| range.days.end());
        let next = end.succ_opt().filter(|next| *next <= days.end());
        Ok(Page { items: ranges, next: next.map(|next| next.to_string()) })
    }

    async fn dated(
        &self,
        user: &UserId,
        kind: RecordKind,
        days: DateRange,
        attributes: BTreeSet<String>,
        limit: u32,
        cursor: Option<String>,
    ) -> Result<Page<StoredRecord>, StoreError> {
        let (from, to) = (Some(days.start().to_string()), Some(days.end().to_string()));
        let query = RecordQuery { kind, from, to, attributes: Some(attributes), limit, cursor };
        self.records.records(user, &query).await
    }

    /// The series of these days that are asked for, by date and name.
    async fn series(
        &self,
        user: &UserId,
        fields: &BTreeSet<&str>,
        days: &[StoredRecord],
    ) -> Result<BTreeMap<String, Map<String, Value>>, StoreError> {
        let asked: Vec<_> = SERIES.into_iter().filter(|(name, _)| fields.contains(name)).collect();
        let (Some(first), Some(last), false) = (days.first(), days.last(), asked.is_empty()) else {
            return Ok(BTreeMap::new());
        };
        let days = DateRange::new(date_of(&first.key)?, date_of(&last.key)?)
            .map_err(|source| StoreError::Unreadable { what: "page of days", source: source.into() })?;
        let attributes = asked.iter().map(|(_, attribute)| (*attribute).to_owned()).collect();
        // Whatever has a series has a mark, so there are no more of them than days on the page.
        let found = self.dated(user, RecordKind::Intraday, days, attributes, MAX_LONG_PAGE, None).await?;
        let mut series = BTreeMap::new();
        for record in found.items {
            let mut values = Map::new();
            for (name, attribute) in &asked {
                if let Some(Attribute::Bytes(bytes)) = record.attributes.get(*attribute) {
                    values.insert((*name).to_owned(), columns(bytes).map_err(unreadable)?);
                }
            }
            series.insert(record.key.id, values);
        }
        Ok(series)
    }

    async fn jobs_of(&self, user: &UserId) -> Result<Vec<Job>, StoreError> {
        let (mut jobs, mut cursor) = (Vec::new(), None);
        while jobs.len() < MOST_JOBS {
            let page = self.jobs.jobs(user, status::MAX_PAGE, cursor).await?;
            jobs.extend(page.items);
            cursor = page.next.and_then(|next| next.parse().ok());
            if cursor.is_none() {
                break;
            }
        }
        Ok(jobs)
    }
}

fn row(rows: Rows, record: StoredRecord) -> Result<Row, StoreError> {
    let RecordKey { id, .. } = record.key;
    let mut values = Map::new();
    let mut track = None;
    for (name, attribute) in record.attributes {
        match attribute {
            Attribute::Json(value) => drop(values.insert(name, value)),
            Attribute::Bytes(bytes) if name == TRACK => track = Some(bytes),
            Attribute::Bytes(_) => {}
        }
    }
    let place = match values.get(START_LOCAL) {
        Some(Value::String(start)) if rows == Rows::Activities => format!("{start}#{id}"),
        _ => id.clone(),
    };
    let mut values = match rows {
        Rows::Days => typed::<DayRecord>("day", values),
        Rows::Nights => typed::<SleepRecord>("night", values),
        Rows::Activities => typed::<ActivityRecord>("activity", values),
    }?;
    if let Some(bytes) = track {
        let track = Track::unpack(&bytes).map_err(unreadable)?;
        values.insert(TRACK.to_owned(), object("track", &track)?.into());
    }
    Ok(Row { id, place, values })
}

/// The values as the record's type has them: a caller is shown nothing that the type does not name.
fn typed<T: DeserializeOwned + Serialize>(
    what: &'static str,
    values: Map<String, Value>,
) -> Result<Map<String, Value>, StoreError> {
    let record: T = serde_json::from_value(Value::Object(values))
        .map_err(|source| StoreError::Unreadable { what, source: source.into() })?;
    object(what, &record)
}

fn object(what: &'static str, values: &impl Serialize) -> Result<Map<String, Value>, StoreError> {
    serde_json::to_value(values)
        .and_then(serde_json::from_value)
        .map_err(|source| StoreError::Unreadable { what, source: source.into() })
}

/// A series as two columns, which is a third of what a list of pairs with names would be.
fn columns(bytes: &[u8]) -> Result<Value, UnreadableSeries> {
    let (at, values): (Vec<_>, Vec<_>) = Series::unpack(bytes)?.readings.into_iter().unzip();
    Ok(serde_json::json!({ "at_epoch_milliseconds": at, "values": values }))
}

fn unreadable(source: UnreadableSeries) -> StoreError {
    StoreError::Unreadable { what: "series", source: source.into() }
}

fn date_of(key: &RecordKey) -> Result<NaiveDate, StoreError> {
    parse_date(&key.id).map_err(|source| StoreError::Unreadable { what: "day", source: source.into() })
}
