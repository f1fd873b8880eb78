//! The Garmin simulator: inside the system, and alone.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use garmin_simulator::{
    AccountConfig, Clock, Days, FaultPlan, FaultRule, Matcher, Simulator, SimulatorConfig,
};
use sync_core::Clock as _;
use sync_core::ports::SystemClock;

use crate::cli::SimulatorArgs;

/// The demo account's name in the simulator.
pub const DEMO_ACCOUNT: &str = "demo";

/// An account that asks for a code at sign-in, to try that with. Like the demo account it takes any password.
pub const MFA_ACCOUNT: &str = "mfa";

/// The code that it asks for.
pub const MFA_CODE: &str = "123456";

/// Starts a simulator that lives by the machine's clock.
///
/// # Errors
/// When the address cannot be had.
pub async fn start(addr: SocketAddr, seed: u64, latency: Duration, faults: FaultPlan) -> Result<Simulator> {
    start_with(configured(addr, seed, latency, faults)).await
}

/// Starts the simulator that the flags describe.
///
/// # Errors
/// When the address cannot be had.
pub async fn start_alone(args: &SimulatorArgs) -> Result<Simulator> {
    let latency = Duration::from_millis(args.latency_ms);
    let mut config = configured(args.addr, args.seed, latency, faults(args));
    if let Some(account) = config.accounts.first_mut() {
        account.password.clone_from(&args.password);
        account.mfa_code.clone_from(&args.mfa_code);
        account.captcha = args.captcha;
        account.locked = args.locked;
    }
    start_with(config).await
}

fn configured(addr: SocketAddr, seed: u64, latency: Duration, faults: FaultPlan) -> SimulatorConfig {
    let mut config = SimulatorConfig::new(Clock::new(|| SystemClock.now()));
    config.addr = addr;
    config.seed = seed;
    config.latency = latency;
    config.faults = faults;
    config
        .accounts
        .push(AccountConfig { mfa_code: Some(MFA_CODE.to_owned()), ..AccountConfig::new(MFA_ACCOUNT) });
    config
}

async fn start_with(config: SimulatorConfig) -> Result<Simulator> {
    let addr = config.addr;
    Simulator::start(config).await.with_context(|| format!("the simulator cannot listen on {addr}"))
}

/// The faults that the flags describe.
#[must_use]
pub fn faults(args: &SimulatorArgs) -> FaultPlan {
    let days = (args.fault_from.is_some() || args.fault_to.is_some()).then(|| Days {
        from: args.fault_from.unwrap_or(chrono::NaiveDate::MIN),
        to: args.fault_to.unwrap_or(chrono::NaiveDate::MAX),
    });
    FaultPlan::of(args.fault.iter().map(|fault| FaultRule {
        matcher: Matcher {
            path_contains: args.fault_path.clone(),
            days,
            every_nth: args.fault_every,
            ..Matcher::default()
        },
        fault: fault.clone(),
        times: args.fault_times,
    }))
}
