//! The endpoints that take one day at a time.

use chrono::{Duration, NaiveDate};
use serde_json::{Value, json};

use super::ranges::hrv_summary;
use super::{Ask, Reply, Window, stamp};
use crate::data::day::DayTruth;
use crate::data::series;
use crate::data::sleep::SleepTruth;

/// The whole day in one object. A wrong display name, like a lost authorisation, gets the same object with
/// nulls and `privacyProtected: true`; a day without data gets the nulls alone.
pub(super) fn summary(ask: &Ask<'_>, display_name: &str, date: NaiveDate) -> Reply {
    let me = ask.is_me(display_name);
    let day = if me { ask.day(date) } else { None };
    let of = |value: &dyn Fn(&DayTruth) -> Value| day.as_ref().map_or(Value::Null, value);
    let battery = |value: &dyn Fn(&crate::data::day::BodyBatteryTruth) -> Value| {
        day.as_ref().and_then(|day| day.body_battery.as_ref()).map_or(Value::Null, value)
    };
    let stress = |value: &dyn Fn(&crate::data::day::StressTruth) -> Value| {
        day.as_ref().and_then(|day| day.stress.as_ref()).map_or(Value::Null, value)
    };
    let start = ask.person.midnight(date);
    let end = date.succ_opt().map_or(start + Duration::hours(24), |next| ask.person.midnight(next));
    let start_or_null = me.then(|| stamp(start.naive_utc()));
    let mut answer = json!({
        "userProfileId": ask.person.profile_pk,
        "calendarDate": date,
        "privacyProtected": !me,
        "source": "GARMIN",
        "rule": {"typeId": 2, "typeKey": "private"},
        "includesWellnessData": day.is_some(),
        "includesActivityData": day.as_ref().is_some_and(|day| !day.activities.is_empty()),
        "includesCalorieConsumedData": false,
        "wellnessStartTimeGmt": start_or_null,
        "wellnessStartTimeLocal": me.then(|| stamp(ask.local(start))),
        "wellnessEndTimeGmt": me.then(|| stamp(end.min(ask.now.max(start)).naive_utc())),
        "wellnessEndTimeLocal": me.then(|| stamp(ask.local(end.min(ask.now.max(start))))),
        "durationInMilliseconds": of(&|day| json!(((end - start).num_milliseconds() as f64 * day.passed) as i64)),
        "totalSteps": of(&|day| json!(day.steps)),
        "dailyStepGoal": of(&|day| json!(day.step_goal)),
        "totalDistanceMeters": of(&|day| json!(day.distance_meters)),
        "wellnessDistanceMeters": of(&|day| json!(day.distance_meters)),
        "floorsAscended": of(&|day| json!(day.floors_ascended)),
        "floorsDescended": of(&|day| json!(day.floors_descended)),
        "floorsAscendedInMeters": of(&|day| json!((day.floors_ascended * 3048.0).round() / 1000.0)),
        "floorsDescendedInMeters": of(&|day| json!((day.floors_descended * 3048.0).round() / 1000.0)),
        "userFloorsAscendedGoal": 10,
        "totalKilocalories": of(&|day| json!(day.total_kilocalories)),
        "activeKilocalories": of(&|day| json!(day.active_kilocalories)),
        "bmrKilocalories": of(&|day| json!(day.bmr_kilocalories)),
        "wellnessKilocalories": of(&|day| json!(day.total_kilocalories)),
        "wellnessActiveKilocalories": of(&|day| json!(day.active_kilocalories)),
        "burnedKilocalories": null,
        "consumedKilocalories": null,
        "remainingKilocalories": null,
        "highlyActiveSeconds": of(&|day| json!(day.highly_active_seconds)),
        "activeSeconds": of(&|day| json!(day.active_seconds)),
        "sedentarySeconds": of(&|day| json!(day.sedentary_seconds)),
        "sleepingSeconds": of(&|day| json!(day.sleeping_seconds)),
        "moderateIntensityMinutes": of(&|day| json!(day.moderate_intensity_minutes)),
        "vigorousIntensityMinutes": of(&|day| json!(day.vigorous_intensity_minutes)),
        "intensityMinutesGoal": of(&|day| json!(day.intensity_minutes_goal)),
        "minHeartRate": of(&|day| json!(day.min_heart_rate)),
        "maxHeartRate": of(&|day| json!(day.max_heart_rate)),
        "minAvgHeartRate": of(&|day| json!(day.min_heart_rate)),
        "maxAvgHeartRate": of(&|day| json!(day.max_heart_rate)),
        "restingHeartRate": of(&|day| json!(day.resting_heart_rate)),
        "lastSevenDaysAvgRestingHeartRate": of(&|day| json!(day.resting_heart_rate_7_days)),
        "abnormalHeartRateAlertsCount": null,
    });
    let rest = json!({
        "averageStressLevel": stress(&|stress| json!(stress.average)),
        "maxStressLevel": stress(&|stress| json!(stress.max)),
        "stressDuration": stress(&|stress| json!(stress.low_seconds + stress.medium_seconds + stress.high_seconds)),
        "restStressDuration": stress(&|stress| json!(stress.rest_seconds)),
        "lowStressDuration": stress(&|stress| json!(stress.low_seconds)),
        "mediumStressDuration": stress(&|stress| json!(stress.medium_seconds)),
        "highStressDuration": stress(&|stress| json!(stress.high_seconds)),
        "activityStressDuration": stress(&|stress| json!(stress.activity_seconds)),
        "uncategorizedStressDuration": stress(&|stress| json!(stress.uncategorized_seconds)),
        "totalStressDuration": stress(&|stress| json!(
            stress.rest_seconds + stress.low_seconds + stress.medium_seconds + stress.high_seconds
                + stress.activity_seconds + stress.uncategorized_seconds
        )),
        "stressQualifier": stress(&|stress| json!(if stress.average > 40 { "STRESSFUL" } else { "BALANCED" })),
        "measurableAsleepDuration": of(&|day| json!(day.sleeping_seconds)),
        "measurableAwakeDuration": of(&|day| json!(
            day.highly_active_seconds + day.active_seconds + day.sedentary_seconds
        )),
        "bodyBatteryChargedValue": battery(&|battery| json!(battery.charged)),
        "bodyBatteryDrainedValue": battery(&|battery| json!(battery.drained)),
        "bodyBatteryHighestValue": battery(&|battery| json!(battery.highest)),
        "bodyBatteryLowestValue": battery(&|battery| json!(battery.lowest)),
        "bodyBatteryMostRecentValue": battery(&|battery| json!(battery.most_recent)),
        "bodyBatteryDuringSleep": battery(&|battery| json!(battery.during_sleep)),
        "bodyBatteryAtWakeTime": battery(&|battery| json!(battery.at_wake)),
        "bodyBatteryVersion": battery(&|_| json!(3.0)),
        "averageSpo2": of(&|day| json!(day.average_spo2)),
        "lowestSpo2": of(&|day| json!(day.lowest_spo2)),
        "latestSpo2": of(&|day| json!(day.average_spo2)),
        "avgWakingRespirationValue": of(&|day| json!(day.waking_respiration)),
        "lowestRespirationValue": of(&|day| json!(day.lowest_respiration)),
        "highestRespirationValue": of(&|day| json!(day.highest_respiration)),
        "latestRespirationValue": of(&|day| json!(day.waking_respiration)),
        "respirationAlgorithmVersion": of(&|day| json!(day.waking_respiration.map(|_| 200))),
        "averageMonitoringEnvironmentAltitude": null,
        "lastSyncTimestampGMT": null,
    });
    if let (Some(answer), Value::Object(rest)) = (answer.as_object_mut(), rest) {
        answer.extend(rest);
    }
    Reply::Json(answer)
}

