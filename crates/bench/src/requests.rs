//! What a person's requests take: handler, SDK client and tables, without network or gateway.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use http::StatusCode;
use sync_testkit::meter::Consumed;

use crate::imports::day;
use crate::line::{Line, of_all};
use crate::report::{Report, Table, Times};

/// Users that ask at the same time, for requests a second.
const SIDE_BY_SIDE: usize = 16;

/// Requests timed one after the other, and by how many each of the users side by side does.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// One after the other.
    pub alone: usize,
    /// Each, side by side.
    pub each: usize,
}

/// Measures a status, an unchanged status, a start and a cancel. Needs sixteen people without a job.
///
/// # Errors
/// When an answer is not as expected.
pub async fn measure(line: &Line, counts: Counts, report: &mut Report) -> Result<()> {
    let mut table = Table::new(
        "requests (handler, SDK, embedded DynamoDB)",
        &["per second", "p50 ms", "p99 ms", "requests", "read units", "write units"],
    );
    let (from, to) = (day(2010, 1, 1), day(2019, 12, 31));
    let jobs = of_all(SIDE_BY_SIDE, async |user| line.start_import(&user, from, to).await).await?;

    let status = async |user: String| line.status(&user, None).await.map(drop);
    measure_one(line, "status", counts, status, &mut table).await?;
    let known = line.status("user-0", None).await?;
    let tag = known.headers().get("etag").context("a status has no tag")?.to_str()?.to_owned();
    let unchanged = async |_| {
        let answer = line.status("user-0", Some(&tag)).await?;
        if answer.status() == StatusCode::NOT_MODIFIED { Ok(()) } else { bail!("the status has changed") }
    };
    measure_one(line, "status, unchanged (304)", counts, unchanged, &mut table).await?;

    for (number, job) in jobs.iter().enumerate() {
        line.cancel(&format!("user-{number}"), job).await?;
    }
    let (mut starts, mut cancels) = (Vec::new(), Vec::new());
    let before = line.meter.total();
    let mut of_starts = Consumed::default();
    for _ in 0..counts.alone {
        let begun = Instant::now();
        let (job, consumed) = line.meter.during(line.start_import("user-0", from, to)).await;
        starts.push(begun.elapsed());
        of_starts.read_units += consumed.read_units;
        of_starts.write_units += consumed.write_units;
        *of_starts.calls.entry("all").or_default() += consumed.requests();
        let job = job?;
        let begun = Instant::now();
        line.cancel("user-0", &job).await?;
        cancels.push(begun.elapsed());
    }
    let both = line.meter.total() - before;
    let of_cancels = Consumed {
        calls: [("all", both.requests() - of_starts.requests())].into(),
        read_units: both.read_units - of_starts.read_units,
        write_units: both.write_units - of_starts.write_units,
        ..Consumed::default()
    };
    let begun = Instant::now();
    of_all(SIDE_BY_SIDE, async |user| {
        for _ in 0..counts.each {
            let job = line.start_import(&user, from, to).await?;
            line.cancel(&user, &job).await?;
        }
        Ok(())
    })
    .await?;
    // A start and a cancel for each: what they share between them.
    let pairs = (SIDE_BY_SIDE * counts.each) as f64 / begun.elapsed().as_secs_f64();
    for (name, times, consumed) in [("start", starts, of_starts), ("cancel", cancels, of_cancels)] {
        table.row(name, figures(pairs, &Times::of(times), &consumed, counts.alone));
    }
    report.promise("requests to DynamoDB of a status", table.rows[0].figures[3], 2.0);
    report.promise("read units of a status", table.rows[0].figures[4], 1.0);
    report.tables.push(table);
    Ok(())
}

fn figures(per_second: f64, times: &Times, consumed: &Consumed, count: usize) -> Vec<f64> {
    let count = count as f64;
    vec![
        per_second,
        times.within(0.5),
        times.within(0.99),
        consumed.requests() as f64 / count,
        consumed.read_units / count,
        consumed.write_units / count,
    ]
}

async fn measure_one(
    line: &Line,
    name: &str,
    counts: Counts,
    ask: impl AsyncFn(String) -> Result<()>,
    table: &mut Table,
) -> Result<()> {
    let mut times = Vec::new();
    let before = line.meter.total();
    for _ in 0..counts.alone {
        let begun = Instant::now();
        ask("user-0".to_owned()).await?;
        times.push(begun.elapsed());
    }
    let consumed = line.meter.total() - before;
    let begun = Instant::now();
    of_all(SIDE_BY_SIDE, async |user| {
        for _ in 0..counts.each {
            ask(user.clone()).await?;
        }
        Ok(())
    })
    .await?;
    let per_second = (SIDE_BY_SIDE * counts.each) as f64 / begun.elapsed().as_secs_f64();
    table.row(name, figures(per_second, &Times::of(times), &consumed, counts.alone));
    Ok(())
}
