//! The queue: messages that are lost, doubled, delayed, reordered and seen too early, and that come back until somebody
//! acknowledges them or five deliveries have not helped.

use std::collections::BTreeMap;
use std::fmt;

use chrono::TimeDelta;
use rand::Rng;
use sync_aws::Message as Letter;
use sync_core::ports::Nudge;
use sync_core::timing::MAX_NUDGE_DELAY;
use sync_core::{Job, UserId};

use super::executor::{Moment, TaskId};
use super::mistakes::Mistake;
use super::world::{Event, World};

/// SQS's `maxReceiveCount`.
const MAX_RECEIVES: u32 = 5;

/// Names a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MessageId(u64);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message{}", self.0)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) body: String,
    /// Nobody can read it.
    is_poison: bool,
    /// Faults were over when it was sent.
    is_of_calm: bool,
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

/// What nobody can read: another program's message, a later version of ours, half of one.
const POISON: [&str; 3] =
    ["gruß", "{\"schemaVersion\":2,\"job\":\"p0/1\"}", "{\"schemaVersion\":1,\"userId\":\"p0\"}"];

impl World {
    /// 15: only what somebody has dealt with goes away without a trace.
    pub(super) fn acknowledge(&mut self, id: MessageId) {
        if self.queue.messages.remove(&id).is_some_and(|message| message.is_poison) {
            self.violate(format_args!("15: {id} is poison, and was acknowledged"));
        }
    }

    /// A nudge reaches the queue.
    pub(super) fn send(&mut self, from: TaskId, job: &Job, delay: TimeDelta) {
        self.count_nudge(from, &job.key);
        let chunk = self.tables.jobs.get(&job.key).and_then(|job| job.chunk_states.first_open());
        let mut nudge = Nudge::of(job);
        // As the first release wrote them: some may still be in the queue when this one begins to read it.
        if self.fails(|faults| faults.message_old) {
            nudge.fence = None;
        }
        self.send_body(&Letter::Job(nudge).body(), chunk, delay);
    }

    /// A nudge to erase reaches the queue.
    pub(super) fn send_erasure(&mut self, user: &UserId) {
        self.send_body(&Letter::Erasure(user.clone()).body(), None, TimeDelta::zero());
    }

    fn send_body(&mut self, body: &str, chunk: Option<u32>, delay: TimeDelta) {
        self.report.messages += 1;
        let copies = if self.fails(|faults| faults.message_lost) {
            self.tell(format_args!("queue: {body} is lost"));
            0
        } else if self.fails(|faults| faults.message_doubled) {
            2
        } else {
            1
        };
        for copy in 0..copies {
            let mut wait = delay.clamp(TimeDelta::zero(), MAX_NUDGE_DELAY) + self.millis(5, 400);
            if self.fails(|faults| faults.message_delayed) {
                wait += self.seconds(0, 900);
            }
            if copy == 1 && self.happens(0.5) {
                wait += TimeDelta::seconds(30);
            }
            let is_of_calm = self.calm;
            let visible_at = self.now() + wait;
            self.put_in(Message {
                body: body.to_owned(),
                is_poison: false,
                is_of_calm,
                chunk,
                visible_at,
                receives: 0,
            });
        }
        if self.fails(|faults| faults.message_poison) {
            let body =
                POISON.get(self.rng.random_range(0..POISON.len())).copied().unwrap_or_default().to_owned();
            let visible_at = self.now();
            self.put_in(Message {
                body,
                is_poison: true,
                is_of_calm: false,
                chunk: None,
                visible_at,
                receives: 0,
            });
        }
    }

    fn put_in(&mut self, message: Message) {
        let id = MessageId(self.next_id());
        self.agenda.at(message.visible_at, Event::Deliver(id));
        self.queue.messages.insert(id, message);
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
            self.report.poison += u64::from(dead.is_poison);
            self.tell(format_args!("queue: {id} is dead: {}", dead.body));
            if dead.is_of_calm {
                self.violate(format_args!("15: {id} is dead, and it is no poison: {}", dead.body));
            }
            return None;
        }
        message.visible_at = now + hidden_for;
        let message = message.clone();
        self.agenda.at(message.visible_at, Event::Deliver(id));
        self.report.deliveries += u64::from(!message.is_poison);
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
