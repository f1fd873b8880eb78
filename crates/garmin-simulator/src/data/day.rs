//! One day of one person, complete: what every endpoint's answer for that day is read from.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, Utc};
use serde::Serialize;

use super::activities::{self, ActivityTruth};
use super::draw::{Stream, rounded};
use super::person::{Person, Wear};
use super::sleep::{self, SleepTruth};
use crate::config::day as calendar_day;

/// From this day on the watch measured stress and body battery.
const STRESS_SINCE: NaiveDate = calendar_day(2016, 1, 1);
/// From this day on it measured respiration and blood oxygen.
const RESPIRATION_SINCE: NaiveDate = calendar_day(2019, 1, 1);
/// From this day on it judged training status and load.
const TRAINING_STATUS_SINCE: NaiveDate = calendar_day(2017, 6, 1);
/// From this day on it gave training readiness.
const READINESS_SINCE: NaiveDate = calendar_day(2022, 6, 1);
/// From this day on it gave endurance and hill scores.
const SCORES_SINCE: NaiveDate = calendar_day(2023, 3, 1);
/// From this day on it predicted races and gave a fitness age.
const PREDICTIONS_SINCE: NaiveDate = calendar_day(2016, 6, 1);

/// Stress of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StressTruth {
    /// 0 to 100.
    pub average: i64,
    /// 0 to 100.
    pub max: i64,
    /// Seconds at rest.
    pub rest_seconds: i64,
    /// Seconds of low stress.
    pub low_seconds: i64,
    /// Seconds of medium stress.
    pub medium_seconds: i64,
    /// Seconds of high stress.
    pub high_seconds: i64,
    /// Seconds of activity, when stress cannot be told.
    pub activity_seconds: i64,
    /// Seconds without a verdict.
    pub uncategorized_seconds: i64,
}

/// Body battery of a day, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BodyBatteryTruth {
    /// Charged over the day.
    pub charged: i64,
    /// Drained over the day.
    pub drained: i64,
    /// Highest.
    pub highest: i64,
    /// Lowest.
    pub lowest: i64,
    /// The latest value.
    pub most_recent: i64,
    /// At waking up; `None` without a night.
    pub at_wake: Option<i64>,
    /// Gained while asleep; `None` without a night.
    pub during_sleep: Option<i64>,
}

/// Heart rate variability of the night that ended on a day, milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HrvTruth {
    /// Average of the last seven nights; `None` with fewer than four of them.
    pub weekly_average: Option<i64>,
    /// Average of the night.
    pub last_night_average: i64,
    /// Highest five minutes of the night.
    pub last_night_5_min_high: i64,
    /// The person's own band; `None` in the first three weeks.
    pub baseline: Option<HrvBaseline>,
    /// `BALANCED`, `UNBALANCED`, `LOW` or `NONE`.
    pub status: &'static str,
}

/// The band of a person's usual variability, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HrvBaseline {
    /// Below this is low.
    pub low_upper: i64,
    /// Lower end of balanced.
    pub balanced_low: i64,
    /// Upper end of balanced.
    pub balanced_upper: i64,
}

/// Training status and load of a day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainingTruth {
    /// Garmin's number of the status.
    pub status: i64,
    /// Garmin's phrase of the status.
    pub phrase: &'static str,
    /// Acute load, seven days.
    pub acute_load: i64,
    /// Chronic load, the weekly mean of 28 days.
    pub chronic_load: i64,
    /// Acute over chronic.
    pub ratio: f64,
}

/// One snapshot of training readiness.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadinessTruth {
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// `AFTER_WAKEUP_RESET` is the one that counts for the day.
    pub input_context: &'static str,
    /// 0 to 100.
    pub score: i64,
    /// `POOR` to `PRIME`.
    pub level: &'static str,
    /// Minutes until recovered.
    pub recovery_time_minutes: i64,
    /// Acute load at that moment.
    pub acute_load: i64,
    /// Score of the night; `None` without one.
    pub sleep_score: Option<i64>,
    /// Weekly HRV average, milliseconds.
    pub hrv_weekly_average: Option<i64>,
}

/// Predicted race times, seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RaceTruth {
    /// 5 km.
    pub time_5k: i64,
    /// 10 km.
    pub time_10k: i64,
    /// Half marathon.
    pub time_half_marathon: i64,
    /// Marathon.
    pub time_marathon: i64,
}

