//! The pace: one call of an account at a time, and a gap between them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sync_core::AccountKey;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep_until};

/// Randomness for waits.
#[derive(Debug)]
pub struct Jitter(Mutex<StdRng>);

impl Jitter {
    /// From the operating system.
    #[must_use]
    pub fn from_os() -> Self {
        Self(Mutex::new(StdRng::from_os_rng()))
    }

    /// The same waits for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// A duration between the two, both included; `from` when they are the wrong way round.
    pub(crate) fn between(&self, from: Duration, to: Duration) -> Duration {
        if from >= to {
            return from;
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).random_range(from..=to)
    }
}

/// When the account's latest call began.
type Latest = Option<Instant>;

/// Whose turn it is.
#[derive(Debug)]
pub(crate) struct Pace {
    gap: Duration,
    gap_jitter: Duration,
    accounts: Mutex<HashMap<AccountKey, Arc<tokio::sync::Mutex<Latest>>>>,
}

/// The right to make one call of an account; dropping it lets the next begin.
pub(crate) struct Turn(#[expect(dead_code, reason = "held for its lock")] OwnedMutexGuard<Latest>);

impl Pace {
    pub(crate) fn new(gap: Duration, gap_jitter: Duration) -> Self {
        Self { gap, gap_jitter, accounts: Mutex::default() }
    }

    /// Waits for the account's turn.
    pub(crate) async fn turn(&self, account: &AccountKey, jitter: &Jitter) -> Turn {
        let latest = {
            let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(accounts.entry(account.clone()).or_default())
        };
        let mut latest = latest.lock_owned().await;
        if let Some(before) = *latest {
            let gap = jitter.between(self.gap, self.gap + self.gap_jitter);
            sleep_until(before + gap).await;
        }
        *latest = Some(Instant::now());
        Turn(latest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_of_an_account_keep_their_distance_and_other_accounts_do_not_wait() {
        let pace = Pace::new(Duration::from_secs(1), Duration::from_millis(200));
        let jitter = Jitter::seeded(1);
        let (one, other) = (AccountKey::of("one"), AccountKey::of("other"));
        let begin = Instant::now();
        drop(pace.turn(&one, &jitter).await);
        drop(pace.turn(&other, &jitter).await);
        assert_eq!(begin.elapsed(), Duration::ZERO);
        drop(pace.turn(&one, &jitter).await);
        let waited = begin.elapsed();
        assert!(waited >= Duration::from_secs(1) && waited <= Duration::from_millis(1_201), "{waited:?}");
    }

    #[test]
    fn a_seed_decides_every_wait() {
        let waits = |seed| {
            let jitter = Jitter::seeded(seed);
            [0; 8].map(|_| jitter.between(Duration::from_secs(1), Duration::from_secs(10)))
        };
        assert_eq!(waits(7), waits(7));
        assert_ne!(waits(7), waits(8));
        assert!(waits(7).iter().all(|wait| (1.0..=10.0).contains(&wait.as_secs_f64())));
    }
}
