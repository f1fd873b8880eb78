//! Everything there is in a simulated world, and the story of what happened in it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use chrono::TimeDelta;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use sync_core::{AccountKey, JobKey, UserId};

use super::config::{Config, Faults};
use super::executor::{Agenda, Moment, TaskId};
use super::garmin::Garmin;
use super::invariants::Ledger;
use super::mistakes::Mistake;
use super::queue::{MessageId, Queue};
use super::store::Tables;

/// How many of the last events a violation shows.
const STORY: usize = 120;

/// What can be on the agenda.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// An actor goes on.
    Go(TaskId),
    /// An actor's function times out.
    TimeOut(TaskId),
    /// A message becomes visible.
    Deliver(MessageId),
    /// The schedule's minute.
    Tick,
    /// A person does something.
    Person(usize),
    /// Faults end.
    Calm,
}

/// What one actor knows and suffers.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    /// What it is, for the story.
    pub(super) what: &'static str,
    /// How wrong its clock is.
    pub(super) skew: TimeDelta,
    /// Its clock has jumped while it was at work.
    pub(super) clock_jumped: bool,
    /// The latest its clock ever showed it.
    pub(super) latest_reading: Moment,
    /// Not polled before.
    pub(super) frozen_until: Option<Moment>,
    /// The agenda's count when it last looked at each account.
    pub(super) looked_at: BTreeMap<AccountKey, u64>,
    /// The chunk that its message named (only read by a mistake).
    pub(super) chunk: Option<u32>,
    /// A store has failed it.
    pub(super) was_failed: bool,
    /// The job that it has claimed, and with which fence.
    pub(super) claimed: Option<(JobKey, u64)>,
}

/// What is counted, for the report and for the bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Events of the agenda.
    pub events: u64,
    /// Polls of actors: the await points that a kill can hit.
    pub await_points: u64,
    /// Actors killed.
    pub kills: u64,
    /// Actors frozen and thawed.
    pub thaws: u64,
    /// Writes that were applied.
    pub writes: u64,
    /// Requests that a store refused or did not answer.
    pub store_faults: u64,
    /// Writes whose outcome nobody was told.
    pub unknown_outcomes: u64,
    /// Records accepted.
    pub records: u64,
    /// Jobs started.
    pub started: u64,
    /// Jobs resumed or woken.
    pub resumed: u64,
    /// Times a job was completed.
    pub completed: u64,
    /// Times a job failed.
    pub failed: u64,
    /// Jobs cancelled.
    pub cancelled: u64,
    /// Links ended.
    pub unlinked: u64,
    /// Records erased.
    pub erased: u64,
    /// Nudges sent.
    pub messages: u64,
    /// Messages delivered, again or for the first time.
    pub deliveries: u64,
    /// Messages that nobody could handle in five deliveries.
    pub dead_letters: u64,
    /// Those of them that nobody could read.
    pub poison: u64,
    /// Requests to the API that were answered with 200 or 304.
    pub answered: u64,
    /// Requests to the API that were refused, for a reason that the person is told.
    pub refused: u64,
    /// Looks of sweepers at a due job.
    pub looks: u64,
    /// Calls to Garmin.
    pub calls: u64,
    /// Calls of workers that could not know yet that another had been throttled.
    pub late_calls: u64,
    /// Throttles that Garmin imposed.
    pub throttles: u64,
    /// Token pairs traded in.
    pub refreshes: u64,
    /// Times a link was marked as needing a sign-in.
    pub sign_ins_required: u64,
}

impl Report {
    /// Adds another run's counts.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.await_points += other.await_points;
        self.kills += other.kills;
        self.thaws += other.thaws;
        self.writes += other.writes;
        self.store_faults += other.store_faults;
        self.unknown_outcomes += other.unknown_outcomes;
        self.records += other.records;
        self.started += other.started;
        self.resumed += other.resumed;
        self.completed += other.completed;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
        self.unlinked += other.unlinked;
        self.erased += other.erased;
        self.messages += other.messages;
        self.deliveries += other.deliveries;
        self.dead_letters += other.dead_letters;
        self.poison += other.poison;
        self.answered += other.answered;
        self.refused += other.refused;
        self.looks += other.looks;
        self.calls += other.calls;
        self.late_calls += other.late_calls;
        self.throttles += other.throttles;
        self.refreshes += other.refreshes;
        self.sign_ins_required += other.sign_ins_required;
    }
}

/// All of it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) agenda: Agenda<Event>,
    pub(super) rng: SmallRng,
    pub(super) faults: Faults,
    pub(super) mistake: Option<Mistake>,
    pub(super) function_timeout: TimeDelta,
    /// Faults are over.
    pub(super) calm: bool,
    pub(super) tables: Tables,
    pub(super) queue: Queue,
    pub(super) garmin: Garmin,
    pub(super) ledger: Ledger,
    pub(super) actors: BTreeMap<TaskId, Actor>,
    pub(super) report: Report,
    pub(super) violation: Option<String>,
    story: VecDeque<String>,
    ids: u64,
}

