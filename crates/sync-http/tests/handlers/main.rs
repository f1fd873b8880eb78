//! The functions' real handlers in a world in memory: every status and message of the contract, the sample events, and
//! the queue's batches.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod contract;
mod events;
mod logs;
mod queue;
mod world;
