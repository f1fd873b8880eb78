//! Which days have arrived: one word a day, made of the marks that stand on the day itself and of what the jobs gave up.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;

use crate::dates::DateRange;
use crate::job::{ChunkState, Job};
use crate::metric::MetricSet;
use crate::record::{Attribute, COVERAGE, StoredRecord, coverage_attribute};
use crate::window::{DayOutcome, SourceId};

/// The sources that mark the days they were asked for, by name. A store sends only what is named to it, and all of a
/// day is five times as much; the tests of `sync-garmin` hold this list and its endpoint table together. A source that
/// is asked no longer stays in the list: its marks are still stored.
pub const SOURCES: &[SourceId] = &[
    SourceId::new("sleep"),
    SourceId::new("hrv"),
    SourceId::new("weight"),
    SourceId::new("blood_pressure"),
    SourceId::new("training_status"),
    SourceId::new("vo2_max"),
    SourceId::new("race_predictions"),
    SourceId::new("hill_score"),
    SourceId::new("endurance_score"),
    SourceId::new("lactate_threshold_heart_rate"),
    SourceId::new("lactate_threshold_speed"),
    SourceId::new("fitness_age"),
    SourceId::new("menstrual_calendar"),
    SourceId::new("hydration"),
    SourceId::new("respiration"),
    SourceId::new("spo2"),
    SourceId::new("steps"),
    SourceId::new("floors"),
    SourceId::new("heart_rate"),
    SourceId::new("stress"),
    SourceId::new("body_battery"),
    SourceId::new("body_battery_report"),
    SourceId::new("intensity_minutes"),
    SourceId::new("calories"),
    SourceId::new("daily_summary"),
    SourceId::new("training_readiness"),
    SourceId::new("sleep_timeline"),
    SourceId::new("heart_rate_series"),
    SourceId::new("stress_series"),
    SourceId::new("activities"),
];

/// How a day stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DayState {
    /// Garmin was asked for all that was wanted of it, and had something.
    Imported,
    /// Something of it arrived; the rest could not be had, was given up, or is still to come.
    Partial,
    /// Garmin was asked and has nothing.
    None,
    /// Nothing of it arrived, and some of it could not be had: Garmin refuses it.
    Gap,
    /// Nothing of it arrived: its chunk was given up. A resume tries again.
    Failed,
    /// It was not asked for yet.
    NotImported,
}

impl DayState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Imported, Self::Partial, Self::None, Self::Gap, Self::Failed, Self::NotImported];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Partial => "partial",
            Self::None => "none",
            Self::Gap => "gap",
            Self::Failed => "failed",
            Self::NotImported => "not_imported",
        }
    }
}

/// Neighbouring days that stand alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoveredRange {
    /// The days.
    pub days: DateRange,
    /// How they stand.
    pub state: DayState,
}

/// What the marks on one day say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// A source had something.
    arrived: bool,
    /// A source had nothing.
    empty: bool,
    /// A source refused.
    lost: bool,
}

impl Marks {
    /// The names of the attributes that hold the marks of a day.
    #[must_use]
    pub fn attributes() -> BTreeSet<String> {
        SOURCES.iter().map(coverage_attribute).collect()
    }

    /// The marks on a day's record.
    #[must_use]
    pub fn of(record: &StoredRecord) -> Self {
        let mut marks = Self::default();
        for (name, mark) in &record.attributes {
            let Attribute::Json(mark) = mark else { continue };
            if !name.starts_with(COVERAGE) {
                continue;
            }
            match serde_json::from_value(mark.clone()) {
                Ok(DayOutcome::Ok) => marks.arrived = true,
                Ok(DayOutcome::None) => marks.empty = true,
                Ok(DayOutcome::Refused | DayOutcome::Offloaded) => marks.lost = true,
                // Written by a later release: that it was asked is all that can be said.
                Err(_) => marks.empty = true,
            }
        }
        marks
    }
}

/// The days of which the jobs say more than the marks do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Their chunk was given up, and no later job has done it.
    failed: BTreeSet<NaiveDate>,
    /// Some of their chunk is committed, and no job has done all of it.
    begun: BTreeSet<NaiveDate>,
}

struct Outcome<'j> {
    metrics: &'j MetricSet,
    done: Vec<DateRange>,
    failed: Vec<DateRange>,
    begun: Option<DateRange>,
}

