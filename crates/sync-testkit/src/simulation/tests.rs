//! The promises of the simulation. `SIM_SEED=… cargo test -p sync-testkit two_thousand` brings one world back.
#![expect(clippy::print_stdout, reason = "how a mistake was caught is worth reading")]

use sync_core::ports::PutLink;

use super::*;

/// Runs seeds on all cores and stops at the first violation.
fn run_all(
    seeds: std::ops::Range<u64>,
    run: impl Fn(u64) -> Result<Report, Violation> + Sync,
) -> Result<Report, Violation> {
    let cores = std::thread::available_parallelism().map_or(2, |cores| cores.get() as u64);
    let run = &run;
    std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..cores)
            .map(|lane| {
                let mine = seeds.clone().filter(move |seed| seed % cores == lane);
                scope.spawn(move || {
                    let mut total = Report::default();
                    for seed in mine {
                        total.add(&run(seed)?);
                    }
                    Ok(total)
                })
            })
            .collect();
        let mut total = Report::default();
        for lane in lanes {
            total.add(&lane.join().unwrap()?);
        }
        Ok(total)
    })
}

#[test]
fn two_thousand_worlds_keep_every_promise() {
    let report = match std::env::var("SIM_SEED") {
        Ok(seed) => Simulation::run_seed(seed.parse().unwrap()),
        Err(_) => run_all(0..2_000, Simulation::run_seed),
    };
    match report {
        Ok(report) => shows_something(&report),
        Err(violation) => panic!("{violation}"),
    }
}

/// Promises are kept easily by worlds in which nothing goes wrong: everything that can has to have happened, and often.
fn shows_something(report: &Report) {
    let Report { kills, thaws, store_faults, unknown_outcomes, dead_letters, poison, .. } = *report;
    let faults = [kills, thaws, store_faults, unknown_outcomes, dead_letters, poison];
    assert!(faults.iter().all(|times| *times >= 20), "{report:?}");
    let Report { started, resumed, completed, failed, cancelled, unlinked, erased, .. } = *report;
    let moves = [started, resumed, completed, failed, cancelled, unlinked, erased];
    assert!(moves.iter().all(|times| *times >= 100), "{report:?}");
}

/// The first of 200 seeds that catches a planted mistake, and how.
fn caught(mistake: Mistake) -> Option<Violation> {
    (0..200).find_map(|seed| {
        let config = Config { mistake: Some(mistake), ..Simulation::config_of(seed) };
        Simulation::run(seed, &config).err()
    })
}

#[test]
fn every_planted_mistake_is_caught_within_two_hundred_seeds() {
    std::thread::scope(|scope| {
        for mistake in Mistake::ALL {
            scope.spawn(move || match caught(mistake) {
                Some(violation) => {
                    println!("{mistake}: caught by seed {}: {}", violation.seed, violation.what);
                }
                None => panic!("{mistake} is not caught"),
            });
        }
    });
}

fn with_kills_at(points: Vec<u64>) -> Result<Report, Violation> {
    let told = points.clone();
    Simulation::run(1, &Config::one_quiet_job(points)).map_err(|mut violation| {
        violation.what = format!("killed at {told:?}: {}", violation.what);
        violation
    })
}

#[test]
fn one_import_completes_whatever_await_point_kills_an_actor() {
    let undisturbed = with_kills_at(Vec::new()).unwrap();
    assert_eq!((undisturbed.completed, undisturbed.kills), (1, 0));
    let points = undisturbed.await_points;
    assert!(points > 40, "{undisturbed:?}");
    let disturbed = run_all(1..points + 1, |point| with_kills_at(vec![point]));
    let disturbed = disturbed.unwrap_or_else(|violation| panic!("{violation}"));
    assert_eq!(disturbed.kills, points);
    // Whoever is killed before the job is stored has started nothing.
    assert_eq!(disturbed.completed, disturbed.started);
}

#[test]
fn one_import_completes_whatever_pair_of_await_points_kills_two() {
    let points = with_kills_at(Vec::new()).unwrap().await_points;
    let disturbed = run_all(1..points + 1, |first| {
        let mut total = Report::default();
        for second in first + 1..=first + points {
            total.add(&with_kills_at(vec![first, second])?);
        }
        Ok(total)
    });
    let disturbed = disturbed.unwrap_or_else(|violation| panic!("{violation}"));
    assert!(disturbed.kills > points * points, "{disturbed:?}");
    assert_eq!(disturbed.completed, disturbed.started);
}

/// A world without faults in which one person imports two chunks, and the test presses the other buttons.
struct Quiet(Simulation);

impl Quiet {
    fn new() -> Self {
        Self::of_seed(1)
    }

    fn of_seed(seed: u64) -> Self {
        let config = Config { troubled: TimeDelta::days(3), ..Config::one_quiet_job(Vec::new()) };
        Self(Simulation::new(seed, &config))
    }

    fn after(&mut self, wait: TimeDelta) -> &mut Self {
        let until = self.0.sim.world().now() + wait;
        self.0.go_on(Some(until));
        assert_eq!(self.0.sim.world().violation, None);
        self
    }

