//! Figures: what a poll, a start, a chunk and a cold start take, on the handlers, SDK clients and adapters of the cloud, an
//! embedded AWS and a simulated Garmin that answers at once.
//!
//! * [`line`]: everything between a request and the tables, with a [meter](sync_testkit::meter) in its DynamoDB client;
//! * [`requests`], [`imports`], [`processes`] and [`load`], with its open [`pages`]: what is measured;
//! * [`function`]: a function's own binary on a stub of the Lambda Runtime API, and [`tls`] between it and its tables;
//! * [`report`]: how it is shown, and which promises it keeps.
//!
//! Times are the machine's. What is promised are ratios within one run, and counts.

#![recursion_limit = "256"]

pub mod function;
pub mod imports;
pub mod kernel;
pub mod line;
pub mod load;
pub mod pages;
pub mod processes;
pub mod report;
pub mod requests;
pub mod tls;
