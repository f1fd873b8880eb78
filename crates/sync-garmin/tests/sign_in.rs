//! Signing in, against the simulator and against answers that it does not give.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that does not find what it expects has failed"
)]

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use garmin_simulator::{AccountConfig, Fault, FaultRule, Simulator, SimulatorConfig};
use secrecy::{ExposeSecret, SecretString};
use sync_core::sign_in::{Credentials, GarminSignIn, PendingSignIn, SignIn, SignInError};
use sync_garmin::{GarminConfig, Jitter, SignInClient};
use sync_testkit::clock::ManualClock;
use url::Url;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

const CODE: &str = "424242";

fn now() -> DateTime<Utc> {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

fn deadline() -> DateTime<Utc> {
    now() + TimeDelta::seconds(20)
}

fn client(url: &str) -> SignInClient {
    let url = Url::parse(url).unwrap();
    let config = GarminConfig::simulator(url.clone(), url);
    SignInClient::new(config, Arc::new(ManualClock::new(now())), Jitter::seeded(1)).unwrap()
}

/// `demo` has no second factor, `careful` one, `robot` is asked for a captcha, `forgetful` is locked.
async fn garmin(change: impl FnOnce(&mut SimulatorConfig)) -> (Simulator, SignInClient) {
    let mut config = SimulatorConfig::at(now());
    let account = |name: &str| AccountConfig { password: Some("right".into()), ..AccountConfig::new(name) };
    config.accounts = vec![
        account("demo"),
        AccountConfig { mfa_code: Some(CODE.into()), ..account("careful") },
        AccountConfig { captcha: true, ..account("robot") },
        AccountConfig { locked: true, ..account("forgetful") },
    ];
    change(&mut config);
    let simulator = Simulator::start(config).await.unwrap();
    let client = client(&simulator.base_url());
    (simulator, client)
}

fn credentials(name: &str, password: &str) -> Credentials {
    Credentials {
        email: SecretString::from(format!("{name}@example.test")),
        password: SecretString::from(password),
    }
}

async fn needs_code(client: &SignInClient) -> PendingSignIn {
    match client.sign_in(&credentials("careful", "right"), deadline()).await.unwrap() {
        SignIn::NeedsCode(pending) => pending,
        SignIn::Done(_) => panic!("a code is needed"),
    }
}

#[tokio::test]
async fn credentials_lead_to_tokens_that_say_whose_they_are() {
    let (_simulator, client) = garmin(|_| {}).await;
    let SignIn::Done(tokens) = client.sign_in(&credentials("demo", "right"), deadline()).await.unwrap()
    else {
        panic!("no code is needed");
    };
    assert_eq!(tokens.client_id, "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2");
    assert!(tokens.expires_at > now());
    let owner = client.owner(&tokens, deadline()).await.unwrap();
    assert_eq!(owner.display_name, "demo-runs");
    assert_eq!(owner.time_zone, Some(chrono_tz::Europe::Berlin));
}

#[tokio::test]
async fn a_code_opens_what_a_wrong_one_left_closed() {
    let (_simulator, client) = garmin(|_| {}).await;
    let pending = needs_code(&client).await;
    // As after five minutes in a store: nothing but the text goes on.
    let pending = PendingSignIn(SecretString::from(pending.0.expose_secret()));
    let wrong = client.verify_code(&pending, &SecretString::from("000000"), deadline()).await;
    assert!(matches!(wrong, Err(SignInError::WrongCode)));
    let tokens = client.verify_code(&pending, &SecretString::from(CODE), deadline()).await.unwrap();
    let owner = client.owner(&tokens, deadline()).await.unwrap();
    assert_eq!(owner.display_name, "careful-runs");
    let again = client.verify_code(&pending, &SecretString::from(CODE), deadline()).await;
    assert!(matches!(again, Err(SignInError::SessionEnded)), "Garmin's session is used up");
}

#[tokio::test]
async fn client_ids_are_tried_in_order_until_one_is_taken() {
    let taken = garmin_simulator::CLIENT_IDS[2];
    let (simulator, client) = garmin(|config| config.ticket_client_ids = vec![taken.to_owned()]).await;
    let SignIn::Done(tokens) = client.sign_in(&credentials("demo", "right"), deadline()).await.unwrap()
    else {
        panic!("no code is needed");
    };
    assert_eq!(tokens.client_id, taken);
    let traded = simulator.calls().iter().filter(|call| call.path.ends_with("/oauth/token")).count();
    assert_eq!(traded, 3);
    let (_simulator, client) = garmin(|config| config.ticket_client_ids.clear()).await;
    let none = client.sign_in(&credentials("demo", "right"), deadline()).await;
    assert!(matches!(none, Err(SignInError::TokensRefused)));
}

#[tokio::test]
async fn every_refusal_has_its_name_and_is_asked_once() {
    let (simulator, client) = garmin(|_| {}).await;
    let refused = async |name: &str, password: &str| {
        client.sign_in(&credentials(name, password), deadline()).await.unwrap_err()
    };
    assert!(matches!(refused("demo", "wrong").await, SignInError::WrongCredentials));
    assert!(matches!(refused("nobody", "right").await, SignInError::WrongCredentials));
    assert!(matches!(refused("robot", "right").await, SignInError::CaptchaRequired));
    assert!(matches!(refused("forgetful", "right").await, SignInError::AccountLocked));
    assert_eq!(simulator.calls().len(), 4);
    let throttle = Fault::TooManyRequests { retry_after_seconds: Some(90) };
    for (fault, is_right) in [
        (
            Fault::HiddenTooManyRequests,
            (|e| matches!(e, SignInError::Throttled { retry_after: None })) as fn(&SignInError) -> bool,
        ),
        (
            throttle,
            |e| matches!(e, SignInError::Throttled { retry_after: Some(wait) } if wait.num_seconds() == 90),
        ),
        (Fault::Firewall { status: 403 }, |e| matches!(e, SignInError::NetworkRefused)),
        (Fault::Firewall { status: 429 }, |e| matches!(e, SignInError::NetworkRefused)),
        (Fault::Forbidden, |e| matches!(e, SignInError::NetworkRefused)),
        (Fault::Unavailable, |e| matches!(e, SignInError::Unavailable { code } if code == "http_503")),
        (Fault::DropConnection, |e| matches!(e, SignInError::Unavailable { code } if code == "connection")),
        (Fault::WrongShape, |e| matches!(e, SignInError::Unreadable { .. })),
        (Fault::CutJson, |e| matches!(e, SignInError::Unreadable { .. })),
    ] {
        simulator.set_faults(garmin_simulator::FaultPlan::of([FaultRule::on("/login", fault.clone())]));
        let before = simulator.calls().len();
        let error = refused("demo", "right").await;
        assert!(is_right(&error), "{fault:?}: {error:?}");
        assert_eq!(simulator.calls().len(), before + 1, "{fault:?}");
    }
}

#[tokio::test]
async fn tokens_that_garmin_does_not_take_have_no_owner() {
    let (simulator, client) = garmin(|_| {}).await;
    let SignIn::Done(tokens) = client.sign_in(&credentials("demo", "right"), deadline()).await.unwrap()
    else {
        panic!("no code is needed");
    };
    simulator.revoke("demo");
    let refused = client.owner(&tokens, deadline()).await;
    assert!(matches!(refused, Err(SignInError::TokensRefused)));
    let mut forged = tokens;
    forged.access = SecretString::from("not.a.jwt");
    let refused = client.owner(&forged, deadline()).await;
    assert!(matches!(refused, Err(SignInError::TokensRefused)));
}

#[tokio::test]
async fn the_sign_in_goes_to_garmin_as_its_app_sends_it() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/mobile/api/login"))
        .and(query_param("clientId", "GCM_IOS_DARK"))
        .and(query_param("locale", "en-US"))
        .and(query_param("service", "https://mobile.integration.garmin.com/gcm/ios"))
        .and(wiremock::matchers::body_json(serde_json::json!({
            "username": "demo@example.test", "password": "right", "rememberMe": true, "captchaToken": ""
        })))
        .respond_with(
            ResponseTemplate::new(200)
                .append_header("set-cookie", "A=1; Path=/; Secure; HttpOnly")
                .append_header("set-cookie", "B=x=y; Path=/")
                .set_body_json(serde_json::json!({
                    "responseStatus": {"type": "MFA_REQUIRED"},
                    "customerMfaInfo": {"mfaLastMethodUsed": "sms"}
                })),
        )
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/mobile/api/mfa/verifyCode"))
        .and(wiremock::matchers::header("cookie", "A=1; B=x=y"))
        .and(wiremock::matchers::body_json(serde_json::json!({
            "mfaMethod": "sms", "mfaVerificationCode": "1", "rememberMyBrowser": true, "reconsentList": [],
            "mfaSetup": false
        })))
        .respond_with(ResponseTemplate::new(200).set_body_json(serde_json::json!({
            "responseStatus": {"type": "MFA_CODE_INVALID"}
        })))
        .mount(&server)
        .await;
    let client = client(&server.uri());
    let SignIn::NeedsCode(pending) = client.sign_in(&credentials("demo", "right"), deadline()).await.unwrap()
    else {
        panic!("a code is needed");
    };
    let wrong = client.verify_code(&pending, &SecretString::from("1"), deadline()).await;
    assert!(matches!(wrong, Err(SignInError::WrongCode)));
    for secret in ["right", "demo@", "A=1"] {
        assert!(!format!("{pending:?} {client:?} {wrong:?}").contains(secret));
    }
}
