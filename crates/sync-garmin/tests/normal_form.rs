//! The normal form of each source, as snapshots. The fixtures are made up after the shapes of real answers; each has a
//! row outside its window, which must not arrive.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its tools outside test functions too")]
#![recursion_limit = "256"]

use serde_json::{Value, json};
use sync_core::record::Attribute;
use sync_core::record::series::{Series, Track};
use sync_core::{MetricSet, Window};
use sync_garmin::endpoints::read_answer;
use sync_garmin::endpoints::table::TABLE;

fn shown(window: &str, body: &Value) -> Value {
    let window: Window = window.parse().unwrap();
    let fetched = read_answer(&window, &serde_json::to_vec(body).unwrap()).unwrap();
    let records = fetched.records.iter().map(|record| {
        let attributes = record.attributes.iter().map(|(name, value)| {
            let value = match value {
                Attribute::Json(value) => value.clone(),
                Attribute::Bytes(bytes) => match Series::unpack(bytes) {
                    Ok(series) => json!(series.readings),
                    Err(_) => json!(Track::unpack(bytes).unwrap()),
                },
            };
            (name.clone(), value)
        });
        (record.key.to_string(), attributes.collect::<Value>())
    });
    json!({
        "records": records.collect::<Value>(),
        "found": fetched.found.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

#[expect(clippy::too_many_lines, reason = "one fixture per source")]
fn fixtures() -> Vec<(&'static str, Value)> {
    vec![
        (
            "daily_summary@2024-03-01..2024-03-01",
            json!({
                "calendarDate": "2024-03-01", "privacyProtected": false, "totalSteps": 11400, "dailyStepGoal": 10000,
                "totalDistanceMeters": 9726, "floorsAscended": 23.72441, "floorsDescended": 23.1, "userFloorsAscendedGoal": 10,
                "totalKilocalories": 2484.0, "activeKilocalories": 331.0, "bmrKilocalories": 2153.0, "highlyActiveSeconds": 2203,
                "activeSeconds": 6478, "sedentarySeconds": 48657, "sleepingSeconds": 29062, "moderateIntensityMinutes": 30,
                "vigorousIntensityMinutes": 2, "intensityMinutesGoal": 150, "minHeartRate": 46, "maxHeartRate": 130,
                "restingHeartRate": 49, "lastSevenDaysAvgRestingHeartRate": 50, "minAvgHeartRate": 47, "maxAvgHeartRate": 127,
                "averageStressLevel": 23, "maxStressLevel": 90, "restStressDuration": 39540, "lowStressDuration": 13740,
                "mediumStressDuration": 3420, "highStressDuration": 300, "activityStressDuration": 12660,
                "uncategorizedStressDuration": 6660, "bodyBatteryChargedValue": 56, "bodyBatteryDrainedValue": 75,
                "bodyBatteryHighestValue": 100, "bodyBatteryLowestValue": 27, "bodyBatteryMostRecentValue": 32,
                "bodyBatteryDuringSleep": 64, "bodyBatteryAtWakeTime": 100, "averageSpo2": 95.0, "lowestSpo2": 88,
                "avgWakingRespirationValue": 15.0, "highestRespirationValue": 23.0, "lowestRespirationValue": 7.0,
                "bodyBatteryActivityEventList": [{"eventType": "SLEEP"}],
            }),
        ),
        (
            "steps@2024-03-01..2024-03-03",
            json!([
                {"calendarDate": "2024-02-29", "totalSteps": 1, "totalDistance": 1, "stepGoal": 1},
                {"calendarDate": "2024-03-01", "totalSteps": 12413, "totalDistance": 10368, "stepGoal": 7950},
                {"calendarDate": "2024-03-02", "totalSteps": null, "totalDistance": null, "stepGoal": 7950},
            ]),
        ),
        (
            "floors@2024-03-01..2024-03-02",
            json!([{"calendarDate": "2024-03-01", "values": {"wellnessFloorsAscended": 12.5, "wellnessFloorsDescended": 11.0}}]),
        ),
        (
            "heart_rate@2024-03-01..2024-03-02",
            json!([{"calendarDate": "2024-03-02", "values": {"restingHR": 49, "wellnessMaxAvgHR": 127, "wellnessMinAvgHR": 47}}]),
        ),
        (
            "stress@2024-03-01..2024-03-02",
            json!([
                {"calendarDate": "2024-03-01", "values": {"overallStressLevel": 35, "restStressDuration": 27780, "lowStressDuration": 21780, "mediumStressDuration": 12660, "highStressDuration": 1680}},
                {"calendarDate": "2024-03-02", "values": {"overallStressLevel": -1}},
            ]),
        ),
        (
            "body_battery@2024-03-01..2024-03-01",
            json!([{"calendarDate": "2024-03-01", "values": {"highBodyBattery": 98, "lowBodyBattery": 21}}]),
        ),
        (
            "body_battery_report@2024-03-01..2024-03-01",
            json!([{"date": "2024-03-01", "charged": 60, "drained": 57, "bodyBatteryValuesArray": [[1, 30]]}]),
        ),
        (
            "intensity_minutes@2024-03-01..2024-03-01",
            json!([{"calendarDate": "2024-03-01", "weeklyGoal": 150, "moderateValue": 55, "vigorousValue": 6}]),
        ),
        (
            "calories@2024-03-01..2024-03-01",
            json!({"values": [{"calendarDate": "2024-03-01", "values": {"totalCalories": 2484.0, "activeCalories": 331.0, "restingCalories": 2153.0}}]}),
        ),
        (
            "hydration@2024-03-01..2024-03-02",
            json!([{"calendarDate": "2024-03-01", "valueInML": 1750.0, "goalInML": 2800.0}, {"calendarDate": "2024-03-02", "valueInML": null, "goalInML": 2800.0}]),
        ),
        (
            "respiration@2024-03-01..2024-03-01",
            json!([{"calendarDate": "2024-03-01", "avgWakingRespiration": 14.5, "avgSleepRespiration": 12.25}]),
        ),
        (
            "spo2@2024-03-01..2024-03-02",
            json!({"spo2DailyAverageArray": [["2024-03-01", 95.5], ["2024-03-02", null], ["2024-03-03", 94]]}),
        ),
        (
            "menstrual_calendar@2024-03-01..2024-03-03",
            json!({
                "cycleSummaries": [
                    {"startDate": "2024-02-03", "periodLength": 5, "cycleLength": 27},
                    {"startDate": "2024-03-01", "periodLength": 4, "predictedCycleLength": 28, "predictedCycle": true},
                ],
                "loggedSymptomDays": [{"calendarDate": "2024-03-02", "symptoms": ["CRAMPS", {"symptom": "HEADACHE"}]}],
            }),
        ),
        (
            "sleep@2024-03-01..2024-03-02",
            json!({"individualStats": [
                {"calendarDate": "2024-03-02", "values": {"sleepNeed": 480, "remTime": null}},
                {"calendarDate": "2024-03-01", "values": {
                    "remTime": 7800, "deepTime": 5700, "lightTime": 12480, "awakeTime": 600, "totalSleepTimeInSeconds": 25980,
                    "gmtSleepStartTimeInMillis": 1_709_244_000_000_i64, "gmtSleepEndTimeInMillis": 1_709_270_580_000_i64,
                    "localSleepStartTimeInMillis": 1_709_263_800_000_i64, "localSleepEndTimeInMillis": 1_709_290_380_000_i64,
                    "sleepScore": 86, "sleepScoreQuality": "GOOD", "sleepNeed": 470, "restingHeartRate": 51, "avgHeartRate": 56.0,
                    "respiration": 12.0, "spO2": 97.0, "avgOvernightHrv": 56.0, "hrv7dAverage": 53.0, "hrvStatus": "BALANCED",
                    "bodyBatteryChange": 60, "skinTempC": -0.3, "skinTempF": -0.5,
                }},
            ]}),
        ),
        (
            "sleep_timeline@2024-03-01..2024-03-01",
            json!({
                "dailySleepDTO": {
                    "id": 1_709_244_000_000_i64, "calendarDate": "2024-03-01", "sleepTimeSeconds": 25980, "napTimeSeconds": 1800,
                    "sleepStartTimestampGMT": 1_709_244_000_000_i64, "sleepEndTimestampGMT": 1_709_270_580_000_i64,
                    "sleepStartTimestampLocal": 1_709_247_600_000_i64, "deepSleepSeconds": 5700, "lightSleepSeconds": 12480,
                    "remSleepSeconds": 7800, "awakeSleepSeconds": 600, "unmeasurableSleepSeconds": 0, "awakeCount": 1,
                    "averageSpO2Value": 97.0, "lowestSpO2Value": 88, "averageRespirationValue": 12.0, "lowestRespirationValue": 9.0,
                    "highestRespirationValue": 16.0, "avgSleepStress": 12.0, "avgHeartRate": 56.0,
                    "sleepScores": {"overall": {"value": 86, "qualifierKey": "GOOD"}}, "sleepNeed": {"actual": 470},
                },
                "dailyNapDTOS": [{"napTimeSec": 1800, "napStartTimestampGMT": "2024-03-01T13:00:00"}],
                "sleepLevels": [
                    {"startGMT": "2024-02-29T22:16:00.0", "endGMT": "2024-02-29T23:00:00.0", "activityLevel": 0.0},
                    {"startGMT": "2024-02-29T22:00:00.0", "endGMT": "2024-02-29T22:16:00.0", "activityLevel": 1.0},
                    {"startGMT": "2024-02-29T23:00:00.0", "endGMT": "2024-02-29T23:10:00.0", "activityLevel": 2.0},
                    {"startGMT": "2024-02-29T23:10:00.0", "endGMT": "2024-02-29T23:20:00.0", "activityLevel": 3.0},
                ],
                "avgOvernightHrv": 56.0, "hrvStatus": "BALANCED", "bodyBatteryChange": 60, "restingHeartRate": 51,
            }),
        ),
        (
            "hrv@2024-03-01..2024-03-02",
            json!({"hrvSummaries": [
                {"calendarDate": "2024-03-01", "weeklyAvg": 43, "lastNightAvg": 44, "lastNight5MinHigh": 60, "status": "BALANCED",
                 "baseline": {"lowUpper": 35, "balancedLow": 38, "balancedUpper": 52, "markerValue": 0.4}},
                {"calendarDate": "2024-03-02", "weeklyAvg": null, "lastNightAvg": 41, "baseline": null, "status": "NONE"},
            ]}),
        ),
        (
            "vo2_max@2024-03-01..2024-03-02",
            json!([{
                "generic": {"calendarDate": "2024-03-01", "vo2MaxPreciseValue": 50.4, "vo2MaxValue": 50.0},
                "cycling": {"calendarDate": "2024-03-02", "vo2MaxPreciseValue": 48.1},
                "heatAltitudeAcclimation": {"calendarDate": "2024-03-01", "heatAcclimationPercentage": 29, "altitudeAcclimation": 850},
            }]),
        ),
        (
            "race_predictions@2024-03-01..2024-03-01",
            json!([{"calendarDate": "2024-03-01", "time5K": 1492, "time10K": 3222, "timeHalfMarathon": 7289, "timeMarathon": 16208}]),
        ),
        (
            "hill_score@2024-03-01..2024-03-01",
            json!({"hillScoreDTOList": [{"calendarDate": "2024-03-01", "overallScore": 41, "strengthScore": 20, "enduranceScore": 57}]}),
        ),
        (
            // Asked for the weeks that end in the window, the first of which has scores since its Wednesday.
            "endurance_score@2024-03-01..2024-03-11",
            json!({
                "groupMap": {"2024-02-21": {"groupAverage": 5400, "groupMax": 5410}, "2024-02-28": {"groupAverage": 5500, "groupMax": 5510}, "2024-03-04": {"groupAverage": 5550, "groupMax": 5600}},
                "enduranceScoreDTO": {"calendarDate": "2024-03-10", "overallScore": 5549},
            }),
        ),
        (
            "lactate_threshold_heart_rate@2024-03-01..2024-03-02",
            json!([{"from": "2024-03-01", "until": "2024-03-01", "value": 166.0}]),
        ),
        (
            "lactate_threshold_speed@2024-03-01..2024-03-02",
            json!([{"from": "2024-03-01", "until": "2024-03-01", "value": 0.325}]),
        ),
        (
            "training_status@2024-03-01..2024-03-02",
            json!({"weeklyTrainingStatus": {"statusCode": 200, "payload": {"reportData": {
                "1": [
                    {"calendarDate": "2024-03-01", "trainingStatus": 4, "timestamp": 9, "primaryTrainingDevice": false},
                    {"calendarDate": "2024-03-02", "trainingStatus": 2, "timestamp": 9, "primaryTrainingDevice": false, "weeklyTrainingLoad": 410, "loadTunnelMin": 200, "loadTunnelMax": 500},
                ],
                "2": [{
                    "calendarDate": "2024-03-01", "trainingStatus": 7, "timestamp": 3, "primaryTrainingDevice": true, "fitnessTrend": 2,
                    "trainingStatusFeedbackPhrase": "PRODUCTIVE_2", "trainingPaused": false,
                    "acuteTrainingLoadDTO": {"acwrStatus": "OPTIMAL", "dailyTrainingLoadAcute": 325, "maxTrainingLoadChronic": 328.5,
                        "minTrainingLoadChronic": 175.2, "dailyTrainingLoadChronic": 219, "dailyAcuteChronicWorkloadRatio": 1.4},
                }],
            }}}}),
        ),
        (
            "training_readiness@2024-03-01..2024-03-01",
            json!([
                {"calendarDate": "2024-03-01", "timestamp": "2024-03-01T20:00:00.0", "score": 32, "level": "LOW", "recoveryTime": 2790, "inputContext": "AFTER_POST_EXERCISE_RESET"},
                {"calendarDate": "2024-03-01", "timestamp": "2024-03-01T05:00:00.0", "score": 91, "level": "HIGH", "feedbackShort": "RESTED_AND_READY",
                 "recoveryTime": 70, "acuteLoad": 249, "sleepScoreFactorPercent": 96, "recoveryTimeFactorPercent": 98, "acwrFactorPercent": 85,
                 "stressHistoryFactorPercent": 87, "hrvFactorPercent": 96, "sleepHistoryFactorPercent": 69, "inputContext": "AFTER_WAKEUP_RESET"},
                {"calendarDate": "2024-03-01", "timestamp": "2024-03-01T00:10:00.0", "score": 64, "recoveryTime": 100, "inputContext": "UPDATE_REALTIME_VARIABLES"},
            ]),
        ),
        (
            "fitness_age@2024-03-01..2024-03-01",
            json!([{"calendarDate": "2024-03-01", "values": {"fitnessAge": 35.19, "achievableFitnessAge": 36.27, "rhr": 52, "bmi": 20.8}}]),
        ),
        (
            "weight@2024-03-01..2024-03-02",
            json!({"dailyWeightSummaries": [
                {"summaryDate": "2024-03-02", "allWeightMetrics": [
                    {"samplePk": 9, "calendarDate": "2024-03-02", "weight": 59_500.0, "timestampGMT": 1_709_370_000_000_i64, "sourceType": "MANUAL"},
                    {"samplePk": null, "calendarDate": null, "weight": 59_130.0, "timestampGMT": 1_709_420_400_000_i64, "sourceType": "MANUAL"},
                ]},
                // Weighed at 23:30 in New York: the epoch's UTC date is the day after.
                {"summaryDate": "2024-03-01", "allWeightMetrics": [{"samplePk": 7, "calendarDate": "2024-03-01", "weight": 59_720.0, "bmi": 22.8, "bodyFat": 19.3,
                    "bodyWater": 58.9, "boneMass": 3539, "muscleMass": 26979, "physiqueRating": 5, "visceralFat": 4, "metabolicAge": 30,
                    "timestampGMT": 1_709_353_800_000_i64, "sourceType": "INDEX_SCALE"},
                    // Of the same day's morning, and listed after its evening.
                    {"samplePk": 8, "calendarDate": "2024-03-01", "weight": 60_000.0, "timestampGMT": 1_709_296_200_000_i64}]},
                {"summaryDate": "2024-02-29", "allWeightMetrics": [{"samplePk": 6, "calendarDate": "2024-02-29", "weight": 1.0}]},
            ]}),
        ),
        (
            "blood_pressure@2024-03-01..2024-03-01",
            json!({"measurementSummaries": [{"startDate": "2024-03-01", "measurements": [{
                "systolic": 121, "diastolic": 78, "pulse": 60, "measurementTimestampLocal": "2024-03-01T08:00:00.0",
                "measurementTimestampGMT": "2024-03-01T07:00:00.0", "categoryName": "NORMAL", "sourceType": "MANUAL", "notes": 7,
            }]}]}),
        ),
        (
            "activities@2024-03-01..2024-03-02",
            json!([
                {"activityId": 31, "activityName": 400, "activityType": {"typeKey": "running"}, "eventType": {"typeKey": "race"},
                 "startTimeLocal": "2024-03-02 00:30:00", "startTimeGMT": "2024-03-01 23:30:00", "endTimeGMT": "2024-03-02 00:16:18",
                 "duration": 2771.5, "elapsedDuration": 2780.0, "movingDuration": 2769.25, "distance": 6615.25, "averageHR": 139.0, "maxHR": 171.0,
                 "hrTimeInZone_1": 78.5, "hrTimeInZone_5": 23.25, "powerTimeInZone_7": 4.0, "maxAvgPower_1200": 250, "fastestSplit_1000": 359.5,
                 "vO2MaxValue": 47.0, "lapCount": 18, "manualActivity": false, "pr": true, "hasPolyline": true, "deviceId": 12345678,
                 "splitSummaries": [{"splitType": "RWD_RUN", "noOfSplits": 8, "duration": 791.5, "distance": 1189.25, "averageSpeed": 1.5, "totalAscent": 12.0, "elevationLoss": 4.0}]},
                {"activityId": 32, "activityName": "Gym", "activityType": {"typeKey": "strength_training"}, "startTimeLocal": "2024-03-01 10:00:00", "startTimeGMT": "2024-03-01 09:00:00"},
                {"activityId": 33, "activityName": "Pool", "activityType": {"typeKey": "lap_swimming"}, "startTimeLocal": "2024-03-01 12:00:00", "startTimeGMT": "2024-03-01 11:00:00",
                 "poolLength": 2286.0, "unitOfPoolLength": {"unitId": 230, "unitKey": "yard", "factor": 91.44}, "averageSwolf": 40.0, "activeLengths": 40, "manualActivity": true},
                {"activityId": 30, "activityName": "Outside", "startTimeLocal": "2024-02-29 23:59:59", "startTimeGMT": "2024-03-01 07:59:59"},
            ]),
        ),
        (
            "activity_laps@31",
            json!({"activityId": 31, "lapDTOs": [
                {"startTimeGMT": "2024-03-01T23:30:00.0", "distance": 1000.0, "duration": 377.5, "movingDuration": 377.5, "averageSpeed": 2.646, "maxSpeed": 3.3,
                 "averageHR": 126.0, "maxHR": 136.0, "calories": 66.0, "averageRunCadence": 157.9, "averagePower": 274.0, "normalizedPower": 277.0,
                 "elevationGain": 0.0, "elevationLoss": 13.0, "intensityType": "WARMUP", "lengthDTOs": []},
            ]}),
        ),
        (
            "activity_sets@32",
            json!({"activityId": 32, "exerciseSets": [
                {"setType": "ACTIVE", "startTime": "2024-03-01T09:00:30.0", "duration": 45.5, "repetitionCount": 10, "weight": 42_500.0, "exercises": [{"category": "SQUAT", "name": "BARBELL_BACK_SQUAT", "probability": 98.0}]},
                {"setType": "REST", "startTime": "2024-03-01T09:01:15.5", "duration": 60.0, "repetitionCount": null, "weight": -1.0, "exercises": []},
            ]}),
        ),
        (
            "activity_track@31",
            json!({"activityId": 31,
                "metricDescriptors": [{"metricsIndex": 2, "key": "directTimestamp"}, {"metricsIndex": 0, "key": "directHeartRate"}, {"metricsIndex": 1, "key": "sumDistance"}, {"metricsIndex": 3, "key": "directPower"}],
                "activityDetailMetrics": [{"metrics": [107.0, 0.0, 1000.0, null]}, {"metrics": [null, 41.98, 17_000.0, null]}],
                "geoPolylineDTO": {"polyline": [{"lat": 54.5, "lon": 12.5, "time": 1000}, {"lat": 54.50012, "lon": 12.5, "time": 16_500}]},
            }),
        ),
        (
            "workouts@all",
            json!([{"workoutId": 5, "workoutName": true, "description": null, "sportType": {"sportTypeKey": "running"}, "estimatedDurationInSecs": 3300,
            "estimatedDistanceInMeters": 10_000.5, "createdDate": "2024-01-28T18:02:18.0", "updateDate": "2024-01-29T18:02:18.0"}]),
        ),
        (
            "workout_steps@5",
            json!({"workoutId": 5, "workoutName": "4 x 8", "sportType": {"sportTypeKey": "running"}, "updatedDate": "2024-01-29T18:02:18.0", "workoutSegments": [{"workoutSteps": [
                {"stepType": {"stepTypeKey": "warmup"}, "endCondition": {"conditionTypeKey": "time"}, "endConditionValue": 600.0},
                {"stepType": {"stepTypeKey": "repeat"}, "numberOfIterations": 4, "workoutSteps": [
                    {"stepType": {"stepTypeKey": "interval"}, "endCondition": {"conditionTypeKey": "time"}, "endConditionValue": 480.0,
                     "targetType": {"workoutTargetTypeKey": "heart.rate.zone"}, "zoneNumber": 4},
                ]},
            ]}]}),
        ),
        (
            "heart_rate_series@2024-03-01..2024-03-01",
            json!({"calendarDate": "2024-03-01",
            "heartRateValueDescriptors": [{"key": "timestamp", "index": 0}, {"key": "heartrate", "index": 1}],
            "heartRateValues": [[1_709_251_320_000_i64, 52], [1_709_251_200_000_i64, 51], [1_709_251_440_000_i64, null]]}),
        ),
        (
            "stress_series@2024-03-01..2024-03-01",
            json!({"calendarDate": "2024-03-01",
            "stressValuesArray": [[1_709_251_200_000_i64, 8], [1_709_251_380_000_i64, -1]],
            "bodyBatteryValueDescriptorsDTOList": [{"bodyBatteryValueDescriptorIndex": 3, "bodyBatteryValueDescriptorKey": "bodyBatteryLevel"}],
            "bodyBatteryValuesArray": [[1_709_251_200_000_i64, "MEASURED", 3.0, 40]]}),
        ),
    ]
}

#[test]
fn the_normal_form_of_each_source_is_as_it_was() {
    let fixtures = fixtures();
    for endpoint in TABLE {
        assert!(
            fixtures.iter().any(|(window, _)| window.split('@').next() == Some(endpoint.source)),
            "{} has no fixture",
            endpoint.source
        );
    }
    // Whoever is built beside these tests may have serde_json keep the order of keys; then a map is not sorted by itself.
    let mut settings = insta::Settings::clone_current();
    settings.set_sort_maps(true);
    settings.bind(|| {
        for (window, body) in &fixtures {
            let source = window.split('@').next().unwrap_or_default();
            insta::assert_json_snapshot!(source, shown(window, body));
        }
    });
}

#[test]
fn a_summary_that_is_protected_is_a_refusal_and_not_an_empty_day() {
    let window: Window = "daily_summary@2024-03-01..2024-03-01".parse().unwrap();
    let body = json!({"calendarDate": "2024-03-01", "privacyProtected": true, "totalSteps": null});
    let error = read_answer(&window, body.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "Garmin refuses this object");
}

#[test]
fn a_day_with_goals_and_nothing_else_is_a_day_without_data() {
    let body = json!({"calendarDate": "2024-03-01", "privacyProtected": false, "dailyStepGoal": 8000, "userFloorsAscendedGoal": 10});
    let shown = shown("daily_summary@2024-03-01..2024-03-01", &body);
    assert_eq!(shown["records"], json!({"day#2024-03-01": {"coverage_daily_summary": "none"}}));
}

#[test]
fn a_night_without_an_id_is_no_night() {
    let body = json!({"dailySleepDTO": {"id": null, "calendarDate": "2024-03-01", "sleepNeed": {"actual": 470}}, "sleepLevels": null});
    let shown = shown("sleep_timeline@2024-03-01..2024-03-01", &body);
    assert_eq!(shown["records"], json!({"day#2024-03-01": {"coverage_sleep_timeline": "none"}}));
}

#[test]
fn an_error_inside_a_gateway_answer_is_an_error() {
    let window: Window = "training_status@2024-03-01..2024-03-02".parse().unwrap();
    for (status, error) in [
        (500, "Garmin is unavailable (http_500)"),
        (429, "Garmin throttles the account"),
        (400, "Garmin answered with an unexpected status 400"),
    ] {
        let body = json!({"weeklyTrainingStatus": {"statusCode": status, "payload": null}});
        assert_eq!(read_answer(&window, body.to_string().as_bytes()).unwrap_err().to_string(), error);
    }
}

#[test]
fn a_long_track_is_thinned_and_stays_small() {
    let rows: Vec<_> = (0..20_000).map(|at| json!({"metrics": [f64::from(at) * 1000.0, 54.5 + f64::from(at) * 1e-5, 12.5, 120 + at % 40]})).collect();
    let keys = ["directTimestamp", "directLatitude", "directLongitude", "directHeartRate"];
    let descriptors: Vec<_> =
        keys.iter().enumerate().map(|(index, key)| json!({"metricsIndex": index, "key": key})).collect();
    let body = json!({"activityId": 1, "metricDescriptors": descriptors, "activityDetailMetrics": rows});
    let window: Window = "activity_track@1".parse().unwrap();
    let fetched = read_answer(&window, body.to_string().as_bytes()).unwrap();
    let Attribute::Bytes(bytes) = &fetched.records[0].attributes["track"] else { panic!("not bytes") };
    assert!(bytes.len() < 16_000, "{} bytes", bytes.len());
    let track = Track::unpack(bytes).unwrap();
    assert_eq!(track.latitude_degrees.len(), 500);
    assert_eq!(track.at_epoch_milliseconds.last(), Some(&Some(19_999_000)));
}

#[test]
fn each_metric_type_is_named_by_some_entry() {
    for metric in MetricSet::all().iter() {
        assert!(TABLE.iter().any(|endpoint| endpoint.metrics.contains(&metric)), "{metric}");
    }
}
