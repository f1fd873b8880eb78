//! A thousand people import a year each at the same time, while others watch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use chrono::NaiveDate;
use tokio::task::JoinSet;

use crate::imports::day;
use crate::kernel;
use crate::line::Line;
use crate::report::{Report, Table, Times};

/// How often an open page asks.
const POLL_EVERY: Duration = Duration::from_secs(3);

/// How long the pages are watched before anybody imports.
const IDLE: Duration = Duration::from_secs(15);

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
pub async fn measure(line: Arc<Line>, load: Load, report: &mut Report) -> Result<()> {
    let (first, last) = (day(2024, 1, 1), day(2024, 12, 30));
    let idle = {
        let pages = open_pages(&line, load.pollers);
        tokio::time::sleep(IDLE).await;
        close(pages).await?
    };
    let before = kernel::peak_mb("self")?;

    let begun = Instant::now();
    for number in 0..load.users {
        line.start_import_of(&load.metrics, &format!("user-{number}"), first, last).await?;
    }
    let started = begun.elapsed().as_secs_f64();
    let pages = open_pages(&line, load.pollers);
    let mut working = line.work(load.workers);
    let mut ended = Vec::with_capacity(load.users);
    let mut open: Vec<usize> = (0..load.users).collect();
    let (mut calls, mut chunks) = (0_usize, 0.0);
    // Looked at with as little weight on the line as possible: whoever may have ended since, by how far the slowest is.
    while !open.is_empty() {
        tokio::time::sleep(Duration::from_millis(500)).await;
        if let Some(stopped) = working.try_join_next() {
            stopped??;
            bail!("a worker has ended");
        }
        calls += line.simulator.calls().len();
        line.simulator.clear_calls();
        let mut still = Vec::with_capacity(open.len());
        for number in open {
            let shown = line.shown(&format!("user-{number}")).await?;
            match shown["job"]["status"].as_str() {
                Some("pending" | "running") => still.push(number),
                Some("completed") => {
                    ended.push(begun.elapsed());
                    chunks += shown["job"]["chunksTotal"].as_f64().context("a number of chunks")?;
                }
                _ => bail!("an import ends so: {}", shown["job"]),
            }
        }
        open = still;
    }
    let seconds = begun.elapsed().as_secs_f64();
    working.shutdown().await;
    let busy = close(pages).await?;
    line.nothing_is_left().await?;
    everything_is_there(&line, first, last).await?;

    let peak = kernel::peak_mb("self")?;
    let ended = Times::of(ended);
    let mut table = Table::new(
        format!("{} imports of a year at once, {} workers", load.users, load.workers),
        &["starts s", "seconds", "chunks/s", "Garmin/s", "median end s", "last end s", "peak MB", "idle MB"],
    );
    let (median, slowest) = (ended.within(0.5) / 1e3, ended.within(1.0) / 1e3);
    let (chunks, calls) = (chunks / seconds, calls as f64 / seconds);
    table.row("all of them", [started, seconds, chunks, calls, median, slowest, peak, before]);
    report.tables.push(table);
    let mut table =
        Table::new(format!("{} pages beside it, one poll in 3 s each", load.pollers), &["p50 ms", "p99 ms"]);
    table.row("nobody imports", [idle.within(0.5), idle.within(0.99)]);
    table.row("all import", [busy.within(0.5), busy.within(0.99)]);
    report.tables.push(table);
    report.promise("the slowest user to the median", slowest / median, 2.0);
    report.promise(
        "p99 of a poll beside the load to that without",
        busy.within(0.99) / idle.within(0.99),
        3.0,
    );
    report.promise("MB of everything together, Garmin and tables included", peak, 1_000.0);
    Ok(())
}

/// Each page asks at its own moment of the three seconds.
fn open_pages(line: &Arc<Line>, pollers: usize) -> Vec<(tokio::sync::oneshot::Sender<()>, JoinSetOfOne)> {
    let pages = u32::try_from(pollers.max(1)).unwrap_or(u32::MAX);
    (0..pollers)
        .map(|number| {
            let line = Arc::clone(line);
            let (stop, mut stopped) = tokio::sync::oneshot::channel();
            let turn = POLL_EVERY / pages * u32::try_from(number).unwrap_or_default();
            let mut page = JoinSet::new();
            page.spawn(async move {
                let mut times = Vec::new();
                let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + turn, POLL_EVERY);
                loop {
                    tokio::select! {
                        _ = &mut stopped => return anyhow::Ok(times),
                        _ = ticks.tick() => {}
                    }
                    let begun = Instant::now();
                    line.status(&format!("user-{number}"), None).await?;
                    times.push(begun.elapsed());
                }
            });
            (stop, page)
        })
        .collect()
}

type JoinSetOfOne = JoinSet<Result<Vec<Duration>>>;

async fn close(pages: Vec<(tokio::sync::oneshot::Sender<()>, JoinSetOfOne)>) -> Result<Times> {
    let mut times = Vec::new();
    let pages: Vec<_> = pages
        .into_iter()
        .map(|(stop, page)| {
            stop.send(()).ok();
            page
        })
        .collect();
    for mut page in pages {
        while let Some(asked) = page.join_next().await {
            times.extend(asked??);
        }
    }
    Ok(Times::of(times))
}

/// A few people's days, counted.
async fn everything_is_there(line: &Line, first: NaiveDate, last: NaiveDate) -> Result<()> {
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
    for user in ["user-0", "user-1"] {
        let days = line.records.records(&sync_core::UserId::new(user)?, &query).await?.items.len();
        if days != expected {
            bail!("{user} has {days} days of {expected}");
        }
    }
    Ok(())
}
