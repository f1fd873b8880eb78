//! Chance without state: the same (person, stream, day) always draws the same numbers.
//!
//! SplitMix64 over a hash of the three. It is written out here because its numbers must never change with the
//! version of a library: a test that expects a value today expects it in a year.

/// What a number is drawn for. Each has its own stream, so that adding a draw to one changes no other.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum Stream {
    Person = 1,
    Holiday,
    Wear,
    Illness,
    Fitness,
    Season,
    Steps,
    Heart,
    Sleep,
    SleepScore,
    Hrv,
    Stress,
    Battery,
    Hydration,
    Oxygen,
    Activity,
    Weight,
    WeighIn,
    Pressure,
    Threshold,
    Readiness,
    Intraday,
    Workout,
    Cycle,
}

/// A sequence of numbers for one (person, stream, day).
#[derive(Clone, Debug)]
pub(crate) struct Draw(u64);

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Draw {
    pub(crate) fn new(key: u64, stream: Stream, day: i64) -> Self {
        let stream = mix((stream as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Self(mix(key ^ stream) ^ mix(day.cast_unsigned().wrapping_add(0x632b_e59b_d9b4_e019)))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Evenly from 0 (included) to 1 (excluded).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Evenly from `low` to `high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn whole(&mut self, low: i64, high: i64) -> i64 {
        self.between(low as f64, high as f64 + 1.0).floor().min(high as f64) as i64
    }

    /// Around 0 with a spread of about 1 and never beyond ±3: three even draws added up.
    pub(crate) fn around(&mut self) -> f64 {
        (self.unit() + self.unit() + self.unit() - 1.5) * 2.0
    }

    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get((self.unit() * choices.len() as f64) as usize)
    }
}

/// A slow curve from −1 to 1 that turns about every `period` days; any day costs two draws.
pub(crate) fn wave(key: u64, stream: Stream, day: i64, period: i64) -> f64 {
    let knot = day.div_euclid(period);
    let at = |knot: i64| Draw::new(key ^ period.cast_unsigned(), stream, knot).between(-1.0, 1.0);
    let t = day.rem_euclid(period) as f64 / period as f64;
    let smooth = t * t * (3.0 - 2.0 * t);
    at(knot) + (at(knot + 1) - at(knot)) * smooth
}

/// `value` with `digits` decimals, so that what is sent and what is compared is the same short number.
pub(crate) fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
