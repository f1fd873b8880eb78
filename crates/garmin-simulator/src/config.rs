//! What a simulator is started with: who has a watch since when, what time it is, how fast it answers.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::faults::FaultPlan;

/// The client ids of Garmin's mobile apps, in the order a client tries them.
pub const CLIENT_IDS: [&str; 4] = [
    "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2",
    "GARMIN_CONNECT_MOBILE_ANDROID_DI_2024Q4",
    "GARMIN_CONNECT_MOBILE_ANDROID_DI",
    "GARMIN_CONNECT_MOBILE_IOS_DI",
];

/// Where the simulator takes the time from. It never reads the machine's clock itself.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// A clock that asks `now` whenever the simulator needs the time.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// A clock that stands still at `moment`.
    #[must_use]
    pub fn standing_at(moment: DateTime<Utc>) -> Self {
        Self::new(move || moment)
    }

    /// The present moment of this clock.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

/// One person with a watch.
#[derive(Clone, Debug)]
pub struct AccountConfig {
    /// The name tests and the control surface use for the account, and the user name of the login.
    pub name: String,
    /// Garmin's `displayName`: what stands in the paths of the per-day endpoints.
    pub display_name: String,
    /// The day the person got the watch. Garmin has nothing before it.
    pub first_day: NaiveDate,
    /// The zone that decides where this person's days begin.
    pub time_zone: Tz,
    /// The first day of nightly heart rate variability: watches learned it long after the other metrics.
    pub hrv_since: NaiveDate,
    /// The password of the login; `None` lets any password in.
    pub password: Option<String>,
    /// The code the login asks for; `None` means no second factor.
    pub mfa_code: Option<String>,
    /// Whether a login is answered with `CAPTCHA_REQUIRED`.
    pub captcha: bool,
    /// Whether a login is answered with `ACCOUNT_LOCKED`.
    pub locked: bool,
    /// Whether the person keeps a menstrual calendar.
    pub menstrual_calendar: bool,
}

impl AccountConfig {
    /// An account whose display name is derived from `name`, in Berlin, with a watch since 2015 and no MFA.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            display_name: format!("{name}-runs"),
            name,
            first_day: day(2015, 1, 1),
            time_zone: Tz::Europe__Berlin,
            hrv_since: day(2021, 6, 1),
            password: None,
            mfa_code: None,
            captcha: false,
            locked: false,
            menstrual_calendar: true,
        }
    }

    /// The same account with a watch since `first_day`.
    #[must_use]
    pub fn since(mut self, first_day: NaiveDate) -> Self {
        self.first_day = first_day;
        self
    }

    /// The same account in another zone.
    #[must_use]
    pub fn in_zone(mut self, time_zone: Tz) -> Self {
        self.time_zone = time_zone;
        self
    }
}

/// Everything a simulator is started with.
#[derive(Clone, Debug)]
pub struct SimulatorConfig {
    /// Where to listen. Port 0 takes any free port.
    pub addr: SocketAddr,
    /// Decides every generated value and signs every token.
    pub seed: u64,
    /// The people. The first one is the demo account.
    pub accounts: Vec<AccountConfig>,
    /// The time. Days after its today do not exist, and today itself is not over.
    pub clock: Clock,
    /// How long an access token is good for. Garmin's live 18 to 27 hours.
    pub access_token_lifetime: Duration,
    /// How long a refresh token is good for. Garmin's live about 30 days.
    pub refresh_token_lifetime: Duration,
    /// Intraday series of days older than this many days are off-loaded: the objects come without them.
    pub intraday_days: u32,
    /// How long every answer takes.
    pub latency: Duration,
    /// The client ids whose service-ticket grants are honoured; the others are refused.
    pub ticket_client_ids: Vec<String>,
    /// What goes wrong, from the first call on.
    pub faults: FaultPlan,
}

impl SimulatorConfig {
    /// One account `demo` with a watch since 2015, on any free loopback port, answering at once.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 1,
            accounts: vec![AccountConfig::new("demo")],
            clock,
            access_token_lifetime: Duration::from_secs(24 * 3600),
            refresh_token_lifetime: Duration::from_secs(30 * 24 * 3600),
            intraday_days: 180,
            latency: Duration::ZERO,
            ticket_client_ids: CLIENT_IDS.iter().map(ToString::to_string).collect(),
            faults: FaultPlan::default(),
        }
    }

    /// The default configuration with a clock that stands still at `moment`.
    #[must_use]
    pub fn at(moment: DateTime<Utc>) -> Self {
        Self::new(Clock::standing_at(moment))
    }
}

/// A date known at compile time to exist; an impossible one becomes the epoch rather than a panic.
pub(crate) const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => NaiveDate::MIN,
    }
}
