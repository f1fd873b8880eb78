//! What the simulator promises to those who build on it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod answers;
mod client;
mod data;
mod faults;
mod garminconnect;
mod recordings;
mod tokens;
