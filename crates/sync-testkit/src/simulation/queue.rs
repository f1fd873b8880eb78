//! The queue: messages that are lost, doubled, delayed, reordered and seen too early, and that come back until somebody
//! acknowledges them or five deliveries have not helped.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use sync_core::JobKey;
use sync_core::timing::MAX_NUDGE_DELAY;

use super::executor::{Moment, TaskId};
use super::mistakes::Mistake;
use super::world::{Event, Short, World};

/// SQS's `maxReceiveCount`.
const MAX_RECEIVES: u32 = 5;

/// Names a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MessageId(u64);

#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) key: JobKey,
    /// The chunk that was next when it was sent. Only a mistake reads it.
    pub(super) chunk: Option<u32>,
    visible_at: Moment,
    receives: u32,
}

/// What is in the queue, in work or not.
#[derive(Debug, Default)]
pub(super) struct Queue {
    messages: BTreeMap<MessageId, Message>,
}

impl Queue {
    pub(super) fn acknowledge(&mut self, id: MessageId) {
        self.messages.remove(&id);
    }
}

impl World {
    /// A nudge reaches the queue.
    pub(super) fn send(&mut self, from: TaskId, key: &JobKey, delay: TimeDelta) {
        self.report.messages += 1;
        self.count_nudge(from, key);
        let copies = if self.fails(|faults| faults.message_lost) {
            self.tell(format_args!("queue: a message for {} is lost", Short(key)));
            0
        } else if self.fails(|faults| faults.message_doubled) {
            2
        } else {
            1
        };
        let chunk = self.tables.jobs.get(key).and_then(|job| job.chunk_states.first_open());
        for copy in 0..copies {
            let mut wait = delay.clamp(TimeDelta::zero(), MAX_NUDGE_DELAY) + self.millis(5, 400);
            if self.fails(|faults| faults.message_delayed) {
                wait += self.seconds(0, 900);
            }
            if copy == 1 && self.happens(0.5) {
                wait += TimeDelta::seconds(30);
            }
            let id = MessageId(self.next_id());
            let visible_at = self.now() + wait;
            self.queue.messages.insert(id, Message { key: key.clone(), chunk, visible_at, receives: 0 });
            self.agenda.at(visible_at, Event::Deliver(id));
        }
    }

    /// A message has become visible: who shall be called for it.
    pub(super) fn receive(&mut self, id: MessageId) -> Option<Message> {
        let now = self.now();
        let early = self.fails(|faults| faults.message_early);
        let hidden_for = if early { self.seconds(0, 60) } else { self.function_timeout * 6 };
        let message = self.queue.messages.get_mut(&id).filter(|message| message.visible_at <= now)?;
        message.receives += 1;
        if message.receives > MAX_RECEIVES {
            let dead = self.queue.messages.remove(&id)?;
            self.report.dead_letters += 1;
            self.tell(format_args!("queue: a message for {} is dead", Short(&dead.key)));
            return None;
        }
        message.visible_at = now + hidden_for;
        let message = message.clone();
        self.agenda.at(message.visible_at, Event::Deliver(id));
        self.report.deliveries += 1;
        Some(message)
    }

    /// The chunk that the message of `task` names, when workers obey messages.
    pub(super) fn chunk_to_obey(&self, task: TaskId) -> Option<u32> {
        if !self.is_planted(Mistake::MessageCarriesTheChunk) {
            return None;
        }
        self.actors.get(&task)?.chunk
    }
}
