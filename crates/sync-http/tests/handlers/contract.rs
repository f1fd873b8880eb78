//! The contract over the real handlers: every message, every status, every field, and that a refusal writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use sync_core::job::{Gap, GapReason, PauseReason};
use sync_core::transition::IllegalMove;
use sync_core::use_cases::control::ControlError;
use sync_core::use_cases::start::StartError;
use sync_core::{JobStatus, MetricType, StoreError, transition};
use sync_http::ApiError;

use crate::world::{Answer, Ask, DEMO, Fault, NO_JOB, OTHER, SAMPLE_JOB, STRANGER, World};

const CONTROLS: [&str; 3] = ["pause", "resume", "cancel"];
const ANOTHER_JOB: &str = "0197e5a0-7c00-7000-8000-00000000d0b2";

/// Puts a job into a world.
type Scene = fn(&World);

fn historical(start: &str, end: &str) -> Ask {
    Ask::post("historical").json(&json!({ "startDate": start, "endDate": end }))
}

fn control(what: &str, job_id: &str) -> Ask {
    Ask::post(what).json(&json!({ "jobId": job_id }))
}

/// Sends what has to be refused: with this status and message, in the form of every refusal, and nothing written.
async fn refused(world: &World, ask: &Ask, status: u16, message: &str) -> Answer {
    let before = (world.store.snapshot(), world.nudges());
    let answer = world.send(ask).await;
    assert_eq!((answer.status, answer.error()), (status, message), "{ask:?}");
    assert!((world.store.snapshot(), world.nudges()) == before, "a refusal writes nothing: {ask:?}");
    // Sorted: whether a JSON object keeps its order depends on what else is built beside this test.
    let fields: BTreeSet<_> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
    if status < 500 {
        assert_eq!(fields, BTreeSet::from(["code", "error"]), "{}", answer.error());
    } else {
        assert_eq!(fields, BTreeSet::from(["code", "error", "requestId"]), "{}", answer.error());
    }
    let code = answer.body["code"].as_str().unwrap();
    assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer
}

/// A flat object as text, its keys sorted.
fn sorted(body: &Value) -> String {
    serde_json::to_string(&body.as_object().unwrap().iter().collect::<BTreeMap<_, _>>()).unwrap()
}

async fn accepted(world: &World, ask: &Ask) -> Value {
    let answer = world.send(ask).await;
    assert_eq!(answer.status, 200, "{ask:?}: {}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.body
}

// --- Starting ---------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_range_is_refused_with_the_message_that_the_page_knows() {
    const MISSING: &str = "startDate and endDate are required";
    const INVALID: &str = "Invalid date format. Use YYYY-MM-DD";
    const ORDER: &str = "startDate must be before endDate";
    const FUTURE: &str = "endDate cannot be in the future";
    const EARLY: &str = "startDate cannot be before 2000-01-01";
    let bodies = [
        (json!({}), MISSING),
        (json!({ "startDate": "2024-01-01" }), MISSING),
        (json!({ "endDate": "2024-01-01" }), MISSING),
        (json!({ "startDate": null, "endDate": "2024-01-01" }), MISSING),
        (json!({ "startDate": "", "endDate": "2024-01-01" }), MISSING),
        (json!({ "startDate": 5 }), MISSING),
        (json!({ "startDate": "2024-1-1", "endDate": "2024-01-02" }), INVALID),
        (json!({ "startDate": "20240101", "endDate": "2024-01-02" }), INVALID),
        (json!({ "startDate": "2024-02-30", "endDate": "2024-03-01" }), INVALID),
        (json!({ "startDate": "2023-02-29", "endDate": "2024-03-01" }), INVALID),
        (json!({ "startDate": "2024-13-01", "endDate": "2024-03-01" }), INVALID),
        (json!({ "startDate": "2024-01-01", "endDate": "2024-00-10" }), INVALID),
        (json!({ "startDate": "2024-01-01T00:00:00Z", "endDate": "2024-01-02" }), INVALID),
        (json!({ "startDate": " 2024-01-01", "endDate": "2024-01-02" }), INVALID),
        (json!({ "startDate": "tomorrow", "endDate": "2024-01-02" }), INVALID),
        (json!({ "startDate": 20_240_101, "endDate": "2024-01-02" }), INVALID),
        (json!({ "startDate": ["2024-01-01"], "endDate": "2024-01-02" }), INVALID),
        (json!({ "startDate": { "year": 2024 }, "endDate": "2024-01-02" }), INVALID),
        (json!({ "startDate": true, "endDate": false }), INVALID),
        (json!({ "startDate": "0".repeat(9000), "endDate": "2024-01-02" }), INVALID),
        (json!({ "startDate": "2024-01-02", "endDate": "2024-01-01" }), ORDER),
        (json!({ "startDate": "2024-01-01", "endDate": "2026-11-23" }), FUTURE),
        (json!({ "startDate": "2024-01-01", "endDate": "9999-12-31" }), FUTURE),
        (json!({ "startDate": "1999-12-31", "endDate": "2024-01-01" }), EARLY),
        (json!({ "startDate": "0001-01-01", "endDate": "2024-01-01" }), EARLY),
    ];
    for (body, message) in bodies {
        refused(&World::new(), &Ask::post("historical").json(&body), 400, message).await;
    }
    for (query, message) in [
        ("", MISSING),
        ("?startDate=2024-01-01&endDate=", MISSING),
        ("?startDate=2024-1-1&endDate=2024-01-02", INVALID),
        ("?startDate=2024-01-02&endDate=2024-01-01", ORDER),
        ("?startDate=2024-01-02&endDate=2026-11-23", FUTURE),
        ("?startDate=1999-12-31&endDate=2024-01-01", EARLY),
    ] {
        refused(&World::new(), &Ask::get(&format!("estimate{query}")), 400, message).await;
    }
}

