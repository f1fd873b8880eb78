//! What no emulator does: throttling, conflicts, broken answers and silence.
#![expect(clippy::unwrap_used, reason = "a test that does not find what it expects has failed")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Region;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::operation::query::{QueryError, QueryOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::error::{
    ConditionalCheckFailedException, ThrottlingException, TransactionCanceledException,
};
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason};
use aws_smithy_mocks::{
    MockResponse, MockResponseInterceptor, Rule, RuleMode, create_mock_http_client, mock,
};
use sync_aws::{AwsClients, DynamoJobStore, Endpoints, TableNames};
use sync_core::job::Job;
use sync_core::ports::{
    Applied, ClaimOutcome, DueJob, JobStore, LinkStore, PutLink, StartOutcome, StoreError,
};
use sync_core::transition::{cancel, chunk_done, hand_over};
use sync_testkit::build::{at, claim, days_of_steps, job, link, user};
use sync_testkit::embedded::EmbeddedStores;

/// A store whose DynamoDB answers by these rules, one after the other.
fn mocked(rules: &[&Rule]) -> DynamoJobStore {
    mocked_as(RuleMode::Sequential, rules)
}

fn mocked_as(mode: RuleMode, rules: &[&Rule]) -> DynamoJobStore {
    let mut interceptor = MockResponseInterceptor::new().rule_mode(mode);
    for rule in rules {
        interceptor = interceptor.with_rule(rule);
    }
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::from_keys("mocked", "mocked", None))
        .http_client(create_mock_http_client())
        .interceptor(interceptor)
        .build();
    DynamoJobStore::new(Client::from_conf(config), TableNames::default(), None)
}

fn new_job() -> Job {
    job(&user("u")).build()
}

fn running() -> Job {
    new_job().claimed(&claim(at(0), 1))
}

fn broken() -> HttpResponse {
    HttpResponse::new(500.try_into().unwrap(), r#"{"__type":"InternalServerError"}"#.into())
}

fn cancelled(codes: &[&str]) -> TransactWriteItemsError {
    let reasons = codes.iter().map(|code| CancellationReason::builder().code(*code).build());
    let exception =
        TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons.collect())).build();
    TransactWriteItemsError::TransactionCanceledException(exception)
}

fn throttled() -> aws_sdk_dynamodb::types::error::builders::ThrottlingExceptionBuilder {
    ThrottlingException::builder()
        .meta(aws_sdk_dynamodb::error::ErrorMetadata::builder().code("ThrottlingException").build())
}

/// The item of a job that was claimed, as DynamoDB shows it.
async fn claimed_item() -> std::collections::HashMap<String, AttributeValue> {
    let stores = EmbeddedStores::start().await;
    let new = new_job();
    assert_eq!(stores.links.put_link(&link(&new.key.user_id), None).await.unwrap(), PutLink::Stored);
    assert_eq!(stores.jobs.start(&new, None).await.unwrap(), StartOutcome::Started);
    stores.jobs.claim(&new.key, &claim(at(0), 1)).await.unwrap();
    let found = stores
        .clients
        .dynamodb
        .get_item()
        .table_name(&stores.tables.jobs)
        .key("user_id", AttributeValue::S("u".into()))
        .key("job_id", AttributeValue::S(new.key.job_id.to_string()))
        .send()
        .await
        .unwrap();
    found.item.unwrap()
}

fn refused_with(item: &std::collections::HashMap<String, AttributeValue>) -> Rule {
    let item = item.clone();
    mock!(Client::update_item).then_error(move || {
        let refused = ConditionalCheckFailedException::builder().set_item(Some(item.clone()));
        UpdateItemError::ConditionalCheckFailedException(refused.build())
    })
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_recognises_itself_by_its_token() {
    let item = claimed_item().await;
    let lost = mock!(Client::update_item).then_http_response(broken);
    let again = refused_with(&item);
    let store = mocked(&[&lost, &again]);
    let outcome = store.claim(&new_job().key, &claim(at(0), 1)).await.unwrap();
    assert_eq!(outcome, ClaimOutcome::Claimed(Box::new(running())));
    assert_eq!((lost.num_calls(), again.num_calls()), (1, 1));
}

#[tokio::test]
async fn a_claim_kept_out_by_another_worker_is_refused() {
    let again = refused_with(&claimed_item().await);
    let store = mocked(&[&again]);
    let outcome = store.claim(&new_job().key, &claim(at(0), 2)).await.unwrap();
    assert_eq!(outcome, ClaimOutcome::Refused);
}

#[tokio::test]
async fn a_throttled_write_is_sent_again_until_it_is_taken() {
    let item = claimed_item().await;
    let rule = mock!(Client::update_item)
        .sequence()
        .error(|| UpdateItemError::ThrottlingException(throttled().build()))
        .times(2)
        .output(move || UpdateItemOutput::builder().set_attributes(Some(item.clone())).build())
        .build();
    let store = mocked(&[&rule]);
    let outcome = store.claim(&new_job().key, &claim(at(0), 1)).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::Claimed(_)));
    assert_eq!(rule.num_calls(), 3);
}