impl<'j> Outcome<'j> {
    fn of(job: &'j Job, days: DateRange) -> Self {
        let within = |wanted: ChunkState| {
            let chunks =
                job.plan().iter().filter(move |chunk| job.chunk_states.get(chunk.index) == Some(wanted));
            chunks.filter_map(|chunk| chunk.range.intersection(days)).collect()
        };
        let current = job.current_chunk().filter(|_| !job.progress.is_empty());
        Self {
            metrics: &job.metric_types,
            done: within(ChunkState::Done),
            failed: within(ChunkState::Failed),
            begun: current.and_then(|chunk| chunk.range.intersection(days)),
        }
    }

    /// Whether it has imported all that `other` wanted of a day.
    fn has_done(&self, date: NaiveDate, other: &Self) -> bool {
        self.done.iter().any(|done| done.contains(date)) && self.metrics.is_superset(other.metrics)
    }
}

impl Unfinished {
    /// What the user's jobs, newest first, have left undone within `days`.
    #[must_use]
    pub fn of(jobs: &[Job], days: DateRange) -> Self {
        let outcomes: Vec<_> = jobs.iter().map(|job| Outcome::of(job, days)).collect();
        let mut unfinished = Self::default();
        for (newer, outcome) in outcomes.iter().enumerate() {
            // A chunk that failed after it had once been imported has failed: what is stored of it may be of yesterday.
            let done_since = |date| outcomes.iter().take(newer).any(|other| other.has_done(date, outcome));
            let failed = outcome.failed.iter().flat_map(|range| range.iter());
            unfinished.failed.extend(failed.filter(|date| !done_since(*date)));
            let done_ever = |date| outcomes.iter().any(|other| other.has_done(date, outcome));
            let begun = outcome.begun.iter().flat_map(|range| range.iter());
            unfinished.begun.extend(begun.filter(|date| !done_ever(*date)));
        }
        unfinished
    }
}

/// How a day stands.
#[must_use]
pub fn state(date: NaiveDate, marks: Marks, unfinished: &Unfinished) -> DayState {
    let failed = unfinished.failed.contains(&date);
    let begun = unfinished.begun.contains(&date);
    match marks {
        Marks { arrived: true, lost, .. } if lost || failed || begun => DayState::Partial,
        Marks { arrived: true, .. } => DayState::Imported,
        _ if failed => DayState::Failed,
        Marks { lost: true, .. } => DayState::Gap,
        Marks { empty: true, .. } if !begun => DayState::None,
        _ => DayState::NotImported,
    }
}

