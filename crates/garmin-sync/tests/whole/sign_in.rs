use std::time::Duration;

use chrono::TimeDelta;
use garmin_sync::issuer::{AUDIENCE, ISSUER, Issuer};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sync_core::ports::SystemClock;
use sync_core::{Clock as _, UserId};

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_token_every_route_answers_401_and_none_else_answers_at_all() {
    let world = World::start(Duration::ZERO, &[]).await;
    let issuer = world.data.issuer().unwrap();
    let http = reqwest::Client::new();
    let url = |path: &str| format!("{}{path}", world.system.endpoints().http);
    let status = url("/integrations/garmin/sync/status");
    let now = SystemClock.now().timestamp();
    let claims = |name: &str, value: Value| {
        let mut claims = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "demo", "exp": now + 60});
        claims[name] = value;
        issuer.sign(&claims).unwrap()
    };
    let good = issuer.token(&UserId::new("demo").unwrap(), SystemClock.now(), TimeDelta::hours(1)).unwrap();
    let another = Issuer::from_key(&Issuer::generate_key().unwrap()).unwrap();
    let forged =
        another.token(&UserId::new("demo").unwrap(), SystemClock.now(), TimeDelta::hours(1)).unwrap();
    // {"alg":"none","typ":"JWT"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", good.split('.').nth(1).unwrap());
    for (what, authorization) in [
        ("none", None),
        ("empty", Some(String::new())),
        ("no scheme", Some(good.clone())),
        ("basic", Some(format!("Basic {good}"))),
        ("garbage", Some("Bearer garbage".to_owned())),
        ("wrong audience", Some(format!("Bearer {}", claims("aud", json!("another"))))),
        ("wrong issuer", Some(format!("Bearer {}", claims("iss", json!("https://elsewhere.example"))))),
        ("expired", Some(format!("Bearer {}", claims("exp", json!(now - 1))))),
        ("not yet", Some(format!("Bearer {}", claims("nbf", json!(now + 60))))),
        ("alg none", Some(format!("Bearer {unsigned}"))),
        ("another key", Some(format!("Bearer {forged}"))),
    ] {
        let mut request = http.get(&status);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{what}");
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"message": "Unauthorized"}), "{what}");
    }
    let answer = http.get(&status).bearer_auth(&good).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.json::<Value>().await.unwrap()["hasActiveJob"], false);

    for (method, path) in [
        ("GET", "/integrations/garmin"),
        ("GET", "/integrations/garmin/sync/status/"),
        ("DELETE", "/integrations/garmin/sync/status"),
        ("POST", "/integrations/garmin/sync/status"),
    ] {
        let answer =
            http.request(method.parse().unwrap(), url(path)).bearer_auth(&good).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"message": "Not Found"}));
    }

    let configuration: Value =
        http.get(url("/.well-known/openid-configuration")).send().await.unwrap().json().await.unwrap();
    let keys: Value =
        http.get(configuration["jwks_uri"].as_str().unwrap()).send().await.unwrap().json().await.unwrap();
    assert_eq!(keys["keys"][0]["alg"], "ES256");
    assert!(keys["keys"][0]["d"].is_null());
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_up_to_ten_megabytes_reach_the_handler_which_says_no_in_the_words_of_the_contract() {
    let world = World::start(Duration::ZERO, &[]).await;
    let issuer = world.data.issuer().unwrap();
    let token = issuer.token(&UserId::new("demo").unwrap(), SystemClock.now(), TimeDelta::hours(1)).unwrap();
    let url = format!("{}/integrations/garmin/sync/historical", world.system.endpoints().http);
    let post = async |size: usize| {
        let request = reqwest::Client::new().post(&url).bearer_auth(&token);
        let request = request.header("content-type", "application/json").body(vec![b' '; size]);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let (status, answer) = post(1 << 20).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer["code"].is_string(), "{answer}");
    let (status, answer) = post(11 << 20).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer, json!({"message": "Request Entity Too Large"}));
    world.system.stop().await;
}