#[tokio::test]
async fn thirty_years_are_the_most() {
    let world = World::new();
    world.clock.advance(TimeDelta::days(365 * 5));
    refused(
        &world,
        &historical("2000-01-01", "2030-01-01"),
        400,
        "The date range cannot be longer than 30 years",
    )
    .await;
    let started = accepted(&world, &historical("2000-01-01", "2029-12-31")).await;
    assert_eq!(started["chunksTotal"], 366);
}

#[tokio::test]
async fn today_is_the_zone_of_the_request_else_of_the_link_else_utc() {
    // It is 22 November, 20:00 UTC: the 22nd in Berlin, the 23rd in Auckland.
    let world = World::new();
    let future = "endDate cannot be in the future";
    let ask = |zone: Value| {
        Ask::post("historical")
            .json(&json!({ "startDate": "2026-11-01", "endDate": "2026-11-23", "timeZone": zone }))
    };
    refused(&world, &ask(Value::Null), 400, future).await;
    refused(&world, &ask("Pacific/Auckland".into()).of(STRANGER), 409, NOT_CONNECTED).await;
    refused(&world, &ask(Value::Null).of(STRANGER), 400, future).await;
    refused(&world, &ask("America/New_York".into()).of(OTHER), 400, future).await;
    accepted(&world, &ask(Value::Null).of(OTHER)).await;
    accepted(&world, &ask("Pacific/Auckland".into())).await;
    let estimate = "estimate?startDate=2026-11-01&endDate=2026-11-23";
    refused(&world, &Ask::get(estimate), 400, future).await;
    accepted(&world, &Ask::get(&format!("{estimate}&timeZone=Pacific%2FAuckland"))).await;
}

#[tokio::test]
async fn a_day_can_be_asked_for_from_midnight_on_where_the_person_is() {
    for (zone, day, midnight) in [
        ("Pacific/Auckland", "2026-11-24", "2026-11-23T11:00:00Z"),
        ("America/New_York", "2026-11-23", "2026-11-23T05:00:00Z"),
        ("Pacific/Kiritimati", "2026-11-24", "2026-11-23T10:00:00Z"),
        // A day of 23 hours and one of 25 begin at midnight like any other.
        ("America/New_York", "2027-03-15", "2027-03-15T04:00:00Z"),
        ("Pacific/Auckland", "2027-04-05", "2027-04-04T12:00:00Z"),
    ] {
        let world = World::new();
        let midnight: DateTime<Utc> = midnight.parse().unwrap();
        world.clock.advance(midnight - world.now() - TimeDelta::seconds(1));
        world.change_link(DEMO, |link| link.time_zone = zone.parse().unwrap());
        let of_the_link = historical("2026-11-01", day);
        let of_the_request = Ask::post("historical")
            .of(OTHER)
            .json(&json!({ "startDate": "2026-11-01", "endDate": day, "timeZone": zone }));
        // The other user's link stands in UTC: what the request says counts.
        world.change_link(OTHER, |link| link.time_zone = "UTC".parse().unwrap());
        for ask in [&of_the_link, &of_the_request] {
            refused(&world, ask, 400, "endDate cannot be in the future").await;
        }
        let incremental = accepted(&world, &Ask::post("incremental")).await;
        let yesterday = day.parse::<NaiveDate>().unwrap().pred_opt().unwrap();
        let said = incremental["message"].as_str().unwrap();
        assert!(said.ends_with(&format!(" to {yesterday}")), "{zone}: {said}");
        accepted(&world, &control("cancel", incremental["jobId"].as_str().unwrap())).await;

        world.clock.advance(TimeDelta::seconds(1));
        accepted(&world, &of_the_request).await;
        let incremental = accepted(&world, &Ask::post("incremental")).await;
        let said = incremental["message"].as_str().unwrap();
        assert!(said.ends_with(&format!(" to {day}")), "{zone}: {said}");
    }
}

const NOT_CONNECTED: &str = "Garmin not connected. Please link your Garmin account first.";

#[tokio::test]
async fn without_an_active_link_nothing_starts() {
    let world = World::new();
    for ask in [Ask::post("incremental"), historical("2022-01-01", "2022-12-31")] {
        refused(&world, &ask.clone().of(STRANGER), 409, NOT_CONNECTED).await;
        world.change_link(DEMO, |link| link.is_active = false);
        refused(&world, &ask, 409, NOT_CONNECTED).await;
    }
}

