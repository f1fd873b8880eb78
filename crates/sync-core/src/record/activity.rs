//! Recorded activities.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

/// One recorded activity (`activity#<activityId>`): the summary of Garmin's list, then its laps, exercise sets and track
/// as they are fetched. The track is stored beside these fields as bytes, under [`TRACK`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "camelCase"))]
pub struct ActivityRecord {
    /// What the person called it (`activityName`, any JSON scalar).
    pub name: Option<String>,
    /// Garmin's key of the kind (`activityType.typeKey`).
    pub activity_type: Option<String>,
    /// Garmin's key of the occasion (`eventType.typeKey`).
    pub event_type: Option<String>,
    /// When it began (`startTimeGMT`).
    pub start: Option<DateTime<Utc>>,
    /// When it began on the person's clock (`startTimeLocal`).
    pub start_local: Option<NaiveDateTime>,
    /// When it ended (`endTimeGMT`).
    pub end: Option<DateTime<Utc>>,
    /// The offset from UTC where it was recorded, minutes.
    pub utc_offset_minutes: Option<i64>,
    /// Seconds on the timer (`duration`).
    pub duration_seconds: Option<f64>,
    /// Seconds from start to end, pauses included (`elapsedDuration`).
    pub elapsed_seconds: Option<f64>,
    /// Seconds in movement (`movingDuration`).
    pub moving_seconds: Option<f64>,
    /// Metres (`distance`).
    pub distance_meters: Option<f64>,
    /// Metres climbed (`elevationGain`).
    pub elevation_gain_meters: Option<f64>,
    /// Metres descended (`elevationLoss`).
    pub elevation_loss_meters: Option<f64>,
    /// Lowest point, metres (`minElevation`).
    pub minimum_elevation_meters: Option<f64>,
    /// Highest point, metres (`maxElevation`).
    pub maximum_elevation_meters: Option<f64>,
    /// Mean height, metres (`avgElevation`).
    pub average_elevation_meters: Option<f64>,
    /// Mean speed, metres per second (`averageSpeed`).
    pub average_speed_meters_per_second: Option<f64>,
    /// Highest speed, metres per second (`maxSpeed`).
    pub maximum_speed_meters_per_second: Option<f64>,
    /// Mean speed as if on the flat, metres per second (`avgGradeAdjustedSpeed`).
    pub average_grade_adjusted_speed_meters_per_second: Option<f64>,
    /// Fastest climb, metres per second (`maxVerticalSpeed`).
    pub maximum_vertical_speed_meters_per_second: Option<f64>,
    /// All energy spent, kilocalories (`calories`).
    pub kilocalories: Option<f64>,
    /// Of it, energy the body would have spent at rest, kilocalories (`bmrCalories`).
    pub bmr_kilocalories: Option<f64>,
    /// Mean heart rate, beats per minute (`averageHR`).
    pub average_heart_rate_bpm: Option<f64>,
    /// Highest heart rate, beats per minute (`maxHR`).
    pub maximum_heart_rate_bpm: Option<f64>,
    /// Seconds in heart rate zones 1 to 5 (`hrTimeInZone_1` …).
    pub heart_rate_zone_seconds: Option<BTreeMap<u32, f64>>,
    /// Seconds in power zones 1 to 7 (`powerTimeInZone_1` …).
    pub power_zone_seconds: Option<BTreeMap<u32, f64>>,
    /// Best mean power in watts by seconds it was held (`maxAvgPower_1` …).
    pub best_average_power_watts: Option<BTreeMap<u32, f64>>,
    /// Fastest seconds by metres (`fastestSplit_1000` …).
    pub fastest_split_seconds: Option<BTreeMap<u32, f64>>,
    /// Steps (`steps`).
    pub steps: Option<i64>,
    /// Mean steps per minute (`averageRunningCadenceInStepsPerMinute`).
    pub average_running_cadence_steps_per_minute: Option<f64>,
    /// Highest steps per minute (`maxRunningCadenceInStepsPerMinute`).
    pub maximum_running_cadence_steps_per_minute: Option<f64>,
    /// Mean pedal revolutions per minute (`averageBikingCadenceInRevPerMinute`).
    pub average_cycling_cadence_revolutions_per_minute: Option<f64>,
    /// Highest pedal revolutions per minute (`maxBikingCadenceInRevPerMinute`).
    pub maximum_cycling_cadence_revolutions_per_minute: Option<f64>,
    /// Mean strokes per minute (`averageSwimCadenceInStrokesPerMinute`).
    pub average_swimming_cadence_strokes_per_minute: Option<f64>,
    /// Highest strokes per minute (`maxSwimCadenceInStrokesPerMinute`).
    pub maximum_swimming_cadence_strokes_per_minute: Option<f64>,
    /// Strokes (`strokes`).
    pub strokes: Option<f64>,
    /// Mean strokes per length (`avgStrokes`).
    pub average_strokes_per_length: Option<f64>,
    /// Mean metres per stroke (`avgStrokeDistance`).
    pub average_stroke_distance_meters: Option<f64>,
    /// Mean SWOLF: strokes plus seconds per length (`averageSwolf`).
    pub average_swolf: Option<f64>,
    /// Lengths swum (`activeLengths`).
    pub active_lengths: Option<i64>,
    /// Length of the pool in metres (`poolLength` counts centimetres; `unitOfPoolLength` only says in what the watch shows it).
    pub pool_length_meters: Option<f64>,
    /// Mean power, watts (`avgPower`).
    pub average_power_watts: Option<f64>,
    /// Highest power, watts (`maxPower`).
    pub maximum_power_watts: Option<f64>,
    /// Normalised power, watts (`normPower`).
    pub normalized_power_watts: Option<f64>,
    /// Best mean power over twenty minutes, watts (`max20MinPower`).
    pub best_twenty_minute_power_watts: Option<f64>,
    /// Intensity factor (`intensityFactor`).
    pub intensity_factor: Option<f64>,
    /// Training stress score (`trainingStressScore`).
    pub training_stress_score: Option<f64>,
    /// Mean vertical oscillation, centimetres (`avgVerticalOscillation`).
    pub average_vertical_oscillation_centimeters: Option<f64>,
    /// Mean ground contact time, milliseconds (`avgGroundContactTime`).
    pub average_ground_contact_milliseconds: Option<f64>,
    /// Mean stride, centimetres (`avgStrideLength`).
    pub average_stride_centimeters: Option<f64>,
    /// Mean vertical ratio, percent (`avgVerticalRatio`).
    pub average_vertical_ratio_percent: Option<f64>,
    /// Mean breaths per minute (`avgRespirationRate`).
    pub average_respiration_breaths_per_minute: Option<f64>,
    /// Lowest breaths per minute (`minRespirationRate`).
    pub minimum_respiration_breaths_per_minute: Option<f64>,
    /// Highest breaths per minute (`maxRespirationRate`).
    pub maximum_respiration_breaths_per_minute: Option<f64>,
    /// Lowest temperature, degrees Celsius (`minTemperature`).
    pub minimum_temperature_celsius: Option<f64>,
    /// Highest temperature, degrees Celsius (`maxTemperature`).
    pub maximum_temperature_celsius: Option<f64>,
    /// Aerobic training effect, 0 to 5 (`aerobicTrainingEffect`).
    pub aerobic_training_effect: Option<f64>,
    /// Anaerobic training effect, 0 to 5 (`anaerobicTrainingEffect`).
    pub anaerobic_training_effect: Option<f64>,
    /// What it trained, such as `TEMPO` (`trainingEffectLabel`).
    pub training_effect_label: Option<String>,
    /// Garmin's message on the aerobic effect (`aerobicTrainingEffectMessage`).
    pub aerobic_training_effect_message: Option<String>,
    /// Garmin's message on the anaerobic effect (`anaerobicTrainingEffectMessage`).
    pub anaerobic_training_effect_message: Option<String>,
    /// Training load (`activityTrainingLoad`).
    pub training_load: Option<f64>,
    /// VO2 max estimated from it, ml/kg/min (`vO2MaxValue`).
    pub vo2_max_milliliters_per_kilogram_minute: Option<f64>,
    /// Minutes of moderate intensity (`moderateIntensityMinutes`).
    pub moderate_intensity_minutes: Option<i64>,
    /// Minutes of vigorous intensity (`vigorousIntensityMinutes`).
    pub vigorous_intensity_minutes: Option<i64>,
    /// Points of body battery it cost or gave (`differenceBodyBattery`).
    pub body_battery_change: Option<i64>,
    /// Estimated sweat, millilitres (`waterEstimated`).
    pub water_estimated_milliliters: Option<f64>,
    /// Where it began, degrees north (`startLatitude`).
    pub start_latitude_degrees: Option<f64>,
    /// Where it began, degrees east (`startLongitude`).
    pub start_longitude_degrees: Option<f64>,
    /// Where it ended, degrees north (`endLatitude`).
    pub end_latitude_degrees: Option<f64>,
    /// Where it ended, degrees east (`endLongitude`).
    pub end_longitude_degrees: Option<f64>,
    /// Garmin's name for the place (`locationName`).
    pub location_name: Option<String>,
    /// Laps (`lapCount`).
    pub lap_count: Option<i64>,
    /// Seconds of the shortest lap (`minActivityLapDuration`).
    pub shortest_lap_seconds: Option<f64>,
    /// The workout it followed (`workoutId`).
    pub workout_id: Option<i64>,
    /// Which device recorded it (`deviceId`).
    pub device_id: Option<i64>,
    /// Who made that device (`manufacturer`).
    pub manufacturer: Option<String>,
    /// The activity it is a part of, for multisport (`parentId`).
    pub parent_activity_id: Option<i64>,
    /// Whether it was typed in (`manualActivity`).
    pub is_manual: Option<bool>,
    /// Whether the person marked it (`favorite`).
    pub is_favorite: Option<bool>,
    /// Whether it set a personal record (`pr`).
    pub is_personal_record: Option<bool>,
    /// Whether it came with a route (`hasPolyline`).
    pub has_route: Option<bool>,
    /// The stretches of one kind within it, such as intervals or climbs (`splitSummaries`).
    pub split_summaries: Option<Vec<SplitSummary>>,
    /// The laps, first to last (`/splits`).
    pub laps: Option<Vec<Lap>>,
    /// The sets of a strength activity, first to last (`/exerciseSets`).
    pub exercise_sets: Option<Vec<ExerciseSet>>,
}

