//! The whole system, on one machine: HTTP, handlers, SDK, queue, tables, and a Garmin that answers.
#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "what fails here is a test")]

mod cancel;
mod chaos;
mod deliveries;
mod files;
mod five_years;
mod frozen;
mod history;
mod intraday;
mod kill;
mod leaks;
mod linking;
mod many_starts;
mod post;
mod process;
mod proxy;
mod resume;
mod seed;
mod sign_in;
mod store;
mod tables;
mod underneath;
mod waits;
mod watermark;
mod words;
mod world;
