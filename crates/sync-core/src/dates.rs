//! Calendar dates, ranges of them, and how a range is cut into chunks.

use std::fmt;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::timing::CHUNK_DAYS;

/// The first day that may be imported. Garmin Connect holds nothing older.
pub const EARLIEST: NaiveDate = match NaiveDate::from_ymd_opt(2000, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

/// The most years one job may span.
pub const MAX_YEARS: u32 = 30;

/// Why a text is not a calendar date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a calendar date in the form YYYY-MM-DD")]
pub struct InvalidDate;

/// Reads `YYYY-MM-DD` and nothing else: `2024-1-1`, `20240101`, `+2024-01-01` and `2024-02-30` are refused.
///
/// # Errors
/// [`InvalidDate`] when the text is not exactly that form or not a real day.
pub fn parse_date(text: &str) -> Result<NaiveDate, InvalidDate> {
    let form_holds = text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !form_holds {
        return Err(InvalidDate);
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| InvalidDate)
}

/// The calendar date that a person in `zone` has at `now`.
#[must_use]
pub fn today_in(zone: Tz, now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&zone).date_naive()
}

/// An inclusive range of calendar dates; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(NaiveDate, NaiveDate)", into = "(NaiveDate, NaiveDate)")]
pub struct DateRange {
    start: NaiveDate,
    end: NaiveDate,
}

/// Why two dates are no [`DateRange`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a range starts no later than it ends")]
pub struct StartAfterEnd;

impl DateRange {
    /// The range from `start` to `end`, both included.
    ///
    /// # Errors
    /// [`StartAfterEnd`] when `start` is after `end`; equal dates make a range of one day.
    pub fn new(start: NaiveDate, end: NaiveDate) -> Result<Self, StartAfterEnd> {
        if start <= end { Ok(Self { start, end }) } else { Err(StartAfterEnd) }
    }

    /// The range of this one day.
    #[must_use]
    pub const fn day(date: NaiveDate) -> Self {
        Self { start: date, end: date }
    }

    /// The first day.
    #[must_use]
    pub const fn start(self) -> NaiveDate {
        self.start
    }

    /// The last day.
    #[must_use]
    pub const fn end(self) -> NaiveDate {
        self.end
    }

    /// How many days, at least 1.
    #[must_use]
    pub fn days(self) -> u32 {
        u32::try_from((self.end - self.start).num_days()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Whether `date` is one of the days.
    #[must_use]
    pub fn contains(self, date: NaiveDate) -> bool {
        (self.start..=self.end).contains(&date)
    }

    /// The days, first to last.
    pub fn iter(self) -> impl Iterator<Item = NaiveDate> + use<> {
        self.start.iter_days().take(self.days() as usize)
    }

    /// The days that both ranges have, if any.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end)).ok()
    }

    /// Cuts the range into consecutive pieces of at most `days` days (at least 1), in order.
    pub fn pieces(self, days: u32) -> impl Iterator<Item = Self> + use<> {
        let days = days.max(1);
        (0..self.days().div_ceil(days)).filter_map(move |index| {
            let start = self.start.checked_add_days(Days::new(u64::from(index) * u64::from(days)))?;
            let end = start
                .checked_add_days(Days::new(u64::from(days) - 1))
                .map_or(self.end, |end| end.min(self.end));
            Self::new(start, end).ok()
        })
    }
}

impl TryFrom<(NaiveDate, NaiveDate)> for DateRange {
    type Error = StartAfterEnd;
    fn try_from((start, end): (NaiveDate, NaiveDate)) -> Result<Self, StartAfterEnd> {
        Self::new(start, end)
    }
}

impl From<DateRange> for (NaiveDate, NaiveDate) {
    fn from(range: DateRange) -> Self {
        (range.start, range.end)
    }
}

impl fmt::Display for DateRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// One chunk of a job: up to thirty days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chunk {
    /// Its place in the plan, from 0.
    pub index: u32,
    /// Its days.
    pub range: DateRange,
}

impl Chunk {
    /// The months it touches, as people read them: `Jan 2022`, or `Jan 2022 - Feb 2022`.
    #[must_use]
    pub fn label(&self) -> String {
        let (start, end) = (self.range.start(), self.range.end());
        if (start.year(), start.month()) == (end.year(), end.month()) {
            start.format("%b %Y").to_string()
        } else {
            format!("{} - {}", start.format("%b %Y"), end.format("%b %Y"))
        }
    }
}

/// A job's range cut into chunks of thirty days from its first day on. Pure arithmetic: the plan of a range is the
/// same whenever and wherever it is computed, so it is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkPlan {
    range: DateRange,
}

impl ChunkPlan {
    /// The plan of a range.
    #[must_use]
    pub const fn new(range: DateRange) -> Self {
        Self { range }
    }

