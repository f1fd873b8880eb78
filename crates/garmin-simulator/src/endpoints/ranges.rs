//! The range endpoints of daily health data: one row per day that has something.

use serde_json::{Value, json};

use super::{Ask, BAD_REQUEST, Reply, Window};
use crate::data::day::{DayTruth, HrvTruth};
use crate::data::sleep;

fn rows(ask: &Ask<'_>, window: Window, values: impl Fn(&DayTruth) -> Option<Value>) -> Vec<Value> {
    ask.days(window)
        .filter_map(|day| values(&day).map(|values| json!({"calendarDate": day.date, "values": values})))
        .collect()
}

/// Days that exist but were not recorded come with nulls here; the sister endpoints leave them out.
pub(super) fn steps(ask: &Ask<'_>, window: Window) -> Reply {
    let rows: Vec<Value> = ask
        .dates(window)
        .map(|date| {
            let day = ask.day(date);
            json!({
                "calendarDate": date,
                "totalSteps": day.as_ref().map(|day| day.steps),
                "totalDistance": day.as_ref().map(|day| day.distance_meters),
                "stepGoal": day.as_ref().map_or(8_000, |day| day.step_goal),
            })
        })
        .collect();
    Reply::Json(json!(rows))
}

pub(super) fn floors(ask: &Ask<'_>, window: Window) -> Reply {
    Reply::Json(json!(rows(ask, window, |day| Some(json!({
        "wellnessFloorsAscended": day.floors_ascended,
        "wellnessFloorsDescended": day.floors_descended,
    })))))
}

pub(super) fn heart_rate(ask: &Ask<'_>, window: Window) -> Reply {
    Reply::Json(json!(rows(ask, window, |day| Some(json!({
        "restingHR": day.resting_heart_rate,
        "wellnessMaxAvgHR": day.max_heart_rate,
        "wellnessMinAvgHR": day.min_heart_rate,
    })))))
}

pub(super) fn stress(ask: &Ask<'_>, window: Window) -> Reply {
    Reply::Json(json!(rows(ask, window, |day| day.stress.map(|stress| json!({
        "overallStressLevel": stress.average,
        "restStressDuration": stress.rest_seconds,
        "lowStressDuration": stress.low_seconds,
        "mediumStressDuration": stress.medium_seconds,
        "highStressDuration": stress.high_seconds,
    })))))
}

pub(super) fn body_battery(ask: &Ask<'_>, window: Window) -> Reply {
    Reply::Json(json!(rows(ask, window, |day| day.body_battery.map(|battery| json!({
        "highBodyBattery": battery.highest,
        "lowBodyBattery": battery.lowest,
    })))))
}

pub(super) fn intensity_minutes(ask: &Ask<'_>, window: Window) -> Reply {
    let rows: Vec<Value> = ask
        .days(window)
        .map(|day| {
            json!({
                "calendarDate": day.date,
                "weeklyGoal": day.intensity_minutes_goal,
                "moderateValue": day.moderate_intensity_minutes,
                "vigorousValue": day.vigorous_intensity_minutes,
            })
        })
        .collect();
    Reply::Json(json!(rows))
}

pub(super) fn hydration(ask: &Ask<'_>, window: Window) -> Reply {
    let rows: Vec<Value> = ask
        .days(window)
        .filter_map(|day| {
            Some(json!({
                "calendarDate": day.date,
                "valueInML": day.hydration_ml?,
                "goalInML": day.hydration_goal_ml,
            }))
        })
        .collect();
    Reply::Json(json!(rows))
}

/// Flat rows, unlike the sister endpoints.
pub(super) fn respiration(ask: &Ask<'_>, window: Window) -> Reply {
    let rows: Vec<Value> = ask
        .days(window)
        .filter_map(|day| {
            Some(json!({
                "calendarDate": day.date,
                "avgWakingRespiration": day.waking_respiration?,
                "avgSleepRespiration": day.sleep.as_ref().map(|night| night.average_respiration),
            }))
        })
        .collect();
    Reply::Json(json!(rows))
}

/// `?statsType=`: calories, the type this project asks for, and steps.
pub(super) fn by_type(ask: &Ask<'_>, window: Window) -> Result<Reply, Reply> {
    let values: Vec<Value> = match ask.param("statsType")? {
        "CALORIES" => rows(ask, window, |day| {
            Some(json!({
                "totalCalories": day.total_kilocalories,
                "activeCalories": day.active_kilocalories,
                "restingCalories": day.bmr_kilocalories,
            }))
        }),
        "STEPS" => rows(ask, window, |day| {
            Some(json!({
                "totalSteps": day.steps,
                "totalDistance": day.distance_meters,
                "stepGoal": day.step_goal,
            }))
        }),
        _ => return Err(BAD_REQUEST),
    };
    Ok(Reply::Json(json!({
        "userProfileId": ask.person.profile_pk,
        "statisticsStartDate": window.from,
        "statisticsEndDate": window.until,
        "values": values,
    })))
}

