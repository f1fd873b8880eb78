//! The whole line, simulated: people, functions, queue, sweeper, Garmin and clocks on one thread, in virtual time, on a
//! schedule that follows from a seed.
//!
//! The handlers of the functions run as they are: people's requests reach them as events of API Gateway, nudges as events
//! of the queue, whose answer decides what is acknowledged, and the schedule's minute as the schedule's event. Around them everything fails that can: actors are killed and frozen at
//! their await points, stores refuse, lose and withhold answers, messages are lost, doubled, delayed and seen too early,
//! clocks disagree, Garmin throttles, breaks, lies and revokes. After every write that was applied the
//! invariants are checked; after a while the faults end, and then everything has to end too: every job
//! within its bound, and at last every day of everybody imported.
//!
//! A run is a function of its seed and its [`Config`]: a [`Violation`] prints the seed, and the seed brings it back.

mod config;
mod executor;
mod functions;
mod garmin;
mod invariants;
mod mistakes;
mod ports;
mod queue;
mod store;
mod users;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use sync_core::dates::today_in;
use sync_core::job::{Job, JobStatus, PauseReason};
use sync_core::link::{Link, SealedTokens};
use sync_core::use_cases::start::StartRequest;
use sync_core::{JobId, MetricSet, MetricType};

pub use config::{Config, Faults};
pub use mistakes::Mistake;
pub use world::Report;

use executor::{Sim, TaskId, Tasks};
use ports::Ports;
use queue::MessageId;
use users::{Wish, press};
use world::{Event, World, person};

/// The schedule's period.
const TICK: TimeDelta = TimeDelta::seconds(60);

/// When an API function is ended from outside.
const API_TIMEOUT: TimeDelta = TimeDelta::seconds(10);

/// When the sweeper is ended from outside.
const SWEEP_TIMEOUT: TimeDelta = TimeDelta::seconds(60);

/// Rounds in which everybody, once faults are over, links anew and resumes until nothing is left to do.
const LAST_ROUNDS: u32 = 400;

/// A promise that was broken.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The seed that brings it back.
    pub seed: u64,
    /// Which promise, and how.
    pub what: String,
    /// What happened before, the last events only.
    pub story: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.story {
            writeln!(f, "  {line}")?;
        }
        write!(f, "seed {}: {}", self.seed, self.what)
    }
}

impl std::error::Error for Violation {}

/// One simulated world.
pub struct Simulation {
    seed: u64,
    config: Config,
    sim: Arc<Sim>,
    tasks: Tasks<Ended>,
    in_work: BTreeMap<TaskId, MessageId>,
    people: Vec<Person>,
    sweeper_off_until: Option<DateTime<Utc>>,
    /// Rounds of the end that have passed.
    rounds: u32,
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").field("seed", &self.seed).finish_non_exhaustive()
    }
}

/// How an actor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// It is over.
    Over,
    /// A worker that acknowledges its message.
    Acknowledged,
}

/// What is known of a person between two things that they do.
#[derive(Clone, Debug, Default)]
struct Person {
    last_start: Option<Wish>,
    keys: u32,
    /// The last incremental sync, which only counts when everything else is over.
    last_sync_asked: Option<JobIds>,
}

/// The jobs that were there before.
type JobIds = BTreeSet<JobId>;

impl Simulation {
    /// Runs the world that a seed stands for.
    ///
    /// # Errors
    /// [`Violation`] when a promise was broken.
    pub fn run_seed(seed: u64) -> Result<Report, Violation> {
        Self::run(seed, &Self::config_of(seed))
    }

    /// The world that a seed stands for.
    #[must_use]
    pub fn config_of(seed: u64) -> Config {
        Config::of_seed(&mut SmallRng::seed_from_u64(seed))
    }

    /// Runs a world.
    ///
    /// # Errors
    /// [`Violation`] when a promise was broken.
    pub fn run(seed: u64, config: &Config) -> Result<Report, Violation> {
        let mut simulation = Self::new(seed, config);
        simulation.go_on(None);
        let world = simulation.sim.world();
        match &world.violation {
            None => Ok(world.report),
            Some(what) => Err(Violation { seed, what: what.clone(), story: world.story() }),
        }
    }

    fn new(seed: u64, config: &Config) -> Self {
        let noon = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(19_889);
        let mut world = World::new(seed, config, noon);
        let first_day = world.seconds(0, 86_400);
        world.agenda = executor::Agenda::new(noon + first_day);
        world.agenda.after(TICK, Event::Tick);
        world.agenda.after(config.troubled, Event::Calm);
        for number in 0..config.people {
            link_at_first(&mut world, number);
            let soon = world.seconds(0, 120);
            world.agenda.after(soon, Event::Person(number));
        }
        Self {
            seed,
            config: config.clone(),
            sim: Arc::new(Sim::new(world)),
            tasks: Tasks::new(),
            in_work: BTreeMap::new(),
            people: vec![Person::default(); config.people],
            sweeper_off_until: None,
            rounds: 0,
        }
    }

