//! The whole system, on one machine: HTTP, handlers, SDK, queue, tables, and a Garmin that answers.

mod cancel;
mod five_years;
mod kill;
mod many_starts;
mod process;
mod resume;
mod sign_in;
mod words;
mod world;
