//! What the embedded AWS does that the system relies on.
#![expect(clippy::unwrap_used, reason = "a test that does not find what it expects has failed")]

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::Message;
use embedded_aws::{DeadLetters, EmbeddedAws, Options, QueueSpec, Storage, create_queue};
use sync_aws::{TableNames, migrate};

fn spec() -> QueueSpec {
    QueueSpec {
        name: "historical".to_owned(),
        visibility_timeout: Duration::from_secs(1),
        dead_letters: Some(DeadLetters { name: "historical-dead-letters".to_owned(), max_receive_count: 2 }),
    }
}

async fn receive(sqs: &Client, url: &str) -> Option<Message> {
    let received = sqs.receive_message().queue_url(url).send().await.unwrap();
    received.messages.unwrap_or_default().pop()
}

async fn until_visible() {
    tokio::time::sleep(Duration::from_millis(1_100)).await;
}

#[tokio::test]
async fn what_a_file_holds_is_there_after_a_restart_and_the_queues_are_empty() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        Options { storage: Storage::File(folder.path().join("garmin-sync.db")), ..Options::default() };
    let aws = EmbeddedAws::start(options.clone()).await.unwrap();
    migrate(&aws.clients().dynamodb, "").await.unwrap();
    let key = |value: &str| aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned());
    let account = TableNames::default().accounts;
    let put = aws.clients().dynamodb.put_item().table_name(&account).item("account", key("kept"));
    put.send().await.unwrap();
    create_queue(&aws.clients().sqs, &spec()).await.unwrap();
    aws.stop().await;

    let aws = EmbeddedAws::start(options).await.unwrap();
    migrate(&aws.clients().dynamodb, "").await.unwrap();
    let get = aws.clients().dynamodb.get_item().table_name(&account).key("account", key("kept"));
    assert!(get.send().await.unwrap().item.is_some());
    assert_eq!(aws.clients().sqs.list_queues().send().await.unwrap().queue_urls(), [] as [&str; 0]);
}

#[tokio::test]
async fn a_second_one_on_the_same_file_reads_what_the_first_has_just_written() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::File(folder.path().join("garmin-sync.db"));
    let options = Options { storage, ..Options::default() };
    let first = EmbeddedAws::start(options.clone()).await.unwrap();
    let writer = first.clients().dynamodb;
    migrate(&writer, "").await.unwrap();
    let second = EmbeddedAws::start(options).await.unwrap();
    let reader = second.clients().dynamodb;
    let account = TableNames::default().accounts;
    let key = |number: u32| aws_sdk_dynamodb::types::AttributeValue::S(format!("account-{number}"));
    for number in 0..20 {
        writer.put_item().table_name(&account).item("account", key(number)).send().await.unwrap();
        let read = reader.get_item().table_name(&account).key("account", key(number)).consistent_read(true);
        assert!(read.send().await.unwrap().item.is_some(), "item {number}");
    }
}

#[tokio::test]
async fn a_message_that_nobody_acknowledges_comes_back_and_then_goes_to_the_dead_letters() {
    let aws = EmbeddedAws::start(Options::default()).await.unwrap();
    let sqs = aws.clients().sqs;
    let url = create_queue(&sqs, &spec()).await.unwrap();
    let dead = sqs.get_queue_url().queue_name("historical-dead-letters").send().await.unwrap();
    let dead = dead.queue_url.unwrap();
    let send = sqs.send_message().queue_url(&url).message_body("poison").message_group_id("user");
    send.send().await.unwrap();
    for _ in 0..2 {
        assert!(receive(&sqs, &url).await.is_some());
        assert!(receive(&sqs, &url).await.is_none(), "it is hidden while somebody has it");
        until_visible().await;
    }
    assert!(receive(&sqs, &url).await.is_none());
    let letter = receive(&sqs, &dead).await.unwrap();
    assert_eq!(letter.body(), Some("poison"));
}

#[tokio::test]
async fn making_a_queue_twice_gives_the_same_queue() {
    let aws = EmbeddedAws::start(Options::default()).await.unwrap();
    let sqs = aws.clients().sqs;
    let first = create_queue(&sqs, &spec()).await.unwrap();
    assert_eq!(create_queue(&sqs, &spec()).await.unwrap(), first);
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let aws = EmbeddedAws::start(Options::default()).await.unwrap();
    let taken = aws.endpoints().sqs.strip_prefix("http://").unwrap().parse().unwrap();
    let options = Options { sqs: taken, ..Options::default() };
    let error = EmbeddedAws::start(options).await.unwrap_err();
    assert_eq!(error.to_string(), format!("SQS cannot listen on {taken}"));
}

#[tokio::test]
async fn a_web_page_in_a_browser_of_this_machine_gets_nowhere() {
    let aws = EmbeddedAws::start(Options::default()).await.unwrap();
    migrate(&aws.clients().dynamodb, "").await.unwrap();
    let browser = reqwest::Client::new();
    for (url, target) in [
        (&aws.endpoints().dynamodb, "DynamoDB_20120810.ListTables"),
        (&aws.endpoints().sqs, "AmazonSQS.ListQueues"),
    ] {
        let port = url.rsplit_once(':').unwrap().1;
        let ask = |host: String| {
            let request = browser.post(url).body("{}").header("x-amz-target", target).header("host", host);
            request
                .header("content-type", "application/x-amz-json-1.0")
                .header(
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=f, Signature=0",
                )
                .header("x-amz-date", "20261123T000000Z")
        };
        let preflight = browser
            .request(reqwest::Method::OPTIONS, url)
            .header("origin", "https://example.com")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "x-amz-target");
        let preflight = preflight.send().await.unwrap();
        assert_eq!(preflight.status(), 403, "{url}");
        assert!(!preflight.headers().contains_key("access-control-allow-origin"), "{url}");
        let ours = || format!("127.0.0.1:{port}");
        for origin in ["https://example.com", "null", &format!("http://127.0.0.1:{port}")] {
            let posted = ask(ours()).header("origin", origin).send().await.unwrap();
            assert_eq!(posted.status(), 403, "{url} from {origin}");
        }
        for foreign in [format!("example.com:{port}"), format!("127.0.0.1.example.com:{port}")] {
            let rebound = ask(foreign.clone()).send().await.unwrap();
            assert_eq!(rebound.status(), 403, "{url} as {foreign}");
        }
        for host in [ours(), format!("localhost:{port}"), format!("[::1]:{port}")] {
            let answer = ask(host.clone()).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{url} as {host}");
        }
    }
}
