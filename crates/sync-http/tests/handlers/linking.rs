//! The linking routes: what they say, and what no answer, log line or stored item says.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;
use sync_core::ports::Applied;
use sync_core::sign_in::SignInError;
use sync_core::timing::{SIGN_IN_ATTEMPTS, SIGN_IN_CODES};
use sync_testkit::build;

use crate::world::door::CODE;
use crate::world::{Answer, Ask, DEMO, OTHER, SAMPLE_JOB, STRANGER, World};

const PREFIX: &str = "/integrations/garmin";

fn ask(method: &'static str, route: &str) -> Ask {
    Ask::get("").method(method).path(&format!("{PREFIX}/{route}"))
}

fn post(route: &str, body: &serde_json::Value) -> Ask {
    ask("POST", route).json(body)
}

fn login() -> Ask {
    post("login", &json!({"email": "demo@example.test", "password": "pass-word-in-clear"}))
}

fn code(state: &str, code: &str) -> Ask {
    post("resume_login", &json!({"client_state": state, "mfa_code": code}))
}

async fn waiting(world: &World, user: &str) -> String {
    world.door.wants_code();
    let answer = world.send(&login().of(user)).await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("needs_mfa")), "{answer:?}");
    answer.body["client_state"].as_str().unwrap().to_owned()
}

fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.body["code"].as_str()), (status, Some(code)), "{answer:?}");
}

#[tokio::test]
async fn the_status_says_whether_and_how_well_garmin_is_linked() {
    let world = World::new();
    let status = world.send(&ask("GET", "status")).await;
    assert_eq!(status.status, 200);
    assert_eq!(
        status.body,
        json!({
            "isLinked": true, "lastUpdated": "2026-11-22T08:00:00.000Z", "tokenExpiresAt": "2026-11-22T09:00:00.000Z",
            "reauthRequired": false, "message": "Garmin Connect is linked."
        })
    );
    let nothing = json!({
        "isLinked": false, "lastUpdated": null, "tokenExpiresAt": null, "reauthRequired": false,
        "message": "Garmin Connect is not linked."
    });
    assert_eq!(world.send(&ask("GET", "status").of(STRANGER)).await.body, nothing);
    world.send(&ask("POST", "unlink")).await;
    assert_eq!(world.send(&ask("GET", "status")).await.body, nothing);
    let others = world.send(&ask("GET", "status").of(OTHER)).await;
    assert_eq!(others.body["isLinked"], true, "another's link is their own");
}

#[tokio::test]
async fn what_is_missing_or_too_long_is_said_in_the_contracts_words() {
    let world = World::new();
    let long = "x".repeat(9_000);
    for (route, body, message) in [
        ("login", json!({}), "Email and password are required."),
        ("login", json!({"email": "a@b"}), "Email and password are required."),
        ("login", json!({"email": "", "password": "p"}), "Email and password are required."),
        ("login", json!({"email": long, "password": "p"}), "email is too long"),
        ("login", json!({"email": "a@b", "password": long}), "password is too long"),
        ("login", json!({"email": 1, "password": "p"}), "email must be a string"),
        ("resume_login", json!({}), "Client state and MFA code are required."),
        ("resume_login", json!({"client_state": "s"}), "Client state and MFA code are required."),
        ("resume_login", json!({"client_state": "s", "mfa_code": long}), "mfa_code is too long"),
        (
            "resume_login",
            json!({"client_state": "s", "mfa_code": " \t "}),
            "Client state and MFA code are required.",
        ),
        (
            "resume_login",
            json!({"client_state": "s", "mfa_code": "1"}),
            "This sign-in has ended. Please sign in again.",
        ),
        ("link", json!({}), "tokens with di_token, di_refresh_token and di_client_id are required"),
        ("link", json!({"tokens": "t"}), "tokens must be an object"),
        (
            "link",
            json!({"tokens": {"di_token": "t", "di_refresh_token": "r", "di_client_id": "c"}}),
            "These are not tokens of Garmin Connect.",
        ),
        (
            "link",
            json!({"tokens": {"di_token": long, "di_refresh_token": "r", "di_client_id": "c"}}),
            "di_token is too long",
        ),
        ("unlink", json!({"deleteData": "yes"}), "deleteData must be true or false"),
    ] {
        let answer = world.send(&post(route, &body)).await;
        assert_eq!((answer.status, answer.error()), (400, message), "{route}");
    }
    assert_eq!(world.door.knocks(), 0, "Garmin hears nothing of it");
}

#[tokio::test]
async fn a_wrong_code_leaves_the_sign_in_waiting_and_the_right_one_ends_it() {
    let world = World::new();
    let state = waiting(&world, STRANGER).await;
    refused(&world.send(&code(&state, "000000").of(STRANGER)).await, 400, "wrong_mfa_code");
    refused(&world.send(&code(&state, CODE).of(OTHER)).await, 400, "sign_in_ended");
    let linked = world.send(&code(&state, CODE).of(STRANGER)).await;
    assert_eq!((linked.status, linked.body), (200, json!({"status": "success"})));
    assert!(world.link_of(STRANGER).is_active);
    refused(&world.send(&code(&state, CODE).of(STRANGER)).await, 400, "sign_in_ended");
}

