//! What is measured by other devices or typed in by hand: scale, blood pressure cuff, the cycle calendar.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Utc, Weekday};
use serde::Serialize;

use super::draw::{Draw, Stream, rounded};
use super::person::{Person, number};

/// One time on the scale.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WeighInTruth {
    /// Garmin's key of the measurement.
    pub sample_pk: u64,
    /// The day it counts for.
    pub date: NaiveDate,
    /// When.
    pub at: DateTime<Utc>,
    /// Grams.
    pub weight: f64,
    /// kg/m²; like all that follows, only from a real scale.
    pub bmi: Option<f64>,
    /// Percent.
    pub body_fat: Option<f64>,
    /// Percent.
    pub body_water: Option<f64>,
    /// Grams.
    pub bone_mass: Option<i64>,
    /// Grams.
    pub muscle_mass: Option<i64>,
    /// `INDEX_SCALE` or `MANUAL`.
    pub source_type: &'static str,
}

/// One blood pressure measurement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BloodPressureTruth {
    /// Garmin's version number of the measurement, its key.
    pub version: u64,
    /// The day it counts for.
    pub date: NaiveDate,
    /// When.
    pub at: DateTime<Utc>,
    /// mmHg.
    pub systolic: i64,
    /// mmHg.
    pub diastolic: i64,
    /// Beats per minute.
    pub pulse: i64,
}

/// One cycle of the menstrual calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CycleTruth {
    /// First day of the period.
    pub start_date: NaiveDate,
    /// Days.
    pub period_length: i64,
    /// Days until the next one began, or is expected to.
    pub cycle_length: i64,
}

/// The weigh-ins of a day, earliest first. Scales work without a watch, so days off have them too.
pub(crate) fn weigh_ins(person: &Person, date: NaiveDate) -> Vec<WeighInTruth> {
    if date < person.account.first_day {
        return Vec::new();
    }
    let mut draw = person.draw(Stream::WeighIn, date);
    let likely = match date.weekday() {
        Weekday::Mon => 0.72,
        Weekday::Fri => 0.45,
        Weekday::Sun => 0.25,
        _ => 0.12,
    };
    if !draw.chance(likely) {
        return Vec::new();
    }
    let morning = one(person, date, 0, 6 * 60 + draw.whole(10, 110), &mut draw);
    let mut weigh_ins = vec![morning];
    if draw.chance(0.13) {
        weigh_ins.push(one(person, date, 1, 20 * 60 + draw.whole(0, 120), &mut draw));
    }
    weigh_ins
}

fn one(person: &Person, date: NaiveDate, slot: u64, minute: i64, draw: &mut Draw) -> WeighInTruth {
    let evening = if slot == 0 { 0.0 } else { 700.0 };
    let weight = ((person.weight(date) + evening + 260.0 * draw.around()) / 10.0).round() * 10.0;
    let by_hand = slot == 1 || draw.chance(0.1);
    let fat = (24.0 - 9.0 * person.fitness(date) + 0.5 * draw.around()).clamp(6.0, 40.0);
    let kilograms = weight / 1000.0;
    let at = person.to_utc(date.and_time(NaiveTime::MIN) + Duration::minutes(minute));
    WeighInTruth {
        sample_pk: at.timestamp_millis().cast_unsigned() * 10 + slot,
        date,
        at,
        weight,
        bmi: (!by_hand).then(|| rounded(kilograms / (person.height * person.height), 1)),
        body_fat: (!by_hand).then(|| rounded(fat, 1)),
        body_water: (!by_hand).then(|| rounded((100.0 - fat) * 0.73, 1)),
        bone_mass: (!by_hand).then_some((weight * 0.047).round() as i64),
        muscle_mass: (!by_hand).then_some((weight * (100.0 - fat) / 100.0 * 0.52).round() as i64),
        source_type: if by_hand { "MANUAL" } else { "INDEX_SCALE" },
    }
}

/// The blood pressure measurements of a day: now and then, and then sometimes twice.
pub(crate) fn blood_pressure(person: &Person, date: NaiveDate) -> Vec<BloodPressureTruth> {
    if date < person.account.first_day {
        return Vec::new();
    }
    let mut draw = person.draw(Stream::Pressure, date);
    if !draw.chance(0.07) {
        return Vec::new();
    }
    let times = if draw.chance(0.2) { 2 } else { 1 };
    (0..times)
        .map(|slot| {
            let at = person.to_utc(
                date.and_time(NaiveTime::MIN) + Duration::minutes(7 * 60 + 700 * slot + draw.whole(0, 90)),
            );
            BloodPressureTruth {
                version: at.timestamp_millis().cast_unsigned(),
                date,
                at,
                systolic: (122.0 - 6.0 * person.fitness(date) + 6.0 * draw.around()).round() as i64,
                diastolic: (78.0 - 4.0 * person.fitness(date) + 4.0 * draw.around()).round() as i64,
                pulse: (64.0 - 8.0 * person.fitness(date) + 5.0 * draw.around()).round() as i64,
            }
        })
        .collect()
}

/// The cycles that began from `from` to `until`, both included.
pub(crate) fn cycles(person: &Person, from: NaiveDate, until: NaiveDate) -> Vec<CycleTruth> {
    if !person.account.menstrual_calendar {
        return Vec::new();
    }
    // One cycle begins in every block of 28 days, up to three days late: regular, and found without counting.
    let begin = |block: i64| {
        let late = Draw::new(person.key, Stream::Cycle, block).whole(0, 3);
        i32::try_from(block * 28 + late).ok().and_then(NaiveDate::from_num_days_from_ce_opt)
    };
    (number(from).div_euclid(28)..=number(until).div_euclid(28))
        .filter_map(|block| {
            let start_date = begin(block)?;
            let next = begin(block + 1)?;
            Some(CycleTruth {
                start_date,
                period_length: Draw::new(person.key ^ 1, Stream::Cycle, block).whole(4, 6),
                cycle_length: (next - start_date).num_days(),
            })
        })
        .filter(|cycle| cycle.start_date >= from.max(person.account.first_day) && cycle.start_date <= until)
        .collect()
}