/// Scores that newer watches give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ScoresTruth {
    /// Endurance score.
    pub endurance: i64,
    /// Hill score.
    pub hill: i64,
    /// Strength part of the hill score.
    pub hill_strength: i64,
    /// Endurance part of the hill score.
    pub hill_endurance: i64,
}

/// Lactate threshold, on the rare days it was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ThresholdTruth {
    /// Beats per minute.
    pub heart_rate: f64,
    /// Garmin's unit: 10 m/s.
    pub speed: f64,
}

/// Fitness age of a day, years.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FitnessAgeTruth {
    /// The person's fitness age.
    pub fitness_age: f64,
    /// What it could become.
    pub achievable_fitness_age: f64,
    /// kg/m².
    pub bmi: f64,
    /// Vigorous days a week.
    pub vigorous_days: f64,
}

/// Everything Garmin knows about one day of one person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DayTruth {
    /// The day.
    pub date: NaiveDate,
    /// Whether the day is today: values are what they are so far.
    pub partial: bool,
    /// Share of the day that has passed, 0 to 1.
    pub passed: f64,
    /// Steps.
    pub steps: i64,
    /// Steps to reach.
    pub step_goal: i64,
    /// Metres.
    pub distance_meters: i64,
    /// Floors up; Garmin's are fractions.
    pub floors_ascended: f64,
    /// Floors down.
    pub floors_descended: f64,
    /// Beats per minute.
    pub resting_heart_rate: i64,
    /// Beats per minute, mean of the last seven days that have one.
    pub resting_heart_rate_7_days: i64,
    /// Beats per minute.
    pub min_heart_rate: i64,
    /// Beats per minute.
    pub max_heart_rate: i64,
    /// Kilocalories of movement.
    pub active_kilocalories: f64,
    /// Kilocalories of staying alive.
    pub bmr_kilocalories: f64,
    /// Both together.
    pub total_kilocalories: f64,
    /// Seconds of hard movement.
    pub highly_active_seconds: i64,
    /// Seconds of movement.
    pub active_seconds: i64,
    /// Seconds without.
    pub sedentary_seconds: i64,
    /// Seconds asleep.
    pub sleeping_seconds: i64,
    /// Minutes.
    pub moderate_intensity_minutes: i64,
    /// Minutes.
    pub vigorous_intensity_minutes: i64,
    /// Minutes a week to reach.
    pub intensity_minutes_goal: i64,
    /// `None` before watches measured it.
    pub stress: Option<StressTruth>,
    /// `None` before watches measured it.
    pub body_battery: Option<BodyBatteryTruth>,
    /// Breaths per minute, awake; `None` before watches measured it.
    pub waking_respiration: Option<f64>,
    /// Breaths per minute.
    pub lowest_respiration: Option<f64>,
    /// Breaths per minute.
    pub highest_respiration: Option<f64>,
    /// Percent; measured at night only.
    pub average_spo2: Option<f64>,
    /// Percent.
    pub lowest_spo2: Option<i64>,
    /// Millilitres drunk; `None` when nothing was written down.
    pub hydration_ml: Option<f64>,
    /// Millilitres to drink.
    pub hydration_goal_ml: f64,
    /// The night that ended on this day.
    pub sleep: Option<SleepTruth>,
    /// `None` without a night, and before the watch knew it.
    pub hrv: Option<HrvTruth>,
    /// VO2 max from running, on days that changed it.
    pub vo2_max_running: Option<f64>,
    /// VO2 max from cycling, on days that changed it.
    pub vo2_max_cycling: Option<f64>,
    /// `None` before watches judged it.
    pub training: Option<TrainingTruth>,
    /// Snapshots, latest first.
    pub readiness: Vec<ReadinessTruth>,
    /// `None` before watches predicted.
    pub race_predictions: Option<RaceTruth>,
    /// `None` before watches gave them.
    pub scores: Option<ScoresTruth>,
    /// Rarely measured.
    pub lactate_threshold: Option<ThresholdTruth>,
    /// `None` before watches gave it.
    pub fitness_age: Option<FitnessAgeTruth>,
    /// The activities that started on this day, earliest first.
    pub activities: Vec<ActivityTruth>,
}

/// What there is for `date` at `now`: `None` before the watch, after today and on days it lay in a drawer.
pub(crate) fn of(person: &Person, date: NaiveDate, now: DateTime<Utc>) -> Option<DayTruth> {
    let mut day = without_load(person, date, now)?;
    if date >= TRAINING_STATUS_SINCE {
        day.training = Some(training_of(person, date));
    }
    if date >= READINESS_SINCE {
        day.readiness =
            readiness_of(person, date, day.sleep.as_ref(), day.hrv.as_ref(), &day.activities, now);
    }
    Some(day)
}

