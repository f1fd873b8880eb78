//! What the person did on purpose: about four activities a week, more at weekends and in summer.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, Utc, Weekday};
use serde::Serialize;

use super::draw::{Draw, Stream, rounded};
use super::person::{Person, Wear, is_weekend, number};

/// A name as Garmin sends it: whatever JSON scalar the user's typing looked like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ActivityName {
    /// The usual kind.
    Text(String),
    /// `"activityName": 5`.
    Number(i64),
    /// `"activityName": true`.
    Flag(bool),
}

/// A sport of the simulator with Garmin's ids for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sport {
    /// `activityType.typeKey`.
    pub key: &'static str,
    /// `activityType.typeId`.
    pub type_id: u32,
    /// `activityType.parentTypeId`.
    pub parent_type_id: u32,
    /// `sportTypeId`.
    pub sport_type_id: u32,
    /// Whether the person covers ground, so that there is a distance.
    pub has_distance: bool,
    /// Whether there are steps and a running cadence.
    pub on_foot: bool,
    /// Whether the sky was overhead, so that there are coordinates.
    pub outdoors: bool,
}

const fn sport(
    key: &'static str,
    ids: (u32, u32, u32),
    distance: bool,
    on_foot: bool,
    outdoors: bool,
) -> Sport {
    Sport {
        key,
        type_id: ids.0,
        parent_type_id: ids.1,
        sport_type_id: ids.2,
        has_distance: distance,
        on_foot,
        outdoors,
    }
}

const RUNNING: Sport = sport("running", (1, 17, 1), true, true, true);
const TREADMILL: Sport = sport("treadmill_running", (18, 1, 1), true, true, false);
const CYCLING: Sport = sport("cycling", (2, 17, 2), true, false, true);
const INDOOR_CYCLING: Sport = sport("indoor_cycling", (25, 2, 2), true, false, false);
const SWIMMING: Sport = sport("lap_swimming", (27, 26, 5), true, false, false);
const WALKING: Sport = sport("walking", (9, 17, 11), true, true, true);
const HIKING: Sport = sport("hiking", (3, 17, 3), true, true, true);
const STRENGTH: Sport = sport("strength_training", (13, 29, 4), false, false, false);
const YOGA: Sport = sport("yoga", (163, 29, 4), false, false, false);

/// One activity, as true as it gets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActivityTruth {
    /// Garmin's id; ids grow with time.
    pub activity_id: u64,
    /// As Garmin sends it: text, number or boolean.
    pub name: ActivityName,
    /// What it was.
    pub sport: Sport,
    /// The person's day it started on.
    pub date: NaiveDate,
    /// Start by the person's clock.
    pub start_local: NaiveDateTime,
    /// Start.
    pub start: DateTime<Utc>,
    /// Seconds with the timer running.
    pub duration: f64,
    /// Seconds from start to end.
    pub elapsed_duration: f64,
    /// Seconds in motion.
    pub moving_duration: f64,
    /// Metres; `None` where no ground is covered.
    pub distance: Option<f64>,
    /// Metres up.
    pub elevation_gain: Option<f64>,
    /// Metres down.
    pub elevation_loss: Option<f64>,
    /// Kilocalories.
    pub calories: f64,
    /// Kilocalories the body would have used anyway.
    pub bmr_calories: f64,
    /// Beats per minute.
    pub average_hr: f64,
    /// Beats per minute.
    pub max_hr: f64,
    /// Steps; `None` off foot.
    pub steps: Option<i64>,
    /// 0 to 5.
    pub aerobic_training_effect: f64,
    /// 0 to 5.
    pub anaerobic_training_effect: f64,
    /// Garmin's activity training load.
    pub training_load: f64,
    /// Minutes.
    pub moderate_intensity_minutes: i64,
    /// Minutes.
    pub vigorous_intensity_minutes: i64,
    /// Seconds in heart rate zones 1 to 5.
    pub hr_zones: [f64; 5],
    /// The VO2 max estimate the activity gave, if it gave one.
    pub vo2_max: Option<f64>,
    /// Laps.
    pub lap_count: i64,
    /// Saved workout the activity followed.
    pub workout_id: Option<u64>,
}

impl ActivityTruth {
    /// The moment the activity was over.
    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        self.start + Duration::milliseconds((self.elapsed_duration * 1000.0) as i64)
    }

    /// Metres per second, where there is a distance.
    #[must_use]
    pub fn average_speed(&self) -> Option<f64> {
        self.distance.map(|distance| rounded(distance / self.duration, 3))
    }
}

const FIRST_ID: u64 = 10_000_000_000;
const IDS_PER_PERSON: u64 = 100_000_000;

