//! One calendar day's aggregates.

use serde::{Deserialize, Serialize};

/// What Garmin's daily aggregates say about one calendar day of the person. Every value may be missing: sources fill the
/// record piece by piece, and a watch that was off has nothing to say. Stored under `day#<date>`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "camelCase"))]
pub struct DayRecord {
    /// Steps (`totalSteps`).
    pub steps: Option<i64>,
    /// The day's goal in steps (`dailyStepGoal`, `stepGoal`).
    pub step_goal: Option<i64>,
    /// Metres covered (`totalDistanceMeters`, `totalDistance`).
    pub distance_meters: Option<f64>,
    /// Floors climbed; Garmin counts fractions (`floorsAscended`, `wellnessFloorsAscended`).
    pub floors_ascended: Option<f64>,
    /// Floors descended (`floorsDescended`, `wellnessFloorsDescended`).
    pub floors_descended: Option<f64>,
    /// The day's goal in floors (`userFloorsAscendedGoal`).
    pub floors_ascended_goal: Option<i64>,
    /// All energy spent, in kilocalories (`totalKilocalories`, `totalCalories`).
    pub total_kilocalories: Option<f64>,
    /// Energy of movement, in kilocalories (`activeKilocalories`, `activeCalories`).
    pub active_kilocalories: Option<f64>,
    /// Energy at rest, in kilocalories (`bmrKilocalories`, `restingCalories`).
    pub bmr_kilocalories: Option<f64>,
    /// Seconds of vigorous movement (`highlyActiveSeconds`).
    pub highly_active_seconds: Option<i64>,
    /// Seconds of movement (`activeSeconds`).
    pub active_seconds: Option<i64>,
    /// Seconds without movement, awake (`sedentarySeconds`).
    pub sedentary_seconds: Option<i64>,
    /// Seconds asleep by the daily summary's count (`sleepingSeconds`).
    pub sleeping_seconds: Option<i64>,
    /// Minutes of moderate intensity (`moderateIntensityMinutes`, `moderateValue`).
    pub moderate_intensity_minutes: Option<i64>,
    /// Minutes of vigorous intensity (`vigorousIntensityMinutes`, `vigorousValue`).
    pub vigorous_intensity_minutes: Option<i64>,
    /// Garmin's intensity minutes: moderate plus twice the vigorous ones. Only where both are known.
    pub intensity_minutes: Option<i64>,
    /// The week's goal in intensity minutes (`intensityMinutesGoal`, `weeklyGoal`).
    pub intensity_minutes_weekly_goal: Option<i64>,

    /// Resting heart rate, beats per minute (`restingHeartRate`, `restingHR`).
    pub resting_heart_rate_bpm: Option<f64>,
    /// Mean resting heart rate of the seven days up to this one (`lastSevenDaysAvgRestingHeartRate`).
    pub resting_heart_rate_seven_day_average_bpm: Option<f64>,
    /// Lowest reading (`minHeartRate`).
    pub minimum_heart_rate_bpm: Option<f64>,
    /// Highest reading (`maxHeartRate`).
    pub maximum_heart_rate_bpm: Option<f64>,
    /// Lowest smoothed reading (`minAvgHeartRate`, `wellnessMinAvgHR`).
    pub minimum_average_heart_rate_bpm: Option<f64>,
    /// Highest smoothed reading (`maxAvgHeartRate`, `wellnessMaxAvgHR`).
    pub maximum_average_heart_rate_bpm: Option<f64>,

    /// Mean stress level, 0 to 100 (`averageStressLevel`, `overallStressLevel`).
    pub stress_average: Option<i64>,
    /// Highest stress level, 0 to 100 (`maxStressLevel`).
    pub stress_maximum: Option<i64>,
    /// Seconds at rest (`restStressDuration`).
    pub stress_rest_seconds: Option<i64>,
    /// Seconds of low stress (`lowStressDuration`).
    pub stress_low_seconds: Option<i64>,
    /// Seconds of medium stress (`mediumStressDuration`).
    pub stress_medium_seconds: Option<i64>,
    /// Seconds of high stress (`highStressDuration`).
    pub stress_high_seconds: Option<i64>,
    /// Seconds that movement kept from being judged (`activityStressDuration`).
    pub stress_activity_seconds: Option<i64>,
    /// Seconds that could not be judged (`uncategorizedStressDuration`).
    pub stress_uncategorized_seconds: Option<i64>,

