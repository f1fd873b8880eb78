//! Garmin Connect's data endpoints: which path is answered by what, and how many days it takes at once.

mod activities;
mod body;
mod days;
mod metrics;
mod profile;
mod ranges;
mod workouts;

use std::collections::HashMap;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::{Value, json};

use crate::data::day::{self, DayTruth};
use crate::data::person::Person;
use crate::truth;

/// Days inclusive that a range endpoint takes at once. As far as is known; see the project's notes on Garmin.
mod cap {
    pub(super) const STATS: i64 = 28;
    pub(super) const FITNESS_AGE: i64 = 29;
    pub(super) const RESPIRATION: i64 = 31;
    /// A recorded answer spans 32 days.
    pub(super) const HILL_SCORE: i64 = 32;
    /// A recorded answer spans 85 days.
    pub(super) const ENDURANCE_SCORE: i64 = 85;
    pub(super) const MENSTRUAL: i64 = 90;
    pub(super) const TRAINING_STATUS: i64 = 364;
    pub(super) const VO2_MAX: i64 = 365;
    pub(super) const LACTATE: i64 = 365;
    pub(super) const HRV: i64 = 366;
    pub(super) const RACES: i64 = 366;
    pub(super) const NONE: i64 = i64::MAX;
}

/// An answer before it is HTTP.
#[derive(Debug)]
pub(crate) enum Reply {
    /// 200 with JSON.
    Json(Value),
    /// 204: one of Garmin's ways to say that there is nothing.
    NoContent,
    /// An error with Garmin's JSON body.
    Refused(StatusCode),
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        match self {
            Self::Json(value) => Json(value).into_response(),
            Self::NoContent => StatusCode::NO_CONTENT.into_response(),
            Self::Refused(status) => (status, Json(refusal(status))).into_response(),
        }
    }
}

/// The body Garmin sends with an error status.
pub(crate) fn refusal(status: StatusCode) -> Value {
    let reason = status.canonical_reason().unwrap_or("Error");
    let exception: String = reason.split(' ').collect();
    json!({
        "message": format!("HTTP {} {reason}", status.as_u16()),
        "error": format!("{exception}Exception"),
    })
}

const BAD_REQUEST: Reply = Reply::Refused(StatusCode::BAD_REQUEST);
const NOT_FOUND: Reply = Reply::Refused(StatusCode::NOT_FOUND);

/// One question of one person.
pub(crate) struct Ask<'a> {
    pub(crate) person: &'a Person,
    pub(crate) now: DateTime<Utc>,
    pub(crate) intraday_days: u32,
    pub(crate) query: HashMap<String, String>,
}

/// Days asked for, both ends included.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: NaiveDate,
    until: NaiveDate,
}

fn date(text: &str) -> Result<NaiveDate, Reply> {
    if text.len() != 10 {
        return Err(BAD_REQUEST);
    }
    text.parse().map_err(|_| BAD_REQUEST)
}

impl Ask<'_> {
    fn param(&self, name: &str) -> Result<&str, Reply> {
        self.query.get(name).map(String::as_str).ok_or(BAD_REQUEST)
    }

    fn date_param(&self, name: &str) -> Result<NaiveDate, Reply> {
        date(self.param(name)?)
    }

    fn window_params(&self, from: &str, until: &str, cap: i64) -> Result<Window, Reply> {
        window(self.param(from)?, self.param(until)?, cap)
    }

    /// A day without training load and readiness; enough for nearly everything and much cheaper.
    fn day(&self, date: NaiveDate) -> Option<DayTruth> {
        day::without_load(self.person, date, self.now)
    }

    fn day_with_load(&self, date: NaiveDate) -> Option<DayTruth> {
        day::of(self.person, date, self.now)
    }

    /// The days of a window that have data, earliest first.
    fn days(&self, window: Window) -> impl DoubleEndedIterator<Item = DayTruth> {
        self.dates(window).filter_map(|date| self.day(date))
    }

    /// The days of a window that exist: not before the watch, not after today.
    fn dates(&self, window: Window) -> impl DoubleEndedIterator<Item = NaiveDate> {
        truth::days_within(self.person, window.from, window.until, self.now)
    }

    /// Whether the series within the day are still there.
    fn has_intraday(&self, date: NaiveDate) -> bool {
        (self.person.today(self.now) - date).num_days() < i64::from(self.intraday_days)
    }

    fn is_me(&self, display_name: &str) -> bool {
        display_name == self.person.account.display_name
    }

    fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        self.person.to_local(at)
    }

    /// Garmin's "local" epoch: the local clock read as if it were UTC.
    fn local_millis(&self, at: DateTime<Utc>) -> i64 {
        self.local(at).and_utc().timestamp_millis()
    }
}

