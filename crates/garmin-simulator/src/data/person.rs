//! A person with a watch: the traits that stay, the slow curves of a life, and when the watch was worn.

use chrono::{
    DateTime, Datelike, Duration, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc, Weekday,
};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::draw::{Draw, Stream, wave};
use crate::config::AccountConfig;

/// How much of a day the watch was worn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wear {
    /// Not at all: a day without data.
    Off,
    /// By day only: no sleep, and nothing that is measured asleep.
    DayOnly,
    /// Day and night.
    Full,
}

/// Someone the simulator generates data for.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) account: AccountConfig,
    /// Position in the configuration; keeps the ids of different people apart.
    pub(crate) index: usize,
    pub(crate) key: u64,
    pub(crate) profile_pk: u64,
    pub(crate) device_id: u64,
    pub(crate) guid: String,
    /// Metres.
    pub(crate) height: f64,
    /// Grams, before the slow ups and downs.
    pub(crate) base_weight: f64,
    /// Beats per minute of an untrained year.
    pub(crate) base_resting: f64,
    pub(crate) base_steps: f64,
    /// Minutes after midnight at which the night usually ends on a working day.
    pub(crate) wake_minute: f64,
    pub(crate) birth_year: i32,
}

impl Person {
    pub(crate) fn new(seed: u64, index: usize, account: AccountConfig) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_be_bytes());
        hash.update(account.name.as_bytes());
        let digest = hash.finalize();
        let mut head = [0_u8; 8];
        head.copy_from_slice(&digest[..8]);
        let key = u64::from_be_bytes(head);
        let mut draw = Draw::new(key, Stream::Person, 0);
        let hex: String = digest[8..24].iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            guid: format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]),
            profile_pk: 40_000_000 + draw.next() % 50_000_000,
            device_id: 3_400_000_000 + draw.next() % 90_000_000,
            height: (draw.between(1.60, 1.92) * 100.0).round() / 100.0,
            base_weight: draw.between(58_000.0, 86_000.0).round(),
            base_resting: draw.between(56.0, 64.0),
            base_steps: draw.between(6_800.0, 9_200.0),
            wake_minute: draw.between(370.0, 430.0),
            birth_year: 1975 + draw.whole(0, 18) as i32,
            account,
            index,
            key,
        }
    }

    pub(crate) fn draw(&self, stream: Stream, date: NaiveDate) -> Draw {
        Draw::new(self.key, stream, number(date))
    }

    fn wave(&self, stream: Stream, date: NaiveDate, period: i64) -> f64 {
        wave(self.key, stream, number(date), period)
    }

    /// Local midnight, or the first moment after it where a zone skips midnight.
    pub(crate) fn midnight(&self, date: NaiveDate) -> DateTime<Utc> {
        self.to_utc(date.and_time(NaiveTime::MIN))
    }

    pub(crate) fn to_utc(&self, local: NaiveDateTime) -> DateTime<Utc> {
        match self.account.time_zone.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
            // An hour that the spring change skips: as if the clock had not been changed yet.
            LocalResult::None => {
                match self.account.time_zone.from_local_datetime(&(local + Duration::hours(1))) {
                    LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
                    LocalResult::None => local.and_utc(),
                }
            }
        }
    }

    pub(crate) fn to_local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.account.time_zone).naive_local()
    }

    pub(crate) fn zone(&self) -> Tz {
        self.account.time_zone
    }

    /// The last day that exists for this person at `now`.
    pub(crate) fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        self.to_local(now).date()
    }

    /// Whether there may be anything for `date` at all.
    pub(crate) fn exists(&self, date: NaiveDate, now: DateTime<Utc>) -> bool {
        date >= self.account.first_day && date <= self.today(now)
    }

    /// Weeks on holiday without the watch, forgotten days, nights on the charger.
    pub(crate) fn wear(&self, date: NaiveDate) -> Wear {
        if date < self.account.first_day {
            return Wear::Off;
        }
        if Draw::new(self.key, Stream::Holiday, number(date).div_euclid(7)).chance(0.018) {
            return Wear::Off;
        }
        let mut draw = self.draw(Stream::Wear, date);
        if draw.chance(0.02) {
            return Wear::Off;
        }
        // Nobody wore the watch in the night before it was bought.
        if draw.chance(0.035) || date == self.account.first_day {
            return Wear::DayOnly;
        }
        Wear::Full
    }

    /// A cold of up to five days: 1 at its height, 0 when healthy.
    pub(crate) fn illness(&self, date: NaiveDate) -> f64 {
        let mut draw = Draw::new(self.key, Stream::Illness, number(date).div_euclid(9));
        if !draw.chance(0.06) {
            return 0.0;
        }
        let onset = draw.whole(0, 4);
        let day = number(date).rem_euclid(9) - onset;
        match day {
            0 | 3 => 0.6,
            1 | 2 => 1.0,
            4 => 0.3,
            _ => 0.0,
        }
    }

    /// Training condition from 0 (none) to 1: built up over the first years, better in summer, never straight.
    pub(crate) fn fitness(&self, date: NaiveDate) -> f64 {
        let years = ((date - self.account.first_day).num_days() as f64 / 365.25).max(0.0);
        let built = 0.30 + 0.28 * years / (years + 2.0);
        let value = built
            + 0.10 * self.wave(Stream::Fitness, date, 75)
            + 0.09 * self.wave(Stream::Fitness, date, 410)
            + 0.06 * self.season(date);
        value.clamp(0.05, 0.98)
    }

    /// −1 in the middle of January, 1 in the middle of July.
    pub(crate) fn season(&self, date: NaiveDate) -> f64 {
        let turn = (f64::from(date.ordinal()) - 15.0) / 365.25;
        -(turn * std::f64::consts::TAU).cos() + 0.1 * self.wave(Stream::Season, date, 12)
    }

    /// Body weight in grams on a day, before the scale's own noise.
    pub(crate) fn weight(&self, date: NaiveDate) -> f64 {
        self.base_weight
            + 2_600.0 * self.wave(Stream::Weight, date, 520)
            + 900.0 * self.wave(Stream::Weight, date, 60)
            - 800.0 * self.season(date)
    }
}

/// Days since the start of the common era.
pub(crate) fn number(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce())
}

pub(crate) fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}
