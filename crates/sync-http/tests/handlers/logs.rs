//! What the handlers log: each failure once, with its causes and the request's names, and never what a caller sent.

use serde_json::json;

use crate::world::{Ask, DEMO, Fault, SAMPLE_JOB, World, log};

fn with_secrets(ask: Ask) -> Ask {
    ask.header("authorization", "Bearer my-secret-token").header("cookie", "my-secret-cookie")
}

#[tokio::test]
async fn a_failure_is_logged_once_with_its_causes_and_the_names_of_the_request() {
    log::forget();
    let world = World::new();
    world.fail(Fault::Unavailable);
    let ask = Ask::post("cancel").json(&json!({ "jobId": SAMPLE_JOB, "note": "my-secret-note" }));
    assert_eq!(world.send(&with_secrets(ask)).await.status, 503);
    let errors = log::of_level("ERROR");
    let [error] = errors.as_slice() else { panic!("one line: {errors:?}") };
    let fields = &error["fields"];
    assert_eq!((&fields["status"], &fields["code"]), (&json!(503), &json!("unavailable")));
    let causes = fields["error"].as_str().unwrap();
    assert!(causes.starts_with("the store is unavailable: a planned fault"), "{causes}");
    assert_eq!(error["span"]["request_id"], "lambda-request-id", "{error}");
    assert_eq!(error["span"]["api_request_id"], "gateway-request-id");
    assert!(!log::text().contains("secret"), "{}", log::text());
}

#[tokio::test]
async fn nothing_that_a_caller_sends_is_logged() {
    log::forget();
    let world = World::new();
    world.running_job(DEMO, SAMPLE_JOB);
    let secret = json!({
        "jobId": "my-secret-id", "startDate": "my-secret-date", "endDate": "my-secret-date",
        "metricTypes": ["my-secret-metric"], "timeZone": "my-secret-zone",
    });
    let posts = ["incremental", "historical", "pause", "resume", "cancel"];
    let posts = posts.map(|path| Ask::post(path).json(&secret));
    let gets = ["status?x=my-secret", "jobs?cursor=my-secret", "estimate?startDate=my-secret"];
    for ask in posts.into_iter().chain(gets.map(Ask::get)) {
        world.send(&with_secrets(ask).header("idempotency-key", "my-secret-key")).await;
    }
    assert!(log::of_level("INFO").len() >= 8, "{}", log::text());
    assert!(log::of_level("ERROR").is_empty(), "a refusal is no error of ours");
    assert!(!log::text().contains("secret"), "{}", log::text());
}

#[tokio::test]
async fn an_unreadable_message_is_logged_without_what_it_says() {
    log::forget();
    let body = json!({ "schemaVersion": 1, "userId": "my secret user", "jobId": "my-secret-id" });
    let wrong_type = json!({ "schemaVersion": "my-secret-version" }).to_string();
    for body in
        ["my-secret-text".to_owned(), body.to_string(), format!("{{\"my-secret\": {body}"), wrong_type]
    {
        let event = json!({ "Records": [{ "messageId": "m-1", "body": body }] });
        World::new().deliver(&event).await.unwrap();
    }
    let errors = log::of_level("ERROR");
    assert_eq!(errors.len(), 4);
    assert!(errors.iter().all(|line| line["fields"]["message_id"] == "m-1"));
    assert!(!log::text().contains("secret"), "{}", log::text());
}
