//! Leaving, over the fakes: what unlinking and erasing do when everything fails that can, and what a worker does with
//! tokens that do not open.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot build its world has failed")]

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sync_core::job::PauseReason;
use sync_core::link::SealedTokens;
use sync_core::ports::{FetchError, Fetched, Nudge, RefreshError, Session};
use sync_core::use_cases::erase::{EraseOutcome, Eraser};
use sync_core::use_cases::process_chunk::{ChunkOutcome, Worker};
use sync_core::use_cases::unlink::{UnlinkError, Unlinker};
use sync_core::window::{PlanRequest, SourceId, WindowPlan};
use sync_core::{Clock, GarminSource, JobStatus, JobStore, LinkStore, MetricType, Tokens, UserId, Window};
use sync_testkit::build;
use sync_testkit::clock::{ManualClock, SeededIds};
use sync_testkit::memory::{Fault, MemoryQueue, MemoryStore, MemoryVault};

/// More than three batches.
const DAYS: u32 = 350;

struct World {
    store: MemoryStore,
    queue: MemoryQueue,
    clock: ManualClock,
    user: UserId,
}

impl World {
    /// A user in mid-import: a claimed job, some hundred days written, one of them the user's own.
    async fn new() -> Self {
        let clock = ManualClock::new(build::start_of_test());
        let (store, user) = (MemoryStore::new(), build::user("leaver"));
        store.insert_link(build::link(&user));
        store.insert_foreign_record(&user, &build::record("day#2024-01-07", &json!({"steps": 1})), "manual");
        let job = build::job(&user).build();
        store.start(&job, None).await.unwrap();
        let world = Self { store, queue: MemoryQueue::new(clock.clone()), clock, user };
        let job = world.store.claim(&job.key, &build::claim(world.clock.now(), 1)).await.unwrap();
        let sync_core::ports::ClaimOutcome::Claimed(job) = job else { panic!("it is claimed") };
        let done = sync_core::transition::hand_over(&job, vec![], vec![], vec![], world.clock.now());
        let _ = world.store.apply(&done, &build::days_of_steps(DAYS)).await.unwrap();
        world
    }

    fn unlinker(&self) -> Unlinker<MemoryStore, MemoryStore, MemoryStore, ManualClock> {
        let store = || self.store.clone();
        Unlinker { jobs: store(), links: store(), sign_ins: store(), clock: self.clock.clone() }
    }

    fn eraser(&self) -> Eraser<MemoryStore, MemoryQueue, ManualClock> {
        Eraser { erasures: self.store.clone(), queue: self.queue.clone(), clock: self.clock.clone() }
    }

    /// What the schedule and the queue do, minute after minute, until no erasure is left.
    async fn until_erased(&self) {
        for _ in 0..30 {
            if self.store.snapshot().erasures.is_empty() {
                return;
            }
            self.clock.advance(TimeDelta::minutes(1));
            self.eraser().sweep(TimeDelta::zero()).await.ok();
            while let Some(user) = self.queue.receive_erasure() {
                self.eraser().erase(&user, self.clock.now() + TimeDelta::seconds(180)).await.ok();
            }
        }
        panic!("the erasure does not end");
    }

    fn records(&self) -> usize {
        self.store.snapshot().records.len()
    }
}

#[tokio::test]
async fn whoever_unlinks_nothing_is_told_so_and_data_can_be_erased_later() {
    let world = World::new().await;
    let nobody = world.unlinker().unlink(&build::user("nobody"), true).await;
    assert!(matches!(nobody, Err(UnlinkError::NotLinked)));
    world.unlinker().unlink(&world.user, false).await.unwrap();
    assert!(matches!(world.unlinker().unlink(&world.user, false).await, Err(UnlinkError::NotLinked)));
    assert_eq!(world.records(), 350);
    world.unlinker().unlink(&world.user, true).await.unwrap();
    world.until_erased().await;
    assert_eq!(world.records(), 1, "the user's own");
}

#[tokio::test]
async fn a_small_budget_erases_a_batch_and_hands_over() {
    let world = World::new().await;
    world.unlinker().unlink(&world.user, true).await.unwrap();
    let outcome = world.eraser().erase(&world.user, world.clock.now()).await.unwrap();
    assert_eq!(outcome, EraseOutcome::AgainLater);
    assert!(world.records() < 350 && world.records() > 1);
    assert_eq!(world.queue.receive_erasure().as_ref(), Some(&world.user));
    let outcome = world.eraser().erase(&world.user, world.clock.now() + TimeDelta::minutes(3)).await.unwrap();
    assert_eq!(outcome, EraseOutcome::Done { records: 349 });
}

#[tokio::test]
async fn whichever_write_fails_and_however_what_was_promised_happens() {
    for fault in [Fault::Unavailable, Fault::UnknownNotApplied, Fault::UnknownApplied] {
        for nth in 1..=8 {
            let world = World::new().await;
            world.store.fail_write(nth, fault);
            let mut tries = 0;
            while let Err(error) = world.unlinker().unlink(&world.user, true).await {
                assert!(matches!(error, UnlinkError::Store(_)), "{error}");
                tries += 1;
                assert!(tries < 3);
            }
            world.until_erased().await;
            let left = world.store.snapshot();
            assert_eq!(left.records.len(), 1, "{fault:?} {nth}");
            let job = left.jobs.values().next().unwrap();
            assert_eq!(job.status, JobStatus::Cancelled);
            assert!(left.accounts.values().all(|account| account.active_job_id.is_none()));
            let link = &left.links[&world.user];
            assert_eq!((link.is_active, link.active_job_id), (false, None));
            assert_eq!(link.tokens, SealedTokens::default());
        }
    }
}

#[tokio::test]
async fn a_lost_nudge_to_erase_is_sent_again() {
    let world = World::new().await;
    world.unlinker().unlink(&world.user, true).await.unwrap();
    world.queue.fail_nudge(1, Fault::UnknownNotApplied);
    world.eraser().erase(&world.user, world.clock.now()).await.unwrap();
    assert_eq!(world.queue.receive_erasure(), None);
    world.until_erased().await;
    assert_eq!(world.records(), 1);
}

/// A Garmin that must not be asked.
struct Unasked;

impl GarminSource for Unasked {
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
        panic!("nobody asks Garmin without tokens")
    }

    async fn refresh(&self, _: &Tokens) -> Result<Tokens, RefreshError> {
        panic!("nobody asks Garmin without tokens")
    }
}

#[tokio::test]
async fn tokens_that_do_not_open_pause_the_job_until_a_new_sign_in() {
    let clock = ManualClock::new(build::start_of_test());
    let (store, user) = (MemoryStore::new(), build::user("damaged"));
    store.insert_link(build::link(&user));
    let job = build::job(&user).build();
    store.start(&job, None).await.unwrap();
    let worker = Worker {
        jobs: store.clone(),
        links: store.clone(),
        queue: MemoryQueue::new(clock.clone()),
        vault: MemoryVault::default(),
        garmin: Unasked,
        clock: clock.clone(),
        ids: SeededIds::new(1),
    };
    let outcome = worker.process(&Nudge::of(&job), clock.now() + TimeDelta::seconds(180)).await.unwrap();
    assert_eq!(outcome, ChunkOutcome::Paused(PauseReason::ReauthRequired));
    assert!(store.link(&user).await.unwrap().unwrap().reauth_required);
    let job = store.job(&job.key).await.unwrap().unwrap();
    assert_eq!((job.status, job.attempts), (JobStatus::Paused, 0));
}
