//! The endpoints: what they accept, how nothing looks, and that they all tell the same story.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, NaiveDate};
use garmin_simulator::{AccountConfig, SimulatorConfig};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, config, day};

/// Every range endpoint with the days it takes at once.
pub(crate) const RANGES: [(&str, i64); 20] = [
    ("/usersummary-service/stats/steps/daily/{s}/{e}", 28),
    ("/usersummary-service/stats/floors/daily/{s}/{e}", 28),
    ("/usersummary-service/stats/heartRate/daily/{s}/{e}", 28),
    ("/usersummary-service/stats/stress/daily/{s}/{e}", 28),
    ("/usersummary-service/stats/bodybattery/daily/{s}/{e}", 28),
    ("/wellness-service/wellness/bodyBattery/reports/daily?startDate={s}&endDate={e}", 28),
    ("/usersummary-service/stats/im/daily/{s}/{e}", 28),
    ("/usersummary-service/stats/hydration/daily/{s}/{e}", 28),
    ("/usersummary-service/stats/daily/{s}/{e}?statsType=CALORIES", 28),
    ("/sleep-service/stats/sleep/daily/{s}/{e}", 28),
    ("/wellness-service/stats/daily/sleep/score/{s}/{e}", 28),
    ("/fitnessage-service/stats/daily/{s}/{e}", 29),
    ("/usersummary-service/stats/respiration/daily/{s}/{e}", 31),
    ("/periodichealth-service/menstrualcycle/calendar/{s}/{e}", 90),
    ("/hrv-service/hrv/daily/{s}/{e}", 366),
    ("/metrics-service/metrics/maxmet/daily/{s}/{e}", 365),
    ("/metrics-service/metrics/racepredictions/daily/demo-runs?fromCalendarDate={s}&toCalendarDate={e}", 366),
    ("/metrics-service/metrics/hillscore/stats?startDate={s}&endDate={e}&aggregation=daily", 32),
    ("/metrics-service/metrics/endurancescore/stats?startDate={s}&endDate={e}&aggregation=weekly", 85),
    ("/mobile-gateway/usersummary/trainingstatus/weekly/{s}/{e}", 364),
];

/// The range endpoints no cap was found for, or that have one like the others but another shape of address.
const LACTATE: [&str; 2] = [
    "/biometric-service/stats/lactateThresholdHeartRate/range/{s}/{e}?sport=RUNNING&aggregation=daily&aggregationStrategy=LATEST",
    "/biometric-service/stats/lactateThresholdSpeed/range/{s}/{e}?sport=RUNNING&aggregation=daily&aggregationStrategy=LATEST",
];
const UNCAPPED: [&str; 3] = [
    "/wellness-service/stats/daily/acclimation?fromDate={s}&untilDate={e}",
    "/weight-service/weight/range/{s}/{e}?includeAll=true",
    "/bloodpressure-service/bloodpressure/range/{s}/{e}?includeAll=true",
];

fn at(template: &str, from: NaiveDate, until: NaiveDate) -> String {
    template.replace("{s}", &from.to_string()).replace("{e}", &until.to_string())
}

/// Rows by `calendarDate` (or `date`), with `values` unfolded.
fn by_day(rows: &Value) -> BTreeMap<String, Value> {
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let date =
                row.get("calendarDate").or_else(|| row.get("date")).unwrap().as_str().unwrap().to_owned();
            (date, row.get("values").cloned().unwrap_or_else(|| row.clone()))
        })
        .collect()
}