    /// How many chunks, at least 1.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.range.days().div_ceil(CHUNK_DAYS)
    }

    /// The chunk at `index`, or none past the end of the plan.
    #[must_use]
    pub fn chunk(&self, index: u32) -> Option<Chunk> {
        let start =
            self.range.start().checked_add_days(Days::new(u64::from(index) * u64::from(CHUNK_DAYS)))?;
        let end = start.checked_add_days(Days::new(u64::from(CHUNK_DAYS) - 1))?;
        let range = DateRange::new(start, end.min(self.range.end())).ok()?;
        Some(Chunk { index, range })
    }

    /// The chunks, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = Chunk> + use<> {
        let plan = *self;
        (0..plan.total()).filter_map(move |index| plan.chunk(index))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    fn plan(start: &str, end: &str) -> ChunkPlan {
        ChunkPlan::new(DateRange::new(date(start), date(end)).unwrap())
    }

    #[test]
    fn a_date_has_exactly_one_form() {
        assert!(parse_date("2024-02-29").is_ok());
        for bad in [
            "",
            "2024-1-1",
            "20240101",
            "2024-02-30",
            "2023-02-29",
            "+2024-01-01",
            "2024-01-01T00:00:00Z",
            " 2024-01-01",
            "2024/01/01",
            "０２４-01-01",
        ] {
            assert_eq!(parse_date(bad), Err(InvalidDate), "{bad:?}");
        }
    }

    #[test]
    fn chunk_counts_of_the_ranges_that_matter() {
        for (start, end, chunks, last_days) in [
            ("2024-01-01", "2024-01-01", 1, 1),
            ("2024-01-01", "2024-01-30", 1, 30),
            ("2024-01-01", "2024-01-31", 2, 1),
            ("2023-01-01", "2023-12-27", 13, 1),
            ("2024-01-01", "2024-12-31", 13, 6),
            ("2023-01-01", "2023-12-31", 13, 5),
            ("2020-01-01", "2024-12-31", 61, 27),
            ("1996-01-01", "2025-12-31", 366, 8),
        ] {
            let plan = plan(start, end);
            assert_eq!(plan.total(), chunks, "{start}..{end}");
            assert_eq!(plan.iter().last().map(|chunk| chunk.range.days()), Some(last_days), "{start}..{end}");
        }
    }

    #[test]
    fn a_chunk_is_named_by_its_months() {
        let names: Vec<_> = plan("2022-01-01", "2022-03-05").iter().map(|chunk| chunk.label()).collect();
        assert_eq!(names, ["Jan 2022", "Jan 2022 - Mar 2022", "Mar 2022"]);
    }

    #[test]
    fn today_is_the_persons_own() {
        let now = "2024-03-09T11:30:00Z".parse().unwrap();
        assert_eq!(today_in(chrono_tz::Pacific::Auckland, now), date("2024-03-10"));
        assert_eq!(today_in(chrono_tz::Pacific::Kiritimati, now), date("2024-03-10"));
        assert_eq!(today_in(chrono_tz::America::New_York, now), date("2024-03-09"));
        assert_eq!(today_in(chrono_tz::Pacific::Pago_Pago, now), date("2024-03-09"));
    }

    proptest! {
        #[test]
        fn chunks_cover_the_range_exactly_in_order(offset in 0_u64..9_500, length in 0_u64..11_000) {
            let start = EARLIEST + Days::new(offset);
            let range = DateRange::new(start, start + Days::new(length)).unwrap();
            let plan = ChunkPlan::new(range);
            let days: Vec<_> = plan.iter().flat_map(|chunk| chunk.range.iter().collect::<Vec<_>>()).collect();
            prop_assert_eq!(&days, &range.iter().collect::<Vec<_>>());
            prop_assert!(plan.iter().all(|chunk| chunk.range.days() <= CHUNK_DAYS));
            prop_assert!(plan.iter().rev_all_but_last_full());
            prop_assert_eq!(plan.chunk(plan.total()), None);
            prop_assert_eq!(plan.iter().count(), plan.total() as usize);
        }

        #[test]
        fn pieces_cover_the_range_exactly(length in 0_u64..400, size in 0_u32..40) {
            let range = DateRange::new(EARLIEST, EARLIEST + Days::new(length)).unwrap();
            let days: Vec<_> = range.pieces(size).flat_map(DateRange::iter).collect();
            prop_assert_eq!(days, range.iter().collect::<Vec<_>>());
        }

        #[test]
        fn any_text_parses_to_the_same_text_or_is_refused(text in "\\PC{0,12}") {
            if let Ok(date) = parse_date(&text) {
                prop_assert_eq!(date.to_string(), text);
            }
        }
    }

    trait AllButLastFull {
        fn rev_all_but_last_full(self) -> bool;
    }

    impl<I: Iterator<Item = Chunk>> AllButLastFull for I {
        fn rev_all_but_last_full(self) -> bool {
            let lengths: Vec<_> = self.map(|chunk| chunk.range.days()).collect();
            lengths.split_last().is_none_or(|(_, full)| full.iter().all(|days| *days == CHUNK_DAYS))
        }
    }
}
