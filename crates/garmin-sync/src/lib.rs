//! The whole system on one machine, and the command line.

pub mod cli;
pub mod client;
pub mod data_dir;
pub mod gateway;
pub mod gateway_event;
pub mod invocation;
pub mod issuer;
pub mod people;
pub mod poller;
pub mod progress;
pub mod ticker;
