//! A chunk against the simulated Garmin: the calls it takes, and that what arrives is what is there.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its tools outside test functions too"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use garmin_simulator::{Fault, FaultRule, Simulator, SimulatorConfig};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use sync_core::ports::{FetchError, Session};
use sync_core::record::activity::TRACK;
use sync_core::record::series::{BODY_BATTERY, HEART_RATE, STRESS, Series, Track};
use sync_core::record::{
    ActivityRecord, Attribute, BloodPressureRecord, DayRecord, SleepRecord, WeighInRecord, WorkoutRecord,
};
use sync_core::window::PlanRequest;
use sync_core::{
    Clock, DateRange, GarminSource, MetricSet, MetricType as M, RecordKey, RecordKind, RecordUpsert, Window,
};
use sync_garmin::{GarminClient, GarminConfig, Jitter, parse_tokens};
use url::Url;

/// Both sides live at this moment. The client's deadlines are counted from it, so it stands still.
#[derive(Clone, Copy)]
struct Standing(DateTime<Utc>);

impl Clock for Standing {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

const NOW: Standing = Standing(DateTime::from_timestamp(1_795_350_000, 0).unwrap());

struct World {
    simulator: Simulator,
    client: GarminClient,
    session: Session,
}

async fn world(change: impl FnOnce(&mut GarminConfig)) -> World {
    let simulator = Simulator::start(SimulatorConfig::at(NOW.now())).await.unwrap();
    let url: Url = simulator.base_url().parse().unwrap();
    let mut config = GarminConfig::simulator(url.clone(), url);
    change(&mut config);
    let client = GarminClient::new(config, Arc::new(NOW), Jitter::seeded(1)).unwrap();
    let link = serde_json::to_string(&simulator.demo_tokens().unwrap()).unwrap();
    let (tokens, account) = parse_tokens(&link).unwrap();
    let mut session = Session {
        display_name: String::new(),
        access: tokens.access,
        account,
        today: simulator.truth().today("demo").unwrap(),
    };
    let profile = client.profile(&session, NOW.now() + TimeDelta::seconds(60)).await.unwrap();
    assert_eq!(profile.time_zone.unwrap().name(), "Europe/Berlin");
    session.display_name = profile.display_name;
    simulator.clear_calls();
    World { simulator, client, session }
}

type Records = BTreeMap<RecordKey, BTreeMap<String, Attribute>>;

impl World {
    /// Imports a chunk as the worker does, splitting what is too long.
    async fn import(&self, range: DateRange, metrics: &MetricSet) -> Records {
        let request = PlanRequest { range, metrics, today: self.session.today, first_chunk: true };
        let mut windows: Vec<Window> = self.client.plan(&request).windows;
        windows.reverse();
        let mut records = Vec::new();
        while let Some(window) = windows.pop() {
            let deadline = NOW.now() + TimeDelta::seconds(60);
            match self.client.fetch(&self.session, &window, deadline).await {
                Ok(fetched) => {
                    records.extend(fetched.records);
                    windows.extend(fetched.found);
                }
                Err(FetchError::RangeTooLong) => windows.extend(window.halves().unwrap()),
                Err(error) => panic!("{window}: {error}"),
            }
        }
        RecordUpsert::merged(records).into_iter().map(|record| (record.key, record.attributes)).collect()
    }

