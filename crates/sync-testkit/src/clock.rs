//! Time and randomness that a test holds in its hand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use sync_core::ids::JobId;
use sync_core::ports::{Clock, Ids};
use uuid::Uuid;

/// A clock that moves when told to. Clones show the same time.
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: Arc<Mutex<DateTime<Utc>>>,
}

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { now: Arc::new(Mutex::new(now)) }
    }

    /// Moves it on, or back.
    pub fn advance(&self, by: TimeDelta) {
        *self.lock() += by;
    }

    /// Sets it.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.lock() = now;
    }

    fn lock(&self) -> MutexGuard<'_, DateTime<Utc>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new(crate::build::start_of_test())
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.lock()
    }
}

/// Ids that repeat with their seed. Clones go on with one sequence.
#[derive(Clone, Debug)]
pub struct SeededIds {
    random: Arc<Mutex<StdRng>>,
}

impl SeededIds {
    /// The ids of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { random: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))) }
    }

    fn fill<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        random.fill_bytes(&mut bytes);
        bytes
    }
}

impl Default for SeededIds {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Ids for SeededIds {
    fn job_id(&self, now: DateTime<Utc>) -> JobId {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
        JobId::new(uuid::Builder::from_unix_timestamp_millis(millis, &self.fill()).into_uuid())
    }

    fn claim_token(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.fill()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids_and_later_ids_sort_later() {
        let now = crate::build::start_of_test();
        let (one, other) = (SeededIds::new(7), SeededIds::new(7));
        let first = one.job_id(now);
        assert_eq!(first, other.job_id(now));
        assert_eq!(one.claim_token(), other.claim_token());
        assert_ne!(one.claim_token(), one.claim_token());
        assert!(one.job_id(now + TimeDelta::milliseconds(1)) > first);
    }
}