/// The same without `training` and `readiness`, which look at the activities of a month: endpoints that do not
/// show them need not pay for them.
pub(crate) fn without_load(person: &Person, date: NaiveDate, now: DateTime<Utc>) -> Option<DayTruth> {
    if !person.exists(date, now) || person.wear(date) == Wear::Off {
        return None;
    }
    let midnight = person.midnight(date);
    let next = date
        .checked_add_days(Days::new(1))
        .map_or(midnight + Duration::hours(24), |day| person.midnight(day));
    let length = (next - midnight).num_seconds().max(1);
    let passed = ((now - midnight).num_seconds() as f64 / length as f64).clamp(0.0, 1.0);
    let partial = passed < 1.0;
    let fitness = person.fitness(date);
    let illness = person.illness(date);

    let resting = resting_heart_rate(person, date);
    let sleep = sleep::night(person, date, resting).filter(|night| night.end <= now);
    let activities: Vec<ActivityTruth> =
        activities::of_day(person, date).into_iter().filter(|activity| activity.end() <= now).collect();

    // Movement of daily life follows the waking hours; of the night nothing is expected.
    let awake = ((passed - 0.28) / 0.68).clamp(0.0, 1.0);
    let mut draw = person.draw(Stream::Steps, date);
    let weekday = match date.weekday() {
        chrono::Weekday::Sat => 1.04,
        chrono::Weekday::Sun => 0.72,
        chrono::Weekday::Fri => 1.06,
        _ => 1.0,
    };
    let living = person.base_steps
        * weekday
        * (1.0 + 0.10 * person.season(date))
        * (1.0 - 0.55 * illness)
        * (1.0 + 0.24 * draw.around()).max(0.15)
        * awake;
    let on_foot: i64 = activities.iter().filter_map(|activity| activity.steps).sum();
    let ground: f64 = activities
        .iter()
        .filter(|activity| activity.sport.on_foot)
        .filter_map(|activity| activity.distance)
        .sum();
    let living = living.round() as i64;
    let steps = living + on_foot;
    let stride = person.height * draw.between(0.425, 0.445);
    let distance_meters = (living as f64 * stride + ground).round() as i64;
    let climbed: f64 = activities
        .iter()
        .filter(|activity| activity.sport.on_foot)
        .filter_map(|activity| activity.elevation_gain)
        .sum();
    let floors_ascended = rounded((9.0 * awake * (1.0 + 0.5 * draw.around())).max(0.0) + climbed / 3.048, 5);
    let floors_descended = rounded((floors_ascended + draw.around() * 2.0 * awake).max(0.0), 5);

    let in_activities: f64 = activities.iter().map(|activity| activity.duration).sum();
    let elapsed = (passed * length as f64).round() as i64;
    let sleeping = sleep.as_ref().map_or(0, |night| {
        let from = night.start.max(midnight);
        (night.end - from).num_seconds().clamp(0, elapsed)
    });
    let highly = (in_activities * 0.72 + 240.0 * awake * (1.0 + 0.4 * draw.around())).round() as i64;
    let active = (in_activities * 0.28 + living as f64 * 0.85).round() as i64;
    let waking = (elapsed - sleeping).max(0);
    let highly = highly.clamp(0, waking);
    let active = active.clamp(0, waking - highly);
    let sedentary = waking - highly - active;

    let mut draw = person.draw(Stream::Heart, date);
    let sporty_max = activities.iter().map(|activity| activity.max_hr).fold(0.0, f64::max) as i64;
    let max_heart_rate = (108.0 + 9.0 * draw.around()).round() as i64;
    let min_heart_rate = resting - draw.whole(0, 3);
    let age = f64::from(date.year() - person.birth_year);
    let weight = person.weight(date) / 1000.0;
    let bmr_day = (10.0 * weight + 625.0 * person.height - 5.0 * age - 70.0).round();
    let bmr_kilocalories = (bmr_day * passed).round();
    let sporty: f64 = activities.iter().map(|activity| activity.calories).sum();
    let active_kilocalories = (living as f64 * 0.038 + sporty).round();
    let moderate: i64 = activities.iter().map(|activity| activity.moderate_intensity_minutes).sum();
    let vigorous: i64 = activities.iter().map(|activity| activity.vigorous_intensity_minutes).sum();
    let brisk = if awake >= 1.0 && draw.chance(0.35) { draw.whole(8, 24) } else { 0 };

    let stress =
        (date >= STRESS_SINCE).then(|| stress_of(person, date, elapsed, sleeping, in_activities as i64));
    let body_battery =
        (date >= STRESS_SINCE).then(|| battery_of(person, date, sleep.as_ref(), awake, in_activities));
    let mut draw = person.draw(Stream::Oxygen, date);
    let breath = (date >= RESPIRATION_SINCE).then(|| (14.6 + 0.8 * draw.around() + illness).round());
    let lowest_breath = breath.map(|value| value - draw.whole(4, 7) as f64);
    let highest_breath = breath.map(|value| value + draw.whole(6, 10) as f64);

    let mut draw = person.draw(Stream::Hydration, date);
    let goal = 2_000.0 + (in_activities / 3600.0 * 600.0).round();
    let hydration_ml = draw
        .chance(0.6)
        .then(|| (draw.between(5.0, 13.0) * awake).round() * 250.0)
        .filter(|value| *value > 0.0);

    let hrv = if sleep.is_some() { hrv_of(person, date) } else { None };
    let of_sport = |key: &str| {
        activities
            .iter()
            .rev()
            .find(|activity| activity.sport.key == key)
            .and_then(|activity| activity.vo2_max)
    };
    let vo2_max = activities::vo2_max_of(person, date);
    let mut draw = person.draw(Stream::Threshold, date);
    let ran = activities.iter().any(|activity| activity.sport.key == "running");
    let lactate_threshold = (ran && draw.chance(0.12)).then(|| ThresholdTruth {
        heart_rate: (172.0 - 0.2 * age + 2.0 * draw.around()).round(),
        speed: rounded((2.5 + 1.4 * fitness) / 10.0, 8),
    });
    Some(DayTruth {
        date,
        partial,
        passed,
        steps,
        step_goal: 8_000 + 10 * draw.whole(0, 250),
        distance_meters,
        floors_ascended,
        floors_descended,
        resting_heart_rate: resting,
        resting_heart_rate_7_days: resting_7_days(person, date),
        min_heart_rate,
        max_heart_rate: max_heart_rate.max(sporty_max),
        active_kilocalories,
        bmr_kilocalories,
        total_kilocalories: active_kilocalories + bmr_kilocalories,
        highly_active_seconds: highly,
        active_seconds: active,
        sedentary_seconds: sedentary,
        sleeping_seconds: sleeping,
        moderate_intensity_minutes: moderate + brisk,
        vigorous_intensity_minutes: vigorous,
        intensity_minutes_goal: 150,
        stress,
        body_battery,
        waking_respiration: breath,
        lowest_respiration: lowest_breath,
        highest_respiration: highest_breath,
        average_spo2: sleep.as_ref().and_then(|night| night.average_spo2),
        lowest_spo2: sleep.as_ref().and_then(|night| night.lowest_spo2),
        hydration_ml,
        hydration_goal_ml: goal,
        hrv,
        vo2_max_running: of_sport("running"),
        vo2_max_cycling: of_sport("cycling"),
        training: None,
        readiness: Vec::new(),
        race_predictions: (date >= PREDICTIONS_SINCE).then(|| {
            let five = (1_560.0 - 24.0 * (vo2_max - 42.0)).round();
            RaceTruth {
                time_5k: five as i64,
                time_10k: (five * 2.10).round() as i64,
                time_half_marathon: (five * 4.66).round() as i64,
                time_marathon: (five * 9.9).round() as i64,
            }
        }),
        scores: (date >= SCORES_SINCE).then(|| ScoresTruth {
            endurance: (4_300.0 + 3_300.0 * fitness).round() as i64,
            hill: (22.0 + 48.0 * fitness).round() as i64,
            hill_strength: (14.0 + 40.0 * fitness).round() as i64,
            hill_endurance: (26.0 + 52.0 * fitness).round() as i64,
        }),
        lactate_threshold,
        fitness_age: (date >= PREDICTIONS_SINCE).then(|| FitnessAgeTruth {
            fitness_age: rounded(age + 4.0 - 12.0 * fitness, 4),
            achievable_fitness_age: rounded(age - 7.0, 4),
            bmi: rounded(weight / (person.height * person.height), 4),
            vigorous_days: if vigorous > 0 { 2.0 } else { 1.0 },
        }),
        sleep,
        activities,
    })
}

