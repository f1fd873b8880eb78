//! The Garmin that this system imports from: the built-in simulator, another one, or Garmin Connect.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sync_core::ports::SystemClock;
use sync_core::timing::COMMIT_MARGIN;
use sync_garmin::{GarminClient, GarminConfig, Jitter, SignInClient};
use url::Url;

use crate::cli::{Garmin, SystemArgs};

/// The longest that asking a simulator for one window may take, and how many of them fit into an invocation at least.
const SIMULATED_WINDOW: Duration = Duration::from_secs(10);
const WINDOWS_PER_INVOCATION: u32 = 3;

/// Where Garmin is and how it is asked.
#[derive(Clone, Debug)]
pub struct Connection {
    config: GarminConfig,
    simulator: Option<Url>,
}

impl Connection {
    /// The Garmin that the flags name; `built_in` is the address of the built-in simulator, when it runs.
    ///
    /// # Errors
    /// When an address is none.
    pub fn new(args: &SystemArgs, built_in: Option<&str>) -> Result<Self> {
        let simulator = match (built_in, &args.garmin_url) {
            (Some(url), _) => Some(url),
            (None, Some(url)) => Some(url.as_str()),
            (None, None) => None,
        };
        let simulator = simulator
            .map(|url| Url::parse(url).with_context(|| format!("{url} is not an address of a Garmin")))
            .transpose()?;
        let mut config = match &simulator {
            Some(url) => GarminConfig::simulator(url.clone(), url.clone()),
            None => GarminConfig::connect()?,
        };
        if simulator.is_some() {
            // An invocation stops when less than a window's time is left: a window as long as Garmin's would leave
            // nothing of a short one.
            let budget = args.invocation().saturating_sub(COMMIT_MARGIN.to_std().unwrap_or_default());
            config.window_timeout = SIMULATED_WINDOW.min(budget / WINDOWS_PER_INVOCATION);
            config.call_timeout = config.window_timeout;
        }
        if let Some(gap) = args.garmin_gap_ms {
            config.gap = Duration::from_millis(gap);
        }
        config.intraday = args.intraday;
        config.sleep_timeline = args.intraday;
        Ok(Self { config, simulator })
    }

    /// Whether this is the built-in simulator or something that may be one.
    #[must_use]
    pub fn may_be_simulated(&self) -> bool {
        self.simulator.is_some()
    }

    /// A client of it.
    ///
    /// # Errors
    /// When the HTTP client does not start.
    pub fn client(&self) -> Result<GarminClient> {
        Ok(GarminClient::new(self.config.clone(), Arc::new(SystemClock), Jitter::from_os())?)
    }

    /// Its front door, where people sign in.
    ///
    /// # Errors
    /// When the HTTP client does not start.
    pub fn door(&self) -> Result<SignInClient> {
        Ok(SignInClient::new(self.config.clone(), Arc::new(SystemClock), Jitter::from_os())?)
    }

    /// New tokens of an account of the simulator, in the form of a link, by its control surface.
    ///
    /// # Errors
    /// When Garmin is no simulator, or has no such account.
    pub async fn simulated_tokens(&self, account: &str) -> Result<String> {
        let simulator = self.simulator.as_ref().context("this Garmin is no simulator")?;
        let url = simulator.join(&format!("/__simulator/tokens/{account}"))?;
        let answer = reqwest::get(url).await.context("the simulator does not answer")?;
        let answer = answer.error_for_status().context("the simulator has no such account")?;
        Ok(answer.text().await?)
    }
}

impl SystemArgs {
    /// The time budget of one invocation.
    #[must_use]
    pub fn invocation(&self) -> Duration {
        let default = match (self.garmin, &self.garmin_url) {
            (Garmin::Connect, None) => 180,
            _ => 30,
        };
        Duration::from_secs(self.invocation_seconds.unwrap_or(default))
    }
}