/// The night of a day. Without one the object stays, with `dailySleepDTO.id: null`.
pub(super) fn sleep(ask: &Ask<'_>, me: bool, date: NaiveDate) -> Reply {
    let day = if me { ask.day(date) } else { None };
    let Some((day, night)) = day.as_ref().and_then(|day| Some((day, day.sleep.as_ref()?))) else {
        return Reply::Json(json!({
            "dailySleepDTO": {
                "id": null,
                "userProfilePK": ask.person.profile_pk,
                "calendarDate": date,
                "sleepTimeSeconds": null,
                "napTimeSeconds": null,
                "sleepWindowConfirmed": null,
                "sleepWindowConfirmationType": null,
                "sleepStartTimestampGMT": null,
                "sleepEndTimestampGMT": null,
                "sleepStartTimestampLocal": null,
                "sleepEndTimestampLocal": null,
                "unmeasurableSleepSeconds": null,
                "deepSleepSeconds": null,
                "lightSleepSeconds": null,
                "remSleepSeconds": null,
                "awakeSleepSeconds": null,
                "deviceRemCapable": false,
                "retro": false,
            },
            "sleepMovement": [],
            "remSleepData": null,
            "sleepLevels": [],
        }));
    };
    let recent = ask.has_intraday(date);
    let stages: Vec<Value> = night
        .stages
        .iter()
        .filter(|_| recent)
        .map(|stage| {
            json!({
                "startGMT": stamp(stage.start.naive_utc()),
                "endGMT": stamp(stage.end.naive_utc()),
                "activityLevel": stage.level.activity_level(),
            })
        })
        .collect();
    let minutes = if recent { (night.end - night.start).num_minutes() } else { 0 };
    let movement: Vec<Value> = (0..minutes)
        .map(|minute| {
            let at = night.start + Duration::minutes(minute);
            json!({
                "startGMT": stamp(at.naive_utc()),
                "endGMT": stamp((at + Duration::minutes(1)).naive_utc()),
                "activityLevel": ((minute * 37) % 60) as f64 / 10.0,
            })
        })
        .collect();
    let mut answer = json!({
        "dailySleepDTO": night_object(ask, day, night),
        "sleepMovement": movement,
        "remSleepData": true,
        "sleepLevels": stages,
        "restlessMomentsCount": night.restless_moments,
        "wellnessSpO2SleepSummaryDTO": night.average_spo2.map(|average| json!({
            "userProfilePk": ask.person.profile_pk,
            "deviceId": ask.person.device_id,
            "sleepMeasurementStartGMT": stamp(night.start.naive_utc()),
            "sleepMeasurementEndGMT": stamp(night.end.naive_utc()),
            "alertThresholdValue": null,
            "numberOfEventsBelowThreshold": null,
            "durationOfEventsBelowThreshold": null,
            "averageSPO2": average,
            "averageSpO2HR": night.average_heart_rate,
            "lowestSPO2": night.lowest_spo2,
        })),
        "respirationVersion": 200,
        "skinTempDataExists": false,
        "avgOvernightHrv": day.hrv.as_ref().map(|hrv| hrv.last_night_average as f64),
        "hrvStatus": day.hrv.as_ref().map(|hrv| hrv.status),
        "bodyBatteryChange": day.body_battery.and_then(|battery| battery.during_sleep),
        "restingHeartRate": day.resting_heart_rate,
    });
    if recent && let Some(answer) = answer.as_object_mut() {
        let within = |at: &chrono::DateTime<chrono::Utc>| *at >= night.start && *at < night.end;
        let pulse: Vec<Value> = series::heart_rate(ask.person, day)
            .into_iter()
            .filter(|(at, _)| within(at))
            .map(|(at, value)| json!({"value": value, "startGMT": at.timestamp_millis()}))
            .collect();
        let hrv: Vec<Value> = series::hrv(ask.person, day)
            .into_iter()
            .map(|(at, value)| json!({"value": value as f64, "startGMT": at.timestamp_millis()}))
            .collect();
        let both = series::stress_and_battery(ask.person, day);
        let stress: Vec<Value> = both
            .iter()
            .filter(|(at, _, _)| within(at))
            .map(|(at, value, _)| json!({"value": value, "startGMT": at.timestamp_millis()}))
            .collect();
        let battery: Vec<Value> = both
            .iter()
            .filter(|(at, _, _)| within(at))
            .map(|(at, _, level)| json!({"value": level, "startGMT": at.timestamp_millis()}))
            .collect();
        answer.insert("sleepHeartRate".to_owned(), json!(pulse));
        answer.insert("hrvData".to_owned(), json!(hrv));
        answer.insert("sleepStress".to_owned(), json!(stress));
        answer.insert("sleepBodyBattery".to_owned(), json!(battery));
    }
    Reply::Json(answer)
}

