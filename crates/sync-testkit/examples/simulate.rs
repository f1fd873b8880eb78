//! Long runs of the simulation: `cargo run -p sync-testkit --example simulate -- --seeds 100000 [--from 0]`.
//!
//! Prints the seed and the last events of each world that broke a promise, and ends with 1 if there was any.
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use sync_testkit::simulation::{Report, Simulation};

fn main() -> ExitCode {
    let Some((from, seeds)) = arguments() else {
        println!("usage: simulate --seeds <how many> [--from <the first>]");
        return ExitCode::from(2);
    };
    let began = Instant::now();
    let next = AtomicU64::new(from);
    let total = Mutex::new((Report::default(), 0_u64));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from.saturating_add(seeds) {
                        break;
                    }
                    let outcome = Simulation::run_seed(seed);
                    let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                    match outcome {
                        Ok(report) => total.0.add(&report),
                        Err(violation) => {
                            total.1 += 1;
                            println!("{violation}\n");
                        }
                    }
                }
            });
        }
    });
    let (report, violations) = *total.lock().unwrap_or_else(PoisonError::into_inner);
    println!("{report:#?}");
    let seconds = began.elapsed().as_secs_f64();
    println!("{seeds} seeds from {from} in {seconds:.1} s, {violations} violations");
    if violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn arguments() -> Option<(u64, u64)> {
    let (mut from, mut seeds) = (0, 10_000);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let number = arguments.next()?.parse().ok()?;
        match name.as_str() {
            "--from" => from = number,
            "--seeds" => seeds = number,
            _ => return None,
        }
    }
    Some((from, seeds))
}
