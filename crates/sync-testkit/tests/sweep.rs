//! What one sweep gets done after an outage, over the fakes.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its world has failed")]

use std::collections::BTreeSet;

use chrono::TimeDelta;
use sync_core::Clock as _;
use sync_core::ports::{Applied, ChunkQueue as _, ClaimOutcome, JobStore as _};
use sync_core::transition::{Claim, chunk_done};
use sync_core::use_cases::sweep::{Sweeper, Swept};
use sync_testkit::build::{job, user};
use sync_testkit::clock::ManualClock;
use sync_testkit::memory::{Fault, MemoryQueue, MemoryStore, Message, Operation};
use uuid::Uuid;

/// More than twice what is asked of the index at once.
const DUE: u32 = 450;

struct World {
    store: MemoryStore,
    queue: MemoryQueue,
    clock: ManualClock,
}

impl World {
    /// Everybody's job is due.
    fn after_an_outage() -> Self {
        let clock = ManualClock::default();
        let (store, queue) = (MemoryStore::new(), MemoryQueue::new(clock.clone()));
        for number in 0..DUE {
            store.insert_job(job(&user(&format!("user-{number}"))).build());
        }
        clock.advance(TimeDelta::hours(1));
        Self { store, queue, clock }
    }

    async fn sweep(&self) -> Swept {
        let (jobs, links) = (self.store.clone(), self.store.clone());
        let sweeper = Sweeper { jobs, links, queue: self.queue.clone(), clock: self.clock.clone() };
        sweeper.sweep(TimeDelta::zero(), self.clock.now() + TimeDelta::seconds(60)).await.unwrap()
    }

    fn nudged(&self) -> usize {
        self.queue.messages().into_iter().map(|message| message.nudge.key).collect::<BTreeSet<_>>().len()
    }
}

#[tokio::test]
async fn one_sweep_nudges_everything_that_is_due() {
    let world = World::after_an_outage();
    assert_eq!(world.sweep().await, Swept { due: DUE, nudged: DUE, overdue: DUE, ..Swept::default() });
    assert_eq!((world.nudged(), world.queue.sent()), (DUE as usize, u64::from(DUE)));
    assert_eq!(world.sweep().await, Swept::default(), "each has a minute now");
}

#[tokio::test]
async fn jobs_that_cannot_be_looked_at_do_not_hide_those_behind_them() {
    let world = World::after_an_outage();
    let mut failures = 300;
    world.store.on_operation(move |operation| {
        let fails = operation == Operation::Postpone && failures > 0;
        failures -= i32::from(fails);
        fails.then_some(Fault::Unavailable)
    });
    assert_eq!(
        world.sweep().await,
        Swept { due: DUE, nudged: DUE - 300, failed: 300, overdue: DUE, ..Swept::default() }
    );
    assert_eq!(world.sweep().await, Swept { due: 300, nudged: 300, overdue: 300, ..Swept::default() });
    assert_eq!(world.nudged(), DUE as usize);
}

#[tokio::test]
async fn a_sweep_ends_before_its_time_does_and_the_next_goes_on() {
    let world = World::after_an_outage();
    let clock = world.clock.clone();
    world.store.on_operation(move |operation| {
        if operation == Operation::Postpone {
            clock.advance(TimeDelta::milliseconds(250));
        }
        None
    });
    let first = world.sweep().await;
    assert!(first.nudged > 200 && first.nudged < 240, "a minute less what a last look takes: {first:?}");
    let mut nudged = first.nudged;
    while nudged < DUE {
        let swept = world.sweep().await;
        assert!(swept.nudged > 0, "{swept:?}");
        nudged += swept.nudged;
    }
    assert!(world.nudged() >= 400, "the longest overdue come first");
}

#[tokio::test]
async fn a_job_that_queues_for_an_hour_gets_a_handful_of_messages_and_goes_on_by_one_of_them() {
    let clock = ManualClock::default();
    let world = World { store: MemoryStore::new(), queue: MemoryQueue::new(clock.clone()), clock };
    let new = job(&user("patient")).build();
    world.store.insert_job(new.clone());
    world.queue.nudge(&new, TimeDelta::zero()).await.unwrap();
    let mut overdue = 0;
    for _ in 0..65 {
        world.clock.advance(TimeDelta::minutes(1));
        overdue += world.sweep().await.overdue;
    }
    // After 1, 2, 4, 8, 16, 31, 46 and 61 minutes.
    assert_eq!(world.queue.sent(), 9);
    assert_eq!(overdue, 1, "only from the hour on");

    let go_on = async |message: Message| {
        let now = world.clock.now();
        let (token, nudged_at) = (Uuid::from_u128(u128::from(world.queue.sent())), message.nudge.fence);
        let claim = Claim { now, lease_until: now + TimeDelta::seconds(180), token, nudged_at };
        let claimed = world.store.claim(&message.nudge.key, &claim).await.unwrap();
        let ClaimOutcome::Claimed(job) = claimed else { return false };
        let done = chunk_done(&job, vec![], None, world.clock.now());
        assert_eq!(world.store.apply(&done, &[]).await.unwrap(), Applied::Yes);
        world.queue.nudge(&done.after, TimeDelta::zero()).await.unwrap();
        true
    };
    let messages = world.queue.messages();
    world.queue.lose_all();
    let mut went_on = 0;
    for message in messages {
        went_on += u32::from(go_on(message).await);
    }
    assert_eq!(went_on, 1, "each of nine messages would otherwise go on from chunk to chunk");
    assert_eq!(world.queue.messages().len(), 1);
}

#[tokio::test]
async fn a_nudge_lost_after_a_chunk_is_made_good_in_a_minute_however_long_the_job_has_queued() {
    let world = World::after_an_outage();
    let new = job(&user("user-0")).build();
    world.sweep().await;
    let now = world.clock.now();
    let claim =
        Claim { now, lease_until: now + TimeDelta::seconds(180), token: Uuid::nil(), nudged_at: None };
    let ClaimOutcome::Claimed(job) = world.store.claim(&new.key, &claim).await.unwrap() else { panic!() };
    let done = chunk_done(&job, vec![], None, now);
    assert_eq!(world.store.apply(&done, &[]).await.unwrap(), Applied::Yes);
    world.queue.lose_all();
    world.clock.advance(TimeDelta::minutes(1));
    let swept = world.sweep().await;
    assert_eq!((swept.nudged, swept.overdue), (1, 0), "{swept:?}");
}
