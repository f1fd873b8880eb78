//! The promises of the simulation.

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
        Ok(report) => assert!(report.completed > 0, "{report:?}"),
        Err(violation) => panic!("{violation}"),
    }
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
