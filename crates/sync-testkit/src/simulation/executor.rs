//! The executor: virtual time, one thread, and no order but the agenda's.
//!
//! Nothing here waits. Every port call of a simulated actor ends in a [`Pause`], which puts the actor back on the agenda
//! at a later moment; the run loop takes the earliest entry, sets the clock to it and polls that one actor. Killing an
//! actor is dropping its future; freezing it is putting its entry back at a later moment.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, TimeDelta, Utc};

use super::world::World;

/// A moment of virtual time.
pub(super) type Moment = DateTime<Utc>;

/// Names an actor: one invocation of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TaskId(pub(super) u64);

/// What is planned, in the order in which it happens. Entries of one moment happen in the order they were made.
#[derive(Debug)]
pub(super) struct Agenda<E> {
    now: Moment,
    made: u64,
    entries: BTreeMap<(Moment, u64), E>,
}

impl<E> Agenda<E> {
    pub(super) const fn new(now: Moment) -> Self {
        Self { now, made: 0, entries: BTreeMap::new() }
    }

    pub(super) const fn now(&self) -> Moment {
        self.now
    }

    /// How many entries were ever made: a number that only grows.
    pub(super) const fn made(&self) -> u64 {
        self.made
    }

    pub(super) fn at(&mut self, moment: Moment, entry: E) {
        self.made += 1;
        self.entries.insert((moment.max(self.now), self.made), entry);
    }

    pub(super) fn after(&mut self, delay: TimeDelta, entry: E) {
        self.at(self.now + delay, entry);
    }

    /// Takes the next entry and moves the clock to it.
    pub(super) fn next(&mut self) -> Option<E> {
        let ((moment, _), entry) = self.entries.pop_first()?;
        self.now = moment;
        Some(entry)
    }
}

/// The world behind a lock that nobody ever contends for: the ports must be `Sync`, the simulation has one thread.
#[derive(Debug)]
pub(super) struct Sim(Mutex<World>);

impl Sim {
    pub(super) const fn new(world: World) -> Self {
        Self(Mutex::new(world))
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) const fn pause(&self, task: TaskId, delay: TimeDelta) -> Pause<'_> {
        Pause { sim: self, task, delay, until: None }
    }
}

/// An await point: the actor goes on when the run loop has reached the moment, if it is still alive then.
pub(super) struct Pause<'a> {
    sim: &'a Sim,
    task: TaskId,
    delay: TimeDelta,
    until: Option<Moment>,
}

impl Future for Pause<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let mut world = self.sim.world();
        match self.until {
            Some(until) if world.agenda.now() >= until => Poll::Ready(()),
            Some(_) => Poll::Pending,
            None => {
                let until = world.agenda.now() + self.delay;
                world.agenda.at(until, super::world::Event::Go(self.task));
                drop(world);
                self.until = Some(until);
                Poll::Pending
            }
        }
    }
}

/// The actors that are alive.
pub(super) struct Tasks<T> {
    made: u64,
    alive: BTreeMap<TaskId, Pin<Box<dyn Future<Output = T> + Send>>>,
}

impl<T> Tasks<T> {
    pub(super) const fn new() -> Self {
        Self { made: 0, alive: BTreeMap::new() }
    }

    pub(super) const fn next_id(&mut self) -> TaskId {
        self.made += 1;
        TaskId(self.made)
    }

    pub(super) fn spawn(&mut self, id: TaskId, future: impl Future<Output = T> + Send + 'static) {
        self.alive.insert(id, Box::pin(future));
    }

    pub(super) fn is_alive(&self, id: TaskId) -> bool {
        self.alive.contains_key(&id)
    }

    /// Drops the actor where it stands.
    pub(super) fn kill(&mut self, id: TaskId) {
        self.alive.remove(&id);
    }

    /// Lets the actor run to its next await point. What it returned, if it has ended.
    pub(super) fn poll(&mut self, id: TaskId) -> Option<T> {
        let future = self.alive.get_mut(&id)?;
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => {
                self.alive.remove(&id);
                Some(outcome)
            }
            Poll::Pending => None,
        }
    }
}
