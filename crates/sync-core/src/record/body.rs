//! Measurements of the body that a person takes: on the scales, at the cuff.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// One time on the scales (`weigh_in#<samplePk>`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WeighInRecord {
    /// The person's calendar day (`calendarDate`, else `summaryDate`), never taken from an epoch.
    pub date: Option<NaiveDate>,
    /// The moment (`timestampGMT`).
    pub measured_at: Option<DateTime<Utc>>,
    /// Kilograms (`weight`, which Garmin gives in grams).
    pub weight_kilograms: Option<f64>,
    /// Body mass index, kg/m² (`bmi`).
    pub body_mass_index: Option<f64>,
    /// Body fat, percent (`bodyFat`).
    pub body_fat_percent: Option<f64>,
    /// Body water, percent (`bodyWater`).
    pub body_water_percent: Option<f64>,
    /// Bone, kilograms (`boneMass`, grams).
    pub bone_mass_kilograms: Option<f64>,
    /// Muscle, kilograms (`muscleMass`, grams).
    pub muscle_mass_kilograms: Option<f64>,
    /// Physique rating, 1 to 9 (`physiqueRating`).
    pub physique_rating: Option<f64>,
    /// Visceral fat rating (`visceralFat`).
    pub visceral_fat_rating: Option<f64>,
    /// Metabolic age, years (`metabolicAge`).
    pub metabolic_age_years: Option<f64>,
    /// Where it came from: `INDEX_SCALE`, `MANUAL`, … (`sourceType`).
    pub source_type: Option<String>,
}

/// One blood pressure measurement (`blood_pressure#<moment in epoch ms>`, else `blood_pressure#<date>-<index>`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BloodPressureRecord {
    /// The person's calendar day (`measurementTimestampLocal`, else the summary's day).
    pub date: Option<NaiveDate>,
    /// The moment (`measurementTimestampGMT`).
    pub measured_at: Option<DateTime<Utc>>,
    /// Systolic, millimetres of mercury (`systolic`).
    pub systolic_mmhg: Option<f64>,
    /// Diastolic, millimetres of mercury (`diastolic`).
    pub diastolic_mmhg: Option<f64>,
    /// Pulse, beats per minute (`pulse`).
    pub pulse_bpm: Option<f64>,
    /// Garmin's name for the band it falls in (`categoryName`).
    pub category: Option<String>,
    /// Where it came from (`sourceType`).
    pub source_type: Option<String>,
    /// What the person noted (`notes`).
    pub notes: Option<String>,
}
