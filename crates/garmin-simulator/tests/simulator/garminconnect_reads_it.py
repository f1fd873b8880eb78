"""Reads the simulator with the package `garminconnect` and compares what it says with the truth.

Standard input is one JSON object: `base_url`, `tokens` (a link), `account`, `from` and `day` (the last one), and of
those days `weigh_ins` and `blood_pressure`. Prints `read NAME` for every method that was right and ends with
an error at the first that was not.
"""

import json
import sys
import urllib.request
from datetime import datetime

import garminconnect
from garminconnect import client as transport

ask = json.load(sys.stdin)
base, first, last = ask["base_url"], ask["from"], ask["day"]


def truth(day):
    with urllib.request.urlopen(f"{base}/__simulator/truth/{ask['account']}/{day}", timeout=10) as answer:
        return json.load(answer)


def millis(moment):
    return round(datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() * 1000)


def same(method, field, read, right):
    if read != right:
        sys.exit(f"{method}: {field} is {read!r}, and should be {right!r}")


def reads(method, read, right):
    """Every field of `right` is in what was read, with that value."""
    if not right:
        sys.exit(f"{method}: nothing to compare")
    for field, value in right.items():
        same(method, field, read.get(field), value)
    print("read", method)


def reads_rows(method, rows, right):
    same(method, "rows", len(rows), len(right))
    for row, fields in zip(rows, right):
        for field, value in fields.items():
            same(method, field, row.get(field), value)
    if not right:
        sys.exit(f"{method}: nothing to compare")
    print("read", method)


# All of Garmin's hosts are the simulator, so nothing that goes wrong here ever reaches the real one.
transport.DI_TOKEN_URL = f"{base}/di-oauth2-service/oauth/token"
garmin = garminconnect.Garmin()
garmin.client._connectapi = garmin.client._connect = garmin.client._sso = base
garmin.login(json.dumps(ask["tokens"]))
print("read login")

day = truth(last)
days = [truth(f"{first[:8]}{number:02}") for number in range(int(first[8:]), int(last[8:]) + 1)]
worn = [one for one in days if one]

summary = {
    "calendarDate": last,
    "totalSteps": day["steps"],
    "totalDistanceMeters": day["distance_meters"],
    "floorsAscended": day["floors_ascended"],
    "restingHeartRate": day["resting_heart_rate"],
    "totalKilocalories": day["total_kilocalories"],
    "averageStressLevel": day["stress"]["average"],
    "bodyBatteryHighestValue": day["body_battery"]["highest"],
    "sedentarySeconds": day["sedentary_seconds"],
}
reads("get_stats", garmin.get_stats(last), summary)
reads_rows(
    "get_daily_steps",
    garmin.get_daily_steps(first, last),
    [{"totalSteps": one and one["steps"], "totalDistance": one and one["distance_meters"]} for one in days],
)
reads(
    "get_heart_rates",
    garmin.get_heart_rates(last),
    {"calendarDate": last, "restingHeartRate": day["resting_heart_rate"], "maxHeartRate": day["max_heart_rate"]},
)
night = day["sleep"]
reads(
    "get_sleep_data",
    garmin.get_sleep_data(last)["dailySleepDTO"],
    {
        "calendarDate": last,
        "sleepTimeSeconds": night["total_seconds"],
        "deepSleepSeconds": night["deep_seconds"],
        "remSleepSeconds": night["rem_seconds"],
        "sleepStartTimestampGMT": millis(night["start"]),
        "sleepEndTimestampGMT": millis(night["end"]),
    },
)
reads(
    "get_stress_data",
    garmin.get_stress_data(last),
    {"calendarDate": last, "avgStressLevel": day["stress"]["average"], "maxStressLevel": day["stress"]["max"]},
)
reads_rows(
    "get_body_battery",
    garmin.get_body_battery(first, last),
    [
        {"date": one["date"], "charged": one["body_battery"]["charged"], "drained": one["body_battery"]["drained"]}
        for one in worn
    ],
)
reads(
    "get_hrv_data",
    garmin.get_hrv_data(last)["hrvSummary"],
    {"lastNightAvg": day["hrv"]["last_night_average"], "weeklyAvg": day["hrv"]["weekly_average"]},
)
snapshots = [
    {"score": one["score"], "inputContext": one["input_context"], "recoveryTime": one["recovery_time_minutes"]}
    for one in day["readiness"]
]
reads_rows("get_training_readiness", garmin.get_training_readiness(last), snapshots)
waking = [one for one in snapshots if one["inputContext"] == "AFTER_WAKEUP_RESET"]
reads("get_morning_training_readiness", garmin.get_morning_training_readiness(last), waking[0])
reads_rows(
    "get_race_predictions",
    sorted(garmin.get_race_predictions(first, last, "daily"), key=lambda row: row["calendarDate"]),
    [
        {"calendarDate": one["date"], "time5K": one["race_predictions"]["time_5k"]}
        for one in worn
        if one["race_predictions"]
    ],
)
reads_rows(
    "get_hill_score",
    sorted(garmin.get_hill_score(first, last)["hillScoreDTOList"], key=lambda row: row["calendarDate"]),
    [{"calendarDate": one["date"], "overallScore": one["scores"]["hill"]} for one in worn if one["scores"]],
)
reads(
    "get_endurance_score",
    garmin.get_endurance_score(first, last)["enduranceScoreDTO"],
    {"calendarDate": last, "overallScore": day["scores"]["endurance"]},
)

grams = [one["weight"] for one in ask["weigh_ins"]]
summaries = garmin.get_weigh_ins(first, last)["dailyWeightSummaries"]
weighed = [one for of_day in summaries for one in of_day["allWeightMetrics"]]
reads_rows("get_weigh_ins", list(reversed(weighed)), [{"weight": one} for one in grams])
composition = garmin.get_body_composition(first, last)
reads_rows(
    "get_body_composition",
    list(reversed(composition["dateWeightList"])),
    [
        {"calendarDate": one["date"], "weight": one["weight"], "bodyFat": one["body_fat"], "boneMass": one["bone_mass"]}
        for one in ask["weigh_ins"]
    ],
)
measured = [
    one for of_day in garmin.get_blood_pressure(first, last)["measurementSummaries"] for one in of_day["measurements"]
]
reads_rows(
    "get_blood_pressure",
    sorted(measured, key=lambda one: one["version"]),
    [
        {"systolic": one["systolic"], "diastolic": one["diastolic"], "pulse": one["pulse"]}
        for one in sorted(ask["blood_pressure"], key=lambda one: one["version"])
    ],
)

done = [activity for one in worn for activity in one["activities"]]
reads_rows(
    "get_activities_by_date",
    list(reversed(garmin.get_activities_by_date(first, last))),
    [
        {
            "activityId": one["activity_id"],
            "activityName": one["name"],
            "duration": one["duration"],
            "distance": one["distance"],
            "averageHR": one["average_hr"],
        }
        for one in done
    ],
)
activity = done[-1]["activity_id"]
reads("get_activity_splits", garmin.get_activity_splits(activity), {"activityId": activity})
reads("get_activity_details", garmin.get_activity_details(activity), {"activityId": activity})
workouts = garmin.get_workouts()
reads("get_workouts", {"are there": bool(workouts)}, {"are there": True})
workout = workouts[0]["workoutId"]
reads("get_workout_by_id", garmin.get_workout_by_id(workout), {"workoutId": workout})

before = garmin.client.di_refresh_token
garmin.client._refresh_session()
same("refresh", "the refresh token", garmin.client.di_refresh_token == before, False)
reads("get_stats after a refresh", garmin.get_stats(last), summary)
