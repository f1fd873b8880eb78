//! Cold starts of the functions' own binaries, and the memory of the one that imports.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::function::Function;
use crate::imports::day;
use crate::line::{Line, nudge_event, request_event};
use crate::report::{Report, Table, Times, millis};

/// Milliseconds from the start of a process to its asking for the first event, and to its first answer; megabytes of
/// memory. The first two are targets for a quiet machine, and the middle of many runs is held to them.
const READY_MS: f64 = 25.0;
const ANSWERED_MS: f64 = 40.0;
const RESIDENT_MB: f64 = 40.0;

/// How much more memory than after its first year a worker may need after ten.
const GROWTH: f64 = 1.15;

/// Starts each function `runs` times.
///
/// # Errors
/// When one does not start or does not answer.
pub async fn measure_cold_starts(
    line: &Line,
    binaries: &Path,
    runs: usize,
    report: &mut Report,
) -> Result<()> {
    let mut table = Table::new(
        format!("cold starts ({runs} runs each, one processor)"),
        &["ready p50", "ready max", "ready CPU", "answer p50", "answer max", "peak MB", "binary MB"],
    );
    let mut environment = line.environment();
    // One file of root certificates, where the machine has a folder of them as well: to see what reading those costs.
    environment.extend(std::env::var("SSL_CERT_FILE").ok().map(|file| ("SSL_CERT_FILE", file)));
    let nobodys = json!({
        "schemaVersion": 1, "userId": "nobody", "jobId": "0197e5a0-7c00-7000-8000-00000000d0b1",
    });
    let estimate = {
        let mut event = request_event("GET", "sync/estimate", "user-0", None);
        event["rawQueryString"] = "startDate=2024-01-01&endDate=2024-12-31".into();
        event["queryStringParameters"] = json!({"startDate": "2024-01-01", "endDate": "2024-12-31"});
        event
    };
    let cancel = json!({"jobId": "0197e5a0-7c00-7000-8000-00000000d0b1"});
    let events = [
        ("create-job", estimate),
        ("read-job", request_event("GET", "sync/status", "user-0", None)),
        ("control-job", request_event("POST", "sync/cancel", "user-0", Some(&cancel))),
        ("process-chunk", nudge_event(&nobodys.to_string())),
        ("sweep-jobs", json!({"id": "an-event", "detail-type": "Scheduled Event", "detail": {}})),
    ];
    for (name, event) in events {
        let binary = binaries.join(name);
        let size = fs::metadata(&binary).with_context(|| format!("{} is not built", binary.display()))?.len();
        let (mut ready, mut busy, mut answered, mut peak) = (Vec::new(), Vec::new(), Vec::new(), 0.0_f64);
        for _ in 0..runs {
            let mut function = Function::start(&binary, &environment).await?;
            ready.push(function.ready().await?);
            busy.push(function.processor_time()?);
            let (answer, at) = function.invoke(event.clone()).await?;
            if answer["statusCode"].as_u64().is_some_and(|status| status >= 500) {
                bail!("{name} answers {answer}");
            }
            answered.push(at);
            peak = peak.max(function.peak_mb()?);
            function.stop().await?;
        }
        let (ready, answered) = (Times::of(ready), Times::of(answered));
        report.promise(format!("{name}: ms until ready"), ready.within(0.5), READY_MS);
        report.promise(format!("{name}: ms until its first answer"), answered.within(0.5), ANSWERED_MS);
        report.promise(format!("{name}: MB"), peak, RESIDENT_MB);
        let (ready, answered) = (
            [ready.within(0.5), ready.within(1.0), Times::of(busy).within(0.5)],
            [answered.within(0.5), answered.within(1.0)],
        );
        table.row(name, [ready.as_slice(), &answered, &[peak, size as f64 / 1e6]].concat());
    }
    report.tables.push(table);
    Ok(())
}

/// Lets process-chunk, as a process of its own, import ten years of everything that is not within the day, then the last
/// 120 days with everything within the day: the largest chunks there are.
///
/// # Errors
/// When an import does not complete.
pub async fn measure_memory(line: &Line, binaries: &Path, report: &mut Report) -> Result<()> {
    let mut table = Table::new("process-chunk in a process of its own", &["chunks", "peak MB", "ms a chunk"]);
    let binary = binaries.join("process-chunk");
    let (first, last) = (day(2015, 1, 1), day(2024, 12, 30));
    let peaks = import(line, &binary, &[], "user-0", first, last).await?;
    let (year, decade) = (peaks.after_first_year, peaks.at_the_end);
    table.row("after its first year", [12.0, year, f64::NAN]);
    table.row("after ten years", [peaks.chunks, decade, peaks.millis / peaks.chunks]);
    report.promise("memory after ten years to that after one", decade / year, GROWTH);

    let today = sync_core::Clock::now(&sync_core::ports::SystemClock).date_naive();
    let (from, to) = (today - chrono::Days::new(121), today - chrono::Days::new(2));
    let within_the_day =
        [("GARMIN_INTRADAY", "true".to_owned()), ("GARMIN_SLEEP_TIMELINE", "true".to_owned())];
    let peaks = import(line, &binary, &within_the_day, "user-1", from, to).await?;
    let figures = [peaks.chunks, peaks.at_the_end, peaks.millis / peaks.chunks];
    table.row("the largest chunks: all within the day too", figures);
    report.promise("process-chunk on the largest chunk: MB", peaks.at_the_end, RESIDENT_MB);
    report.tables.push(table);
    Ok(())
}

struct Peaks {
    chunks: f64,
    after_first_year: f64,
    at_the_end: f64,
    millis: f64,
}

async fn import(
    line: &Line,
    binary: &Path,
    more: &[(&'static str, String)],
    user: &str,
    from: chrono::NaiveDate,
    to: chrono::NaiveDate,
) -> Result<Peaks> {
    let environment = [line.environment().as_slice(), more].concat();
    let mut function = Function::start(binary, &environment).await?;
    function.ready().await?;
    let job = line.start_import(user, from, to).await?;
    let event = nudge_event(&json!({"schemaVersion": 1, "userId": user, "jobId": job}).to_string());
    let mut peaks = Peaks { chunks: 0.0, after_first_year: f64::NAN, at_the_end: f64::NAN, millis: f64::NAN };
    let begun = std::time::Instant::now();
    loop {
        let (answer, _) = function.invoke(event.clone()).await?;
        if answer["batchItemFailures"].as_array().is_some_and(|failures| !failures.is_empty()) {
            bail!("the message was handed back");
        }
        let shown = line.shown(user).await?;
        let chunks = shown["job"]["chunksCompleted"].as_f64().context("a number of chunks")?;
        if peaks.chunks < 12.0 && chunks >= 12.0 {
            peaks.after_first_year = function.peak_mb()?;
        }
        peaks.chunks = chunks;
        match shown["job"]["status"].as_str() {
            Some("running") => {}
            Some("completed") => break,
            _ => bail!("the import ends so: {}", Value::to_string(&shown["job"])),
        }
    }
    peaks.millis = millis(begun.elapsed());
    peaks.at_the_end = function.peak_mb()?;
    function.stop().await?;
    Ok(peaks)
}