#[tokio::test]
async fn a_historical_import_starts_once() {
    let world = World::new();
    let started = accepted(&world, &historical("2022-01-01", "2022-12-31")).await;
    assert_sorted_json_snapshot!("start_historical", started);
    assert_eq!(world.nudges(), 1);
    for ask in [historical("2020-01-01", "2020-01-01"), Ask::post("incremental")] {
        let again = accepted(&world, &ask).await;
        let expected = json!({
            "status": "already_running",
            "jobId": started["jobId"],
            "message": "A sync job is already in progress",
        });
        assert_eq!(again, expected);
    }
    assert_eq!(world.nudges(), 1, "what was not started is not nudged");
    let others = accepted(&world, &historical("2022-01-01", "2022-01-01").of(OTHER)).await;
    assert_eq!(others["status"], "started", "another user is not in the way");
}

#[tokio::test]
async fn an_incremental_sync_starts_and_right_after_it_is_up_to_date() {
    let world = World::new();
    world.change_link(DEMO, |link| link.last_successful_sync_date = "2026-11-20".parse().ok());
    let started = accepted(&world, &Ask::post("incremental")).await;
    assert_sorted_json_snapshot!("start_incremental", started);
    let mut job = world.job_of(DEMO, started["jobId"].as_str().unwrap());
    job = transition::chunk_done(&world.claimed(&job), Vec::new(), None, world.now()).after;
    world.put(job);
    let answer = accepted(&world, &Ask::post("incremental")).await;
    assert_eq!(answer, json!({ "status": "up_to_date", "message": "Already synced up to today" }));
    world.clock.advance(TimeDelta::minutes(6));
    assert_eq!(accepted(&world, &Ask::post("incremental")).await["status"], "started");
}

#[tokio::test]
async fn another_users_job_on_the_same_garmin_account_is_a_conflict() {
    let world = World::new();
    world.change_link(OTHER, |link| link.account = world.account_of(DEMO));
    world.running_job(OTHER, SAMPLE_JOB);
    let message = "This Garmin account is being synced by another user";
    refused(&world, &historical("2022-01-01", "2022-12-31"), 409, message).await;
}

#[tokio::test]
async fn an_estimate_says_what_a_start_would() {
    let world = World::new();
    let estimate = accepted(&world, &Ask::get("estimate?startDate=2022-01-01&endDate=2022-12-31")).await;
    assert_eq!(estimate, json!({ "days": 365, "chunks": 13, "minutes": 26 }));
    let started = accepted(&world, &historical("2022-01-01", "2022-12-31")).await;
    assert_eq!((&started["chunksTotal"], &started["estimatedMinutes"]), (&json!(13), &json!(26)));
    let stranger = Ask::get("estimate?startDate=2022-01-01&endDate=2022-01-01").of(STRANGER);
    assert_eq!(accepted(&world, &stranger).await, json!({ "days": 1, "chunks": 1, "minutes": 2 }));
}

#[tokio::test]
async fn metric_types_absent_null_or_empty_mean_all_and_an_unknown_one_is_named() {
    let ask = |metrics: Value| {
        Ask::post("historical")
            .json(&json!({ "startDate": "2022-01-01", "endDate": "2022-01-01", "metricTypes": metrics }))
    };
    for (metrics, stored) in [(Value::Null, 35), (json!([]), 35), (json!(["hrv", "sleep", "hrv"]), 2)] {
        let world = World::new();
        let started = accepted(&world, &ask(metrics)).await;
        let job = world.job_of(DEMO, started["jobId"].as_str().unwrap());
        assert_eq!(job.metric_types.iter().count(), stored);
    }
    let shout = format!("Unknown metric type: {}...", "A".repeat(40));
    for (metrics, message) in [
        (json!(["hrv", "setps"]), "Unknown metric type: setps"),
        (json!(["HRV"]), "Unknown metric type: HRV"),
        (json!([""]), "Unknown metric type: "),
        (json!(["a\u{0}\nb\u{202e}"]), "Unknown metric type: a??b?"),
        (json!(["A".repeat(3000)]), shout.as_str()),
        (json!("hrv"), "metricTypes must be a list of names"),
        (json!({}), "metricTypes must be a list of names"),
        (json!([1]), "metricTypes must be a list of names"),
        (json!([null]), "metricTypes must be a list of names"),
    ] {
        refused(&World::new(), &ask(metrics.clone()), 400, message).await;
        let incremental = Ask::post("incremental").json(&json!({ "metricTypes": metrics }));
        refused(&World::new(), &incremental, 400, message).await;
    }
}

