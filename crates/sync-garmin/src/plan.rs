//! Which windows a chunk consists of.
//!
//! The daily summary holds what ten ranges hold, and some things that nothing else does. It is one call a day, the ranges
//! are one or two calls each: the planner takes whichever is fewer calls, and the summary when something only it has is
//! named.

use sync_core::window::{PlanRequest, WindowPlan, WindowScope};
use sync_core::{DateRange, MetricType, Window};

use crate::caps::LearnedCaps;
use crate::config::GarminConfig;
use crate::endpoints::table::{self, Asked, Endpoint, ONLY_SUMMARY, Scope, TABLE};

/// Consecutive windows of equal length, as few as the cap allows.
fn pieces(range: DateRange, cap: u32) -> impl Iterator<Item = DateRange> {
    let windows = range.days().div_ceil(cap.max(1));
    range.pieces(range.days().div_ceil(windows.max(1)))
}

/// Whether the configuration has the client ask `asked`.
pub(crate) const fn is_enabled(config: &GarminConfig, asked: Asked) -> bool {
    match asked {
        Asked::Always => true,
        Asked::WithIntraday => config.intraday,
        Asked::WithSleepTimeline => config.sleep_timeline,
        Asked::WithActivityDetails => config.activity_details,
        Asked::WithWorkoutSteps => config.workout_steps,
    }
}

/// What the daily summary makes superfluous. Its respiration lacks the sleeping average: then the sleep records have it.
fn is_superseded(endpoint: &Endpoint, request: &PlanRequest<'_>) -> bool {
    endpoint.in_daily_summary
        && (endpoint.id() != table::RESPIRATION || request.metrics.contains(MetricType::Sleep))
}

struct Planner<'a> {
    config: &'a GarminConfig,
    caps: &'a LearnedCaps,
    request: &'a PlanRequest<'a>,
}

impl Planner<'_> {
    fn is_wanted(&self, endpoint: &Endpoint) -> bool {
        is_enabled(self.config, endpoint.asked) && self.request.metrics.contains_any(endpoint.metrics)
    }

    fn windows(&self, endpoint: &'static Endpoint, range: DateRange) -> impl Iterator<Item = Window> {
        let cap = endpoint.cap_days().map(|known| self.caps.cap(endpoint.source, known));
        cap.into_iter()
            .flat_map(move |cap| pieces(range, cap))
            .map(|piece| Window::days(endpoint.id(), piece))
    }

    /// Whether the daily summary is asked instead of the ranges it holds.
    fn uses_summary(&self) -> bool {
        if self.request.metrics.contains_any(ONLY_SUMMARY) {
            return true;
        }
        let replaced = TABLE
            .iter()
            .filter(|endpoint| self.is_wanted(endpoint) && is_superseded(endpoint, self.request))
            .map(|endpoint| self.windows(endpoint, self.request.range).count())
            .sum::<usize>();
        (self.request.range.days() as usize) < replaced
    }

    /// The days young enough to ask for, and those too old.
    fn by_age(&self, endpoint: &Endpoint) -> (Option<DateRange>, Option<DateRange>) {
        let range = self.request.range;
        let Some(oldest) = endpoint
            .oldest_days
            .and_then(|days| self.request.today.checked_sub_days(chrono::Days::new(days.into())))
        else {
            return (Some(range), None);
        };
        let young = DateRange::new(oldest.max(range.start()), range.end()).ok();
        let old =
            oldest.pred_opt().and_then(|last| DateRange::new(range.start(), last.min(range.end())).ok());
        (young, old)
    }
}

