//! The metric types a caller may name.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! metric_types {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// One kind of data that a job may be asked for. The names on the wire are Garmin clients' own (GARMIN.md).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum MetricType {
            $(#[doc = concat!("`", $name, "`")] $variant,)+
        }

        impl MetricType {
            /// Every metric type, in the order in which they are documented.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl FromStr for MetricType {
            type Err = UnknownMetric;
            fn from_str(name: &str) -> Result<Self, UnknownMetric> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(UnknownMetric(name.to_owned())),
                }
            }
        }
    };
}

metric_types! {
    DailySummary = "daily_summary",
    Steps = "steps",
    TotalDistance = "total_distance",
    HighlyActiveSeconds = "highly_active_seconds",
    ActiveSeconds = "active_seconds",
    SedentarySeconds = "sedentary_seconds",
    ActiveCalories = "active_calories",
    BmrCalories = "bmr_calories",
    TotalCalories = "total_calories",
    HeartRates = "heart_rates",
    Sleep = "sleep",
    Stress = "stress",
    Respiration = "respiration",
    Spo2 = "spo2",
    IntensityMinutes = "intensity_minutes",
    TrainingReadiness = "training_readiness",
    TrainingStatus = "training_status",
    MaxMetrics = "max_metrics",
    Hrv = "hrv",
    LactateThreshold = "lactate_threshold",
    EnduranceScore = "endurance_score",
    HillScore = "hill_score",
    RacePredictions = "race_predictions",
    BloodPressure = "blood_pressure",
    BodyBattery = "body_battery",
    MenstrualData = "menstrual_data",
    Floors = "floors",
    FitnessAge = "fitness_age",
    BodyComposition = "body_composition",
    Hydration = "hydration",
    RecoveryTime = "recovery_time",
    TrainingLoad = "training_load",
    AcuteLoad = "acute_load",
    Activities = "activities",
    Workouts = "workouts",
}

/// A name that is no metric type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown metric type")]
pub struct UnknownMetric(
    /// The name as it was given.
    pub String,
);

impl fmt::Display for MetricType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<MetricType> for &'static str {
    fn from(metric: MetricType) -> Self {
        metric.name()
    }
}

impl TryFrom<String> for MetricType {
    type Error = UnknownMetric;
    fn try_from(name: String) -> Result<Self, UnknownMetric> {
        name.parse()
    }
}

/// Which metric types a job imports. Never empty: naming none means all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeSet<MetricType>", into = "BTreeSet<MetricType>")]
pub struct MetricSet(BTreeSet<MetricType>);

impl MetricSet {
    /// Every metric type.
    #[must_use]
    pub fn all() -> Self {
        Self(MetricType::ALL.iter().copied().collect())
    }

    /// Whether `metric` is in it.
    #[must_use]
    pub fn contains(&self, metric: MetricType) -> bool {
        self.0.contains(&metric)
    }

    /// Whether at least one of `metrics` is in it.
    #[must_use]
    pub fn contains_any(&self, metrics: &[MetricType]) -> bool {
        metrics.iter().any(|metric| self.contains(*metric))
    }

    /// Whether it holds every metric type there is.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.0.len() == MetricType::ALL.len()
    }

    /// Whether everything in `other` is in it too.
    #[must_use]
    pub fn is_superset(&self, other: &Self) -> bool {
        self.0.is_superset(&other.0)
    }

    /// The metric types, in documented order.
    pub fn iter(&self) -> impl Iterator<Item = MetricType> + '_ {
        self.0.iter().copied()
    }
}

impl From<BTreeSet<MetricType>> for MetricSet {
    fn from(metrics: BTreeSet<MetricType>) -> Self {
        if metrics.is_empty() { Self::all() } else { Self(metrics) }
    }
}

impl From<MetricSet> for BTreeSet<MetricType> {
    fn from(metrics: MetricSet) -> Self {
        metrics.0
    }
}

impl FromIterator<MetricType> for MetricSet {
    fn from_iter<I: IntoIterator<Item = MetricType>>(metrics: I) -> Self {
        metrics.into_iter().collect::<BTreeSet<_>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_thirty_three_daily_names_and_two_more() {
        assert_eq!(MetricType::ALL.len(), 35);
        assert!(MetricType::ALL.iter().all(|metric| metric.name().parse() == Ok(*metric)));
    }

    #[test]
    fn naming_none_means_all() {
        assert!(MetricSet::from_iter([]).is_all());
        assert!(!MetricSet::from_iter([MetricType::Hrv]).is_all());
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_name() {
        assert_eq!("setps".parse::<MetricType>(), Err(UnknownMetric("setps".into())));
    }
}
