//! Every recorded answer whose endpoint is in the table is read and normalised. The recordings lie outside the project;
//! where they are absent the test says so and passes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sync_core::window::{SourceId, WindowScope};
use sync_core::{DateRange, Window};
use sync_garmin::endpoints::read_answer;
use sync_garmin::endpoints::table::{Endpoint, Scope, TABLE};

/// An older path of the same answer.
const ALIASES: &[(&str, &str)] = &[("/sleep-service/sleep/dailySleepData", "sleep_timeline")];

fn recordings() -> Option<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/garmin-recordings");
    let mut files = Vec::new();
    for folder in fs::read_dir(root).ok()?.flatten() {
        for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            if file.path().extension().is_some_and(|extension| extension == "json") {
                files.push(file.path());
            }
        }
    }
    files.sort();
    Some(files)
}

/// What stands in the places of a template, when `path` is of its form.
fn places<'a>(template: &'static str, path: &'a str) -> Option<BTreeMap<&'static str, &'a str>> {
    let template: Vec<_> = template.split('/').collect();
    let path: Vec<_> = path.split('/').collect();
    if template.len() != path.len() {
        return None;
    }
    let mut places = BTreeMap::new();
    for (place, part) in template.into_iter().zip(path) {
        if place.starts_with('{') {
            let is_date = part.parse::<chrono::NaiveDate>().is_ok();
            let is_id = part.parse::<u64>().is_ok();
            if (matches!(place, "{start}" | "{end}" | "{date}") && !is_date) || (place == "{id}" && !is_id) {
                return None;
            }
            places.insert(place, part);
        } else if place != part {
            return None;
        }
    }
    Some(places)
}

fn window(endpoint: &Endpoint, recording: &Value) -> Option<Window> {
    let path = recording["path"].as_str().unwrap_or_default();
    let template = endpoint.path.split_once('?').unwrap_or((endpoint.path, ""));
    let alias = ALIASES.contains(&(path, endpoint.source));
    let mut found = if alias { BTreeMap::new() } else { places(template.0, path)? };
    let asked: BTreeMap<_, _> = recording["query"]
        .as_str()
        .unwrap_or_default()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .collect();
    for (name, place) in template.1.split('&').filter_map(|pair| pair.split_once('=')) {
        if let Some(value) = asked.get(name).filter(|_| place.starts_with('{')) {
            found.insert(place, value);
        }
    }
    let source = SourceId::new(endpoint.source);
    Some(match endpoint.scope {
        Scope::Object => Window { source, scope: WindowScope::Object((*found.get("{id}")?).to_owned()) },
        Scope::Once { .. } => Window { source, scope: WindowScope::All },
        _ => {
            let date = |place, otherwise: &str| found.get(place).copied().unwrap_or(otherwise).parse().ok();
            // A list that was recorded without dates is everything there is.
            let start = date("{date}", found.get("{start}").copied().unwrap_or("2020-01-01"))?;
            let end = date("{date}", found.get("{end}").copied().unwrap_or("2026-12-31"))?;
            Window::days(source, DateRange::new(start, end).ok()?)
        }
    })
}

#[test]
#[expect(clippy::print_stdout, reason = "the test lists what it read")]
fn every_recorded_answer_of_a_known_endpoint_is_read() {
    let Some(files) = recordings() else {
        println!("skipped: no recordings beside the project");
        return;
    };
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for file in &files {
        let recording: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        if recording["method"] != "GET" || recording["status"].as_u64() >= Some(300) {
            continue;
        }
        for endpoint in TABLE {
            let Some(window) = window(endpoint, &recording) else {
                continue;
            };
            let body = serde_json::to_vec(&recording["body"]).unwrap();
            let fetched = read_answer(&window, &body)
                .unwrap_or_else(|error| panic!("{} as {}: {error}", file.display(), endpoint.source));
            let values = fetched
                .records
                .iter()
                .flat_map(|record| record.attributes.keys())
                .filter(|name| !name.starts_with("coverage_"))
                .count();
            let (answers, with_data) = counts.entry(endpoint.source).or_default();
            *answers += 1;
            *with_data += usize::from(values > 0);
        }
    }
    for (source, (answers, with_data)) in &counts {
        println!("{source}: {answers} answers, {with_data} of them with data");
    }
    let total: usize = counts.values().map(|(answers, _)| answers).sum();
    println!("{total} answers of {} recordings, {} endpoints", files.len(), counts.len());
    assert!(counts.len() >= 20, "{counts:?}");
    for source in
        ["daily_summary", "sleep", "hrv", "weight", "activities", "training_status", "activity_track"]
    {
        assert!(counts.get(source).is_some_and(|(_, with_data)| *with_data > 0), "{source}");
    }
}
