//! The client against a server that answers as told: errors, retries, pace, deadlines, tokens, and that nothing secret
//! shows.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its tools outside test functions too")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sync_core::link::Tokens;
use sync_core::ports::{FetchError, Fetched, RefreshError, Session, SystemClock};
use sync_core::record::Attribute;
use sync_core::window::PlanRequest;
use sync_core::{AccountKey, Clock, GarminSource, MetricSet, MetricType, Window};
use sync_garmin::{GarminClient, GarminConfig, InvalidTokens, Jitter, parse_tokens};
use url::Url;
use wiremock::matchers::{body_string_contains, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

const ACCESS: &str = "access-SECRET";
const NAME: &str = "name-SECRET";

fn now() -> DateTime<Utc> {
    SystemClock.now()
}

fn config(server: &MockServer) -> GarminConfig {
    let url: Url = server.uri().parse().unwrap();
    GarminConfig::simulator(url.clone(), url)
}

fn client_with(config: GarminConfig) -> GarminClient {
    GarminClient::new(config, Arc::new(SystemClock), Jitter::seeded(1)).unwrap()
}

fn client(server: &MockServer) -> GarminClient {
    client_with(config(server))
}

fn session() -> Session {
    Session {
        display_name: NAME.to_owned(),
        access: SecretString::from(ACCESS),
        account: AccountKey::of("guid"),
        today: "2026-11-22".parse().unwrap(),
    }
}

fn window(text: &str) -> Window {
    text.parse().unwrap()
}

fn soon() -> DateTime<Utc> {
    now() + TimeDelta::seconds(30)
}

async fn answering(response: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(response).mount(&server).await;
    server
}

async fn fetched(server: &MockServer, text: &str) -> Result<Fetched, FetchError> {
    client(server).fetch(&session(), &window(text), soon()).await
}

async fn failed(response: ResponseTemplate, text: &str) -> FetchError {
    fetched(&answering(response).await, text).await.unwrap_err()
}

const HRV: &str = "hrv@2024-01-01..2024-01-30";

fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .set_body_raw("<!DOCTYPE html><title>Just a moment</title>", "text/html; charset=UTF-8")
}

#[tokio::test]
async fn a_call_looks_like_the_phones_and_carries_the_token() {
    let server = MockServer::start().await;
    Mock::given(path("/metrics-service/metrics/racepredictions/daily/a%2Fb%20c"))
        .and(query_param("fromCalendarDate", "2024-01-01"))
        .and(query_param("toCalendarDate", "2024-01-30"))
        .and(header("authorization", format!("Bearer {ACCESS}").as_str()))
        .and(header("accept", "application/json"))
        .and(header("user-agent", "GCM-Android-5.23"))
        .and(header("x-garmin-client-platform", "Android"))
        .and(header("x-garmin-paired-app-version", "10861"))
        .and(header("x-app-ver", "10861"))
        .and(header("x-lang", "en"))
        .and(header("x-gcexperience", "GC5"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!([{"calendarDate": "2024-01-02", "time5K": 1500}])),
        )
        .expect(1)
        .mount(&server)
        .await;
    let session = Session { display_name: "a/b c".to_owned(), ..session() };
    let asked = window("race_predictions@2024-01-01..2024-01-30");
    let fetched = client(&server).fetch(&session, &asked, soon()).await.unwrap();
    assert_eq!(fetched.records.len(), 30, "each day of the window is marked");
    let second = &fetched.records[1];
    assert_eq!(second.key.to_string(), "day#2024-01-02");
    assert_eq!(second.attributes["race_prediction_5k_seconds"], Attribute::Json(json!(1500)));
    assert_eq!(second.attributes["coverage_race_predictions"], Attribute::Json(json!("ok")));
    assert_eq!(fetched.records[0].attributes["coverage_race_predictions"], Attribute::Json(json!("none")));
}

#[tokio::test]
async fn every_form_of_nothing_is_success_with_each_day_asked() {
    let forms = [
        ResponseTemplate::new(204),
        ResponseTemplate::new(200),
        ResponseTemplate::new(200).set_body_string("null"),
        ResponseTemplate::new(200).set_body_string(" [] "),
        ResponseTemplate::new(200).set_body_string("{}"),
    ];
    for form in forms {
        let fetched = fetched(&answering(form).await, HRV).await.unwrap();
        assert_eq!(fetched.records.len(), 30);
        assert!(fetched.records.iter().all(|record| record.attributes.len() == 1));
    }
}

