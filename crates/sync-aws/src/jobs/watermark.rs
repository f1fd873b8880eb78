//! A copy of the link's watermark beside the user's jobs, so that a status is one consistent read of neighbours.
//!
//! The link's own is the truth: what decides reads that. The copy is written in the same transactions, so it says the same.

use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use chrono::{DateTime, NaiveDate, Utc};
use sync_core::StoreError;
use sync_core::ids::UserId;

use crate::attributes::{Item, job_table_key, text, timestamp};
use crate::expression::Expression;
use crate::failure::unreadable;
use crate::tables::TableNames;

/// Sorts after every job id, which are hexadecimal, and before the remembered answers, so that the latest job is its
/// neighbour.
pub(super) const SORT_KEY: &str = "garmin";

const ATTRIBUTE: &str = "last_successful_sync_date";

pub(super) fn is_copy(item: &Item) -> bool {
    item.get("job_id").and_then(|key| key.as_s().ok()).is_some_and(|key| key == SORT_KEY)
}

/// The watermark; none when the account that is linked now has none yet.
pub(super) fn read(item: &Item) -> Result<Option<NaiveDate>, StoreError> {
    let Some(date) = item.get(ATTRIBUTE) else {
        return Ok(None);
    };
    let date = date.as_s().map_err(|_| unreadable("watermark", "it is no text"))?;
    date.parse().map(Some).map_err(|source: chrono::ParseError| unreadable("watermark", source))
}

/// The copy's part of a transaction that moves the link's watermark, or (none) takes it away.
pub(crate) fn write(
    tables: &TableNames,
    user: &UserId,
    watermark: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> TransactWriteItem {
    let expression = Expression::new().set("updated_at", timestamp(now));
    let expression = match watermark {
        Some(date) => expression.set(ATTRIBUTE, text(date.to_string())),
        None => expression.remove(ATTRIBUTE),
    };
    let key = job_table_key(user, SORT_KEY.to_owned());
    expression.into_update(&tables.jobs, key, ReturnValuesOnConditionCheckFailure::None)
}
