//! Activities: the list, and what there is about each.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::{Map, Value, json};

use super::{Ask, BAD_REQUEST, NOT_FOUND, Reply, Window, date, stamp};
use crate::data::activities::{self, ActivityTruth};
use crate::data::draw::rounded;
use crate::truth;

const MAX_LIMIT: usize = 1000;
/// Where everybody runs: a place in the sea.
const PLACE: (f64, f64) = (54.5, 12.5);

/// Newest first. Without dates: the whole history.
pub(super) fn search(ask: &Ask<'_>) -> Result<Reply, Reply> {
    let number = |name: &str, otherwise: usize| {
        ask.query.get(name).map_or(Ok(otherwise), |text| text.parse().map_err(|_| BAD_REQUEST))
    };
    let (start, limit) = (number("start", 0)?, number("limit", 20)?);
    if limit > MAX_LIMIT {
        return Err(BAD_REQUEST);
    }
    let day = |name: &str, otherwise: NaiveDate| ask.query.get(name).map_or(Ok(otherwise), |text| date(text));
    let window = Window {
        from: day("startDate", ask.person.account.first_day)?,
        until: day("endDate", ask.person.today(ask.now))?,
    };
    if window.from > window.until && ask.query.contains_key("startDate") && ask.query.contains_key("endDate")
    {
        return Err(BAD_REQUEST);
    }
    let found = truth::activities_between(ask.person, window.from, window.until, ask.now);
    let sport = ask.query.get("activityType");
    let rows: Vec<Value> = found
        .iter()
        .rev()
        .filter(|activity| sport.is_none_or(|sport| activity.sport.key == sport))
        .skip(start)
        .take(limit)
        .map(|activity| row(ask, activity))
        .collect();
    Ok(Reply::Json(json!(rows)))
}

/// `2026-01-27 17:28:07`, as only the list writes a moment.
fn spaced(at: chrono::NaiveDateTime) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

fn uuid(activity: &ActivityTruth) -> String {
    let id = activity.activity_id;
    format!("{:08x}-0000-4000-8000-{:012x}", id & 0xffff_ffff, id)
}