    /// Lets the world go on until everything is over, or until a moment has come.
    fn go_on(&mut self, until: Option<DateTime<Utc>>) {
        loop {
            let event = {
                let mut world = self.sim.world();
                if world.violation.is_some() || until.is_some_and(|until| world.now() >= until) {
                    return;
                }
                world.report.events += 1;
                world.agenda.next()
            };
            match event {
                None => return,
                Some(Event::Go(task)) => self.go(task),
                Some(Event::TimeOut(task)) => self.time_out(task),
                Some(Event::Deliver(message)) => self.deliver(message),
                Some(Event::Person(number)) => self.person_does_something(number),
                Some(Event::Calm) => {
                    let mut world = self.sim.world();
                    world.tell(format_args!("faults are over"));
                    world.calm = true;
                    world.faults = Faults::default();
                    world.garmin.calm();
                    world.set_bounds();
                    drop(world);
                    self.sweeper_off_until = None;
                }
                Some(Event::Tick) => {
                    if self.tick() {
                        return;
                    }
                }
            }
        }
    }

    fn go(&mut self, task: TaskId) {
        if !self.tasks.is_alive(task) {
            return;
        }
        {
            let mut world = self.sim.world();
            let now = world.now();
            let frozen = world.actors.get(&task).and_then(|actor| actor.frozen_until);
            if let Some(until) = frozen.filter(|until| *until > now) {
                world.agenda.at(until, Event::Go(task));
                return;
            }
            world.report.await_points += 1;
            let is_killed = self.config.crash_at.contains(&world.report.await_points);
            if is_killed || world.fails(|faults| faults.crash) {
                world.report.kills += 1;
                let name = world.name_of(task);
                world.tell(format_args!("{name} is killed"));
                drop(world);
                return self.end(task, Ended::Over);
            }
            if frozen.is_none() && world.fails(|faults| faults.freeze) {
                world.freeze(task);
                world.agenda.at(now, Event::Go(task));
                return;
            }
        }
        if let Some(ended) = self.tasks.poll(task) {
            self.end(task, ended);
        }
    }

    fn end(&mut self, task: TaskId, ended: Ended) {
        self.tasks.kill(task);
        let message = self.in_work.remove(&task);
        let mut world = self.sim.world();
        world.actors.remove(&task);
        if let Some(message) = message.filter(|_| ended == Ended::Acknowledged) {
            world.acknowledge(message);
        }
    }

    /// A function is ended from outside, unless its machine was frozen: then it goes on when that thaws.
    fn time_out(&mut self, task: TaskId) {
        let frozen = self.sim.world().actors.get(&task).is_some_and(|actor| actor.frozen_until.is_some());
        if self.tasks.is_alive(task) && !frozen {
            let mut world = self.sim.world();
            let name = world.name_of(task);
            world.tell(format_args!("{name} times out"));
            drop(world);
            self.end(task, Ended::Over);
        }
    }

