//! Windows: the pieces in which a chunk is asked from Garmin, and what came of each.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::dates::{DateRange, parse_date};
use crate::metric::{MetricSet, MetricType};

/// The name of an entry of Garmin's endpoint table, such as `hrv` or `daily_summary`: lower case letters, digits and
/// underscores. It stands in stored records, so a name once used keeps its meaning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(Cow<'static, str>);

impl SourceId {
    /// The id of an entry of the table.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What part of a source a window asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WindowScope {
    /// Some calendar days.
    Days(DateRange),
    /// One object by its Garmin id, such as an activity.
    Object(String),
    /// Everything there is, asked once per job: saved workouts.
    All,
}

/// One question to Garmin that either succeeds or fails as a whole. Written `hrv@2024-01-01..2024-01-30`,
/// `activity@12345` or `workouts@all`; this form is stored as its mark when it is done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    /// The entry of the endpoint table.
    pub source: SourceId,
    /// What part of it.
    pub scope: WindowScope,
}

impl Window {
    /// A window of some days.
    #[must_use]
    pub const fn days(source: SourceId, days: DateRange) -> Self {
        Self { source, scope: WindowScope::Days(days) }
    }

    /// The days it asks for, if it asks for days.
    #[must_use]
    pub const fn range(&self) -> Option<DateRange> {
        match &self.scope {
            WindowScope::Days(range) => Some(*range),
            WindowScope::Object(_) | WindowScope::All => None,
        }
    }

    /// Its two halves, when it spans more than a day.
    #[must_use]
    pub fn halves(&self) -> Option<Vec<Self>> {
        let range = self.range().filter(|range| range.days() > 1)?;
        Some(
            range
                .pieces(range.days().div_ceil(2))
                .map(|half| Self::days(self.source.clone(), half))
                .collect(),
        )
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            WindowScope::Days(range) => write!(f, "{}@{range}", self.source),
            WindowScope::Object(id) => write!(f, "{}@{id}", self.source),
            WindowScope::All => write!(f, "{}@all", self.source),
        }
    }
}

/// Why a text is no [`Window`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a window")]
pub struct InvalidWindow;

impl FromStr for Window {
    type Err = InvalidWindow;
    fn from_str(text: &str) -> Result<Self, InvalidWindow> {
        let (source, scope) = text.split_once('@').ok_or(InvalidWindow)?;
        let scope = match scope.split_once("..") {
            Some((start, end)) => {
                let (start, end) = (parse_date(start), parse_date(end));
                let range =
                    DateRange::new(start.map_err(|_| InvalidWindow)?, end.map_err(|_| InvalidWindow)?);
                WindowScope::Days(range.map_err(|_| InvalidWindow)?)
            }
            None if scope == "all" => WindowScope::All,
            None => WindowScope::Object(scope.to_owned()),
        };
        Ok(Self { source: SourceId(Cow::Owned(source.to_owned())), scope })
    }
}

impl TryFrom<String> for Window {
    type Error = InvalidWindow;
    fn try_from(text: String) -> Result<Self, InvalidWindow> {
        text.parse()
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}

/// What asking a window for one day came to. Stored with the day, so that a page can tell "nothing there" from "not asked".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOutcome {
    /// Garmin had data.
    Ok,
    /// Garmin answered that there is nothing.
    None,
    /// Too old: Garmin has moved the series off its fast storage and does not hand it out.
    Offloaded,
    /// Garmin refuses this object to this account.
    Refused,
}

/// What a job asks a [`crate::GarminSource`] to plan.
#[derive(Clone, Debug)]
pub struct PlanRequest<'a> {
    /// The chunk's days.
    pub range: DateRange,
    /// What to import.
    pub metrics: &'a MetricSet,
    /// The person's calendar date now: decides which series are too old to ask for.
    pub today: chrono::NaiveDate,
    /// Whether this is the job's first chunk, which also asks what is asked once per job.
    pub first_chunk: bool,
}

/// What is known before anything is asked: which windows to ask, and which days cannot be had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowPlan {
    /// The windows, in the order to ask them.
    pub windows: Vec<Window>,
    /// What is not asked because Garmin is known not to have it any more.
    pub offloaded: Vec<(MetricType, DateRange)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_reads_back_as_it_was_written() {
        for text in ["hrv@2024-01-01..2024-01-30", "activity@12345", "workouts@all"] {
            assert_eq!(text.parse::<Window>().map(|window| window.to_string()).as_deref(), Ok(text));
        }
        for bad in ["", "hrv", "hrv@2024-01-02..2024-01-01", "hrv@2024-1-1..2024-01-02"] {
            assert_eq!(bad.parse::<Window>(), Err(InvalidWindow), "{bad:?}");
        }
    }

    #[test]
    fn a_window_halves_until_it_is_one_day() {
        let window: Window = "hrv@2024-01-01..2024-01-05".parse().unwrap();
        let halves: Vec<_> = window.halves().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(halves, ["hrv@2024-01-01..2024-01-03", "hrv@2024-01-04..2024-01-05"]);
        assert_eq!("hrv@2024-01-01..2024-01-01".parse::<Window>().unwrap().halves(), None);
        assert_eq!("activity@1".parse::<Window>().unwrap().halves(), None);
    }
}
