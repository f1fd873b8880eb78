//! The index of what is due, which jobs and erasures share.

use aws_sdk_dynamodb::Client;
use chrono::{DateTime, Utc};
use sync_core::StoreError;

use crate::attributes::{Item, millis, number};
use crate::failure::unavailable;
use crate::tables::TableNames;

/// The entries of one partition that were due by `now`, those due longest first.
pub(crate) async fn due_entries(
    client: &Client,
    tables: &TableNames,
    shard: u8,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Item>, StoreError> {
    let found = client
        .query()
        .table_name(&tables.jobs)
        .index_name("due")
        .key_condition_expression("due_shard = :shard AND due_at <= :now")
        .expression_attribute_values(":shard", number(shard))
        .expression_attribute_values(":now", millis(now))
        .limit(i32::try_from(limit).unwrap_or(i32::MAX))
        .send()
        .await
        .map_err(|error| unavailable("Query due", error))?;
    Ok(found.items.unwrap_or_default())
}