    fn spawn<F: Future<Output = Ended> + Send + 'static>(
        &mut self,
        what: &'static str,
        timeout: TimeDelta,
        future: impl FnOnce(Ports) -> F,
    ) -> TaskId {
        let task = self.tasks.next_id();
        let mut world = self.sim.world();
        let actor = world.new_actor(what);
        world.actors.insert(task, actor);
        world.agenda.after(TimeDelta::zero(), Event::Go(task));
        world.agenda.after(timeout, Event::TimeOut(task));
        drop(world);
        self.tasks.spawn(task, future(Ports { sim: Arc::clone(&self.sim), task }));
        task
    }

    fn deliver(&mut self, id: MessageId) {
        let Some(message) = self.sim.world().receive(id) else { return };
        let timeout = self.config.function_timeout;
        let chunk = message.chunk;
        let task =
            self.spawn("worker", timeout, |ports| functions::deliver(ports, id, message.body, timeout));
        if let Some(actor) = self.sim.world().actors.get_mut(&task) {
            actor.chunk = chunk;
        }
        self.in_work.insert(task, id);
    }

    /// The schedule's minute. True when everything is over.
    fn tick(&mut self) -> bool {
        let (sweepers, is_over) = {
            let mut world = self.sim.world();
            let now = world.now();
            world.agenda.after(TICK, Event::Tick);
            world.check_bounds();
            let was_off = self.sweeper_off_until.is_some_and(|until| until > now - TICK);
            if self.sweeper_off_until.is_none_or(|until| until <= now)
                && world.fails(|faults| faults.sweeper_off)
            {
                self.sweeper_off_until = Some(now + TimeDelta::hours(1));
            }
            let is_off = self.sweeper_off_until.is_some_and(|until| until > now);
            let earliest = now + TimeDelta::minutes(11);
            let of_jobs = world.tables.jobs.values().filter_map(|job| job.due_at);
            let of_erasures = world.tables.erasures.values().map(|erasure| erasure.due_at);
            let work = of_jobs.chain(of_erasures).any(|due_at| due_at <= earliest);
            let doubled = was_off || world.fails(|faults| faults.sweeper_doubled);
            let sweepers = match world.is_planted(Mistake::NoSweeper) || is_off || !work {
                true => 0,
                false if doubled => 2,
                false => 1,
            };
            (sweepers, world.calm)
        };
        for _ in 0..sweepers {
            self.spawn("sweeper", SWEEP_TIMEOUT, |ports| functions::sweep(ports, SWEEP_TIMEOUT));
        }
        is_over && self.is_settled() && self.round_up()
    }

    /// Whether no job goes on by itself any more, and nobody is at work.
    fn is_settled(&self) -> bool {
        let world = self.sim.world();
        let goes_on = |job: &Job| match (job.status, job.pause_reason) {
            (JobStatus::Pending | JobStatus::Running, _) => true,
            (JobStatus::Paused, Some(PauseReason::Throttled)) => true,
            (JobStatus::Paused, Some(PauseReason::ReauthRequired)) => world.can_be_imported(job),
            _ => false,
        };
        world.actors.values().all(|actor| actor.what == "sweeper")
            && world.tables.erasures.is_empty()
            && !world.tables.jobs.values().any(goes_on)
    }

    /// Faults are over and nothing moves: everybody does what is left to do, until nothing is.
    fn round_up(&mut self) -> bool {
        self.rounds += 1;
        if self.rounds == 1 {
            self.sim.world().check_sign_ins();
        }
        if self.config.one_import_only {
            let mut world = self.sim.world();
            let left = world.tables.jobs.values().find(|job| job.status != JobStatus::Completed).cloned();
            if let Some(left) = left {
                world.violate(format_args!("the one import is {} at the end", left.status));
            }
            return true;
        }
        if self.rounds > LAST_ROUNDS {
            self.sim.world().violate(format_args!("without any fault, people do not get done"));
            return true;
        }
        let mut busy = false;
        for number in 0..self.people.len() {
            if let Some(wish) = self.left_to_do(number) {
                busy = true;
                self.press(number, wish);
            }
        }
        if !busy {
            self.sim.world().check_the_end();
        }
        !busy
    }

    /// What keeps this person from having everything.
    fn left_to_do(&mut self, number: usize) -> Option<Wish> {
        let user = person(number);
        let world = self.sim.world();
        let link = world.tables.links.get(&user)?;
        let jobs = || world.tables.jobs.values().filter(|job| job.key.user_id == user);
        if let Some(job) = jobs().find(|job| job.status.is_unfinished()) {
            return Some(if job.account != link.account || job.pause_reason.is_none() {
                Wish::Cancel(job.key.job_id)
            } else if !world.can_be_imported(job) {
                Wish::Link(link.account.clone())
            } else {
                Wish::Resume(job.key.job_id)
            });
        }
        if !link.is_active || link.reauth_required {
            return Some(Wish::Link(link.account.clone()));
        }
        let is_held =
            world.tables.accounts.get(&link.account).is_some_and(|account| account.active_job_id.is_some());
        if is_held {
            // Somebody else's turn: theirs ends, for that is checked.
            return Some(Wish::Status);
        }
        if let Some(failed) =
            jobs().find(|job| job.status == JobStatus::Failed && job.account == link.account)
        {
            return Some(Wish::Resume(failed.key.job_id));
        }
        let known: JobIds = jobs().map(|job| job.key.job_id).collect();
        drop(world);
        let asked = &mut self.people.get_mut(number)?.last_sync_asked;
        if asked.as_ref().is_some_and(|asked| *asked != known) {
            return None;
        }
        *asked = Some(known);
        Some(Wish::Incremental(StartRequest {
            user_id: user,
            metric_types: MetricSet::all(),
            time_zone: None,
            idempotency_key: None,
        }))
    }

    fn press(&mut self, number: usize, wish: Wish) {
        let user = person(number);
        self.spawn("api", API_TIMEOUT, |ports| async move {
            press(ports, user, wish).await;
            Ended::Over
        });
    }

    fn person_does_something(&mut self, number: usize) {
        if self.sim.world().calm {
            return;
        }
        if self.config.one_import_only {
            let wish = self.historical(number, Some(31));
            return self.press(number, wish);
        }
        let mean = self.config.restlessness.num_seconds().max(1);
        let mut world = self.sim.world();
        let wait = world.seconds(1, mean * 2);
        world.agenda.after(wait, Event::Person(number));
        let dice = world.rng.random_range(0..100);
        drop(world);
        let wishes = match dice {
            0..=24 => vec![self.historical(number, None)],
            25..=39 => vec![self.incremental(number)],
            40..=44 => self.starts_at_once(number),
            45..=49 => {
                self.people.get(number).and_then(|person| person.last_start.clone()).into_iter().collect()
            }
            50..=71 => self.control(number),
            72..=78 => vec![Wish::Unlink { erases: self.sim.world().happens(0.3) }],
            79..=90 => self.relink(number),
            _ => vec![Wish::Status],
        };
        for wish in wishes {
            if matches!(wish, Wish::Historical(..) | Wish::Incremental(..))
                && let Some(person) = self.people.get_mut(number)
            {
                person.last_start = Some(wish.clone());
            }
            self.press(number, wish);
        }
    }

    fn starts_at_once(&mut self, number: usize) -> Vec<Wish> {
        let first = self.historical(number, None);
        let same = self.sim.world().happens(0.5);
        let second = if same { first.clone() } else { self.incremental(number) };
        vec![first, second]
    }

    /// One of the buttons of a job's row: mostly the latest job, mostly one that makes sense.
    fn control(&mut self, number: usize) -> Vec<Wish> {
        let mut world = self.sim.world();
        let user = person(number);
        let ids: Vec<_> =
            world.tables.jobs.keys().filter(|key| key.user_id == user).map(|key| key.job_id).collect();
        let Some(latest) = ids.last().copied() else { return vec![Wish::Status] };
        let any = world.happens(0.2);
        let place = world.rng.random_range(0..ids.len());
        let job = if any { ids.get(place).copied().unwrap_or(latest) } else { latest };
        vec![match world.rng.random_range(0..10) {
            0..=2 => Wish::Pause(job),
            3..=7 => Wish::Resume(job),
            _ => Wish::Cancel(job),
        }]
    }

    fn relink(&mut self, number: usize) -> Vec<Wish> {
        let mut world = self.sim.world();
        let mine = world.garmin.account_of(number);
        let other = world.garmin.spare_account();
        let switches = world.happens(0.15);
        vec![Wish::Link(if switches { other } else { mine })]
    }

    fn request(&mut self, number: usize) -> StartRequest {
        let mut world = self.sim.world();
        let metric_types = match world.rng.random_range(0..4) {
            0 => MetricSet::from_iter([MetricType::Sleep]),
            1 => MetricSet::from_iter([MetricType::Stress, MetricType::Activities]),
            _ => MetricSet::all(),
        };
        let is_abroad = world.happens(0.2);
        let with_key = world.happens(0.5);
        drop(world);
        let idempotency_key = self.people.get_mut(number).filter(|_| with_key).map(|person| {
            person.keys += 1;
            format!("key{}", person.keys)
        });
        StartRequest {
            user_id: person(number),
            metric_types,
            time_zone: is_abroad.then_some(chrono_tz::Pacific::Kiritimati),
            idempotency_key,
        }
    }

    fn incremental(&mut self, number: usize) -> Wish {
        Wish::Incremental(self.request(number))
    }

    fn historical(&mut self, number: usize, days: Option<u32>) -> Wish {
        let mut request = self.request(number);
        let mut world = self.sim.world();
        let today = today_in(world.garmin.zone, world.now());
        let recent = world.happens(0.4);
        let ago = if recent { world.rng.random_range(0..2) } else { world.rng.random_range(0..90) };
        let length = world.rng.random_range(1..=self.config.longest_range);
        let length = days.unwrap_or(length);
        if days.is_some() {
            request.metric_types = MetricSet::all();
        }
        let end = today - TimeDelta::days(ago);
        let start = end - TimeDelta::days(i64::from(length) - 1);
        Wish::Historical(request, start.to_string(), end.to_string())
    }
}

fn link_at_first(world: &mut World, number: usize) {
    let account = world.garmin.account_of(number);
    let tokens = world.sign_in(&account, None);
    let user = person(number);
    let id = secrecy::ExposeSecret::expose_secret(&tokens.access).get(1..).unwrap_or_default().to_owned();
    let (now, zone) = (world.now(), world.garmin.zone);
    let _ = world.store_link(
        &Link {
            tokens: SealedTokens(format!("{user}|{id}")),
            user_id: user.clone(),
            account,
            display_name: user.to_string(),
            time_zone: zone,
            tokens_version: 0,
            token_expires_at: tokens.expires_at,
            is_active: true,
            reauth_required: false,
            last_successful_sync_date: None,
            active_job_id: None,
            linked_at: now,
            updated_at: now,
        },
        None,
    );
}

#[cfg(test)]
mod tests;
