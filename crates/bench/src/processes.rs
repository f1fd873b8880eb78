//! Cold starts of the functions' own binaries, and the memory of the one that imports.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::function::Function;
use crate::imports::day;
use crate::line::{Line, nudge_event, request_event};
use crate::report::{Report, Table, Times, millis};
use crate::tls::TlsFront;

/// Milliseconds from the start of a process to its asking for the first event, and to its first answer; megabytes of
/// memory. Held to the first two are the middle of many runs, by what the process has had of its processor, and the fastest
/// of them by the clock.
const READY_MS: f64 = 25.0;
const ANSWERED_MS: f64 = 40.0;
const RESIDENT_MB: f64 = 40.0;

/// How much more memory than after its first year a worker may need after ten.
const GROWTH: f64 = 1.15;

/// The functions, each with an event that it answers with one look at the tables.
fn events() -> [(&'static str, Value); 7] {
    let nobodys = json!({
        "schemaVersion": 1, "userId": "nobody", "jobId": "0197e5a0-7c00-7000-8000-00000000d0b1",
    });
    let between = |path: &str, from: &str, to: &str| {
        let mut event = request_event("GET", path, "user-0", None);
        event["rawQueryString"] = format!("{from}=2024-01-01&{to}=2024-12-31").into();
        event["queryStringParameters"] = json!({from: "2024-01-01", to: "2024-12-31"});
        event
    };
    let cancel = json!({"jobId": "0197e5a0-7c00-7000-8000-00000000d0b1"});
    [
        ("create-job", between("sync/estimate", "startDate", "endDate")),
        ("read-job", request_event("GET", "sync/status", "user-0", None)),
        ("read-history", between("history/daily", "from", "to")),
        ("control-job", request_event("POST", "sync/cancel", "user-0", Some(&cancel))),
        ("link-account", request_event("GET", "status", "user-0", None)),
        ("process-chunk", nudge_event(&nobodys.to_string())),
        ("sweep-jobs", json!({"id": "an-event", "detail-type": "Scheduled Event", "detail": {}})),
    ]
}

/// What is started: the folder of the binaries, and what their environment has beside what all have.
#[derive(Clone, Debug)]
pub struct Started {
    /// The folder.
    pub binaries: PathBuf,
    /// Names and values.
    pub environment: Vec<(String, String)>,
}

/// What many cold starts of one function took.
#[derive(Debug, Default)]
struct Starts {
    ready: Vec<Duration>,
    ready_on_processor: Vec<Duration>,
    answered: Vec<Duration>,
    answered_on_processor: Vec<Duration>,
    peak_mb: f64,
    binary_mb: f64,
}

impl Starts {
    async fn once_more(
        &mut self,
        started: &Started,
        name: &str,
        event: &Value,
        environment: &[(&str, String)],
    ) -> Result<()> {
        let binary = started.binaries.join(name);
        let size = fs::metadata(&binary).with_context(|| format!("{} is not built", binary.display()))?.len();
        let own = started.environment.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let environment: Vec<_> = environment.iter().cloned().chain(own).collect();
        let mut function = Function::start(&binary, &environment).await?;
        self.ready.push(function.ready().await?);
        self.ready_on_processor.push(function.processor_time()?);
        let (answer, at) = function.invoke(event.clone()).await?;
        if answer["statusCode"].as_u64().is_some_and(|status| status >= 400 && status != 404) {
            bail!("{name} answers {answer}");
        }
        self.answered.push(at);
        self.answered_on_processor.push(function.processor_time()?);
        self.peak_mb = self.peak_mb.max(function.peak_mb()?);
        self.binary_mb = size as f64 / 1e6;
        function.stop().await
    }

    fn middle(times: &[Duration]) -> f64 {
        Times::of(times.to_vec()).within(0.5)
    }
}

/// What every function is told: TLS stands before the tables, as it does in the cloud.
async fn environment(line: &Line) -> Result<(Vec<(&'static str, String)>, TlsFront)> {
    let mut environment = line.environment();
    let (_, tables) = environment
        .iter_mut()
        .find(|(name, _)| *name == "AWS_ENDPOINT_URL_DYNAMODB")
        .context("the tables have an address")?;
    let front = TlsFront::start(tables, line.directory()).await?;
    tables.clone_from(&front.url);
    environment.push(("SSL_CERT_FILE", front.roots.display().to_string()));
    Ok((environment, front))
}

/// Starts each function `runs` times.
///
/// # Errors
/// When one does not start or does not answer.
pub async fn measure_cold_starts(
    line: &Line,
    started: &Started,
    runs: usize,
    report: &mut Report,
) -> Result<()> {
    let mut table = Table::new(
        format!("cold starts ({runs} runs each, one processor)"),
        &[
            "ready p50",
            "ready max",
            "ready CPU",
            "answer p50",
            "answer max",
            "answer CPU",
            "peak MB",
            "binary MB",
        ],
    );
    let (environment, _front) = environment(line).await?;
    for (name, event) in events() {
        let mut starts = Starts::default();
        for _ in 0..runs {
            starts.once_more(started, name, &event, &environment).await?;
        }
        let (ready, ready_on_processor) =
            (Starts::middle(&starts.ready), Starts::middle(&starts.ready_on_processor));
        let (answered, answered_on_processor) =
            (Starts::middle(&starts.answered), Starts::middle(&starts.answered_on_processor));
        let slowest = |times: &[Duration]| Times::of(times.to_vec()).within(1.0);
        let figures = [
            ready,
            slowest(&starts.ready),
            ready_on_processor,
            answered,
            slowest(&starts.answered),
            answered_on_processor,
            starts.peak_mb,
            starts.binary_mb,
        ];
        table.row(name, figures);
        // What other work on the machine takes from a start is not the start's: so the time on the processor, and by the
        // clock the fastest run. That one has no more in it than the start itself, but every wait that the start makes.
        let fastest = |times: &[Duration]| times.iter().min().map_or(f64::NAN, |time| millis(*time));
        report.promise(format!("{name}: ms until ready, the fastest"), fastest(&starts.ready), READY_MS);
        report.promise(
            format!("{name}: ms until its first answer, the fastest"),
            fastest(&starts.answered),
            ANSWERED_MS,
        );
        report.promise(format!("{name}: ms on the processor until ready"), ready_on_processor, READY_MS);
        report.promise(
            format!("{name}: ms on the processor until its first answer"),
            answered_on_processor,
            ANSWERED_MS,
        );
        report.promise(format!("{name}: MB"), starts.peak_mb, RESIDENT_MB);
    }
    report.tables.push(table);
    Ok(())
}

/// Starts the same functions of another build or with another environment in turn with these, so that both meet the same
/// machine. Those that the other folder does not have are left out. Promises nothing.
///
/// # Errors
/// As [`measure_cold_starts`].
pub async fn compare_cold_starts(
    line: &Line,
    started: &Started,
    other: &Started,
    runs: usize,
    report: &mut Report,
) -> Result<()> {
    let mut table = Table::new(
        format!("cold starts in turn with another ({runs} each)"),
        &[
            "answer CPU",
            "other's",
            "ratio",
            "answer p50",
            "other's",
            "ratio",
            "peak MB",
            "other's",
            "binary MB",
            "other's",
        ],
    );
    let (environment, _front) = environment(line).await?;
    for (name, event) in events() {
        if !other.binaries.join(name).exists() {
            continue;
        }
        let (mut these, mut others) = (Starts::default(), Starts::default());
        for _ in 0..runs {
            these.once_more(started, name, &event, &environment).await?;
            others.once_more(other, name, &event, &environment).await?;
        }
        let of = |times: fn(&Starts) -> &[Duration]| {
            let (this, other) = (Starts::middle(times(&these)), Starts::middle(times(&others)));
            [this, other, other / this]
        };
        let mut figures = of(|starts| &starts.answered_on_processor).to_vec();
        figures.extend(of(|starts| &starts.answered));
        figures.extend([these.peak_mb, others.peak_mb, these.binary_mb, others.binary_mb]);
        table.row(name, figures);
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
