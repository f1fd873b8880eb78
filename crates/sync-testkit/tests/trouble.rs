//! A worker and a Garmin that throttles, is silent or says what nobody can read, over the fakes.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its world has failed")]

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use sync_core::dates::DateRange;
use sync_core::job::{JobStatus, PauseReason};
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

type Answer = fn(&Window) -> Result<Fetched, FetchError>;

/// A Garmin with some sources, each asked day by day, whose token endpoint is silent.
#[derive(Clone)]
struct Troubled {
    sources: &'static [&'static str],
    answer: Answer,
    asked: Arc<Mutex<Vec<Window>>>,
}

impl GarminSource for Troubled {
    fn plan(&self, request: &PlanRequest<'_>) -> WindowPlan {
        let days: Vec<_> = request.range.iter().map(|day| DateRange::new(day, day).unwrap()).collect();
        let of = |source| days.iter().map(move |day| Window::days(SourceId::new(source), *day));
        WindowPlan { windows: self.sources.iter().flat_map(|source| of(source)).collect(), offloaded: vec![] }
    }

    fn metrics(&self, _: &Window) -> &'static [MetricType] {
        &[MetricType::Steps]
    }

    fn longest_window(&self) -> TimeDelta {
        TimeDelta::seconds(10)
    }

    async fn fetch(&self, _: &Session, window: &Window, _: DateTime<Utc>) -> Result<Fetched, FetchError> {
        self.asked.lock().unwrap().push(window.clone());
        (self.answer)(window)
    }

    async fn refresh(&self, _: &Tokens) -> Result<Tokens, RefreshError> {
        Err(silent_token_endpoint())
    }
}

fn silent_token_endpoint() -> RefreshError {
    RefreshError::Unavailable { code: "timeout".to_owned() }
}

fn throttled(_: &Window) -> Result<Fetched, FetchError> {
    Err(FetchError::Throttled { retry_after: None })
}

fn silent(_: &Window) -> Result<Fetched, FetchError> {
    Err(FetchError::Unavailable { code: "timeout".to_owned() })
}

fn well(_: &Window) -> Result<Fetched, FetchError> {
    Ok(Fetched::default())
}

struct World {
    store: MemoryStore,
    clock: ManualClock,
    garmin: Troubled,
    tokens_last: TimeDelta,
}

impl World {
    fn new(sources: &'static [&'static str], answer: Answer) -> Self {
        let clock = ManualClock::new(build::start_of_test());
        let garmin = Troubled { sources, answer, asked: Arc::default() };
        Self { store: MemoryStore::new(), clock, garmin, tokens_last: TimeDelta::days(2) }
    }

    /// A new user with an account of their own starts an import, and a worker is nudged.
    async fn first_chunk_of(&self, number: u64) -> ChunkOutcome {
        let user: UserId = build::user(&format!("user-{number}"));
        let account = build::account(&format!("account-{number}"));
        let vault = MemoryVault::default();
        let mut tokens = build::tokens("access", "refresh");
        tokens.expires_at = self.clock.now() + self.tokens_last;
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
            garmin: self.garmin.clone(),
            clock: self.clock.clone(),
            ids: SeededIds::new(number),
        };
        worker.process(&Nudge::of(&job), self.clock.now() + TimeDelta::seconds(180)).await.unwrap()
    }

    /// How often a source was asked.
    fn asked(&self, source: &str) -> usize {
        self.garmin.asked.lock().unwrap().iter().filter(|window| window.source.as_str() == source).count()
    }

    fn asked_at_all(&self) -> usize {
        self.garmin.asked.lock().unwrap().len()
    }
}

const THROTTLED: ChunkOutcome = ChunkOutcome::Paused(PauseReason::Throttled);

