//! The global breaker, over the fakes: when Garmin throttles account after account, nobody is asked for a while.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its world has failed")]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use sync_core::job::PauseReason;
use sync_core::ports::{FetchError, Fetched, Nudge, RefreshError, Session};
use sync_core::timing::BREAKER_THROTTLES;
use sync_core::use_cases::process_chunk::{ChunkOutcome, Worker};
use sync_core::window::{PlanRequest, SourceId, WindowPlan};
use sync_core::{
    AccountKey, Clock, GarminSource, JobStore, LinkStore, MetricType, TokenVault, Tokens, UserId, Window,
};
use sync_testkit::build;
use sync_testkit::clock::{ManualClock, SeededIds};
use sync_testkit::memory::{MemoryQueue, MemoryStore, MemoryVault};

/// A Garmin that throttles everybody until it is told otherwise, and counts its calls.
#[derive(Default)]
struct Throttling {
    calls: AtomicU32,
    answers: AtomicBool,
}

impl GarminSource for &Throttling {
    fn plan(&self, request: &PlanRequest<'_>) -> WindowPlan {
        WindowPlan { windows: vec![Window::days(SourceId::new("steps"), request.range)], offloaded: vec![] }
    }

    fn metrics(&self, _: &Window) -> &'static [MetricType] {
        &[MetricType::Steps]
    }

    fn longest_window(&self) -> TimeDelta {
        TimeDelta::seconds(10)
    }

    async fn fetch(&self, _: &Session, _: &Window, _: DateTime<Utc>) -> Result<Fetched, FetchError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if self.answers.load(Ordering::Relaxed) {
            Ok(Fetched::default())
        } else {
            Err(FetchError::Throttled { retry_after: None })
        }
    }

    async fn refresh(&self, tokens: &Tokens) -> Result<Tokens, RefreshError> {
        Ok(tokens.clone())
    }
}

struct World {
    store: MemoryStore,
    clock: ManualClock,
    garmin: Throttling,
}

impl World {
    fn new() -> Self {
        let clock = ManualClock::new(build::start_of_test());
        Self { store: MemoryStore::new(), clock, garmin: Throttling::default() }
    }

    /// A new user with an account of their own starts an import, and a worker is nudged.
    async fn first_chunk_of(&self, number: u64) -> ChunkOutcome {
        let user: UserId = build::user(&format!("user-{number}"));
        let account = build::account(&format!("account-{number}"));
        let vault = MemoryVault::default();
        let mut tokens = build::tokens("access", "refresh");
        tokens.expires_at = self.clock.now() + TimeDelta::days(2);
        let mut link = build::link_to(&user, account.clone());
        link.tokens = vault.seal(&user, &tokens).await.unwrap();
        self.store.insert_link(link);
        let job = build::job(&user).number(number).account(account).build();
        self.store.start(&job, None).await.unwrap();
        let worker = Worker {
            jobs: self.store.clone(),
            links: self.store.clone(),
            queue: MemoryQueue::new(self.clock.clone()),
            vault,
            garmin: &self.garmin,
            clock: self.clock.clone(),
            ids: SeededIds::new(number),
        };
        worker.process(&Nudge::of(&job), self.clock.now() + TimeDelta::seconds(180)).await.unwrap()
    }

    fn calls(&self) -> u32 {
        self.garmin.calls.load(Ordering::Relaxed)
    }
}

const THROTTLED: ChunkOutcome = ChunkOutcome::Paused(PauseReason::Throttled);

#[tokio::test]
async fn when_account_after_account_is_throttled_the_next_one_is_not_asked_at_all() {
    let world = World::new();
    for number in 0..u64::from(BREAKER_THROTTLES) {
        assert_eq!(world.first_chunk_of(number).await, THROTTLED);
    }
    assert_eq!(world.calls(), BREAKER_THROTTLES, "each was asked once");

    assert_eq!(world.first_chunk_of(100).await, THROTTLED);
    assert_eq!(world.calls(), BREAKER_THROTTLES, "the breaker is open: nobody calls");
    let waiting = world.store.job(&build::job_key(&build::user("user-100"), 100)).await.unwrap().unwrap();
    assert_eq!(
        waiting.retry_at,
        Some(world.clock.now() + TimeDelta::minutes(30)),
        "and the job says until when"
    );

    world.clock.advance(TimeDelta::minutes(31));
    world.garmin.answers.store(true, Ordering::Relaxed);
    assert!(matches!(world.first_chunk_of(101).await, ChunkOutcome::Done { .. }));
    let counted = world.store.account(&AccountKey::everybody()).await.unwrap();
    assert_eq!(counted.consecutive_throttles, 0, "one finished chunk closes it");
}

#[tokio::test]
async fn a_few_throttled_accounts_do_not_stop_the_others() {
    let world = World::new();
    for number in 0..u64::from(BREAKER_THROTTLES) - 1 {
        assert_eq!(world.first_chunk_of(number).await, THROTTLED);
    }
    world.garmin.answers.store(true, Ordering::Relaxed);
    assert!(matches!(world.first_chunk_of(100).await, ChunkOutcome::Done { .. }));
}