#[tokio::test]
async fn a_time_zone_is_an_iana_name() {
    for (zone, message) in [
        (json!("Mars/Olympus"), "Unknown time zone: Mars/Olympus"),
        (json!("+02:00"), "Unknown time zone: +02:00"),
        (json!("europe/berlin"), "Unknown time zone: europe/berlin"),
        (json!(2), "timeZone must be a string"),
        (json!(["UTC"]), "timeZone must be a string"),
    ] {
        let ask = Ask::post("incremental").json(&json!({ "timeZone": zone }));
        refused(&World::new(), &ask, 400, message).await;
    }
    let ask = Ask::get("estimate?startDate=2022-01-01&endDate=2022-01-01&timeZone=Mars%0A");
    refused(&World::new(), &ask, 400, "Unknown time zone: Mars?").await;
    for zone in [json!(null), json!(""), json!("UTC"), json!("Asia/Calcutta"), json!("Etc/GMT+5")] {
        accepted(&World::new(), &Ask::post("incremental").json(&json!({ "timeZone": zone }))).await;
    }
}

#[tokio::test]
async fn an_idempotency_key_makes_a_repeated_start_answer_the_same() {
    let world = World::new();
    let ask = historical("2022-01-01", "2022-12-31").header("idempotency-key", "a-key");
    let first = accepted(&world, &ask).await;
    assert_eq!(accepted(&world, &ask).await, first);
    assert_eq!(world.nudges(), 1);
    let reused = "This Idempotency-Key was already used for a different request";
    for other in [historical("2022-01-01", "2022-12-30"), Ask::post("incremental")] {
        refused(&world, &other.header("idempotency-key", "a-key"), 409, reused).await;
    }
    let others = accepted(&world, &ask.clone().of(OTHER)).await;
    assert_ne!(others["jobId"], first["jobId"], "a key is its user's own");

    accepted(&world, &control("cancel", first["jobId"].as_str().unwrap())).await;
    assert_eq!(accepted(&world, &ask).await, first, "even after the job has ended");
    world.clock.advance(TimeDelta::hours(25));
    assert_ne!(accepted(&world, &ask).await["jobId"], first["jobId"], "a day later it is forgotten");
}

#[tokio::test]
async fn an_idempotency_key_is_one_to_sixty_four_printable_characters() {
    let message = "Idempotency-Key must be 1 to 64 printable ASCII characters";
    let ask = |key: &str| Ask::post("incremental").header("idempotency-key", key);
    for key in ["", &"k".repeat(65), "ключ", "a\tb"] {
        refused(&World::new(), &ask(key), 400, message).await;
    }
    accepted(&World::new(), &ask(&"k".repeat(64))).await;
}

// --- Controlling ------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_job_id_has_to_be_there_and_to_be_ones_own() {
    let world = World::new();
    world.paused_job(OTHER, SAMPLE_JOB);
    for what in CONTROLS {
        let ask = |body: Value| Ask::post(what).json(&body);
        refused(&world, &Ask::post(what), 400, "jobId is required").await;
        refused(&world, &ask(json!({})), 400, "jobId is required").await;
        refused(&world, &ask(json!({ "jobId": null })), 400, "jobId is required").await;
        refused(&world, &ask(json!({ "jobId": "" })), 400, "jobId is required").await;
        refused(&world, &ask(json!({ "jobId": 42 })), 400, "jobId must be a string").await;
        refused(&world, &ask(json!({ "jobId": [SAMPLE_JOB] })), 400, "jobId must be a string").await;
        let upper_case = SAMPLE_JOB.to_uppercase();
        for unknown in [NO_JOB, "x", "../jobs", "0197e5a0", upper_case.as_str(), "j\u{0}", SAMPLE_JOB] {
            refused(&world, &control(what, unknown), 404, "Job not found").await;
        }
    }
    assert_eq!(accepted(&world, &Ask::get("jobs")).await["jobs"], json!([]), "nor is it in the list");
    assert_eq!(accepted(&world, &Ask::get("status")).await["job"], Value::Null);
}

#[tokio::test]
async fn each_control_does_what_the_status_allows_and_refuses_with_the_status_otherwise() {
    let jobs: [(JobStatus, Scene); 6] = [
        (JobStatus::Pending, |world| drop(world.pending_job(DEMO, SAMPLE_JOB))),
        (JobStatus::Running, |world| drop(world.running_job(DEMO, SAMPLE_JOB))),
        (JobStatus::Paused, |world| drop(world.paused_job(DEMO, SAMPLE_JOB))),
        (JobStatus::Completed, |world| drop(world.finished_job(DEMO, SAMPLE_JOB, |_| false))),
        (JobStatus::Failed, |world| drop(world.finished_job(DEMO, SAMPLE_JOB, |chunk| chunk == 3))),
        (JobStatus::Cancelled, |world| drop(world.cancelled_job(DEMO, SAMPLE_JOB))),
    ];
    let mut table = String::new();
    for (status, make) in jobs {
        for (what, done, leads_to) in [
            ("pause", "paused", JobStatus::Paused),
            ("resume", "resumed", JobStatus::Pending),
            ("cancel", "cancelled", JobStatus::Cancelled),
        ] {
            let world = World::new();
            make(&world);
            assert_eq!(world.job_of(DEMO, SAMPLE_JOB).status, status);
            let allowed = match what {
                "pause" => matches!(status, JobStatus::Pending | JobStatus::Running),
                "resume" => matches!(status, JobStatus::Paused | JobStatus::Failed),
                _ => status.is_unfinished(),
            };
            if allowed {
                let answer = accepted(&world, &control(what, SAMPLE_JOB)).await;
                assert_eq!(answer, json!({ "status": done, "jobId": SAMPLE_JOB }));
                let now = world.job_of(DEMO, SAMPLE_JOB).status;
                assert_eq!(now, leads_to);
                assert_eq!(world.nudges(), u64::from(what == "resume"));
                writeln!(table, "{what} {status}: {}", sorted(&answer)).unwrap();
            } else {
                let message = format!("Cannot {what} job with status: {status}");
                let answer = refused(&world, &control(what, SAMPLE_JOB), 409, &message).await;
                writeln!(table, "{what} {status}: 409 {}", sorted(&answer.body)).unwrap();
            }
        }
    }
    insta::assert_snapshot!("controls", table);
}