#[tokio::test]
async fn the_table_of_errors_holds() {
    let json = |status: u16| ResponseTemplate::new(status).set_body_json(json!({"message": "no"}));
    assert!(matches!(failed(json(401), HRV).await, FetchError::Unauthorized));
    assert!(matches!(failed(json(403), HRV).await, FetchError::Refused));
    assert!(matches!(failed(json(404), "activity_laps@1").await, FetchError::Refused));
    assert!(matches!(failed(json(400), HRV).await, FetchError::RangeTooLong));
    assert!(matches!(
        failed(json(400), "hrv@2024-01-01..2024-01-01").await,
        FetchError::Unexpected { status: 400 }
    ));
    assert!(matches!(failed(json(400), "activity_laps@1").await, FetchError::Unexpected { status: 400 }));
    assert!(matches!(failed(json(418), HRV).await, FetchError::Unexpected { status: 418 }));
    let redirect = json(302).insert_header("location", "http://127.0.0.1:9/elsewhere");
    assert!(matches!(failed(redirect, HRV).await, FetchError::Unexpected { status: 302 }));
    assert!(matches!(failed(json(429), HRV).await, FetchError::Throttled { retry_after: None }));
    for status in [200, 403, 429, 503] {
        assert!(matches!(failed(html(status), HRV).await, FetchError::Throttled { .. }), "{status}");
    }
    let hidden = ResponseTemplate::new(200).set_body_raw("\n <html>", "application/json");
    assert!(matches!(failed(hidden, HRV).await, FetchError::Throttled { .. }));
    assert!(matches!(failed(html(404), HRV).await, FetchError::Unexpected { status: 404 }));
    let FetchError::Unreadable { path } = failed(
        ResponseTemplate::new(200)
            .set_body_json(json!({"hrvSummaries": [{"calendarDate": "2024-01-01", "lastNightAvg": "61"}]})),
        HRV,
    )
    .await
    else {
        panic!("readable")
    };
    assert_eq!(path, "hrvSummaries[0].lastNightAvg");
}

#[tokio::test]
async fn a_path_that_is_gone_is_a_gap_and_not_an_empty_history() {
    let gone =
        answering(ResponseTemplate::new(404).set_body_json(json!({"message": "HTTP 404 Not Found"}))).await;
    for asked in [HRV, "daily_summary@2024-01-01..2024-01-01", "activity_laps@1", "workouts@all"] {
        assert!(matches!(fetched(&gone, asked).await, Err(FetchError::Refused)), "{asked}");
    }
    // Not everybody keeps this calendar.
    let none = fetched(&gone, "menstrual_calendar@2024-01-01..2024-01-30").await.unwrap();
    assert_eq!(none.records.len(), 30);
}

#[tokio::test]
async fn a_window_that_uses_up_its_own_time_has_failed_and_is_not_put_off() {
    let server = answering(ResponseTemplate::new(204).set_delay(Duration::from_secs(5))).await;
    let config = GarminConfig { window_timeout: Duration::from_millis(200), ..config(&server) };
    let error = client_with(config).fetch(&session(), &window(HRV), soon()).await.unwrap_err();
    assert_eq!(error.to_string(), "Garmin is unavailable (timeout)");
}

#[tokio::test]
async fn retry_after_is_seconds_or_a_date() {
    let answer = |value: &str| ResponseTemplate::new(429).insert_header("retry-after", value);
    let wait = |error| match error {
        FetchError::Throttled { retry_after } => retry_after,
        other => panic!("{other}"),
    };
    assert_eq!(wait(failed(answer("120"), HRV).await), Some(TimeDelta::seconds(120)));
    let in_an_hour = (now() + TimeDelta::hours(1)).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let waited = wait(failed(answer(&in_an_hour), HRV).await).unwrap();
    assert!((waited - TimeDelta::hours(1)).abs() < TimeDelta::seconds(5), "{waited}");
    assert_eq!(wait(failed(answer("Wed, 21 Oct 2015 07:28:00 GMT"), HRV).await), Some(TimeDelta::zero()));
    assert_eq!(wait(failed(answer("soon"), HRV).await), None);
}

