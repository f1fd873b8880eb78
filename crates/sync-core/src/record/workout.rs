//! Saved workouts.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// A saved workout: a plan without a date (`workout#<workoutId>`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkoutRecord {
    /// What the person called it (`workoutName`).
    pub name: Option<String>,
    /// What the person wrote about it (`description`).
    pub description: Option<String>,
    /// Garmin's key of the sport (`sportType.sportTypeKey`).
    pub sport: Option<String>,
    /// Seconds it should take (`estimatedDurationInSecs`).
    pub estimated_seconds: Option<i64>,
    /// Metres it should cover (`estimatedDistanceInMeters`).
    pub estimated_meters: Option<f64>,
    /// When it was made; Garmin does not say in which zone (`createdDate`).
    pub created_at: Option<NaiveDateTime>,
    /// When it last changed (`updateDate`, `updatedDate`).
    pub changed_at: Option<NaiveDateTime>,
    /// The steps, repeats flattened into their depth-first order (`workoutSegments.workoutSteps`).
    pub steps: Option<Vec<WorkoutStep>>,
}

/// One step of a workout.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkoutStep {
    /// How deep in repeats it stands: 0 at the top.
    pub depth: u8,
    /// `warmup`, `interval`, `recovery`, `rest`, `cooldown`, `repeat`, … (`stepType.stepTypeKey`).
    pub kind: Option<String>,
    /// How often its children are done, for a repeat (`numberOfIterations`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repetitions: Option<i64>,
    /// What ends it: `time` (seconds), `distance` (metres), `reps`, `lap.button`, … (`endCondition.conditionTypeKey`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<String>,
    /// How much of that, in that unit (`endConditionValue`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<f64>,
    /// What to aim at: `heart.rate.zone`, `pace.zone`, … (`targetType.workoutTargetTypeKey`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Lower end of the target: beats per minute, metres per second, watts (`targetValueOne`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_from: Option<f64>,
    /// Upper end of the target (`targetValueTwo`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_to: Option<f64>,
    /// The zone to aim at (`zoneNumber`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_zone: Option<i64>,
    /// The exercise of a strength step (`category`, `exerciseName`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exercise: Option<String>,
    /// What the person wrote (`description`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