fn night_object(ask: &Ask<'_>, day: &DayTruth, night: &SleepTruth) -> Value {
    let share = |seconds: i64| (seconds * 100 + night.total_seconds / 2) / night.total_seconds.max(1);
    let need = |date: NaiveDate| {
        json!({
            "userProfilePk": ask.person.profile_pk,
            "calendarDate": date,
            "deviceId": ask.person.device_id,
            "baseline": 470,
            "actual": night.need_minutes,
            "feedback": "NO_CHANGE_BALANCED",
            "preferredActivityTracker": true,
        })
    };
    json!({
        "id": night.id,
        "userProfilePK": ask.person.profile_pk,
        "calendarDate": day.date,
        "sleepTimeSeconds": night.total_seconds,
        "napTimeSeconds": 0,
        "sleepWindowConfirmed": true,
        "sleepWindowConfirmationType": "enhanced_confirmed_final",
        "sleepStartTimestampGMT": night.start.timestamp_millis(),
        "sleepEndTimestampGMT": night.end.timestamp_millis(),
        "sleepStartTimestampLocal": ask.local_millis(night.start),
        "sleepEndTimestampLocal": ask.local_millis(night.end),
        "autoSleepStartTimestampGMT": null,
        "autoSleepEndTimestampGMT": null,
        "sleepQualityTypePK": null,
        "sleepResultTypePK": null,
        "unmeasurableSleepSeconds": 0,
        "deepSleepSeconds": night.deep_seconds,
        "lightSleepSeconds": night.light_seconds,
        "remSleepSeconds": night.rem_seconds,
        "awakeSleepSeconds": night.awake_seconds,
        "deviceRemCapable": true,
        "retro": false,
        "sleepFromDevice": true,
        "averageSpO2Value": night.average_spo2,
        "lowestSpO2Value": night.lowest_spo2,
        "averageSpO2HRSleep": night.average_heart_rate,
        "averageRespirationValue": night.average_respiration,
        "lowestRespirationValue": night.lowest_respiration,
        "highestRespirationValue": night.highest_respiration,
        "awakeCount": night.awake_count,
        "avgSleepStress": night.average_stress,
        "ageGroup": "ADULT",
        "avgHeartRate": night.average_heart_rate,
        "sleepScoreFeedback": "POSITIVE_OPTIMAL_STRUCTURE",
        "sleepScoreInsight": "NONE",
        "sleepScores": {
            "totalDuration": {"qualifierKey": night.quality(), "optimalStart": 28_200.0, "optimalEnd": 28_200.0},
            "overall": {"value": night.score, "qualifierKey": night.quality()},
            "remPercentage": {"value": share(night.rem_seconds), "qualifierKey": "GOOD", "optimalStart": 21.0, "optimalEnd": 31.0},
            "lightPercentage": {"value": share(night.light_seconds), "qualifierKey": "GOOD", "optimalStart": 30.0, "optimalEnd": 64.0},
            "deepPercentage": {"value": share(night.deep_seconds), "qualifierKey": "GOOD", "optimalStart": 16.0, "optimalEnd": 33.0},
        },
        "sleepVersion": 2,
        "sleepNeed": need(day.date),
        "nextSleepNeed": need(day.date.succ_opt().unwrap_or(day.date)),
        "breathingDisruptionSeverity": "NONE",
    })
}