#[tokio::test]
async fn what_fails_in_passing_is_tried_three_times_and_what_does_not_once() {
    for (status, tries) in [(500, 3), (502, 3), (503, 3), (429, 1), (401, 1), (403, 1), (400, 1)] {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(status).set_body_json(json!({})))
            .expect(tries)
            .mount(&server)
            .await;
        let error = fetched(&server, HRV).await.unwrap_err();
        if tries == 3 {
            assert_eq!(error.to_string(), format!("Garmin is unavailable (http_{status})"));
        }
    }
}

#[tokio::test]
async fn a_second_try_that_succeeds_is_success() {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(500)).up_to_n_times(2).mount(&server).await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(204)).mount(&server).await;
    assert!(fetched(&server, HRV).await.is_ok());
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_a_timeout_and_never_passes_the_deadline() {
    let server = answering(ResponseTemplate::new(204).set_delay(Duration::from_secs(5))).await;
    let config = GarminConfig { call_timeout: Duration::from_millis(100), ..config(&server) };
    let error = client_with(config).fetch(&session(), &window(HRV), soon()).await.unwrap_err();
    assert_eq!(error.to_string(), "Garmin is unavailable (timeout)");

    let began = Instant::now();
    let deadline = now() + TimeDelta::milliseconds(300);
    let error = client(&server).fetch(&session(), &window(HRV), deadline).await.unwrap_err();
    assert!(matches!(error, FetchError::OutOfTime), "{error}");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());

    let error = client(&server).fetch(&session(), &window(HRV), now()).await.unwrap_err();
    assert!(matches!(error, FetchError::OutOfTime), "{error}");
}