/// The days from first to last, those that stand alike taken together.
#[must_use]
pub fn ranges(
    days: DateRange,
    marks: &BTreeMap<NaiveDate, Marks>,
    unfinished: &Unfinished,
) -> Vec<CoveredRange> {
    let mut ranges: Vec<CoveredRange> = Vec::new();
    for date in days.iter() {
        let state = state(date, marks.get(&date).copied().unwrap_or_default(), unfinished);
        match ranges.last_mut() {
            Some(last) if last.state == state => {
                last.days = DateRange::new(last.days.start(), date).unwrap_or(last.days);
            }
            _ => ranges.push(CoveredRange { days: DateRange::day(date), state }),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ids::{AccountKey, JobId, UserId};
    use crate::job::{ChunkProgress, NewJob, SyncType};
    use crate::metric::MetricType;
    use crate::record::RecordKey;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn year() -> DateRange {
        DateRange::new(date("2024-01-01"), date("2024-12-31")).unwrap()
    }

    /// A job of 2024 whose first chunks stand like this.
    fn job(states: &str, metrics: &[MetricType]) -> Job {
        let mut job = Job::new(
            NewJob {
                job_id: JobId::new(uuid::Uuid::nil()),
                user_id: UserId::new("ann").unwrap(),
                account: AccountKey::of("ann"),
                sync_type: SyncType::Historical,
                range: year(),
                metric_types: metrics.iter().copied().collect(),
                time_zone: chrono_tz::UTC,
            },
            "2025-01-01T00:00:00Z".parse().unwrap(),
        );
        job.chunk_states = format!("{states:.<13}").parse().unwrap();
        job
    }

    fn begun(mut job: Job) -> Job {
        job.progress =
            ChunkProgress { done: vec!["hrv@2024-01-01..2024-01-30".parse().unwrap()], found: vec![] };
        job
    }

    fn marks(attributes: &serde_json::Value) -> Marks {
        let key = RecordKey::dated(crate::RecordKind::Day, date("2024-01-01"));
        let attributes = attributes.as_object().unwrap().clone().into_iter();
        let attributes = attributes.map(|(name, value)| (name, Attribute::Json(value))).collect();
        Marks::of(&StoredRecord { key, attributes })
    }

    #[test]
    fn a_day_is_what_its_marks_and_the_jobs_say_together() {
        let ok = marks(&json!({"coverage_hrv": "ok", "coverage_sleep": "none", "steps": 1}));
        let none = marks(&json!({"coverage_hrv": "none", "coverage_sleep": "none"}));
        let refused = marks(&json!({"coverage_hrv": "refused", "coverage_sleep": "none"}));
        let both = marks(&json!({"coverage_hrv": "refused", "coverage_sleep": "ok"}));
        let unknown = marks(&json!({"coverage_hrv": "postponed", "steps": 1}));
        let nothing = marks(&json!({"steps": 1}));
        let (fine, failed, begun) = (vec![], vec![job("f", &[])], vec![begun(job("", &[]))]);
        for (marks, jobs, expected) in [
            (ok, &fine, DayState::Imported),
            (none, &fine, DayState::None),
            (refused, &fine, DayState::Gap),
            (both, &fine, DayState::Partial),
            (unknown, &fine, DayState::None),
            (nothing, &fine, DayState::NotImported),
            (ok, &failed, DayState::Partial),
            (none, &failed, DayState::Failed),
            (refused, &failed, DayState::Failed),
            (nothing, &failed, DayState::Failed),
            (ok, &begun, DayState::Partial),
            (none, &begun, DayState::NotImported),
            (refused, &begun, DayState::Gap),
            (nothing, &begun, DayState::NotImported),
        ] {
            let unfinished = Unfinished::of(jobs, year());
            assert_eq!(state(date("2024-01-01"), marks, &unfinished), expected, "{marks:?} {unfinished:?}");
            let outside = state(date("2024-01-31"), marks, &unfinished);
            assert_eq!(outside, state(date("2024-01-31"), marks, &Unfinished::default()));
        }
    }

    #[test]
    fn what_failed_counts_until_a_later_job_has_done_all_of_it() {
        let failed = |jobs: &[Job]| Unfinished::of(jobs, year()).failed.len();
        let (everything, hrv) = (&[][..], &[MetricType::Hrv][..]);
        assert_eq!(failed(&[job("df", everything)]), 30);
        assert_eq!(failed(&[job("dd", everything), job("df", hrv)]), 0);
        assert_eq!(failed(&[job("dd", hrv), job("df", everything)]), 30, "the rest of it is still missing");
        assert_eq!(
            failed(&[job("df", hrv), job("dd", everything)]),
            30,
            "what is stored may be of yesterday"
        );
        let half = DateRange::new(date("2024-01-31"), date("2024-02-04")).unwrap();
        assert_eq!(Unfinished::of(&[job("df", everything)], half).failed.len(), 5);
    }

    #[test]
    fn a_chunk_that_is_half_done_counts_unless_any_job_has_done_it() {
        let half_done = |jobs: &[Job]| Unfinished::of(jobs, year()).begun.len();
        assert_eq!(half_done(&[begun(job("d", &[]))]), 30);
        assert_eq!(half_done(&[begun(job("", &[])), job("d", &[])]), 0, "a daily sync over what is there");
        assert_eq!(half_done(&[job("d", &[])]), 0, "not begun");
    }

    #[test]
    fn ranges_join_what_stands_alike_and_leave_no_day_out() {
        let marks = BTreeMap::from(
            ["2024-01-01", "2024-01-02", "2024-01-04"]
                .map(|day| (date(day), Marks { arrived: true, ..Marks::default() })),
        );
        let days = DateRange::new(date("2023-12-31"), date("2024-01-05")).unwrap();
        let shown: Vec<_> = ranges(days, &marks, &Unfinished::default())
            .iter()
            .map(|range| format!("{} {}", range.days, range.state.name()))
            .collect();
        assert_eq!(
            shown,
            [
                "2023-12-31..2023-12-31 not_imported",
                "2024-01-01..2024-01-02 imported",
                "2024-01-03..2024-01-03 not_imported",
                "2024-01-04..2024-01-04 imported",
                "2024-01-05..2024-01-05 not_imported",
            ]
        );
    }
}