/// Garmin leaves out what a sport does not have, so most fields are put in one by one.
fn row(ask: &Ask<'_>, activity: &ActivityTruth) -> Value {
    let person = ask.person;
    let mut row = Map::new();
    let always = json!({
        "activityId": activity.activity_id,
        "activityName": activity.name,
        "startTimeLocal": spaced(activity.start_local),
        "startTimeGMT": spaced(activity.start.naive_utc()),
        "endTimeGMT": spaced(activity.end().naive_utc()),
        "beginTimestamp": activity.start.timestamp_millis(),
        "activityType": {
            "typeId": activity.sport.type_id,
            "typeKey": activity.sport.key,
            "parentTypeId": activity.sport.parent_type_id,
            "isHidden": false,
            "trimmable": true,
            "restricted": false,
        },
        "eventType": {"typeId": 9, "typeKey": "uncategorized", "sortOrder": 10},
        "sportTypeId": activity.sport.sport_type_id,
        "duration": activity.duration,
        "elapsedDuration": activity.elapsed_duration,
        "movingDuration": activity.moving_duration,
        "calories": activity.calories,
        "bmrCalories": activity.bmr_calories,
        "averageHR": activity.average_hr,
        "maxHR": activity.max_hr,
        "aerobicTrainingEffect": activity.aerobic_training_effect,
        "anaerobicTrainingEffect": activity.anaerobic_training_effect,
        "aerobicTrainingEffectMessage": "IMPROVING_AEROBIC_FITNESS_2",
        "anaerobicTrainingEffectMessage": "MINOR_ANAEROBIC_BENEFIT_15",
        "trainingEffectLabel": "AEROBIC_BASE",
        "activityTrainingLoad": activity.training_load,
        "moderateIntensityMinutes": activity.moderate_intensity_minutes,
        "vigorousIntensityMinutes": activity.vigorous_intensity_minutes,
        "differenceBodyBattery": -((activity.training_load / 9.0).round() as i64),
        "lapCount": activity.lap_count,
        "hasSplits": activity.lap_count > 1,
        "hasPolyline": activity.sport.outdoors,
        "hasImages": false,
        "hasVideo": false,
        "hasHeatMap": false,
        "ownerId": person.profile_pk,
        "ownerDisplayName": person.account.display_name,
        "userRoles": ["SCOPE_CONNECT_READ", "SCOPE_CONNECT_WRITE"],
        "privacy": {"typeId": 2, "typeKey": "private"},
        "userPro": false,
        "timeZoneId": 124,
        "deviceId": person.device_id,
        "manufacturer": "GARMIN",
        "activityUUID": uuid(activity),
        "summarizedDiveInfo": {"summarizedDiveGases": []},
        "splitSummaries": [],
        "qualifyingDive": false,
        "decoDive": false,
        "pr": false,
        "purposeful": false,
        "manualActivity": false,
        "autoCalcCalories": false,
        "elevationCorrected": false,
        "atpActivity": false,
        "favorite": false,
        "parent": false,
    });
    if let Value::Object(always) = always {
        row.extend(always);
    }
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            row.insert(name.to_owned(), value);
        }
    };
    put("distance", activity.distance.map(Value::from));
    put("averageSpeed", activity.average_speed().map(Value::from));
    put("maxSpeed", activity.average_speed().map(|speed| json!(rounded(speed * 1.35, 3))));
    put("elevationGain", activity.elevation_gain.map(Value::from));
    put("elevationLoss", activity.elevation_loss.map(Value::from));
    put("steps", activity.steps.map(Value::from));
    put(
        "averageRunningCadenceInStepsPerMinute",
        activity.steps.map(|steps| json!(rounded(steps as f64 / activity.duration * 60.0, 2))),
    );
    put("vO2MaxValue", activity.vo2_max.map(|value| json!(value.round())));
    put("workoutId", activity.workout_id.map(Value::from));
    if activity.sport.outdoors {
        put("startLatitude", Some(json!(PLACE.0)));
        put("startLongitude", Some(json!(PLACE.1)));
        put("endLatitude", Some(json!(PLACE.0)));
        put("endLongitude", Some(json!(PLACE.1)));
        put("locationName", Some(json!("Simulated Shore")));
    }
    if activity.sport.key == "lap_swimming" {
        put("poolLength", Some(json!(2500.0)));
        put("unitOfPoolLength", Some(json!({"unitId": 1, "unitKey": "meter", "factor": 100.0})));
        put("activeLengths", activity.distance.map(|distance| json!((distance / 25.0) as i64)));
    }
    for (zone, seconds) in activity.hr_zones.iter().enumerate() {
        put(&format!("hrTimeInZone_{}", zone + 1), Some(json!(seconds)));
    }
    Value::Object(row)
}