#[tokio::test]
async fn a_sign_in_lives_five_minutes_and_sees_five_codes() {
    let world = World::new();
    let state = waiting(&world, DEMO).await;
    for _ in 0..SIGN_IN_CODES {
        refused(&world.send(&code(&state, "000000")).await, 400, "wrong_mfa_code");
    }
    refused(&world.send(&code(&state, CODE)).await, 400, "sign_in_ended");
    let state = waiting(&world, DEMO).await;
    world.clock.advance(chrono::TimeDelta::minutes(5));
    refused(&world.send(&code(&state, CODE)).await, 400, "sign_in_ended");
}

#[tokio::test]
async fn whoever_knocks_too_often_waits_and_others_do_not() {
    let world = World::new();
    world.door.refuses(|| SignInError::WrongCredentials);
    for _ in 0..SIGN_IN_ATTEMPTS {
        refused(&world.send(&login()).await, 400, "wrong_credentials");
    }
    refused(&world.send(&login()).await, 429, "too_many_sign_ins");
    assert_eq!(world.door.knocks(), SIGN_IN_ATTEMPTS);
    refused(&world.send(&login().of(OTHER)).await, 400, "wrong_credentials");
    world.clock.advance(chrono::TimeDelta::minutes(15));
    refused(&world.send(&login()).await, 400, "wrong_credentials");
}

#[tokio::test]
async fn every_refusal_of_garmins_has_its_code_and_a_refused_network_the_way_round() {
    type Refusal = fn() -> SignInError;
    let refusals: [(Refusal, u16, &str); 7] = [
        (|| SignInError::CaptchaRequired, 502, "garmin_wants_captcha"),
        (|| SignInError::NetworkRefused, 502, "garmin_refuses_network"),
        (|| SignInError::AccountLocked, 400, "garmin_account_locked"),
        (|| SignInError::Throttled { retry_after: None }, 429, "garmin_throttles"),
        (|| SignInError::TokensRefused, 400, "garmin_refuses_tokens"),
        (|| SignInError::Unavailable { code: "http_503".into() }, 502, "garmin_unavailable"),
        (|| SignInError::Unreadable { path: "x".into() }, 502, "garmin_unavailable"),
    ];
    for (refusal, status, code) in refusals {
        let world = World::new();
        world.door.refuses(refusal);
        let answer = world.send(&login()).await;
        refused(&answer, status, code);
        assert_eq!(
            answer.error().contains("garmin-sync login"),
            status == 502 && code != "garmin_unavailable"
        );
    }
}

#[tokio::test]
async fn a_new_sign_in_wakes_the_job_that_waited_for_it() {
    let world = World::new();
    let mut job = world.running_job(DEMO, SAMPLE_JOB);
    let reason = sync_core::PauseReason::ReauthRequired;
    job = sync_core::transition::pause_for_garmin(&job, vec![], vec![], vec![], reason, None, world.now())
        .after;
    world.put(job);
    world.change_link(DEMO, |link| link.reauth_required = true);
    let before = world.nudges();
    assert_eq!(world.send(&login()).await.status, 200);
    assert_eq!(world.job_of(DEMO, SAMPLE_JOB).status.name(), "pending");
    assert_eq!(world.nudges(), before + 1);
    assert!(!world.link_of(DEMO).reauth_required);
}

#[tokio::test]
async fn linking_another_account_cancels_the_job_of_the_one_before() {
    let world = World::new();
    world.running_job(DEMO, SAMPLE_JOB);
    world.door.leads_to(build::account("another"));
    assert_eq!(world.send(&login()).await.status, 200);
    assert_eq!(world.job_of(DEMO, SAMPLE_JOB).status.name(), "cancelled");
    let link = world.link_of(DEMO);
    assert_eq!((link.account, link.active_job_id), (build::account("another"), None));
}

#[tokio::test]
async fn unlinking_cancels_the_job_and_a_second_one_finds_nothing() {
    let world = World::new();
    world.running_job(DEMO, SAMPLE_JOB);
    let answer = world.send(&ask("POST", "unlink")).await;
    assert_eq!(answer.status, 200);
    let said = json!({"success": true, "message": "Garmin Connect account unlinked successfully."});
    assert_eq!(answer.body, said);
    assert_eq!(world.job_of(DEMO, SAMPLE_JOB).status.name(), "cancelled");
    let again = world.send(&ask("POST", "unlink")).await;
    refused(&again, 400, "garmin_not_linked");
    assert_eq!(again.error(), "Garmin Connect account not found for this user.");
}

