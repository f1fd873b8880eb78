//! What a run is made of: how long it goes on, how many people take part, and how often what goes wrong.

use chrono::TimeDelta;
use rand::Rng;
use rand::rngs::SmallRng;

use super::mistakes::Mistake;

/// How likely each fault is, where it can happen. Zero everywhere is a world in which nothing fails.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// An actor is killed, at each of its await points.
    pub crash: f64,
    /// An actor is not polled for 3 to 30 minutes, at each of its await points.
    pub freeze: f64,
    /// A store refuses a request before doing anything.
    pub unavailable: f64,
    /// A write is applied, and its answer lost.
    pub unknown_applied: f64,
    /// A write is lost on its way, and nobody can tell.
    pub unknown_lost: f64,
    /// A store takes 20 seconds to answer.
    pub slow: f64,
    /// The index of due jobs shows what was there some seconds ago.
    pub stale_index: f64,
    /// A message is lost.
    pub message_lost: f64,
    /// A message is there twice.
    pub message_doubled: f64,
    /// A message is one of the first release's.
    pub message_old: f64,
    /// A message takes up to 15 minutes.
    pub message_delayed: f64,
    /// A message in work is seen by somebody else before its time.
    pub message_early: f64,
    /// Beside a message there is one that nobody can read.
    pub message_poison: f64,
    /// An actor's clock is wrong by up to 4 seconds.
    pub clock_skew: f64,
    /// An actor's clock is wrong by 10 minutes.
    pub clock_jump: f64,
    /// Garmin starts to throttle the account, at each call.
    pub garmin_throttle: f64,
    /// Garmin answers with an error, or with something that cannot be read, at each call.
    pub garmin_error: f64,
    /// Garmin goes down for some minutes, at each call.
    pub garmin_outage: f64,
    /// Garmin takes 20 seconds to answer.
    pub garmin_slow: f64,
    /// Garmin revokes the tokens, at each call.
    pub garmin_revokes: f64,
    /// Some days of a source cannot be had for some hours.
    pub garmin_bad_day: f64,
    /// The key service is unavailable.
    pub vault: f64,
    /// The sweeper is off for an hour, at each of its ticks.
    pub sweeper_off: f64,
    /// Two sweepers run at once.
    pub sweeper_doubled: f64,
    /// A sweeper looks ahead, as a local runtime's does after a restart.
    pub sweeper_ahead: f64,
}

impl Faults {
    /// Some faults often, some seldom, some never: runs differ in what goes wrong, not only in when.
    fn some(rng: &mut SmallRng) -> Self {
        let mut up_to = |limit: f64| if rng.random_bool(0.4) { 0.0 } else { rng.random_range(0.0..limit) };
        Self {
            crash: up_to(0.03),
            freeze: up_to(0.01),
            unavailable: up_to(0.05),
            unknown_applied: up_to(0.06),
            unknown_lost: up_to(0.04),
            slow: up_to(0.02),
            stale_index: up_to(0.5),
            message_lost: up_to(0.3),
            message_doubled: up_to(0.3),
            message_old: up_to(0.2),
            message_delayed: up_to(0.2),
            message_early: up_to(0.3),
            message_poison: up_to(0.02),
            clock_skew: up_to(1.0),
            clock_jump: up_to(0.1),
            garmin_throttle: up_to(0.02),
            garmin_error: up_to(0.1),
            garmin_outage: up_to(0.02),
            garmin_slow: up_to(0.3),
            garmin_revokes: up_to(0.01),
            garmin_bad_day: up_to(0.3),
            vault: up_to(0.02),
            sweeper_off: up_to(0.02),
            sweeper_doubled: up_to(0.3),
            sweeper_ahead: up_to(0.2),
        }
    }
}

/// A run's make-up. [`Config::of_seed`] draws one; [`Config::one_quiet_job`] is the run of the crash sweeps.
#[derive(Clone, Debug)]
pub struct Config {
    /// What goes wrong, until it stops.
    pub faults: Faults,
    /// How long things go wrong and people press buttons. After that faults are off and everything must end.
    pub troubled: TimeDelta,
    /// How many people take part. The first two have one Garmin account between them.
    pub people: usize,
    /// The mean time between two things that one person does.
    pub restlessness: TimeDelta,
    /// When a function is ended from outside.
    pub function_timeout: TimeDelta,
    /// The longest historical import, in days.
    pub longest_range: u32,
    /// Actors are killed at these await points, counted over the whole run.
    pub crash_at: Vec<u64>,
    /// A mistake planted into the world.
    pub mistake: Option<Mistake>,
    /// Whether the first person starts one import and nobody does anything else.
    pub one_import_only: bool,
}

impl Config {
    /// What this seed stands for.
    #[must_use]
    pub fn of_seed(rng: &mut SmallRng) -> Self {
        Self {
            faults: Faults::some(rng),
            troubled: TimeDelta::minutes(rng.random_range(30..360)),
            people: rng.random_range(1..=3),
            restlessness: TimeDelta::seconds(rng.random_range(60..1500)),
            function_timeout: TimeDelta::seconds(rng.random_range(45..=180)),
            longest_range: if rng.random_bool(0.2) { 140 } else { 65 },
            crash_at: Vec::new(),
            mistake: None,
            one_import_only: false,
        }
    }

    /// One import of two chunks in a world without faults, with kills at the await points `crash_at`.
    #[must_use]
    pub fn one_quiet_job(crash_at: Vec<u64>) -> Self {
        Self {
            faults: Faults::default(),
            troubled: TimeDelta::seconds(150),
            people: 1,
            restlessness: TimeDelta::days(1),
            function_timeout: TimeDelta::seconds(45),
            longest_range: 31,
            crash_at,
            mistake: None,
            one_import_only: true,
        }
    }
}