#[tokio::test]
async fn a_resume_waits_for_another_job_to_end_and_for_a_link() {
    let world = World::new();
    world.finished_job(DEMO, SAMPLE_JOB, |chunk| chunk == 3);
    world.running_job(DEMO, ANOTHER_JOB);
    refused(&world, &control("resume", SAMPLE_JOB), 409, "A sync job is already in progress").await;
    world.cancelled_job(DEMO, ANOTHER_JOB);
    world.change_link(DEMO, |link| link.is_active = false);
    refused(&world, &control("resume", SAMPLE_JOB), 409, NOT_CONNECTED).await;
    world.change_link(DEMO, |link| link.is_active = true);
    accepted(&world, &control("resume", SAMPLE_JOB)).await;
}

// --- Reading ----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn status_shows_the_latest_job_in_every_state() {
    let world = World::new();
    assert_sorted_json_snapshot!("status_never_synced", accepted(&world, &Ask::get("status")).await);
    assert_sorted_json_snapshot!(
        "status_not_linked",
        accepted(&world, &Ask::get("status").of(STRANGER)).await
    );
    let jobs: [(&str, Scene); 9] = [
        ("status_pending", |world| drop(world.pending_job(DEMO, SAMPLE_JOB))),
        ("status_running", |world| drop(world.running_job(DEMO, SAMPLE_JOB))),
        ("status_running_waits_to_try_again", |world| {
            let job = world.running_job(DEMO, SAMPLE_JOB);
            let (none, retry_at) = (Vec::new, world.now() + TimeDelta::seconds(20));
            let again = transition::try_again(
                &job,
                "sleep: unavailable".to_owned(),
                none(),
                none(),
                Vec::new(),
                retry_at,
                world.now(),
            );
            world.put(again.after);
        }),
        ("status_paused_by_user", |world| drop(world.paused_job(DEMO, SAMPLE_JOB))),
        ("status_paused_throttled", |world| {
            let job = world.running_job(DEMO, SAMPLE_JOB);
            let (none, until) = (Vec::new, Some(world.now() + TimeDelta::minutes(30)));
            let gaps = vec![Gap {
                metric: MetricType::Stress,
                start: job.range.start(),
                end: job.range.end(),
                reason: GapReason::Offloaded,
            }];
            let reason = PauseReason::Throttled;
            let paused = transition::pause_for_garmin(&job, none(), none(), gaps, reason, until, world.now());
            world.put(paused.after);
        }),
        ("status_completed", |world| {
            world.finished_job(DEMO, SAMPLE_JOB, |_| false);
            world.change_link(DEMO, |link| {
                link.last_successful_sync_date = "2026-11-22".parse().ok();
            });
        }),
        ("status_failed", |world| drop(world.finished_job(DEMO, SAMPLE_JOB, |chunk| chunk % 5 == 1))),
        ("status_all_failed", |world| drop(world.finished_job(DEMO, SAMPLE_JOB, |_| true))),
        ("status_cancelled", |world| drop(world.cancelled_job(DEMO, SAMPLE_JOB))),
    ];
    for (name, make) in jobs {
        let world = World::new();
        make(&world);
        let before = world.store.writes();
        let status = accepted(&world, &Ask::get("status")).await;
        assert_eq!(world.store.writes(), before, "a read writes nothing");
        let listed = accepted(&world, &Ask::get("jobs")).await;
        assert_eq!(listed["jobs"], json!([status["job"]]), "{name}: the list shows jobs as the status does");
        assert_sorted_json_snapshot!(name, status);
    }
}

#[tokio::test]
async fn a_resumed_import_is_shown_though_a_newer_sync_has_ended() {
    let world = World::new();
    world.finished_job(DEMO, SAMPLE_JOB, |chunk| chunk % 5 == 1);
    world.finished_job(DEMO, ANOTHER_JOB, |_| false);
    let shown = accepted(&world, &Ask::get("status")).await;
    assert_eq!((&shown["hasActiveJob"], &shown["job"]["id"]), (&json!(false), &json!(ANOTHER_JOB)));

    accepted(&world, &control("resume", SAMPLE_JOB)).await;
    let shown = accepted(&world, &Ask::get("status")).await;
    assert_eq!((&shown["hasActiveJob"], &shown["job"]["id"]), (&json!(true), &json!(SAMPLE_JOB)));
    assert!(shown["pollAfterMs"].is_u64(), "a page goes on asking");
}

