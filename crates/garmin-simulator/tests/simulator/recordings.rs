//! No invented fields: what the simulator sends for an endpoint that was recorded is in the recording too.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::client::{Client, config};

/// What the recordings do not have and the simulator sends on purpose.
const ON_PURPOSE: [&str; 3] = [
    // Said to be there by the project's notes on Garmin; missing in every recording.
    "user-settings .timeZone",
    "user-settings .userData.timeZone",
    // Recorded only as null; the same object as `generic`.
    "vo2max .cycling.",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/garmin-recordings")
}

fn recordings(folder: &Path) -> Vec<Value> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            all.extend(recordings(&entry.path()));
        } else if entry.path().extension().is_some_and(|extension| extension == "json") {
            all.push(serde_json::from_slice(&std::fs::read(entry.path()).unwrap()).unwrap());
        }
    }
    all
}

/// The paths of all fields; list items have none of their own, and neither have keys that are dates or ids.
fn fields(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let key = if key.starts_with(|first: char| first.is_ascii_digit()) { "*" } else { key };
                let path = format!("{at}.{key}");
                fields(value, &path, found);
                found.insert(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, at, found)),
        _ => {}
    }
}

/// (a name for messages, the recorded paths that begin so and go on with no further letters, our path)
const ENDPOINTS: [(&str, &str, &str); 32] = [
    (
        "steps",
        "/usersummary-service/stats/steps/daily/",
        "/usersummary-service/stats/steps/daily/2026-10-01/2026-10-28",
    ),
    (
        "stress",
        "/usersummary-service/stats/stress/daily/",
        "/usersummary-service/stats/stress/daily/2026-10-01/2026-10-28",
    ),
    (
        "im",
        "/usersummary-service/stats/im/daily/",
        "/usersummary-service/stats/im/daily/2026-10-01/2026-10-28",
    ),
    (
        "hydration",
        "/usersummary-service/stats/hydration/daily/",
        "/usersummary-service/stats/hydration/daily/2026-10-01/2026-10-28",
    ),
    ("nights", "/sleep-service/stats/sleep/daily/", "/sleep-service/stats/sleep/daily/2026-10-01/2026-10-28"),
    (
        "score",
        "/wellness-service/stats/daily/sleep/score/",
        "/wellness-service/stats/daily/sleep/score/2026-10-01/2026-10-28",
    ),
    ("age", "/fitnessage-service/stats/daily/", "/fitnessage-service/stats/daily/2026-10-01/2026-10-28"),
    ("hrv range", "/hrv-service/hrv/daily/", "/hrv-service/hrv/daily/2026-10-01/2026-10-28"),
    ("hrv day", "/hrv-service/hrv/2", "/hrv-service/hrv/{night}"),
    (
        "vo2max",
        "/metrics-service/metrics/maxmet/daily/",
        "/metrics-service/metrics/maxmet/daily/2026-01-01/2026-10-28",
    ),
    (
        "races",
        "/metrics-service/metrics/racepredictions/",
        "/metrics-service/metrics/racepredictions/daily/demo-runs?fromCalendarDate=2026-10-01&toCalendarDate=2026-10-28",
    ),
    (
        "hill",
        "/metrics-service/metrics/hillscore/stats",
        "/metrics-service/metrics/hillscore/stats?startDate=2026-10-01&endDate=2026-10-28&aggregation=daily",
    ),
    (
        "endurance",
        "/metrics-service/metrics/endurancescore/stats",
        "/metrics-service/metrics/endurancescore/stats?startDate=2026-08-05&endDate=2026-10-28&aggregation=weekly",
    ),
    (
        "lactate",
        "/biometric-service/stats/lactateThreshold",
        "/biometric-service/stats/lactateThresholdSpeed/range/2026-01-01/2026-10-28?sport=RUNNING",
    ),
    (
        "status",
        "/mobile-gateway/usersummary/trainingstatus/weekly/",
        "/mobile-gateway/usersummary/trainingstatus/weekly/2026-10-01/2026-10-28",
    ),
    (
        "readiness",
        "/metrics-service/metrics/trainingreadiness/",
        "/metrics-service/metrics/trainingreadiness/{night}",
    ),
    (
        "weight",
        "/weight-service/weight/range/",
        "/weight-service/weight/range/2026-10-01/2026-10-28?includeAll=true",
    ),
    (
        "summary",
        "/usersummary-service/usersummary/daily/",
        "/usersummary-service/usersummary/daily/demo-runs?calendarDate={night}",
    ),
    (
        "sleep",
        "/sleep-service/sleep/dailySleepData",
        "/wellness-service/wellness/dailySleepData/demo-runs?date={night}",
    ),
    (
        "heart rate",
        "/wellness-service/wellness/dailyHeartRate/",
        "/wellness-service/wellness/dailyHeartRate/demo-runs?date={night}",
    ),
    (
        "daily stress",
        "/wellness-service/wellness/dailyStress/",
        "/wellness-service/wellness/dailyStress/{night}",
    ),
    (
        "battery",
        "/wellness-service/wellness/bodyBattery/reports/daily",
        "/wellness-service/wellness/bodyBattery/reports/daily?startDate=2026-10-01&endDate=2026-10-28",
    ),
    (
        "activities",
        "/activitylist-service/activities/search/activities",
        "/activitylist-service/activities/search/activities?start=0&limit=200",
    ),
    ("activity", "/activity-service/activity/#", "/activity-service/activity/{id}"),
    ("splits", "/activity-service/activity/#/splits", "/activity-service/activity/{id}/splits"),
    ("weather", "/activity-service/activity/#/weather", "/activity-service/activity/{id}/weather"),
    ("details", "/activity-service/activity/#/details", "/activity-service/activity/{id}/details"),
    ("zones", "/activity-service/activity/#/hrTimeInZones", "/activity-service/activity/{id}/hrTimeInZones"),
    ("gear", "/gear-service/gear/filterGear", "/gear-service/gear/filterGear?activityId=1"),
    ("workouts", "/workout-service/workouts", "/workout-service/workouts?start=0&limit=10"),
    ("workout", "/workout-service/workout/#", "/workout-service/workout/{workout}"),
    (
        "user-settings",
        "/userprofile-service/userprofile/user-settings",
        "/userprofile-service/userprofile/user-settings",
    ),
];

