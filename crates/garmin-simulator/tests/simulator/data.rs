//! The data itself: the same every time, and like a person's.

use std::collections::HashSet;
use std::time::Instant;

use chrono::{Datelike as _, Duration, NaiveDate, Weekday};
use garmin_simulator::{
    AccountConfig, ActivityName, DayTruth, Simulator, SimulatorConfig, SleepLevel, Truth,
};

use crate::client::{config, day, now};

async fn truth(config: SimulatorConfig) -> Truth {
    Simulator::start(config).await.unwrap().truth()
}

const FROM: (i32, u32, u32) = (2019, 1, 1);

fn span() -> (NaiveDate, NaiveDate) {
    (NaiveDate::from_ymd_opt(FROM.0, FROM.1, FROM.2).unwrap(), day("2025-12-31"))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[tokio::test]
async fn the_same_seed_and_account_give_the_same_days_and_others_do_not() {
    let (from, until) = (day("2023-01-01"), day("2023-03-31"));
    let one = truth(config()).await.days("demo", from, until);
    assert_eq!(one, truth(config()).await.days("demo", from, until));
    assert_ne!(one, truth(SimulatorConfig { seed: 2, ..config() }).await.days("demo", from, until));
    let mut backwards: Vec<DayTruth> = Vec::new();
    let again = truth(config()).await;
    for date in from.iter_days().take_while(|date| *date <= until).collect::<Vec<_>>().into_iter().rev() {
        backwards.extend(again.day("demo", date));
    }
    backwards.reverse();
    assert_eq!(one, backwards);
}

#[tokio::test]
async fn there_is_nothing_before_the_watch_and_nothing_after_today() {
    let first = day("2018-05-04");
    let account = AccountConfig::new("demo").since(first);
    let truth = truth(SimulatorConfig { accounts: vec![account], ..config() }).await;
    assert_eq!(truth.today("demo"), Some(day("2026-11-22")));
    assert!(truth.days("demo", day("2010-01-01"), day("2018-05-03")).is_empty());
    assert!(truth.days("demo", day("2026-11-23"), day("2027-01-01")).is_empty());
    assert!(truth.activities("demo", day("2026-11-23"), day("2027-01-01")).is_empty());
    assert!(truth.weigh_ins("demo", day("2010-01-01"), day("2018-05-03")).is_empty());
}

#[tokio::test]
async fn today_is_what_it_is_so_far() {
    let mut earlier = None;
    for hour in [3, 9, 14, 21] {
        let moment = now().date_naive().and_hms_opt(hour, 0, 0).unwrap().and_utc();
        let truth = truth(SimulatorConfig::at(moment)).await;
        let Some(today) = truth.day("demo", day("2026-11-22")) else {
            continue;
        };
        assert!(today.partial && today.passed < 1.0);
        let seconds = today.highly_active_seconds
            + today.active_seconds
            + today.sedentary_seconds
            + today.sleeping_seconds;
        assert!((seconds - (today.passed * 86_400.0) as i64).abs() <= 2, "{seconds}");
        assert!(today.sleep.as_ref().is_none_or(|night| night.end <= moment));
        if let Some(before) = earlier.replace(today.steps) {
            assert!(today.steps >= before);
        }
    }
    assert!(earlier.is_some());
}

#[tokio::test]
async fn seven_years_of_values_stay_within_what_a_person_can_be() {
    let truth = truth(config()).await;
    let (from, until) = span();
    for day in truth.days("demo", from, until) {
        let at = day.date;
        assert!((300..60_000).contains(&day.steps), "{at} {}", day.steps);
        assert!((200..50_000).contains(&day.distance_meters), "{at}");
        assert!((36..75).contains(&day.resting_heart_rate), "{at}");
        assert!(
            day.min_heart_rate <= day.resting_heart_rate && day.resting_heart_rate < day.max_heart_rate,
            "{at}"
        );
        assert!((80..205).contains(&day.max_heart_rate), "{at} {}", day.max_heart_rate);
        assert!((1_200.0..7_500.0).contains(&day.total_kilocalories), "{at} {}", day.total_kilocalories);
        // A long day in the mountains is 1,500 m.
        assert!((0.0..600.0).contains(&day.floors_ascended), "{at} {}", day.floors_ascended);
        let seconds =
            day.highly_active_seconds + day.active_seconds + day.sedentary_seconds + day.sleeping_seconds;
        assert!((82_800..=90_000).contains(&seconds), "{at} {seconds}");
        let battery = day.body_battery.unwrap();
        assert!(
            battery.lowest <= battery.highest
                && (0..=100).contains(&battery.lowest)
                && battery.highest <= 100
        );
        let stress = day.stress.unwrap();
        assert!((0..=100).contains(&stress.average) && stress.average <= stress.max && stress.max <= 100);
        if let Some(night) = &day.sleep {
            assert!((3 * 3600..12 * 3600).contains(&night.total_seconds), "{at} {}", night.total_seconds);
            assert_eq!(night.total_seconds, night.deep_seconds + night.light_seconds + night.rem_seconds);
            assert_eq!((night.end - night.start).num_seconds(), night.total_seconds + night.awake_seconds);
            assert!((0..=100).contains(&night.score));
            assert!((80..=100).contains(&night.lowest_spo2.unwrap()), "{at}");
            let first = night.stages.first().unwrap();
            assert_eq!((first.start, night.stages.last().unwrap().end), (night.start, night.end));
            assert!(
                night
                    .stages
                    .windows(2)
                    .all(|pair| pair[0].end == pair[1].start && pair[0].level != pair[1].level)
            );
            let awake: i64 = night
                .stages
                .iter()
                .filter(|stage| stage.level == SleepLevel::Awake)
                .map(|stage| (stage.end - stage.start).num_seconds())
                .sum();
            assert_eq!(awake, night.awake_seconds);
        }
        if let Some(hrv) = &day.hrv {
            assert!(day.sleep.is_some() && (10..130).contains(&hrv.last_night_average));
            assert!(hrv.last_night_average <= hrv.last_night_5_min_high);
        }
        for activity in &day.activities {
            assert!(
                activity.average_hr <= activity.max_hr && activity.max_hr <= day.max_heart_rate as f64,
                "{at}"
            );
            assert!(
                activity.moving_duration <= activity.duration
                    && activity.duration <= activity.elapsed_duration
            );
            assert_eq!(activity.start_local.date(), at);
        }
    }
}

#[tokio::test]
async fn the_week_and_the_year_have_a_rhythm_and_training_has_an_effect() {
    let truth = truth(config()).await;
    let (from, until) = span();
    let days = truth.days("demo", from, until);
    let sleep = |weekend: bool| {
        mean(
            days.iter()
                .filter(|day| matches!(day.date.weekday(), Weekday::Sat | Weekday::Sun) == weekend)
                .filter_map(|day| Some(day.sleep.as_ref()?.total_seconds as f64)),
        )
    };
    assert!(sleep(true) > sleep(false) + 900.0, "{} {}", sleep(true), sleep(false));
    let steps = |weekday: Weekday| {
        mean(days.iter().filter(|day| day.date.weekday() == weekday).map(|day| day.steps as f64))
    };
    assert!(steps(Weekday::Sat) > steps(Weekday::Mon) + 500.0);
    let in_months = |months: [u32; 3]| {
        mean(days.iter().filter(|day| months.contains(&day.date.month())).map(|day| day.steps as f64))
    };
    assert!(in_months([6, 7, 8]) > in_months([12, 1, 2]) + 500.0);
    let resting = |year: i32| {
        let all = truth.days(
            "demo",
            NaiveDate::from_ymd_opt(year, 1, 1).unwrap(),
            NaiveDate::from_ymd_opt(year, 12, 31).unwrap(),
        );
        mean(all.iter().map(|day| day.resting_heart_rate as f64))
    };
    assert!(resting(2015) > resting(2025) + 0.5, "{} {}", resting(2015), resting(2025));
}

#[tokio::test]
async fn gaps_are_there_but_few_and_some_last_a_week() {
    let truth = truth(config()).await;
    let (from, until) = span();
    let all = (until - from).num_days() + 1;
    let days = truth.days("demo", from, until);
    let off = 1.0 - days.len() as f64 / all as f64;
    assert!((0.015..0.09).contains(&off), "{off}");
    let worn: HashSet<NaiveDate> = days.iter().map(|day| day.date).collect();
    let whole_week = from
        .iter_days()
        .take(all as usize - 7)
        .any(|start| (0..7).all(|offset| !worn.contains(&(start + Duration::days(offset)))));
    assert!(whole_week);
    let without_night = days.iter().filter(|day| day.sleep.is_none()).count() as f64 / days.len() as f64;
    assert!((0.01..0.08).contains(&without_night), "{without_night}");
    assert!(days.iter().filter(|day| day.sleep.is_none()).all(|day| day.hrv.is_none()));
}

#[tokio::test]
async fn there_are_about_four_activities_a_week_of_several_sports_with_all_kinds_of_names() {
    let truth = truth(config()).await;
    let (from, until) = span();
    let activities = truth.activities("demo", from, until);
    let weeks = (until - from).num_days() as f64 / 7.0;
    let a_week = activities.len() as f64 / weeks;
    assert!((3.2..4.8).contains(&a_week), "{a_week}");
    let sports: HashSet<_> = activities.iter().map(|activity| activity.sport.key).collect();
    assert!(sports.len() >= 7, "{sports:?}");
    let ids: HashSet<_> = activities.iter().map(|activity| activity.activity_id).collect();
    assert_eq!(ids.len(), activities.len());
    assert!(activities.windows(2).all(|pair| pair[0].activity_id < pair[1].activity_id));
    assert!(activities.iter().any(|activity| matches!(activity.name, ActivityName::Number(_))));
    assert!(activities.iter().any(|activity| matches!(activity.name, ActivityName::Flag(_))));
    assert!(
        activities.iter().filter(|activity| matches!(activity.name, ActivityName::Text(_))).count() * 10
            > activities.len() * 9
    );
    let weigh_ins = truth.weigh_ins("demo", from, until);
    assert!(weigh_ins.windows(2).any(|pair| pair[0].date == pair[1].date));
    assert!(weigh_ins.iter().all(|one| (45_000.0..100_000.0).contains(&one.weight)));
    assert!(truth.blood_pressure("demo", from, until).iter().all(|one| one.diastolic < one.systolic));
}

#[tokio::test]
async fn hrv_begins_with_the_watch_that_knows_it() {
    let truth = truth(config()).await;
    let before = truth.days("demo", day("2020-01-01"), day("2021-05-31"));
    assert!(before.iter().all(|day| day.hrv.is_none()));
    let first = truth.days("demo", day("2021-06-01"), day("2021-06-14"));
    assert!(first.iter().filter_map(|day| day.hrv.as_ref()).all(|hrv| hrv.baseline.is_none()));
    let later = truth.days("demo", day("2022-01-01"), day("2022-12-31"));
    assert!(later.iter().filter(|day| day.hrv.is_some()).count() > 300);
}

#[tokio::test]
async fn thirty_years_can_be_looked_at_in_any_order_in_seconds() {
    let account = AccountConfig::new("demo").since(day("1996-11-22"));
    let truth = truth(SimulatorConfig { accounts: vec![account], ..config() }).await;
    let before = Instant::now();
    let found = (0..11_000_i64)
        .filter(|step| truth.day("demo", day("1996-11-22") + Duration::days(step * 7_919 % 11_000)).is_some())
        .count();
    assert!(found > 9_900, "{found}");
    assert!(before.elapsed().as_secs() < 60, "{:?}", before.elapsed());
}