    /// Highest body battery, 0 to 100 (`bodyBatteryHighestValue`, `highBodyBattery`).
    pub body_battery_highest: Option<i64>,
    /// Lowest body battery (`bodyBatteryLowestValue`, `lowBodyBattery`).
    pub body_battery_lowest: Option<i64>,
    /// Points gained over the day (`bodyBatteryChargedValue`, `charged`).
    pub body_battery_charged: Option<i64>,
    /// Points spent over the day (`bodyBatteryDrainedValue`, `drained`).
    pub body_battery_drained: Option<i64>,
    /// Body battery on waking (`bodyBatteryAtWakeTime`).
    pub body_battery_at_wake: Option<i64>,
    /// Points gained during sleep (`bodyBatteryDuringSleep`).
    pub body_battery_during_sleep: Option<i64>,
    /// The day's last value (`bodyBatteryMostRecentValue`).
    pub body_battery_last: Option<i64>,

    /// Mean blood oxygen saturation, percent (`averageSpo2`, `spo2DailyAverageArray`).
    pub spo2_average_percent: Option<f64>,
    /// Lowest blood oxygen saturation, percent (`lowestSpo2`).
    pub spo2_lowest_percent: Option<f64>,

    /// Mean breaths per minute awake (`avgWakingRespirationValue`, `avgWakingRespiration`).
    pub respiration_waking_average_breaths_per_minute: Option<f64>,
    /// Mean breaths per minute asleep (`avgSleepRespiration`).
    pub respiration_sleep_average_breaths_per_minute: Option<f64>,
    /// Highest breaths per minute (`highestRespirationValue`).
    pub respiration_highest_breaths_per_minute: Option<f64>,
    /// Lowest breaths per minute (`lowestRespirationValue`).
    pub respiration_lowest_breaths_per_minute: Option<f64>,

    /// Logged drinks, millilitres (`valueInML`).
    pub hydration_milliliters: Option<f64>,
    /// The day's goal, millilitres (`goalInML`).
    pub hydration_goal_milliliters: Option<f64>,

    /// Heart rate variability, mean of the night that ended this day, milliseconds (`lastNightAvg`).
    pub hrv_last_night_average_milliseconds: Option<f64>,
    /// Highest five minutes of that night, milliseconds (`lastNight5MinHigh`).
    pub hrv_last_night_five_minute_high_milliseconds: Option<f64>,
    /// Mean of the seven nights up to that one, milliseconds (`weeklyAvg`).
    pub hrv_weekly_average_milliseconds: Option<f64>,
    /// Below this the weekly mean is low, milliseconds (`baseline.lowUpper`).
    pub hrv_baseline_low_upper_milliseconds: Option<f64>,
    /// Lower end of the balanced band, milliseconds (`baseline.balancedLow`).
    pub hrv_baseline_balanced_low_milliseconds: Option<f64>,
    /// Upper end of the balanced band, milliseconds (`baseline.balancedUpper`).
    pub hrv_baseline_balanced_upper_milliseconds: Option<f64>,
    /// Garmin's word for it: `BALANCED`, `UNBALANCED`, `LOW`, `POOR`, `NONE` (`status`).
    pub hrv_status: Option<String>,

    /// VO2 max from running, ml/kg/min, on the days it was measured anew (`generic.vo2MaxPreciseValue`).
    pub vo2_max_running_milliliters_per_kilogram_minute: Option<f64>,
    /// VO2 max from cycling, ml/kg/min (`cycling.vo2MaxPreciseValue`).
    pub vo2_max_cycling_milliliters_per_kilogram_minute: Option<f64>,
    /// Acclimation to heat, percent (`heatAltitudeAcclimation.heatAcclimationPercentage`).
    pub heat_acclimation_percent: Option<f64>,
    /// Acclimation to altitude, metres (`heatAltitudeAcclimation.altitudeAcclimation`).
    pub altitude_acclimation_meters: Option<f64>,

    /// Predicted time over 5 km, seconds (`time5K`).
    pub race_prediction_5k_seconds: Option<i64>,
    /// Predicted time over 10 km, seconds (`time10K`).
    pub race_prediction_10k_seconds: Option<i64>,
    /// Predicted time over a half marathon, seconds (`timeHalfMarathon`).
    pub race_prediction_half_marathon_seconds: Option<i64>,
    /// Predicted time over a marathon, seconds (`timeMarathon`).
    pub race_prediction_marathon_seconds: Option<i64>,

    /// Hill score, 1 to 100 (`overallScore`).
    pub hill_score: Option<i64>,
    /// Its strength part (`strengthScore`).
    pub hill_strength_score: Option<i64>,
    /// Its endurance part (`enduranceScore`).
    pub hill_endurance_score: Option<i64>,
    /// Endurance score of this very day, on some Sundays: Garmin gives it for the last day of a range only
    /// (`enduranceScoreDTO.overallScore`).
    pub endurance_score: Option<i64>,
    /// On Sundays, mean endurance score of the week from Monday that ends on this day (`groupAverage`).
    pub endurance_score_week_average: Option<i64>,
    /// Highest endurance score of that week (`groupMax`).
    pub endurance_score_week_maximum: Option<i64>,