/// Tokens as a Garmin client writes them, which say whose they are and that they are good for long.
fn given() -> Ask {
    let claims = json!({"garmin_guid": "demo", "exp": 4_000_000_000_u32, "client_id": "c"}).to_string();
    let token = format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims));
    post("link", &json!({"tokens": {"di_token": token, "di_refresh_token": "r", "di_client_id": "c"}}))
}

/// What unlinking writes, done at once.
fn unlinks(world: &World) -> impl FnOnce() + Send + 'static {
    let (store, link, now) = (world.store.clone(), world.link_of(DEMO), world.now());
    move || {
        let unlink = sync_core::unlink::unlink(&link, None, false, now).unwrap();
        let unlinked = futures::executor::block_on(sync_core::JobStore::unlink(&store, &unlink));
        assert_eq!(unlinked.unwrap(), Applied::Yes);
    }
}

#[tokio::test]
async fn a_sign_in_that_waits_at_garmin_while_its_user_unlinks_links_nothing() {
    for way in ["login", "resume_login", "link"] {
        let world = World::new();
        let request = match way {
            "login" => login(),
            "resume_login" => code(&waiting(&world, DEMO).await, CODE),
            _ => given(),
        };
        world.door.meanwhile(unlinks(&world));
        refused(&world.send(&request).await, 400, "sign_in_ended");
        assert!(!world.link_of(DEMO).is_active, "{way}");
        assert_eq!(world.send(&given()).await.status, 200, "whoever comes back is let in");
    }
}

#[tokio::test]
async fn unlinking_ends_a_sign_in_that_waits_for_its_code() {
    let world = World::new();
    let state = waiting(&world, DEMO).await;
    assert_eq!(world.send(&ask("POST", "unlink")).await.status, 200);
    let knocks = world.door.knocks();
    refused(&world.send(&code(&state, CODE)).await, 400, "sign_in_ended");
    assert_eq!(world.door.knocks(), knocks, "Garmin hears nothing of it");
    assert!(!world.link_of(DEMO).is_active);
}

#[tokio::test]
async fn handing_tokens_over_counts_as_an_attempt_to_sign_in() {
    let world = World::new();
    for _ in 0..SIGN_IN_ATTEMPTS {
        assert_eq!(world.send(&given()).await.status, 200);
    }
    refused(&world.send(&given()).await, 429, "too_many_sign_ins");
    refused(&world.send(&login()).await, 429, "too_many_sign_ins");
}

#[tokio::test]
async fn after_a_throttle_garmin_is_not_asked_again_until_the_wait_is_over() {
    let world = World::new();
    world.door.refuses(|| SignInError::Throttled { retry_after: Some(chrono::TimeDelta::hours(2)) });
    refused(&world.send(&login()).await, 429, "garmin_throttles");
    let knocks = world.door.knocks();
    world.clock.advance(chrono::TimeDelta::minutes(119));
    refused(&world.send(&login()).await, 429, "too_many_sign_ins");
    refused(&world.send(&given()).await, 429, "too_many_sign_ins");
    assert_eq!(world.door.knocks(), knocks);
    world.clock.advance(chrono::TimeDelta::minutes(1));
    refused(&world.send(&login()).await, 429, "garmin_throttles");
}

#[tokio::test]
async fn nobody_links_while_an_erasure_is_unfinished() {
    let world = World::new();
    let user = build::user(DEMO);
    let link = world.link_of(DEMO);
    let unlink = sync_core::unlink::unlink(&link, None, true, world.now()).unwrap();
    let _ = sync_core::JobStore::unlink(&world.store, &unlink).await.unwrap();
    refused(&world.send(&login()).await, 409, "erasure_unfinished");
    let answer = world.send(&post("unlink", &json!({"deleteData": true}))).await;
    assert_eq!(answer.status, 200, "asking once more erases at once");
    assert!(!world.store.snapshot().erasures.contains_key(&user));
    assert_eq!(world.send(&login()).await.status, 200);
}

#[tokio::test]
async fn no_secret_gets_into_an_answer_a_log_line_or_a_stored_link() {
    let world = World::new();
    let mut said = String::new();
    let state = waiting(&world, DEMO).await;
    said += &format!("{:?}", world.send(&code(&state, "098765")).await);
    said += &format!("{:?}", world.send(&code(&state, CODE)).await);
    said += &format!("{:?}", world.send(&ask("GET", "status")).await);
    world.door.refuses(|| SignInError::NetworkRefused);
    said += &format!("{:?}", world.send(&login()).await);
    said += &format!("{:?}", world.link_of(DEMO));
    said += &crate::world::log::text();
    for secret in [
        "pass-word-in-clear",
        "door-access-token",
        "door-refresh-token",
        "door-session",
        "098765",
        CODE,
        "demo@",
    ] {
        assert!(!said.contains(secret), "{secret}");
    }
}
