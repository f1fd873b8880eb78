//! Fitness metrics: what Garmin concludes from training and sleep.

use axum::http::StatusCode;
use chrono::{Days, NaiveDate};
use serde_json::{Map, Value, json};

use super::{Ask, NOT_FOUND, Reply, Window, stamp};
use crate::data::activities;

pub(super) fn fitness_age(ask: &Ask<'_>, window: Window) -> Reply {
    let rows: Vec<Value> = ask
        .days(window)
        .filter_map(|day| {
            let age = day.fitness_age?;
            Some(json!({
                "calendarDate": day.date,
                "values": {
                    "fitnessAge": age.fitness_age,
                    "achievableFitnessAge": age.achievable_fitness_age,
                    "rhr": day.resting_heart_rate,
                    "bmi": age.bmi,
                    "vigorousDaysAvg": age.vigorous_days,
                },
            }))
        })
        .collect();
    Reply::Json(json!(rows))
}

/// Only days whose activities changed the estimate.
pub(super) fn vo2_max(ask: &Ask<'_>, window: Window) -> Reply {
    let rows: Vec<Value> = ask
        .dates(window)
        .filter_map(|date| {
            // Looking at the activities first spares most days the rest.
            if activities::of_day(ask.person, date).iter().all(|activity| activity.vo2_max.is_none()) {
                return None;
            }
            let day = ask.day(date)?;
            let estimate = |value: Option<f64>| {
                value.map(|value| {
                    json!({
                        "calendarDate": date,
                        "vo2MaxPreciseValue": value,
                        "vo2MaxValue": value.round(),
                        "fitnessAge": null,
                        "fitnessAgeDescription": null,
                        "maxMetCategory": 0,
                    })
                })
            };
            if day.vo2_max_running.is_none() && day.vo2_max_cycling.is_none() {
                return None;
            }
            Some(json!({
                "userId": ask.person.profile_pk,
                "generic": estimate(day.vo2_max_running),
                "cycling": estimate(day.vo2_max_cycling),
                "heatAltitudeAcclimation": null,
            }))
        })
        .collect();
    Reply::Json(json!(rows))
}

pub(super) fn races(ask: &Ask<'_>, display_name: &str, window: Window) -> Result<Reply, Reply> {
    if !ask.is_me(display_name) {
        return Err(Reply::Refused(StatusCode::FORBIDDEN));
    }
    let rows: Vec<Value> = ask
        .days(window)
        .filter_map(|day| {
            let races = day.race_predictions?;
            Some(json!({
                "userId": ask.person.profile_pk,
                "fromCalendarDate": null,
                "toCalendarDate": null,
                "calendarDate": day.date,
                "time5K": races.time_5k,
                "time10K": races.time_10k,
                "timeHalfMarathon": races.time_half_marathon,
                "timeMarathon": races.time_marathon,
            }))
        })
        .collect();
    Ok(Reply::Json(json!(rows)))
}

pub(super) fn hill_score(ask: &Ask<'_>, window: Window) -> Reply {
    let scores: Vec<(NaiveDate, crate::data::day::ScoresTruth)> =
        ask.days(window).rev().filter_map(|day| Some((day.date, day.scores?))).collect();
    let mean = (!scores.is_empty())
        .then(|| scores.iter().map(|(_, score)| score.hill).sum::<i64>() / scores.len() as i64);
    let rows: Vec<Value> = scores
        .iter()
        .map(|(date, score)| {
            json!({
                "userProfilePK": ask.person.profile_pk,
                "deviceId": ask.person.device_id,
                "calendarDate": date,
                "strengthScore": score.hill_strength,
                "enduranceScore": score.hill_endurance,
                "hillScoreClassificationId": 2,
                "overallScore": score.hill,
                "hillScoreFeedbackPhraseId": 43,
                "vo2Max": null,
                "vo2MaxPreciseValue": null,
                "primaryTrainingDevice": true,
            })
        })
        .collect();
    Reply::Json(json!({
        "userProfilePK": ask.person.profile_pk,
        "startDate": window.from,
        "endDate": window.until,
        "periodAvgScore": mean.map_or_else(|| json!({}), |mean| json!({window.until.to_string(): mean})),
        "maxScore": scores.iter().map(|(_, score)| score.hill).max(),
        "hillScoreDTOList": rows,
    }))
}