pub(super) fn heart_rate(ask: &Ask<'_>, me: bool, date: NaiveDate) -> Reply {
    let day = if me { ask.day(date) } else { None };
    let start = ask.person.midnight(date);
    let end = date.succ_opt().map_or(start + Duration::hours(24), |next| ask.person.midnight(next));
    let values = day.as_ref().filter(|_| ask.has_intraday(date)).map(|day| {
        series::heart_rate(ask.person, day)
            .into_iter()
            .map(|(at, value)| json!([at.timestamp_millis(), value]))
            .collect::<Vec<_>>()
    });
    Reply::Json(json!({
        "userProfilePK": ask.person.profile_pk,
        "calendarDate": date,
        "startTimestampGMT": stamp(start.naive_utc()),
        "endTimestampGMT": stamp(end.min(ask.now.max(start)).naive_utc()),
        "startTimestampLocal": stamp(ask.local(start)),
        "endTimestampLocal": stamp(ask.local(end)),
        "maxHeartRate": day.as_ref().map(|day| day.max_heart_rate),
        "minHeartRate": day.as_ref().map(|day| day.min_heart_rate),
        "restingHeartRate": day.as_ref().map(|day| day.resting_heart_rate),
        "lastSevenDaysAvgRestingHeartRate": day.as_ref().map(|day| day.resting_heart_rate_7_days),
        "heartRateValueDescriptors": values.as_ref().map(|_| json!([
            {"key": "timestamp", "index": 0},
            {"key": "heartrate", "index": 1},
        ])),
        "heartRateValues": values,
    }))
}

