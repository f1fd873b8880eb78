//! How the client behaves; every number with its reason.

use std::time::Duration;

use url::Url;

/// Where Garmin is and how gently it is asked.
#[derive(Clone, Debug)]
pub struct GarminConfig {
    /// Where data calls go: `https://connectapi.garmin.com`.
    pub data_url: Url,
    /// Where tokens are refreshed: `https://diauth.garmin.com`.
    pub auth_url: Url,
    /// Where people sign in: `https://sso.garmin.com`.
    pub sso_url: Url,
    /// From the start of one call of an account to the start of the next. About a second is what other clients found safe.
    pub gap: Duration,
    /// Up to this much is added to the gap, so that accounts do not fall into step.
    pub gap_jitter: Duration,
    /// How often a call is tried that fails in passing (5xx, timeout, reset).
    pub tries: usize,
    /// The shortest wait between two tries.
    pub retry_wait_min: Duration,
    /// The longest wait between two tries.
    pub retry_wait_max: Duration,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long one call may take, connection and body included.
    pub call_timeout: Duration,
    /// How long one window may take, tries, waits and pace included. An invocation stops when less is left, so this is
    /// what it wastes at its end: long enough for one timeout and a try after it, no longer.
    pub window_timeout: Duration,
    /// Whether series within the day are imported: two calls more per recent day.
    pub intraday: bool,
    /// Whether recent nights are imported with their timeline and naps: one call more per recent day.
    pub sleep_timeline: bool,
    /// Whether laps, exercise sets and tracks are imported: two calls per activity.
    pub activity_details: bool,
    /// Whether the steps of saved workouts are imported: one call per workout, once per job.
    pub workout_steps: bool,
}

impl GarminConfig {
    /// The real Garmin at a safe pace.
    ///
    /// # Errors
    /// Never for the addresses written here; the type of parsing says it might.
    pub fn connect() -> Result<Self, url::ParseError> {
        Ok(Self {
            data_url: Url::parse("https://connectapi.garmin.com")?,
            auth_url: Url::parse("https://diauth.garmin.com")?,
            sso_url: Url::parse("https://sso.garmin.com")?,
            gap: Duration::from_millis(900),
            gap_jitter: Duration::from_millis(200),
            tries: 3,
            retry_wait_min: Duration::from_secs(1),
            retry_wait_max: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(3),
            call_timeout: Duration::from_secs(20),
            window_timeout: Duration::from_secs(45),
            intraday: false,
            sleep_timeline: false,
            activity_details: true,
            workout_steps: true,
        })
    }

    /// A simulator that stands for all of Garmin's hosts, asked without waits; people sign in where tokens are refreshed.
    #[must_use]
    pub fn simulator(data_url: Url, auth_url: Url) -> Self {
        Self {
            data_url,
            sso_url: auth_url.clone(),
            auth_url,
            gap: Duration::ZERO,
            gap_jitter: Duration::ZERO,
            tries: 3,
            retry_wait_min: Duration::ZERO,
            retry_wait_max: Duration::ZERO,
            connect_timeout: Duration::from_secs(3),
            call_timeout: Duration::from_secs(20),
            window_timeout: Duration::from_secs(45),
            intraday: false,
            sleep_timeline: false,
            activity_details: true,
            workout_steps: true,
        }
    }
}
