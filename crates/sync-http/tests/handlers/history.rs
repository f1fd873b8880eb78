//! The history over the real handler: rows, pages, tables, and that nothing a caller sends does harm.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};
use sync_core::RecordUpsert;
use sync_core::record::Attribute;
use sync_core::record::series::{Series, Track};
use sync_core::use_cases::history::Rows;
use sync_http::view::history::{PAGE_BYTES, camel_case};
use sync_testkit::build::{date, record, user};

use crate::world::{Answer, Ask, DEMO, Fault, OTHER, SAMPLE_JOB, World};

const KINDS: [(&str, &str); 4] =
    [("daily", "days"), ("sleep", "nights"), ("activities", "activities"), ("coverage", "ranges")];

fn ask(query: &str) -> Ask {
    let (kind, query) = query.split_once('?').unwrap_or((query, ""));
    Ask::get(&format!("?{query}")).path(&format!("/integrations/garmin/history/{kind}"))
}

fn keep(world: &World, owner: &str, record: RecordUpsert) {
    world.store.insert_record(&user(owner), record);
}

fn with_bytes(key: &str, bytes: &[(&str, Vec<u8>)]) -> RecordUpsert {
    let attributes = bytes.iter().map(|(name, bytes)| ((*name).to_owned(), Attribute::Bytes(bytes.clone())));
    RecordUpsert { key: key.parse().unwrap(), attributes: attributes.collect() }
}

fn series(value: i64) -> Vec<u8> {
    Series { readings: vec![(1_640_995_200_000, Some(value)), (1_640_995_320_000, None)] }.pack().unwrap()
}

/// Some days, a night and two activities of 2022, and a job that gave up its second chunk.
pub(crate) fn some_history(world: &World) {
    world.finished_job(DEMO, SAMPLE_JOB, |chunk| chunk == 1);
    for values in [
        record(
            "day#2022-01-01",
            &json!({"steps": 9_000, "resting_heart_rate_bpm": 52, "coverage_steps": "ok"}),
        ),
        record("day#2022-01-02", &json!({"steps": 4_000, "coverage_steps": "ok", "coverage_hrv": "refused"})),
        record("day#2022-01-03", &json!({"coverage_steps": "none"})),
        record("day#2022-02-01", &json!({"resting_heart_rate_bpm": 50.5, "coverage_steps": "ok"})),
        record(
            "sleep#2022-01-02",
            &json!({
                "start": "2022-01-01T22:10:00Z", "sleep_seconds": 27_000, "score": 81,
                "naps": [{"start": "2022-01-02T13:00:00Z", "seconds": 1_200}],
                "stages": [{"start": "2022-01-01T22:10:00Z", "seconds": 1_800, "stage": "light"}],
            }),
        ),
        record(
            "activity#9000000001",
            &json!({
                "name": "=1+1, \"quick\"", "start_local": "2022-01-02T07:00:00", "start": "2022-01-02T06:00:00Z",
                "distance_meters": 5_000, "heart_rate_zone_seconds": {"1": 60.5, "2": 600},
                "laps": [{"start": "2022-01-02T06:00:00Z", "duration_seconds": 300.5, "average_heart_rate_bpm": 140}],
            }),
        ),
        record("activity#17", &json!({"name": "typed in later", "start_local": "2022-01-31T18:30:00"})),
    ] {
        keep(world, DEMO, values);
    }
    let track = Track { latitude_degrees: vec![Some(54.5), None], ..Track::default() };
    world.store.insert_record(&user(DEMO), {
        let mut activity = record("activity#9000000002", &json!({"start_local": "2022-01-03T07:00:00"}));
        activity.attributes.insert("track".to_owned(), Attribute::Bytes(track.pack().unwrap()));
        activity
    });
    let (heart, stress) = (("heart_rate_bpm", series(61)), ("stress_level", series(-1)));
    keep(world, DEMO, with_bytes("intraday#2022-01-01", &[heart, stress]));
    keep(world, OTHER, record("day#2022-01-01", &json!({"steps": 77_777})));
}

fn world() -> World {
    let world = World::new();
    some_history(&world);
    world
}

async fn shown(world: &World, query: &str) -> Value {
    let answer = world.send(&ask(query)).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer.body
}

async fn refused(world: &World, ask: &Ask, message: &str) {
    let answer = world.send(ask).await;
    assert_eq!((answer.status, answer.error()), (400, message), "{ask:?}");
}

