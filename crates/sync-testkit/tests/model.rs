//! The protocol, exhaustively: every state that two workers, a queue, a sweeper, a racing second start and a person's
//! buttons can bring a job of two chunks into, over the transition functions that production runs.
//!
//! Time is abstract. A lease may run out at any moment after a claim, a wait may be over at any moment after it began, a
//! due moment may always have come. A worker is what its claim returned; between any two of its steps anything else may
//! happen, and it may die after each. Fences count without end, and only whether one is the present one matters: a stored
//! job's fence is renamed 1 after each step, as is that of a snapshot which has it too; a worker whose snapshot is older
//! is late, and whatever it knows, it can write nothing any more.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "what a model cannot represent fails its test")]

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use stateright::{Checker, Model, Property};
use sync_core::job::{ChunkProgress, ChunkState, FailedChunk, Job, JobStatus, NewJob, PauseReason, SyncType};
use sync_core::timing::MAX_CLAIMS;
use sync_core::transition::{self, Claim, LockChange, Transition};
use sync_core::{AccountKey, DateRange, JobId, MetricSet, MetricType, UserId};
use uuid::Uuid;

/// Messages that may be under way. A second one is what makes duplicates.
const MESSAGES: u8 = 2;

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

/// A moment by which every wait is over.
fn later() -> DateTime<Utc> {
    now() + TimeDelta::days(2)
}

/// The job that all are variants of.
static BLANK: LazyLock<Job> = LazyLock::new(|| {
    let start = now().date_naive() - TimeDelta::days(400);
    let new = NewJob {
        job_id: JobId::new(Uuid::nil()),
        user_id: UserId::new("p").unwrap(),
        account: AccountKey::of("account"),
        sync_type: SyncType::Historical,
        range: DateRange::new(start, start + TimeDelta::days(30)).unwrap(),
        metric_types: MetricSet::from_iter([MetricType::Sleep]),
        time_zone: chrono_tz::UTC,
    };
    Job::new(new, now())
});

/// What is left of a job when time is abstract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Small {
    status: JobStatus,
    reason: Option<PauseReason>,
    /// The letter of each chunk.
    chunks: [u8; 2],
    fence: u8,
    lease: Lease,
    attempts: u8,
    waits: bool,
    is_due_some_time: bool,
    failed_listed: u8,
    has_marks: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Lease {
    None,
    Live,
    Over,
}

impl Small {
    fn of(job: &Job) -> Self {
        let states = job.chunk_states.to_string();
        Self {
            status: job.status,
            reason: job.pause_reason,
            chunks: states.as_bytes().try_into().unwrap(),
            fence: u8::try_from(job.fence).unwrap(),
            lease: match job.lease_until {
                None => Lease::None,
                Some(until) if until > now() => Lease::Live,
                Some(_) => Lease::Over,
            },
            // More claims than this make no difference.
            attempts: u8::try_from(job.attempts.min(MAX_CLAIMS + 1)).unwrap(),
            waits: job.retry_at.is_some_and(|retry_at| retry_at > now()),
            is_due_some_time: job.due_at.is_some(),
            failed_listed: u8::try_from(job.failed_chunks.len()).unwrap(),
            has_marks: !job.progress.is_empty(),
        }
    }

    fn job(self) -> Job {
        let range = BLANK.range;
        let failed = FailedChunk { start: range.start(), end: range.end(), error: String::new() };
        let marks = || vec!["sleep@2024-01-01..2024-01-01".parse().unwrap()];
        Job {
            status: self.status,
            pause_reason: self.reason,
            chunk_states: std::str::from_utf8(&self.chunks).unwrap().parse().unwrap(),
            progress: ChunkProgress { done: if self.has_marks { marks() } else { vec![] }, found: vec![] },
            failed_chunks: vec![failed; self.failed_listed.into()],
            fence: self.fence.into(),
            lease_until: match self.lease {
                Lease::None => None,
                Lease::Live => Some(now() + TimeDelta::seconds(180)),
                Lease::Over => Some(now()),
            },
            attempts: self.attempts.into(),
            retry_at: self.waits.then(|| now() + TimeDelta::seconds(90)),
            due_at: self.is_due_some_time.then(now),
            ..BLANK.clone()
        }
    }

