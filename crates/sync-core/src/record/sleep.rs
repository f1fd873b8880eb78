//! One night.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A night, kept under the calendar date of its morning (`sleep#<date>`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "camelCase"))]
pub struct SleepRecord {
    /// When it began (`gmtSleepStartTimeInMillis`, `sleepStartTimestampGMT`).
    pub start: Option<DateTime<Utc>>,
    /// When it ended (`gmtSleepEndTimeInMillis`, `sleepEndTimestampGMT`).
    pub end: Option<DateTime<Utc>>,
    /// The watch's offset from UTC when it began, minutes: Garmin's local start less its start in UTC.
    pub utc_offset_minutes: Option<i64>,
    /// Seconds asleep, naps not counted (`totalSleepTimeInSeconds`, `sleepTimeSeconds`).
    pub sleep_seconds: Option<i64>,
    /// Seconds of deep sleep (`deepTime`, `deepSleepSeconds`).
    pub deep_sleep_seconds: Option<i64>,
    /// Seconds of light sleep (`lightTime`, `lightSleepSeconds`).
    pub light_sleep_seconds: Option<i64>,
    /// Seconds of REM sleep (`remTime`, `remSleepSeconds`).
    pub rem_sleep_seconds: Option<i64>,
    /// Seconds awake within the night (`awakeTime`, `awakeSleepSeconds`).
    pub awake_seconds: Option<i64>,
    /// Seconds that could not be judged (`unmeasurableSleepSeconds`).
    pub unmeasurable_seconds: Option<i64>,
    /// Times awake (`awakeCount`).
    pub awake_count: Option<i64>,
    /// Sleep score, 0 to 100 (`sleepScore`, `sleepScores.overall.value`).
    pub score: Option<i64>,
    /// Garmin's word for the score (`sleepScoreQuality`, `sleepScores.overall.qualifierKey`).
    pub score_quality: Option<String>,
    /// Minutes of sleep that Garmin thought were needed (`sleepNeed`, `sleepNeed.actual`).
    pub sleep_need_minutes: Option<i64>,
    /// Resting heart rate of that night, beats per minute (`restingHeartRate`).
    pub resting_heart_rate_bpm: Option<f64>,
    /// Mean heart rate asleep, beats per minute (`avgHeartRate`).
    pub average_heart_rate_bpm: Option<f64>,
    /// Mean breaths per minute asleep (`respiration`, `averageRespirationValue`).
    pub average_respiration_breaths_per_minute: Option<f64>,
    /// Lowest breaths per minute asleep (`lowestRespirationValue`).
    pub lowest_respiration_breaths_per_minute: Option<f64>,
    /// Highest breaths per minute asleep (`highestRespirationValue`).
    pub highest_respiration_breaths_per_minute: Option<f64>,
    /// Mean blood oxygen saturation, percent (`spO2`, `averageSpO2Value`).
    pub average_spo2_percent: Option<f64>,
    /// Lowest blood oxygen saturation, percent (`lowestSpO2Value`).
    pub lowest_spo2_percent: Option<f64>,
    /// Mean stress asleep, 0 to 100 (`avgSleepStress`).
    pub average_stress: Option<f64>,
    /// Heart rate variability, mean of the night, milliseconds (`avgOvernightHrv`).
    pub hrv_average_milliseconds: Option<f64>,
    /// Mean of the seven nights up to this one, milliseconds (`hrv7dAverage`).
    pub hrv_seven_day_average_milliseconds: Option<f64>,
    /// Garmin's word for it (`hrvStatus`).
    pub hrv_status: Option<String>,
    /// Points of body battery gained (`bodyBatteryChange`).
    pub body_battery_change: Option<i64>,
    /// Deviation of skin temperature, degrees Celsius (`skinTempC`).
    pub skin_temperature_deviation_celsius: Option<f64>,
    /// Seconds of naps that day (`napTimeSeconds`).
    pub nap_seconds: Option<i64>,
    /// The naps, first to last (`dailyNapDTOS`).
    pub naps: Option<Vec<Nap>>,
    /// The stages, first to last; only of recent nights, and only when asked for (`sleepLevels`).
    pub stages: Option<Vec<SleepStage>>,
}

/// One nap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "camelCase"))]
pub struct Nap {
    /// When it began (`napStartTimestampGMT`).
    pub start: DateTime<Utc>,
    /// How long it was, seconds (`napTimeSec`).
    pub seconds: i64,
}

/// A stretch of one stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "camelCase"))]
pub struct SleepStage {
    /// When it began (`startGMT`).
    pub start: DateTime<Utc>,
    /// How long it was, seconds.
    pub seconds: i64,
    /// Which one.
    pub stage: SleepStageKind,
}

/// The stages of sleep, by the codes of Garmin's `activityLevel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SleepStageKind {
    /// 0
    Deep,
    /// 1
    Light,
    /// 2
    Rem,
    /// 3
    Awake,
    /// Any other code.
    Unknown,
}