/// Weeks are counted back from the last day asked for, so the first one may begin before the window.
pub(super) fn endurance_score(ask: &Ask<'_>, window: Window) -> Reply {
    let mut groups = Map::new();
    let mut all: Vec<i64> = Vec::new();
    let mut end = Some(window.until);
    while let Some(last) = end.filter(|last| *last >= window.from) {
        let first = last.checked_sub_days(Days::new(6)).unwrap_or(last);
        let scores: Vec<i64> = ask
            .days(Window { from: first, until: last })
            .filter_map(|day| day.scores.map(|scores| scores.endurance))
            .collect();
        if let Some(max) = scores.iter().max() {
            groups.insert(
                first.to_string(),
                json!({
                    "groupAverage": scores.iter().sum::<i64>() / scores.len() as i64,
                    "groupMax": max,
                    "enduranceContributorDTOList": [
                        {"activityTypeId": 3, "group": null, "contribution": 12.5},
                        {"activityTypeId": null, "group": 0, "contribution": 87.5},
                    ],
                }),
            );
        }
        all.extend(scores);
        end = first.pred_opt();
    }
    let latest = ask.day(window.until).and_then(|day| day.scores);
    Reply::Json(json!({
        "userProfilePK": ask.person.profile_pk,
        "startDate": window.from,
        "endDate": window.until,
        "avg": (!all.is_empty()).then(|| all.iter().sum::<i64>() / all.len() as i64),
        "max": all.iter().max(),
        "groupMap": groups,
        "enduranceScoreDTO": latest.map(|scores| json!({
            "userProfilePK": ask.person.profile_pk,
            "deviceId": ask.person.device_id,
            "calendarDate": window.until,
            "overallScore": scores.endurance,
            "classification": 2,
            "feedbackPhrase": 30,
            "primaryTrainingDevice": true,
        })),
    }))
}

pub(super) fn lactate_threshold(ask: &Ask<'_>, series: &str, window: Window) -> Result<Reply, Reply> {
    if !matches!(series, "lactateThresholdHeartRate" | "lactateThresholdSpeed") {
        return Err(NOT_FOUND);
    }
    ask.param("sport")?;
    let rows: Vec<Value> = ask
        .dates(window)
        .filter_map(|date| {
            if !activities::of_day(ask.person, date).iter().any(|activity| activity.sport.key == "running") {
                return None;
            }
            let threshold = ask.day(date)?.lactate_threshold?;
            let value =
                if series == "lactateThresholdSpeed" { threshold.speed } else { threshold.heart_rate };
            Some(json!({
                "from": date,
                "until": date,
                "series": "running",
                "value": value,
                "updatedDate": date,
            }))
        })
        .collect();
    Ok(Reply::Json(json!(rows)))
}