    fn is_unfinished(self) -> bool {
        self.status.is_unfinished()
    }
}

/// What a worker is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Worker {
    Idle,
    /// It has a message, and will claim the job.
    Told,
    /// Its claim returned this.
    Working(Small),
    /// The job has been claimed, paused or ended by others since it claimed it, and it does not know.
    Late,
    /// It has committed, and will nudge and acknowledge.
    Committed,
}

/// Whose the lock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Holder {
    Job,
    /// The second start's job, of which only this matters: that it comes and goes.
    Other,
}

/// What a person's request has read and not yet written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Button {
    Pause,
    Resume,
    Cancel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State {
    job: Option<Small>,
    lock: Option<Holder>,
    messages: u8,
    workers: [Worker; 2],
    pressed: Option<(Button, Small)>,
    /// Who made the last claim, if nobody has taken the job away since: what fences are for, kept apart from them.
    owner: Option<usize>,
    broken: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Outcome {
    Done,
    Failed,
    HandOver,
    TryAgain,
    Throttled,
    SignIn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    /// A start that nudges, or dies before it does.
    Start {
        nudges: bool,
    },
    /// The second start, which takes the lock if it is free.
    OtherStarts,
    OtherEnds,
    /// A message reaches a worker, and is doubled or seen too early, or not.
    Deliver {
        worker: usize,
        and_stays: bool,
    },
    Lose,
    Claim {
        worker: usize,
    },
    Commit {
        worker: usize,
        outcome: Outcome,
    },
    Nudge {
        worker: usize,
    },
    /// A worker dies, and its message comes back; if it does not, `Lose` follows.
    Die {
        worker: usize,
    },
    LeaseEnds,
    WaitEnds,
    Sweep,
    Press {
        button: Button,
    },
    Write,
}

impl Action {
    /// Whether a person has to do it: nothing may depend on that.
    const fn is_of_a_person(self) -> bool {
        matches!(self, Self::Start { .. } | Self::OtherStarts | Self::Press { .. })
    }
}

struct Protocol {
    /// Whether the sweeper runs: without it, jobs must be found to get stuck, or the model could not tell.
    sweeps: bool,
}

impl State {
    /// One conditional write, as the store does it.
    fn apply(&mut self, transition: &Transition, by: Option<usize>) -> bool {
        let Some(stored) = self.job else { return false };
        let (mut job, before) = (stored.job(), &transition.before);
        let as_read = job.fence == before.fence
            && job.status == before.status
            && (!transition.guards_cursor || job.chunk_states == before.chunk_states);
        let lock_fits = match transition.lock {
            LockChange::Keep => true,
            LockChange::Acquire => self.lock != Some(Holder::Other),
            LockChange::Release => self.lock == Some(Holder::Job),
        };
        if !as_read || !lock_fits {
            return false;
        }
        if by.is_some() && self.owner != by {
            self.broken = Some("1, 4: a write by a worker that does not own the job");
        }
        if by.is_some() && job.chunk_states.first_open() != before.chunk_states.first_open() {
            self.broken = Some("1: a chunk takes effect out of its turn");
        }
        transition.write_into(&mut job);
        match transition.lock {
            LockChange::Keep => {}
            LockChange::Acquire => self.lock = Some(Holder::Job),
            LockChange::Release => self.lock = None,
        }
        if by.is_none() {
            self.owner = None;
        }
        self.store(&job, by.is_some(), transition.lock == LockChange::Acquire);
        true
    }

    /// Stores the job, notes what must not have happened, and renames the fences.
    fn store(&mut self, after: &Job, by_worker: bool, is_resume: bool) {
        if let Some(before) = self.job {
            let before = before.job();
            let is_legal = before.status.is_unfinished() || (before.status == JobStatus::Failed && is_resume);
            if !is_legal {
                self.broken = Some("5: a finished job changes");
            }
            if after.fence < before.fence || (!by_worker && after.fence == before.fence) {
                self.broken = Some("2: the fence does not rise");
            }
            for chunk in 0..before.chunks_total() {
                let (old, new) = (before.chunk_states.get(chunk), after.chunk_states.get(chunk));
                let kept = match old {
                    Some(ChunkState::Done) => new == old,
                    Some(ChunkState::Failed) => new == old || is_resume,
                    _ => new == old || (by_worker && before.chunk_states.first_open() == Some(chunk)),
                };
                if !kept {
                    self.broken = Some("2: the cursor goes back, or forward without a worker");
                }
            }
        }
        let has_the_fence = |snapshot: &Small| u64::from(snapshot.fence) == after.fence;
        for worker in &mut self.workers {
            if let Worker::Working(snapshot) = worker {
                if has_the_fence(snapshot) {
                    snapshot.fence = 1;
                } else {
                    *worker = Worker::Late;
                }
            }
        }
        self.pressed = self.pressed.filter(|(_, snapshot)| has_the_fence(snapshot));
        if let Some((_, snapshot)) = &mut self.pressed {
            snapshot.fence = 1;
        }
        self.job = Some(Small { fence: 1, ..Small::of(after) });
    }

    fn send(&mut self) {
        self.messages = (self.messages + 1).min(MESSAGES);
    }

    fn commit(&mut self, worker: usize, snapshot: Small, outcome: Outcome) {
        let read = snapshot.job();
        let marks = || vec!["sleep@2024-01-01..2024-01-01".parse().unwrap()];
        let retry_at = now() + TimeDelta::seconds(90);
        let pause = |reason, retry_at| {
            transition::pause_for_garmin(&read, vec![], vec![], vec![], reason, retry_at, now())
        };
        let transition = match outcome {
            Outcome::Done => transition::chunk_done(&read, vec![], None, now()),
            Outcome::Failed => transition::chunk_failed(&read, String::new(), vec![], now()),
            Outcome::HandOver => transition::hand_over(&read, marks(), vec![], vec![], now()),
            Outcome::TryAgain => transition::try_again(
                &read,
                "sleep: unavailable".to_owned(),
                vec![],
                vec![],
                vec![],
                retry_at,
                now(),
            ),
            Outcome::Throttled => pause(PauseReason::Throttled, Some(retry_at)),
            Outcome::SignIn => pause(PauseReason::ReauthRequired, None),
        };
        let goes_on = transition.after.status == JobStatus::Running;
        self.workers[worker] = Worker::Idle;
        if !self.apply(&transition, Some(worker)) {
            // Not late, and refused: somebody has changed the job and left the fence.
            self.broken = Some("a write by the owner is refused");
        } else if goes_on {
            self.workers[worker] = Worker::Committed;
        }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            job: None,
            lock: None,
            messages: 0,
            workers: [Worker::Idle; 2],
            pressed: None,
            owner: None,
            broken: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_some() {
            return;
        }
        for (worker, what) in state.workers.iter().enumerate() {
            match what {
                Worker::Idle => {
                    // Workers are alike: the first idle one is as good as the other.
                    if state.messages > 0 && !state.workers[..worker].contains(&Worker::Idle) {
                        actions.push(Action::Deliver { worker, and_stays: false });
                        actions.push(Action::Deliver { worker, and_stays: true });
                    }
                    continue;
                }
                Worker::Told | Worker::Late => actions.push(Action::Claim { worker }),
                Worker::Working(snapshot) if u32::from(snapshot.attempts) > MAX_CLAIMS => {
                    actions.push(Action::Commit { worker, outcome: Outcome::Failed });
                }
                Worker::Working(snapshot) => {
                    let is_last = u32::from(snapshot.attempts) == MAX_CLAIMS;
                    let failure = if is_last { Outcome::Failed } else { Outcome::TryAgain };
                    for outcome in
                        [Outcome::Done, Outcome::HandOver, Outcome::Throttled, Outcome::SignIn, failure]
                    {
                        actions.push(Action::Commit { worker, outcome });
                    }
                }
                Worker::Committed => actions.push(Action::Nudge { worker }),
            }
            actions.push(Action::Die { worker });
        }
        if state.messages > 0 {
            actions.push(Action::Lose);
        }
        actions.push(match state.lock {
            None => Action::OtherStarts,
            Some(Holder::Other) => Action::OtherEnds,
            Some(Holder::Job) => Action::Write,
        });
        let Some(job) = state.job else {
            actions.push(Action::Start { nudges: true });
            actions.push(Action::Start { nudges: false });
            return;
        };
        if job.lease == Lease::Live {
            actions.push(Action::LeaseEnds);
        }
        if job.waits {
            actions.push(Action::WaitEnds);
        }
        if self.sweeps && job.is_due_some_time {
            actions.push(Action::Sweep);
        }
        if state.pressed.is_none() {
            actions.extend(
                [Button::Pause, Button::Resume, Button::Cancel].map(|button| Action::Press { button }),
            );
        } else if state.lock != Some(Holder::Job) {
            actions.push(Action::Write);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = *last;
        match action {
            Action::Start { nudges } => {
                if state.lock.is_some() {
                    return None;
                }
                state.lock = Some(Holder::Job);
                let blank = Small {
                    status: JobStatus::Pending,
                    reason: None,
                    chunks: *b"..",
                    fence: 0,
                    lease: Lease::None,
                    attempts: 0,
                    waits: false,
                    is_due_some_time: true,
                    failed_listed: 0,
                    has_marks: false,
                };
                state.store(&blank.job(), false, false);
                if nudges {
                    state.send();
                }
            }
            Action::OtherStarts => state.lock = Some(Holder::Other),
            Action::OtherEnds => state.lock = None,
            Action::Deliver { worker, and_stays } => {
                state.workers[worker] = Worker::Told;
                if !and_stays {
                    state.messages -= 1;
                }
            }
            Action::Lose => state.messages -= 1,
            Action::Claim { worker } => {
                let stored = state.job?.job();
                let is_late = state.workers[worker] == Worker::Late;
                state.workers[worker] = Worker::Idle;
                // A late worker's write is refused, and so is a claim that comes too early: both acknowledge.
                if !is_late && stored.is_claimable(now()) {
                    let lease_until = now() + TimeDelta::seconds(180);
                    // Messages name no fence here: one that was overtaken is as good as lost, and losing is a move of its own.
                    let claim = Claim { now: now(), lease_until, token: Uuid::nil(), nudged_at: None };
                    state.store(&stored.claimed(&claim), false, false);
                    state.owner = Some(worker);
                    state.workers[worker] = Worker::Working(state.job?);
                }
            }
            Action::Commit { worker, outcome } => {
                let Worker::Working(snapshot) = state.workers[worker] else { return None };
                state.commit(worker, snapshot, outcome);
            }
            Action::Nudge { worker } => {
                state.send();
                state.workers[worker] = Worker::Idle;
            }
            Action::Die { worker } => {
                state.workers[worker] = Worker::Idle;
                state.send();
            }
            Action::LeaseEnds => state.job.as_mut()?.lease = Lease::Over,
            Action::WaitEnds => state.job.as_mut()?.waits = false,
            Action::Sweep => {
                let stored = state.job?.job();
                if stored.status == JobStatus::Paused {
                    let wake = transition::wake(&stored, later()).ok()?;
                    state.apply(&wake, None);
                }
                state.send();
            }
            Action::Press { button } => {
                let snapshot = state.job?;
                // What is refused at once changes nothing.
                let _ = Self::decide(button, snapshot)?;
                state.pressed = Some((button, snapshot));
            }
            Action::Write => {
                let (button, snapshot) = state.pressed.take()?;
                let transition = Self::decide(button, snapshot)?;
                if state.apply(&transition, None) && button == Button::Resume {
                    state.send();
                }
            }
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no write breaks a promise (1, 2, 4, 5)", |_, state: &State| {
                state.broken.is_none()
            }),
            Property::always(
                "3: the lock is the job's exactly while it is unfinished",
                |_, state: &State| {
                    state.job.is_some_and(Small::is_unfinished) == (state.lock == Some(Holder::Job))
                },
            ),
            Property::always(
                "6: completed is everything done, failed is something failed",
                |_, state: &State| {
                    state.job.is_none_or(|job| {
                        let count = |letter| job.chunks.iter().filter(|chunk| **chunk == letter).count();
                        usize::from(job.failed_listed) == count(b'f')
                            && match job.status {
                                JobStatus::Completed => count(b'd') == 2,
                                JobStatus::Failed => count(b'.') == 0 && count(b'f') > 0,
                                JobStatus::Cancelled => true,
                                _ => count(b'.') > 0,
                            }
                    })
                },
            ),
            Property::always(
                "13: an unfinished job has a due moment, a finished one has none",
                |_, state: &State| state.job.is_none_or(|job| job.is_due_some_time == job.is_unfinished()),
            ),
            Property::always("a pause has a reason, and a lease a running job", |_, state: &State| {
                state.job.is_none_or(|job| {
                    (job.reason.is_some() == (job.status == JobStatus::Paused))
                        && (job.lease == Lease::None || job.status == JobStatus::Running)
                })
            }),
            Property::sometimes("a job completes", |_, state: &State| {
                state.job.is_some_and(|job| job.status == JobStatus::Completed)
            }),
            Property::sometimes("a job fails", |_, state: &State| {
                state.job.is_some_and(|job| job.status == JobStatus::Failed)
            }),
            Property::sometimes("two workers believe that the job is theirs", |_, state: &State| {
                state.workers.contains(&Worker::Late)
                    && state.workers.iter().any(|worker| matches!(worker, Worker::Working(_)))
            }),
        ]
    }
}