impl World {
    pub(super) fn new(seed: u64, config: &Config, start: Moment) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed ^ 0x9e37_79b9_7f4a_7c15);
        Self {
            agenda: Agenda::new(start),
            faults: config.faults.clone(),
            mistake: config.mistake,
            function_timeout: config.function_timeout,
            calm: false,
            tables: Tables::default(),
            queue: Queue::default(),
            garmin: Garmin::new(&mut rng),
            ledger: Ledger::default(),
            actors: BTreeMap::new(),
            report: Report::default(),
            violation: None,
            story: VecDeque::with_capacity(STORY + 1),
            ids: 0,
            rng,
        }
    }

    pub(super) const fn now(&self) -> Moment {
        self.agenda.now()
    }

    /// Whether something of this likelihood happens now.
    pub(super) fn happens(&mut self, likelihood: f64) -> bool {
        likelihood > 0.0 && self.rng.random_bool(likelihood.min(1.0))
    }

    /// Whether this fault strikes now.
    pub(super) fn fails(&mut self, fault: impl FnOnce(&Faults) -> f64) -> bool {
        let likelihood = fault(&self.faults);
        self.happens(likelihood)
    }

    pub(super) fn millis(&mut self, from: i64, to: i64) -> TimeDelta {
        TimeDelta::milliseconds(self.rng.random_range(from..=to))
    }

    pub(super) fn seconds(&mut self, from: i64, to: i64) -> TimeDelta {
        TimeDelta::seconds(self.rng.random_range(from..=to))
    }

    pub(super) const fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    pub(super) fn is_planted(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// Adds a line to the story.
    pub(super) fn tell(&mut self, line: fmt::Arguments<'_>) {
        if self.story.len() == STORY {
            self.story.pop_front();
        }
        self.story.push_back(format!("{} {line}", self.agenda.now().format("%d %H:%M:%S%.3f")));
    }

    /// An invariant is broken. The first one counts.
    pub(super) fn violate(&mut self, what: fmt::Arguments<'_>) {
        if self.violation.is_none() {
            self.violation = Some(what.to_string());
            self.tell(format_args!("VIOLATION: {what}"));
        }
    }

    pub(super) fn story(&self) -> Vec<String> {
        self.story.iter().cloned().collect()
    }

    pub(super) fn new_actor(&mut self, what: &'static str) -> Actor {
        let mut skew = TimeDelta::zero();
        if self.fails(|faults| faults.clock_skew) {
            skew = self.millis(-4000, 4000);
        }
        if self.fails(|faults| faults.clock_jump) {
            let jump = TimeDelta::minutes(10);
            skew += if self.rng.random() { jump } else { -jump };
        }
        Actor {
            what,
            skew,
            clock_jumped: false,
            latest_reading: self.now() + skew,
            frozen_until: None,
            looked_at: BTreeMap::new(),
            chunk: None,
            was_failed: false,
            claimed: None,
        }
    }

    /// The actor is not polled for a while.
    pub(super) fn freeze(&mut self, task: TaskId) {
        let until = self.now() + self.seconds(180, 1800);
        self.report.thaws += 1;
        let name = self.name_of(task);
        self.tell(format_args!("{name} is frozen until {until}"));
        if let Some(actor) = self.actors.get_mut(&task) {
            actor.frozen_until = Some(until);
        }
    }

    /// The actor learns, or decides, until when the account is not to be called.
    pub(super) fn note_look(&mut self, task: TaskId, account: &AccountKey) {
        let seen = self.agenda.made();
        if let Some(actor) = self.actors.get_mut(&task) {
            actor.looked_at.insert(account.clone(), seen);
        }
    }

    /// A store fails the actor.
    pub(super) fn note_store_fault(&mut self, task: TaskId) {
        self.report.store_faults += 1;
        if let Some(actor) = self.actors.get_mut(&task) {
            actor.was_failed = true;
        }
    }

    /// What the actor's clock shows.
    pub(super) fn clock_of(&mut self, task: TaskId) -> Moment {
        let now = self.now();
        let jumps = self.faults.clock_jump / 50.0;
        if jumps > 0.0 && self.happens(jumps) {
            let jump = TimeDelta::minutes(10);
            let jump = if self.rng.random() { jump } else { -jump };
            if let Some(actor) = self.actors.get_mut(&task) {
                actor.skew = jump;
                actor.clock_jumped = true;
            }
        }
        match self.actors.get_mut(&task) {
            Some(actor) => {
                let reading = now + actor.skew;
                actor.latest_reading = actor.latest_reading.max(reading);
                reading
            }
            None => now,
        }
    }
}

/// A job's name in the story: short, and the same in every run of a seed.
pub(super) struct Short<'a>(pub(super) &'a JobKey);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0.job_id.as_uuid().as_u128() & 0xffff;
        write!(f, "{}/{id}", self.0.user_id)
    }
}

/// The person with this number.
pub(super) fn person(number: usize) -> UserId {
    #[expect(clippy::expect_used, reason = "a letter and a number make a user id")]
    UserId::new(format!("p{number}")).expect("a valid user id")
}
