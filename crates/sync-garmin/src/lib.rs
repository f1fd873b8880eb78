//! Garmin Connect as a [`sync_core::GarminSource`]: endpoints as data, tokens, pace, errors, and what an answer means as
//! the domain's records.
//!
//! * [`GarminClient`] asks: one request in flight per account, a gap between them, quick retries, never past a deadline.
//! * [`endpoints::table`] says what there is to ask. Paths, caps and habits stand there and nowhere else.
//! * It signs people in as Garmin's mobile app does ([`sync_core::sign_in::GarminSignIn`]).
//! * [`parse_tokens`] reads a link as Garmin clients write it; [`GarminClient::profile`] tells whose it is.
//!
//! No token, no part of a URL and no value of a person gets into an error or a log line: errors are codes and the names
//! of fields.

mod caps;
mod client;
mod config;
pub mod endpoints;
mod harvest;
mod pace;
mod plan;
mod profile;
mod reading;
mod retry;
mod sign_in;
mod tokens;
mod transport;

pub use client::{ClientError, GarminClient};
pub use config::GarminConfig;
pub use pace::Jitter;
pub use profile::Profile;
pub use sign_in::SignInClient;
pub use tokens::{InvalidTokens, parse_tokens};
