//! A night: the stages in their order, and what the watch measured while the person slept.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Utc};
use serde::Serialize;

use super::draw::{Stream, rounded};
use super::person::{Person, Wear, is_weekend};

/// What the sleeper was doing, with Garmin's number for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SleepLevel {
    /// `activityLevel` 0.
    Deep,
    /// `activityLevel` 1.
    Light,
    /// `activityLevel` 2.
    Rem,
    /// `activityLevel` 3.
    Awake,
}

impl SleepLevel {
    /// The number Garmin's `sleepLevels` use.
    #[must_use]
    pub const fn activity_level(self) -> f64 {
        match self {
            Self::Deep => 0.0,
            Self::Light => 1.0,
            Self::Rem => 2.0,
            Self::Awake => 3.0,
        }
    }
}

/// A stretch of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SleepStage {
    /// First moment.
    pub start: DateTime<Utc>,
    /// First moment after it.
    pub end: DateTime<Utc>,
    /// What the sleeper was doing.
    pub level: SleepLevel,
}

/// The night that ended on a day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SleepTruth {
    /// Garmin's id of the night.
    pub id: i64,
    /// When the person fell asleep.
    pub start: DateTime<Utc>,
    /// When the person got up.
    pub end: DateTime<Utc>,
    /// Seconds asleep: deep, light and REM together.
    pub total_seconds: i64,
    /// Seconds of deep sleep.
    pub deep_seconds: i64,
    /// Seconds of light sleep.
    pub light_seconds: i64,
    /// Seconds of REM sleep.
    pub rem_seconds: i64,
    /// Seconds awake between start and end.
    pub awake_seconds: i64,
    /// How often the person woke up.
    pub awake_count: i64,
    /// 0 to 100.
    pub score: i64,
    /// Percent; `None` before watches measured it.
    pub average_spo2: Option<f64>,
    /// Percent.
    pub lowest_spo2: Option<i64>,
    /// Breaths per minute.
    pub average_respiration: f64,
    /// Breaths per minute.
    pub lowest_respiration: f64,
    /// Breaths per minute.
    pub highest_respiration: f64,
    /// Beats per minute.
    pub average_heart_rate: f64,
    /// 0 to 100.
    pub average_stress: f64,
    /// Restless moments.
    pub restless_moments: i64,
    /// How much the night charged the body battery.
    pub body_battery_change: i64,
    /// Minutes of sleep the person needed.
    pub need_minutes: i64,
    /// The stages in their order, without a gap from start to end.
    pub stages: Vec<SleepStage>,
}

impl SleepTruth {
    /// Garmin's word for a score.
    #[must_use]
    pub const fn quality(&self) -> &'static str {
        match self.score {
            90.. => "EXCELLENT",
            80..90 => "GOOD",
            60..80 => "FAIR",
            _ => "POOR",
        }
    }
}

/// The night that ended on `date`, or `None` when the watch lay elsewhere.
pub(crate) fn night(person: &Person, date: NaiveDate, resting_heart_rate: i64) -> Option<SleepTruth> {
    if person.wear(date) != Wear::Full {
        return None;
    }
    let mut draw = person.draw(Stream::Sleep, date);
    let illness = person.illness(date);
    let weekend = if is_weekend(date) { 1.0 } else { 0.0 };
    let wake = person.wake_minute + 55.0 * weekend + 14.0 * draw.around() + 30.0 * illness;
    let in_bed = 442.0 + 32.0 * weekend + 30.0 * draw.around() - 10.0 * person.season(date) + 25.0 * illness;
    let in_bed = in_bed.clamp(240.0, 640.0).round() as i64;
    let wake_at = date.and_time(NaiveTime::MIN) + Duration::minutes(wake.round() as i64);
    let end = person.to_utc(wake_at) + Duration::seconds(draw.whole(0, 59));
    let start = end - Duration::minutes(in_bed);

    let mut stages: Vec<SleepStage> = Vec::with_capacity(32);
    let mut at = start;
    let mut push = |level: SleepLevel, minutes: i64| {
        let until = (at + Duration::minutes(minutes.max(1))).min(end);
        if until > at {
            match stages.last_mut() {
                Some(last) if last.level == level => last.end = until,
                _ => stages.push(SleepStage { start: at, end: until, level }),
            }
            at = until;
        }
        at < end
    };
    let mut cycle = 0_i64;
    loop {
        let deep = (32 - 9 * cycle + draw.whole(-5, 6)).max(0);
        let rem = (8 + 6 * cycle + draw.whole(-4, 6)).min(42);
        let mut more = push(SleepLevel::Light, draw.whole(10, 24));
        if deep > 4 {
            more = more && push(SleepLevel::Deep, deep);
        }
        more = more && push(SleepLevel::Light, draw.whole(16, 34));
        if draw.chance(0.28 + 0.2 * illness) {
            more = more && push(SleepLevel::Awake, draw.whole(1, 9));
            more = more && push(SleepLevel::Light, draw.whole(4, 9));
        }
        more = more && push(SleepLevel::Rem, rem);
        if !more {
            break;
        }
        cycle += 1;
    }

    let of = |level: SleepLevel| -> i64 {
        stages
            .iter()
            .filter(|stage| stage.level == level)
            .map(|stage| (stage.end - stage.start).num_seconds())
            .sum()
    };
    let (deep, light, rem, awake) =
        (of(SleepLevel::Deep), of(SleepLevel::Light), of(SleepLevel::Rem), of(SleepLevel::Awake));
    let awake_count = stages.iter().filter(|stage| stage.level == SleepLevel::Awake).count() as i64;
    let total = deep + light + rem;

    let mut draw = person.draw(Stream::SleepScore, date);
    let hours = total as f64 / 3600.0;
    let score = 84.0
        - 11.0 * (7.6 - hours).max(0.0)
        - 4.0 * (hours - 9.0).max(0.0)
        - 2.0 * awake_count as f64
        - 18.0 * illness
        + 8.0 * draw.around();
    let score = score.round().clamp(18.0, 98.0) as i64;
    let respiration = (13.4 + 0.8 * draw.around() + 1.5 * illness).round();
    let oxygen = (date.year() >= 2019).then(|| 95.4 + 0.9 * draw.around() - illness);
    let stress = (17.0 + 5.0 * draw.around() + 14.0 * illness).clamp(6.0, 60.0).round();
    Some(SleepTruth {
        id: start.timestamp_millis(),
        start,
        end,
        total_seconds: total,
        deep_seconds: deep,
        light_seconds: light,
        rem_seconds: rem,
        awake_seconds: awake,
        awake_count,
        score,
        average_spo2: oxygen.map(|value| value.round()),
        lowest_spo2: oxygen.map(|value| (value - draw.between(5.0, 11.0)).round() as i64),
        average_respiration: respiration,
        lowest_respiration: respiration - draw.whole(2, 4) as f64,
        highest_respiration: respiration + draw.whole(3, 6) as f64,
        average_heart_rate: rounded(resting_heart_rate as f64 + draw.between(3.0, 7.0), 0),
        average_stress: stress,
        restless_moments: draw.whole(12, 60),
        body_battery_change: (score as f64 * 0.72 + 4.0 * draw.around()).round().clamp(10.0, 85.0) as i64,
        need_minutes: 470 + 10 * draw.whole(-2, 4),
        stages,
    })
}