pub(super) fn training_status(ask: &Ask<'_>, window: Window) -> Reply {
    let device = ask.person.device_id;
    let mut estimates: Vec<Value> = Vec::new();
    let statuses: Vec<Value> = ask
        .dates(window)
        .filter_map(|date| {
            let day = ask.day_with_load(date)?;
            if let Some(value) = day.vo2_max_running {
                estimates.push(json!({"value": value.round(), "calendarDate": date}));
            }
            let training = day.training?;
            let chronic = training.chronic_load as f64;
            Some(json!({
                "calendarDate": date,
                "sinceDate": null,
                "weeklyTrainingLoad": null,
                "trainingStatus": training.status,
                "timestamp": (ask.person.midnight(date) + chrono::Duration::hours(20)).min(ask.now).timestamp_millis(),
                "deviceId": device,
                "loadTunnelMin": null,
                "loadTunnelMax": null,
                "loadLevelTrend": null,
                "sport": "RUNNING",
                "subSport": "GENERIC",
                "fitnessTrendSport": "RUNNING",
                "fitnessTrend": 2,
                "trainingStatusFeedbackPhrase": training.phrase,
                "trainingPaused": false,
                "acuteTrainingLoadDTO": {
                    "acwrPercent": (training.ratio * 42.0).round() as i64,
                    "acwrStatus": if training.ratio > 1.5 { "HIGH" } else if training.ratio < 0.8 { "LOW" } else { "OPTIMAL" },
                    "acwrStatusFeedback": "FEEDBACK_2",
                    "dailyTrainingLoadAcute": training.acute_load,
                    "maxTrainingLoadChronic": chronic * 1.5,
                    "minTrainingLoadChronic": chronic * 0.8,
                    "dailyTrainingLoadChronic": training.chronic_load,
                    "dailyAcuteChronicWorkloadRatio": training.ratio,
                },
                "primaryTrainingDevice": true,
            }))
        })
        .collect();
    let wrapped = |url: &str, payload: Value| {
        json!({
            "requestUrl": format!("{url}?fromCalendarDate={}&toCalendarDate={}", window.from, window.until),
            "statusCode": 200,
            "headers": {},
            "errorMessage": null,
            "payload": payload,
            "successful": true,
        })
    };
    let metrics = if estimates.is_empty() { json!({}) } else { json!({"ACTIVITY_VO2_MAX": estimates}) };
    let (devices, reports) = if statuses.is_empty() {
        (json!([]), json!({}))
    } else {
        let watch =
            json!([{"deviceId": device, "imageURL": null, "deviceName": "Simulated Watch", "category": 0}]);
        (watch, json!({device.to_string(): statuses}))
    };
    Reply::Json(json!({
        "vo2MaxWeeklyStatistics": wrapped("/metrics-service/metrics/maxmet/stats/daily", json!({
            "userProfileId": ask.person.profile_pk,
            "statisticsStartDate": window.from,
            "statisticsEndDate": window.until,
            "allMetrics": {"metricsMap": metrics},
            "groupedMetrics": null,
        })),
        "weeklyTrainingStatus": wrapped("/metrics-service/metrics/trainingstatus/weekly", json!({
            "userId": ask.person.profile_pk,
            "fromCalendarDate": window.from,
            "toCalendarDate": window.until,
            "showSelector": false,
            "recordedDevices": devices,
            "reportData": reports,
        })),
    }))
}

/// Snapshots of a day, latest first; `[]` on days without any.
pub(super) fn readiness(ask: &Ask<'_>, date: NaiveDate) -> Reply {
    let snapshots = ask.day_with_load(date).map(|day| day.readiness).unwrap_or_default();
    let rows: Vec<Value> = snapshots
        .iter()
        .map(|snapshot| {
            json!({
                "userProfilePK": ask.person.profile_pk,
                "calendarDate": date,
                "timestamp": stamp(snapshot.at.naive_utc()),
                "timestampLocal": stamp(ask.local(snapshot.at)),
                "deviceId": ask.person.device_id,
                "level": snapshot.level,
                "feedbackLong": "MOD_RT_MOD_SS_GOOD",
                "feedbackShort": "RECOVERY_IN_PROGRESS",
                "score": snapshot.score,
                "sleepScore": snapshot.sleep_score,
                "sleepScoreFactorPercent": snapshot.sleep_score,
                "sleepScoreFactorFeedback": "GOOD",
                "recoveryTime": snapshot.recovery_time_minutes,
                "recoveryTimeFactorPercent": (100 - snapshot.recovery_time_minutes / 60).clamp(0, 100),
                "recoveryTimeFactorFeedback": "MODERATE",
                "acwrFactorPercent": 85,
                "acwrFactorFeedback": "GOOD",
                "acuteLoad": snapshot.acute_load,
                "stressHistoryFactorPercent": 84,
                "stressHistoryFactorFeedback": "GOOD",
                "hrvFactorPercent": snapshot.hrv_weekly_average.map(|_| 95),
                "hrvFactorFeedback": snapshot.hrv_weekly_average.map(|_| "GOOD"),
                "hrvWeeklyAverage": snapshot.hrv_weekly_average,
                "sleepHistoryFactorPercent": 80,
                "sleepHistoryFactorFeedback": "GOOD",
                "validSleep": snapshot.sleep_score.is_some(),
                "inputContext": snapshot.input_context,
                "primaryActivityTracker": true,
                "recoveryTimeChangePhrase": if snapshot.recovery_time_minutes == 0 { Some("REACHED_ZERO") } else { None },
            })
        })
        .collect();
    Reply::Json(json!(rows))
}
