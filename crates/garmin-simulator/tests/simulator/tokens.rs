//! Signing in, and keeping the tokens that come of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::client::{Client, config, now, pair};
use base64::Engine as _;
use garmin_simulator::{AccountConfig, CLIENT_IDS, Clock, Fault, FaultRule, SimulatorConfig};
use reqwest::StatusCode;
use serde_json::{Value, json};

const PROFILE: &str = "/userprofile-service/socialProfile";

#[tokio::test]
async fn an_access_token_is_a_jwt_that_says_when_it_ends_and_whose_it_is() {
    let client = Client::start(config()).await;
    let payload = client.tokens.di_token.split('.').nth(1).unwrap();
    let claims: Value =
        serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap())
            .unwrap();
    assert_eq!(claims["exp"], json!(now().timestamp() + 24 * 3600));
    assert_eq!(claims["client_id"], json!(client.tokens.di_client_id));
    assert_eq!(client.get(PROFILE).await["garminGUID"], claims["garmin_guid"]);
}

#[tokio::test]
async fn of_fifty_simultaneous_refreshes_with_one_token_exactly_one_succeeds() {
    let client = Arc::new(Client::start(config()).await);
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let client = Arc::clone(&client);
        tries.spawn(async move {
            let response = client.refresh(&client.tokens).await.unwrap();
            (response.status(), response.json::<Value>().await.unwrap())
        });
    }
    let answers = tries.join_all().await;
    let won: Vec<_> = answers.iter().filter(|(status, _)| *status == StatusCode::OK).collect();
    assert_eq!(won.len(), 1);
    for (status, body) in answers.iter().filter(|(status, _)| *status != StatusCode::OK) {
        assert_eq!((*status, body), (StatusCode::BAD_REQUEST, &json!({"error": "invalid_grant"})));
    }
    let next = pair(&won[0].1, &client.tokens.di_client_id);
    assert_eq!(client.refresh(&next).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_answers_with_everything_a_client_keeps() {
    let client = Client::start(config()).await;
    let answer: Value = client.refresh(&client.tokens).await.unwrap().json().await.unwrap();
    assert_eq!(answer["expires_in"], json!(86_400));
    assert_eq!(answer["refresh_token_expires_in"], json!(2_592_000));
    assert!(answer["scope"].is_string());
    let next = pair(&answer, &client.tokens.di_client_id);
    assert_eq!(client.send_as(&next, PROFILE).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_needs_the_basic_authentication_and_the_client_of_the_token() {
    let client = Client::start(config()).await;
    let token = &client.tokens.di_refresh_token;
    let wrong_basic = client.refresh_as("someone", CLIENT_IDS[0], token).await.unwrap();
    assert_eq!(wrong_basic.status(), StatusCode::UNAUTHORIZED);
    let wrong_client = client.refresh_as(CLIENT_IDS[1], CLIENT_IDS[1], token).await.unwrap();
    assert_eq!(wrong_client.status(), StatusCode::BAD_REQUEST);
    let forged = client.refresh_as(CLIENT_IDS[0], CLIENT_IDS[0], "bm8.bm8").await.unwrap();
    assert_eq!(forged.status(), StatusCode::BAD_REQUEST);
    assert_eq!(client.refresh(&client.tokens).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn tokens_outlive_a_restart_and_rotation_is_enforced_again_after_it() {
    let first = Client::start(config()).await;
    let old = first.tokens.clone();
    let answer: Value = first.refresh(&old).await.unwrap().json().await.unwrap();
    let kept = pair(&answer, &old.di_client_id);
    first.garmin.shutdown().await;

    let again = Client::start(config()).await;
    assert_eq!(again.send_as(&kept, PROFILE).await.unwrap().status(), StatusCode::OK);
    assert_eq!(again.refresh(&kept).await.unwrap().status(), StatusCode::OK);
    assert_eq!(again.refresh(&kept).await.unwrap().status(), StatusCode::BAD_REQUEST);
    assert_eq!(again.refresh(&old).await.unwrap().status(), StatusCode::BAD_REQUEST);

    let stranger = Client::start(SimulatorConfig { seed: 2, ..config() }).await;
    assert_eq!(stranger.send_as(&kept, PROFILE).await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_access_token_ends_when_its_time_is_over_and_a_refresh_brings_a_new_one() {
    let seconds = Arc::new(AtomicI64::new(0));
    let shown = Arc::clone(&seconds);
    let clock = Clock::new(move || now() + chrono::Duration::seconds(shown.load(Ordering::SeqCst)));
    let lifetime = Duration::from_secs(600);
    let client = Client::start(SimulatorConfig { clock, access_token_lifetime: lifetime, ..config() }).await;
    assert_eq!(client.status(PROFILE).await, StatusCode::OK);
    seconds.store(601, Ordering::SeqCst);
    let late = client.send(PROFILE).await.unwrap();
    assert_eq!(late.status(), StatusCode::UNAUTHORIZED);
    assert!(late.json::<Value>().await.unwrap().is_object());
    let answer: Value = client.refresh(&client.tokens).await.unwrap().json().await.unwrap();
    let next = pair(&answer, &client.tokens.di_client_id);
    assert_eq!(client.send_as(&next, PROFILE).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_whose_answer_is_lost_has_used_up_the_token() {
    let client = Client::start(config()).await;
    client.garmin.add_fault(FaultRule::on("/oauth/token", Fault::DropAfterWork).times(1));
    assert!(client.refresh(&client.tokens).await.is_err());
    assert_eq!(client.refresh(&client.tokens).await.unwrap().status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_revoked_account_is_refused_everywhere_until_a_new_login() {
    let client = Client::start(crate::client::two_accounts()).await;
    let other = client.garmin.tokens_for("second").unwrap();
    client.garmin.add_fault(FaultRule::always(Fault::RevokeAccount).for_account("demo").times(1));
    assert_eq!(client.status(PROFILE).await, StatusCode::UNAUTHORIZED);
    assert_eq!(client.status(PROFILE).await, StatusCode::UNAUTHORIZED);
    assert_eq!(client.refresh(&client.tokens).await.unwrap().status(), StatusCode::BAD_REQUEST);
    assert_eq!(client.send_as(&other, PROFILE).await.unwrap().status(), StatusCode::OK);
    let renewed = client.garmin.tokens_for("demo").unwrap();
    assert_eq!(client.send_as(&renewed, PROFILE).await.unwrap().status(), StatusCode::OK);
    assert_eq!(client.refresh(&renewed).await.unwrap().status(), StatusCode::OK);
}

async fn login(client: &Client, http: &reqwest::Client, password: &str) -> (StatusCode, Value) {
    let url = format!("{}/mobile/api/login?clientId=GCM_IOS_DARK&locale=en-US", client.garmin.base_url());
    let body = json!({"username": "demo", "password": password, "rememberMe": true, "captchaToken": ""});
    let response = http.post(url).json(&body).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn exchange(client: &Client, ticket: &str, client_id: &str) -> (StatusCode, Value) {
    let response = client
        .http
        .post(format!("{}/di-oauth2-service/oauth/token", client.garmin.base_url()))
        .basic_auth(client_id, Some(""))
        .form(&[
            ("grant_type", "https://connectapi.garmin.com/di-oauth2-service/oauth/grant/service_ticket"),
            ("client_id", client_id),
            ("service_ticket", ticket),
            ("service_url", "https://mobile.integration.garmin.com/gcm/ios"),
        ])
        .send()
        .await
        .unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_login_goes_through_password_code_cookie_and_ticket_to_a_token() {
    let mut account = AccountConfig::new("demo");
    account.password = Some("right".to_owned());
    account.mfa_code = Some("123456".to_owned());
    let mut config = SimulatorConfig { accounts: vec![account], ..config() };
    config.ticket_client_ids = vec![CLIENT_IDS[1].to_owned()];
    let client = Client::start(config).await;
    let browser = reqwest::Client::builder().cookie_store(true).build().unwrap();

    let (status, body) = login(&client, &browser, "wrong").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(body["responseStatus"]["type"], "INVALID_USERNAME_PASSWORD");
    let (_, body) = login(&client, &browser, "right").await;
    assert_eq!(body["responseStatus"]["type"], "MFA_REQUIRED");

    let url = format!("{}/mobile/api/mfa/verifyCode", client.garmin.base_url());
    let code =
        |code: &str| json!({"mfaMethod": "email", "mfaVerificationCode": code, "rememberMyBrowser": true});
    let without_cookie = client.http.post(&url).json(&code("123456")).send().await.unwrap();
    assert_eq!(without_cookie.status(), StatusCode::UNAUTHORIZED);
    let wrong: Value = browser.post(&url).json(&code("000000")).send().await.unwrap().json().await.unwrap();
    assert_ne!(wrong["responseStatus"]["type"], "SUCCESSFUL");
    let right: Value = browser.post(&url).json(&code("123456")).send().await.unwrap().json().await.unwrap();
    assert_eq!(right["responseStatus"]["type"], "SUCCESSFUL");
    let ticket = right["serviceTicketId"].as_str().unwrap();

    assert_eq!(exchange(&client, ticket, CLIENT_IDS[0]).await.0, StatusCode::BAD_REQUEST);
    let (status, answer) = exchange(&client, ticket, CLIENT_IDS[1]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(exchange(&client, ticket, CLIENT_IDS[1]).await.1, json!({"error": "invalid_grant"}));
    let tokens = pair(&answer, CLIENT_IDS[1]);
    assert_eq!(client.send_as(&tokens, PROFILE).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_login_can_ask_for_a_captcha_or_hide_a_429() {
    let mut account = AccountConfig::new("demo");
    account.captcha = true;
    let client = Client::start(SimulatorConfig { accounts: vec![account], ..config() }).await;
    let (_, body) = login(&client, &client.http, "any").await;
    assert_eq!(body["responseStatus"]["type"], "CAPTCHA_REQUIRED");
    client.garmin.add_fault(FaultRule::on("/mobile/api/login", Fault::HiddenTooManyRequests));
    let (status, body) = login(&client, &client.http, "any").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["error"]["status-code"], "429");
}