/// Beats per minute of a day on its own: pure, so that means over days need no generated days.
fn resting_heart_rate(person: &Person, date: NaiveDate) -> i64 {
    let mut draw = person.draw(Stream::Heart, date);
    let value =
        person.base_resting - 10.0 * person.fitness(date) + 7.0 * person.illness(date) + 1.2 * draw.around();
    value.round() as i64
}

fn last_days(date: NaiveDate, count: u64) -> impl Iterator<Item = NaiveDate> {
    (0..count).filter_map(move |back| date.checked_sub_days(Days::new(back)))
}

fn resting_7_days(person: &Person, date: NaiveDate) -> i64 {
    let values: Vec<i64> = last_days(date, 7)
        .filter(|day| person.wear(*day) != Wear::Off)
        .map(|day| resting_heart_rate(person, day))
        .collect();
    let count = (values.len() as i64).max(1);
    (values.iter().sum::<i64>() + count / 2) / count
}

fn night_hrv(person: &Person, date: NaiveDate) -> i64 {
    let mut draw = person.draw(Stream::Hrv, date);
    let value = 41.0 + 22.0 * person.fitness(date) - 14.0 * person.illness(date) + 5.0 * draw.around();
    value.round().max(12.0) as i64
}

fn hrv_of(person: &Person, date: NaiveDate) -> Option<HrvTruth> {
    let since = person.account.hrv_since.max(person.account.first_day);
    if date < since {
        return None;
    }
    let nights: Vec<i64> = last_days(date, 7)
        .filter(|day| *day >= since && person.wear(*day) == Wear::Full)
        .map(|day| night_hrv(person, day))
        .collect();
    let weekly_average = (nights.len() >= 4).then(|| nights.iter().sum::<i64>() / nights.len() as i64);
    let last_night_average = night_hrv(person, date);
    let usual = 41.0 + 22.0 * person.fitness(date);
    let baseline = ((date - since).num_days() >= 21).then_some(HrvBaseline {
        low_upper: (usual - 9.0).round() as i64,
        balanced_low: (usual - 6.0).round() as i64,
        balanced_upper: (usual + 7.0).round() as i64,
    });
    let status = match (weekly_average, baseline) {
        (Some(average), Some(band)) if average < band.low_upper => "LOW",
        (Some(average), Some(band)) if average < band.balanced_low || average > band.balanced_upper => {
            "UNBALANCED"
        }
        (Some(_), Some(_)) => "BALANCED",
        _ => "NONE",
    };
    let mut draw = person.draw(Stream::Hrv, date);
    draw.next();
    Some(HrvTruth {
        weekly_average,
        last_night_average,
        last_night_5_min_high: last_night_average + 10 + draw.whole(0, 16),
        baseline,
        status,
    })
}

