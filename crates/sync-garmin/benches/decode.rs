//! How fast Garmin's answers become records, endpoint by endpoint: the bodies that the simulator gives for a month (for a
//! day, an activity or a workout where Garmin gives no more at once).
#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up has failed")]

use std::time::Duration;

use chrono::NaiveDate;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use garmin_simulator::{Simulator, SimulatorConfig};
use sync_core::window::{SourceId, WindowScope};
use sync_core::{DateRange, Window};
use sync_garmin::endpoints::read_answer;
use sync_garmin::endpoints::table::{Endpoint, Scope, TABLE};
use tokio::runtime::Runtime;

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// The window of an endpoint, and the path and query that ask for it.
fn asked(endpoint: &Endpoint, activity: &str, workout: &str) -> (Window, String) {
    let source = SourceId::new(endpoint.source);
    let start = date("2026-10-05");
    let days = endpoint.cap_days().unwrap_or(1).min(28);
    let range = DateRange::new(start, start + chrono::Days::new(u64::from(days) - 1)).expect("a range");
    let id = if endpoint.path.contains("workout") { workout } else { activity };
    let scope = match endpoint.scope {
        Scope::Object => WindowScope::Object(id.to_owned()),
        Scope::Once { .. } => WindowScope::All,
        _ => WindowScope::Days(range),
    };
    let path = [
        ("{start}", range.start().to_string()),
        ("{end}", range.end().to_string()),
        ("{date}", range.start().to_string()),
        ("{display_name}", "demo-runs".to_owned()),
        ("{id}", id.to_owned()),
        ("{offset}", "0".to_owned()),
        ("{limit}", "100".to_owned()),
    ]
    .iter()
    .fold(endpoint.path.to_owned(), |path, (place, value)| path.replace(place, value));
    (Window { source, scope }, path)
}

/// Every endpoint's window with the simulator's answer to it.
async fn answers() -> Vec<(Window, Vec<u8>)> {
    let now = "2026-11-22T20:00:00Z".parse().expect("an instant");
    let garmin = Simulator::start(SimulatorConfig::at(now)).await.expect("a simulator");
    let token = garmin.demo_tokens().expect("an account").di_token;
    let truth = garmin.truth();
    let activities = truth.activities("demo", date("2026-10-05"), date("2026-11-01"));
    let activity = activities.first().expect("an activity").activity_id.to_string();
    let workout = truth.workouts("demo").first().expect("a workout").workout_id.to_string();
    let client = reqwest::Client::new();
    let mut answers = Vec::new();
    for endpoint in TABLE {
        let (window, path) = asked(endpoint, &activity, &workout);
        let url = format!("{}{path}", garmin.base_url());
        let answer = client.get(url).bearer_auth(&token).send().await.expect("an answer");
        // What this person's watch does not have is no answer to decode.
        if answer.status().as_u16() == 200 {
            answers.push((window, answer.bytes().await.expect("a body").to_vec()));
        }
    }
    assert!(answers.len() * 2 > TABLE.len(), "only {} endpoints answer", answers.len());
    answers
}

fn decode(criterion: &mut Criterion) {
    let answers = Runtime::new().expect("a runtime").block_on(answers());
    let mut group = criterion.benchmark_group("decode");
    group.measurement_time(Duration::from_secs(1)).warm_up_time(Duration::from_millis(300)).sample_size(20);
    for (window, body) in &answers {
        let records = read_answer(window, body).expect("records").records.len();
        group.throughput(Throughput::Elements(records as u64));
        group.bench_function(window.source.to_string(), |bencher| {
            bencher.iter(|| read_answer(window, body).expect("records"));
        });
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