fn window(from: &str, until: &str, cap: i64) -> Result<Window, Reply> {
    let (from, until) = (date(from)?, date(until)?);
    let days = (until - from).num_days() + 1;
    if days < 1 || days > cap {
        return Err(BAD_REQUEST);
    }
    Ok(Window { from, until })
}

/// `2026-01-27T02:40:15.0`, as most endpoints write a moment.
fn stamp(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%dT%H:%M:%S.0").to_string()
}

/// Answers a data call. Every endpoint of the simulator is one line here.
pub(crate) fn answer(ask: &Ask<'_>, path: &str) -> Reply {
    route(ask, path).unwrap_or_else(|refused| refused)
}

fn route(ask: &Ask<'_>, path: &str) -> Result<Reply, Reply> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        ["userprofile-service", "socialProfile"] => Ok(profile::social(ask)),
        ["userprofile-service", "userprofile", "user-settings"] => Ok(profile::settings(ask)),
        ["userprofile-service", "userprofile", "settings"] => Ok(profile::locale(ask)),

        ["usersummary-service", "stats", "steps", "daily", s, e] => {
            Ok(ranges::steps(ask, window(s, e, cap::STATS)?))
        }
        ["usersummary-service", "stats", "floors", "daily", s, e] => {
            Ok(ranges::floors(ask, window(s, e, cap::STATS)?))
        }
        ["usersummary-service", "stats", "heartRate", "daily", s, e] => {
            Ok(ranges::heart_rate(ask, window(s, e, cap::STATS)?))
        }
        ["usersummary-service", "stats", "stress", "daily", s, e] => {
            Ok(ranges::stress(ask, window(s, e, cap::STATS)?))
        }
        ["usersummary-service", "stats", "bodybattery", "daily", s, e] => {
            Ok(ranges::body_battery(ask, window(s, e, cap::STATS)?))
        }
        ["usersummary-service", "stats", "im", "daily", s, e] => {
            Ok(ranges::intensity_minutes(ask, window(s, e, cap::STATS)?))
        }
        ["usersummary-service", "stats", "hydration", "daily", s, e] => {
            Ok(ranges::hydration(ask, window(s, e, cap::STATS)?))
        }
        ["usersummary-service", "stats", "respiration", "daily", s, e] => {
            Ok(ranges::respiration(ask, window(s, e, cap::RESPIRATION)?))
        }
        ["usersummary-service", "stats", "daily", s, e] => ranges::by_type(ask, window(s, e, cap::STATS)?),
        ["sleep-service", "stats", "sleep", "daily", s, e] => {
            Ok(ranges::sleep(ask, window(s, e, cap::STATS)?))
        }
        ["wellness-service", "stats", "daily", "sleep", "score", s, e] => {
            Ok(ranges::sleep_score(ask, window(s, e, cap::STATS)?))
        }
        ["wellness-service", "stats", "daily", "acclimation"] => {
            Ok(ranges::oxygen(ask, ask.window_params("fromDate", "untilDate", cap::NONE)?))
        }
        ["wellness-service", "wellness", "bodyBattery", "reports", "daily"] => {
            Ok(days::body_battery(ask, ask.window_params("startDate", "endDate", cap::STATS)?))
        }
        ["fitnessage-service", "stats", "daily", s, e] => {
            Ok(metrics::fitness_age(ask, window(s, e, cap::FITNESS_AGE)?))
        }
        ["periodichealth-service", "menstrualcycle", "calendar", s, e] => {
            Ok(body::menstrual_calendar(ask, window(s, e, cap::MENSTRUAL)?))
        }
        ["hrv-service", "hrv", "daily", s, e] => Ok(ranges::hrv(ask, window(s, e, cap::HRV)?)),
        ["metrics-service", "metrics", "maxmet", "daily", s, e] => {
            Ok(metrics::vo2_max(ask, window(s, e, cap::VO2_MAX)?))
        }
        ["metrics-service", "metrics", "racepredictions", "daily", name] => {
            metrics::races(ask, name, ask.window_params("fromCalendarDate", "toCalendarDate", cap::RACES)?)
        }
        ["metrics-service", "metrics", "hillscore", "stats"] => {
            Ok(metrics::hill_score(ask, ask.window_params("startDate", "endDate", cap::HILL_SCORE)?))
        }
        ["metrics-service", "metrics", "endurancescore", "stats"] => Ok(metrics::endurance_score(
            ask,
            ask.window_params("startDate", "endDate", cap::ENDURANCE_SCORE)?,
        )),
        ["biometric-service", "stats", series, "range", s, e] => {
            metrics::lactate_threshold(ask, series, window(s, e, cap::LACTATE)?)
        }
        ["mobile-gateway", "usersummary", "trainingstatus", "weekly", s, e] => {
            Ok(metrics::training_status(ask, window(s, e, cap::TRAINING_STATUS)?))
        }
        ["metrics-service", "metrics", "trainingreadiness", d] => Ok(metrics::readiness(ask, date(d)?)),
        ["weight-service", "weight", "range", s, e] => Ok(body::weight(ask, window(s, e, cap::NONE)?)),
        ["weight-service", "weight", "dateRange"] => {
            Ok(body::body_composition(ask, ask.window_params("startDate", "endDate", cap::NONE)?))
        }
        ["bloodpressure-service", "bloodpressure", "range", s, e] => {
            Ok(body::blood_pressure(ask, window(s, e, cap::NONE)?))
        }

        ["usersummary-service", "usersummary", "daily", name] => {
            Ok(days::summary(ask, name, ask.date_param("calendarDate")?))
        }
        ["wellness-service", "wellness", "dailySleepData", name] => {
            Ok(days::sleep(ask, ask.is_me(name), ask.date_param("date")?))
        }
        ["sleep-service", "sleep", "dailySleepData"] => Ok(days::sleep(ask, true, ask.date_param("date")?)),
        ["wellness-service", "wellness", "dailyHeartRate", name] => {
            Ok(days::heart_rate(ask, ask.is_me(name), ask.date_param("date")?))
        }
        ["wellness-service", "wellness", "dailyStress", d] => Ok(days::stress(ask, date(d)?)),
        ["hrv-service", "hrv", d] => Ok(days::hrv(ask, date(d)?)),

        ["activitylist-service", "activities", "search", "activities"] => activities::search(ask),
        ["activity-service", "activity", id] => activities::one(ask, id, activities::summary),
        ["activity-service", "activity", id, "details"] => activities::one(ask, id, activities::details),
        ["activity-service", "activity", id, "splits"] => activities::one(ask, id, activities::splits),
        ["activity-service", "activity", id, "weather"] => activities::one(ask, id, activities::weather),
        ["activity-service", "activity", id, "hrTimeInZones"] => activities::one(ask, id, activities::zones),
        ["activity-service", "activity", id, "exerciseSets"] => {
            activities::one(ask, id, activities::exercise_sets)
        }
        ["gear-service", "gear", "filterGear"] => Ok(activities::gear(ask)),

        ["workout-service", "workouts"] => workouts::list(ask),
        ["workout-service", "workout", id] => workouts::one(ask, id),
        _ => Err(NOT_FOUND),
    }
}
