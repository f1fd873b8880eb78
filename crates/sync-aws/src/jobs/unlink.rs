//! Ending a link: the job, both locks, the tokens and the beginning of an erasure in one transaction, so that no record
//! of the job is written once it has answered.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use chrono::TimeDelta;
use sync_core::ports::{Applied, StoreError};
use sync_core::unlink::Unlink;

use super::apply::Attempt;
use crate::attributes::{link_key, number, text, timestamp};
use crate::erasures;
use crate::expression::Expression;
use crate::tables::TableNames;
use crate::writes::{Transacted, transact};

pub(super) async fn unlink(
    client: &Client,
    tables: &TableNames,
    retention: Option<TimeDelta>,
    unlink: &Unlink,
) -> Result<Applied, StoreError> {
    let mut items = vec![link(tables, unlink)];
    if unlink.after.last_successful_sync_date.is_none() {
        items.push(super::write_watermark(tables, &unlink.after.user_id, None, unlink.after.updated_at));
    }
    if let Some(cancel) = &unlink.cancel {
        let cancel = Attempt::new(client, tables, retention, cancel);
        items.push(cancel.job()?);
        items.extend(cancel.account());
    }
    items.extend(unlink.erasure.as_ref().map(|erasure| erasures::begin(tables, erasure)));
    match transact(client, "TransactWriteItems unlink", items).await? {
        Transacted::Yes => Ok(Applied::Yes),
        Transacted::No(_) => Ok(Applied::Lost),
    }
}

/// The version as read is the condition that matters: a refresh, a new link and another unlinking each raise it.
fn link(tables: &TableNames, unlink: &Unlink) -> TransactWriteItem {
    let Unlink { before, after, .. } = unlink;
    let mut expression = Expression::new()
        .remove("tokens")
        .remove("display_name")
        .set("tokens_version", number(after.tokens_version))
        .set("is_active", AttributeValue::Bool(after.is_active))
        .set("reauth_required", AttributeValue::Bool(after.reauth_required))
        .set("updated_at", timestamp(after.updated_at))
        .when("tokens_version", "=", number(before.tokens_version))
        .when("is_active", "=", AttributeValue::Bool(before.is_active));
    expression = match before.active_job_id {
        Some(id) => expression.remove("active_job_id").when("active_job_id", "=", text(id.to_string())),
        None => expression.when_absent("active_job_id"),
    };
    if after.last_successful_sync_date.is_none() {
        expression = expression.remove("last_successful_sync_date");
    }
    expression.into_update(
        &tables.links,
        link_key(&before.user_id),
        ReturnValuesOnConditionCheckFailure::None,
    )
}
