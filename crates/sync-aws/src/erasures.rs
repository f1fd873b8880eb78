//! Unfinished erasures in DynamoDB. They live among the user's jobs, under a sort key that no job id can have, and in the
//! index of what is due, in a partition of their own.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sync_core::erasure::{DueErasure, Erasure};
use sync_core::ids::UserId;
use sync_core::ports::{Applied, Erased, ErasureStore, StoreError};
use sync_core::record::RecordKey;

use crate::attributes::{Item, instant_of, job_table_key, millis, number, text, timestamp};
use crate::due::due_entries;
use crate::expression::Expression;
use crate::failure::{unavailable, unreadable};
use crate::records::{erasing, keys_after};
use crate::tables::TableNames;
use crate::writes::{Transacted, Updated, refused, transact, update, without_retries};

/// Sorts after every job id, which are hexadecimal.
const SORT_KEY: &str = "records_erasure";

/// The partition of the index: the jobs have 0 to 3, so that neither kind's reader ever meets the other.
const DUE_SHARD: u8 = 100;

/// DynamoDB takes a hundred items in one transaction, and the erasure itself is one.
const BATCH: usize = 99;

/// [`ErasureStore`] on DynamoDB. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DynamoErasureStore {
    reads: Client,
    writes: Client,
    tables: TableNames,
}

impl DynamoErasureStore {
    /// A store on these tables.
    #[must_use]
    pub fn new(client: Client, tables: TableNames) -> Self {
        Self { writes: without_retries(&client), reads: client, tables }
    }
}

fn key_of(user: &UserId) -> Item {
    job_table_key(user, SORT_KEY.to_owned())
}

/// The condition, within a transaction, that nothing of the user's is being erased.
pub(crate) fn unless_unfinished(tables: &TableNames, user: &UserId) -> TransactWriteItem {
    Expression::new().when_absent("job_id").into_check(&tables.jobs, key_of(user))
}

/// The beginning of an erasure, within the transaction that unlinks. One that is unfinished begins anew.
pub(crate) fn begin(tables: &TableNames, erasure: &Erasure) -> TransactWriteItem {
    Expression::new().into_put(&tables.jobs, write(erasure))
}

fn write(erasure: &Erasure) -> Item {
    let mut item = key_of(&erasure.user_id);
    item.extend([
        ("link_version".into(), number(erasure.version)),
        ("records".into(), number(erasure.records)),
        ("created_at".into(), timestamp(erasure.requested_at)),
        ("due_at".into(), millis(erasure.due_at)),
        ("due_shard".into(), number(DUE_SHARD)),
    ]);
    item.extend(erasure.erased_up_to.as_ref().map(|key| ("erased_up_to".into(), text(key.to_string()))));
    item
}

#[derive(Deserialize)]
struct ErasureItem {
    user_id: UserId,
    link_version: u64,
    records: u64,
    created_at: DateTime<Utc>,
    due_at: i64,
    erased_up_to: Option<String>,
}

fn read(item: Item) -> Result<Erasure, StoreError> {
    let item: ErasureItem = serde_dynamo::from_item(item).map_err(|source| unreadable("erasure", source))?;
    let erased_up_to = item.erased_up_to.map(|key| key.parse::<RecordKey>()).transpose();
    Ok(Erasure {
        user_id: item.user_id,
        version: item.link_version,
        erased_up_to: erased_up_to.map_err(|source| unreadable("erasure", source))?,
        records: item.records,
        requested_at: item.created_at,
        due_at: DateTime::from_timestamp_millis(item.due_at)
            .ok_or_else(|| unreadable("erasure", "due_at is no instant"))?,
    })
}

/// An entry of the index. One that does not read must not keep the sweeper from the others.
fn read_due(item: &Item) -> Option<DueErasure> {
    let due = (|| {
        let user_id = UserId::new(item.get("user_id")?.as_s().ok()?.as_str()).ok()?;
        Some(DueErasure { user_id, due_at: instant_of(item.get("due_at")?)? })
    })();
    if due.is_none() {
        tracing::error!("an entry of the index of due erasures is not readable");
    }
    due
}

/// The condition that the erasure is as it was read: the same one, and nobody came further.
fn as_read(erasure: &Erasure) -> Expression {
    let expression = Expression::new().when("link_version", "=", number(erasure.version));
    match &erasure.erased_up_to {
        Some(key) => expression.when("erased_up_to", "=", text(key.to_string())),
        None => expression.when_absent("erased_up_to"),
    }
}

impl DynamoErasureStore {
    fn progress(&self, erasure: &Erasure, further: &Erasure) -> TransactWriteItem {
        let mut expression =
            as_read(erasure).set("records", number(further.records)).set("due_at", millis(further.due_at));
        if let Some(key) = &further.erased_up_to {
            expression = expression.set("erased_up_to", text(key.to_string()));
        }
        expression.into_update(
            &self.tables.jobs,
            key_of(&erasure.user_id),
            ReturnValuesOnConditionCheckFailure::None,
        )
    }
}

impl ErasureStore for DynamoErasureStore {
    async fn erasure(&self, user: &UserId) -> Result<Option<Erasure>, StoreError> {
        let found = self
            .reads
            .get_item()
            .table_name(&self.tables.jobs)
            .set_key(Some(key_of(user)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| unavailable("GetItem erasure", error))?;
        found.item.map(read).transpose()
    }

    async fn erase(&self, erasure: &Erasure, now: DateTime<Utc>) -> Result<Erased, StoreError> {
        let user = &erasure.user_id;
        let after = erasure.erased_up_to.as_ref();
        let page = keys_after(&self.reads, &self.tables, user, after, BATCH).await?;
        let mut garmins = page.garmins;
        let last = page.last.filter(|_| page.more);
        loop {
            let records = garmins.len() as u64;
            let further = last.as_ref().map(|last| erasure.after(records, last.clone(), now));
            let mut items = vec![match &further {
                Some(further) => self.progress(erasure, further),
                None => as_read(erasure).into_delete(&self.tables.jobs, key_of(user)),
            }];
            items.extend(garmins.iter().map(|record| erasing(&self.tables, user, record)));
            let reasons = match transact(&self.writes, "TransactWriteItems erase", items).await? {
                Transacted::Yes => {
                    let records = erasure.records + records;
                    return Ok(further.map_or(Erased::All { records }, Erased::Batch));
                }
                Transacted::No(reasons) => reasons,
            };
            let (of_erasure, of_records) = reasons.split_at(reasons.len().min(1));
            if refused(of_erasure.first()) {
                return Ok(Erased::Lost);
            }
            // Somebody made a record their own since it was read: it is left as it is.
            let mut reasons = of_records.iter();
            garmins.retain(|_| !refused(reasons.next()));
            if garmins.len() as u64 == records {
                return Ok(Erased::Lost);
            }
        }
    }

    async fn due_erasures(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<DueErasure>, StoreError> {
        let found = due_entries(&self.reads, &self.tables, DUE_SHARD, now, limit).await?;
        Ok(found.iter().filter_map(read_due).collect())
    }

    async fn postpone_erasure(&self, due: &DueErasure, until: DateTime<Utc>) -> Result<Applied, StoreError> {
        let request = Expression::new()
            .set("due_at", millis(until))
            .when("due_at", "=", millis(due.due_at))
            .into_request(self.writes.update_item(), &self.tables.jobs, key_of(&due.user_id));
        match update("UpdateItem postpone erasure", request, false).await? {
            Updated::Yes(_) => Ok(Applied::Yes),
            Updated::No(_) => Ok(Applied::Lost),
        }
    }
}