impl Protocol {
    fn decide(button: Button, snapshot: Small) -> Option<Transition> {
        let job = snapshot.job();
        match button {
            Button::Pause => transition::pause(&job, now()),
            Button::Resume => transition::resume(&job, now()),
            Button::Cancel => transition::cancel(&job, now()),
        }
        .ok()
    }

    /// How many states there are, and those that never come to an end by themselves: from which no sequence of steps
    /// without a person leads to the job being finished, or paused by its person.
    fn stuck(&self) -> (usize, Vec<State>) {
        let mut numbers: HashMap<State, u32> = HashMap::new();
        let mut states = self.init_states();
        let mut before: Vec<Vec<u32>> = vec![Vec::new()];
        numbers.insert(states[0], 0);
        let mut actions = Vec::new();
        let mut reached = 0;
        while let Some(state) = states.get(reached).copied() {
            self.actions(&state, &mut actions);
            for action in actions.drain(..) {
                let Some(next) = self.next_state(&state, action) else { continue };
                let number = *numbers.entry(next).or_insert_with(|| {
                    states.push(next);
                    before.push(Vec::new());
                    u32::try_from(states.len() - 1).unwrap()
                });
                if !action.is_of_a_person() {
                    before[number as usize].push(u32::try_from(reached).unwrap());
                }
            }
            reached += 1;
        }
        let is_over = |state: &State| {
            state.job.is_none_or(|job| !job.is_unfinished() || job.reason == Some(PauseReason::User))
        };
        let mut can_end: Vec<bool> = states.iter().map(is_over).collect();
        let mut open: Vec<usize> = (0..states.len()).filter(|number| can_end[*number]).collect();
        while let Some(number) = open.pop() {
            for earlier in before[number].iter().map(|earlier| *earlier as usize) {
                if !can_end[earlier] {
                    can_end[earlier] = true;
                    open.push(earlier);
                }
            }
        }
        let stuck = states.iter().zip(&can_end).filter(|(_, can_end)| !**can_end).map(|(state, _)| *state);
        (states.len(), stuck.collect())
    }
}

#[test]
fn no_state_of_the_protocol_breaks_a_promise() {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let checker = Protocol { sweeps: true }.checker().threads(threads).spawn_bfs().join();
    println!("{} states", checker.unique_state_count());
    checker.assert_properties();
}

#[test]
fn from_every_state_every_job_can_still_end_by_itself() {
    let (states, stuck) = Protocol { sweeps: true }.stuck();
    println!("{states} states");
    assert!(states > 10_000, "{states} states are too few to say anything");
    assert_eq!(stuck.first(), None, "{} of {states} states are stuck", stuck.len());
}

#[test]
fn without_a_sweeper_jobs_get_stuck() {
    let (_, stuck) = Protocol { sweeps: false }.stuck();
    assert!(!stuck.is_empty());
}

#[test]
fn a_small_job_says_as_much_as_the_job_that_it_stands_for() {
    let small = Small {
        status: JobStatus::Running,
        reason: None,
        chunks: *b"f.",
        fence: 1,
        lease: Lease::Live,
        attempts: 2,
        waits: true,
        is_due_some_time: true,
        failed_listed: 1,
        has_marks: true,
    };
    assert_eq!(Small::of(&small.job()), small);
}
