//! Jobs in DynamoDB: one item each in `garmin_sync_jobs`, and the two locks they hold on the link and on the account.

mod answers;
mod apply;
mod beside;
mod item;
mod start;
mod unlink;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::try_join_all;
use sync_core::ids::{JobId, JobKey, UserId};
use sync_core::job::{Job, JobStatus};
use sync_core::ports::{
    Applied, ClaimOutcome, DueJob, JobStore, Page, RememberedAnswer, StartOutcome, StoreError, SyncStatus,
};
use sync_core::record::RecordUpsert;
use sync_core::transition::{Claim, Transition};
use sync_core::unlink::Unlink;

use crate::attributes::{Item, instant_of, job_key, millis, number, text, timestamp};
use crate::due::due_entries;
use crate::expression::Expression;
use crate::failure::unavailable;
use crate::tables::TableNames;
use crate::writes::{Updated, update, without_retries};
pub(crate) use beside::write_watermark;
use item::{DUE_SHARDS, due_shard, read_job};

/// Sorts after every job id and before everything else in the table: ids are hexadecimal, and `g` follows `f`.
const AFTER_EVERY_JOB_ID: &str = "g";

/// [`JobStore`] on DynamoDB. Cheap to clone.
///
/// Instants that conditions compare (`lease_until`, `retry_at`, `due_at`) are kept to the millisecond.
#[derive(Clone, Debug)]
pub struct DynamoJobStore {
    reads: Client,
    writes: Client,
    tables: TableNames,
    retention: Option<TimeDelta>,
}

impl DynamoJobStore {
    /// A store on these tables. A finished job is deleted `retention` after it finished; without one it stays.
    #[must_use]
    pub fn new(client: Client, tables: TableNames, retention: Option<TimeDelta>) -> Self {
        Self { writes: without_retries(&client), reads: client, tables, retention }
    }

    async fn due_in(&self, shard: u8, now: DateTime<Utc>, limit: u32) -> Result<Vec<DueJob>, StoreError> {
        let found = due_entries(&self.reads, &self.tables, shard, now, limit).await?;
        Ok(found.iter().filter_map(read_due).collect())
    }
}

/// An entry of the index. One that does not read must not keep the sweeper from the others.
fn read_due(item: &Item) -> Option<DueJob> {
    let field = |name| item.get(name).and_then(|value| value.as_s().ok());
    let due = (|| {
        Some(DueJob {
            key: JobKey {
                user_id: UserId::new(field("user_id")?.as_str()).ok()?,
                job_id: field("job_id")?.parse().ok()?,
            },
            due_at: instant_of(item.get("due_at")?)?,
        })
    })();
    if due.is_none() {
        tracing::error!(job_id = field("job_id"), "an entry of the index of due jobs is not readable");
    }
    due
}

impl JobStore for DynamoJobStore {
    async fn start(
        &self,
        job: &Job,
        remember: Option<&RememberedAnswer>,
    ) -> Result<StartOutcome, StoreError> {
        start::start(&self.writes, &self.tables, job, remember).await
    }

    async fn job(&self, key: &JobKey) -> Result<Option<Job>, StoreError> {
        let found = self
            .reads
            .get_item()
            .table_name(&self.tables.jobs)
            .set_key(Some(job_key(&key.user_id, key.job_id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| unavailable("GetItem job", error))?;
        found.item.map(read_job).transpose()
    }

    async fn jobs(&self, user: &UserId, limit: u32, cursor: Option<JobId>) -> Result<Page<Job>, StoreError> {
        let limit = limit.clamp(1, 100) as usize;
        let before = cursor.map_or_else(|| AFTER_EVERY_JOB_ID.to_owned(), |job| job.to_string());
        let mut items: Vec<Job> = Vec::new();
        let mut start = None;
        // One more than asked tells whether there is a next page. A big job can end DynamoDB's own page early.
        while items.len() <= limit {
            let found = self
                .reads
                .query()
                .table_name(&self.tables.jobs)
                .key_condition_expression("user_id = :user AND job_id < :before")
                .expression_attribute_values(":user", text(user.as_str()))
                .expression_attribute_values(":before", text(before.as_str()))
                .scan_index_forward(false)
                .consistent_read(true)
                .limit(i32::try_from(limit + 1 - items.len()).unwrap_or(1))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| unavailable("Query jobs", error))?;
            for item in found.items.unwrap_or_default() {
                items.push(read_job(item)?);
            }
            start = found.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                break;
            }
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|job| job.key.job_id.to_string());
        Ok(Page { items, next })
    }