    /// Heart rate at the lactate threshold, on days it was measured (`lactateThresholdHeartRate`).
    pub lactate_threshold_heart_rate_bpm: Option<f64>,
    /// Speed at the lactate threshold, metres per second (`lactateThresholdSpeed`, which Garmin gives in tens of m/s).
    pub lactate_threshold_speed_meters_per_second: Option<f64>,

    /// Garmin's number for the training status (`trainingStatus`).
    pub training_status_code: Option<i64>,
    /// Its phrase, such as `PRODUCTIVE_2` (`trainingStatusFeedbackPhrase`).
    pub training_status_phrase: Option<String>,
    /// Whether the person paused the judgement (`trainingPaused`).
    pub training_paused: Option<bool>,
    /// Direction of fitness (`fitnessTrend`).
    pub fitness_trend_code: Option<i64>,
    /// Load of the last seven days (`dailyTrainingLoadAcute`).
    pub acute_load: Option<f64>,
    /// Load of the last four weeks, per week (`dailyTrainingLoadChronic`).
    pub chronic_load: Option<f64>,
    /// Lower end of the healthy range of load (`minTrainingLoadChronic`).
    pub chronic_load_minimum: Option<f64>,
    /// Upper end of the healthy range of load (`maxTrainingLoadChronic`).
    pub chronic_load_maximum: Option<f64>,
    /// Acute over chronic load (`dailyAcuteChronicWorkloadRatio`).
    pub acute_chronic_load_ratio: Option<f64>,
    /// Garmin's word for that ratio: `LOW`, `OPTIMAL`, `HIGH`, `VERY_HIGH` (`acwrStatus`).
    pub acute_chronic_load_status: Option<String>,
    /// Sum of the week's training load, from older devices (`weeklyTrainingLoad`).
    pub weekly_training_load: Option<f64>,
    /// Lower end of the optimal weekly load, from older devices (`loadTunnelMin`).
    pub weekly_training_load_minimum: Option<f64>,
    /// Upper end of the optimal weekly load, from older devices (`loadTunnelMax`).
    pub weekly_training_load_maximum: Option<f64>,

    /// Training readiness on waking, 1 to 100 (`score`).
    pub training_readiness: Option<i64>,
    /// Garmin's word for it: `POOR`, `LOW`, `MODERATE`, `HIGH`, `PRIME` (`level`).
    pub training_readiness_level: Option<String>,
    /// Garmin's reason (`feedbackShort`).
    pub training_readiness_feedback: Option<String>,
    /// What sleep contributes, percent (`sleepScoreFactorPercent`).
    pub training_readiness_sleep_percent: Option<i64>,
    /// What recovery time contributes, percent (`recoveryTimeFactorPercent`).
    pub training_readiness_recovery_percent: Option<i64>,
    /// What training load contributes, percent (`acwrFactorPercent`).
    pub training_readiness_load_percent: Option<i64>,
    /// What stress history contributes, percent (`stressHistoryFactorPercent`).
    pub training_readiness_stress_percent: Option<i64>,
    /// What heart rate variability contributes, percent (`hrvFactorPercent`).
    pub training_readiness_hrv_percent: Option<i64>,
    /// What sleep history contributes, percent (`sleepHistoryFactorPercent`).
    pub training_readiness_sleep_history_percent: Option<i64>,
    /// Acute load as training readiness saw it on waking (`acuteLoad`).
    pub training_readiness_acute_load: Option<f64>,
    /// Minutes of recovery left on waking (`recoveryTime`, which Garmin gives in minutes).
    pub recovery_time_minutes: Option<i64>,
    /// Minutes of recovery left at the day's last snapshot, after its exercise (`recoveryTime`).
    pub recovery_time_last_minutes: Option<i64>,

    /// Fitness age, years (`fitnessAge`).
    pub fitness_age_years: Option<f64>,
    /// The fitness age that could be reached, years (`achievableFitnessAge`).
    pub achievable_fitness_age_years: Option<f64>,
    /// Body mass index as fitness age saw it, kg/m² (`bmi`).
    pub fitness_age_body_mass_index: Option<f64>,

    /// Kilograms at the day's last weigh-in (`weight`, which Garmin gives in grams). Each weigh-in is a record of its own,
    /// too: here it is for whoever reads days.
    pub weight_kilograms: Option<f64>,

    /// True on the first day of a menstrual cycle (`cycleSummaries.startDate`).
    pub menstrual_cycle_starts: Option<bool>,
    /// Days of bleeding of the cycle that starts this day (`periodLength`).
    pub menstrual_period_days: Option<i64>,
    /// Length of the cycle that starts this day, days (`cycleLength`, or what Garmin predicts).
    pub menstrual_cycle_days: Option<i64>,
    /// What the person logged this day (`loggedSymptomDays.symptoms`).
    pub menstrual_symptoms: Option<Vec<String>>,
}
