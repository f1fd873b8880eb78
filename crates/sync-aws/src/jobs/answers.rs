//! Remembered answers to idempotency keys. They live among the user's jobs, under sort keys that no job id can have.

use aws_sdk_dynamodb::Client;
use chrono::{DateTime, Utc};
use sync_core::ids::UserId;
use sync_core::ports::{Applied, RememberedAnswer, StoreError};
use sync_core::timing::IDEMPOTENCY_WINDOW;

use crate::attributes::{Item, expiry, instant_of, job_table_key, millis, text, timestamp};
use crate::expression::Expression;
use crate::failure::{unavailable, unreadable};
use crate::tables::TableNames;
use crate::writes::{Transacted, transact};

fn key_of(user: &UserId, key: &str) -> Item {
    job_table_key(user, format!("idempotency#{key}"))
}

/// The condition that the key was not used, or so long ago that it is forgotten though DynamoDB has not deleted it yet.
pub(super) fn unless_used(now: DateTime<Utc>) -> Expression {
    Expression::new().when_absent_or("remembered_until", "<=", millis(now))
}

pub(super) fn write(user: &UserId, answer: &RememberedAnswer) -> Item {
    let mut item = key_of(user, &answer.key);
    item.extend([
        ("request".into(), text(answer.request.as_str())),
        ("answer".into(), text(answer.answer.to_string())),
        ("remembered_until".into(), millis(answer.expires_at)),
        ("expires_at".into(), expiry(answer.expires_at)),
        ("created_at".into(), timestamp(answer.expires_at - IDEMPOTENCY_WINDOW)),
    ]);
    item
}

fn read(key: &str, item: &Item) -> Result<RememberedAnswer, StoreError> {
    let field = |name: &'static str| {
        item.get(name)
            .and_then(|value| value.as_s().ok())
            .ok_or_else(|| unreadable("remembered answer", format!("{name} is missing")))
    };
    Ok(RememberedAnswer {
        key: key.to_owned(),
        request: field("request")?.clone(),
        answer: serde_json::from_str(field("answer")?)
            .map_err(|source| unreadable("remembered answer", source))?,
        expires_at: item
            .get("remembered_until")
            .and_then(instant_of)
            .ok_or_else(|| unreadable("remembered answer", "remembered_until is missing"))?,
    })
}

pub(super) async fn remembered(
    client: &Client,
    tables: &TableNames,
    user: &UserId,
    key: &str,
    now: DateTime<Utc>,
) -> Result<Option<RememberedAnswer>, StoreError> {
    let found = client
        .get_item()
        .table_name(&tables.jobs)
        .set_key(Some(key_of(user, key)))
        .consistent_read(true)
        .send()
        .await
        .map_err(|error| unavailable("GetItem answer", error))?;
    let answer = found.item.map(|item| read(key, &item)).transpose()?;
    Ok(answer.filter(|answer| answer.expires_at > now))
}

/// A transaction of one, for its token: a repeat after a lost answer is not taken for somebody else's.
pub(super) async fn remember(
    client: &Client,
    tables: &TableNames,
    user: &UserId,
    answer: &RememberedAnswer,
) -> Result<Applied, StoreError> {
    let now = answer.expires_at - IDEMPOTENCY_WINDOW;
    let put = unless_used(now).into_put(&tables.jobs, write(user, answer));
    match transact(client, "TransactWriteItems answer", vec![put]).await? {
        Transacted::Yes => Ok(Applied::Yes),
        Transacted::No(_) => Ok(Applied::Lost),
    }
}
