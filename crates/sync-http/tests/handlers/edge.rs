//! The edge: whatever is sent, the answer is one that the description names, and never a failure of ours; and what is
//! accepted is exactly what the contract says, by a second opinion on each form.

use std::sync::LazyLock;

use chrono::NaiveDate;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::world::{Answer, Ask, DEMO, HTTP_FUNCTIONS, NO_JOB, SAMPLE_JOB, World};

static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&sync_http::openapi::json().unwrap()).unwrap());

fn send(world: &World, ask: &Ask) -> Answer {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(world.send(ask))
}

fn code(answer: &Answer) -> &str {
    answer.body["code"].as_str().unwrap_or_default()
}

/// Texts of which some are what a field wants, and most are not.
fn text() -> impl Strategy<Value = String> {
    let good = select(&["2022-01-01", "2022-12-31", "Europe/Berlin", "sleep", "20", SAMPLE_JOB, NO_JOB][..]);
    let bad = select(&["2022-02-30", "0", "101", "-1", "null", "%", "", "\0", "\u{202e}", "é", "../.."][..]);
    prop_oneof![
        3 => good.prop_map(str::to_owned),
        2 => bad.prop_map(str::to_owned),
        2 => "\\PC{0,20}",
        1 => "[ -~]{60,70}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        4 => text().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text(), inner), 0..3).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let name = select(&["startDate", "endDate", "metricTypes", "timeZone", "jobId", "email", "tokens"][..]);
    let fields = vec((name.prop_map(str::to_owned), value()), 0..5);
    prop_oneof![
        6 => fields.prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>()).to_string().into_bytes()),
        1 => value().prop_map(|value| value.to_string().into_bytes()),
        1 => vec(any::<u8>(), 0..60),
    ]
}

fn query() -> impl Strategy<Value = String> {
    let name =
        select(&["startDate", "endDate", "timeZone", "limit", "cursor", "from", "to", "fields", "sub"][..]);
    let pairs = vec((name, text()), 0..4);
    let encoded = |pairs: Vec<(&str, String)>| {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    };
    prop_oneof![4 => pairs.prop_map(encoded), 1 => "[!$-;=?-~]{0,40}"]
}