/// The day an id would belong to if it were one of this person's.
pub(crate) fn day_of_id(person: &Person, activity_id: u64) -> Option<NaiveDate> {
    let offset = activity_id.checked_sub(FIRST_ID + person.index as u64 * IDS_PER_PERSON)?;
    if offset >= IDS_PER_PERSON {
        return None;
    }
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(offset / 10).ok()?)
}

/// The activities that started on `date`, earliest first.
pub(crate) fn of_day(person: &Person, date: NaiveDate) -> Vec<ActivityTruth> {
    if person.wear(date) == Wear::Off || person.illness(date) > 0.5 {
        return Vec::new();
    }
    let mut draw = person.draw(Stream::Activity, date);
    let keen = match date.weekday() {
        Weekday::Mon => 0.38,
        Weekday::Tue => 0.60,
        Weekday::Wed => 0.45,
        Weekday::Thu => 0.58,
        Weekday::Fri => 0.34,
        Weekday::Sat => 0.76,
        Weekday::Sun => 0.68,
    };
    let keen = keen * (1.0 + 0.13 * person.season(date));
    let mut activities = Vec::new();
    if draw.chance(keen) {
        let start =
            if is_weekend(date) { draw.whole(9 * 60, 12 * 60) } else { draw.whole(17 * 60, 18 * 60 + 30) };
        activities.push(one(person, date, start, &mut draw));
        if draw.chance(0.1) {
            let start = if is_weekend(date) {
                draw.whole(17 * 60, 19 * 60)
            } else {
                draw.whole(6 * 60 + 30, 7 * 60 + 30)
            };
            activities.push(one(person, date, start, &mut draw));
        }
    }
    activities.sort_by_key(|activity| activity.start);
    // Ids grow with time, within a day too.
    for (slot, activity) in activities.iter_mut().enumerate() {
        activity.activity_id += slot as u64;
    }
    activities
}

fn choose(person: &Person, date: NaiveDate, draw: &mut Draw) -> Sport {
    let warm = person.season(date) > -0.3;
    let weekend = is_weekend(date);
    let weights: [(Sport, f64); 9] = [
        (RUNNING, 34.0),
        (TREADMILL, if warm { 2.0 } else { 8.0 }),
        (CYCLING, (if warm { 18.0 } else { 3.0 }) * (if weekend { 1.6 } else { 1.0 })),
        (INDOOR_CYCLING, if warm { 1.0 } else { 9.0 }),
        (SWIMMING, 9.0),
        (WALKING, 8.0),
        (HIKING, if weekend { 10.0 } else { 0.5 }),
        (STRENGTH, 14.0),
        (YOGA, 6.0),
    ];
    let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
    let mut left = draw.unit() * total;
    for (sport, weight) in weights {
        left -= weight;
        if left < 0.0 {
            return sport;
        }
    }
    RUNNING
}

const PLACES: [&str; 6] = ["Riverside", "Forest Loop", "Old Town", "Lakeshore", "Hill Street", "Grünau"];
const SESSIONS: [&str; 5] = ["Easy", "Long", "6 x 800 m", "Threshold", "Recovery 🌧"];

fn name(sport: Sport, draw: &mut Draw) -> ActivityName {
    let kind = draw.unit();
    if kind < 0.03 {
        return ActivityName::Number(draw.whole(1, 42));
    }
    if kind < 0.04 {
        return ActivityName::Flag(true);
    }
    let title: String = sport
        .key
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
                .unwrap_or_default()
        })
        .collect::<Vec<_>>()
        .join(" ");
    let place = draw.pick(&PLACES).copied().unwrap_or_default();
    let session = draw.pick(&SESSIONS).copied().unwrap_or_default();
    ActivityName::Text(match (sport.outdoors, draw.chance(0.3)) {
        (true, true) => format!("{place} - {session}"),
        (true, false) => format!("{place} {title}"),
        (false, _) => title,
    })
}