#[tokio::test]
async fn rows_have_what_was_asked_for_under_the_records_own_names() {
    let world = world();
    let year = "from=2022-01-01&to=2022-12-31";
    assert_eq!(
        shown(&world, &format!("daily?{year}&fields=steps,restingHeartRateBpm")).await,
        json!({
            "days": [
                {"date": "2022-01-01", "steps": 9_000, "restingHeartRateBpm": 52.0},
                {"date": "2022-01-02", "steps": 4_000},
                {"date": "2022-02-01", "restingHeartRateBpm": 50.5},
            ],
            "cursor": null
        })
    );
    let series = shown(&world, &format!("daily?{year}&fields=heartRateSeries,date")).await;
    let readings =
        json!({"atEpochMilliseconds": [1_640_995_200_000_i64, 1_640_995_320_000_i64], "values": [61, null]});
    assert_eq!(series["days"], json!([{"date": "2022-01-01", "heartRateSeries": readings}]));
    let nights = shown(&world, &format!("sleep?{year}")).await;
    let naps = json!([{"start": "2022-01-02T13:00:00Z", "seconds": 1_200}]);
    assert_eq!(
        nights["nights"],
        json!([{"date": "2022-01-02", "start": "2022-01-01T22:10:00Z", "sleepSeconds": 27_000, "score": 81, "naps": naps}])
    );
    let stages = shown(&world, &format!("sleep?{year}&fields=stages")).await;
    assert_eq!(stages["nights"][0]["stages"][0]["stage"], "light");
    let activities = shown(&world, &format!("activities?{year}")).await;
    let ids: Vec<_> =
        activities["activities"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, ["9000000001", "9000000002", "17"], "by start, not by id");
    assert_eq!(activities["activities"][0]["heartRateZoneSeconds"], json!({"1": 60.5, "2": 600.0}));
    for long in ["laps", "track"] {
        assert_eq!(activities["activities"][0].get(long), None, "{long} is long");
    }
    let long = shown(&world, &format!("activities?{year}&fields=laps,track")).await;
    let lap =
        json!({"start": "2022-01-02T06:00:00Z", "durationSeconds": 300.5, "averageHeartRateBpm": 140.0});
    assert_eq!(long["activities"][0], json!({"id": "9000000001", "laps": [lap]}));
    assert_eq!(long["activities"][1]["track"]["latitudeDegrees"], json!([54.5, null]));
}

#[tokio::test]
async fn coverage_says_how_each_day_stands() {
    let world = world();
    let coverage = shown(&world, "coverage?from=2021-12-31&to=2022-03-03").await;
    let range = |start: &str, end: &str, state: &str| json!({"start": start, "end": end, "state": state});
    assert_eq!(
        coverage["ranges"],
        json!([
            range("2021-12-31", "2021-12-31", "not_imported"),
            range("2022-01-01", "2022-01-01", "imported"),
            range("2022-01-02", "2022-01-02", "partial"),
            range("2022-01-03", "2022-01-03", "none"),
            range("2022-01-04", "2022-01-30", "not_imported"),
            range("2022-01-31", "2022-01-31", "failed"),
            range("2022-02-01", "2022-02-01", "partial"),
            range("2022-02-02", "2022-03-01", "failed"),
            range("2022-03-02", "2022-03-03", "not_imported"),
        ])
    );
    let all = every_row(&world, "coverage?from=2021-12-31&to=2022-03-03&limit=2", "ranges").await;
    assert_eq!(all, *coverage["ranges"].as_array().unwrap(), "pages of two");
    let future = shown(&world, "coverage?from=2030-01-01&to=2059-12-31").await;
    assert_eq!(future["ranges"], json!([range("2030-01-01", "2059-12-31", "not_imported")]));
    assert_eq!(future["cursor"], Value::Null, "thirty years of nothing are one page");
}

