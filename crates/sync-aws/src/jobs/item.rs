//! A job as an item. What follows from the rest (`current_chunk_*`, `chunks_*`, `last_successful_date`,
//! `percent_complete`) is written for people who read the table, and never read back.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use sync_core::StoreError;
use sync_core::dates::DateRange;
use sync_core::ids::{AccountKey, JobId, JobKey, UserId};
use sync_core::job::{ChunkProgress, ChunkStates, FailedChunk, Gap, Job, JobStatus, PauseReason, SyncType};
use sync_core::metric::MetricSet;
use uuid::Uuid;

use crate::attributes::Item;
use crate::failure::unreadable;

/// The index of due jobs is spread over this many partitions.
pub(super) const DUE_SHARDS: u8 = 4;

/// The layout of items that this program writes, and the newest that it reads.
const SCHEMA_VERSION: u32 = 1;

/// Which partition of the index a job is in: the last byte of its id is random.
pub(super) fn due_shard(job: JobId) -> u8 {
    job.as_uuid().as_bytes().last().copied().unwrap_or_default() % DUE_SHARDS
}

#[derive(Serialize, Deserialize)]
struct JobItem {
    user_id: UserId,
    job_id: JobId,
    schema_version: u32,
    account: AccountKey,
    sync_type: SyncType,
    start_date: NaiveDate,
    end_date: NaiveDate,
    metric_types: MetricSet,
    time_zone: Tz,
    status: JobStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pause_reason: Option<PauseReason>,
    chunk_states: ChunkStates,
    #[serde(default, skip_serializing_if = "ChunkProgress::is_empty")]
    progress: ChunkProgress,
    #[serde(default)]
    failed_chunks: Vec<FailedChunk>,
    #[serde(default)]
    gaps: Vec<Gap>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    fence: u64,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    lease_until: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim_token: Option<Uuid>,
    #[serde(default)]
    attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    retry_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    due_at: Option<DateTime<Utc>>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    due_shard: Option<u8>,
    created_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    completed_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    current_chunk_start: Option<NaiveDate>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    current_chunk_end: Option<NaiveDate>,
    #[serde(skip_deserializing)]
    chunks_completed: u32,
    #[serde(skip_deserializing)]
    chunks_total: u32,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    last_successful_date: Option<NaiveDate>,
    #[serde(skip_deserializing)]
    percent_complete: u32,
}

