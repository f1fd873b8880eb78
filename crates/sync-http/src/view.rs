//! What the contract promises to show: each struct has exactly the fields of one answer, null where there is no value.

pub mod history;
mod link;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use sync_core::job::{GapReason, PauseReason};
use sync_core::ports::Page;
use sync_core::ports::SyncStatus;
use sync_core::use_cases::start::{Estimate, StartAnswer};
use sync_core::{FailedChunk, Gap, Job, JobId, JobStatus, MetricType, SyncType};
use utoipa::ToSchema;

use crate::openapi::names::{GapReasonName, JobStatusName, MetricTypeName, PauseReasonName, SyncTypeName};

pub use link::{LinkStatusView, LinkedView, LoginView, UnlinkView};

/// How long a page waits before it asks again, while something happens.
pub const POLL_ACTIVE_MS: u32 = 3_000;

/// How long a page waits before it asks again, while a job waits for Garmin or for a person.
pub const POLL_WAITING_MS: u32 = 15_000;

/// The answer to a start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StartAnswer)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum StartView {
    /// A job was made.
    #[serde(rename_all = "camelCase")]
    Started {
        /// Its id.
        #[schema(format = "uuid")]
        job_id: String,
        /// How many chunks it has.
        chunks_total: u32,
        /// Minutes it is expected to take; said of a historical import only.
        #[schema(nullable = false)]
        #[serde(skip_serializing_if = "Option::is_none")]
        estimated_minutes: Option<u64>,
        /// A sentence for people.
        message: String,
    },
    /// An unfinished job stands in the way.
    #[serde(rename_all = "camelCase")]
    AlreadyRunning {
        /// Its id.
        #[schema(format = "uuid")]
        job_id: String,
        /// A sentence for people.
        message: &'static str,
    },
    /// A sync finished moments ago.
    UpToDate {
        /// A sentence for people.
        message: &'static str,
    },
}

impl StartView {
    /// The view of an answer to a start of this type.
    #[must_use]
    pub fn new(sync_type: SyncType, answer: StartAnswer) -> Self {
        match answer {
            StartAnswer::Started { job_id, chunks_total, range, estimated_minutes } => {
                let (estimated_minutes, verb) = match sync_type {
                    SyncType::Incremental => (None, "Syncing"),
                    SyncType::Historical => (Some(estimated_minutes), "Starting historical sync"),
                };
                let message = format!("{verb} from {} to {}", range.start(), range.end());
                Self::Started { job_id: job_id.to_string(), chunks_total, estimated_minutes, message }
            }
            StartAnswer::AlreadyRunning { job_id } => Self::AlreadyRunning {
                job_id: job_id.to_string(),
                message: "A sync job is already in progress",
            },
            StartAnswer::UpToDate => Self::UpToDate { message: "Already synced up to today" },
        }
    }
}

/// The answer to an estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Estimate)]
pub struct EstimateView {
    /// Calendar days.
    pub days: u32,
    /// Chunks.
    pub chunks: u32,
    /// Minutes it is expected to take.
    pub minutes: u64,
}

impl From<Estimate> for EstimateView {
    fn from(Estimate { days, chunks, minutes }: Estimate) -> Self {
        Self { days, chunks, minutes }
    }
}

/// The answer to a pause, a resume and a cancel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ControlAnswer)]
#[serde(rename_all = "camelCase")]
pub struct ControlView {
    /// What was done: `paused`, `resumed` or `cancelled`.
    #[schema(pattern = "^(paused|resumed|cancelled)$")]
    pub status: &'static str,
    /// To which job.
    #[schema(format = "uuid")]
    pub job_id: String,
}

impl ControlView {
    /// The view of something done to a job.
    #[must_use]
    pub fn new(status: &'static str, job_id: JobId) -> Self {
        Self { status, job_id: job_id.to_string() }
    }
}

/// Where a user's sync stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SyncStatus)]
#[serde(rename_all = "camelCase")]
pub struct StatusView {
    /// Whether a job is pending, running or paused.
    pub has_active_job: bool,
    /// The latest job, finished or not.
    #[schema(required)]
    pub job: Option<JobView>,
    /// The watermark.
    #[schema(required)]
    pub last_successful_sync: Option<NaiveDate>,
    /// After how long to ask again; null when nothing will change by itself.
    #[schema(required)]
    pub poll_after_ms: Option<u32>,
}

impl From<&SyncStatus> for StatusView {
    fn from(status: &SyncStatus) -> Self {
        Self {
            has_active_job: status.job.as_ref().is_some_and(|job| job.status.is_unfinished()),
            job: status.job.as_ref().map(JobView::from),
            last_successful_sync: status.last_successful_sync,
            poll_after_ms: status.job.as_ref().and_then(poll_after_ms),
        }
    }
}

/// A pure function of what is stored: with the time of day in it, an unchanged job would have a new `ETag` each time.
fn poll_after_ms(job: &Job) -> Option<u32> {
    match job.status {
        JobStatus::Pending | JobStatus::Running if job.retry_at.is_none() => Some(POLL_ACTIVE_MS),
        JobStatus::Pending | JobStatus::Running | JobStatus::Paused => Some(POLL_WAITING_MS),
        JobStatus::Completed | JobStatus::Failed | JobStatus::Cancelled => None,
    }
}

