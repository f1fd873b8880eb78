//! The embedded AWS, asked in its own words: the wall that keeps the SDK below `sync-aws` stands for tests as well.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

/// Carries out an operation of DynamoDB.
pub(crate) async fn dynamodb(endpoint: &str, operation: &str, request: &Value) -> Value {
    ask(endpoint, &format!("DynamoDB_20120810.{operation}"), request).await
}

/// Carries out an operation of SQS.
pub(crate) async fn sqs(endpoint: &str, operation: &str, request: &Value) -> Value {
    ask(endpoint, &format!("AmazonSQS.{operation}"), request).await
}

async fn ask(endpoint: &str, target: &str, request: &Value) -> Value {
    let answer = reqwest::Client::new()
        .post(endpoint)
        .header(CONTENT_TYPE, "application/x-amz-json-1.0")
        .header("x-amz-target", target)
        .header("x-amz-date", "20260101T000000Z")
        // Nobody checks the signature, but it has to be there.
        .header(
            AUTHORIZATION,
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/any/aws4_request, \
             SignedHeaders=host;x-amz-date;x-amz-target, Signature=0",
        )
        .body(request.to_string())
        .send()
        .await
        .unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{target}: {text}");
    if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
}

/// How many messages wait in a queue to be received.
pub(crate) async fn waiting(endpoint: &str, queue_url: &str) -> u32 {
    count(endpoint, queue_url, "ApproximateNumberOfMessages").await
}

/// How many messages somebody has received and not deleted.
pub(crate) async fn in_work(endpoint: &str, queue_url: &str) -> u32 {
    count(endpoint, queue_url, "ApproximateNumberOfMessagesNotVisible").await
}

async fn count(endpoint: &str, queue_url: &str, name: &str) -> u32 {
    let request = json!({"QueueUrl": queue_url, "AttributeNames": [name]});
    let answer = sqs(endpoint, "GetQueueAttributes", &request).await;
    answer["Attributes"][name].as_str().unwrap().parse().unwrap()
}