/// `null` on a day without stress; the averages without the series on an old one.
pub(super) fn stress(ask: &Ask<'_>, date: NaiveDate) -> Reply {
    let Some((day, stress)) = ask.day(date).and_then(|day| day.stress.map(|stress| (day, stress))) else {
        return Reply::Json(Value::Null);
    };
    let start = ask.person.midnight(date);
    let end =
        date.succ_opt().map_or(start + Duration::hours(24), |next| ask.person.midnight(next)).min(ask.now);
    let values =
        if ask.has_intraday(date) { series::stress_and_battery(ask.person, &day) } else { Vec::new() };
    let levels: Vec<Value> =
        values.iter().map(|(at, value, _)| json!([at.timestamp_millis(), value])).collect();
    let battery: Vec<Value> =
        values.iter().map(|(at, _, level)| json!([at.timestamp_millis(), "MEASURED", level, 3.0])).collect();
    Reply::Json(json!({
        "userProfilePK": ask.person.profile_pk,
        "calendarDate": date,
        "startTimestampGMT": stamp(start.naive_utc()),
        "endTimestampGMT": stamp(end.naive_utc()),
        "startTimestampLocal": stamp(ask.local(start)),
        "endTimestampLocal": stamp(ask.local(end)),
        "maxStressLevel": stress.max,
        "avgStressLevel": stress.average,
        "stressChartValueOffset": 1,
        "stressChartYAxisOrigin": -1,
        "stressValueDescriptorsDTOList": [
            {"key": "timestamp", "index": 0},
            {"key": "stressLevel", "index": 1},
        ],
        "stressValuesArray": levels,
        "bodyBatteryValueDescriptorsDTOList": [
            {"bodyBatteryValueDescriptorIndex": 0, "bodyBatteryValueDescriptorKey": "timestamp"},
            {"bodyBatteryValueDescriptorIndex": 1, "bodyBatteryValueDescriptorKey": "bodyBatteryStatus"},
            {"bodyBatteryValueDescriptorIndex": 2, "bodyBatteryValueDescriptorKey": "bodyBatteryLevel"},
            {"bodyBatteryValueDescriptorIndex": 3, "bodyBatteryValueDescriptorKey": "bodyBatteryVersion"},
        ],
        "bodyBatteryValuesArray": battery,
    }))
}

/// 204 on a day without a night, or before the watch knew it.
pub(super) fn hrv(ask: &Ask<'_>, date: NaiveDate) -> Reply {
    let day = ask.day(date);
    let Some((day, hrv, night)) =
        day.as_ref().and_then(|day| Some((day, day.hrv.as_ref()?, day.sleep.as_ref()?)))
    else {
        return Reply::NoContent;
    };
    let readings: Vec<Value> = if ask.has_intraday(date) {
        series::hrv(ask.person, day)
            .into_iter()
            .map(|(at, value)| {
                json!({
                    "hrvValue": value,
                    "readingTimeGMT": stamp(at.naive_utc()),
                    "readingTimeLocal": stamp(ask.local(at)),
                })
            })
            .collect()
    } else {
        Vec::new()
    };
    Reply::Json(json!({
        "userProfilePk": ask.person.profile_pk,
        "hrvSummary": hrv_summary(day, hrv),
        "hrvReadings": readings,
        "startTimestampGMT": stamp(night.start.naive_utc()),
        "endTimestampGMT": stamp(night.end.naive_utc()),
        "startTimestampLocal": stamp(ask.local(night.start)),
        "endTimestampLocal": stamp(ask.local(night.end)),
        "sleepStartTimestampGMT": stamp(night.start.naive_utc()),
        "sleepEndTimestampGMT": stamp(night.end.naive_utc()),
        "sleepStartTimestampLocal": stamp(ask.local(night.start)),
        "sleepEndTimestampLocal": stamp(ask.local(night.end)),
    }))
}

/// Every calendar day of the window, those without data with nulls.
pub(super) fn body_battery(ask: &Ask<'_>, window: Window) -> Reply {
    let rows: Vec<Value> = window
        .from
        .iter_days()
        .take_while(|date| *date <= window.until)
        .map(|date| {
            let day = ask.day(date);
            let battery = day.as_ref().and_then(|day| day.body_battery);
            let start = ask.person.midnight(date);
            let end = date.succ_opt().map_or(start + Duration::hours(24), |next| ask.person.midnight(next));
            let values: Vec<Value> = day
                .as_ref()
                .filter(|_| ask.has_intraday(date))
                .map(|day| series::stress_and_battery(ask.person, day))
                .unwrap_or_default()
                .into_iter()
                .step_by(20)
                .map(|(at, _, level)| json!([at.timestamp_millis(), level]))
                .collect();
            json!({
                "date": date,
                "charged": battery.map(|battery| battery.charged),
                "drained": battery.map(|battery| battery.drained),
                "startTimestampGMT": stamp(start.naive_utc()),
                "endTimestampGMT": stamp(end.naive_utc()),
                "startTimestampLocal": stamp(ask.local(start)),
                "endTimestampLocal": stamp(ask.local(end)),
                "bodyBatteryValuesArray": values,
                "bodyBatteryValueDescriptorDTOList": [
                    {"bodyBatteryValueDescriptorIndex": 0, "bodyBatteryValueDescriptorKey": "timestamp"},
                    {"bodyBatteryValueDescriptorIndex": 1, "bodyBatteryValueDescriptorKey": "bodyBatteryLevel"},
                ],
            })
        })
        .collect();
    Reply::Json(json!(rows))
}
