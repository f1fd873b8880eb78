//! What the tests of every crate share.
//!
//! * [`build`]: jobs, links and records for tests;
//! * [`clock`]: a clock that stands still, and ids that repeat with their seed;
//! * [`memory`]: fakes of the ports that keep everything in memory, run the domain's own functions, and fail on cue;
//! * [`conformance`]: one suite per port. The fakes and the real adapters pass the same ones, so that what is tested with
//!   a fake holds with DynamoDB and SQS;
//! * `simulation` (feature `simulation`): the functions in virtual time, on a seeded schedule, with everything failing that
//!   can;
//! * `embedded` (feature `embedded`): the real adapters on an AWS in this process;
//! * `meter` (same feature): what they ask of DynamoDB, and the units that it bills for.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "this crate is test code: what it expects and does not find fails the test"
)]

pub mod build;
pub mod clock;
pub mod conformance;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod memory;
#[cfg(feature = "embedded")]
pub mod meter;
#[cfg(feature = "simulation")]
pub mod simulation;
