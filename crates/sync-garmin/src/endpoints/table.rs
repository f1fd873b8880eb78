//! The endpoint table: one entry per data source. What Garmin's paths, caps and habits are stands here and nowhere else.

use chrono::{Days, Weekday};
use sync_core::MetricType as M;
use sync_core::window::SourceId;
use sync_core::{DateRange, MetricType};

use super::{activities, body, days, fitness, intraday, sleep, workouts};
use crate::harvest::Harvest;
use crate::reading::{Node, Read};

/// How an endpoint is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Some days at once, at most `cap_days`; more are answered with 400.
    Range {
        /// The most days inclusive that one call takes, if a limit is known.
        cap_days: Option<u32>,
    },
    /// One day a call.
    Day,
    /// Some days at once, in pages of `page_size` until one is short.
    PagedRange {
        /// Rows a call, at most 1,000.
        page_size: u32,
    },
    /// Once per job, in pages of `page_size` until one is short.
    Once {
        /// Rows a call.
        page_size: u32,
    },
    /// One object by its id, led to by another entry's answer.
    Object,
}

/// What the client must be configured to do before an entry is asked at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Whenever one of its metric types is named.
    Always,
    /// Only with [`crate::GarminConfig::intraday`].
    WithIntraday,
    /// Only with [`crate::GarminConfig::sleep_timeline`].
    WithSleepTimeline,
    /// Only with [`crate::GarminConfig::activity_details`].
    WithActivityDetails,
    /// Only with [`crate::GarminConfig::workout_steps`].
    WithWorkoutSteps,
}

/// What a 404 from an endpoint means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// That there is nothing: success with no rows.
    Nothing,
    /// That this object is not to be had: a gap.
    Gap,
}

pub(crate) type Parse = fn(&Node<'_>, &mut Harvest) -> Read<()>;

/// One data source.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// Its name in windows and stored records.
    pub source: &'static str,
    /// The path and query, with `{start}`, `{end}`, `{date}`, `{display_name}`, `{id}`, `{offset}` and `{limit}`.
    pub path: &'static str,
    /// How it is asked.
    pub scope: Scope,
    /// Whether it is asked.
    pub asked: Asked,
    /// The metric types it serves.
    pub metrics: &'static [MetricType],
    /// Days older than this are not asked for: Garmin has moved them off.
    pub oldest_days: Option<u32>,
    /// Whether the daily summary holds all of it, too.
    pub in_daily_summary: bool,
    /// Whether a row of it is a week: then it is asked for whole weeks, whatever the window.
    pub weekly: bool,
    /// What a 404 means.
    pub not_found: NotFound,
    pub(crate) parse: Parse,
}

impl Endpoint {
    /// Its name as it stands in windows.
    #[must_use]
    pub const fn id(&self) -> SourceId {
        SourceId::new(self.source)
    }

    /// How many days one call takes: none for what is not asked by days, the largest number where no limit is known.
    #[must_use]
    pub const fn cap_days(&self) -> Option<u32> {
        match self.scope {
            Scope::Range { cap_days: Some(cap) } => Some(cap),
            Scope::Range { cap_days: None } | Scope::PagedRange { .. } => Some(u32::MAX),
            Scope::Day => Some(1),
            Scope::Once { .. } | Scope::Object => None,
        }
    }

    /// The days that a call for a window of `days` names. A weekly entry is asked for the weeks that end within the
    /// window, so that a week has the same value in every window that its last day is in; none when no week ends there.
    /// It never reaches beyond the window's last day, and is no longer than a window of whole weeks.
    #[must_use]
    pub fn asked_days(&self, days: DateRange) -> Option<DateRange> {
        if !self.weekly {
            return Some(days);
        }
        let last = days.end().week(WEEK_BEGINS).checked_last_day()?;
        let last = if last == days.end() { last } else { last.checked_sub_days(DAYS_OF_A_WEEK)? };
        let first = days.start().week(WEEK_BEGINS).checked_first_day()?;
        DateRange::new(first, last).ok()
    }

