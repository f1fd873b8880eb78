//! Applying a transition: the job, the locks, the watermark and the records in one transaction.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use chrono::{NaiveDate, TimeDelta};
use sync_core::ports::{Applied, StoreError};
use sync_core::record::{RecordKey, RecordUpsert};
use sync_core::transition::{LockChange, Transition};

use super::beside::{write_resumed, write_watermark};
use super::item::write_job;
use crate::attributes::{account_key, expiry, job_key, link_key, text};
use crate::expression::Expression;
use crate::records::{changed, estimated_bytes, upsert};
use crate::tables::TableNames;
use crate::writes::{Transacted, refused, transact};

/// The attributes that say how a job waits in its status.
const HOW_IT_WAITS: [&str; 6] =
    ["pause_reason", "error_message", "lease_until", "retry_at", "due_at", "due_shard"];

/// DynamoDB takes this many items in one transaction.
const MAX_ITEMS: usize = 100;

/// Records that go ahead share their transaction with one check of the job; this leaves one place free.
const MAX_RECORDS_AHEAD: usize = 98;

/// DynamoDB takes 4 MB in one transaction, counted over the items as they become; merging makes them larger than what
/// is sent, and the job is in it too.
const MAX_BYTES: usize = 2_500_000;

pub(super) async fn apply(
    client: &Client,
    tables: &TableNames,
    retention: Option<TimeDelta>,
    transition: &Transition,
    records: &[RecordUpsert],
) -> Result<Applied, StoreError> {
    let records = RecordUpsert::merged(records.iter().cloned());
    let records = changed(client, tables, &transition.before.key.user_id, records).await;
    let mut attempt = Attempt::new(client, tables, retention, transition);
    let places_with_job = MAX_ITEMS - 1 - locked_items(transition);
    let (ahead, last) = batches(&records, places_with_job);
    for batch in ahead {
        if attempt.send(batch, false).await? == Applied::Lost {
            return Ok(Applied::Lost);
        }
    }
    attempt.send(last, true).await
}

fn locked_items(transition: &Transition) -> usize {
    let copy_of_watermark = usize::from(transition.watermark.is_some());
    let beside = copy_of_watermark + usize::from(transition.reopens());
    match transition.lock {
        LockChange::Keep => beside + copy_of_watermark,
        LockChange::Acquire | LockChange::Release => beside + 2,
    }
}

/// Cuts records into those that go ahead and those that go with the job, as many as fit.
fn batches(records: &[RecordUpsert], places_with_job: usize) -> (Vec<&[RecordUpsert]>, &[RecordUpsert]) {
    let mut ahead = Vec::new();
    let mut rest = records;
    loop {
        let with_job = fitting(rest, places_with_job);
        if with_job == rest.len() {
            return (ahead, rest);
        }
        // At least one, or a single record that is too large would never go.
        let (batch, others) = rest.split_at(fitting(rest, MAX_RECORDS_AHEAD).max(1));
        ahead.push(batch);
        rest = others;
    }
}

/// How many of the first records fit into one transaction.
fn fitting(records: &[RecordUpsert], places: usize) -> usize {
    let mut bytes = 0;
    records
        .iter()
        .take(places)
        .take_while(|record| {
            bytes += estimated_bytes(record);
            bytes <= MAX_BYTES
        })
        .count()
}

pub(super) struct Attempt<'a> {
    client: &'a Client,
    tables: &'a TableNames,
    retention: Option<TimeDelta>,
    transition: &'a Transition,
    watermark: Option<NaiveDate>,
    foreign: BTreeSet<RecordKey>,
}

impl<'a> Attempt<'a> {
    pub(super) const fn new(
        client: &'a Client,
        tables: &'a TableNames,
        retention: Option<TimeDelta>,
        transition: &'a Transition,
    ) -> Self {
        let watermark = transition.watermark;
        Self { client, tables, retention, transition, watermark, foreign: BTreeSet::new() }
    }

    /// Sends a batch, with the job itself or with a check of it. What stands in the way and is no business of the job's,
    /// a record of another source or a watermark that no longer fits the link, is left out and the rest sent again.
    async fn send(&mut self, batch: &[RecordUpsert], with_job: bool) -> Result<Applied, StoreError> {
        loop {
            let records: Vec<_> = batch.iter().filter(|record| !self.foreign.contains(&record.key)).collect();
            let mut items = if with_job { self.job_and_locks()? } else { vec![self.check_job()] };
            let locks = items.len();
            let (before, after) = (&self.transition.before, &self.transition.after);
            let user = &before.key.user_id;
            items.extend(records.iter().map(|record| upsert(self.tables, user, record, after.updated_at)));
            let reasons = match transact(self.client, "TransactWriteItems apply", items).await? {
                Transacted::Yes => return Ok(Applied::Yes),
                Transacted::No(reasons) => reasons,
            };
            let (job_and_locks, of_records) = reasons.split_at(locks.min(reasons.len()));
            let progress = self.give_up_watermark(job_and_locks);
            if job_and_locks.iter().any(|reason| refused(Some(reason))) && !progress {
                return Ok(Applied::Lost);
            }
            let refused_records = of_records
                .iter()
                .zip(&records)
                .filter(|(reason, _)| refused(Some(reason)))
                .map(|(_, record)| record.key.clone());
            let known = self.foreign.len();
            self.foreign.extend(refused_records);
            if self.foreign.len() > known {
                tracing::info!(
                    job_id = %before.key.job_id,
                    records = self.foreign.len(),
                    "records of another source are left as they are"
                );
            } else if !progress {
                // A refusal that names no item: nothing was written, and nothing says that it ever will be.
                return Ok(Applied::Lost);
            }
        }
    }

