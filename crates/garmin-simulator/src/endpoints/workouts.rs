//! Saved workouts: the list and each plan.

use serde_json::{Value, json};

use super::{Ask, BAD_REQUEST, NOT_FOUND, Reply, stamp};
use crate::data::workouts::{self, WorkoutTruth};

fn sport(workout: &WorkoutTruth) -> Value {
    json!({
        "sportTypeId": workout.sport_id,
        "sportTypeKey": workout.sport_key,
        "displayOrder": workout.sport_id,
    })
}

fn made(ask: &Ask<'_>) -> String {
    stamp(ask.person.account.first_day.and_time(chrono::NaiveTime::MIN))
}

pub(super) fn list(ask: &Ask<'_>) -> Result<Reply, Reply> {
    let number = |name: &str, otherwise: usize| {
        ask.query.get(name).map_or(Ok(otherwise), |text| text.parse().map_err(|_| BAD_REQUEST))
    };
    let (start, limit) = (number("start", 0)?, number("limit", 20)?);
    let rows: Vec<Value> = workouts::of(ask.person)
        .iter()
        .skip(start)
        .take(limit)
        .map(|workout| {
            json!({
                "workoutId": workout.workout_id,
                "ownerId": ask.person.profile_pk,
                "workoutName": workout.name,
                "description": null,
                "updateDate": made(ask),
                "createdDate": made(ask),
                "sportType": sport(workout),
                "trainingPlanId": null,
                "estimatedDurationInSecs": workout.estimated_seconds,
                "estimatedDistanceInMeters": workout.estimated_meters,
                "estimateType": null,
                "poolLength": 0.0,
                "workoutProvider": null,
                "workoutSourceId": null,
                "shared": false,
                "estimated": true,
            })
        })
        .collect();
    Ok(Reply::Json(json!(rows)))
}

pub(super) fn one(ask: &Ask<'_>, id: &str) -> Result<Reply, Reply> {
    let id: u64 = id.parse().map_err(|_| BAD_REQUEST)?;
    let workout =
        workouts::of(ask.person).into_iter().find(|workout| workout.workout_id == id).ok_or(NOT_FOUND)?;
    let step = |order: i64, kind: (&str, i64), seconds: f64| {
        json!({
            "type": "ExecutableStepDTO",
            "stepId": workout.workout_id.cast_signed() * 10 + order,
            "stepOrder": order,
            "stepType": {"stepTypeId": kind.1, "stepTypeKey": kind.0, "displayOrder": kind.1},
            "childStepId": null,
            "description": null,
            "endCondition": {"conditionTypeId": 2, "conditionTypeKey": "time", "displayOrder": 2, "displayable": true},
            "endConditionValue": seconds,
            "targetType": {"workoutTargetTypeId": 1, "workoutTargetTypeKey": "no.target", "displayOrder": 1},
            "targetValueOne": null,
            "targetValueTwo": null,
        })
    };
    let mut steps = vec![step(1, ("warmup", 1), 600.0)];
    steps.extend((0..workout.repetitions).map(|round| step(round + 2, ("interval", 3), 240.0)));
    steps.push(step(workout.repetitions + 2, ("cooldown", 2), 600.0));
    Ok(Reply::Json(json!({
        "workoutId": workout.workout_id,
        "ownerId": ask.person.profile_pk,
        "workoutName": workout.name,
        "description": null,
        "updatedDate": made(ask),
        "createdDate": made(ask),
        "sportType": sport(&workout),
        "subSportType": null,
        "trainingPlanId": null,
        "estimatedDurationInSecs": workout.estimated_seconds,
        "estimatedDistanceInMeters": workout.estimated_meters,
        "workoutSegments": [{"segmentOrder": 1, "sportType": sport(&workout), "workoutSteps": steps}],
        "shared": false,
    })))
}
