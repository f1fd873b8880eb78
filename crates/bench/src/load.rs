//! A thousand people import a year each at the same time, while others watch.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use crate::imports::day;
use crate::kernel;
use crate::line::Line;
use crate::pages::Pages;
use crate::report::{Report, Table, Times};

/// How long the pages are watched before anybody imports, and again when all have ended.
const IDLE: Duration = Duration::from_secs(30);

/// How long nobody may have asked Garmin while an import has not ended.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much.
#[derive(Clone, Debug)]
pub struct Load {
    /// People who import.
    pub users: usize,
    /// People whose page is open, each of them one of those who import.
    pub pollers: usize,
    /// Workers, as the functions' concurrency.
    pub workers: usize,
    /// What is imported; none means everything.
    pub metrics: Vec<String>,
}

/// Lets everybody import 2024.
///
/// # Errors
/// When an import does not complete, or something is left over.
pub async fn measure(line: &Line, load: &Load, report: &mut Report) -> Result<()> {
    let (first, last) = (day(2024, 1, 1), day(2024, 12, 30));
    let before = kernel::peak_mb("self")?;
    let idle = pages_alone(line, load.pollers).await?;

    let begun = Instant::now();
    for number in 0..load.users {
        line.start_import_of(&load.metrics, &format!("user-{number}"), first, last).await?;
    }
    let started = begun.elapsed().as_secs_f64();
    let pages = Pages::open(&line.tables(), load.pollers)?;
    let (busy_before, working_since) = (kernel::processor_time("self")?, Instant::now());
    let (mut working, mut sweeping) = (line.work(load.workers), line.sweep());
    let (mut calls, mut last_call, mut deepest) = (0, Instant::now(), 0);
    let mut late = Latecomer::NotYet;
    // One small question twice a second: looking at a thousand jobs would be a load of its own.
    while line.unfinished(1).await? > 0 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        if let Some(stopped) = working.try_join_next().or_else(|| sweeping.try_join_next()) {
            stopped??;
            bail!("a worker or the sweeper has ended");
        }
        deepest = deepest.max(line.queued().await?);
        late = late.goes_on(line, load, first, last).await?;
        let asked = line.simulator.calls().len();
        line.simulator.clear_calls();
        calls += asked;
        if asked > 0 {
            last_call = Instant::now();
        } else if last_call.elapsed() > PATIENCE {
            bail!("{} imports or more have not ended, and nobody works on them", line.unfinished(10).await?);
        }
    }
    let seconds = working_since.elapsed().as_secs_f64();
    let processors = (kernel::processor_time("self")? - busy_before).as_secs_f64() / seconds;
    working.shutdown().await;
    sweeping.shutdown().await;
    let busy = pages.close().await?;
    let idle = idle.and(pages_alone(line, load.pollers).await?);

    let peak = kernel::peak_mb("self")?;
    let (ended, chunks) = everything_is_there(line, load.users + 1, first, last).await?;
    let mut table = Table::new(
        format!("{} imports of a year at once, {} workers", load.users, load.workers),
        &[
            "starts s",
            "seconds",
            "chunks",
            "chunks/s",
            "Garmin/s",
            "processors",
            "median end s",
            "last end s",
            "peak MB",
            "idle MB",
        ],
    );
    let (median, slowest) = (ended.within(0.5) / 1e3, ended.within(1.0) / 1e3);
    let (pace, calls) = (chunks / seconds, calls as f64 / seconds);
    table.row(
        "all of them",
        [started, seconds, chunks, pace, calls, processors, median, slowest, peak, before],
    );
    report.tables.push(table);
    let mut table = Table::new(
        format!("{} pages beside it, one poll in 3 s each", load.pollers),
        &["polls", "p50 ms", "p99 ms", "slowest ms"],
    );
    for (name, polls) in [("nobody imports", &idle), ("all import", &busy)] {
        table.row(name, [polls.count(), polls.within(0.5), polls.within(0.99), polls.within(1.0)]);
    }
    report.tables.push(table);
    let Latecomer::Served(wait) = late else { bail!("whoever came late was never served") };
    // All progress in step, so this is how long one chunk of everybody takes.
    let round = seconds / (chunks / (load.users + 1) as f64);
    let mut table =
        Table::new("the queue".to_owned(), &["messages", "a chunk", "deepest", "round s", "latecomer s"]);
    let messages = line.messages() as f64;
    table.row(
        "with the sweeper's",
        [messages, messages / chunks, f64::from(deepest), round, wait.as_secs_f64()],
    );
    report.tables.push(table);
    report.promise("the slowest user to the median", slowest / median, 2.0);
    report.promise(
        "the wait for a first chunk of somebody who comes late to a round of all",
        wait.as_secs_f64() / round,
        2.0,
    );
    report.promise("messages worked on per chunk", messages / chunks, 3.0);
    report.promise("messages in the queue at once per import", f64::from(deepest) / load.users as f64, 3.0);
    report.promise(
        "p99 of a poll beside the imports to that without",
        busy.within(0.99) / idle.within(0.99),
        3.0,
    );
    report.promise("MB of everything together, Garmin and tables included", peak, 1_000.0);
    Ok(())
}

/// Somebody who starts when the others are in the middle of their years.
enum Latecomer {
    NotYet,
    Waits(Instant),
    Served(Duration),
}

impl Latecomer {
    async fn goes_on(self, line: &Line, load: &Load, first: NaiveDate, last: NaiveDate) -> Result<Self> {
        let done = async |user: &str| -> Result<u64> {
            line.shown(user).await?["job"]["chunksCompleted"].as_u64().context("a number of chunks")
        };
        let user = format!("user-{}", load.users);
        Ok(match self {
            Self::NotYet if done("user-0").await? >= 4 => {
                line.start_import_of(&load.metrics, &user, first, last).await?;
                Self::Waits(Instant::now())
            }
            Self::Waits(since) if done(&user).await? >= 1 => Self::Served(since.elapsed()),
            as_before => as_before,
        })
    }
}

async fn pages_alone(line: &Line, pages: usize) -> Result<Times> {
    let pages = Pages::open(&line.tables(), pages)?;
    tokio::time::sleep(IDLE).await;
    pages.close().await
}

/// Everybody's import has completed, with every day. Returns how long each took, and how many chunks all of them were.
async fn everything_is_there(
    line: &Line,
    users: usize,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<(Times, f64)> {
    use sync_core::RecordStore as _;
    let query = sync_core::ports::RecordQuery {
        kind: sync_core::RecordKind::Day,
        from: Some(first.to_string()),
        to: Some(last.to_string()),
        attributes: Some(std::collections::BTreeSet::new()),
        limit: 1_000,
        cursor: None,
    };
    let expected = usize::try_from((last - first).num_days() + 1)?;
    let (mut times, mut chunks) = (Vec::with_capacity(users), 0.0);
    for number in 0..users {
        let user = format!("user-{number}");
        let job = &line.shown(&user).await?["job"];
        if job["status"] != "completed" {
            bail!("an import ends so: {job}");
        }
        let took = instant(&job["completedAt"])? - instant(&job["createdAt"])?;
        times.push(took.to_std()?);
        chunks += job["chunksTotal"].as_f64().context("a number of chunks")?;
        let days = line.records.records(&sync_core::UserId::new(&user)?, &query).await?.items.len();
        if days != expected {
            bail!("{user} has {days} days of {expected}");
        }
    }
    Ok((Times::of(times), chunks))
}

fn instant(shown: &Value) -> Result<DateTime<Utc>> {
    Ok(shown.as_str().context("a moment")?.parse()?)
}
