//! What Garmin concludes from training and sleep.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sync_core::ports::FetchError;
use sync_core::record::DayRecord;

use super::table::WEEK_BEGINS;
use crate::harvest::Harvest;
use crate::reading::{Node, Read, rounded};

/// `/hrv-service/hrv/daily`.
pub(crate) fn hrv(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for night in answer.rows("hrvSummaries")? {
        let baseline = night.get("baseline")?;
        let band = |name| baseline.as_ref().map_or(Ok(None), |baseline| baseline.num(name));
        let values = DayRecord {
            hrv_last_night_average_milliseconds: night.num("lastNightAvg")?,
            hrv_last_night_five_minute_high_milliseconds: night.num("lastNight5MinHigh")?,
            hrv_weekly_average_milliseconds: night.num("weeklyAvg")?,
            hrv_baseline_low_upper_milliseconds: band("lowUpper")?,
            hrv_baseline_balanced_low_milliseconds: band("balancedLow")?,
            hrv_baseline_balanced_upper_milliseconds: band("balancedUpper")?,
            hrv_status: night.text("status")?,
            ..DayRecord::default()
        };
        harvest.day(night.day("calendarDate")?, &values)?;
    }
    Ok(())
}

/// `maxmet/daily`: only days that changed, each part with a date of its own.
pub(crate) fn vo2_max(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for row in answer.items()? {
        for (part, is_running) in [("generic", true), ("cycling", false)] {
            let Some(estimate) = row.get(part)? else { continue };
            let value = estimate.num("vo2MaxPreciseValue")?.or(estimate.num("vo2MaxValue")?);
            let values = DayRecord {
                vo2_max_running_milliliters_per_kilogram_minute: value.filter(|_| is_running),
                vo2_max_cycling_milliliters_per_kilogram_minute: value.filter(|_| !is_running),
                ..DayRecord::default()
            };
            harvest.day(estimate.day("calendarDate")?, &values)?;
        }
        if let Some(acclimation) = row.get("heatAltitudeAcclimation")? {
            let values = DayRecord {
                heat_acclimation_percent: acclimation.num("heatAcclimationPercentage")?,
                altitude_acclimation_meters: acclimation.num("altitudeAcclimation")?,
                ..DayRecord::default()
            };
            harvest.day(acclimation.day("calendarDate")?, &values)?;
        }
    }
    Ok(())
}

/// `racepredictions/daily`.
pub(crate) fn race_predictions(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for row in answer.items()? {
        let values = DayRecord {
            race_prediction_5k_seconds: row.whole("time5K")?,
            race_prediction_10k_seconds: row.whole("time10K")?,
            race_prediction_half_marathon_seconds: row.whole("timeHalfMarathon")?,
            race_prediction_marathon_seconds: row.whole("timeMarathon")?,
            ..DayRecord::default()
        };
        harvest.day(row.day("calendarDate")?, &values)?;
    }
    Ok(())
}

/// `hillscore/stats`.
pub(crate) fn hill_score(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for row in answer.rows("hillScoreDTOList")? {
        let values = DayRecord {
            hill_score: row.whole("overallScore")?,
            hill_strength_score: row.whole("strengthScore")?,
            hill_endurance_score: row.whole("enduranceScore")?,
            ..DayRecord::default()
        };
        harvest.day(row.day("calendarDate")?, &values)?;
    }
    Ok(())
}

/// The last day of the calendar week that a day is in.
fn end_of_week(date: NaiveDate) -> Option<NaiveDate> {
    date.week(WEEK_BEGINS).checked_last_day()
}

/// `endurancescore/stats`: weeks counted back from the last day asked for, which is the last day of a week, and the score
/// of that day. A week is named by its first day, or by its first with a score; it is stored on its last.
pub(crate) fn endurance_score(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    if let Some(weeks) = answer.get("groupMap")? {
        for (first_day, week) in weeks.entries()? {
            let values = DayRecord {
                endurance_score_week_average: week.whole("groupAverage")?,
                endurance_score_week_maximum: week.whole("groupMax")?,
                ..DayRecord::default()
            };
            harvest.day(end_of_week(week.date_from_name(first_day)?), &values)?;
        }
    }
    if let Some(score) = answer.get("enduranceScoreDTO")? {
        let values = DayRecord { endurance_score: score.whole("overallScore")?, ..DayRecord::default() };
        // Of another day it would be there or not, as the window happens to end.
        harvest.day(score.day("calendarDate")?.filter(|date| end_of_week(*date) == Some(*date)), &values)?;
    }
    Ok(())
}

/// Garmin's lactate threshold speed is in units of this many metres per second.
const LACTATE_SPEED_UNIT: f64 = 10.0;

/// `/biometric-service/stats/lactateThresholdHeartRate/range`.
pub(crate) fn lactate_threshold_heart_rate(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for row in answer.items()? {
        let values =
            DayRecord { lactate_threshold_heart_rate_bpm: row.num("value")?, ..DayRecord::default() };
        harvest.day(row.day("from")?, &values)?;
    }
    Ok(())
}

/// `/biometric-service/stats/lactateThresholdSpeed/range`.
pub(crate) fn lactate_threshold_speed(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for row in answer.items()? {
        let values = DayRecord {
            lactate_threshold_speed_meters_per_second: row
                .num("value")?
                .map(|value| value * LACTATE_SPEED_UNIT),
            ..DayRecord::default()
        };
        harvest.day(row.day("from")?, &values)?;
    }
    Ok(())
}