#[tokio::test]
async fn percent_rises_with_the_chunks_and_is_a_hundred_only_at_the_end() {
    let world = World::new();
    let mut job = world.claimed(&world.pending_job(DEMO, SAMPLE_JOB));
    let mut seen = Vec::new();
    while job.current_chunk().is_some() {
        let status = accepted(&world, &Ask::get("status")).await;
        let label = status["job"]["currentChunkRange"].as_str().unwrap().to_owned();
        seen.push((status["job"]["percentComplete"].as_u64().unwrap(), label));
        job = transition::chunk_done(&job, Vec::new(), None, world.now()).after;
        job = if job.status == JobStatus::Completed { job } else { world.claimed(&job) };
        world.put(job.clone());
    }
    let percents: Vec<_> = seen.iter().map(|(percent, _)| *percent).collect();
    assert_eq!(percents, [0, 7, 15, 23, 30, 38, 46, 53, 61, 69, 76, 84, 92]);
    let labels: Vec<_> = seen.iter().take(4).map(|(_, label)| label.as_str()).collect();
    assert_eq!(labels, ["Jan 2022", "Jan 2022 - Mar 2022", "Mar 2022", "Apr 2022"]);
    let end = accepted(&world, &Ask::get("status")).await;
    assert_eq!(end["job"]["percentComplete"], 100);
    assert_eq!(end["job"]["currentChunkRange"], Value::Null);
}

#[tokio::test]
async fn a_status_that_has_not_changed_is_not_sent_again() {
    let world = World::new();
    let job = world.running_job(DEMO, SAMPLE_JOB);
    let first = world.send(&Ask::get("status")).await;
    let tag = first.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() == 34, "{tag}");
    assert_eq!(first.header("cache-control"), Some("private, no-cache"));
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".into()] {
        let again = world.send(&Ask::get("status").header("if-none-match", &known)).await;
        assert_eq!((again.status, &again.body), (304, &Value::Null), "{known}");
        assert_eq!(again.header("etag"), Some(tag.as_str()));
        assert_eq!(again.header("cache-control"), Some("private, no-cache"));
        assert_eq!(again.header("content-type"), None);
    }
    let ask = Ask::get("status").header("if-none-match", &tag);
    for other in ["\"other\"", "", tag.trim_matches('"')] {
        assert_eq!(world.send(&Ask::get("status").header("if-none-match", other)).await.status, 200);
    }
    assert_eq!(world.send(&ask.clone().of(OTHER)).await.status, 200, "another user's answer is another");
    world.put(transition::chunk_done(&job, Vec::new(), None, world.now()).after);
    let changed = world.send(&ask).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
}

