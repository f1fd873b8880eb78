//! What a reader takes out of one answer, on the way to records.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Serialize;
use sync_core::ports::Fetched;
use sync_core::record::Attribute;
use sync_core::window::{DayOutcome, SourceId};
use sync_core::{DateRange, RecordKey, RecordKind, RecordUpsert, Window};

use crate::reading::{Read, unreadable};

/// The records of one window as they are read. Rows of other days than the window's are left out: Garmin rounds some
/// ranges to weeks.
#[derive(Debug)]
pub(crate) struct Harvest {
    days: Option<DateRange>,
    records: Vec<RecordUpsert>,
    found: Vec<Window>,
    days_with_data: BTreeSet<NaiveDate>,
}

impl Harvest {
    /// For a window of days, or of an object or everything when there are none.
    pub(crate) const fn of(days: Option<DateRange>) -> Self {
        Self { days, records: Vec::new(), found: Vec::new(), days_with_data: BTreeSet::new() }
    }

    /// The days of the window.
    pub(crate) const fn days(&self) -> Option<DateRange> {
        self.days
    }

    /// Whether rows of this day belong here.
    pub(crate) fn wants(&self, date: NaiveDate) -> bool {
        self.days.is_none_or(|days| days.contains(date))
    }

    /// Some values of a day. A row without a day or without any value is no data.
    pub(crate) fn day(&mut self, date: Option<NaiveDate>, values: &impl Serialize) -> Read<()> {
        self.dated(RecordKind::Day, date, values)
    }

    /// Some values of a record that is kept by date.
    pub(crate) fn dated(
        &mut self,
        kind: RecordKind,
        date: Option<NaiveDate>,
        values: &impl Serialize,
    ) -> Read<()> {
        let Some(date) = date.filter(|date| self.wants(*date)) else {
            return Ok(());
        };
        self.push(RecordKey::dated(kind, date), Some(date), values)
    }

    /// Some values of a record that is kept by Garmin's id and belongs to `date`. One of no date is kept: it was asked
    /// for by date, and losing it would be worse.
    pub(crate) fn object(
        &mut self,
        kind: RecordKind,
        id: &str,
        date: Option<NaiveDate>,
        values: &impl Serialize,
    ) -> Read<()> {
        if date.is_some_and(|date| !self.wants(date)) {
            return Ok(());
        }
        self.push(RecordKey::object(kind, id), date, values)
    }

    fn push(&mut self, key: RecordKey, date: Option<NaiveDate>, values: &impl Serialize) -> Read<()> {
        let upsert = RecordUpsert::new(key, values).map_err(|_| unreadable("(record)"))?;
        if !upsert.attributes.is_empty() {
            self.days_with_data.extend(date);
            self.records.push(upsert);
        }
        Ok(())
    }

    /// A compressed series.
    pub(crate) fn series(&mut self, key: RecordKey, date: Option<NaiveDate>, name: &str, bytes: Vec<u8>) {
        self.days_with_data.extend(date);
        self.records
            .push(RecordUpsert { key, attributes: [(name.to_owned(), Attribute::Bytes(bytes))].into() });
    }

    /// A window that the answer leads to.
    pub(crate) fn leads_to(&mut self, window: Window) {
        self.found.push(window);
    }

    /// The records, with a mark on each day of the window that `source` was asked.
    pub(crate) fn finish(self, source: &SourceId) -> Fetched {
        let coverage = self.days.into_iter().flat_map(DateRange::iter).map(|date| {
            let has_data = self.days_with_data.contains(&date);
            let outcome = if has_data { DayOutcome::Ok } else { DayOutcome::None };
            RecordUpsert::coverage(date, source, outcome)
        });
        Fetched { records: RecordUpsert::merged(self.records.into_iter().chain(coverage)), found: self.found }
    }
}
