//! The whole system on one machine, and the command line.
//!
//! The same handlers, SDK clients and adapters as in the cloud run in one process on loopback, on an embedded AWS:
//!
//! * [`gateway`] does what API Gateway does, with [`issuer`] in place of an identity provider, and serves the [`page`];
//! * [`poller`] does what Lambda does between a queue and its function, [`ticker`] what the schedule does;
//! * [`system`] wires them, on a [data directory](data_dir) that one server has at a time;
//! * [`commands`] is what the [command line](cli) does with all that.

pub mod cli;
pub mod client;
pub mod commands;
pub mod data_dir;
pub mod demo;
pub mod garmin;
pub mod gateway;
pub mod gateway_event;
pub mod gateway_head;
pub mod history;
pub mod invocation;
pub mod issuer;
pub mod link;
pub mod logging;
pub mod login;
pub mod page;
pub mod people;
pub mod poller;
pub mod progress;
pub mod signals;
pub mod simulator;
pub mod storage;
pub mod system;
pub mod ticker;
