//! The functions' real handlers in a world in memory: every status and message of the contract, the sample events, and
//! the queue's batches.

mod contract;
mod events;
mod queue;
mod world;