/// The attribute of an activity by which activities stand in order: [`ActivityRecord::start_local`].
pub const START_LOCAL: &str = "start_local";

/// The attribute of an activity that holds its [`Track`](crate::record::series::Track), compressed.
pub const TRACK: &str = "track";

/// All stretches of one kind taken together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "camelCase"))]
pub struct SplitSummary {
    /// `INTERVAL_ACTIVE`, `RWD_RUN`, `CLIMB_ACTIVE`, … (`splitType`).
    pub kind: Option<String>,
    /// How many (`noOfSplits`).
    pub count: Option<i64>,
    /// Seconds in all (`duration`).
    pub duration_seconds: Option<f64>,
    /// Metres in all (`distance`).
    pub distance_meters: Option<f64>,
    /// Mean speed, metres per second (`averageSpeed`).
    pub average_speed_meters_per_second: Option<f64>,
    /// Metres climbed (`totalAscent`).
    pub elevation_gain_meters: Option<f64>,
    /// Metres descended (`elevationLoss`).
    pub elevation_loss_meters: Option<f64>,
}

/// One lap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "camelCase"))]
pub struct Lap {
    /// When it began (`startTimeGMT`).
    pub start: Option<DateTime<Utc>>,
    /// Seconds on the timer (`duration`).
    pub duration_seconds: Option<f64>,
    /// Seconds in movement (`movingDuration`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moving_seconds: Option<f64>,
    /// Metres (`distance`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_meters: Option<f64>,
    /// Mean speed, metres per second (`averageSpeed`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_speed_meters_per_second: Option<f64>,
    /// Highest speed, metres per second (`maxSpeed`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_speed_meters_per_second: Option<f64>,
    /// Metres climbed (`elevationGain`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elevation_gain_meters: Option<f64>,
    /// Metres descended (`elevationLoss`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elevation_loss_meters: Option<f64>,
    /// Mean heart rate, beats per minute (`averageHR`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_heart_rate_bpm: Option<f64>,
    /// Highest heart rate, beats per minute (`maxHR`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_heart_rate_bpm: Option<f64>,
    /// Kilocalories (`calories`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kilocalories: Option<f64>,
    /// Mean steps per minute (`averageRunCadence`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_running_cadence_steps_per_minute: Option<f64>,
    /// Mean pedal revolutions per minute (`averageBikeCadence`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_cycling_cadence_revolutions_per_minute: Option<f64>,
    /// Mean power, watts (`averagePower`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_power_watts: Option<f64>,
    /// Normalised power, watts (`normalizedPower`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalized_power_watts: Option<f64>,
    /// `WARMUP`, `ACTIVE`, `REST`, … (`intensityType`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intensity: Option<String>,
    /// Lengths of a swim (`numberOfActiveLengths`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_lengths: Option<i64>,
    /// Strokes of a swim (`totalNumberOfStrokes`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strokes: Option<i64>,
}

/// One set of a strength activity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "camelCase"))]
pub struct ExerciseSet {
    /// When it began; Garmin gives no zone and means UTC (`startTime`).
    pub start: Option<DateTime<Utc>>,
    /// `ACTIVE` or `REST` (`setType`).
    pub kind: Option<String>,
    /// The likeliest exercise (`exercises[0].category`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exercise_category: Option<String>,
    /// Its name (`exercises[0].name`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exercise_name: Option<String>,
    /// Seconds (`duration`).
    pub duration_seconds: Option<f64>,
    /// Repetitions (`repetitionCount`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repetitions: Option<i64>,
    /// Kilograms (`weight`, which Garmin gives in grams).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_kilograms: Option<f64>,
}
