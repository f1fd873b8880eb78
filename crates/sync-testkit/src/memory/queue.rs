//! Nudges in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sync_core::ids::UserId;
use sync_core::job::{Job, SyncType};
use sync_core::ports::{ChunkQueue, Clock, ErasureQueue, Nudge, StoreError};
use sync_core::timing::MAX_NUDGE_DELAY;

use super::faults::{Fault, Faults, Operation};
use super::give_way;
use crate::clock::ManualClock;

/// A nudge on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Whom it nudges.
    pub nudge: Nudge,
    /// In which queue it is.
    pub sync_type: SyncType,
    /// When it arrives.
    pub visible_at: DateTime<Utc>,
}

/// The queues in memory. Clones share their messages. A message that was received is gone: a test that wants it twice
/// sends it twice.
#[derive(Clone, Debug)]
pub struct MemoryQueue {
    clock: ManualClock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    messages: Vec<Message>,
    erasures: Vec<UserId>,
    sent: u64,
    faults: Faults,
}

impl MemoryQueue {
    /// Empty queues, whose delays run by this clock.
    #[must_use]
    pub fn new(clock: ManualClock) -> Self {
        Self { clock, state: Arc::default() }
    }

    /// Lets the `nth` nudge from now on (1 is the next) fail.
    pub fn fail_nudge(&self, nth: u64, fault: Fault) {
        self.lock().faults.plan(nth, fault);
    }

    /// Asks `hook` before every nudge whether it shall fail.
    pub fn on_nudge(&self, hook: impl FnMut(Operation) -> Option<Fault> + Send + 'static) {
        self.lock().faults.hook(Some(Box::new(hook)));
    }

    /// Takes the first message of a queue that has arrived.
    #[must_use]
    pub fn receive(&self, sync_type: SyncType) -> Option<Nudge> {
        let now = self.clock.now();
        let mut state = self.lock();
        let arrived = state
            .messages
            .iter()
            .position(|message| message.sync_type == sync_type && message.visible_at <= now)?;
        Some(state.messages.remove(arrived).nudge)
    }

    /// Takes the first nudge to erase.
    #[must_use]
    pub fn receive_erasure(&self) -> Option<UserId> {
        let mut state = self.lock();
        (!state.erasures.is_empty()).then(|| state.erasures.remove(0))
    }

    /// Every message about a job that is on its way or has arrived.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.lock().messages.clone()
    }

    /// How many messages were ever sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.lock().sent
    }

    /// Loses everything, as a restart of the embedded queue does.
    pub fn lose_all(&self) {
        let mut state = self.lock();
        state.messages.clear();
        state.erasures.clear();
    }

    /// Puts a message back or in, past every fault: a duplicate, or one that nobody acknowledged.
    pub fn insert(&self, message: Message) {
        self.lock().messages.push(message);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ChunkQueue for MemoryQueue {
    async fn nudge(&self, job: &Job, delay: TimeDelta) -> Result<(), StoreError> {
        give_way().await;
        let result = {
            let mut state = self.lock();
            let fault = state.faults.next(Operation::Nudge);
            if fault.is_none_or(Fault::applies) {
                state.sent += 1;
                state.messages.push(Message {
                    nudge: Nudge::of(job),
                    sync_type: job.sync_type,
                    visible_at: self.clock.now() + delay.clamp(TimeDelta::zero(), MAX_NUDGE_DELAY),
                });
            }
            fault.map_or(Ok(()), |fault| Err(fault.error()))
        };
        give_way().await;
        result
    }
}

impl ErasureQueue for MemoryQueue {
    async fn nudge_erasure(&self, user: &UserId) -> Result<(), StoreError> {
        give_way().await;
        let result = {
            let mut state = self.lock();
            let fault = state.faults.next(Operation::Nudge);
            if fault.is_none_or(Fault::applies) {
                state.sent += 1;
                state.erasures.push(user.clone());
            }
            fault.map_or(Ok(()), |fault| Err(fault.error()))
        };
        give_way().await;
        result
    }
}