/// Whether a recorded path is one of `pattern`: `#` is a number, and a pattern that ends in a slash or in a digit
/// goes on with anything but another endpoint's name.
fn is_of(path: &str, pattern: &str) -> bool {
    if pattern.contains('#') {
        let (before, after) = pattern.split_once('#').unwrap();
        return path
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|id| !id.is_empty() && id.chars().all(|letter| letter.is_ascii_digit()));
    }
    match path.strip_prefix(pattern) {
        Some("") => true,
        Some(_) => pattern.ends_with('/') || pattern.ends_with('2') || pattern.ends_with("Threshold"),
        None => false,
    }
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
async fn every_field_of_a_recorded_endpoint_is_in_a_recording_of_it() {
    let folder = folder();
    if !folder.is_dir() {
        eprintln!("skipped: the recordings are not beside this repository");
        return;
    }
    let recorded = recordings(&folder);
    let client = Client::start(config()).await;
    let truth = client.garmin.truth();
    let until = truth.today("demo").unwrap();
    let night = truth
        .days("demo", until - chrono::Duration::days(30), until)
        .into_iter()
        .find(|day| day.hrv.as_ref().is_some_and(|hrv| hrv.baseline.is_some()) && !day.readiness.is_empty())
        .unwrap()
        .date;
    let run = truth
        .activities("demo", until - chrono::Duration::days(90), until)
        .into_iter()
        .find(|activity| activity.sport.key == "running")
        .unwrap();
    let workout = truth.workouts("demo")[0].workout_id;
    let mut invented: Vec<String> = Vec::new();
    for (name, pattern, path) in ENDPOINTS {
        let mut known = BTreeSet::new();
        let matching: Vec<&Value> =
            recorded.iter().filter(|one| is_of(one["path"].as_str().unwrap(), pattern)).collect();
        assert!(!matching.is_empty(), "no recording of {pattern}");
        matching.iter().for_each(|one| fields(&one["body"], "", &mut known));
        let path = path
            .replace("{night}", &night.to_string())
            .replace("{id}", &run.activity_id.to_string())
            .replace("{workout}", &workout.to_string());
        let mut sent = BTreeSet::new();
        fields(&client.get(&path).await, "", &mut sent);
        assert!(!sent.is_empty(), "{path}");
        invented.extend(sent.difference(&known).map(|field| format!("{name} {field}")));
    }
    invented.retain(|field| !ON_PURPOSE.iter().any(|known| field.starts_with(known)));
    assert!(invented.is_empty(), "{invented:#?}");
}