    const fn range(
        source: &'static str,
        path: &'static str,
        cap_days: Option<u32>,
        metrics: &'static [MetricType],
        parse: Parse,
    ) -> Self {
        Self {
            source,
            path,
            scope: Scope::Range { cap_days },
            asked: Asked::Always,
            metrics,
            oldest_days: None,
            in_daily_summary: false,
            weekly: false,
            not_found: NotFound::Gap,
            parse,
        }
    }

    const fn scoped(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    const fn summarised(self) -> Self {
        Self { in_daily_summary: true, ..self }
    }

    const fn by_week(self) -> Self {
        Self { weekly: true, ..self }
    }

    const fn nothing_when_not_found(self) -> Self {
        Self { not_found: NotFound::Nothing, ..self }
    }

    const fn only(self, asked: Asked) -> Self {
        Self { asked, ..self }
    }

    const fn young(self) -> Self {
        Self { oldest_days: Some(INTRADAY_DAYS), ..self }
    }

    const fn object(self, asked: Asked) -> Self {
        Self { scope: Scope::Object, asked, ..self }
    }
}

/// The first day of a week, as this project stores weeks.
pub(crate) const WEEK_BEGINS: Weekday = Weekday::Mon;
const DAYS_OF_A_WEEK: Days = Days::new(7);

/// Series within the day are at hand for about this many days.
pub const INTRADAY_DAYS: u32 = 180;

/// The summary of a day: the one call that holds nearly all aggregates.
pub const DAILY_SUMMARY: SourceId = SourceId::new("daily_summary");
/// The range of respiration, whose sleeping average the daily summary lacks.
pub const RESPIRATION: SourceId = SourceId::new("respiration");
/// An activity's laps.
pub const ACTIVITY_LAPS: SourceId = SourceId::new("activity_laps");
/// An activity's samples.
pub const ACTIVITY_TRACK: SourceId = SourceId::new("activity_track");
/// The exercise sets of strength training.
pub const ACTIVITY_SETS: SourceId = SourceId::new("activity_sets");
/// A saved workout's steps.
pub const WORKOUT_STEPS: SourceId = SourceId::new("workout_steps");

/// What the daily summary serves. Of these, only the ranges below it know no `daily_summary`, `…_seconds`.
const SUMMARY: &[MetricType] = &[
    M::DailySummary,
    M::Steps,
    M::TotalDistance,
    M::HighlyActiveSeconds,
    M::ActiveSeconds,
    M::SedentarySeconds,
    M::ActiveCalories,
    M::BmrCalories,
    M::TotalCalories,
    M::HeartRates,
    M::Stress,
    M::Respiration,
    M::Spo2,
    M::IntensityMinutes,
    M::BodyBattery,
    M::Floors,
];

/// What nothing but the daily summary serves.
pub const ONLY_SUMMARY: &[MetricType] =
    &[M::DailySummary, M::HighlyActiveSeconds, M::ActiveSeconds, M::SedentarySeconds];

const CALORIES: &[MetricType] = &[M::ActiveCalories, M::BmrCalories, M::TotalCalories];
const TRAINING: &[MetricType] = &[M::TrainingStatus, M::TrainingLoad, M::AcuteLoad];
const READINESS: &[MetricType] = &[M::TrainingReadiness, M::RecoveryTime];

/// Every data source, in the order in which a chunk asks them: what is cheapest first, what leads to more calls last.
pub static TABLE: &[Endpoint] = &[
    Endpoint::range(
        "sleep",
        "/sleep-service/stats/sleep/daily/{start}/{end}",
        Some(28),
        &[M::Sleep],
        sleep::nights,
    ),
    Endpoint::range("hrv", "/hrv-service/hrv/daily/{start}/{end}", Some(366), &[M::Hrv], fitness::hrv),
    Endpoint::range(
        "weight",
        "/weight-service/weight/range/{start}/{end}?includeAll=true",
        None,
        &[M::BodyComposition],
        body::weight,
    ),
    Endpoint::range(
        "blood_pressure",
        "/bloodpressure-service/bloodpressure/range/{start}/{end}?includeAll=true",
        None,
        &[M::BloodPressure],
        body::blood_pressure,
    ),
    Endpoint::range(
        "training_status",
        "/mobile-gateway/usersummary/trainingstatus/weekly/{start}/{end}",
        Some(364),
        TRAINING,
        fitness::training_status,
    ),
    Endpoint::range(
        "vo2_max",
        "/metrics-service/metrics/maxmet/daily/{start}/{end}",
        Some(365),
        &[M::MaxMetrics],
        fitness::vo2_max,
    ),
    Endpoint::range(
        "race_predictions",
        "/metrics-service/metrics/racepredictions/daily/{display_name}?fromCalendarDate={start}&toCalendarDate={end}",
        Some(366),
        &[M::RacePredictions],
        fitness::race_predictions,
    ),
    Endpoint::range(
        "hill_score",
        "/metrics-service/metrics/hillscore/stats?startDate={start}&endDate={end}&aggregation=daily",
        Some(31),
        &[M::HillScore],
        fitness::hill_score,
    ),
    Endpoint::range(
        "endurance_score",
        "/metrics-service/metrics/endurancescore/stats?startDate={start}&endDate={end}&aggregation=weekly",
        Some(84),
        &[M::EnduranceScore],
        fitness::endurance_score,
    )
    .by_week(),
    Endpoint::range(
        "lactate_threshold_heart_rate",
        "/biometric-service/stats/lactateThresholdHeartRate/range/{start}/{end}?sport=RUNNING&aggregation=daily&aggregationStrategy=LATEST",
        Some(365),
        &[M::LactateThreshold],
        fitness::lactate_threshold_heart_rate,
    ),
    Endpoint::range(
        "lactate_threshold_speed",
        "/biometric-service/stats/lactateThresholdSpeed/range/{start}/{end}?sport=RUNNING&aggregation=daily&aggregationStrategy=LATEST",
        Some(365),
        &[M::LactateThreshold],
        fitness::lactate_threshold_speed,
    ),
    Endpoint::range(
        "fitness_age",
        "/fitnessage-service/stats/daily/{start}/{end}",
        Some(29),
        &[M::FitnessAge],
        fitness::fitness_age,
    ),
    Endpoint::range(
        "menstrual_calendar",
        "/periodichealth-service/menstrualcycle/calendar/{start}/{end}",
        Some(90),
        &[M::MenstrualData],
        days::menstrual_calendar,
    )
    // Not set up by this person. Anywhere else a 404 might be a path that Garmin has moved, and must show.
    .nothing_when_not_found(),
    Endpoint::range(
        "hydration",
        "/usersummary-service/stats/hydration/daily/{start}/{end}",
        Some(28),
        &[M::Hydration],
        days::hydration,
    ),
    Endpoint::range(
        "respiration",
        "/usersummary-service/stats/respiration/daily/{start}/{end}",
        Some(31),
        &[M::Respiration],
        days::respiration,
    )
    .summarised(),
    Endpoint::range(
        "spo2",
        "/wellness-service/stats/daily/acclimation?fromDate={start}&untilDate={end}",
        None,
        &[M::Spo2],
        days::spo2,
    )
    .summarised(),
    Endpoint::range(
        "steps",
        "/usersummary-service/stats/steps/daily/{start}/{end}",
        Some(28),
        &[M::Steps, M::TotalDistance],
        days::steps,
    )
    .summarised(),
    Endpoint::range(
        "floors",
        "/usersummary-service/stats/floors/daily/{start}/{end}",
        Some(28),
        &[M::Floors],
        days::floors,
    )
    .summarised(),
    Endpoint::range(
        "heart_rate",
        "/usersummary-service/stats/heartRate/daily/{start}/{end}",
        Some(28),
        &[M::HeartRates],
        days::heart_rate,
    )
    .summarised(),
    Endpoint::range(
        "stress",
        "/usersummary-service/stats/stress/daily/{start}/{end}",
        Some(28),
        &[M::Stress],
        days::stress,
    )
    .summarised(),
    Endpoint::range(
        "body_battery",
        "/usersummary-service/stats/bodybattery/daily/{start}/{end}",
        Some(28),
        &[M::BodyBattery],
        days::body_battery,
    )
    .summarised(),
    Endpoint::range(
        "body_battery_report",
        "/wellness-service/wellness/bodyBattery/reports/daily?startDate={start}&endDate={end}",
        Some(28),
        &[M::BodyBattery],
        days::body_battery_report,
    )
    .summarised(),
    Endpoint::range(
        "intensity_minutes",
        "/usersummary-service/stats/im/daily/{start}/{end}",
        Some(28),
        &[M::IntensityMinutes],
        days::intensity_minutes,
    )
    .summarised(),
    Endpoint::range(
        "calories",
        "/usersummary-service/stats/daily/{start}/{end}?statsType=CALORIES",
        Some(28),
        CALORIES,
        days::calories,
    )
    .summarised(),
    Endpoint::range(
        "daily_summary",
        "/usersummary-service/usersummary/daily/{display_name}?calendarDate={date}",
        None,
        SUMMARY,
        days::daily_summary,
    )
    .scoped(Scope::Day),
    Endpoint::range(
        "training_readiness",
        "/metrics-service/metrics/trainingreadiness/{date}",
        None,
        READINESS,
        fitness::training_readiness,
    )
    .scoped(Scope::Day),
    Endpoint::range(
        "sleep_timeline",
        "/wellness-service/wellness/dailySleepData/{display_name}?date={date}&nonSleepBufferMinutes=60",
        None,
        &[M::Sleep],
        sleep::timeline,
    )
    .scoped(Scope::Day)
    .only(Asked::WithSleepTimeline)
    .young(),
    Endpoint::range(
        "heart_rate_series",
        "/wellness-service/wellness/dailyHeartRate/{display_name}?date={date}",
        None,
        &[M::HeartRates],
        intraday::heart_rate,
    )
    .scoped(Scope::Day)
    .only(Asked::WithIntraday)
    .young(),
    Endpoint::range(
        "stress_series",
        "/wellness-service/wellness/dailyStress/{date}",
        None,
        &[M::Stress, M::BodyBattery],
        intraday::stress,
    )
    .scoped(Scope::Day)
    .only(Asked::WithIntraday)
    .young(),
    Endpoint::range(
        "activities",
        "/activitylist-service/activities/search/activities?startDate={start}&endDate={end}&start={offset}&limit={limit}",
        None,
        &[M::Activities],
        activities::list,
    )
    .scoped(Scope::PagedRange { page_size: 200 }),
    Endpoint::range(
        "activity_laps",
        "/activity-service/activity/{id}/splits",
        None,
        &[M::Activities],
        activities::laps,
    )
    .object(Asked::WithActivityDetails),
    Endpoint::range(
        "activity_track",
        "/activity-service/activity/{id}/details?maxChartSize=500&maxPolylineSize=500",
        None,
        &[M::Activities],
        activities::track,
    )
    .object(Asked::WithActivityDetails),
    Endpoint::range(
        "activity_sets",
        "/activity-service/activity/{id}/exerciseSets",
        None,
        &[M::Activities],
        activities::exercise_sets,
    )
    .object(Asked::WithActivityDetails),
    Endpoint::range(
        "workouts",
        "/workout-service/workouts?start={offset}&limit={limit}",
        None,
        &[M::Workouts],
        workouts::list,
    )
    .scoped(Scope::Once { page_size: 200 }),
    Endpoint::range(
        "workout_steps",
        "/workout-service/workout/{id}",
        None,
        &[M::Workouts],
        workouts::steps,
    )
    .object(Asked::WithWorkoutSteps),
];

/// The entry of a source; none for a name that no longer stands in the table.
#[must_use]
pub fn endpoint(source: &SourceId) -> Option<&'static Endpoint> {
    TABLE.iter().find(|endpoint| endpoint.source == source.as_str())
}
