//! What a chunk takes, and whether thirty years take thirty times as much as one.

use std::time::Instant;

use anyhow::{Context as _, Result};
use chrono::{Datelike as _, NaiveDate};

use crate::kernel;
use crate::line::Line;
use crate::report::{Report, Table};

/// Years that are imported, each by a user of its own.
pub const YEARS: [i32; 4] = [1, 5, 10, 30];

/// How much dearer a chunk of a long import may be than one of a single year: people move more in some years than in others.
const DEARER: f64 = 1.25;

/// A calendar date that exists.
///
/// # Panics
/// When it does not.
#[must_use]
#[expect(clippy::expect_used, reason = "dates written in this crate")]
pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a date that exists")
}

/// Imports one, five, ten and thirty years of everything, one after the other. Needs a person for each, and a clock that
/// stands after 2029.
///
/// # Errors
/// When an import does not complete.
pub async fn measure(line: &Line, years: &[i32], report: &mut Report) -> Result<()> {
    let mut whole = Table::new(
        "imports (one worker, Garmin answers at once)",
        &["chunks", "seconds", "Garmin calls", "requests", "read units", "write units", "MB sent", "peak MB"],
    );
    let mut each = Table::new(
        "each chunk of 30 days of them",
        &["per second", "ms", "Garmin calls", "requests", "read units", "write units", "KB sent"],
    );
    for (number, years) in years.iter().enumerate() {
        line.simulator.clear_calls();
        let last = day(2029, 12, 31);
        let first = day(last.year() - years + 1, 1, 1);
        let begun = Instant::now();
        let user = format!("user-{number}");
        let (shown, consumed) = line.meter.during(line.import(&user, first, last)).await;
        // The worker asks an empty queue for a second before it knows that nothing is left.
        let seconds = begun.elapsed().as_secs_f64() - 1.0;
        let chunks = shown?["job"]["chunksTotal"].as_f64().context("a number of chunks")?;
        let calls = line.simulator.calls().len() as f64;
        let (requests, sent) = (consumed.requests() as f64, consumed.bytes_sent as f64);
        let (read, written) = (consumed.read_units, consumed.write_units);
        let name = if *years == 1 { "1 year".to_owned() } else { format!("{years} years") };
        let peak = kernel::peak_mb("self")?;
        whole.row(&name, [chunks, seconds, calls, requests, read, written, sent / 1e6, peak]);
        let of_chunk =
            [seconds * 1_000.0, calls, requests, read, written, sent / 1e3].map(|all| all / chunks);
        each.row(&name, [&[chunks / seconds], of_chunk.as_slice()].concat());
    }
    let (Some(short), Some(long)) = (each.rows.first(), each.rows.last()) else {
        return Ok(());
    };
    for (column, what) in
        [(2, "Garmin calls"), (3, "requests"), (4, "read units"), (5, "write units"), (6, "bytes sent")]
    {
        let ratio = long.figures[column] / short.figures[column];
        report.promise(format!("{what} of a chunk, {} to {}", long.name, short.name), ratio, DEARER);
    }
    // Time is the machine's, and other work on it weighs on one import and not on another.
    report.promise(
        format!("time of a chunk, {} to {}", long.name, short.name),
        long.figures[1] / short.figures[1],
        1.5,
    );
    report.tables.extend([whole, each]);
    report.tables.push(daily_syncs(line, years.len()).await?);
    Ok(())
}

/// What is asked for every day: the days since two before the watermark, three of which are there already.
async fn daily_syncs(line: &Line, number: usize) -> Result<Table> {
    let user = format!("user-{number}");
    let mut table = Table::new("four days", &["ms", "Garmin calls", "requests", "read units", "write units"]);
    let first = day(2029, 6, 1);
    line.import(&user, first, day(2029, 6, 3)).await?;
    for (name, last) in [("three of them known", day(2029, 6, 4)), ("all of them known", day(2029, 6, 4))] {
        line.simulator.clear_calls();
        let begun = Instant::now();
        let (shown, consumed) = line.meter.during(line.import(&user, first, last)).await;
        shown?;
        let millis = begun.elapsed().as_secs_f64() * 1_000.0 - 1_000.0;
        let (calls, requests) = (line.simulator.calls().len() as f64, consumed.requests() as f64);
        table.row(name, [millis, calls, requests, consumed.read_units, consumed.write_units]);
    }
    Ok(table)
}
