//! The promises of the simulation.

use super::*;

/// Runs seeds on all cores and stops at the first violation.
fn run_all(seeds: std::ops::Range<u64>, run: impl Fn(u64) -> Result<Report, Violation> + Sync) -> Result<Report, Violation> {
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