/// A page of a user's jobs, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = JobList)]
pub struct JobListView {
    /// The jobs.
    pub jobs: Vec<JobView>,
    /// Where the next page starts; null on the last.
    #[schema(required)]
    pub cursor: Option<String>,
}

impl From<&Page<Job>> for JobListView {
    fn from(page: &Page<Job>) -> Self {
        Self { jobs: page.items.iter().map(JobView::from).collect(), cursor: page.next.clone() }
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Job)]
#[serde(rename_all = "camelCase")]
pub struct JobView {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Where it stands.
    #[schema(value_type = JobStatusName)]
    pub status: JobStatus,
    /// What kind of sync it is.
    #[schema(value_type = SyncTypeName)]
    pub sync_type: SyncType,
    /// The first day.
    pub start_date: NaiveDate,
    /// The last day.
    pub end_date: NaiveDate,
    /// Chunks imported.
    pub chunks_completed: u32,
    /// Chunks planned.
    pub chunks_total: u32,
    /// Whole percent, 100 only when completed.
    #[schema(maximum = 100)]
    pub percent_complete: u32,
    /// The months of the chunk that is worked on; null unless running.
    #[schema(required)]
    pub current_chunk_range: Option<String>,
    /// Why it failed; or, while `retry_at` is awaited, what failed and is tried again.
    #[schema(required)]
    pub error_message: Option<String>,
    /// The chunks given up so far.
    pub failed_chunks: Vec<FailedChunkView>,
    /// When it was made.
    #[serde(serialize_with = "instant")]
    pub created_at: DateTime<Utc>,
    /// When a worker first claimed it.
    #[serde(serialize_with = "instant_or_null")]
    #[schema(required)]
    pub started_at: Option<DateTime<Utc>>,
    /// When it finished.
    #[serde(serialize_with = "instant_or_null")]
    #[schema(required)]
    pub completed_at: Option<DateTime<Utc>>,
    /// When it last changed.
    #[serde(serialize_with = "instant")]
    pub updated_at: DateTime<Utc>,
    /// The end of the unbroken run of imported chunks.
    #[schema(required)]
    pub last_successful_date: Option<NaiveDate>,
    /// What it imports, by name; all names when it imports everything.
    #[schema(value_type = Vec<MetricTypeName>)]
    pub metric_types: Vec<MetricType>,
    /// What it waits for; null unless paused.
    #[schema(value_type = Option<PauseReasonName>, required)]
    pub pause_reason: Option<PauseReason>,
    /// When it goes on by itself.
    #[serde(serialize_with = "instant_or_null")]
    #[schema(required)]
    pub retry_at: Option<DateTime<Utc>>,
    /// Seconds until it is done, at the pace so far.
    #[schema(required)]
    pub eta_seconds: Option<u64>,
    /// Days that could not be had.
    pub gaps: Vec<GapView>,
}

impl From<&Job> for JobView {
    fn from(job: &Job) -> Self {
        let running_chunk = job.current_chunk().filter(|_| job.status == JobStatus::Running);
        Self {
            id: job.key.job_id.to_string(),
            status: job.status,
            sync_type: job.sync_type,
            start_date: job.range.start(),
            end_date: job.range.end(),
            chunks_completed: job.chunks_completed(),
            chunks_total: job.chunks_total(),
            percent_complete: job.percent_complete(),
            current_chunk_range: running_chunk.map(|chunk| chunk.label()),
            error_message: job.error_message.clone(),
            failed_chunks: job.failed_chunks.iter().map(FailedChunkView::from).collect(),
            created_at: job.created_at,
            started_at: job.started_at,
            completed_at: job.completed_at,
            updated_at: job.updated_at,
            last_successful_date: job.last_successful_date(),
            metric_types: job.metric_types.iter().collect(),
            pause_reason: job.pause_reason,
            retry_at: job.retry_at,
            eta_seconds: job.eta_seconds(),
            gaps: job.gaps.iter().map(GapView::from).collect(),
        }
    }
}

/// A chunk that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FailedChunk)]
pub struct FailedChunkView {
    /// Its first day.
    pub start: NaiveDate,
    /// Its last day.
    pub end: NaiveDate,
    /// What went wrong.
    pub error: String,
}

impl From<&FailedChunk> for FailedChunkView {
    fn from(chunk: &FailedChunk) -> Self {
        Self { start: chunk.start, end: chunk.end, error: chunk.error.clone() }
    }
}

/// Some days of one metric that could not be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Gap)]
pub struct GapView {
    /// Which metric.
    #[schema(value_type = MetricTypeName)]
    pub metric: MetricType,
    /// The first day.
    pub start: NaiveDate,
    /// The last day.
    pub end: NaiveDate,
    /// Why.
    #[schema(value_type = GapReasonName)]
    pub reason: GapReason,
}

impl From<&Gap> for GapView {
    fn from(gap: &Gap) -> Self {
        Self { metric: gap.metric, start: gap.start, end: gap.end, reason: gap.reason }
    }
}

/// `2024-01-01T00:00:00.000Z`, as JavaScript's `toISOString` writes it: always the same length.
fn instant<S: Serializer>(instant: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&instant.to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn instant_or_null<S: Serializer>(maybe: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    match maybe {
        Some(moment) => instant(moment, serializer),
        None => serializer.serialize_none(),
    }
}
