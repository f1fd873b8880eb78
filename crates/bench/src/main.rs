//! Measures, prints one table and the same as JSON, and fails when a promise is broken.
#![recursion_limit = "256"]
#![expect(clippy::print_stdout, reason = "what it measures is its output")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use bench::imports;
use bench::line::{Line, LineConfig};
use bench::load::{self, Load};
use bench::report::Report;
use bench::requests::{self, Counts};
use bench::{processes, report};
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
        /// Cold starts alone.
        #[arg(long)]
        starts_only: bool,
    },
    /// Many imports at once, with open pages beside them.
    Load {
        /// People who import a year each.
        #[arg(long, default_value_t = 1_000)]
        users: usize,
        /// Open pages.
        #[arg(long, default_value_t = 200)]
        pollers: usize,
        /// Workers.
        #[arg(long, default_value_t = 8)]
        workers: usize,
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
        What::Cold { functions, runs, starts_only } => {
            cold(&functions, runs, starts_only, &mut report).await?;
        }
        What::Load { users, pollers, workers, metrics } => {
            let config = LineConfig { people: users, ahead: TimeDelta::zero(), intraday: false };
            let line = Arc::new(Line::start(&config).await?);
            let load = Load { users, pollers: pollers.min(users), workers, metrics };
            load::measure(line, load, &mut report).await?;
        }
    }
    print!("{report}");
    if let Some(path) = arguments.json {
        let json = serde_json::to_vec_pretty(&report)?;
        std::fs::write(&path, json).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(if report::Report::is_kept(&report) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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

async fn cold(functions: &Path, runs: usize, starts_only: bool, report: &mut Report) -> Result<()> {
    let config = LineConfig { people: 2, ahead: TimeDelta::zero(), intraday: false };
    let line = Line::start(&config).await?;
    processes::measure_cold_starts(&line, functions, runs, report).await?;
    if !starts_only {
        processes::measure_memory(&line, functions, report).await?;
    }
    line.stop().await;
    Ok(())
}
