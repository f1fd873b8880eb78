//! What really is in the simulator, for tests that check what was stored against it.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use crate::config::Clock;
use crate::data::activities::{self, ActivityTruth};
use crate::data::body::{self, BloodPressureTruth, CycleTruth, WeighInTruth};
use crate::data::day::{self, DayTruth};
use crate::data::person::Person;
use crate::data::workouts::{self, WorkoutTruth};

/// The people of a simulator with all their data, at any moment its clock shows.
#[derive(Clone, Debug)]
pub struct Truth {
    people: Arc<Vec<Person>>,
    clock: Clock,
}

impl Truth {
    pub(crate) fn new(people: Arc<Vec<Person>>, clock: Clock) -> Self {
        Self { people, clock }
    }

    fn person(&self, account: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.account.name == account)
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The last day that exists for an account; `None` for an unknown account.
    #[must_use]
    pub fn today(&self, account: &str) -> Option<NaiveDate> {
        self.person(account).map(|person| person.today(self.now()))
    }

    /// What Garmin knows about a day: `None` before the watch, after today, on a day the watch was off, and
    /// for an unknown account.
    #[must_use]
    pub fn day(&self, account: &str, date: NaiveDate) -> Option<DayTruth> {
        day::of(self.person(account)?, date, self.now())
    }

    /// The days with data from `from` to `until`, both included, earliest first.
    #[must_use]
    pub fn days(&self, account: &str, from: NaiveDate, until: NaiveDate) -> Vec<DayTruth> {
        from.iter_days()
            .take_while(|date| *date <= until)
            .filter_map(|date| self.day(account, date))
            .collect()
    }

    /// The activities that started from `from` to `until`, both included, earliest first.
    #[must_use]
    pub fn activities(&self, account: &str, from: NaiveDate, until: NaiveDate) -> Vec<ActivityTruth> {
        let now = self.now();
        self.person(account).map_or_else(Vec::new, |person| activities_between(person, from, until, now))
    }

    /// The weigh-ins from `from` to `until`, both included, earliest first.
    #[must_use]
    pub fn weigh_ins(&self, account: &str, from: NaiveDate, until: NaiveDate) -> Vec<WeighInTruth> {
        let now = self.now();
        self.person(account).map_or_else(Vec::new, |person| weigh_ins_between(person, from, until, now))
    }

    /// The blood pressure measurements from `from` to `until`, both included, earliest first.
    #[must_use]
    pub fn blood_pressure(
        &self,
        account: &str,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Vec<BloodPressureTruth> {
        let now = self.now();
        self.person(account).map_or_else(Vec::new, |person| blood_pressure_between(person, from, until, now))
    }

    /// The menstrual cycles that began from `from` to `until`, both included and none of them in the future.
    #[must_use]
    pub fn cycles(&self, account: &str, from: NaiveDate, until: NaiveDate) -> Vec<CycleTruth> {
        let now = self.now();
        self.person(account)
            .map_or_else(Vec::new, |person| body::cycles(person, from, until.min(person.today(now))))
    }

    /// The saved workouts, newest first.
    #[must_use]
    pub fn workouts(&self, account: &str) -> Vec<WorkoutTruth> {
        self.person(account).map_or_else(Vec::new, workouts::of)
    }
}

/// The days of a window that exist for a person; a window of a century costs no more than the person's years.
pub(crate) fn days_within(
    person: &Person,
    from: NaiveDate,
    until: NaiveDate,
    now: DateTime<Utc>,
) -> impl DoubleEndedIterator<Item = NaiveDate> {
    let from = from.max(person.account.first_day);
    let until = until.min(person.today(now));
    let count = (until - from).num_days() + 1;
    (0..count.max(0)).filter_map(move |offset| from.checked_add_signed(chrono::Duration::days(offset)))
}

pub(crate) fn activities_between(
    person: &Person,
    from: NaiveDate,
    until: NaiveDate,
    now: DateTime<Utc>,
) -> Vec<ActivityTruth> {
    days_within(person, from, until, now)
        .flat_map(|date| activities::of_day(person, date))
        .filter(|activity| activity.end() <= now)
        .collect()
}

pub(crate) fn weigh_ins_between(
    person: &Person,
    from: NaiveDate,
    until: NaiveDate,
    now: DateTime<Utc>,
) -> Vec<WeighInTruth> {
    days_within(person, from, until, now)
        .flat_map(|date| body::weigh_ins(person, date))
        .filter(|weigh_in| weigh_in.at <= now)
        .collect()
}

pub(crate) fn blood_pressure_between(
    person: &Person,
    from: NaiveDate,
    until: NaiveDate,
    now: DateTime<Utc>,
) -> Vec<BloodPressureTruth> {
    days_within(person, from, until, now)
        .flat_map(|date| body::blood_pressure(person, date))
        .filter(|measurement| measurement.at <= now)
        .collect()
}