    fn calls(&self) -> usize {
        self.simulator.calls().len()
    }
}

fn read<T: DeserializeOwned>(records: &Records, key: &RecordKey) -> Option<T> {
    let fields: Map<String, Value> = records
        .get(key)?
        .iter()
        .filter_map(|(name, value)| match value {
            Attribute::Json(value) => Some((name.clone(), value.clone())),
            Attribute::Bytes(_) => None,
        })
        .collect();
    Some(serde_json::from_value(fields.into()).unwrap())
}

fn day(records: &Records, date: NaiveDate) -> DayRecord {
    read(records, &RecordKey::dated(RecordKind::Day, date)).expect("each day is there")
}

/// What a person typed, which Garmin may send as a number or a boolean.
fn typed(name: &impl serde::Serialize) -> String {
    match json!(name) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn count(records: &Records, kind: RecordKind) -> usize {
    records.keys().filter(|key| key.kind == kind).count()
}

fn days(start: &str, end: &str) -> DateRange {
    DateRange::new(start.parse().unwrap(), end.parse().unwrap()).unwrap()
}

fn chunk() -> DateRange {
    days("2024-05-01", "2024-05-30")
}

#[expect(clippy::cast_precision_loss, reason = "the simulator's numbers are small")]
fn real(number: i64) -> f64 {
    number as f64
}

/// What the daily summary and the ranges agree on.
fn assert_aggregates(records: &Records, world: &World, range: DateRange) -> usize {
    let truth = world.simulator.truth();
    let mut with_data = 0;
    for date in range.iter() {
        let stored = day(records, date);
        let Some(there) = truth.day("demo", date) else {
            assert_eq!(stored, DayRecord::default(), "{date}");
            continue;
        };
        with_data += 1;
        assert_eq!(stored.steps, Some(there.steps), "{date}");
        assert_eq!(stored.distance_meters, Some(real(there.distance_meters)));
        assert_eq!(stored.floors_ascended, Some(there.floors_ascended));
        assert_eq!(stored.total_kilocalories, Some(there.total_kilocalories));
        assert_eq!(stored.active_kilocalories, Some(there.active_kilocalories));
        assert_eq!(stored.bmr_kilocalories, Some(there.bmr_kilocalories));
        assert_eq!(stored.resting_heart_rate_bpm, Some(real(there.resting_heart_rate)));
        assert_eq!(
            stored.intensity_minutes,
            Some(there.moderate_intensity_minutes + 2 * there.vigorous_intensity_minutes)
        );
        assert_eq!(stored.stress_average, there.stress.map(|stress| stress.average));
        assert_eq!(stored.stress_high_seconds, there.stress.map(|stress| stress.high_seconds));
        assert_eq!(stored.body_battery_highest, there.body_battery.map(|battery| battery.highest));
        assert_eq!(stored.body_battery_charged, there.body_battery.map(|battery| battery.charged));
        assert_eq!(stored.respiration_waking_average_breaths_per_minute, there.waking_respiration);
        assert_eq!(stored.spo2_average_percent, there.average_spo2);
        assert_eq!(stored.hydration_milliliters, there.hydration_ml);
        let hrv = there.hrv.as_ref();
        assert_eq!(stored.hrv_last_night_average_milliseconds, hrv.map(|hrv| real(hrv.last_night_average)));
        assert_eq!(
            stored.hrv_baseline_balanced_upper_milliseconds,
            hrv.and_then(|hrv| hrv.baseline).map(|band| real(band.balanced_upper))
        );
        assert_eq!(stored.acute_load, there.training.map(|training| real(training.acute_load)));
        assert_eq!(stored.race_prediction_5k_seconds, there.race_predictions.map(|races| races.time_5k));
        assert_eq!(stored.hill_score, there.scores.map(|scores| scores.hill));
        assert_eq!(stored.fitness_age_years, there.fitness_age.map(|age| age.fitness_age));
        if let Some(speed) = stored.lactate_threshold_speed_meters_per_second {
            assert!((speed - there.lactate_threshold.unwrap().speed * 10.0).abs() < 1e-9);
        }

        let night: Option<SleepRecord> = read(records, &RecordKey::dated(RecordKind::Sleep, date));
        assert_eq!(night.is_some(), there.sleep.is_some(), "{date}");
        if let (Some(night), Some(there)) = (night, there.sleep) {
            assert_eq!(night.sleep_seconds, Some(there.total_seconds));
            assert_eq!(night.deep_sleep_seconds, Some(there.deep_seconds));
            assert_eq!(night.start, Some(there.start));
            assert_eq!(night.end, Some(there.end));
            assert_eq!(night.utc_offset_minutes, Some(120), "summer in Berlin");
            assert_eq!(night.score, Some(there.score));
        }
    }
    with_data
}

#[tokio::test]
async fn thirty_days_of_everything_are_what_garmin_has_in_at_most_eighty_calls_and_two_per_activity() {
    let world = world(|_| {}).await;
    let records = world.import(chunk(), &MetricSet::all()).await;
    let truth = world.simulator.truth();
    let (start, end) = (chunk().start(), chunk().end());
    let activities = truth.activities("demo", start, end);
    let workouts = truth.workouts("demo");
    assert!(activities.len() >= 5);
    let (calls, expected) = (world.calls(), 79 + 2 * activities.len() + workouts.len());
    assert_eq!(calls, expected, "{} activities, {} workouts", activities.len(), workouts.len());

    assert!(assert_aggregates(&records, &world, chunk()) > 20);
    for date in chunk().iter() {
        let stored = day(&records, date);
        let there = truth.day("demo", date);
        assert_eq!(stored.sedentary_seconds, there.as_ref().map(|there| there.sedentary_seconds));
        assert_eq!(stored.highly_active_seconds, there.as_ref().map(|there| there.highly_active_seconds));
        let battery = there.as_ref().and_then(|there| there.body_battery);
        assert_eq!(stored.body_battery_at_wake, battery.and_then(|battery| battery.at_wake));
        let woke = there.iter().flat_map(|there| &there.readiness);
        let woke = woke.clone().find(|snapshot| snapshot.input_context == "AFTER_WAKEUP_RESET");
        if let Some(woke) = woke {
            assert_eq!(stored.training_readiness, Some(woke.score), "{date}");
            assert_eq!(stored.recovery_time_minutes, Some(woke.recovery_time_minutes));
        }
    }

    assert_eq!(count(&records, RecordKind::Activity), activities.len());
    for there in &activities {
        let key = RecordKey::object(RecordKind::Activity, there.activity_id);
        let stored: ActivityRecord = read(&records, &key).unwrap();
        assert_eq!(json!(stored.name), json!(typed(&there.name)));
        assert_eq!(stored.start, Some(there.start));
        assert_eq!(stored.start_local, Some(there.start_local));
        assert_eq!(stored.distance_meters, there.distance);
        assert_eq!(stored.duration_seconds, Some(there.duration));
        assert_eq!(stored.laps.map_or(0, |laps| laps.len()) as i64, there.lap_count);
        assert_eq!(stored.exercise_sets.is_some(), there.sport.key == "strength_training");
    }

    let weigh_ins = truth.weigh_ins("demo", start, end);
    assert_eq!(count(&records, RecordKind::WeighIn), weigh_ins.len());
    let mut grams: Vec<_> = weigh_ins.iter().map(|there| (there.date, there.weight.round() as i64)).collect();
    let mut stored: Vec<_> = records
        .keys()
        .filter(|key| key.kind == RecordKind::WeighIn)
        .map(|key| read::<WeighInRecord>(&records, key).unwrap())
        .map(|weigh_in| {
            (weigh_in.date.unwrap(), (weigh_in.weight_kilograms.unwrap() * 1_000.0).round() as i64)
        })
        .collect();
    grams.sort_unstable();
    stored.sort_unstable();
    assert_eq!(stored, grams);
    // Truth has them earliest first, so a later one of the same day takes the place of an earlier one.
    for (date, last) in weigh_ins.iter().map(|there| (there.date, there)).collect::<BTreeMap<_, _>>() {
        let stored: DayRecord = read(&records, &RecordKey::dated(RecordKind::Day, date)).unwrap();
        let grams = stored.weight_kilograms.map(|kilograms| (kilograms * 1_000.0).round() as i64);
        assert_eq!(grams, Some(last.weight.round() as i64), "{date}");
    }

    let pressures = truth.blood_pressure("demo", start, end);
    assert_eq!(count(&records, RecordKind::BloodPressure), pressures.len());
    for there in &pressures {
        let key = RecordKey::object(RecordKind::BloodPressure, there.at.timestamp_millis());
        let stored: BloodPressureRecord = read(&records, &key).unwrap();
        assert_eq!(stored.date, Some(there.date));
        assert_eq!(stored.systolic_mmhg.map(|value| value as i64), Some(there.systolic));
    }

    assert_eq!(count(&records, RecordKind::Workout), workouts.len());
    for there in &workouts {
        let stored: WorkoutRecord =
            read(&records, &RecordKey::object(RecordKind::Workout, there.workout_id)).unwrap();
        assert_eq!(stored.name, Some(typed(&there.name)));
        assert!(stored.steps.is_some_and(|steps| !steps.is_empty()), "{:?}", typed(&there.name));
    }

    let manners = world.simulator.manners();
    assert!(manners.values().all(|manners| manners.max_in_flight <= 1), "{manners:?}");
}

#[tokio::test]
async fn thirty_days_of_the_daily_aggregates_are_what_garmin_has_in_at_most_thirty_six_calls() {
    let world = world(|_| {}).await;
    let others = [
        M::DailySummary,
        M::HighlyActiveSeconds,
        M::ActiveSeconds,
        M::SedentarySeconds,
        M::TrainingReadiness,
        M::RecoveryTime,
        M::Activities,
        M::Workouts,
    ];
    let metrics = M::ALL.iter().copied().filter(|metric| !others.contains(metric)).collect();
    let records = world.import(chunk(), &metrics).await;
    assert_eq!(world.calls(), 35);
    assert!(assert_aggregates(&records, &world, chunk()) > 20);
    let respiration = chunk()
        .iter()
        .filter(|date| day(&records, *date).respiration_sleep_average_breaths_per_minute.is_some());
    assert!(respiration.count() > 10);
}

#[tokio::test]
async fn series_of_recent_days_are_stored_small_and_read_back() {
    let world = world(|config| {
        config.intraday = true;
        config.sleep_timeline = true;
    })
    .await;
    let range =
        DateRange::new(world.session.today - TimeDelta::days(9), world.session.today - TimeDelta::days(2))
            .unwrap();
    let metrics = MetricSet::from_iter([M::HeartRates, M::Stress, M::BodyBattery, M::Sleep, M::Activities]);
    let records = world.import(range, &metrics).await;
    let mut seen = 0;
    for (key, attributes) in records.iter().filter(|(key, _)| key.kind == RecordKind::Intraday) {
        for name in [HEART_RATE, STRESS, BODY_BATTERY] {
            let Some(Attribute::Bytes(bytes)) = attributes.get(name) else {
                continue;
            };
            assert!(bytes.len() < 8_000, "{key} {name}: {} bytes", bytes.len());
            let series = Series::unpack(bytes).unwrap();
            assert!(series.readings.len() > 50 && series.readings.is_sorted_by_key(|(at, _)| *at));
            seen += 1;
        }
    }
    assert!(seen >= 9, "{seen} series");
    let staged = range
        .iter()
        .filter_map(|date| read::<SleepRecord>(&records, &RecordKey::dated(RecordKind::Sleep, date)))
        .filter(|night| night.stages.as_ref().is_some_and(|stages| stages.len() > 3));
    assert!(staged.count() >= 4);
    let mut tracks = 0;
    for (_, attributes) in records.iter().filter(|(key, _)| key.kind == RecordKind::Activity) {
        if let Some(Attribute::Bytes(bytes)) = attributes.get(TRACK) {
            let track = Track::unpack(bytes).unwrap();
            assert!(!track.heart_rate_bpm.is_empty() && track.heart_rate_bpm.len() <= 500);
            tracks += 1;
        }
    }
    assert!(tracks > 0);
}

#[tokio::test]
async fn the_endurance_score_of_a_week_is_the_same_whatever_the_window() {
    let world = world(|_| {}).await;
    let metrics = MetricSet::from_iter([M::EnduranceScore]);
    // A Wednesday to a Thursday, and windows that begin and end on every other weekday.
    let long = world.import(days("2024-05-01", "2024-05-30"), &metrics).await;
    let weeks = long.values().filter(|day| day.contains_key("endurance_score_week_average")).count();
    assert_eq!(weeks, 4);
    for (start, end) in [
        ("2024-04-15", "2024-05-12"),
        ("2024-05-04", "2024-05-20"),
        ("2024-05-05", "2024-06-07"),
        ("2024-05-12", "2024-05-12"),
        ("2024-05-13", "2024-05-18"),
    ] {
        let other = world.import(days(start, end), &metrics).await;
        for (key, mut attributes) in other {
            let Some(mut in_both) = long.get(&key).cloned() else { continue };
            // The one value that a range has for its last day only.
            for attributes in [&mut in_both, &mut attributes] {
                attributes.remove("endurance_score");
            }
            assert_eq!(attributes, in_both, "{key} in {start}..{end}");
        }
    }
    let truth =
        world.simulator.truth().days("demo", "2024-05-06".parse().unwrap(), "2024-05-12".parse().unwrap());
    let scores: Vec<i64> = truth.iter().filter_map(|day| day.scores.map(|scores| scores.endurance)).collect();
    let sunday = day(&long, "2024-05-12".parse().unwrap());
    assert_eq!(sunday.endurance_score_week_maximum, scores.iter().max().copied());
    assert_eq!(sunday.endurance_score_week_average, Some(scores.iter().sum::<i64>() / scores.len() as i64));
}

#[tokio::test]
async fn a_window_in_which_no_week_ends_needs_no_call() {
    let world = world(|_| {}).await;
    let range = days("2024-05-13", "2024-05-18");
    let records = world.import(range, &MetricSet::from_iter([M::EnduranceScore])).await;
    assert_eq!((world.calls(), records.len()), (0, 6));
}

#[tokio::test]
async fn days_before_the_watch_are_asked_once_and_marked_as_nothing() {
    let world = world(|_| {}).await;
    let range = days("2014-01-01", "2014-01-30");
    let records = world.import(range, &MetricSet::from_iter([M::Steps, M::Sleep, M::Hrv])).await;
    assert_eq!(records.len(), 30);
    for date in range.iter() {
        let attributes = &records[&RecordKey::dated(RecordKind::Day, date)];
        for source in ["steps", "sleep", "hrv"] {
            assert_eq!(attributes[&format!("coverage_{source}")], Attribute::Json(json!("none")), "{date}");
        }
    }
}

#[tokio::test]
async fn tokens_rotate_and_the_old_pair_is_worthless() {
    let world = world(|_| {}).await;
    let link = serde_json::to_string(&world.simulator.demo_tokens().unwrap()).unwrap();
    let (tokens, _) = parse_tokens(&link).unwrap();
    let next = world.client.refresh(&tokens).await.unwrap();
    assert!(next.expires_at > NOW.now());
    assert!(world.client.refresh(&tokens).await.is_err(), "the refresh token was used");
    assert!(world.client.refresh(&next).await.is_ok());
}

#[tokio::test]
async fn a_server_error_in_passing_loses_nothing() {
    let world = world(|_| {}).await;
    world.simulator.add_fault(FaultRule::on("/hrv-service/", Fault::ServerError).times(2));
    let records = world.import(chunk(), &MetricSet::from_iter([M::Hrv])).await;
    assert_eq!(world.calls(), 3);
    assert!(chunk().iter().any(|date| day(&records, date).hrv_status.is_some()));
}