#[tokio::test]
async fn a_write_that_stays_throttled_was_not_written() {
    let rule = mock!(Client::transact_write_items)
        .sequence()
        .error(|| TransactWriteItemsError::ThrottlingException(throttled().build()))
        .repeatedly()
        .build();
    let store = mocked_as(RuleMode::MatchAny, &[&rule]);
    let outcome = store.apply(&cancel(&running(), at(1)).unwrap(), &[]).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    assert_eq!(rule.num_calls(), 5, "a few tries and no more");
}

/// Answers transactions one after the other and keeps the token of each.
fn tokens_of(
    answers: impl Fn(usize) -> MockResponse<TransactWriteItemsOutput, TransactWriteItemsError>
    + Send
    + Sync
    + 'static,
) -> (Rule, Arc<Mutex<Vec<String>>>) {
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&tokens);
    let rule = mock!(Client::transact_write_items).then_compute_response(move |request| {
        let mut tokens = kept.lock().unwrap();
        tokens.push(request.client_request_token().unwrap().to_owned());
        answers(tokens.len())
    });
    (rule, tokens)
}

#[tokio::test]
async fn a_conflict_is_tried_again_as_a_new_transaction() {
    let (rule, tokens) = tokens_of(|call| match call {
        1 | 2 => MockResponse::Error(cancelled(&["None", "TransactionConflict", "None"])),
        _ => MockResponse::Output(TransactWriteItemsOutput::builder().build()),
    });
    let store = mocked_as(RuleMode::MatchAny, &[&rule]);
    assert_eq!(store.start(&new_job(), None).await.unwrap(), StartOutcome::Started);
    let tokens = tokens.lock().unwrap().clone();
    assert_eq!(tokens.len(), 3);
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2]);
}

#[tokio::test]
async fn a_transaction_whose_answer_was_lost_is_repeated_as_the_same_one() {
    let (rule, tokens) = tokens_of(|call| match call {
        1 => MockResponse::Http(broken()),
        _ => MockResponse::Output(TransactWriteItemsOutput::builder().build()),
    });
    let store = mocked_as(RuleMode::MatchAny, &[&rule]);
    let outcome = store.apply(&cancel(&running(), at(1)).unwrap(), &[]).await.unwrap();
    assert_eq!(outcome, Applied::Yes);
    let tokens = tokens.lock().unwrap().clone();
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0], tokens[1]);
}

#[tokio::test]
async fn a_throttle_after_a_lost_answer_leaves_the_outcome_unknown() {
    let (rule, tokens) = tokens_of(|call| match call {
        1 => MockResponse::Http(broken()),
        _ => MockResponse::Error(TransactWriteItemsError::ThrottlingException(throttled().build())),
    });
    let store = mocked_as(RuleMode::MatchAny, &[&rule]);
    let outcome = store.apply(&cancel(&running(), at(1)).unwrap(), &[]).await;
    assert!(matches!(outcome, Err(StoreError::OutcomeUnknown(_))), "{outcome:?}");
    let tokens = tokens.lock().unwrap().clone();
    assert!(tokens.iter().all(|token| *token == tokens[0]));
}

#[tokio::test]
async fn a_write_that_cannot_recognise_itself_is_never_sent_again_after_a_lost_answer() {
    let rule = mock!(Client::update_item).sequence().http_status(500, None).repeatedly().build();
    let store = mocked(&[&rule]);
    let due = DueJob { key: new_job().key, due_at: at(60) };
    let outcome = store.postpone(&due, at(120)).await;
    assert!(matches!(outcome, Err(StoreError::OutcomeUnknown(_))), "{outcome:?}");
    assert_eq!(rule.num_calls(), 1);
}