fn stress_of(
    person: &Person,
    date: NaiveDate,
    elapsed: i64,
    sleeping: i64,
    in_activities: i64,
) -> StressTruth {
    let mut draw = person.draw(Stream::Stress, date);
    let tense = if super::person::is_weekend(date) { -6.0 } else { 0.0 };
    let average = 30.0 + tense + 5.0 * draw.around() + 18.0 * person.illness(date);
    let average = average.round().clamp(8.0, 90.0) as i64;
    // Garmin counts stress in samples of three minutes: every duration is a multiple of 60 s.
    let minutes = |seconds: f64| (seconds / 60.0).floor().max(0.0) as i64 * 60;
    let activity = minutes(in_activities as f64).min(elapsed);
    let uncategorized = minutes((elapsed - activity) as f64 * draw.between(0.03, 0.08));
    let rest =
        minutes(sleeping as f64 * 0.9 + (elapsed - sleeping - activity - uncategorized).max(0) as f64 * 0.24);
    let left = (elapsed - activity - uncategorized - rest).max(0) as f64;
    let high = minutes(left * average as f64 / 900.0);
    let medium = minutes(left * average as f64 / 160.0);
    let low = minutes(left - high as f64 - medium as f64);
    StressTruth {
        average,
        max: (average + 52 + draw.whole(-12, 14)).clamp(average + 5, 100),
        rest_seconds: rest,
        low_seconds: low,
        medium_seconds: medium,
        high_seconds: high,
        activity_seconds: activity,
        uncategorized_seconds: uncategorized,
    }
}