#[tokio::test]
async fn no_retry_waits_past_the_deadline() {
    let server = answering(ResponseTemplate::new(500)).await;
    let config = GarminConfig {
        retry_wait_min: Duration::from_secs(60),
        retry_wait_max: Duration::from_secs(61),
        ..config(&server)
    };
    let began = Instant::now();
    let error = client_with(config).fetch(&session(), &window(HRV), soon()).await.unwrap_err();
    assert!(matches!(error, FetchError::Unavailable { .. }), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_connection_that_nobody_answers_is_unavailable() {
    let url: Url = "http://127.0.0.1:9".parse().unwrap();
    let config = GarminConfig { tries: 1, ..GarminConfig::simulator(url.clone(), url) };
    let error = client_with(config).fetch(&session(), &window(HRV), soon()).await.unwrap_err();
    assert_eq!(error.to_string(), "Garmin is unavailable (connection)");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_of_an_account_is_in_flight_and_the_next_keeps_its_distance() {
    let server = answering(ResponseTemplate::new(204).set_delay(Duration::from_millis(120))).await;
    let config = GarminConfig { gap: Duration::from_millis(200), ..config(&server) };
    let client = Arc::new(client_with(config));
    let began = Instant::now();
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { client.fetch(&session(), &window(HRV), soon()).await.map(|_| ()) })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    // Begins at 0, 200 and 400 ms, the last ends at 520 ms.
    assert!(began.elapsed() >= Duration::from_millis(520), "{:?}", began.elapsed());

    // Without a gap they still do not overlap; another account does not wait for them.
    let client = Arc::new(self::client(&server));
    let began = Instant::now();
    let (one, other) = (session(), Session { account: AccountKey::of("other"), ..session() });
    let asked = window(HRV);
    let (a, b, c) = tokio::join!(
        client.fetch(&one, &asked, soon()),
        client.fetch(&one, &asked, soon()),
        client.fetch(&other, &asked, soon()),
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert!(began.elapsed() >= Duration::from_millis(240), "{:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_millis(355), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_refused_range_makes_the_next_plan_ask_for_less() {
    let server = answering(ResponseTemplate::new(400).set_body_json(json!({}))).await;
    let client = client(&server);
    let metrics = MetricSet::from_iter([MetricType::Hrv]);
    let asked = window(HRV);
    let request = PlanRequest {
        range: asked.range().unwrap(),
        metrics: &metrics,
        today: session().today,
        first_chunk: false,
    };
    assert_eq!(client.plan(&request).windows.len(), 1);
    assert!(client.fetch(&session(), &asked, soon()).await.is_err());
    assert_eq!(client.plan(&request).windows.len(), 2);
    // A single day refused: the length was not the reason.
    let day = window("hrv@2024-01-01..2024-01-01");
    assert!(client.fetch(&session(), &day, soon()).await.is_err());
    assert_eq!(client.plan(&request).windows.len(), 1);
}

#[tokio::test]
async fn a_list_is_paged_until_a_page_is_short() {
    let server = MockServer::start().await;
    let page = |from: u64, count: u64| {
        let rows: Vec<_> = (from..from + count)
            .map(|id| json!({"activityId": id, "activityName": id, "startTimeLocal": "2024-01-03 10:00:00", "startTimeGMT": "2024-01-03 09:00:00"}))
            .collect();
        ResponseTemplate::new(200).set_body_json(rows)
    };
    for (offset, answer) in [("0", page(1, 200)), ("200", page(201, 7))] {
        Mock::given(query_param("start", offset))
            .and(query_param("limit", "200"))
            .respond_with(answer)
            .expect(1)
            .mount(&server)
            .await;
    }
    let fetched = fetched(&server, "activities@2024-01-01..2024-01-30").await.unwrap();
    let activities = fetched.records.iter().filter(|record| record.key.to_string().starts_with("activity#"));
    assert_eq!(activities.count(), 207);
    assert_eq!(fetched.found.len(), 2 * 207);
    assert_eq!(fetched.found[0].to_string(), "activity_laps@1");
    assert_eq!(fetched.found[1].to_string(), "activity_track@1");

    let config = GarminConfig { activity_details: false, ..config(&server) };
    server.reset().await;
    Mock::given(method("GET")).respond_with(page(1, 3)).mount(&server).await;
    let asked = window("activities@2024-01-01..2024-01-30");
    let fetched = client_with(config).fetch(&session(), &asked, soon()).await.unwrap();
    assert!(fetched.found.is_empty());
}

#[tokio::test]
async fn a_window_of_an_unknown_source_is_a_gap_and_asks_nothing() {
    let server = MockServer::start().await;
    let error = fetched(&server, "long_gone@2024-01-01..2024-01-30").await.unwrap_err();
    assert!(matches!(error, FetchError::Refused));
    assert!(client(&server).metrics(&window("long_gone@all")).is_empty());
    assert!(server.received_requests().await.unwrap().is_empty());
}

fn jwt(claims: &serde_json::Value) -> String {
    format!("e30.{}.SECRETsignature", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn link(access: &str) -> String {
    json!({"di_token": access, "di_refresh_token": "refresh-SECRET", "di_client_id": "CLIENT"}).to_string()
}

fn tokens() -> Tokens {
    parse_tokens(&link(&jwt(&json!({"exp": 1_800_000_000, "garmin_guid": "guid"})))).unwrap().0
}

#[test]
fn a_link_is_read_with_its_expiry_and_account() {
    let (tokens, account) =
        parse_tokens(&link(&jwt(&json!({"exp": 1_800_000_000, "garmin_guid": "guid", "client_id": "X"}))))
            .unwrap();
    assert_eq!(tokens.expires_at.timestamp(), 1_800_000_000);
    assert_eq!(tokens.client_id, "CLIENT");
    assert_eq!(tokens.refresh.expose_secret(), "refresh-SECRET");
    assert_eq!(account, AccountKey::of("guid"));
    assert!(!format!("{tokens:?}").contains("SECRET"));
}

#[test]
fn what_is_no_link_is_refused_without_repeating_it() {
    for (text, error) in [
        ("", InvalidTokens::NotALink),
        ("[]", InvalidTokens::NotALink),
        (r#"{"di_token":"SECRET"}"#, InvalidTokens::NotALink),
        (&link("SECRET"), InvalidTokens::NoExpiry),
        (&link("a.SECRET.b"), InvalidTokens::NoExpiry),
        (&link(&jwt(&json!({"garmin_guid": "guid"}))), InvalidTokens::NoExpiry),
        (&link(&jwt(&json!({"exp": i64::MAX, "garmin_guid": "guid"}))), InvalidTokens::NoExpiry),
        (&link(&jwt(&json!({"exp": 1_800_000_000}))), InvalidTokens::NoAccount),
    ] {
        let seen = parse_tokens(text).unwrap_err();
        assert_eq!(seen, error, "{text}");
        assert!(!format!("{seen} {seen:?}").contains("SECRET"));
    }
}

#[tokio::test]
async fn a_refresh_trades_the_pair_for_the_next() {
    let server = MockServer::start().await;
    let access = jwt(&json!({"exp": 1_900_000_000, "garmin_guid": "guid"}));
    Mock::given(method("POST"))
        .and(path("/di-oauth2-service/oauth/token"))
        .and(header("authorization", "Basic Q0xJRU5UOg=="))
        .and(header("accept", "application/json"))
        .and(header("cache-control", "no-cache"))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(body_string_contains("grant_type=refresh_token"))
        .and(body_string_contains("client_id=CLIENT"))
        .and(body_string_contains("refresh_token=refresh-SECRET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "access_token": access, "refresh_token": "next-SECRET", "expires_in": 3600,
        })))
        .expect(1)
        .mount(&server)
        .await;
    let next = client(&server).refresh(&tokens()).await.unwrap();
    assert_eq!(next.access.expose_secret(), access);
    assert_eq!(next.refresh.expose_secret(), "next-SECRET");
    assert_eq!(next.expires_at.timestamp(), 1_900_000_000);
    assert_eq!(next.client_id, "CLIENT");
}

#[tokio::test]
async fn a_refresh_is_never_tried_twice_and_says_what_to_do() {
    let refused = |response: ResponseTemplate| async {
        let server = MockServer::start().await;
        Mock::given(method("POST")).respond_with(response).expect(1).mount(&server).await;
        client(&server).refresh(&tokens()).await.unwrap_err()
    };
    let invalid = json!({"error": "invalid_grant", "error_description": "SECRET"});
    let error = refused(ResponseTemplate::new(400).set_body_json(invalid)).await;
    assert!(matches!(error, RefreshError::InvalidGrant));
    assert!(!format!("{error} {error:?}").contains("SECRET"));
    let error = refused(ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_request"}))).await;
    assert!(matches!(error, RefreshError::Unavailable { code } if code == "http_400"));
    let error = refused(ResponseTemplate::new(429).insert_header("retry-after", "60")).await;
    assert!(
        matches!(error, RefreshError::Throttled { retry_after } if retry_after == Some(TimeDelta::seconds(60)))
    );
    assert!(matches!(refused(html(403)).await, RefreshError::Throttled { .. }));
    assert!(matches!(refused(html(200)).await, RefreshError::Throttled { .. }));
    let error = refused(ResponseTemplate::new(500)).await;
    assert!(matches!(error, RefreshError::Unavailable { code } if code == "http_500"));
    let error = refused(ResponseTemplate::new(200).set_body_json(json!({"access_token": "SECRET"}))).await;
    assert!(matches!(error, RefreshError::Unavailable { code } if code == "unreadable"));
}

#[tokio::test]
async fn a_profile_is_a_name_and_a_zone_wherever_garmin_keeps_it() {
    let server = MockServer::start().await;
    Mock::given(path("/userprofile-service/socialProfile"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"displayName": "runner"})))
        .mount(&server)
        .await;
    Mock::given(path("/userprofile-service/userprofile/settings"))
        .respond_with(ResponseTemplate::new(404).set_body_json(json!({})))
        .mount(&server)
        .await;
    Mock::given(path("/userprofile-service/userprofile/user-settings"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"userData": {"timeZone": "Asia/Dubai"}})),
        )
        .mount(&server)
        .await;
    let profile = client(&server).profile(&session(), soon()).await.unwrap();
    assert_eq!(profile.display_name, "runner");
    assert_eq!(profile.time_zone.unwrap().name(), "Asia/Dubai");
}

#[tokio::test]
async fn nothing_secret_shows_in_an_error_or_a_client() {
    let answers = [
        ResponseTemplate::new(401),
        ResponseTemplate::new(500).set_body_string("heart rate 61"),
        ResponseTemplate::new(200)
            .set_body_string("{\"privacyProtected\": false, \"restingHeartRate\": \"61\"}"),
        ResponseTemplate::new(200).set_body_string("{\"restingHeartRate\": 61"),
    ];
    for answer in answers {
        let error = failed(answer, "daily_summary@2024-01-01..2024-01-01").await;
        let seen = format!("{error} {error:?}");
        for secret in ["SECRET", "61", "2024", "127.0.0.1", "usersummary"] {
            assert!(!seen.contains(secret), "{seen}");
        }
    }
    let server = MockServer::start().await;
    assert!(!format!("{:?} {:?}", client(&server), session()).contains(ACCESS));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_broken_connection() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 2048];
            let _ = stream.read(&mut request).await;
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n[{\"calendarDate\"")
                .await;
        }
    });
    let client = client_with(GarminConfig::simulator(url.clone(), url));
    let error = client.fetch(&session(), &window(HRV), soon()).await.unwrap_err();
    assert_eq!(error.to_string(), "Garmin is unavailable (connection)");
}
