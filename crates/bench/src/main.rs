//! Measures, prints one table and the same as JSON, and fails when a promise is broken.
#![recursion_limit = "256"]
#![expect(clippy::print_stdout, reason = "what it measures is its output")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use bench::imports;
use bench::line::{Line, LineConfig};
use bench::load::{self, Load};
use bench::processes::{self, Started};
use bench::report::Report;
use bench::requests::{self, Counts};
use chrono::TimeDelta;
use clap::{Parser, Subcommand};

/// Figures of garmin-sync. Ratios within a run and counts are promises; times are the machine's.
#[derive(Debug, Parser)]
struct Arguments {
    /// Also writes everything to this file, as JSON.
    #[arg(long, global = true)]
    json: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// What requests and chunks take, and whether thirty years take thirty times one.
    Figures {
        /// Years to import, each in an import of its own.
        #[arg(long, value_delimiter = ',', default_values_t = imports::YEARS)]
        years: Vec<i32>,
    },
    /// Cold starts of the functions' binaries, and the memory of process-chunk in a process of its own.
    Cold {
        /// The folder of the functions' release binaries.
        #[arg(long)]
        functions: PathBuf,
        /// Starts of each.
        #[arg(long, default_value_t = 20)]
        runs: usize,
        /// The folder of other binaries: each start then takes turns with a start of these, and nothing else is measured.
        #[arg(long)]
        against: Option<PathBuf>,
        /// NAME=VALUE in the environment of the others, which are the same binaries without `--against`.
        #[arg(long, value_parser = name_and_value)]
        with: Vec<(String, String)>,
    },
    /// Many imports at once, with open pages beside them.
    Load {
        /// People who import a year each.
        #[arg(long, default_value_t = 1_000)]
        users: usize,
        /// Open pages.
        #[arg(long, default_value_t = 200)]
        pollers: usize,
        /// Workers; without it, one fewer than there are processors.
        #[arg(long)]
        workers: Option<usize>,
        /// Metric types to import; without any, all.
        #[arg(long, value_delimiter = ',')]
        metrics: Vec<String>,
    },
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut report = Report::default();
    match arguments.what {
        What::Figures { years } => figures(&years, &mut report).await?,
        What::Cold { functions, runs, against, with } => {
            let line =
                Line::start(&LineConfig { people: 2, ahead: TimeDelta::zero(), intraday: false }).await?;
            let these = Started { binaries: functions, environment: Vec::new() };
            if against.is_some() || !with.is_empty() {
                let binaries = against.unwrap_or_else(|| these.binaries.clone());
                let others = Started { binaries, environment: with };
                processes::compare_cold_starts(&line, &these, &others, runs, &mut report).await?;
            } else {
                processes::measure_cold_starts(&line, &these, runs, &mut report).await?;
                processes::measure_memory(&line, &these.binaries, &mut report).await?;
            }
            line.stop().await;
        }
        What::Load { users, pollers, workers, metrics } => {
            let config = LineConfig { people: users + 1, ahead: TimeDelta::zero(), intraday: false };
            let line = Line::start(&config).await?;
            let workers = workers.map_or_else(one_processor_for_others, Ok)?;
            let load = Load { users, pollers: pollers.min(users), workers, metrics };
            load::measure(&line, &load, &mut report).await?;
            line.stop().await;
        }
    }
    print!("{report}");
    if let Some(path) = arguments.json {
        let json = serde_json::to_vec_pretty(&report)?;
        std::fs::write(&path, json).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(if report.is_kept() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn name_and_value(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').context("NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Lambda gives every invocation a processor of its own. A worker keeps about one busy, with the Garmin and the tables that it
/// waits for, so this many leave one for the pages.
fn one_processor_for_others() -> Result<usize> {
    Ok(std::thread::available_parallelism()?.get().saturating_sub(1).max(1))
}

async fn figures(years: &[i32], report: &mut Report) -> Result<()> {
    // Thirty years from 2000 on end with 2029.
    let config = LineConfig { people: 16, ahead: TimeDelta::days(366 * 6), intraday: false };
    let line = Line::start(&config).await?;
    imports::measure(&line, years, report).await?;
    line.stop().await;
    // An empty line: what was nudged by one measurement must not be worked on in another.
    let line = Line::start(&config).await?;
    requests::measure(&line, Counts { alone: 1_000, each: 100 }, report).await?;
    line.stop().await;
    Ok(())
}