    /// The link may have been joined to another account, or its watermark be further on, since the job computed its own.
    /// The job can finish without moving it. True when that was all that stood in the way of job and locks.
    fn give_up_watermark(&mut self, job_and_locks: &[CancellationReason]) -> bool {
        let Some(watermark) = self.watermark else {
            return false;
        };
        let failed: Vec<_> =
            job_and_locks.iter().enumerate().filter(|(_, reason)| refused(Some(reason))).collect();
        let [(1, reason)] = failed.as_slice() else {
            return false;
        };
        let Some(link) = reason.item() else {
            return false;
        };
        let job = &self.transition.before;
        let holds = |name: &str, value: &str| {
            link.get(name).and_then(|v| v.as_s().ok()).map(String::as_str) == Some(value)
        };
        if !holds("active_job_id", &job.key.job_id.to_string()) {
            return false;
        }
        tracing::warn!(job_id = %job.key.job_id, %watermark, "the link's watermark is not this job's to move");
        self.watermark = None;
        true
    }

    fn condition(&self, expression: Expression) -> Expression {
        let before = &self.transition.before;
        let expression = expression.when("fence", "=", crate::attributes::number(before.fence)).when(
            "status",
            "=",
            text(before.status.name()),
        );
        if self.transition.guards_cursor {
            expression.when("chunk_states", "=", text(before.chunk_states.to_string()))
        } else {
            expression
        }
    }

    fn check_job(&self) -> TransactWriteItem {
        let key = &self.transition.before.key;
        self.condition(Expression::new()).into_check(&self.tables.jobs, job_key(&key.user_id, key.job_id))
    }

    /// The job first, then the link, then the account, then what stands beside the jobs. A job that goes on moves no
    /// watermark, so that is one item at most, as a transaction wants it.
    fn job_and_locks(&self) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut items = vec![self.job()?];
        items.extend(self.link());
        items.extend(self.account());
        let Transition { before, after, .. } = self.transition;
        items.extend(self.watermark.map(|watermark| {
            write_watermark(self.tables, &before.key.user_id, Some(watermark), after.updated_at)
        }));
        items.extend(
            self.transition.reopens().then(|| write_resumed(self.tables, &before.key, after.updated_at)),
        );
        Ok(items)
    }

    /// What differs between the job before and after, and how it waits when its status changes; nothing else: a cancel does
    /// not rewrite what a worker wrote.
    pub(super) fn job(&self) -> Result<TransactWriteItem, StoreError> {
        let (before, after) = (&self.transition.before, &self.transition.after);
        let (old, new) = (write_job(before)?, write_job(after)?);
        let mut expression = Expression::new();
        let waits: &[&str] = if self.transition.changes_status() { &HOW_IT_WAITS } else { &[] };
        for (name, value) in &new {
            if old.get(name) != Some(value) || waits.contains(&name.as_str()) {
                expression = expression.set(name, value.clone());
            }
        }
        let names: BTreeSet<_> = old.keys().map(String::as_str).chain(waits.iter().copied()).collect();
        for name in names.into_iter().filter(|name| !new.contains_key(*name)) {
            expression = expression.remove(name);
        }
        // Always something to write: DynamoDB refuses an update without.
        if old.get("updated_at") == new.get("updated_at")
            && let Some(updated_at) = new.get("updated_at")
        {
            expression = expression.set("updated_at", updated_at.clone());
        }
        if after.status.is_unfinished() {
            if !before.status.is_unfinished() {
                expression = expression.remove("expires_at");
            }
        } else if let Some(retention) = self.retention {
            let finished = after.completed_at.unwrap_or(after.updated_at);
            expression = expression.set("expires_at", expiry(finished + retention));
        }
        Ok(self.condition(expression).into_update(
            &self.tables.jobs,
            job_key(&before.key.user_id, before.key.job_id),
            ReturnValuesOnConditionCheckFailure::None,
        ))
    }

    fn link(&self) -> Option<TransactWriteItem> {
        let job = &self.transition.before;
        let id = text(job.key.job_id.to_string());
        let mut expression = match self.transition.lock {
            LockChange::Keep => {
                self.watermark?;
                Expression::new().when("active_job_id", "=", id)
            }
            LockChange::Acquire => Expression::new()
                .set("active_job_id", id.clone())
                .when("is_active", "=", AttributeValue::Bool(true))
                .when("external_user_id", "=", text(job.account.as_str()))
                .when_absent_or("active_job_id", "=", id),
            LockChange::Release => Expression::new().remove("active_job_id").when("active_job_id", "=", id),
        };
        if let Some(watermark) = self.watermark {
            let watermark = text(watermark.to_string());
            expression = expression
                .set("last_successful_sync_date", watermark.clone())
                .when_absent_or("last_successful_sync_date", "<", watermark)
                .when("external_user_id", "=", text(job.account.as_str()));
        }
        Some(expression.into_update(
            &self.tables.links,
            link_key(&job.key.user_id),
            ReturnValuesOnConditionCheckFailure::AllOld,
        ))
    }

    pub(super) fn account(&self) -> Option<TransactWriteItem> {
        let job = &self.transition.before;
        let id = text(job.key.job_id.to_string());
        let expression = match self.transition.lock {
            LockChange::Keep => return None,
            LockChange::Acquire => Expression::new()
                .set("active_job_id", id.clone())
                .set("active_user", text(job.key.user_id.as_str()))
                .when_absent_or("active_job_id", "=", id),
            LockChange::Release => {
                Expression::new().remove("active_job_id").remove("active_user").when("active_job_id", "=", id)
            }
        };
        Some(expression.into_update(
            &self.tables.accounts,
            account_key(&job.account),
            ReturnValuesOnConditionCheckFailure::None,
        ))
    }
}
