//! Saved workouts: plans without a date, some with names that look like numbers.

use serde::Serialize;

use super::activities::ActivityName;
use super::draw::Stream;
use super::person::Person;

/// Ids begin here.
pub(crate) const FIRST_ID: u64 = 1_400_000_000;

/// A saved plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkoutTruth {
    /// Garmin's id.
    pub workout_id: u64,
    /// As Garmin sends it.
    pub name: ActivityName,
    /// `sportType.sportTypeKey`.
    pub sport_key: &'static str,
    /// `sportType.sportTypeId`.
    pub sport_id: u32,
    /// Seconds the plan should take.
    pub estimated_seconds: i64,
    /// Metres the plan should cover.
    pub estimated_meters: f64,
    /// Repetitions of the main part.
    pub repetitions: i64,
}

const PLANS: [(&str, &str, u32, i64, f64); 7] = [
    ("Threshold 4 x 8 min", "running", 1, 3_600, 10_000.0),
    ("Hill repeats", "running", 1, 2_700, 7_500.0),
    ("Long run", "running", 1, 6_600, 18_000.0),
    ("Sweet spot 3 x 12", "cycling", 2, 4_500, 0.0),
    ("Krafttraining Rücken", "strength_training", 5, 0, 0.0),
    ("400", "lap_swimming", 4, 1_800, 1_500.0),
    ("Mobility", "yoga", 7, 1_200, 0.0),
];

/// The person's saved workouts, newest first.
pub(crate) fn of(person: &Person) -> Vec<WorkoutTruth> {
    let mut draw = person.draw(Stream::Workout, person.account.first_day);
    let mut workouts: Vec<WorkoutTruth> = PLANS
        .iter()
        .enumerate()
        .map(|(index, (name, sport_key, sport_id, seconds, meters))| WorkoutTruth {
            workout_id: FIRST_ID + person.index as u64 * 1_000 + index as u64,
            // Garmin sends a name that is a number as a number.
            name: name.parse().map_or_else(|_| ActivityName::Text((*name).to_owned()), ActivityName::Number),
            sport_key,
            sport_id: *sport_id,
            estimated_seconds: *seconds,
            estimated_meters: *meters,
            repetitions: draw.whole(3, 8),
        })
        .collect();
    workouts.reverse();
    workouts
}