#[tokio::test]
async fn a_transaction_that_dynamodb_calls_wrong_is_not_repeated() {
    let (rule, tokens) = tokens_of(|_| MockResponse::Error(cancelled(&["ValidationError", "None", "None"])));
    let store = mocked_as(RuleMode::MatchAny, &[&rule]);
    let outcome = store.start(&new_job(), None).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    assert_eq!(tokens.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_failed_condition_beside_a_conflict_is_believed() {
    let (rule, _) =
        tokens_of(|_| MockResponse::Error(cancelled(&["ConditionalCheckFailed", "TransactionConflict"])));
    let nothing_stored = mock!(Client::query).then_output(|| QueryOutput::builder().build());
    let store = mocked_as(RuleMode::MatchAny, &[&rule, &nothing_stored]);
    let done = chunk_done(&running(), vec![], None, at(1));
    assert_eq!(store.apply(&done, &days_of_steps(1)).await.unwrap(), Applied::Lost);
    assert_eq!(rule.num_calls(), 1);
}

/// Looking up what is stored only saves writes: without it, all is written.
#[tokio::test]
async fn records_are_written_though_nobody_knows_what_is_stored() {
    let not_told = mock!(Client::query).then_error(|| QueryError::unhandled("not today"));
    let written = mock!(Client::transact_write_items)
        .match_requests(|request| request.transact_items().len() == 3)
        .then_output(|| TransactWriteItemsOutput::builder().build());
    let store = mocked_as(RuleMode::MatchAny, &[&not_told, &written]);
    let handed_over = hand_over(&running(), vec![], vec![], vec![], at(1));
    assert_eq!(store.apply(&handed_over, &days_of_steps(2)).await.unwrap(), Applied::Yes);
    assert_eq!(written.num_calls(), 1);
}

/// A store whose DynamoDB takes what it is sent and never answers.
async fn silent() -> (DynamoJobStore, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let silence = tokio::spawn(async move {
        let mut connections = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            connections.push(connection);
        }
    });
    let url = format!("http://{address}");
    let client = AwsClients::connect(&Endpoints { dynamodb: url.clone(), sqs: url }).dynamodb;
    let impatient = client
        .config()
        .to_builder()
        .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_millis(150)).build());
    let client = Client::from_conf(impatient.build());
    (DynamoJobStore::new(client, TableNames::default(), None), silence)
}

#[tokio::test]
async fn a_write_that_times_out_has_an_unknown_outcome_and_a_read_has_none() {
    let (store, silence) = silent().await;
    let job = running();
    let outcome = store.apply(&cancel(&job, at(1)).unwrap(), &[]).await;
    assert!(matches!(outcome, Err(StoreError::OutcomeUnknown(_))), "{outcome:?}");
    let outcome = store.start(&new_job(), None).await;
    assert!(matches!(outcome, Err(StoreError::OutcomeUnknown(_))), "{outcome:?}");
    let outcome = store.claim(&job.key, &claim(at(1), 2)).await;
    assert!(matches!(outcome, Err(StoreError::OutcomeUnknown(_))), "{outcome:?}");
    let outcome = store.job(&job.key).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    silence.abort();
}

#[tokio::test]
async fn a_write_that_never_reached_anybody_was_not_written() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let endpoints = Endpoints { dynamodb: url.clone(), sqs: url };
    let client = AwsClients::connect(&endpoints).dynamodb;
    let store = DynamoJobStore::new(client, TableNames::default(), None);
    let outcome = store.apply(&cancel(&running(), at(1)).unwrap(), &[]).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn an_error_shows_nothing_of_what_an_answer_held() {
    let rule = mock!(Client::get_item).then_http_response(|| {
        HttpResponse::new(200.try_into().unwrap(), r#"{"Item":{"heart_rate":{"N":"#.into())
    });
    let store = mocked(&[&rule]);
    let error = store.job(&new_job().key).await.unwrap_err();
    let mut shown = format!("{error} {error:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        shown.push_str(&format!(" {inner} {inner:?}"));
        source = inner.source();
    }
    assert!(!shown.contains("heart_rate"), "{shown}");
}
