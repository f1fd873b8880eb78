//! Every fault as a plain HTTP client sees it, and what the simulator remembers of the calls.

use std::time::{Duration, Instant};

use crate::client::{Client, config, day};
use garmin_simulator::{Days, Fault, FaultPlan, FaultRule, Matcher, SimulatorConfig};
use reqwest::{StatusCode, header};
use serde_json::{Value, json};

const STEPS: &str = "/usersummary-service/stats/steps/daily/2024-03-01/2024-03-28";
const PROFILE: &str = "/userprofile-service/socialProfile";

async fn with(fault: Fault) -> Client {
    Client::start(SimulatorConfig { faults: FaultPlan::of([FaultRule::always(fault)]), ..config() }).await
}

#[tokio::test]
async fn a_429_comes_with_or_without_a_time_to_wait() {
    let client = with(Fault::TooManyRequests { retry_after_seconds: Some(90) }).await;
    let response = client.send(STEPS).await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()[header::RETRY_AFTER], "90");
    client
        .garmin
        .set_faults(FaultPlan::of([FaultRule::always(Fault::TooManyRequests { retry_after_seconds: None })]));
    let response = client.send(STEPS).await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(response.headers().get(header::RETRY_AFTER).is_none());
}

#[tokio::test]
async fn errors_come_with_their_status_and_a_json_body() {
    for (fault, status) in [
        (Fault::ServerError, 500),
        (Fault::Unavailable, 503),
        (Fault::Unauthorized, 401),
        (Fault::Forbidden, 403),
        (Fault::NotFound, 404),
    ] {
        let response = with(fault).await.send(STEPS).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        assert!(response.json::<Value>().await.unwrap()["error"].is_string());
    }
}

#[tokio::test]
async fn a_firewall_answers_in_html() {
    for status in [403, 429, 503] {
        let response = with(Fault::Firewall { status }).await.send(STEPS).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        assert!(response.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
        assert!(response.text().await.unwrap().contains("<html>"));
    }
}

#[tokio::test]
async fn a_dropped_connection_gives_no_answer_at_all() {
    for fault in [Fault::DropConnection, Fault::DropAfterWork] {
        let client = with(fault).await;
        let error = client.send(STEPS).await.unwrap_err();
        assert!(error.is_request() && error.status().is_none(), "{error:?}");
        assert_eq!(client.garmin.calls()[0].status, None);
    }
}

#[tokio::test]
async fn a_truncated_body_is_an_error_of_the_transfer_and_a_cut_one_of_the_json() {
    let client = with(Fault::TruncatedBody).await;
    let response = client.send(STEPS).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.bytes().await.is_err());

    let client = with(Fault::CutJson).await;
    let body = client.send(STEPS).await.unwrap().bytes().await.unwrap();
    assert!(body.len() > 100 && serde_json::from_slice::<Value>(&body).is_err());
}

#[tokio::test]
async fn a_wrong_shape_is_json_that_is_not_what_was_asked_for() {
    let client = with(Fault::WrongShape).await;
    assert!(client.get(STEPS).await.is_object());
    assert!(client.get(PROFILE).await.is_string());
}

#[tokio::test]
async fn a_delay_is_the_right_answer_late() {
    let client = with(Fault::Delay { milliseconds: 120 }).await;
    let before = Instant::now();
    assert!(client.get(STEPS).await.is_array());
    assert!(before.elapsed() >= Duration::from_millis(120));
}

async fn pattern(matcher: Matcher, times: Option<u32>, calls: usize) -> String {
    let client = Client::start(config()).await;
    client.garmin.add_fault(FaultRule { matcher, fault: Fault::ServerError, times });
    let mut pattern = String::new();
    for _ in 0..calls {
        pattern.push(if client.status(STEPS).await.is_success() { '.' } else { 'x' });
    }
    pattern
}

#[tokio::test]
async fn a_rule_says_which_calls_go_wrong() {
    let every = Matcher::default;
    assert_eq!(pattern(every(), Some(2), 5).await, "xx...");
    assert_eq!(pattern(Matcher { from_call: Some(2), to_call: Some(3), ..every() }, None, 5).await, ".xx..");
    assert_eq!(pattern(Matcher { every_nth: Some(3), ..every() }, None, 7).await, "..x..x.");
    assert_eq!(pattern(Matcher { path_contains: Some("/sleep".into()), ..every() }, None, 2).await, "..");
    assert_eq!(pattern(Matcher { account: Some("other".into()), ..every() }, None, 2).await, "..");
    let half = Matcher { probability: Some(0.5), ..every() };
    let chance = pattern(half.clone(), None, 24).await;
    assert_eq!(chance, pattern(half, None, 24).await);
    assert!(chance.contains('.') && chance.contains('x'));
}