pub(crate) fn plan(config: &GarminConfig, caps: &LearnedCaps, request: &PlanRequest<'_>) -> WindowPlan {
    let planner = Planner { config, caps, request };
    let uses_summary = planner.uses_summary();
    let mut plan = WindowPlan::default();
    for endpoint in TABLE.iter().filter(|endpoint| planner.is_wanted(endpoint)) {
        let is_summary = endpoint.id() == table::DAILY_SUMMARY;
        if (is_summary && !uses_summary) || (uses_summary && is_superseded(endpoint, request)) {
            continue;
        }
        match endpoint.scope {
            Scope::Range { .. } | Scope::Day | Scope::PagedRange { .. } => {
                let (young, old) = planner.by_age(endpoint);
                plan.windows.extend(young.into_iter().flat_map(|days| planner.windows(endpoint, days)));
                if let Some(days) = old {
                    let named = endpoint.metrics.iter().filter(|metric| request.metrics.contains(**metric));
                    plan.offloaded.extend(named.map(|metric| (*metric, days)));
                }
            }
            Scope::Once { .. } if request.first_chunk => {
                plan.windows.push(Window { source: endpoint.id(), scope: WindowScope::All })
            }
            Scope::Once { .. } | Scope::Object => {}
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::NaiveDate;
    use sync_core::{MetricSet, MetricType as M};
    use url::Url;

    use super::*;

    fn config() -> GarminConfig {
        let url: Url = "http://localhost".parse().unwrap();
        GarminConfig::simulator(url.clone(), url)
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn days(start: &str, end: &str) -> DateRange {
        DateRange::new(date(start), date(end)).unwrap()
    }

    fn planned(config: &GarminConfig, metrics: &MetricSet, range: DateRange) -> WindowPlan {
        let request = PlanRequest { range, metrics, today: date("2026-11-22"), first_chunk: true };
        plan(config, &LearnedCaps::default(), &request)
    }

    fn named(metrics: impl IntoIterator<Item = M>) -> MetricSet {
        metrics.into_iter().collect()
    }

    fn sources(plan: &WindowPlan) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for window in &plan.windows {
            *counts.entry(window.source.to_string()).or_default() += 1;
        }
        counts
    }

    const CHUNK: (&str, &str) = ("2024-01-01", "2024-01-30");

    #[test]
    fn thirty_days_of_everything_take_at_most_eighty_calls() {
        let plan = planned(&config(), &MetricSet::all(), days(CHUNK.0, CHUNK.1));
        assert_eq!(plan.windows.len(), 79);
        assert!(plan.offloaded.is_empty());
    }

    #[test]
    fn thirty_days_of_the_daily_aggregates_take_at_most_thirty_six_calls() {
        let only_by_day = [ONLY_SUMMARY, &[M::TrainingReadiness, M::RecoveryTime]].concat();
        let listed = [M::Activities, M::Workouts];
        let ranges =
            M::ALL.iter().copied().filter(|metric| !only_by_day.contains(metric) && !listed.contains(metric));
        let plan = planned(&config(), &named(ranges), days(CHUNK.0, CHUNK.1));
        assert!(!sources(&plan).contains_key("daily_summary"));
        assert_eq!(plan.windows.len(), 35);
    }

    #[test]
    fn one_metric_asks_only_the_calls_that_it_needs() {
        let expected: &[(M, &[(&str, usize)])] = &[
            (M::Steps, &[("steps", 2)]),
            (M::TotalDistance, &[("steps", 2)]),
            (M::ActiveCalories, &[("calories", 2)]),
            (M::HeartRates, &[("heart_rate", 2)]),
            (M::Stress, &[("stress", 2)]),
            (M::BodyBattery, &[("body_battery", 2), ("body_battery_report", 2)]),
            (M::Respiration, &[("respiration", 1)]),
            (M::Spo2, &[("spo2", 1)]),
            (M::Floors, &[("floors", 2)]),
            (M::IntensityMinutes, &[("intensity_minutes", 2)]),
            (M::Hydration, &[("hydration", 2)]),
            (M::Sleep, &[("sleep", 2)]),
            (M::Hrv, &[("hrv", 1)]),
            (M::MaxMetrics, &[("vo2_max", 1)]),
            (M::RacePredictions, &[("race_predictions", 1)]),
            (M::HillScore, &[("hill_score", 1)]),
            (M::EnduranceScore, &[("endurance_score", 1)]),
            (M::LactateThreshold, &[("lactate_threshold_heart_rate", 1), ("lactate_threshold_speed", 1)]),
            (M::TrainingStatus, &[("training_status", 1)]),
            (M::AcuteLoad, &[("training_status", 1)]),
            (M::TrainingLoad, &[("training_status", 1)]),
            (M::TrainingReadiness, &[("training_readiness", 30)]),
            (M::RecoveryTime, &[("training_readiness", 30)]),
            (M::FitnessAge, &[("fitness_age", 2)]),
            (M::BodyComposition, &[("weight", 1)]),
            (M::BloodPressure, &[("blood_pressure", 1)]),
            (M::MenstrualData, &[("menstrual_calendar", 1)]),
            (M::DailySummary, &[("daily_summary", 30)]),
            (M::SedentarySeconds, &[("daily_summary", 30)]),
            (M::Activities, &[("activities", 1)]),
            (M::Workouts, &[("workouts", 1)]),
        ];
        for (metric, calls) in expected {
            let plan = planned(&config(), &named([*metric]), days(CHUNK.0, CHUNK.1));
            let calls = calls.iter().map(|(source, count)| ((*source).to_owned(), *count)).collect();
            assert_eq!(sources(&plan), calls, "{metric}");
        }
    }

    #[test]
    fn every_metric_type_is_served_and_every_window_says_whom_it_serves() {
        for metric in M::ALL {
            let plan = planned(&config(), &named([*metric]), days(CHUNK.0, CHUNK.1));
            assert!(!plan.windows.is_empty(), "{metric}");
            for window in &plan.windows {
                let endpoint = table::endpoint(&window.source).unwrap();
                assert!(endpoint.metrics.contains(metric), "{window} for {metric}");
            }
        }
    }

    #[test]
    fn the_windows_of_a_source_cover_each_day_exactly_once() {
        for (start, end) in
            [("2024-01-01", "2024-01-01"), CHUNK, ("2024-02-20", "2024-03-20"), ("2023-12-31", "2024-01-02")]
        {
            let range = days(start, end);
            for metric in M::ALL {
                let mut by_source: BTreeMap<_, Vec<NaiveDate>> = BTreeMap::new();
                for window in planned(&config(), &named([*metric]), range).windows {
                    let covered = window.range().into_iter().flat_map(DateRange::iter);
                    by_source.entry(window.source.clone()).or_default().extend(covered);
                }
                by_source.retain(|_, days| !days.is_empty());
                for (source, covered) in by_source {
                    assert_eq!(covered, range.iter().collect::<Vec<_>>(), "{source} {start}..{end}");
                }
            }
        }
    }

    #[test]
    fn a_few_days_are_cheaper_from_the_summary() {
        let metrics = named([M::Steps, M::HeartRates, M::Stress, M::Floors]);
        let three = planned(&config(), &metrics, days("2024-01-01", "2024-01-03"));
        assert_eq!(sources(&three), [("daily_summary".to_owned(), 3)].into());
        let four = planned(&config(), &metrics, days("2024-01-01", "2024-01-04"));
        assert_eq!(four.windows.len(), 4);
        assert!(!sources(&four).contains_key("daily_summary"));
    }

    #[test]
    fn no_window_is_longer_than_the_cap_of_its_source() {
        for window in planned(&config(), &MetricSet::all(), days(CHUNK.0, CHUNK.1)).windows {
            let cap = table::endpoint(&window.source).unwrap().cap_days();
            assert!(window.range().is_none_or(|range| Some(range.days()) <= cap), "{window}");
        }
    }

    #[test]
    fn whole_weeks_are_asked_that_end_within_the_window_and_within_the_cap() {
        let weekly = TABLE.iter().find(|endpoint| endpoint.weekly).unwrap();
        let cap = weekly.cap_days().unwrap();
        for first in days("2024-01-01", "2024-01-07").iter() {
            for length in 1..=u64::from(cap) {
                let range = DateRange::new(first, first + chrono::Days::new(length - 1)).unwrap();
                let sundays = range.iter().filter(|day| day.format("%a").to_string() == "Sun").count();
                let asked = weekly.asked_days(range);
                assert_eq!(asked.map_or(0, DateRange::days) as usize, sundays * 7, "{first} {length}");
                assert!(asked.is_none_or(|asked| asked.end() <= range.end() && asked.days() <= cap));
            }
        }
    }

    #[test]
    fn a_learned_cap_makes_smaller_windows_until_it_proves_wrong() {
        let caps = LearnedCaps::default();
        let (range, metrics) = (days(CHUNK.0, CHUNK.1), named([M::Hrv]));
        let request = PlanRequest { range, metrics: &metrics, today: date("2026-11-22"), first_chunk: false };
        caps.too_long("hrv", range);
        let windows = plan(&config(), &caps, &request).windows;
        assert_eq!(
            windows.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["hrv@2024-01-01..2024-01-15", "hrv@2024-01-16..2024-01-30"]
        );
        caps.not_the_reason("hrv");
        assert_eq!(plan(&config(), &caps, &request).windows.len(), 1);
    }

    #[test]
    fn workouts_are_asked_once_per_job() {
        let metrics = named([M::Workouts]);
        let request = PlanRequest {
            range: days(CHUNK.0, CHUNK.1),
            metrics: &metrics,
            today: date("2026-11-22"),
            first_chunk: false,
        };
        assert_eq!(plan(&config(), &LearnedCaps::default(), &request), WindowPlan::default());
    }

    #[test]
    fn series_within_the_day_are_asked_for_young_days_and_old_ones_are_known_to_be_gone() {
        let config = GarminConfig { intraday: true, ..config() };
        let metrics = named([M::Stress]);
        // 180 days before 2026-11-22 is 2026-05-26.
        let plan = planned(&config, &metrics, days("2026-05-20", "2026-06-02"));
        assert_eq!(sources(&plan)["stress_series"], 8);
        assert_eq!(plan.offloaded, [(M::Stress, days("2026-05-20", "2026-05-25"))]);
        let old = planned(&config, &metrics, days(CHUNK.0, CHUNK.1));
        assert_eq!(sources(&old), [("stress".to_owned(), 2)].into());
        assert_eq!(old.offloaded, [(M::Stress, days(CHUNK.0, CHUNK.1))]);
    }
}
