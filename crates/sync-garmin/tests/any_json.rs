//! Whatever arrives: no reader panics, and no error shows a value of the answer.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its tools outside test functions too")]

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sync_core::Window;
use sync_core::window::{SourceId, WindowScope};
use sync_garmin::endpoints::read_answer;
use sync_garmin::endpoints::table::{Scope, TABLE};

/// Marks every value that stands for a person's: numbers and texts alike.
const NUMBER: i64 = 86_753_091;
const TEXT: &str = "QZsecretQZ";

/// Names that Garmin uses, so that made-up answers get deep into the readers.
const NAMES: &[&str] = &[
    "calendarDate",
    "values",
    "totalSteps",
    "totalDistance",
    "privacyProtected",
    "dailySleepDTO",
    "id",
    "sleepLevels",
    "startGMT",
    "endGMT",
    "activityLevel",
    "individualStats",
    "gmtSleepStartTimeInMillis",
    "hrvSummaries",
    "baseline",
    "lowUpper",
    "dailyWeightSummaries",
    "summaryDate",
    "allWeightMetrics",
    "weight",
    "samplePk",
    "timestampGMT",
    "measurementSummaries",
    "measurements",
    "systolic",
    "measurementTimestampGMT",
    "measurementTimestampLocal",
    "weeklyTrainingStatus",
    "payload",
    "reportData",
    "statusCode",
    "acuteTrainingLoadDTO",
    "groupMap",
    "enduranceScoreDTO",
    "hillScoreDTOList",
    "overallScore",
    "generic",
    "cycling",
    "vo2MaxPreciseValue",
    "from",
    "value",
    "time5K",
    "spo2DailyAverageArray",
    "cycleSummaries",
    "startDate",
    "loggedSymptomDays",
    "symptoms",
    "activityId",
    "activityName",
    "activityType",
    "typeKey",
    "startTimeLocal",
    "startTimeGMT",
    "hrTimeInZone_1",
    "splitSummaries",
    "lapDTOs",
    "exerciseSets",
    "exercises",
    "metricDescriptors",
    "key",
    "metricsIndex",
    "activityDetailMetrics",
    "metrics",
    "geoPolylineDTO",
    "polyline",
    "lat",
    "lon",
    "time",
    "directTimestamp",
    "workoutId",
    "workoutName",
    "workoutSegments",
    "workoutSteps",
    "stepType",
    "heartRateValues",
    "stressValuesArray",
    "bodyBatteryValuesArray",
    "heartRateValueDescriptors",
    "index",
    "inputContext",
    "timestamp",
    "recoveryTime",
    "dailyNapDTOS",
    "2024-01-01",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!(NUMBER)),
        Just(json!(-NUMBER)),
        Just(json!(NUMBER as f64 + 0.5)),
        Just(json!(i64::MAX)),
        Just(json!(i64::MIN)),
        Just(json!(u64::MAX)),
        Just(json!(1e308)),
        Just(json!(1_704_067_200_000_i64)),
        Just(json!(TEXT)),
        Just(json!("")),
        Just(json!("2024-01-01")),
        Just(json!("2024-01-01T10:00:00.0")),
        Just(json!("ééééééééééé")),
        Just(json!("directTimestamp")),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        9 => proptest::sample::select(NAMES).prop_map(str::to_owned),
        1 => Just(format!("{TEXT}{NUMBER}")),
    ];
    scalar().prop_recursive(6, 80, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            vec((name.clone(), inner), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn windows() -> Vec<Window> {
    TABLE
        .iter()
        .map(|endpoint| {
            let source = SourceId::new(endpoint.source);
            match endpoint.scope {
                Scope::Object => Window { source, scope: WindowScope::Object("1".to_owned()) },
                Scope::Once { .. } => Window { source, scope: WindowScope::All },
                _ => format!("{source}@2024-01-01..2024-01-03").parse().unwrap(),
            }
        })
        .collect()
}

fn read_by_all(body: &[u8]) -> Result<(), TestCaseError> {
    for window in windows() {
        let seen = match read_answer(&window, body) {
            Err(error) => format!("{error} {error:?}"),
            Ok(fetched) => format!("{:?}", fetched.records),
        };
        prop_assert!(!seen.contains("QZ"), "{window}: {seen}");
        // A made-up number may be an id, which is a key; in an error it must not be.
        prop_assert!(
            !seen.starts_with("Garmin's answer") || !seen.contains(&NUMBER.to_string()),
            "{window}: {seen}"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_json_makes_a_reader_panic_or_an_error_talk(answer in any_json()) {
        read_by_all(&serde_json::to_vec(&answer).unwrap())?;
    }

    #[test]
    fn truncated_json_is_unreadable_and_nothing_worse(answer in any_json(), share in 0.0_f64..1.0) {
        let body = serde_json::to_vec(&answer).unwrap();
        let length = (body.len() as f64 * share) as usize;
        read_by_all(&body[..length])?;
    }

    #[test]
    fn bytes_that_are_no_json_are_unreadable_and_nothing_worse(body in vec(any::<u8>(), 0..200)) {
        read_by_all(&body)?;
    }
}

#[test]
fn absurd_depth_and_absurd_size_are_refused_or_read_in_time() {
    let deep = [vec![b'['; 200_000], vec![b']'; 200_000]].concat();
    let wide =
        serde_json::to_vec(&vec![json!({"calendarDate": "2024-01-01", "totalSteps": 1}); 2_000]).unwrap();
    for window in windows() {
        let _ = read_answer(&window, &deep);
        let _ = read_answer(&window, &wide);
    }
}