    /// Lets the world go on, a tenth of a second at a time, until it is as wished.
    fn until(&mut self, wished: impl Fn(&World) -> bool) -> &mut Self {
        for _ in 0..3_000 {
            if wished(&self.0.sim.world()) {
                return self;
            }
            self.after(TimeDelta::milliseconds(10));
        }
        panic!("it did not come to that: {:#?}", self.0.sim.world().story());
    }

    fn press(&mut self, wish: Wish) -> &mut Self {
        self.0.press(0, wish);
        self
    }

    fn job(&self) -> Job {
        self.0.sim.world().tables.jobs.values().next().cloned().unwrap()
    }
}

#[test]
fn a_job_waits_while_another_account_is_linked_and_goes_on_with_its_own() {
    let mut quiet = Quiet::new();
    let (own, other) = {
        let world = quiet.0.sim.world();
        (world.garmin.account_of(0), world.garmin.spare_account())
    };
    quiet.after(TimeDelta::minutes(2)).0.person_does_something(0);
    quiet.until(|world| world.tables.jobs.values().any(|job| job.status == JobStatus::Completed));
    // The first import is over; the second is started and paused, and another account linked.
    quiet.0.person_does_something(0);
    let is_second =
        |world: &World| world.tables.jobs.values().find(|job| job.status.is_unfinished()).cloned();
    quiet.until(|world| is_second(world).is_some());
    let job = is_second(&quiet.0.sim.world()).unwrap().key.job_id;
    quiet
        .press(Wish::Pause(job))
        .after(TimeDelta::seconds(1))
        .press(Wish::Link(other))
        .after(TimeDelta::seconds(1));
    let calls = quiet.0.sim.world().report.calls;
    quiet.press(Wish::Resume(job)).after(TimeDelta::minutes(5));
    let waiting = is_second(&quiet.0.sim.world()).unwrap();
    assert_eq!(
        waiting.pause_reason,
        Some(PauseReason::User),
        "it is not resumed with another account's link"
    );
    assert_eq!(quiet.0.sim.world().report.calls, calls);
    quiet.press(Wish::Link(own)).after(TimeDelta::seconds(1)).press(Wish::Resume(job));
    quiet.until(|world| is_second(world).is_none());
    assert_eq!(quiet.0.sim.world().report.completed, 2);
}

#[test]
fn a_worker_does_not_ask_with_the_tokens_of_another_account() {
    let mut quiet = Quiet::new();
    let other = quiet.0.sim.world().garmin.spare_account();
    quiet.until(|world| world.tables.jobs.values().any(|job| job.status == JobStatus::Pending));
    {
        let mut world = quiet.0.sim.world();
        let tokens = world.sign_in(&other, None);
        let id = secrecy::ExposeSecret::expose_secret(&tokens.access)[1..].to_owned();
        let mut link = world.tables.links.values().next().cloned().unwrap();
        link.tokens = SealedTokens(format!("{}|{id}", link.user_id));
        link.account = other;
        assert_eq!(world.store_link(&link, None), PutLink::Stored);
    }
    quiet.after(TimeDelta::minutes(5));
    assert_eq!(quiet.job().pause_reason, Some(PauseReason::ReauthRequired));
    assert_eq!(quiet.0.sim.world().report.calls, 0);
}

#[test]
fn a_seed_is_one_story() {
    for seed in [3, 11] {
        let run = || Simulation::run_seed(seed).unwrap();
        assert_eq!(run(), run());
    }
}

#[test]
fn a_store_that_fails_once_does_not_cost_a_person_the_sign_in() {
    let faults = [
        ("refused", Faults { unavailable: 1.0, ..Faults::default() }),
        ("applied, and nobody was told", Faults { unknown_applied: 1.0, ..Faults::default() }),
        ("lost, and nobody was told", Faults { unknown_lost: 1.0, ..Faults::default() }),
    ];
    for (name, fault) in faults {
        let mut quiet = Quiet::new();
        // The first import is long over, and its access token too, when the second one starts.
        quiet.after(TimeDelta::hours(3)).0.person_does_something(0);
        let traded = quiet.0.sim.world().report.refreshes;
        quiet.until(|world| world.report.refreshes == traded + 1);
        quiet.0.sim.world().faults = fault;
        quiet.until(|world| world.report.store_faults > 0);
        quiet.0.sim.world().faults = Faults::default();
        quiet.until(|world| world.report.completed == 2);
        assert_eq!(quiet.0.sim.world().report.sign_ins_required, 0, "{name}");
    }
}

/// Every invocation has time for a question or two, and a month of stress is thirty questions that Garmin has to refuse
/// whole before.
#[test]
fn a_slow_garmin_with_a_small_cap_uses_up_no_claims() {
    let mut most_claims = 0;
    for seed in 0..8 {
        let mut quiet = Quiet::of_seed(seed);
        {
            let mut world = quiet.0.sim.world();
            world.faults = Faults { garmin_slow: 1.0, ..Faults::default() };
            world.garmin.accounts.iter_mut().for_each(|account| account.stress_cap = 1);
        }
        quiet.after(TimeDelta::hours(3));
        let job = quiet.job();
        assert_eq!((job.status, job.failed_chunks), (JobStatus::Completed, vec![]), "seed {seed}");
        most_claims = most_claims.max(job.fence);
    }
    assert!(most_claims > 10, "it took {most_claims} claims only");
}
