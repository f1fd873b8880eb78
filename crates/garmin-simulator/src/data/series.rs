//! What happened within a day: the series behind the day's averages, lowest and highest values.

use chrono::{DateTime, Duration, Utc};

use super::day::DayTruth;
use super::draw::Stream;
use super::person::Person;

/// (moment, value) pairs from midnight to now or the end of the day, every `step` minutes.
fn moments(person: &Person, day: &DayTruth, step: i64) -> Vec<DateTime<Utc>> {
    let start = person.midnight(day.date);
    let next = day.date.succ_opt().map_or(start + Duration::hours(24), |next| person.midnight(next));
    let length = (next - start).num_seconds() as f64;
    let until = start + Duration::seconds((length * day.passed).round() as i64);
    let mut moments = Vec::new();
    let mut at = start;
    while at < until {
        moments.push(at);
        at += Duration::minutes(step);
    }
    moments
}

fn asleep(day: &DayTruth, at: DateTime<Utc>) -> bool {
    day.sleep.as_ref().is_some_and(|night| at >= night.start && at < night.end)
}

/// Beats per minute every two minutes; the day's lowest and highest are among them.
pub(crate) fn heart_rate(person: &Person, day: &DayTruth) -> Vec<(DateTime<Utc>, i64)> {
    let mut draw = person.draw(Stream::Intraday, day.date);
    let moments = moments(person, day, 2);
    let count = moments.len();
    let mut values: Vec<(DateTime<Utc>, i64)> = moments
        .into_iter()
        .map(|at| {
            let sport = day.activities.iter().find(|activity| at >= activity.start && at < activity.end());
            let value = match sport {
                Some(activity) => activity.average_hr + 6.0 * draw.around(),
                None if asleep(day, at) => day.resting_heart_rate as f64 + 3.0 + 2.0 * draw.around(),
                None => day.resting_heart_rate as f64 + 18.0 + 7.0 * draw.around(),
            };
            (at, (value.round() as i64).clamp(day.min_heart_rate, day.max_heart_rate))
        })
        .collect();
    if let Some(first) = values.get_mut(count / 5) {
        first.1 = day.min_heart_rate;
    }
    if let Some(last) = values.get_mut(count * 4 / 5) {
        last.1 = day.max_heart_rate;
    }
    values
}

/// Stress (−1 where it cannot be told) and body battery every three minutes.
pub(crate) fn stress_and_battery(person: &Person, day: &DayTruth) -> Vec<(DateTime<Utc>, i64, i64)> {
    let (Some(stress), Some(battery)) = (&day.stress, &day.body_battery) else {
        return Vec::new();
    };
    let mut draw = person.draw(Stream::Intraday, day.date);
    let moments = moments(person, day, 3);
    let count = moments.len();
    let wake = day
        .sleep
        .as_ref()
        .and_then(|night| moments.iter().position(|at| *at >= night.end))
        .unwrap_or(count / 4)
        .max(1);
    let before = battery.at_wake.zip(battery.during_sleep).map_or(battery.lowest, |(wake, gain)| wake - gain);
    moments
        .into_iter()
        .enumerate()
        .map(|(index, at)| {
            let level = if index < wake {
                before + (battery.highest - before) * index as i64 / wake as i64
            } else {
                let rest = count.saturating_sub(wake).max(2) - 1;
                battery.highest
                    - (battery.highest - battery.most_recent) * (index - wake) as i64 / rest as i64
            };
            let moving = day.activities.iter().any(|activity| at >= activity.start && at < activity.end());
            let value = if moving {
                -1
            } else if index == count * 3 / 5 {
                stress.max
            } else if asleep(day, at) {
                draw.whole(4, 22)
            } else {
                (stress.average as f64 + 8.0 + 9.0 * draw.around()).round().clamp(1.0, stress.max as f64)
                    as i64
            };
            (at, value, level)
        })
        .collect()
}

/// Heart rate variability of a night every five minutes, milliseconds.
pub(crate) fn hrv(person: &Person, day: &DayTruth) -> Vec<(DateTime<Utc>, i64)> {
    let (Some(night), Some(hrv)) = (&day.sleep, &day.hrv) else {
        return Vec::new();
    };
    let mut draw = person.draw(Stream::Intraday, day.date);
    let mut readings = Vec::new();
    let mut at = night.start + Duration::minutes(3);
    while at < night.end {
        let value = hrv.last_night_average as f64 + 5.0 * draw.around();
        readings.push((at, (value.round() as i64).clamp(8, hrv.last_night_5_min_high)));
        at += Duration::minutes(5);
    }
    let middle = readings.len() / 2;
    if let Some(reading) = readings.get_mut(middle) {
        reading.1 = hrv.last_night_5_min_high;
    }
    readings
}
