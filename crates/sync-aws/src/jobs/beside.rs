//! An item beside the user's jobs with what a status needs besides the newest job, so that it is one consistent read of
//! neighbours: a copy of the link's watermark, and which older job was resumed.
//!
//! The link's own watermark is the truth: what decides reads that. The copy is written in the same transactions, so it says
//! the same.

use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use chrono::{DateTime, NaiveDate, Utc};
use sync_core::StoreError;
use sync_core::ids::{JobId, JobKey, UserId};
use sync_core::job::Job;

use crate::attributes::{Item, instant_of, job_table_key, millis, text, timestamp};
use crate::expression::Expression;
use crate::failure::unreadable;
use crate::tables::TableNames;

/// Sorts after every job id, which are hexadecimal, and before the remembered answers, so that the newest job is its
/// neighbour.
pub(super) const SORT_KEY: &str = "garmin";

const WATERMARK: &str = "last_successful_sync_date";
const RESUMED_JOB: &str = "resumed_job_id";
const RESUMED_AT: &str = "resumed_at";

pub(super) fn is_beside(item: &Item) -> bool {
    item.get("job_id").and_then(|key| key.as_s().ok()).is_some_and(|key| key == SORT_KEY)
}

/// The watermark; none when the account that is linked now has none yet.
pub(super) fn watermark(item: &Item) -> Result<Option<NaiveDate>, StoreError> {
    let Some(date) = item.get(WATERMARK) else {
        return Ok(None);
    };
    let date = date.as_s().map_err(|_| unreadable("watermark", "it is no text"))?;
    date.parse().map(Some).map_err(|source: chrono::ParseError| unreadable("watermark", source))
}

/// The job that was resumed after the newest was started; none when there is none, or it is the newest itself.
pub(super) fn resumed_since(item: &Item, newest: &Job) -> Result<Option<JobId>, StoreError> {
    let Some(job) = item.get(RESUMED_JOB) else {
        return Ok(None);
    };
    let job: JobId = job
        .as_s()
        .map_err(|_| unreadable("resumed job", "it is no text"))?
        .parse()
        .map_err(|source| unreadable("resumed job", source))?;
    let at = item.get(RESUMED_AT).and_then(instant_of);
    let at = at.ok_or_else(|| unreadable("resumed job", "it has no moment"))?;
    Ok((job != newest.key.job_id && at >= newest.created_at).then_some(job))
}

/// The part of a transaction that moves the link's watermark, or (none) takes it away.
pub(crate) fn write_watermark(
    tables: &TableNames,
    user: &UserId,
    watermark: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> TransactWriteItem {
    let expression = match watermark {
        Some(date) => Expression::new().set(WATERMARK, text(date.to_string())),
        None => Expression::new().remove(WATERMARK),
    };
    write(tables, user, expression, now)
}

/// The part of a transaction in which a job that had ended goes on.
pub(super) fn write_resumed(tables: &TableNames, job: &JobKey, now: DateTime<Utc>) -> TransactWriteItem {
    let expression =
        Expression::new().set(RESUMED_JOB, text(job.job_id.to_string())).set(RESUMED_AT, millis(now));
    write(tables, &job.user_id, expression, now)
}

fn write(
    tables: &TableNames,
    user: &UserId,
    expression: Expression,
    now: DateTime<Utc>,
) -> TransactWriteItem {
    let key = job_table_key(user, SORT_KEY.to_owned());
    expression.set("updated_at", timestamp(now)).into_update(
        &tables.jobs,
        key,
        ReturnValuesOnConditionCheckFailure::None,
    )
}
