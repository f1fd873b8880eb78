//! Garmin's data endpoints: a table of what there is, and for each entry the function that reads its answer.
//!
//! What the paths and fields are is known from public clients and recorded answers, not from Garmin.

pub(crate) mod activities;
pub(crate) mod body;
pub(crate) mod days;
pub(crate) mod fitness;
pub(crate) mod intraday;
pub(crate) mod sleep;
pub mod table;
pub(crate) mod workouts;