mod millis {
    use chrono::{DateTime, Utc};
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(
        instant: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match instant {
            Some(instant) => serializer.serialize_i64(instant.timestamp_millis()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        let millis = Option::<i64>::deserialize(deserializer)?;
        millis
            .map(|millis| DateTime::from_timestamp_millis(millis).ok_or("not an instant"))
            .transpose()
            .map_err(D::Error::custom)
    }
}

impl From<&Job> for JobItem {
    fn from(job: &Job) -> Self {
        let current = job.current_chunk().map(|chunk| chunk.range);
        let job_id = job.key.job_id;
        Self {
            user_id: job.key.user_id.clone(),
            job_id,
            schema_version: SCHEMA_VERSION,
            account: job.account.clone(),
            sync_type: job.sync_type,
            start_date: job.range.start(),
            end_date: job.range.end(),
            metric_types: job.metric_types.clone(),
            time_zone: job.time_zone,
            status: job.status,
            pause_reason: job.pause_reason,
            chunk_states: job.chunk_states.clone(),
            progress: job.progress.clone(),
            failed_chunks: job.failed_chunks.clone(),
            gaps: job.gaps.clone(),
            error_message: job.error_message.clone(),
            fence: job.fence,
            lease_until: job.lease_until,
            claim_token: job.claim_token,
            attempts: job.attempts,
            retry_at: job.retry_at,
            due_at: job.due_at,
            due_shard: job.due_at.map(|_| due_shard(job_id)),
            created_at: job.created_at,
            started_at: job.started_at,
            completed_at: job.completed_at,
            updated_at: job.updated_at,
            current_chunk_start: current.map(DateRange::start),
            current_chunk_end: current.map(DateRange::end),
            chunks_completed: job.chunks_completed(),
            chunks_total: job.chunks_total(),
            last_successful_date: job.last_successful_date(),
            percent_complete: job.percent_complete(),
        }
    }
}

/// Why an item is no job.
#[derive(Debug, thiserror::Error)]
enum NotAJob {
    #[error("schema version {0} is newer than this program")]
    TooNew(u32),
    #[error("it has {states} chunk states for {chunks} chunks")]
    WrongChunkCount { states: u32, chunks: u32 },
    #[error(transparent)]
    Range(#[from] sync_core::dates::StartAfterEnd),
}

impl TryFrom<JobItem> for Job {
    type Error = NotAJob;
    fn try_from(item: JobItem) -> Result<Self, NotAJob> {
        if item.schema_version > SCHEMA_VERSION {
            return Err(NotAJob::TooNew(item.schema_version));
        }
        let job = Self {
            key: JobKey { user_id: item.user_id, job_id: item.job_id },
            account: item.account,
            sync_type: item.sync_type,
            range: DateRange::new(item.start_date, item.end_date)?,
            metric_types: item.metric_types,
            time_zone: item.time_zone,
            status: item.status,
            pause_reason: item.pause_reason,
            chunk_states: item.chunk_states,
            progress: item.progress,
            failed_chunks: item.failed_chunks,
            gaps: item.gaps,
            error_message: item.error_message,
            fence: item.fence,
            lease_until: item.lease_until,
            claim_token: item.claim_token,
            attempts: item.attempts,
            retry_at: item.retry_at,
            due_at: item.due_at,
            created_at: item.created_at,
            started_at: item.started_at,
            completed_at: item.completed_at,
            updated_at: item.updated_at,
        };
        let (states, chunks) = (job.chunk_states.total(), job.plan().total());
        if states != chunks {
            return Err(NotAJob::WrongChunkCount { states, chunks });
        }
        Ok(job)
    }
}

/// The item of a job.
pub(super) fn write_job(job: &Job) -> Result<Item, StoreError> {
    serde_dynamo::to_item(JobItem::from(job)).map_err(|source| unreadable("job", source))
}

/// The job of an item.
pub(super) fn read_job(item: Item) -> Result<Job, StoreError> {
    let item: JobItem = serde_dynamo::from_item(item).map_err(|source| unreadable("job", source))?;
    Job::try_from(item).map_err(|source| unreadable("job", source))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;
    use sync_core::job::NewJob;

    use super::*;
    use crate::attributes::{number, text};

    fn job() -> Job {
        let new = NewJob {
            job_id: "01933333-0000-7000-8000-000000000001".parse().unwrap(),
            user_id: UserId::new("user").unwrap(),
            account: AccountKey::of("garmin"),
            sync_type: SyncType::Historical,
            range: DateRange::new("2024-01-01".parse().unwrap(), "2024-02-15".parse().unwrap()).unwrap(),
            metric_types: MetricSet::all(),
            time_zone: chrono_tz::Europe::Oslo,
        };
        Job::new(new, "2026-11-22T08:00:00Z".parse().unwrap())
    }

    #[test]
    fn an_item_has_these_attributes() {
        let item = write_job(&job()).unwrap();
        let mut names: Vec<_> = item.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names.join(" "),
            "account attempts chunk_states chunks_completed chunks_total created_at current_chunk_end \
             current_chunk_start due_at due_shard end_date failed_chunks fence gaps job_id metric_types \
             percent_complete schema_version start_date status sync_type time_zone updated_at user_id"
        );
        assert_eq!(item["due_at"], number(1_795_334_460_000_i64));
        assert_eq!(item["created_at"], text("2026-11-22T08:00:00Z"));
        assert_eq!(item["current_chunk_end"], text("2024-01-30"));
        assert_eq!(item["chunk_states"], text(".."));
        assert_eq!(item["due_shard"], number(1));
    }

    #[test]
    fn an_item_from_before_an_optional_attribute_existed_still_reads() {
        let mut item = write_job(&job()).unwrap();
        for name in [
            "attempts",
            "chunks_completed",
            "chunks_total",
            "current_chunk_end",
            "current_chunk_start",
            "due_shard",
            "failed_chunks",
            "gaps",
            "percent_complete",
        ] {
            item.remove(name).unwrap();
        }
        assert_eq!(read_job(item).unwrap(), job());
    }

    #[test]
    fn an_item_of_an_earlier_layout_still_reads() {
        let mut item = write_job(&job()).unwrap();
        item.insert("schema_version".into(), number(SCHEMA_VERSION - 1));
        assert_eq!(read_job(item).unwrap(), job());
    }

    #[test]
    fn an_item_with_attributes_of_a_later_program_still_reads() {
        let mut item = write_job(&job()).unwrap();
        item.insert("invented_later".into(), text("x"));
        item.insert("expires_at".into(), number(1));
        assert_eq!(read_job(item).unwrap(), job());
    }

    #[test]
    fn an_item_of_a_later_layout_is_refused() {
        let mut item = write_job(&job()).unwrap();
        item.insert("schema_version".into(), number(2));
        let error = read_job(item).unwrap_err();
        let StoreError::Unreadable { what: "job", source } = error else {
            panic!("{error:?}");
        };
        assert_eq!(source.to_string(), "schema version 2 is newer than this program");
    }

    #[test]
    fn what_follows_from_the_rest_is_never_read_back() {
        let mut item = write_job(&job()).unwrap();
        item.insert("chunks_completed".into(), number(77));
        item.insert("current_chunk_start".into(), AttributeValue::Bool(true));
        assert_eq!(read_job(item).unwrap(), job());
    }

    #[test]
    fn a_job_whose_chunk_states_do_not_fit_its_range_is_refused() {
        let mut item = write_job(&job()).unwrap();
        item.insert("chunk_states".into(), text("..."));
        assert!(matches!(read_job(item), Err(StoreError::Unreadable { .. })));
    }

    #[test]
    fn a_finished_job_is_in_no_partition_of_the_index() {
        let job = Job { due_at: None, ..job() };
        let item = write_job(&job).unwrap();
        assert!(!item.contains_key("due_at") && !item.contains_key("due_shard"));
    }
}