/// The rows of every page.
async fn every_row(world: &World, query: &str, list: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    for _ in 0..400 {
        let page = shown(world, &format!("{query}{cursor}")).await;
        rows.extend(page[list].as_array().unwrap().clone());
        match page["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
    panic!("{query} has no end");
}

#[tokio::test]
async fn pages_join_and_none_is_longer_than_a_megabyte() {
    let world = World::new();
    let first = date("2012-01-01");
    for day in first.iter_days().take(3_653) {
        let mut values = json!({"steps": 1_000, "coverage_steps": "ok"});
        // A person may have much to say of a day.
        if day >= date("2020-01-01") {
            values["menstrual_symptoms"] = json!(["x".repeat(9_000)]);
        }
        keep(&world, DEMO, record(&format!("day#{day}"), &values));
    }
    let decade = "from=2012-01-01&to=2021-12-31";
    let steps = every_row(&world, &format!("daily?{decade}&fields=steps&limit=1000"), "days").await;
    assert_eq!(steps.len(), 3_653);
    assert!(steps.iter().map(|row| row["date"].as_str().unwrap()).is_sorted());
    let page = world.send(&ask("daily?from=2020-01-01&to=2021-12-31&limit=1000")).await.body;
    let bytes = page.to_string().len();
    assert!((PAGE_BYTES / 2..PAGE_BYTES + 1_000).contains(&bytes), "{bytes} bytes");
    let all = every_row(&world, &format!("daily?{decade}&limit=1000"), "days").await;
    assert_eq!(all.len(), 3_653, "what did not fit is on the next page");
    assert_eq!(all.iter().map(|row| row["date"].as_str()).collect::<BTreeSet<_>>().len(), 3_653);
    let coverage = every_row(&world, &format!("coverage?{decade}&limit=1000"), "ranges").await;
    assert_eq!(
        (coverage[0]["start"].as_str(), coverage.last().unwrap()["end"].as_str()),
        (Some("2012-01-01"), Some("2021-12-31"))
    );
    assert!(coverage.iter().all(|range| range["state"] == "imported"));
}

#[tokio::test]
async fn what_is_wrong_with_a_query_is_told() {
    let world = world();
    for (kind, _) in KINDS {
        for (query, message) in [
            ("", "from and to are required"),
            ("from=2022-01-01", "from and to are required"),
            ("from=2022-01-01&to=", "from and to are required"),
            ("from=2022-1-1&to=2022-01-02", "Invalid date format. Use YYYY-MM-DD"),
            ("from=2022-01-01&to=2022-02-30", "Invalid date format. Use YYYY-MM-DD"),
            ("from=2022-01-02&to=2022-01-01", "from must be before to"),
            ("from=2000-01-01&to=2030-01-01", "The date range cannot be longer than 30 years"),
            ("from=0000-01-01&to=9999-12-31", "The date range cannot be longer than 30 years"),
            ("from=2022-01-01&to=2022-01-02&fields=setps", "Unknown field: setps"),
            (
                "from=2022-01-01&to=2022-01-02&fields=resting_heart_rate_bpm",
                "Unknown field: resting_heart_rate_bpm",
            ),
            ("from=2022-01-01&to=2022-01-02&fields=coverage_steps", "Unknown field: coverage_steps"),
            ("from=2022-01-01&to=2022-01-02&fields=userId", "Unknown field: userId"),
            ("from=2022-01-01&to=2022-01-02&limit=0", "limit must be a number from 1 to 1000"),
            ("from=2022-01-01&to=2022-01-02&limit=1001", "limit must be a number from 1 to 1000"),
            ("from=2022-01-01&to=2022-01-02&limit=%2B5", "limit must be a number from 1 to 1000"),
            ("from=2022-01-01&to=2022-01-02&format=xml", "format must be json or csv"),
            ("from=2022-01-01&to=2022-01-02&cursor=bm8", "cursor is not valid"),
            ("from=2022-01-01&to=2022-01-02&cursor=%21", "cursor is not valid"),
        ] {
            refused(&world, &ask(&format!("{kind}?{query}")), message).await;
        }
        let thirty = ask(&format!("{kind}?from=2000-01-01&to=2029-12-31"));
        assert_eq!(world.send(&thirty).await.status, 200, "{kind}");
    }
}

#[tokio::test]
async fn a_cursor_goes_with_its_own_question_and_user_alone() {
    let world = world();
    for (kind, fields) in [("daily", "fields=steps"), ("activities", "fields=name"), ("coverage", "")] {
        let query = format!("{kind}?from=2022-01-01&to=2022-12-31&limit=1&{fields}");
        let page = shown(&world, &query).await;
        let cursor = page["cursor"].as_str().unwrap();
        let next = format!("{query}&cursor={cursor}");
        assert_eq!(world.send(&ask(&next)).await.status, 200, "{kind}");
        assert_eq!(world.send(&ask(&next.replace("limit=1&", "limit=2&"))).await.status, 200, "{kind}");
        let elsewhere = [
            ask(&next).of(OTHER),
            ask(&next.replace("to=2022-12-31", "to=2022-12-30")),
            ask(&next.replace("from=2022-01-01", "from=2021-01-01")),
            ask(&next.replace(kind, "sleep").replace(fields, "")),
            ask(&format!("{query}&cursor={}", &cursor[1..])),
            ask(&format!("{query}&cursor={}", &cursor[..cursor.len() - 2])),
            ask(&format!("{query}&cursor={cursor}AA")),
        ];
        for ask in elsewhere {
            refused(&world, &ask, "cursor is not valid").await;
        }
        if !fields.is_empty() {
            refused(&world, &ask(&next.replace(fields, "fields=endTime")), "Unknown field: endTime").await;
            refused(&world, &ask(&next.replace(&format!("&{fields}"), "")), "cursor is not valid").await;
        }
    }
}

#[tokio::test]
async fn one_user_never_sees_a_byte_of_anothers() {
    let world = world();
    for (kind, list) in KINDS {
        let query = format!("{kind}?from=2022-01-01&to=2022-12-31");
        let others = world.send(&ask(&query).of("nobody")).await.body;
        let expected = if kind == "coverage" {
            json!([{"start": "2022-01-01", "end": "2022-12-31", "state": "not_imported"}])
        } else {
            json!([])
        };
        assert_eq!(others, json!({list: expected, "cursor": null}), "{kind}");
        assert!(!shown(&world, &query).await.to_string().contains("77777"));
        let nobody = ask(&query).authorizer(Value::Null);
        assert_eq!(world.send(&nobody).await.status, 401, "{kind}");
    }
}

#[tokio::test]
async fn what_the_caller_has_already_is_not_sent_again() {
    let world = world();
    for format in ["json", "csv"] {
        let query = format!("daily?from=2022-01-01&to=2022-12-31&format={format}");
        let answer = world.send(&ask(&query)).await;
        assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
        let known = ask(&query).header("if-none-match", answer.header("etag").unwrap());
        let again = world.send(&known).await;
        assert_eq!((again.status, again.body), (304, Value::Null), "{format}");
        keep(&world, DEMO, record("day#2022-05-05", &json!({"steps": format.len()})));
        assert_eq!(world.send(&known).await.status, 200);
        keep(&world, DEMO, record("day#2022-05-05", &json!({})));
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_a_503_and_a_record_that_is_not_readable_a_500() {
    let world = world();
    keep(&world, DEMO, record("day#2022-06-01", &json!({"steps": "many"})));
    let answer = world.send(&ask("daily?from=2022-06-01&to=2022-06-01")).await;
    assert_eq!((answer.status, answer.error()), (500, "Internal server error"));
    keep(&world, DEMO, with_bytes("activity#5", &[("track", vec![1, 2, 3])]));
    world.fail(Fault::Unavailable);
    for (kind, _) in KINDS {
        assert_eq!(
            world.send(&ask(&format!("{kind}?from=2022-01-01&to=2022-12-31"))).await.status,
            503,
            "{kind}"
        );
    }
}

/// A cell back as the value it was made of.
fn value_of(cell: &str) -> Value {
    let text = cell.strip_prefix('\'').filter(|text| text.starts_with(['=', '+', '-', '@'])).unwrap_or(cell);
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fn next_of(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let next = link.strip_prefix("</integrations/garmin/history/").unwrap();
    Some(next.strip_suffix(">; rel=\"next\"").unwrap().to_owned())
}

#[tokio::test]
async fn a_table_reads_back_as_the_rows_it_was_made_of() {
    let world = world();
    for (kind, list) in KINDS {
        let query = format!("{kind}?from=2022-01-01&to=2022-12-31");
        let rows = every_row(&world, &query, list).await;
        let (mut read, mut next) = (Vec::new(), Some(format!("{query}&limit=2&format=csv")));
        while let Some(page) = next {
            let answer = world.send(&ask(&page)).await;
            assert_eq!(answer.status, 200, "{page}: {}", answer.body);
            assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
            let file = format!("attachment; filename=\"garmin-{kind}-2022-01-01-2022-12-31.csv\"");
            assert_eq!(answer.header("content-disposition"), Some(file.as_str()));
            let mut table = csv::Reader::from_reader(answer.body.as_str().unwrap().as_bytes());
            let names = table.headers().unwrap().clone();
            for row in table.records().map(Result::unwrap) {
                let cells = names.iter().zip(&row).filter(|(_, cell)| !cell.is_empty());
                // Ids are texts, though of digits.
                let cells = cells.map(|(name, cell)| {
                    let value = if name == "id" { cell.into() } else { value_of(cell) };
                    (name.to_owned(), value)
                });
                read.push(cells.collect::<Value>());
            }
            next = next_of(&answer);
        }
        assert_eq!(read, rows, "{kind}");
    }
    let named = world
        .send(&ask("daily?from=2022-01-01&to=2022-01-01&fields=restingHeartRateBpm,steps&format=csv"))
        .await;
    assert_eq!(
        named.body, "date,restingHeartRateBpm,steps\r\n2022-01-01,52.0,9000\r\n",
        "in the order asked for"
    );
}

#[test]
fn the_description_names_exactly_the_values_that_rows_have() {
    let description: Value = serde_json::from_str(&sync_http::openapi::json().unwrap()).unwrap();
    let schemas = &description["components"]["schemas"];
    for (rows, record, row) in [
        (Rows::Days, "DayRecord", "DayRow"),
        (Rows::Nights, "SleepRecord", "NightRow"),
        (Rows::Activities, "ActivityRecord", "ActivityRow"),
    ] {
        let mut described = BTreeMap::new();
        let parts = schemas[row]["allOf"].as_array().unwrap().iter().chain([&schemas[record]]);
        for part in parts {
            described.extend(part["properties"].as_object().into_iter().flatten());
        }
        for identity in ["id", "date"] {
            described.remove(&identity.to_owned());
        }
        let names: BTreeSet<_> = rows.fields().into_iter().map(camel_case).collect();
        assert_eq!(described.keys().map(|name| (*name).clone()).collect::<BTreeSet<_>>(), names);
        for (name, schema) in described {
            let schema = schema.to_string();
            assert!(!schema.contains("null"), "{name} is left out, never null: {schema}");
        }
        assert_eq!(schemas[record]["required"], Value::Null, "{record}");
    }
}

fn query_strategy() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        "2022-0[1-3]-[0-3][0-9]",
        "\\PC{0,20}",
        "[A-Za-z0-9_-]{0,60}",
        "(steps|date|id|laps|name|stages|track|heartRateSeries)(,(steps|date|x|)){0,3}",
        "[0-9]{1,5}",
        Just("csv".to_owned()),
    ];
    let name = prop_oneof!["from", "to", "fields", "cursor", "limit", "format", "\\PC{0,5}"];
    let good =
        Just(vec![("from".to_owned(), "2022-01-01".to_owned()), ("to".to_owned(), "2022-02-20".to_owned())]);
    let begin = prop_oneof![good, Just(Vec::new())];
    (begin, prop::collection::vec((name, value), 0..5)).prop_map(|(mut pairs, more)| {
        pairs.extend(more);
        let escaped = |text: &str| {
            text.bytes().fold(String::new(), |mut escaped, byte| {
                write!(escaped, "%{byte:02X}").unwrap();
                escaped
            })
        };
        let pairs = pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        pairs.collect::<Vec<_>>().join("&")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_is_asked_the_answer_is_a_page_or_a_refusal(kind in 0_usize..4, query in query_strategy()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(world().send(&ask(&format!("{}?{query}", KINDS[kind].0))));
        prop_assert!([200, 400].contains(&answer.status), "{}: {}", answer.status, answer.body);
    }

    #[test]
    fn any_place_behind_the_right_tag_is_a_page_or_a_refusal(kind in 0_usize..4, place in "\\PC{0,30}|2022-01-0[1-9](T07:00:00)?#?[0-9]{0,3}") {
        use base64::Engine as _;
        let base64 = base64::prelude::BASE64_URL_SAFE_NO_PAD;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let world = world();
        let query = format!("{}?from=2022-01-01&to=2022-12-31&limit=1", KINDS[kind].0);
        if let Some(cursor) = runtime.block_on(shown(&world, &query))["cursor"].as_str() {
            let tag = &base64.decode(cursor).unwrap()[..12];
            let forged = base64.encode([tag, place.as_bytes()].concat());
            let answer = runtime.block_on(world.send(&ask(&format!("{query}&cursor={forged}"))));
            prop_assert!([200, 400].contains(&answer.status), "{}: {}", answer.status, answer.body);
        }
    }
}