#[tokio::test]
async fn a_window_of_the_cap_is_answered_and_one_day_more_is_a_400() {
    let client = Client::start(config()).await;
    let from = day("2024-01-10");
    for (template, cap) in RANGES.into_iter().chain(LACTATE.map(|template| (template, 365))) {
        let whole = client.status(&at(template, from, from + Duration::days(cap - 1))).await;
        assert_eq!(whole, StatusCode::OK, "{template}");
        let beyond = client.send(&at(template, from, from + Duration::days(cap))).await.unwrap();
        assert_eq!(beyond.status(), StatusCode::BAD_REQUEST, "{template}");
        assert!(beyond.json::<Value>().await.unwrap()["message"].is_string());
    }
    for template in UNCAPPED {
        assert_eq!(client.status(&at(template, day("2005-01-01"), day("2026-11-22"))).await, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_window_that_ends_before_it_starts_or_is_no_date_is_a_400() {
    let client = Client::start(config()).await;
    for template in RANGES.map(|(template, _)| template).into_iter().chain(LACTATE).chain(UNCAPPED) {
        let turned = at(template, day("2024-01-02"), day("2024-01-01"));
        assert_eq!(client.status(&turned).await, StatusCode::BAD_REQUEST, "{turned}");
        let nonsense = template.replace("{s}", "yesterday").replace("{e}", "2024-01-01");
        assert_eq!(client.status(&nonsense).await, StatusCode::BAD_REQUEST, "{nonsense}");
    }
}

#[tokio::test]
async fn unknown_paths_are_404_in_json_and_calls_without_a_token_401() {
    let client = Client::start(config()).await;
    let unknown = client.send("/device-service/nothing").await.unwrap();
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        unknown.json::<Value>().await.unwrap(),
        json!({"message": "HTTP 404 Not Found", "error": "NotFoundException"})
    );
    let path = format!("{}/userprofile-service/socialProfile", client.garmin.base_url());
    assert_eq!(client.http.get(&path).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        client.http.get(&path).bearer_auth("a.b.c").send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn nothing_looks_as_it_does_at_garmin() {
    let client = Client::start(config()).await;
    for (from, until) in [(day("2010-03-01"), day("2010-03-20")), (day("2026-11-23"), day("2026-12-10"))] {
        for (template, _) in RANGES.into_iter().filter(|(template, _)| {
            template.contains("/stats/")
                && !template.contains("sleep-service")
                && !template.contains("score")
                && !template.contains("statsType")
        }) {
            assert_eq!(client.get(&at(template, from, until)).await, json!([]), "{template}");
        }
        assert_eq!(
            client.status(&at("/hrv-service/hrv/daily/{s}/{e}", from, until)).await,
            StatusCode::NO_CONTENT
        );
        assert_eq!(client.status(&format!("/hrv-service/hrv/{from}")).await, StatusCode::NO_CONTENT);
        assert_eq!(client.get(&format!("/wellness-service/wellness/dailyStress/{from}")).await, Value::Null);
        assert_eq!(
            client.get(&format!("/metrics-service/metrics/trainingreadiness/{from}")).await,
            json!([])
        );
        let sleep =
            client.get(&format!("/wellness-service/wellness/dailySleepData/demo-runs?date={from}")).await;
        assert_eq!(sleep["dailySleepDTO"]["id"], Value::Null);
        let nights = client.get(&at("/sleep-service/stats/sleep/daily/{s}/{e}", from, until)).await;
        assert_eq!(nights["individualStats"], json!([]));
        let summary = client
            .get(&format!("/usersummary-service/usersummary/daily/demo-runs?calendarDate={from}"))
            .await;
        assert_eq!((&summary["privacyProtected"], &summary["totalSteps"]), (&json!(false), &Value::Null));
        let weight = client.get(&at(UNCAPPED[1], from, until)).await;
        assert_eq!(weight["dailyWeightSummaries"], json!([]));
        let list = "/activitylist-service/activities/search/activities?start=0&limit=100";
        assert_eq!(client.get(&format!("{list}&startDate={from}&endDate={until}")).await, json!([]));
        let status =
            client.get(&at("/mobile-gateway/usersummary/trainingstatus/weekly/{s}/{e}", from, until)).await;
        assert_eq!(status["weeklyTrainingStatus"]["payload"]["reportData"], json!({}));
        let hill = client.get(&at(RANGES[17].0, from, until)).await;
        assert_eq!(hill["hillScoreDTOList"], json!([]));
    }
    let mut account = AccountConfig::new("demo");
    account.menstrual_calendar = false;
    let client = Client::start(SimulatorConfig { accounts: vec![account], ..config() }).await;
    assert_eq!(
        client.get("/periodichealth-service/menstrualcycle/calendar/2024-01-01/2024-02-01").await,
        json!({})
    );
}

#[tokio::test]
async fn a_wrong_display_name_gets_a_protected_summary_without_values() {
    let client = Client::start(config()).await;
    let summary =
        client.get("/usersummary-service/usersummary/daily/someone-else?calendarDate=2024-03-05").await;
    assert_eq!(summary["privacyProtected"], json!(true));
    for field in
        ["totalSteps", "restingHeartRate", "totalKilocalories", "averageStressLevel", "sleepingSeconds"]
    {
        assert_eq!(summary[field], Value::Null, "{field}");
    }
}

#[tokio::test]
async fn ranges_single_days_and_the_truth_tell_the_same_story() {
    let client = Client::start(config()).await;
    let truth = client.garmin.truth();
    // A month long ago, one with everything, and the one that today is in.
    for from in [day("2017-02-01"), day("2024-05-06"), day("2026-10-27")] {
        let until = from + Duration::days(27);
        let range = async |index: usize| client.get(&at(RANGES[index].0, from, until)).await;
        let steps = by_day(&range(0).await);
        let floors = by_day(&range(1).await);
        let heart = by_day(&range(2).await);
        let stress = by_day(&range(3).await);
        let battery = by_day(&range(4).await);
        let reports = by_day(&range(5).await);
        let minutes = by_day(&range(6).await);
        let hydration = by_day(&range(7).await);
        let calories = by_day(&range(8).await["values"]);
        let nights = by_day(&range(9).await["individualStats"]);
        let scores = by_day(&range(10).await);
        let ages = by_day(&range(11).await);
        let breath = by_day(&range(12).await);
        let hrv_path = at(RANGES[14].0, from, until);
        let hrv = match client.status(&hrv_path).await {
            StatusCode::NO_CONTENT => BTreeMap::new(),
            _ => by_day(&client.get(&hrv_path).await["hrvSummaries"]),
        };
        let races = by_day(&range(16).await);
        let hills = by_day(&range(17).await["hillScoreDTOList"]);
        let reports_of = range(19).await["weeklyTrainingStatus"]["payload"]["reportData"].clone();
        let status = reports_of.as_object().unwrap().values().next().map(by_day).unwrap_or_default();
        let oxygen: BTreeMap<String, Value> =
            client.get(&at(UNCAPPED[0], from, until)).await["spo2DailyAverageArray"]
                .as_array()
                .unwrap()
                .iter()
                .map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].clone()))
                .collect();

        for date in from.iter_days().take(28) {
            let key = date.to_string();
            let summary = client
                .get(&format!("/usersummary-service/usersummary/daily/demo-runs?calendarDate={date}"))
                .await;
            let sleep =
                client.get(&format!("/wellness-service/wellness/dailySleepData/demo-runs?date={date}")).await;
            let pulse =
                client.get(&format!("/wellness-service/wellness/dailyHeartRate/demo-runs?date={date}")).await;
            let tension = client.get(&format!("/wellness-service/wellness/dailyStress/{date}")).await;
            let readiness = client.get(&format!("/metrics-service/metrics/trainingreadiness/{date}")).await;
            let Some(day) = truth.day("demo", date) else {
                assert_eq!(summary["totalSteps"], Value::Null, "{key}");
                assert!(steps.get(&key).is_none_or(|row| row["totalSteps"].is_null()), "{key}");
                assert!(
                    [&floors, &heart, &stress, &calories, &nights]
                        .iter()
                        .all(|rows| !rows.contains_key(&key))
                );
                assert_eq!((&sleep["dailySleepDTO"]["id"], &tension), (&Value::Null, &Value::Null));
                continue;
            };
            let same = |what: &str, truth: Value, answers: &[&Value]| {
                for answer in answers {
                    assert_eq!(**answer, truth, "{what} {key}");
                }
            };
            same("steps", json!(day.steps), &[&steps[&key]["totalSteps"], &summary["totalSteps"]]);
            same(
                "metres",
                json!(day.distance_meters),
                &[&steps[&key]["totalDistance"], &summary["totalDistanceMeters"]],
            );
            same(
                "floors",
                json!(day.floors_ascended),
                &[&floors[&key]["wellnessFloorsAscended"], &summary["floorsAscended"]],
            );
            same(
                "resting",
                json!(day.resting_heart_rate),
                &[&heart[&key]["restingHR"], &summary["restingHeartRate"], &pulse["restingHeartRate"]],
            );
            same(
                "pulse",
                json!(day.max_heart_rate),
                &[&heart[&key]["wellnessMaxAvgHR"], &summary["maxHeartRate"], &pulse["maxHeartRate"]],
            );
            let tense = day.stress.unwrap();
            same(
                "stress",
                json!(tense.average),
                &[
                    &stress[&key]["overallStressLevel"],
                    &summary["averageStressLevel"],
                    &tension["avgStressLevel"],
                ],
            );
            same(
                "high stress",
                json!(tense.high_seconds),
                &[&stress[&key]["highStressDuration"], &summary["highStressDuration"]],
            );
            let charge = day.body_battery.unwrap();
            same(
                "battery",
                json!(charge.highest),
                &[&battery[&key]["highBodyBattery"], &summary["bodyBatteryHighestValue"]],
            );
            same(
                "charged",
                json!(charge.charged),
                &[&reports[&key]["charged"], &summary["bodyBatteryChargedValue"]],
            );
            same(
                "vigorous",
                json!(day.vigorous_intensity_minutes),
                &[&minutes[&key]["vigorousValue"], &summary["vigorousIntensityMinutes"]],
            );
            same(
                "calories",
                json!(day.total_kilocalories),
                &[&calories[&key]["totalCalories"], &summary["totalKilocalories"]],
            );
            assert_eq!(
                hydration.get(&key).map(|row| &row["valueInML"]),
                day.hydration_ml.map(|ml| json!(ml)).as_ref()
            );
            assert_eq!(
                breath.get(&key).map(|row| &row["avgWakingRespiration"]),
                day.waking_respiration.map(|value| json!(value)).as_ref()
            );
            assert_eq!(summary["avgWakingRespirationValue"], json!(day.waking_respiration));
            same("age", json!(day.fitness_age.unwrap().fitness_age), &[&ages[&key]["fitnessAge"]]);
            same("race", json!(day.race_predictions.unwrap().time_5k), &[&races[&key]["time5K"]]);
            assert_eq!(
                hills.get(&key).map(|row| &row["overallScore"]),
                day.scores.map(|scores| json!(scores.hill)).as_ref()
            );
            assert_eq!(
                status.get(&key).map(|row| &row["acuteTrainingLoadDTO"]["dailyTrainingLoadAcute"]),
                day.training.as_ref().map(|training| json!(training.acute_load)).as_ref()
            );
            assert_eq!(readiness.as_array().unwrap().len(), day.readiness.len());
            for (row, snapshot) in readiness.as_array().unwrap().iter().zip(&day.readiness) {
                assert_eq!(
                    (&row["score"], &row["recoveryTime"]),
                    (&json!(snapshot.score), &json!(snapshot.recovery_time_minutes))
                );
            }
            let of_night = hrv.get(&key).map(|row| &row["lastNightAvg"]);
            assert_eq!(of_night, day.hrv.as_ref().map(|hrv| json!(hrv.last_night_average)).as_ref());
            let Some(night) = &day.sleep else {
                assert_eq!(sleep["dailySleepDTO"]["id"], Value::Null);
                assert!(!nights.contains_key(&key) && !scores.contains_key(&key));
                assert_eq!(client.status(&format!("/hrv-service/hrv/{date}")).await, StatusCode::NO_CONTENT);
                continue;
            };
            let dto = &sleep["dailySleepDTO"];
            same(
                "asleep",
                json!(night.total_seconds),
                &[&nights[&key]["totalSleepTimeInSeconds"], &dto["sleepTimeSeconds"]],
            );
            same("deep", json!(night.deep_seconds), &[&nights[&key]["deepTime"], &dto["deepSleepSeconds"]]);
            same("rem", json!(night.rem_seconds), &[&nights[&key]["remTime"], &dto["remSleepSeconds"]]);
            same(
                "score",
                json!(night.score),
                &[
                    &nights[&key]["sleepScore"],
                    &dto["sleepScores"]["overall"]["value"],
                    &scores[&key]["value"],
                ],
            );
            same(
                "start",
                json!(night.start.timestamp_millis()),
                &[&nights[&key]["gmtSleepStartTimeInMillis"], &dto["sleepStartTimestampGMT"]],
            );
            assert_eq!(oxygen.get(&key), night.average_spo2.map(|value| json!(value)).as_ref());
        }
    }
}

#[tokio::test]
async fn activities_come_newest_first_in_pages_and_each_can_be_asked_about() {
    let client = Client::start(config()).await;
    let (from, until) = (day("2026-01-01"), day("2026-11-22"));
    let truth = client.garmin.truth().activities("demo", from, until);
    let path = |start: usize, limit: usize| {
        format!(
            "/activitylist-service/activities/search/activities?startDate={from}&endDate={until}&start={start}&limit={limit}"
        )
    };
    let mut rows: Vec<Value> = Vec::new();
    loop {
        let page = client.get(&path(rows.len(), 50)).await;
        let page = page.as_array().unwrap();
        rows.extend(page.iter().cloned());
        if page.len() < 50 {
            break;
        }
    }
    assert_eq!(rows.len(), truth.len());
    for (row, activity) in rows.iter().rev().zip(&truth) {
        assert_eq!(row["activityId"], json!(activity.activity_id));
        assert_eq!(row["activityName"], json!(activity.name));
        assert_eq!(row.get("distance"), activity.distance.map(|metres| json!(metres)).as_ref());
        assert_eq!(
            (&row["duration"], &row["averageHR"]),
            (&json!(activity.duration), &json!(activity.average_hr))
        );
        assert_eq!(row["activityType"]["typeKey"], json!(activity.sport.key));
    }
    assert!(rows.iter().any(|row| row["activityName"].is_number()));
    assert_eq!(client.status(&path(0, 1001)).await, StatusCode::BAD_REQUEST);

    let (old, recent) = (&truth[0], truth.last().unwrap());
    for activity in [old, recent] {
        let at = |part: &str| format!("/activity-service/activity/{}{part}", activity.activity_id);
        let one = client.get(&at("")).await;
        assert_eq!(one["summaryDTO"]["averageHR"], json!(activity.average_hr));
        assert_eq!(
            client.get(&at("/splits")).await["lapDTOs"].as_array().unwrap().len() as i64,
            activity.lap_count
        );
        assert_eq!(client.get(&at("/hrTimeInZones")).await[2]["secsInZone"], json!(activity.hr_zones[2]));
        client.get(&at("/weather")).await;
        client.get(&at("/exerciseSets")).await;
    }
    let samples = async |id: u64| {
        let details = client.get(&format!("/activity-service/activity/{id}/details")).await;
        details["activityDetailMetrics"].as_array().unwrap().len()
    };
    assert_eq!(samples(old.activity_id).await, 0);
    assert!(samples(recent.activity_id).await > 100);
    assert_eq!(client.status("/activity-service/activity/12").await, StatusCode::NOT_FOUND);
    assert!(client.get("/gear-service/gear/filterGear?activityId=1").await.is_array());
}

#[tokio::test]
async fn an_activity_of_someone_else_is_not_there() {
    let client = Client::start(crate::client::two_accounts()).await;
    let id = client.garmin.truth().activities("second", day("2024-01-01"), day("2024-03-01"))[0].activity_id;
    assert_eq!(client.status(&format!("/activity-service/activity/{id}")).await, StatusCode::NOT_FOUND);
    let second = client.garmin.tokens_for("second").unwrap();
    let theirs = client.send_as(&second, &format!("/activity-service/activity/{id}")).await.unwrap();
    assert_eq!(theirs.status(), StatusCode::OK);
}

#[tokio::test]
async fn series_within_a_day_are_there_for_half_a_year_and_then_off_loaded() {
    let client = Client::start(config()).await;
    let truth = client.garmin.truth();
    let with_all = |from: NaiveDate| {
        from.iter_days()
            .find(|date| truth.day("demo", *date).is_some_and(|day| day.sleep.is_some() && day.hrv.is_some()))
            .unwrap()
    };
    let (recent, old) = (with_all(day("2026-09-01")), with_all(day("2026-03-01")));
    for (date, there) in [(recent, true), (old, false)] {
        let expected = truth.day("demo", date).unwrap();
        let length = |value: &Value| value.as_array().map_or(0, Vec::len);
        let pulse =
            client.get(&format!("/wellness-service/wellness/dailyHeartRate/demo-runs?date={date}")).await;
        assert_eq!(length(&pulse["heartRateValues"]) > 600, there);
        if there {
            let values =
                || pulse["heartRateValues"].as_array().unwrap().iter().filter_map(|pair| pair[1].as_i64());
            assert_eq!(
                (values().min(), values().max()),
                (Some(expected.min_heart_rate), Some(expected.max_heart_rate))
            );
        }
        let stress = client.get(&format!("/wellness-service/wellness/dailyStress/{date}")).await;
        assert_eq!(length(&stress["stressValuesArray"]) > 400, there);
        assert_eq!(length(&stress["bodyBatteryValuesArray"]) > 400, there);
        let report = client
            .get(&format!(
                "/wellness-service/wellness/bodyBattery/reports/daily?startDate={date}&endDate={date}"
            ))
            .await;
        assert_eq!(length(&report[0]["bodyBatteryValuesArray"]) > 5, there);
        let sleep =
            client.get(&format!("/wellness-service/wellness/dailySleepData/demo-runs?date={date}")).await;
        let stages = if there { expected.sleep.as_ref().unwrap().stages.len() } else { 0 };
        assert_eq!(length(&sleep["sleepLevels"]), stages);
        assert!(sleep["dailySleepDTO"]["deepSleepSeconds"].is_i64());
        let hrv = client.get(&format!("/hrv-service/hrv/{date}")).await;
        assert_eq!(length(&hrv["hrvReadings"]) > 40, there);
        assert!(hrv["hrvSummary"]["lastNightAvg"].is_i64());
    }
}

#[tokio::test]
async fn weigh_ins_pressure_cycles_and_rare_metrics_agree_with_the_truth() {
    let client = Client::start(config()).await;
    let truth = client.garmin.truth();
    let (from, until) = (day("2025-01-01"), day("2025-12-31"));
    let weight = client.get(&at(UNCAPPED[1], from, until)).await;
    let mut rows: Vec<Value> = weight["dailyWeightSummaries"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|day| day["allWeightMetrics"].as_array().unwrap().clone())
        .collect();
    rows.reverse();
    let weigh_ins = truth.weigh_ins("demo", from, until);
    assert_eq!(rows.len(), weigh_ins.len());
    for (row, truth) in rows.iter().zip(&weigh_ins) {
        assert_eq!(row["samplePk"], json!(truth.sample_pk));
        assert_eq!(row["calendarDate"], json!(truth.date));
        assert_eq!((&row["weight"], &row["bodyFat"]), (&json!(truth.weight), &json!(truth.body_fat)));
    }
    let pressure = client.get(&at(UNCAPPED[2], from, until)).await;
    let measured: usize = pressure["measurementSummaries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| day["measurements"].as_array().unwrap().len())
        .sum();
    assert_eq!(measured, truth.blood_pressure("demo", from, until).len());
    assert!(measured > 10);

    let days = truth.days("demo", from, until);
    let estimates = client.get(&at(RANGES[15].0, from, until)).await;
    let expected: Vec<Value> = days.iter().filter_map(|day| Some(json!(day.vo2_max_running?))).collect();
    let sent: Vec<Value> = estimates
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["generic"].is_object())
        .map(|row| row["generic"]["vo2MaxPreciseValue"].clone())
        .collect();
    assert_eq!(sent, expected);
    let thresholds = client.get(&at(LACTATE[0], from, until)).await;
    let expected: Vec<Value> =
        days.iter().filter_map(|day| Some(json!(day.lactate_threshold?.heart_rate))).collect();
    let sent: Vec<Value> = thresholds.as_array().unwrap().iter().map(|row| row["value"].clone()).collect();
    assert_eq!(sent, expected);
    assert!(!sent.is_empty());

    let calendar = client.get("/periodichealth-service/menstrualcycle/calendar/2025-03-01/2025-05-29").await;
    let shown: BTreeSet<String> = calendar["cycleSummaries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cycle| cycle["startDate"].as_str().unwrap().to_owned())
        .collect();
    let cycles = truth.cycles("demo", day("2025-03-01"), day("2025-05-29"));
    assert!(cycles.len() >= 3 && cycles.iter().all(|cycle| shown.contains(&cycle.start_date.to_string())));
    let endurance = client.get("/metrics-service/metrics/endurancescore/stats?startDate=2025-03-03&endDate=2025-05-25&aggregation=weekly").await;
    assert_eq!(endurance["groupMap"].as_object().unwrap().len(), 12);
}

#[tokio::test]
async fn saved_workouts_can_be_listed_and_opened() {
    let client = Client::start(config()).await;
    let truth = client.garmin.truth().workouts("demo");
    let list = client.get("/workout-service/workouts?start=0&limit=100").await;
    assert_eq!(list.as_array().unwrap().len(), truth.len());
    assert!(list.as_array().unwrap().iter().any(|workout| workout["workoutName"].is_number()));
    for workout in &truth {
        let one = client.get(&format!("/workout-service/workout/{}", workout.workout_id)).await;
        assert_eq!(one["workoutName"], json!(workout.name));
    }
    assert_eq!(
        client.get("/workout-service/workouts?start=5&limit=100").await.as_array().unwrap().len(),
        truth.len() - 5
    );
    assert_eq!(client.status("/workout-service/workout/1").await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_profile_names_the_person_and_the_zone() {
    let account = AccountConfig::new("demo").in_zone("Asia/Tokyo".parse().unwrap());
    let client = Client::start(SimulatorConfig { accounts: vec![account], ..config() }).await;
    assert_eq!(client.get("/userprofile-service/socialProfile").await["displayName"], "demo-runs");
    assert_eq!(client.get("/userprofile-service/userprofile/user-settings").await["timeZone"], "Asia/Tokyo");
    // It is already tomorrow there.
    assert_eq!(client.garmin.truth().today("demo"), Some(day("2026-11-23")));
}