#[tokio::test]
async fn a_rule_about_days_meets_the_windows_that_touch_them() {
    let client = Client::start(config()).await;
    let days = Some(Days { from: day("2024-03-28"), to: day("2024-04-02") });
    let matcher = Matcher { days, ..Matcher::default() };
    client.garmin.add_fault(FaultRule { matcher, fault: Fault::ServerError, times: None });
    assert_eq!(client.status(STEPS).await.as_u16(), 500);
    assert_eq!(
        client.status("/usersummary-service/stats/steps/daily/2024-03-01/2024-03-27").await.as_u16(),
        200
    );
    let dn = "/usersummary-service/usersummary/daily/demo-runs?calendarDate=";
    assert_eq!(client.status(&format!("{dn}2024-04-01")).await.as_u16(), 500);
    assert_eq!(client.status(&format!("{dn}2024-04-03")).await.as_u16(), 200);
}

#[tokio::test]
async fn the_log_knows_every_call_and_no_token() {
    let client = Client::start(config()).await;
    client.get(STEPS).await;
    client.get("/activitylist-service/activities/search/activities?start=0&limit=2").await;
    client.refresh(&client.tokens).await.unwrap();
    client.http.get(format!("{}{PROFILE}", client.garmin.base_url())).send().await.unwrap();
    let calls = client.garmin.calls();
    let seen: Vec<_> = calls
        .iter()
        .map(|call| (call.sequence, call.method.as_str(), call.account.as_deref(), call.status))
        .collect();
    assert_eq!(
        seen,
        [
            (1, "GET", Some("demo"), Some(200)),
            (2, "GET", Some("demo"), Some(200)),
            (3, "POST", Some("demo"), Some(200)),
            (4, "GET", None, Some(401)),
        ]
    );
    assert_eq!(calls[1].query, "start=0&limit=2");
    let written = serde_json::to_string(&calls).unwrap();
    assert!(!written.contains(&client.tokens.di_token) && !written.contains(&client.tokens.di_refresh_token));
    client.garmin.clear_calls();
    assert!(client.garmin.calls().is_empty());
}

#[tokio::test]
async fn it_is_remembered_how_many_calls_of_an_account_were_in_flight_at_once() {
    let client = Client::start(SimulatorConfig { latency: Duration::from_millis(80), ..config() }).await;
    client.get(STEPS).await;
    client.get(STEPS).await;
    assert_eq!(client.garmin.manners()["demo"].max_in_flight, 1);
    let _ = tokio::join!(client.get(STEPS), client.get(STEPS), client.get(STEPS));
    assert_eq!(client.garmin.manners()["demo"].max_in_flight, 3);
}

#[tokio::test]
async fn calls_before_the_moment_a_429_named_are_counted_as_too_early() {
    let client = Client::start(config()).await;
    let fault = Fault::TooManyRequests { retry_after_seconds: Some(60) };
    client.garmin.add_fault(FaultRule::always(fault).times(1));
    client.status(STEPS).await;
    client.status(STEPS).await;
    client.status(STEPS).await;
    let manners = client.garmin.manners()["demo"];
    assert_eq!((manners.calls, manners.too_early), (3, 2));
    assert!(!client.garmin.calls()[0].too_early && client.garmin.calls()[2].too_early);
}

#[tokio::test]
async fn another_process_can_read_the_calls_set_the_faults_and_fetch_tokens() {
    let client = Client::start(config()).await;
    let at = |path: &str| format!("{}/__simulator/{path}", client.garmin.base_url());
    let plan = json!({"rules": [{
        "matcher": {"path_contains": "/stats/", "from_call": 1},
        "fault": {"kind": "too_many_requests", "retry_after_seconds": 5},
        "times": 1,
    }, {"fault": {"kind": "firewall", "status": 403}}]});
    let put = client.http.put(at("faults")).json(&plan).send().await.unwrap();
    assert_eq!(put.status(), StatusCode::NO_CONTENT);
    let wrong =
        client.http.put(at("faults")).json(&json!({"rules": [{"fault": {"kind": "flood"}}]})).send().await;
    assert!(wrong.unwrap().status().is_client_error());
    assert_eq!(client.status(STEPS).await.as_u16(), 429);
    assert_eq!(client.status(PROFILE).await.as_u16(), 403);
    let tokens: garmin_simulator::TokenSet =
        client.http.get(at("tokens/demo")).send().await.unwrap().json().await.unwrap();
    client.http.put(at("faults")).json(&json!({"rules": []})).send().await.unwrap();
    assert_eq!(client.send_as(&tokens, PROFILE).await.unwrap().status(), StatusCode::OK);
    let log: Value = client.http.get(at("calls")).send().await.unwrap().json().await.unwrap();
    assert_eq!(log["calls"].as_array().unwrap().len(), 3);
    assert_eq!(log["accounts"]["demo"]["max_in_flight"], 1);
    client.http.delete(at("calls")).send().await.unwrap();
    assert!(client.garmin.calls().is_empty());
    assert_eq!(client.http.get(at("tokens/nobody")).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let truth: Value =
        client.http.get(at("truth/demo/2024-03-05")).send().await.unwrap().json().await.unwrap();
    assert!(truth.is_null() || truth["steps"].is_i64());
}
