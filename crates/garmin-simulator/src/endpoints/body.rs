//! Scale, blood pressure and the menstrual calendar.

use chrono::Days;
use serde_json::{Value, json};

use super::{Ask, Reply, Window, stamp};
use crate::data::body::{self, WeighInTruth};
use crate::truth;

fn weigh_in(ask: &Ask<'_>, weigh_in: &WeighInTruth) -> Value {
    json!({
        "samplePk": weigh_in.sample_pk,
        // Garmin's `date` is the local clock read as UTC, which is why nobody should take the day from it.
        "date": ask.local_millis(weigh_in.at),
        "calendarDate": weigh_in.date,
        "weight": weigh_in.weight,
        "bmi": weigh_in.bmi,
        "bodyFat": weigh_in.body_fat,
        "bodyWater": weigh_in.body_water,
        "boneMass": weigh_in.bone_mass,
        "muscleMass": weigh_in.muscle_mass,
        "physiqueRating": null,
        "visceralFat": null,
        "metabolicAge": null,
        "sourceType": weigh_in.source_type,
        "timestampGMT": weigh_in.at.timestamp_millis(),
        "weightDelta": null,
    })
}

/// Newest day first and newest weigh-in first, in grams.
pub(super) fn weight(ask: &Ask<'_>, window: Window) -> Reply {
    let weigh_ins = truth::weigh_ins_between(ask.person, window.from, window.until, ask.now);
    let days: Vec<Value> = weigh_ins
        .chunk_by(|one, other| one.date == other.date)
        .rev()
        .filter_map(|of_day| {
            let latest = of_day.last()?;
            let weights = || of_day.iter().map(|weigh_in| weigh_in.weight);
            Some(json!({
                "summaryDate": latest.date,
                "numOfWeightEntries": of_day.len(),
                "minWeight": weights().fold(f64::INFINITY, f64::min),
                "maxWeight": weights().fold(0.0, f64::max),
                "latestWeight": weigh_in(ask, latest),
                "allWeightMetrics": of_day.iter().rev().map(|one| weigh_in(ask, one)).collect::<Vec<_>>(),
            }))
        })
        .collect();
    let mean = (!weigh_ins.is_empty())
        .then(|| weigh_ins.iter().map(|weigh_in| weigh_in.weight).sum::<f64>() / weigh_ins.len() as f64);
    Reply::Json(json!({
        "dailyWeightSummaries": days,
        "totalAverage": {
            "from": window.from.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis(),
            "until": window.until.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis() + 86_399_999,
            "weight": mean,
        },
        "previousDateWeight": {"samplePk": null, "date": null, "calendarDate": null, "weight": null},
        "nextDateWeight": {"samplePk": null, "date": null, "calendarDate": null, "weight": null},
    }))
}

/// The same weigh-ins without their days around them, newest first: what `garminconnect` reads.
pub(super) fn body_composition(ask: &Ask<'_>, window: Window) -> Reply {
    let weigh_ins = truth::weigh_ins_between(ask.person, window.from, window.until, ask.now);
    let mean = |value: fn(&WeighInTruth) -> Option<f64>| {
        let values: Vec<f64> = weigh_ins.iter().filter_map(value).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    Reply::Json(json!({
        "startDate": window.from,
        "endDate": window.until,
        "dateWeightList": weigh_ins.iter().rev().map(|one| weigh_in(ask, one)).collect::<Vec<_>>(),
        "totalAverage": {
            "from": window.from.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis(),
            "until": window.until.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis() + 86_399_999,
            "weight": mean(|weigh_in| Some(weigh_in.weight)),
            "bmi": mean(|weigh_in| weigh_in.bmi),
            "bodyFat": mean(|weigh_in| weigh_in.body_fat),
            "bodyWater": mean(|weigh_in| weigh_in.body_water),
        },
    }))
}

pub(super) fn blood_pressure(ask: &Ask<'_>, window: Window) -> Reply {
    let measurements = truth::blood_pressure_between(ask.person, window.from, window.until, ask.now);
    let days: Vec<Value> = measurements
        .chunk_by(|one, other| one.date == other.date)
        .rev()
        .filter_map(|of_day| {
            let date = of_day.last()?.date;
            let rows: Vec<Value> = of_day
                .iter()
                .map(|measurement| {
                    json!({
                        "version": measurement.version,
                        "systolic": measurement.systolic,
                        "diastolic": measurement.diastolic,
                        "pulse": measurement.pulse,
                        "notes": null,
                        "sourceType": "MANUAL",
                        "measurementTimestampLocal": stamp(ask.local(measurement.at)),
                        "measurementTimestampGMT": stamp(measurement.at.naive_utc()),
                        "category": 1,
                        "categoryName": "NORMAL",
                    })
                })
                .collect();
            Some(json!({
                "startDate": date,
                "endDate": date,
                "highSystolic": of_day.iter().map(|one| one.systolic).max(),
                "lowSystolic": of_day.iter().map(|one| one.systolic).min(),
                "highDiastolic": of_day.iter().map(|one| one.diastolic).max(),
                "lowDiastolic": of_day.iter().map(|one| one.diastolic).min(),
                "numOfMeasurements": of_day.len(),
                "measurements": rows,
            }))
        })
        .collect();
    Reply::Json(json!({
        "from": window.from,
        "until": window.until,
        "measurementSummaries": days,
        "categoryStats": null,
    }))
}

/// `{}` for someone who keeps no calendar. Cycles that reach into the window are in, so neighbouring windows
/// show the same cycle twice.
pub(super) fn menstrual_calendar(ask: &Ask<'_>, window: Window) -> Reply {
    if !ask.person.account.menstrual_calendar {
        return Reply::Json(json!({}));
    }
    let from = window.from.checked_sub_days(Days::new(35)).unwrap_or(window.from);
    let until = window.until.min(ask.person.today(ask.now));
    let cycles: Vec<_> = body::cycles(ask.person, from, until)
        .into_iter()
        .filter(|cycle| {
            cycle.start_date.checked_add_days(Days::new(cycle.cycle_length.unsigned_abs()))
                > Some(window.from)
        })
        .collect();
    let summaries: Vec<Value> = cycles
        .iter()
        .map(|cycle| {
            json!({
                "startDate": cycle.start_date,
                "periodLength": cycle.period_length,
                "cycleLength": cycle.cycle_length,
                "predictedCycle": false,
                "cycleType": "REGULAR",
            })
        })
        .collect();
    let symptoms: Vec<Value> = cycles
        .iter()
        .filter(|cycle| cycle.start_date >= window.from)
        .map(|cycle| json!({"calendarDate": cycle.start_date, "symptoms": ["CRAMPS"]}))
        .collect();
    Reply::Json(json!({
        "startDate": window.from,
        "endDate": window.until,
        "cycleSummaries": summaries,
        "loggedSymptomDays": symptoms,
    }))
}