fn one(person: &Person, date: NaiveDate, start_minute: i64, draw: &mut Draw) -> ActivityTruth {
    let sport = choose(person, date, draw);
    let fitness = person.fitness(date);
    let long = if is_weekend(date) { 1.35 } else { 1.0 };
    // Minutes, metres per second, share of the heart rate reserve, metres of climb per kilometre.
    let (minutes, speed, effort, climb) = match sport.key {
        "running" | "treadmill_running" => {
            (44.0 * long, 2.35 + 0.95 * fitness, 0.70, if sport.outdoors { 9.0 } else { 0.0 })
        }
        "cycling" | "indoor_cycling" => {
            (78.0 * long, 5.6 + 2.2 * fitness, 0.60, if sport.outdoors { 8.0 } else { 0.0 })
        }
        "lap_swimming" => (42.0, 0.75 + 0.3 * fitness, 0.62, 0.0),
        "walking" => (48.0, 1.42, 0.30, 5.0),
        "hiking" => (190.0, 1.05, 0.42, 38.0),
        "strength_training" => (46.0, 0.0, 0.42, 0.0),
        _ => (38.0, 0.0, 0.20, 0.0),
    };
    let duration = rounded((minutes * (1.0 + 0.22 * draw.around())).max(12.0) * 60.0, 3);
    let duration = rounded(duration + draw.between(0.0, 1.0), 3);
    let moving_duration = rounded(duration * draw.between(0.955, 1.0), 3);
    let elapsed_duration = rounded(duration + draw.between(0.0, 240.0).floor(), 3);
    let distance = sport.has_distance.then(|| {
        let metres = speed * (1.0 + 0.06 * draw.around()) * duration;
        // A pool is swum in whole lengths.
        if sport.key == "lap_swimming" { (metres / 25.0).floor() * 25.0 } else { rounded(metres, 2) }
    });
    let gain = (climb > 0.0).then(|| {
        (distance.unwrap_or_default() / 1000.0 * climb * (1.0 + 0.35 * draw.around())).max(0.0).round()
    });
    let loss = gain.map(|gain| (gain + draw.whole(-4, 4) as f64).max(0.0));

    let age = f64::from(date.year() - person.birth_year);
    let top = 208.0 - 0.7 * age;
    let resting = person.base_resting - 10.0 * fitness;
    let effort = (effort + 0.06 * draw.around()).clamp(0.12, 0.9);
    let average_hr = (resting + (top - resting) * effort).round();
    let max_hr = (average_hr + (top - average_hr) * draw.between(0.35, 0.8)).round();
    let hours = duration / 3600.0;
    let weight = person.weight(date) / 1000.0;
    let calories = (weight * hours * (1.6 + 13.0 * effort)).round();
    let training_load = rounded(hours * 105.0 * effort * effort * 2.2, 2);
    let spread = |centre: f64| -> [f64; 5] {
        let raw: [f64; 5] = std::array::from_fn(|zone| {
            let away = (zone as f64 - centre).abs();
            (1.6 - away).max(0.05)
        });
        let sum: f64 = raw.iter().sum();
        raw.map(|share| rounded(moving_duration * share / sum, 3))
    };
    let hr_zones = spread((effort - 0.2) * 6.0);
    let vigorous = ((hr_zones[3] + hr_zones[4]) / 60.0).round() as i64;
    let moderate = (hr_zones[2] / 60.0).round() as i64;
    let estimates = matches!(sport.key, "running" | "cycling") && duration > 1200.0;
    let vo2_max = (estimates && person.account.first_day <= date)
        .then(|| rounded(vo2_max_of(person, date) + if sport.key == "cycling" { -2.0 } else { 0.0 }, 1));
    let start_local =
        date.and_time(NaiveTime::MIN) + Duration::seconds(start_minute * 60 + draw.whole(0, 59));
    let lap_metres = if sport.key == "cycling" { 5000.0 } else { 1000.0 };
    ActivityTruth {
        activity_id: FIRST_ID + person.index as u64 * IDS_PER_PERSON + number(date).cast_unsigned() * 10,
        name: name(sport, draw),
        sport,
        date,
        start_local,
        start: person.to_utc(start_local),
        duration,
        elapsed_duration,
        moving_duration,
        distance,
        elevation_gain: gain,
        elevation_loss: loss,
        calories,
        bmr_calories: (hours * weight).round(),
        average_hr,
        max_hr,
        steps: (sport.on_foot && distance.is_some()).then(|| {
            let stride = if speed > 2.0 { 0.98 } else { 0.76 };
            (distance.unwrap_or_default() / stride).round() as i64
        }),
        aerobic_training_effect: rounded((training_load / 38.0 + 0.4).min(5.0), 1),
        anaerobic_training_effect: rounded((effort * draw.between(0.0, 2.4)).min(5.0), 1),
        training_load,
        moderate_intensity_minutes: moderate,
        vigorous_intensity_minutes: vigorous,
        hr_zones,
        vo2_max,
        lap_count: distance.map_or(1, |metres| (metres / lap_metres).ceil().max(1.0) as i64),
        workout_id: (sport.on_foot && draw.chance(0.25))
            .then(|| super::workouts::FIRST_ID + person.index as u64 * 1_000 + draw.next() % 3),
    }
}

/// The VO2 max (ml/kg/min) the training condition of a day amounts to.
pub(crate) fn vo2_max_of(person: &Person, date: NaiveDate) -> f64 {
    35.0 + 19.0 * person.fitness(date)
}

/// The training load of all the activities of a day.
pub(crate) fn load_of_day(person: &Person, date: NaiveDate) -> f64 {
    of_day(person, date).iter().map(|activity| activity.training_load).sum()
}
