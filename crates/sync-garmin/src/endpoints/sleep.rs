//! Nights.

use chrono::{DateTime, Utc};
use sync_core::RecordKind;
use sync_core::record::SleepRecord;
use sync_core::record::sleep::{Nap, SleepStage, SleepStageKind};

use crate::harvest::Harvest;
use crate::reading::{Node, Read, rounded};

/// Garmin's "local" epoch is the local clock read as if it were UTC: the difference is the watch's offset.
fn offset_minutes(local: Option<DateTime<Utc>>, utc: Option<DateTime<Utc>>) -> Option<i64> {
    Some(local?.signed_duration_since(utc?).num_minutes())
}

/// `/sleep-service/stats/sleep/daily`: a row per night.
pub(crate) fn nights(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    for row in answer.rows("individualStats")? {
        let Some(night) = row.get("values")? else {
            continue;
        };
        let start = night.moment("gmtSleepStartTimeInMillis")?;
        let values = SleepRecord {
            start,
            end: night.moment("gmtSleepEndTimeInMillis")?,
            utc_offset_minutes: offset_minutes(night.moment("localSleepStartTimeInMillis")?, start),
            sleep_seconds: night.whole("totalSleepTimeInSeconds")?,
            deep_sleep_seconds: night.whole("deepTime")?,
            light_sleep_seconds: night.whole("lightTime")?,
            rem_sleep_seconds: night.whole("remTime")?,
            awake_seconds: night.whole("awakeTime")?,
            score: night.whole("sleepScore")?,
            score_quality: night.text("sleepScoreQuality")?,
            resting_heart_rate_bpm: night.num("restingHeartRate")?,
            average_heart_rate_bpm: night.num("avgHeartRate")?,
            average_respiration_breaths_per_minute: night.num("respiration")?,
            average_spo2_percent: night.num("spO2")?,
            hrv_average_milliseconds: night.num("avgOvernightHrv")?,
            hrv_seven_day_average_milliseconds: night.num("hrv7dAverage")?,
            hrv_status: night.text("hrvStatus")?,
            body_battery_change: night.whole("bodyBatteryChange")?,
            skin_temperature_deviation_celsius: night.num("skinTempC")?,
            ..SleepRecord::default()
        };
        if values == SleepRecord::default() {
            continue;
        }
        // What Garmin thought was needed is there for a night without sleep, too.
        let values = SleepRecord { sleep_need_minutes: night.whole("sleepNeed")?, ..values };
        harvest.dated(RecordKind::Sleep, row.day("calendarDate")?, &values)?;
    }
    Ok(())
}

/// `dailySleepData`: one night with its timeline and naps. `dailySleepDTO.id: null` means that there is none.
pub(crate) fn timeline(answer: &Node<'_>, harvest: &mut Harvest) -> Read<()> {
    let Some(night) = answer.get("dailySleepDTO")? else {
        return Ok(());
    };
    let naps = naps(answer)?;
    if night.id("id")?.is_none() && naps.is_none() {
        return Ok(());
    }
    let start = night.moment("sleepStartTimestampGMT")?;
    let overall = match night.get("sleepScores")? {
        Some(scores) => scores.get("overall")?,
        None => None,
    };
    let need = night.get("sleepNeed")?;
    let values = SleepRecord {
        start,
        end: night.moment("sleepEndTimestampGMT")?,
        utc_offset_minutes: offset_minutes(night.moment("sleepStartTimestampLocal")?, start),
        sleep_seconds: night.whole("sleepTimeSeconds")?,
        deep_sleep_seconds: night.whole("deepSleepSeconds")?,
        light_sleep_seconds: night.whole("lightSleepSeconds")?,
        rem_sleep_seconds: night.whole("remSleepSeconds")?,
        awake_seconds: night.whole("awakeSleepSeconds")?,
        unmeasurable_seconds: night.whole("unmeasurableSleepSeconds")?,
        awake_count: night.whole("awakeCount")?,
        score: overall.as_ref().map_or(Ok(None), |overall| overall.whole("value"))?,
        score_quality: overall.as_ref().map_or(Ok(None), |overall| overall.text("qualifierKey"))?,
        sleep_need_minutes: need.as_ref().map_or(Ok(None), |need| need.whole("actual"))?,
        resting_heart_rate_bpm: answer.num("restingHeartRate")?,
        average_heart_rate_bpm: night.num("avgHeartRate")?,
        average_respiration_breaths_per_minute: night.num("averageRespirationValue")?,
        lowest_respiration_breaths_per_minute: night.num("lowestRespirationValue")?,
        highest_respiration_breaths_per_minute: night.num("highestRespirationValue")?,
        average_spo2_percent: night.num("averageSpO2Value")?,
        lowest_spo2_percent: night.num("lowestSpO2Value")?,
        average_stress: night.num("avgSleepStress")?,
        hrv_average_milliseconds: answer.num("avgOvernightHrv")?,
        hrv_seven_day_average_milliseconds: None,
        hrv_status: answer.text("hrvStatus")?,
        body_battery_change: answer.whole("bodyBatteryChange")?,
        skin_temperature_deviation_celsius: answer.num("avgSkinTempDeviationC")?,
        nap_seconds: night.whole("napTimeSeconds")?,
        naps,
        stages: stages(answer)?,
    };
    harvest.dated(RecordKind::Sleep, night.day("calendarDate")?, &values)
}

fn naps(answer: &Node<'_>) -> Read<Option<Vec<Nap>>> {
    let mut naps = Vec::new();
    for nap in answer.rows("dailyNapDTOS")? {
        if let (Some(start), Some(seconds)) = (nap.moment("napStartTimestampGMT")?, nap.whole("napTimeSec")?)
        {
            naps.push(Nap { start, seconds });
        }
    }
    naps.sort_by_key(|nap| nap.start);
    Ok(Some(naps).filter(|naps| !naps.is_empty()))
}

fn stages(answer: &Node<'_>) -> Read<Option<Vec<SleepStage>>> {
    let mut stages = Vec::new();
    for level in answer.rows("sleepLevels")? {
        let (Some(start), Some(end)) = (level.moment("startGMT")?, level.moment("endGMT")?) else {
            continue;
        };
        let stage = match level.num("activityLevel")?.map(rounded) {
            Some(0) => SleepStageKind::Deep,
            Some(1) => SleepStageKind::Light,
            Some(2) => SleepStageKind::Rem,
            Some(3) => SleepStageKind::Awake,
            _ => SleepStageKind::Unknown,
        };
        stages.push(SleepStage { start, seconds: end.signed_duration_since(start).num_seconds(), stage });
    }
    stages.sort_by_key(|stage| stage.start);
    Ok(Some(stages).filter(|stages| !stages.is_empty()))
}