#[tokio::test]
async fn when_account_after_account_is_throttled_the_next_one_is_not_asked_at_all() {
    let mut world = World::new(&["steps"], throttled);
    for number in 0..u64::from(BREAKER_THROTTLES) {
        assert_eq!(world.first_chunk_of(number).await, THROTTLED);
    }
    assert_eq!(world.asked_at_all(), BREAKER_THROTTLES as usize, "each was asked once");

    assert_eq!(world.first_chunk_of(100).await, THROTTLED);
    assert_eq!(world.asked_at_all(), BREAKER_THROTTLES as usize, "the breaker is open: nobody calls");
    let waiting = world.store.job(&build::job_key(&build::user("user-100"), 100)).await.unwrap().unwrap();
    assert_eq!(
        waiting.retry_at,
        Some(world.clock.now() + TimeDelta::minutes(30)),
        "and the job says until when"
    );

    world.clock.advance(TimeDelta::minutes(31));
    world.garmin.answer = well;
    assert!(matches!(world.first_chunk_of(101).await, ChunkOutcome::Done { .. }));
    let counted = world.store.account(&AccountKey::everybody()).await.unwrap();
    assert_eq!(counted.consecutive_throttles, 0, "one finished chunk closes it");
}

#[tokio::test]
async fn a_few_throttled_accounts_do_not_stop_the_others() {
    let mut world = World::new(&["steps"], throttled);
    for number in 0..u64::from(BREAKER_THROTTLES) - 1 {
        assert_eq!(world.first_chunk_of(number).await, THROTTLED);
    }
    world.garmin.answer = well;
    assert!(matches!(world.first_chunk_of(100).await, ChunkOutcome::Done { .. }));
}

const SOURCES: &[&str] = &["summary", "stress", "sleep", "hrv"];

/// The days of a chunk.
const DAYS: usize = 30;

#[tokio::test]
async fn a_source_that_is_silent_or_cannot_be_read_keeps_no_other_from_being_asked() {
    let silent: Answer =
        |window| if window.source.as_str() == "summary" { silent(window) } else { well(window) };
    let unreadable: Answer = |window| match window.source.as_str() {
        "summary" => Err(FetchError::Unreadable { path: "$.totalSteps".to_owned() }),
        _ => well(window),
    };
    for (answer, times) in [(silent, 2), (unreadable, DAYS)] {
        let world = World::new(SOURCES, answer);
        assert_eq!(world.first_chunk_of(1).await, ChunkOutcome::AgainLater);
        for others in &SOURCES[1..] {
            assert_eq!(world.asked(others), DAYS, "{others}");
        }
        assert_eq!(world.asked("summary"), times);
        let job = world.store.job(&build::job_key(&build::user("user-1"), 1)).await.unwrap().unwrap();
        assert_eq!(job.status, JobStatus::Running);
        let chunk = job.current_chunk().unwrap().range;
        for source in SOURCES {
            let is_done = job.progress.covers(&Window::days(SourceId::new(source), chunk));
            assert_eq!(
                is_done,
                *source != "summary",
                "{source}: the next claim asks for what failed, and for nothing else"
            );
        }
    }
}

#[tokio::test]
async fn a_garmin_that_is_silent_altogether_is_asked_little() {
    let world = World::new(SOURCES, silent);
    assert_eq!(world.first_chunk_of(1).await, ChunkOutcome::AgainLater);
    assert_eq!(world.asked_at_all(), 2 + 1 + 1, "three sources are silent");
}

#[tokio::test]
async fn while_a_token_is_good_a_token_endpoint_that_is_silent_stops_nobody() {
    let mut world = World::new(SOURCES, well);
    world.tokens_last = TimeDelta::minutes(5);
    assert!(matches!(world.first_chunk_of(1).await, ChunkOutcome::Done { .. }));
    world.tokens_last = TimeDelta::zero();
    assert_eq!(world.first_chunk_of(2).await, ChunkOutcome::AgainLater);
    assert_eq!(world.asked_at_all(), DAYS * SOURCES.len());
}
