//! What the whole line takes on one machine: HTTP, handlers, SDK, queue and tables, with a Garmin that answers at once.
//! Compare figures of one run with each other; absolute times are the machine's.
#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up has failed")]

use std::time::{Duration, Instant};

use clap::Parser as _;
use criterion::{Criterion, criterion_group, criterion_main};
use garmin_sync::cli::Cli;
use garmin_sync::client::Client;
use garmin_sync::data_dir::DataDir;
use garmin_sync::system::{DEMO_USER, System};
use reqwest::Method;
use serde_json::json;
use sync_core::UserId;
use tokio::runtime::Runtime;

struct Line {
    system: System,
    client: Client,
    _directory: tempfile::TempDir,
}

async fn line() -> Line {
    let directory = tempfile::tempdir().expect("a directory");
    let data = DataDir::open(directory.path().join("data")).expect("a data directory");
    let any_port = ["garmin-sync", "--http=127.0.0.1:0", "--dynamodb=127.0.0.1:0", "--sqs=127.0.0.1:0"];
    let cli = Cli::try_parse_from(any_port).expect("flags");
    let system = System::start(&data, &cli.system, Duration::ZERO).await.expect("a system");
    let user = UserId::new(DEMO_USER).expect("a user id");
    let issuer = data.issuer().expect("an issuer");
    let client = Client::new(&system.endpoints().http, &issuer, &user).expect("a client");
    Line { system, client, _directory: directory }
}

/// Imports the range and returns how long it took from the start's answer to the end.
async fn import(client: &Client, from: &str, to: &str, metrics: &[&str]) -> Duration {
    let body = json!({"startDate": from, "endDate": to, "metricTypes": metrics});
    let (_, answer) = client.ask(Method::POST, "/sync/historical", Some(&body)).await.expect("an answer");
    assert_eq!(answer["status"], "started", "{answer}");
    let begun = Instant::now();
    while client.status().await.expect("a status").job.is_none_or(|job| job.status.is_unfinished()) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    begun.elapsed()
}

fn whole_line(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let line = runtime.block_on(line());
    let mut group = criterion.benchmark_group("whole line");
    group.sample_size(10).measurement_time(Duration::from_secs(10));

    group.bench_function("a status poll", |bencher| {
        bencher.to_async(&runtime).iter(|| async { line.client.status().await.expect("a status") });
    });
    // Twelve chunks for each figure, divided by twelve: what one more chunk costs, not what a start does.
    for (name, metrics) in [
        ("a chunk of ranges", &["steps", "heart_rates", "hrv", "body_composition"][..]),
        ("a chunk of everything", &[][..]),
    ] {
        group.bench_function(name, |bencher| {
            bencher.to_async(&runtime).iter_custom(|times| {
                let client = &line.client;
                async move {
                    let mut taken = Duration::ZERO;
                    for _ in 0..times {
                        taken += import(client, "2022-01-01", "2022-12-26", metrics).await / 12;
                    }
                    taken
                }
            });
        });
    }
    group.finish();
    runtime.block_on(line.system.stop());
}

criterion_group!(benches, whole_line);
criterion_main!(benches);
