//! Many years of a person's data, each day on its own: any day is made without the days before it.

pub(crate) mod activities;
pub(crate) mod body;
pub(crate) mod day;
pub(crate) mod draw;
pub(crate) mod person;
pub(crate) mod series;
pub(crate) mod sleep;
pub(crate) mod workouts;
