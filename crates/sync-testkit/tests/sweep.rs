//! What one sweep gets done after an outage, over the fakes.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its world has failed")]

use std::collections::BTreeSet;

use chrono::TimeDelta;
use sync_core::Clock as _;
use sync_core::use_cases::sweep::{Sweeper, Swept};
use sync_testkit::build::{job, user};
use sync_testkit::clock::ManualClock;
use sync_testkit::memory::{Fault, MemoryQueue, MemoryStore, Operation};

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
        self.queue.messages().into_iter().map(|message| message.key).collect::<BTreeSet<_>>().len()
    }
}

#[tokio::test]
async fn one_sweep_nudges_everything_that_is_due() {
    let world = World::after_an_outage();
    assert_eq!(world.sweep().await, Swept { due: DUE, nudged: DUE, woken: 0, failed: 0 });
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
    assert_eq!(world.sweep().await, Swept { due: DUE, nudged: DUE - 300, woken: 0, failed: 300 });
    assert_eq!(world.sweep().await, Swept { due: 300, nudged: 300, woken: 0, failed: 0 });
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