/// Answers about one activity, 404 when it is not this person's.
pub(super) fn one(
    ask: &Ask<'_>,
    id: &str,
    about: impl Fn(&Ask<'_>, &ActivityTruth) -> Reply,
) -> Result<Reply, Reply> {
    let id: u64 = id.parse().map_err(|_| BAD_REQUEST)?;
    let day = activities::day_of_id(ask.person, id).filter(|day| ask.person.exists(*day, ask.now));
    let activity = day
        .into_iter()
        .flat_map(|day| activities::of_day(ask.person, day))
        .find(|activity| activity.activity_id == id && activity.end() <= ask.now)
        .ok_or(NOT_FOUND)?;
    Ok(about(ask, &activity))
}

pub(super) fn summary(ask: &Ask<'_>, activity: &ActivityTruth) -> Reply {
    let person = ask.person;
    Reply::Json(json!({
        "activityId": activity.activity_id,
        "activityUUID": {"uuid": uuid(activity)},
        "activityName": activity.name,
        "userProfileId": person.profile_pk,
        "isMultiSportParent": false,
        "activityTypeDTO": {
            "typeId": activity.sport.type_id,
            "typeKey": activity.sport.key,
            "parentTypeId": activity.sport.parent_type_id,
            "isHidden": false,
            "restricted": false,
            "trimmable": true,
        },
        "eventTypeDTO": {"typeId": 9, "typeKey": "uncategorized", "sortOrder": 10},
        "accessControlRuleDTO": {"typeId": 2, "typeKey": "private"},
        "timeZoneUnitDTO": {
            "unitId": 124,
            "unitKey": person.zone().name(),
            "factor": 0.0,
            "timeZone": person.zone().name(),
        },
        "metadataDTO": {
            "isOriginal": true,
            "fileFormat": {"formatId": 7, "formatKey": "fit"},
            "hasPolyline": activity.sport.outdoors,
            "hasChartData": true,
            "hasHrTimeInZones": true,
            "hasSplits": activity.lap_count > 1,
            "manufacturer": "GARMIN",
            "lapCount": activity.lap_count,
            "associatedWorkoutId": activity.workout_id,
            "manualActivity": false,
            "favorite": false,
        },
        "summaryDTO": {
            "startTimeLocal": stamp(activity.start_local),
            "startTimeGMT": stamp(activity.start.naive_utc()),
            "distance": activity.distance,
            "duration": activity.duration,
            "movingDuration": activity.moving_duration,
            "elapsedDuration": activity.elapsed_duration,
            "elevationGain": activity.elevation_gain,
            "elevationLoss": activity.elevation_loss,
            "averageSpeed": activity.average_speed(),
            "calories": activity.calories,
            "bmrCalories": activity.bmr_calories,
            "averageHR": activity.average_hr,
            "maxHR": activity.max_hr,
            "steps": activity.steps,
            "trainingEffect": activity.aerobic_training_effect,
            "anaerobicTrainingEffect": activity.anaerobic_training_effect,
            "activityTrainingLoad": activity.training_load,
            "moderateIntensityMinutes": activity.moderate_intensity_minutes,
            "vigorousIntensityMinutes": activity.vigorous_intensity_minutes,
        },
        "locationName": activity.sport.outdoors.then_some("Simulated Shore"),
        "splitSummaries": [],
    }))
}

/// The samples of an activity; none when its day has been off-loaded.
pub(super) fn details(ask: &Ask<'_>, activity: &ActivityTruth) -> Reply {
    const SAMPLES: i64 = 120;
    let recent = ask.has_intraday(activity.date);
    let count = if recent { SAMPLES } else { 0 };
    let moment = |sample: i64| -> DateTime<Utc> {
        activity.start + Duration::milliseconds((activity.duration * 1000.0) as i64 * sample / (SAMPLES - 1))
    };
    let samples: Vec<Value> = (0..count)
        .map(|sample| {
            let share = sample as f64 / (SAMPLES - 1) as f64;
            let pulse = if sample == SAMPLES / 2 {
                activity.max_hr
            } else {
                (activity.average_hr + 4.0 * (share * 40.0).sin()).round()
            };
            json!({"metrics": [
                rounded(activity.duration * share, 3),
                activity.distance.map(|distance| rounded(distance * share, 2)),
                moment(sample).timestamp_millis() as f64,
                pulse,
                activity.average_speed(),
            ]})
        })
        .collect();
    let descriptor = |index: i64, key: &str, unit: &str, factor: f64| json!({"metricsIndex": index, "key": key, "unit": {"id": index + 1, "key": unit, "factor": factor}});
    let polyline: Vec<Value> = (0..if activity.sport.outdoors { count } else { 0 })
        .map(|sample| {
            let turn = sample as f64 / SAMPLES as f64 * std::f64::consts::TAU;
            json!({
                "lat": rounded(PLACE.0 + 0.01 * turn.sin(), 6),
                "lon": rounded(PLACE.1 + 0.01 * turn.cos(), 6),
                "altitude": null,
                "time": moment(sample).timestamp_millis(),
                "valid": true,
            })
        })
        .collect();
    Reply::Json(json!({
        "activityId": activity.activity_id,
        "measurementCount": if recent { 5 } else { 0 },
        "metricsCount": count,
        "totalMetricsCount": count,
        "metricDescriptors": if recent {
            json!([
                descriptor(0, "sumDuration", "second", 1000.0),
                descriptor(1, "sumDistance", "meter", 100.0),
                descriptor(2, "directTimestamp", "gmt", 0.0),
                descriptor(3, "directHeartRate", "bpm", 1.0),
                descriptor(4, "directSpeed", "mps", 0.1),
            ])
        } else {
            json!([])
        },
        "activityDetailMetrics": samples,
        "geoPolylineDTO": if polyline.is_empty() { Value::Null } else { json!({"polyline": polyline}) },
        "heartRateDTOs": null,
        "pendingData": null,
        "detailsAvailable": recent,
    }))
}

pub(super) fn splits(_: &Ask<'_>, activity: &ActivityTruth) -> Reply {
    let laps = activity.lap_count;
    let rows: Vec<Value> = (0..laps)
        .map(|lap| {
            let duration = rounded(activity.duration / laps as f64, 3);
            let start = activity.start + Duration::milliseconds((duration * 1000.0) as i64 * lap);
            json!({
                "startTimeGMT": stamp(start.naive_utc()),
                "distance": activity.distance.map(|distance| rounded(distance / laps as f64, 2)),
                "duration": duration,
                "movingDuration": duration,
                "elapsedDuration": duration,
                "averageSpeed": activity.average_speed(),
                "calories": rounded(activity.calories / laps as f64, 0),
                "averageHR": activity.average_hr,
                "maxHR": activity.max_hr,
                "lapIndex": lap + 1,
                "lengthDTOs": [],
                "connectIQMeasurement": [],
                "intensityType": "ACTIVE",
                "messageIndex": lap,
            })
        })
        .collect();
    Reply::Json(json!({"activityId": activity.activity_id, "lapDTOs": rows, "eventDTOs": []}))
}

/// Fahrenheit and miles per hour, as Garmin has it; nulls indoors.
pub(super) fn weather(ask: &Ask<'_>, activity: &ActivityTruth) -> Reply {
    let outdoors = activity.sport.outdoors;
    let celsius = 11.0 + 11.0 * ask.person.season(activity.date);
    let fahrenheit = (celsius * 1.8 + 32.0).round() as i64;
    Reply::Json(json!({
        "issueDate": outdoors.then(|| activity.start.format("%Y-%m-%dT%H:%M:%S.000+00:00").to_string()),
        "temp": outdoors.then_some(fahrenheit),
        "apparentTemp": outdoors.then_some(fahrenheit - 2),
        "dewPoint": outdoors.then_some(fahrenheit - 9),
        "relativeHumidity": outdoors.then_some(71),
        "windDirection": outdoors.then_some(240),
        "windDirectionCompassPoint": outdoors.then_some("wsw"),
        "windSpeed": outdoors.then_some(8),
        "windGust": null,
        "latitude": outdoors.then_some(PLACE.0),
        "longitude": outdoors.then_some(PLACE.1),
        "weatherStationDTO": null,
        "weatherTypeDTO": outdoors.then(|| json!({"weatherTypePk": null, "desc": "Mostly Cloudy", "image": null})),
    }))
}

pub(super) fn zones(_: &Ask<'_>, activity: &ActivityTruth) -> Reply {
    let rows: Vec<Value> = activity
        .hr_zones
        .iter()
        .enumerate()
        .map(|(zone, seconds)| {
            json!({"zoneNumber": zone + 1, "secsInZone": seconds, "zoneLowBoundary": 94 + 19 * zone})
        })
        .collect();
    Reply::Json(json!(rows))
}

/// Only strength training has sets.
pub(super) fn exercise_sets(_: &Ask<'_>, activity: &ActivityTruth) -> Reply {
    let sets: Option<Vec<Value>> = (activity.sport.key == "strength_training").then(|| {
        (0..12)
            .map(|set| {
                json!({
                    "setType": if set % 2 == 0 { "ACTIVE" } else { "REST" },
                    "startTime": stamp((activity.start + Duration::seconds(set * 150)).naive_utc()),
                    "duration": 60.0,
                    "repetitionCount": (set % 2 == 0).then_some(10),
                    "weight": (set % 2 == 0).then_some(40_000.0),
                    "exercises": [{"category": "SQUAT", "name": "BARBELL_BACK_SQUAT", "probability": 98.0}],
                    "messageIndex": set,
                })
            })
            .collect()
    });
    Reply::Json(json!({"activityId": activity.activity_id, "exerciseSets": sets}))
}

/// Two pairs of shoes, whatever is asked.
pub(super) fn gear(ask: &Ask<'_>) -> Reply {
    let since = stamp(ask.person.account.first_day.and_time(chrono::NaiveTime::MIN));
    let rows: Vec<Value> = ["Daily Shoe", "Race Shoe"]
        .iter()
        .enumerate()
        .map(|(index, name)| {
            json!({
                "gearPk": ask.person.profile_pk + index as u64,
                "uuid": format!("{:032x}", ask.person.key ^ index as u64),
                "userProfilePk": ask.person.profile_pk,
                "gearMakeName": "Other",
                "gearModelName": name,
                "gearTypeName": "Shoes",
                "gearStatusName": "active",
                "displayName": name,
                "customMakeModel": name,
                "dateBegin": since,
                "dateEnd": null,
                "maximumMeters": 800_000.0,
                "notified": false,
                "createDate": since,
                "updateDate": since,
            })
        })
        .collect();
    Reply::Json(json!(rows))
}
