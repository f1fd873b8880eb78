//! A Garmin Connect that answers as the real one does, for the demo, the tests and the benchmarks.
//!
//! * The same configuration gives the same data: every value comes from (seed, account, day), and any day is
//!   made without the days before it.
//! * The time is passed in. Days after the clock's today do not exist, and today is not over.
//! * [`Truth`] tells a test what is right, in types, so that it can check every value that was stored.
//! * Tokens rotate and expire as Garmin's, and outlive a restart of the simulator with the same seed (see the
//!   notes in `tokens.rs` on what a restart forgets).
//! * [`FaultPlan`] makes things go wrong, [`Simulator::calls`] tells who asked for what.
//!
//! What it does not do: the FIT download (`/download-service/…`) is 404.
//!
//! ```no_run
//! # async fn demo(now: chrono::DateTime<chrono::Utc>) -> std::io::Result<()> {
//! use garmin_simulator::{Fault, FaultRule, Simulator, SimulatorConfig};
//!
//! let garmin = Simulator::start(SimulatorConfig::at(now)).await?;
//! garmin.add_fault(FaultRule::on("/hrv-service/", Fault::ServerError).times(2));
//! println!("{} {:?}", garmin.base_url(), garmin.demo_tokens());
//! # Ok(())
//! # }
//! ```

#![recursion_limit = "256"]

mod calls;
mod config;
mod control;
mod data;
mod endpoints;
mod faults;
mod server;
mod sign_in;
mod tokens;
mod truth;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use calls::{Call, Manners};
pub use config::{AccountConfig, CLIENT_IDS, Clock, SimulatorConfig};
pub use data::activities::{ActivityName, ActivityTruth, Sport};
pub use data::body::{BloodPressureTruth, CycleTruth, WeighInTruth};
pub use data::day::{
    BodyBatteryTruth, DayTruth, FitnessAgeTruth, HrvBaseline, HrvTruth, RaceTruth, ReadinessTruth,
    ScoresTruth, StressTruth, ThresholdTruth, TrainingTruth,
};
pub use data::sleep::{SleepLevel, SleepStage, SleepTruth};
pub use data::workouts::WorkoutTruth;
pub use faults::{Days, Fault, FaultPlan, FaultRule, Matcher};
pub use tokens::TokenSet;
pub use truth::Truth;

use server::World;

/// A running simulator. Dropping it stops the server and closes its connections.
pub struct Simulator {
    addr: SocketAddr,
    world: World,
    server: JoinHandle<()>,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").field("addr", &self.addr).finish_non_exhaustive()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Simulator {
    /// Binds the address and answers from then on, on the runtime this is called from.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound.
    pub async fn start(config: SimulatorConfig) -> std::io::Result<Self> {
        let listener = TcpListener::bind(config.addr).await?;
        let addr = listener.local_addr()?;
        let world = World::new(config);
        let server = tokio::spawn(server::serve(listener, world.clone()));
        Ok(Self { addr, world, server })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://…` without a slash at the end; stands for all of Garmin's hosts.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The calls so far, earliest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.world.calls.all()
    }

    /// Forgets the calls and how the accounts were treated. Sequence numbers go on.
    pub fn clear_calls(&self) {
        self.world.calls.clear();
    }

    /// How each account was treated: concurrency, calls too early after a 429.
    #[must_use]
    pub fn manners(&self) -> BTreeMap<String, Manners> {
        self.world.calls.manners()
    }

    /// Replaces the rules of what goes wrong; their counts begin anew.
    pub fn set_faults(&self, plan: FaultPlan) {
        self.world.faults.set(plan);
    }

    /// Adds a rule after those there are; the others go on counting.
    pub fn add_fault(&self, rule: FaultRule) {
        self.world.faults.add(rule);
    }

    /// A new link of the first account, `None` when there are no accounts. Every call is a link of its own:
    /// the tokens of one do not age those of another.
    #[must_use]
    pub fn demo_tokens(&self) -> Option<TokenSet> {
        self.tokens_for(&self.world.people.first()?.account.name)
    }

    /// A new link of an account, `None` when there is no such account.
    #[must_use]
    pub fn tokens_for(&self, account: &str) -> Option<TokenSet> {
        self.world.tokens.mint(account, CLIENT_IDS[0], self.world.clock.now()).map(|granted| granted.tokens)
    }

    /// Refuses every token the account has, until a new login (or `tokens_for`).
    pub fn revoke(&self, account: &str) {
        self.world.tokens.revoke(account);
    }

    /// What is really in there.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.world.truth()
    }

    /// Stops the server and waits until the port is free.
    pub async fn shutdown(mut self) {
        self.server.abort();
        // The error is the cancellation just asked for.
        drop((&mut self.server).await);
    }
}