fn ask() -> impl Strategy<Value = Ask> {
    let routes: Vec<_> = HTTP_FUNCTIONS.iter().flat_map(|(_, routes)| routes.iter().copied()).collect();
    let media = select(&["application/json", "application/json; charset=utf-8", "text/plain", "é", ""][..]);
    let key = prop_oneof![Just(String::new()), "[ -~]{0,66}", "\\PC{0,5}"];
    (select(routes), query(), proptest::option::of(body()), media, key).prop_map(
        |((method, path), query, body, media, key)| {
            let ask = Ask::get(&format!("?{query}")).method(method).path(path).header("content-type", media);
            let ask = if key.is_empty() { ask } else { ask.header("idempotency-key", &key) };
            match body {
                Some(body) => ask.raw(body).base64(),
                None => ask,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_sent_the_answer_is_one_that_is_described(ask in ask(), busy in any::<bool>()) {
        let world = World::new();
        if busy {
            world.running_job(DEMO, SAMPLE_JOB);
        }
        let before = (world.store.snapshot(), world.nudges());
        let answer = send(&world, &ask);
        let request = ask.request();
        let path = request.uri().path();
        let described = &DESCRIPTION["paths"][path][request.method().as_str().to_lowercase()]["responses"];
        prop_assert!(described[answer.status.to_string()].is_object(), "{}: {}", answer.status, answer.body);
        prop_assert!(answer.status < 500, "{}", answer.body);
        if answer.status >= 400 {
            let fields: Vec<_> = answer.body.as_object().unwrap().keys().collect();
            prop_assert!(fields.len() == 2 && !answer.error().is_empty() && !code(&answer).is_empty(), "{}", answer.body);
            prop_assert!((world.store.snapshot(), world.nudges()) == before, "a refusal has written something");
        }
    }

    #[test]
    fn a_date_is_a_day_of_the_calendar_in_ten_characters(text in dates()) {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        let query = pairs.append_pair("startDate", &text).append_pair("endDate", "2026-11-22").finish();
        let answer = send(&World::new(), &Ask::get(&format!("estimate?{query}")));
        let seen = if answer.status == 200 { "ok" } else { code(&answer) };
        let expected = match calendar_day(&text) {
            None if text.is_empty() => "dates_required",
            None => "invalid_date",
            Some(day) if day > (2026, 11, 22) => "start_after_end",
            Some(day) if day < (2000, 1, 1) => "start_too_early",
            Some(_) => "ok",
        };
        prop_assert_eq!(seen, expected, "{}", text);
        if seen == "ok" {
            let days = "2026-11-22".parse::<NaiveDate>().unwrap() - text.parse::<NaiveDate>().unwrap();
            prop_assert_eq!(answer.body["days"].as_i64(), Some(days.num_days() + 1));
        }
    }

    #[test]
    fn a_page_has_one_to_a_hundred_jobs(text in prop_oneof!["[0-9]{1,4}", "[-+ 0-9a-fx._]{0,5}", "\\PC{0,4}"]) {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("limit", &text).finish();
        let answer = send(&World::new(), &Ask::get(&format!("jobs?{query}")));
        let digits = !text.is_empty() && text.chars().all(|character| character.is_ascii_digit());
        let number = text.chars().filter_map(|character| character.to_digit(10)).fold(0, |sum, digit| sum * 10 + digit);
        let good = text.is_empty() || digits && (1..=100).contains(&number);
        prop_assert_eq!(answer.status, if good { 200 } else { 400 }, "{}", text);
        prop_assert_eq!(code(&answer), if good { "" } else { "invalid_limit" });
    }

    #[test]
    fn a_cursor_is_an_id_as_it_was_given(text in prop_oneof![
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{11,13}",
        "[{]?[0-9a-f]{32}[}]?",
        "\\PC{1,40}",
    ]) {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("cursor", &text).finish();
        let answer = send(&World::new(), &Ask::get(&format!("jobs?{query}")));
        let groups: Vec<_> = text.split('-').collect();
        let good = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
            && groups.concat().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        prop_assert_eq!(answer.status, if good { 200 } else { 400 }, "{}", text);
        prop_assert_eq!(code(&answer), if good { "" } else { "invalid_cursor" });
    }

    #[test]
    fn an_idempotency_key_is_counted_in_printable_characters(key in prop_oneof!["[ -~]{0,70}", "[\\t -~é]{1,8}"]) {
        let answer = send(&World::new(), &Ask::post("incremental").header("idempotency-key", &key));
        let good = (1..=64).contains(&key.len()) && key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        prop_assert_eq!(answer.status, if good { 200 } else { 400 }, "{:?}", key);
    }

    #[test]
    fn a_user_is_one_to_128_printable_characters(sub in prop_oneof!["[!-~]{0,132}", "\\PC{0,6}", "[ -~]{1,6}"]) {
        let answer = send(&World::new(), &Ask::get("status").of(&sub));
        let good = (1..=128).contains(&sub.len()) && sub.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
        prop_assert_eq!(answer.status, if good { 200 } else { 401 }, "{}", sub);
    }

    #[test]
    fn metrics_are_a_list_of_names(names in vec(prop_oneof!["sleep|hrv|steps", "[a-z_]{0,8}", "\\PC{0,4}"], 0..4)) {
        let known = DESCRIPTION["components"]["schemas"]["MetricType"]["enum"].as_array().unwrap();
        let unknown = names.iter().find(|name| !known.contains(&json!(name)));
        let body = json!({ "startDate": "2022-01-01", "endDate": "2022-01-01", "metricTypes": names });
        let answer = send(&World::new(), &Ask::post("historical").json(&body));
        let message = answer.error().to_owned();
        prop_assert_eq!(answer.status, if unknown.is_some() { 400 } else { 200 }, "{}", answer.body);
        prop_assert!(unknown.is_none() || message.starts_with("Unknown metric type: "), "{}", message);
    }
}

fn dates() -> impl Strategy<Value = String> {
    prop_oneof![
        (1990..2035_i32, 0..14_u32, 0..33_u32).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}")),
        (0..9999_i32, 1..13_u32, 26..32_u32).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}")),
        "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}",
        "[-+]?[0-9 ]{4,8}[-/][0-9]{2}[-/][0-9]{2}[TZ]?",
        "\\PC{0,12}",
    ]
}

/// The day that a text names, by counting on one's fingers.
fn calendar_day(text: &str) -> Option<(u32, u32, u32)> {
    let characters: Vec<_> = text.chars().collect();
    let number = |from: usize, to: usize| {
        characters[from..to].iter().try_fold(0, |sum, character| Some(sum * 10 + character.to_digit(10)?))
    };
    if characters.len() != 10 || characters[4] != '-' || characters[7] != '-' {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day).then_some((year, month, day))
}