/// The part of a gateway answer that `name` is: the gateway answers 200 and puts the status of each part inside.
fn part<'a>(answer: &Node<'a>, name: &'static str) -> Read<Option<Node<'a>>> {
    let Some(part) = answer.get(name)? else {
        return Ok(None);
    };
    match part.id("statusCode")?.map(u16::try_from) {
        Some(Ok(429)) => return Err(FetchError::Throttled { retry_after: None }),
        Some(Ok(status)) if status >= 500 => {
            return Err(FetchError::Unavailable { code: format!("http_{status}") });
        }
        Some(Ok(400)) => return Err(FetchError::Unexpected { status: 400 }),
        _ => {}
    }
    part.get("payload")
}

/// `trainingstatus/weekly`: per device a row per day. The primary device is believed; without one, the latest row.
pub(crate) fn training_status(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    let Some(payload) = part(answer, "weeklyTrainingStatus")? else {
        return Ok(());
    };
    let Some(devices) = payload.get("reportData")? else {
        return Ok(());
    };
    let mut by_day: BTreeMap<NaiveDate, ((bool, i64), DayRecord)> = BTreeMap::new();
    for (_, device) in devices.entries()? {
        for row in device.items()? {
            let Some(date) = row.day("calendarDate")?.filter(|date| harvest.wants(*date)) else {
                continue;
            };
            let rank =
                (row.flag("primaryTrainingDevice")? == Some(true), row.id("timestamp")?.unwrap_or_default());
            let load = row.get("acuteTrainingLoadDTO")?;
            let number = |name| load.as_ref().map_or(Ok(None), |load| load.num(name));
            let values = DayRecord {
                training_status_code: row.whole("trainingStatus")?,
                training_status_phrase: row.text("trainingStatusFeedbackPhrase")?,
                training_paused: row.flag("trainingPaused")?,
                fitness_trend_code: row.whole("fitnessTrend")?,
                acute_load: number("dailyTrainingLoadAcute")?,
                chronic_load: number("dailyTrainingLoadChronic")?,
                chronic_load_minimum: number("minTrainingLoadChronic")?,
                chronic_load_maximum: number("maxTrainingLoadChronic")?,
                acute_chronic_load_ratio: number("dailyAcuteChronicWorkloadRatio")?,
                acute_chronic_load_status: load.as_ref().map_or(Ok(None), |load| load.text("acwrStatus"))?,
                weekly_training_load: row.num("weeklyTrainingLoad")?,
                weekly_training_load_minimum: row.num("loadTunnelMin")?,
                weekly_training_load_maximum: row.num("loadTunnelMax")?,
                ..DayRecord::default()
            };
            match by_day.get(&date) {
                Some((standing, _)) if *standing >= rank => {}
                _ => {
                    by_day.insert(date, (rank, values));
                }
            }
        }
    }
    for (date, (_, values)) in by_day {
        harvest.day(Some(date), &values)?;
    }
    Ok(())
}

/// `trainingreadiness/{date}`: up to five snapshots. The one after waking counts; without one, the day's first.
pub(crate) fn training_readiness(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    let mut snapshots = Vec::new();
    for row in answer.items()? {
        snapshots.push((row.moment("timestamp")?, row.text("inputContext")?, row));
    }
    snapshots.sort_by_key(|(at, ..)| *at);
    let on_waking = snapshots
        .iter()
        .find(|(_, context, _)| context.as_deref() == Some("AFTER_WAKEUP_RESET"))
        .or_else(|| snapshots.first());
    let (Some((.., row)), Some((.., last))) = (on_waking, snapshots.last()) else {
        return Ok(());
    };
    let percent = |name| -> Read<Option<i64>> { Ok(row.num(name)?.map(rounded)) };
    let values = DayRecord {
        training_readiness: percent("score")?,
        training_readiness_level: row.text("level")?,
        training_readiness_feedback: row.text("feedbackShort")?,
        training_readiness_sleep_percent: percent("sleepScoreFactorPercent")?,
        training_readiness_recovery_percent: percent("recoveryTimeFactorPercent")?,
        training_readiness_load_percent: percent("acwrFactorPercent")?,
        training_readiness_stress_percent: percent("stressHistoryFactorPercent")?,
        training_readiness_hrv_percent: percent("hrvFactorPercent")?,
        training_readiness_sleep_history_percent: percent("sleepHistoryFactorPercent")?,
        training_readiness_acute_load: row.num("acuteLoad")?,
        recovery_time_minutes: row.whole("recoveryTime")?,
        recovery_time_last_minutes: last.whole("recoveryTime")?,
        ..DayRecord::default()
    };
    harvest.day(row.day("calendarDate")?, &values)
}

/// `/fitnessage-service/stats/daily`.
pub(crate) fn fitness_age(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for row in answer.items()? {
        let Some(age) = row.get("values")? else { continue };
        let values = DayRecord {
            fitness_age_years: age.num("fitnessAge")?,
            achievable_fitness_age_years: age.num("achievableFitnessAge")?,
            fitness_age_body_mass_index: age.num("bmi")?,
            ..DayRecord::default()
        };
        harvest.day(row.day("calendarDate")?, &values)?;
    }
    Ok(())
}
