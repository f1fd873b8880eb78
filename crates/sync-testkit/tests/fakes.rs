//! The fakes keep every promise of the ports they stand for.

use chrono::TimeDelta;
use sync_core::ids::UserId;
use sync_core::job::SyncType;
use sync_core::ports::Nudge;
use sync_testkit::clock::ManualClock;
use sync_testkit::conformance::Queues;
use sync_testkit::memory::{MemoryQueue, MemoryStore, MemoryVault};

struct Queue {
    clock: ManualClock,
    queue: MemoryQueue,
}

impl Queue {
    fn new() -> Self {
        let clock = ManualClock::default();
        Self { queue: MemoryQueue::new(clock.clone()), clock }
    }
}

impl Queues for Queue {
    type Queue = MemoryQueue;

    fn queue(&self) -> &MemoryQueue {
        &self.queue
    }

    async fn receive(&self, sync_type: SyncType) -> Vec<Nudge> {
        std::iter::from_fn(|| self.queue.receive(sync_type)).collect()
    }

    async fn receive_erasures(&self) -> Vec<UserId> {
        std::iter::from_fn(|| self.queue.receive_erasure()).collect()
    }

    async fn wait_a_second(&self) {
        self.clock.advance(TimeDelta::seconds(1));
    }
}

mod jobs {
    use super::*;
    sync_testkit::job_store_suite!(async { MemoryStore::new() });
}

mod links {
    use super::*;
    sync_testkit::link_store_suite!(async { MemoryStore::new() });
}

mod records {
    use super::*;
    sync_testkit::record_store_suite!(async { MemoryStore::new() });
}

mod erasures {
    use super::*;
    sync_testkit::erasure_store_suite!(async { MemoryStore::new() });
}

mod sign_ins {
    use super::*;
    sync_testkit::sign_in_store_suite!(async { MemoryStore::new() });
}

mod queues {
    use super::*;
    sync_testkit::chunk_queue_suite!(async { Queue::new() });
}

mod vaults {
    use super::*;
    sync_testkit::token_vault_suite!(async { MemoryVault::default() });
}