#[tokio::test]
async fn jobs_are_listed_newest_first_page_by_page() {
    let world = World::new();
    let id = |number: u32| format!("0197e5a0-7c00-7000-8000-{number:012}");
    for number in 1..=25 {
        world.cancelled_job(DEMO, &id(number));
    }
    world.cancelled_job(OTHER, NO_JOB);
    let ids = |page: &Value| -> Vec<String> {
        page["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
    };
    let mut seen = Vec::new();
    let mut path = "jobs?limit=10&cursor=".to_owned();
    loop {
        let page = accepted(&world, &Ask::get(&path)).await;
        seen.extend(ids(&page));
        let Some(cursor) = page["cursor"].as_str() else { break };
        path = format!("jobs?limit=10&cursor={cursor}");
    }
    assert_eq!(seen, (1..=25).rev().map(id).collect::<Vec<_>>());
    assert_eq!(ids(&accepted(&world, &Ask::get("jobs")).await).len(), 20, "twenty unless said otherwise");
    assert_eq!(ids(&accepted(&world, &Ask::get("jobs?limit=100")).await).len(), 25);
    assert_eq!(accepted(&world, &Ask::get("jobs").of(STRANGER)).await, json!({ "jobs": [], "cursor": null }));
    for limit in ["0", "101", "-1", "+5", "ten", "1e1", "4294967297", "10%20"] {
        let message = "limit must be a number from 1 to 100";
        refused(&world, &Ask::get(&format!("jobs?limit={limit}")), 400, message).await;
    }
    for cursor in ["x", "%00", "0197E5A0-7C00-7000-8000-000000000001", "{}"] {
        refused(&world, &Ask::get(&format!("jobs?cursor={cursor}")), 400, "cursor is not valid").await;
    }
}

// --- Every route ------------------------------------------------------------------------------------------------

/// One request per route that is right in everything.
fn one_of_each() -> Vec<Ask> {
    let mut all = vec![
        Ask::post("incremental"),
        historical("2022-01-01", "2022-12-31"),
        Ask::get("estimate?startDate=2022-01-01&endDate=2022-12-31"),
        Ask::get("status"),
        Ask::get("jobs"),
    ];
    all.extend(CONTROLS.map(|what| control(what, SAMPLE_JOB)));
    all
}

#[tokio::test]
async fn a_user_is_a_verified_sub_claim_and_nothing_else() {
    let nobody = [
        Value::Null,
        json!({}),
        json!({ "jwt": null }),
        json!({ "jwt": { "claims": {} } }),
        json!({ "jwt": { "claims": { "sub": "" } } }),
        json!({ "jwt": { "claims": { "sub": "two words" } } }),
        json!({ "jwt": { "claims": { "sub": "zoë" } } }),
        json!({ "jwt": { "claims": { "sub": "x".repeat(129) } } }),
        json!({ "jwt": { "claims": { "user_id": DEMO, "username": DEMO } } }),
        json!({ "lambda": { "sub": DEMO, "userId": DEMO } }),
        json!({ "iam": { "userId": DEMO } }),
    ];
    let world = World::new();
    for authorizer in nobody {
        for ask in one_of_each() {
            let ask = ask.authorizer(authorizer.clone()).header("x-user-id", DEMO).header("sub", DEMO);
            let answer = refused(&world, &ask, 401, "Unauthorized").await;
            assert_eq!(answer.body["code"], "unauthorized");
        }
    }
}

#[tokio::test]
async fn a_forged_user_id_anywhere_else_is_ignored() {
    let world = World::new();
    world.running_job(OTHER, SAMPLE_JOB);
    let forged = json!({
        "jobId": SAMPLE_JOB, "userId": OTHER, "user_id": OTHER, "sub": OTHER, "user": { "id": OTHER },
        "startDate": "2022-01-01", "endDate": "2022-01-01",
    });
    let forge =
        |ask: Ask| ask.header("x-user-id", OTHER).header("sub", OTHER).header("x-amzn-oidc-identity", OTHER);
    for what in CONTROLS {
        let ask = forge(Ask::post(&format!("{what}?userId={OTHER}&sub={OTHER}"))).json(&forged);
        refused(&world, &ask, 404, "Job not found").await;
    }
    let status = accepted(&world, &forge(Ask::get(&format!("status?userId={OTHER}&sub={OTHER}")))).await;
    assert_eq!(status["job"], Value::Null);
    let started =
        accepted(&world, &forge(Ask::post(&format!("historical?userId={OTHER}"))).json(&forged)).await;
    assert_eq!(started["status"], "started", "it is not in the way of the other's job");
    let job = world.job_of(DEMO, started["jobId"].as_str().unwrap());
    assert_eq!((job.key.user_id.as_str(), job.account), (DEMO, world.account_of(DEMO)));
}

#[tokio::test]
async fn what_is_no_json_object_is_refused_for_what_it_is() {
    const MALFORMED: &str = "The request body is not valid JSON";
    const NO_OBJECT: &str = "The request body must be a JSON object";
    let posts = || ["incremental", "historical"].into_iter().chain(CONTROLS);
    let deep = "[".repeat(8000);
    let deep_closed = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    for (body, message) in [
        ("{", MALFORMED),
        ("{\"jobId\":", MALFORMED),
        ("{'jobId':'x'}", MALFORMED),
        ("{\"a\":1}{}", MALFORMED),
        ("{\"a\":NaN}", MALFORMED),
        ("jobId=1", MALFORMED),
        ("\u{feff}{}", MALFORMED),
        (" ", MALFORMED),
        (&deep, MALFORMED),
        (&deep_closed, MALFORMED),
        ("[]", NO_OBJECT),
        ("null", NO_OBJECT),
        ("\"text\"", NO_OBJECT),
        ("42", NO_OBJECT),
    ] {
        for path in posts() {
            let ask = Ask::post(path).raw(body).header("content-type", "application/json");
            refused(&World::new(), &ask, 400, message).await;
            refused(&World::new(), &ask.base64(), 400, message).await;
        }
    }
    for path in posts() {
        let ask = Ask::post(path).raw([0xff, 0xfe, b'{']).base64();
        refused(&World::new(), &ask.header("content-type", "application/json"), 400, MALFORMED).await;
    }
}

#[tokio::test]
async fn a_body_has_to_be_declared_as_json() {
    let message = "The request body must be JSON (Content-Type: application/json)";
    let body = json!({ "jobId": SAMPLE_JOB, "startDate": "2022-01-01", "endDate": "2022-01-01" }).to_string();
    for path in ["incremental", "historical", "pause", "resume", "cancel"] {
        let ask = Ask::post(path).raw(body.clone());
        refused(&World::new(), &ask, 415, message).await;
        for declared in
            ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/json", ""]
        {
            refused(&World::new(), &ask.clone().header("content-type", declared), 415, message).await;
        }
    }
    for declared in ["application/json", "application/json; charset=utf-8", "Application/JSON ;charset=UTF-8"]
    {
        for ask in [Ask::post("historical"), Ask::post("historical").base64()] {
            let ask = ask.raw(body.clone()).header("content-type", declared);
            assert_eq!(accepted(&World::new(), &ask).await["status"], "started", "{declared}");
        }
    }
    accepted(&World::new(), &Ask::post("incremental")).await;
    accepted(&World::new(), &Ask::post("incremental").raw("").header("content-type", "text/plain")).await;
}

#[tokio::test]
async fn sixteen_kibibytes_are_the_most() {
    let message = "The request body must not be larger than 16 KiB";
    let filled = |bytes: usize| {
        let body = json!({ "startDate": "2022-01-01", "endDate": "2022-01-01", "padding": "" });
        let padding = "x".repeat(bytes - body.to_string().len());
        let mut body = body;
        body["padding"] = padding.into();
        body
    };
    for path in ["incremental", "historical", "pause", "resume", "cancel"] {
        for bytes in [16 * 1024 + 1, 1024 * 1024] {
            let ask = Ask::post(path).json(&filled(bytes));
            refused(&World::new(), &ask, 413, message).await;
            refused(&World::new(), &ask.base64(), 413, message).await;
        }
        let undeclared = Ask::post(path).raw(vec![b'x'; 1024 * 1024]);
        refused(&World::new(), &undeclared, 413, message).await;
    }
    for ask in [Ask::post("historical"), Ask::post("historical").base64()] {
        accepted(&World::new(), &ask.json(&filled(16 * 1024))).await;
    }
}

#[tokio::test]
async fn unknown_fields_are_ignored() {
    let body = json!({ "startDate": "2022-01-01", "endDate": "2022-01-01", "chunks": 5, "__proto__": {} });
    let started = accepted(&World::new(), &Ask::post("historical").json(&body)).await;
    assert_eq!(started["chunksTotal"], 1);
}

#[tokio::test]
async fn a_route_is_an_exact_method_and_path() {
    let world = World::new();
    for path in [
        "/",
        "",
        "/integrations/garmin/sync",
        "/integrations/garmin/sync/",
        "/integrations/garmin/sync/status/",
        "/integrations/garmin/sync/Status",
        "/integrations/garmin/sync/../sync/status",
        "/prod/integrations/garmin/sync/status",
    ] {
        refused(&world, &Ask::get("status").path(path), 404, "Not found").await;
    }
    for ask in one_of_each() {
        let answer = refused(&world, &ask.method("DELETE"), 405, "Method not allowed").await;
        assert!(matches!(answer.header("allow"), Some("GET" | "POST")));
    }
    assert_eq!(
        refused(&world, &Ask::get("cancel"), 405, "Method not allowed").await.header("allow"),
        Some("POST")
    );
}

#[tokio::test]
async fn a_failure_inside_says_nothing_of_the_inside_and_names_the_request() {
    for fault in [Fault::Unavailable, Fault::UnknownNotApplied] {
        let world = World::new();
        world.fail(fault);
        for ask in one_of_each() {
            let answer = refused(&world, &ask, 503, UNAVAILABLE).await;
            assert_eq!(answer.body["requestId"], "gateway-request-id");
            assert_eq!(answer.body["code"], "unavailable");
            assert_eq!(answer.header("retry-after"), Some("5"));
            assert!(!format!("{answer:?}").contains("planned fault"));
        }
    }
}

const UNAVAILABLE: &str = "The service is temporarily unavailable. Please try again.";

#[tokio::test]
async fn what_cannot_be_brought_about_here_is_answered_all_the_same() {
    let inside = || "item 7 of table garmin_sync_jobs at 10.0.0.7";
    let unreadable = StoreError::Unreadable { what: "job", source: inside().into() };
    let remembered = serde_json::from_str::<u32>("x").unwrap_err();
    let unknown = StoreError::OutcomeUnknown(inside().into());
    for (error, status, message) in [
        (ApiError::from(unreadable), 500, "Internal server error"),
        (StartError::RememberedAnswer(remembered).into(), 500, "Internal server error"),
        (ControlError::Illegal(IllegalMove::Wake(JobStatus::Paused)).into(), 500, "Internal server error"),
        (StartError::Store(unknown).into(), 503, UNAVAILABLE),
        (ControlError::KeptMoving.into(), 503, UNAVAILABLE),
    ] {
        let request = Ask::get("status").request();
        let answer = Answer::of(sync_http::serve(&request, async { Err(error) }).await);
        assert_eq!((answer.status, answer.error()), (status, message));
        assert_eq!(answer.body["requestId"], "gateway-request-id");
        assert!(!format!("{answer:?}").contains("10.0.0.7"));
    }
}

#[tokio::test]
async fn a_start_whose_answer_was_lost_may_be_repeated() {
    let world = World::new();
    let ask = historical("2022-01-01", "2022-12-31");
    world.store.fail_write(1, Fault::UnknownApplied);
    let answer = world.send(&ask).await;
    assert_eq!((answer.status, answer.error()), (503, UNAVAILABLE));
    let answer = accepted(&world, &ask).await;
    assert_eq!(answer["status"], "already_running", "the job is there, and this is its id");
    let job = world.job_of(DEMO, answer["jobId"].as_str().unwrap());
    assert!(job.due_at.is_some(), "the sweeper sends the nudge that was not sent");
}

#[tokio::test]
async fn a_lost_nudge_is_no_failure_of_the_start() {
    let world = World::new();
    world.queue.fail_nudge(1, Fault::Unavailable);
    assert_eq!(accepted(&world, &Ask::post("incremental")).await["status"], "started");
    assert_eq!(world.nudges(), 0);
}