fn battery_of(
    person: &Person,
    date: NaiveDate,
    sleep: Option<&SleepTruth>,
    awake: f64,
    in_activities: f64,
) -> BodyBatteryTruth {
    let mut draw = person.draw(Stream::Battery, date);
    let gained = sleep.map_or_else(|| draw.whole(5, 15), |night| night.body_battery_change);
    let before = draw.whole(12, 30);
    let highest = (before + gained).clamp(10, 100);
    let drop = ((42.0 + in_activities / 3600.0 * 12.0 + 8.0 * draw.around()) * awake).round() as i64;
    let most_recent = (highest - drop).clamp(5, highest);
    BodyBatteryTruth {
        charged: gained,
        drained: highest - most_recent,
        highest,
        lowest: before.min(most_recent),
        most_recent,
        at_wake: sleep.map(|_| highest),
        during_sleep: sleep.map(|_| highest - before),
    }
}

/// Load of the last seven days, older days counting less.
fn acute_load(person: &Person, date: NaiveDate) -> f64 {
    last_days(date, 10)
        .enumerate()
        .map(|(back, day)| activities::load_of_day(person, day) * (1.0 - back as f64 * 0.09))
        .sum()
}

fn training_of(person: &Person, date: NaiveDate) -> TrainingTruth {
    let acute = acute_load(person, date);
    let chronic =
        last_days(date, 28).map(|day| activities::load_of_day(person, day)).sum::<f64>() / 28.0 * 7.0;
    let acute_load = acute.round() as i64;
    let chronic_load = chronic.round() as i64;
    let ratio = if chronic_load > 0 { rounded(acute_load as f64 / chronic_load as f64, 1) } else { 0.0 };
    let rising = date
        .checked_sub_days(Days::new(14))
        .is_some_and(|before| person.fitness(date) > person.fitness(before));
    let (status, phrase) = match ratio {
        _ if (date - person.account.first_day).num_days() < 14 => (0, "NO_STATUS_2"),
        ratio if ratio < 0.4 => (1, "DETRAINING"),
        ratio if ratio < 0.8 => (5, "RECOVERY_1"),
        ratio if ratio > 1.6 => (8, "STRAINED_3"),
        _ if rising => (7, "PRODUCTIVE_2"),
        ratio if ratio > 1.2 => (2, "UNPRODUCTIVE_1"),
        _ => (4, "MAINTAINING_2"),
    };
    TrainingTruth { status, phrase, acute_load, chronic_load, ratio }
}

fn readiness_of(
    person: &Person,
    date: NaiveDate,
    sleep: Option<&SleepTruth>,
    hrv: Option<&HrvTruth>,
    activities: &[ActivityTruth],
    now: DateTime<Utc>,
) -> Vec<ReadinessTruth> {
    let mut draw = person.draw(Stream::Readiness, date);
    let yesterday = date.pred_opt().unwrap_or(date);
    let tired = activities::load_of_day(person, yesterday);
    let acute_before = acute_load(person, yesterday);
    let snapshot = |at, input_context, score: f64, recovery: f64, acute: f64| {
        let score = score.round().clamp(1.0, 100.0) as i64;
        ReadinessTruth {
            at,
            input_context,
            score,
            level: match score {
                95.. => "PRIME",
                75..95 => "HIGH",
                50..75 => "MODERATE",
                25..50 => "LOW",
                _ => "POOR",
            },
            recovery_time_minutes: recovery.round().max(0.0) as i64,
            acute_load: acute.round() as i64,
            sleep_score: sleep.map(|night| night.score),
            hrv_weekly_average: hrv.and_then(|hrv| hrv.weekly_average),
        }
    };
    let mut snapshots = Vec::new();
    // Without a night the watch takes no stock of it: some such days have no readiness at all.
    let Some(night) = sleep else { return snapshots };
    let recovery = (tired * 14.0 - 420.0).max(0.0);
    let score =
        0.75 * night.score as f64 + 30.0 - tired * 0.16 - 25.0 * person.illness(date) + 4.0 * draw.around();
    snapshots.push(snapshot(night.end, "AFTER_WAKEUP_RESET", score, recovery, acute_before));
    let mut load = 0.0;
    for activity in activities {
        load += activity.training_load;
        let recovery = recovery * 0.5 + load * 14.0;
        snapshots.push(snapshot(
            activity.end(),
            "AFTER_POST_EXERCISE_RESET",
            score - load * 0.3,
            recovery,
            acute_before + load,
        ));
    }
    let evening = person.midnight(date) + Duration::minutes(21 * 60 + draw.whole(0, 90));
    if evening <= now && draw.chance(0.7) {
        snapshots.push(snapshot(
            evening,
            "UPDATE_REALTIME_VARIABLES",
            score - load * 0.25 - 4.0,
            recovery * 0.3 + load * 11.0,
            acute_before + load,
        ));
    }
    snapshots.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.at));
    snapshots
}