    async fn status(&self, user: &UserId) -> Result<SyncStatus, StoreError> {
        // Backwards from the item beside the jobs: that, if there is one, and the newest job.
        let found = self
            .reads
            .query()
            .table_name(&self.tables.jobs)
            .key_condition_expression("user_id = :user AND job_id <= :beside")
            .expression_attribute_values(":user", text(user.as_str()))
            .expression_attribute_values(":beside", text(beside::SORT_KEY))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(2)
            .send()
            .await
            .map_err(|error| unavailable("Query status", error))?;
        let (beside, jobs): (Vec<_>, Vec<_>) =
            found.items.unwrap_or_default().into_iter().partition(beside::is_beside);
        let mut job = jobs.into_iter().next().map(read_job).transpose()?;
        let Some(beside) = beside.first() else {
            return Ok(SyncStatus { job, last_successful_sync: None });
        };
        let last_successful_sync = beside::watermark(beside)?;
        if let Some(newest) = &job
            && let Some(job_id) = beside::resumed_since(beside, newest)?
            && let Some(resumed) = self.job(&JobKey { user_id: user.clone(), job_id }).await?
        {
            job = Some(resumed);
        }
        Ok(SyncStatus { job, last_successful_sync })
    }

    async fn claim(&self, key: &JobKey, claim: &Claim) -> Result<ClaimOutcome, StoreError> {
        let expression = Expression::new()
            .set("status", text(JobStatus::Running.name()))
            .count_up("fence")
            .count_up("attempts")
            .set("lease_until", millis(claim.lease_until))
            .set("due_at", millis(claim.lease_until))
            .set("due_shard", number(due_shard(key.job_id)))
            .set("claim_token", text(claim.token.to_string()))
            .set_if_absent("started_at", timestamp(claim.now))
            .set("updated_at", timestamp(claim.now))
            .remove("retry_at")
            .remove("error_message")
            .when_one_of("status", [JobStatus::Pending, JobStatus::Running].map(|status| text(status.name())))
            .when_absent_or("retry_at", "<=", millis(claim.now))
            .when_absent_or("lease_until", "<=", millis(claim.now));
        let expression = match claim.nudged_at {
            Some(fence) => expression.when("fence", "<=", number(fence)),
            None => expression,
        };
        let request = expression
            .into_request(self.writes.update_item(), &self.tables.jobs, job_key(&key.user_id, key.job_id))
            .return_values(ReturnValue::AllNew);
        match update("UpdateItem claim", request, true).await? {
            Updated::Yes(output) => claimed(output.attributes.unwrap_or_default()),
            Updated::No(Some(item)) if is_own_claim(&item, claim) => claimed(item),
            Updated::No(_) => Ok(ClaimOutcome::Refused),
        }
    }

    async fn apply(&self, transition: &Transition, records: &[RecordUpsert]) -> Result<Applied, StoreError> {
        apply::apply(&self.writes, &self.tables, self.retention, transition, records).await
    }

    async fn unlink(&self, unlink: &Unlink) -> Result<Applied, StoreError> {
        unlink::unlink(&self.writes, &self.tables, self.retention, unlink).await
    }

    async fn due(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<DueJob>, StoreError> {
        let shards = (0..DUE_SHARDS).map(|shard| self.due_in(shard, now, limit));
        let mut due = try_join_all(shards).await?.concat();
        due.sort_by(|one, other| (one.due_at, &one.key).cmp(&(other.due_at, &other.key)));
        due.truncate(limit as usize);
        Ok(due)
    }

    async fn postpone(&self, due: &DueJob, until: DateTime<Utc>) -> Result<Applied, StoreError> {
        let request = Expression::new()
            .set("due_at", millis(until))
            .when("due_at", "=", millis(due.due_at))
            .into_request(
                self.writes.update_item(),
                &self.tables.jobs,
                job_key(&due.key.user_id, due.key.job_id),
            );
        match update("UpdateItem postpone", request, false).await? {
            Updated::Yes(_) => Ok(Applied::Yes),
            Updated::No(_) => Ok(Applied::Lost),
        }
    }

    async fn remembered(
        &self,
        user: &UserId,
        key: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<RememberedAnswer>, StoreError> {
        answers::remembered(&self.reads, &self.tables, user, key, now).await
    }

    async fn remember(&self, user: &UserId, answer: &RememberedAnswer) -> Result<Applied, StoreError> {
        answers::remember(&self.writes, &self.tables, user, answer).await
    }
}

fn claimed(item: Item) -> Result<ClaimOutcome, StoreError> {
    read_job(item).map(|job| ClaimOutcome::Claimed(Box::new(job)))
}

/// Whether the claim that keeps us out is our own, whose answer was lost.
fn is_own_claim(item: &Item, claim: &Claim) -> bool {
    let is = |name: &str, value: &AttributeValue| item.get(name) == Some(value);
    is("claim_token", &text(claim.token.to_string()))
        && is("status", &text(JobStatus::Running.name()))
        && is("lease_until", &millis(claim.lease_until))
}