pub(super) fn sleep(ask: &Ask<'_>, window: Window) -> Reply {
    let nights: Vec<Value> = ask
        .days(window)
        .rev()
        .filter_map(|day| {
            let night = day.sleep.as_ref()?;
            Some(json!({
                "calendarDate": day.date,
                "values": {
                    "remTime": night.rem_seconds,
                    "deepTime": night.deep_seconds,
                    "lightTime": night.light_seconds,
                    "awakeTime": night.awake_seconds,
                    "totalSleepTimeInSeconds": night.total_seconds,
                    "gmtSleepStartTimeInMillis": night.start.timestamp_millis(),
                    "gmtSleepEndTimeInMillis": night.end.timestamp_millis(),
                    "localSleepStartTimeInMillis": ask.local_millis(night.start),
                    "localSleepEndTimeInMillis": ask.local_millis(night.end),
                    "sleepScore": night.score,
                    "sleepScoreQuality": night.quality(),
                    "sleepNeed": night.need_minutes,
                    "restingHeartRate": day.resting_heart_rate,
                    "avgHeartRate": night.average_heart_rate,
                    "respiration": night.average_respiration,
                    "spO2": night.average_spo2,
                    "avgOvernightHrv": day.hrv.as_ref().map(|hrv| hrv.last_night_average as f64),
                    "hrv7dAverage": day.hrv.as_ref().and_then(|hrv| hrv.weekly_average).map(|value| value as f64),
                    "hrvStatus": day.hrv.as_ref().map(|hrv| hrv.status),
                    "bodyBatteryChange": day.body_battery.and_then(|battery| battery.during_sleep),
                    "skinTempC": null,
                    "skinTempF": null,
                },
            }))
        })
        .collect();
    let mean = |field: &str| {
        let values: Vec<f64> = nights.iter().filter_map(|night| night["values"][field].as_f64()).collect();
        (!values.is_empty())
            .then(|| crate::data::draw::rounded(values.iter().sum::<f64>() / values.len() as f64, 2))
    };
    Reply::Json(json!({
        "overallStats": {
            "averageSleepScore": mean("sleepScore"),
            "averageSleepSeconds": mean("totalSleepTimeInSeconds"),
            "averageRestingHeartRate": mean("restingHeartRate"),
            "averageRespiration": mean("respiration"),
            "averageSpO2": mean("spO2"),
            "averageBodyBatteryChange": mean("bodyBatteryChange"),
            "averageSleepNeed": mean("sleepNeed"),
            "averageSkinTempC": null,
            "averageSkinTempF": null,
        },
        "individualStats": nights,
    }))
}

pub(super) fn sleep_score(ask: &Ask<'_>, window: Window) -> Reply {
    let rows: Vec<Value> = ask
        .days(window)
        .filter_map(|day| Some(json!({"calendarDate": day.date, "value": day.sleep.as_ref()?.score})))
        .collect();
    Reply::Json(json!(rows))
}

/// The whole history in one answer: there is no cap, so nights are made without the rest of their days.
pub(super) fn oxygen(ask: &Ask<'_>, window: Window) -> Reply {
    let rows: Vec<Value> = ask
        .dates(window)
        .filter_map(|date| {
            let night = sleep::night(ask.person, date, 55).filter(|night| night.end <= ask.now)?;
            Some(json!([date, night.average_spo2?]))
        })
        .collect();
    Reply::Json(json!({"userProfilePk": ask.person.profile_pk, "spo2DailyAverageArray": rows}))
}

/// The summary of a night as both HRV endpoints show it.
pub(super) fn hrv_summary(day: &DayTruth, hrv: &HrvTruth) -> Value {
    json!({
        "calendarDate": day.date,
        "weeklyAvg": hrv.weekly_average,
        "lastNightAvg": hrv.last_night_average,
        "lastNight5MinHigh": hrv.last_night_5_min_high,
        "baseline": hrv.baseline.map(|band| json!({
            "lowUpper": band.low_upper,
            "balancedLow": band.balanced_low,
            "balancedUpper": band.balanced_upper,
            "markerValue": 0.5,
        })),
        "status": hrv.status,
        "feedbackPhrase": if hrv.status == "NONE" { "ONBOARDING_1".to_owned() } else { format!("HRV_{}_2", hrv.status) },
        "createTimeStamp": day.sleep.as_ref().map(|night| night.end.naive_utc().format("%Y-%m-%dT%H:%M:%S%.3f").to_string()),
    })
}

/// 204 when no night of the window has any.
pub(super) fn hrv(ask: &Ask<'_>, window: Window) -> Reply {
    let from = window.from.max(ask.person.account.hrv_since);
    let rows: Vec<Value> = ask
        .days(Window { from, ..window })
        .filter_map(|day| Some(hrv_summary(&day, day.hrv.as_ref()?)))
        .collect();
    if rows.is_empty() {
        return Reply::NoContent;
    }
    Reply::Json(json!({"hrvSummaries": rows, "userProfilePk": ask.person.profile_pk}))
}
