//! The job record: the truth about one import.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::dates::{Chunk, ChunkPlan, DateRange};
use crate::ids::{AccountKey, JobId, JobKey, UserId};
use crate::metric::{MetricSet, MetricType};
use crate::timing::ESTIMATED_SECONDS_PER_CHUNK;
use crate::transition::Claim;
use crate::window::Window;

/// Where a job stands. Who moves it: create-job makes it `pending`; process-chunk moves it to `running`, `paused`,
/// `completed` and `failed`; control-job to `paused`, `pending` (resume) and `cancelled`; sweep-jobs from a `paused`
/// that waited to `pending`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Made or resumed; no worker has claimed it since.
    Pending,
    /// A worker has claimed it.
    Running,
    /// Waiting: for Garmin, for a new sign-in, or for the user. [`PauseReason`] says which.
    Paused,
    /// Every chunk is done.
    Completed,
    /// Every chunk was tried, some failed. Can be resumed.
    Failed,
    /// Ended by the user.
    Cancelled,
}

impl JobStatus {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Running, Self::Paused, Self::Completed, Self::Failed, Self::Cancelled];

    /// The name on the wire and in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the job still holds the user's lock: pending, running or paused.
    #[must_use]
    pub const fn is_unfinished(self) -> bool {
        matches!(self, Self::Pending | Self::Running | Self::Paused)
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What kind of sync a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncType {
    /// The last days, up to today. Has a queue of its own, so that it never waits behind somebody's ten years.
    Incremental,
    /// A range that the user chose.
    Historical,
}

impl SyncType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Incremental, Self::Historical];

    /// The name on the wire and in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incremental => "incremental",
            Self::Historical => "historical",
        }
    }
}

/// What a paused job waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// The user paused it; it stays so until resumed.
    User,
    /// Garmin throttled the account; the sweeper resumes it at `retry_at`.
    Throttled,
    /// Garmin refused the tokens; a new sign-in resumes it.
    ReauthRequired,
}

impl PauseReason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::User, Self::Throttled, Self::ReauthRequired];
}

/// What became of one chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChunkState {
    /// Not finished yet.
    Open,
    /// Imported.
    Done,
    /// Given up after [`crate::timing::MAX_CLAIMS`] claims; a resume opens it again.
    Failed,
}

/// The state of every chunk of a job, written as one letter each: `.` open, `d` done, `f` failed. Thirty years are
/// 366 letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChunkStates(Vec<ChunkState>);

impl ChunkStates {
    /// All open.
    #[must_use]
    pub fn open(total: u32) -> Self {
        Self(vec![ChunkState::Open; total as usize])
    }

    /// How many chunks.
    #[must_use]
    pub fn total(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// How many are in `state`.
    #[must_use]
    pub fn count(&self, state: ChunkState) -> u32 {
        u32::try_from(self.0.iter().filter(|chunk| **chunk == state).count()).unwrap_or(u32::MAX)
    }

    /// The first that is open.
    #[must_use]
    pub fn first_open(&self) -> Option<u32> {
        self.0.iter().position(|chunk| *chunk == ChunkState::Open).and_then(|index| u32::try_from(index).ok())
    }

    /// How many from the start on are done, without a break.
    #[must_use]
    pub fn done_prefix(&self) -> u32 {
        u32::try_from(self.0.iter().take_while(|chunk| **chunk == ChunkState::Done).count())
            .unwrap_or(u32::MAX)
    }

    /// What became of chunk `index`.
    #[must_use]
    pub fn get(&self, index: u32) -> Option<ChunkState> {
        self.0.get(index as usize).copied()
    }

    pub(crate) fn set(&mut self, index: u32, state: ChunkState) {
        if let Some(chunk) = self.0.get_mut(index as usize) {
            *chunk = state;
        }
    }

    pub(crate) fn reopen_failed(&mut self) {
        for chunk in self.0.iter_mut().filter(|chunk| **chunk == ChunkState::Failed) {
            *chunk = ChunkState::Open;
        }
    }
}

impl fmt::Display for ChunkStates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|chunk| {
            f.write_str(match chunk {
                ChunkState::Open => ".",
                ChunkState::Done => "d",
                ChunkState::Failed => "f",
            })
        })
    }
}

/// A letter that is no chunk state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a chunk state is one of . d f")]
pub struct InvalidChunkState;

impl FromStr for ChunkStates {
    type Err = InvalidChunkState;
    fn from_str(text: &str) -> Result<Self, InvalidChunkState> {
        text.bytes()
            .map(|letter| match letter {
                b'.' => Ok(ChunkState::Open),
                b'd' => Ok(ChunkState::Done),
                b'f' => Ok(ChunkState::Failed),
                _ => Err(InvalidChunkState),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl TryFrom<String> for ChunkStates {
    type Error = InvalidChunkState;
    fn try_from(text: String) -> Result<Self, InvalidChunkState> {
        text.parse()
    }
}

impl From<ChunkStates> for String {
    fn from(states: ChunkStates) -> Self {
        states.to_string()
    }
}

/// A chunk that was given up, as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedChunk {
    /// First day.
    pub start: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
    /// What went wrong, in words that hold no health value.
    pub error: String,
}

/// Why some days of a metric could not be had although the chunk is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// Garmin no longer hands out series this old.
    Offloaded,
    /// Garmin refuses it to this account.
    Refused,
}

impl GapReason {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::Offloaded, Self::Refused];
}

/// Some days of one metric that could not be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Which metric.
    pub metric: MetricType,
    /// First day.
    pub start: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
    /// Why.
    pub reason: GapReason,
}

/// Adds gaps to a list, joining those of one metric and reason that overlap or touch, so that the list stays as short
/// as what it says: a metric missing for ten years is one gap, not 122.
#[must_use]
pub fn merge_gaps(gaps: impl IntoIterator<Item = Gap>) -> Vec<Gap> {
    let mut by_metric: BTreeMap<(MetricType, GapReason), Vec<(NaiveDate, NaiveDate)>> = BTreeMap::new();
    for gap in gaps {
        by_metric.entry((gap.metric, gap.reason)).or_default().push((gap.start, gap.end));
    }
    let mut merged: Vec<Gap> = Vec::new();
    for ((metric, reason), mut ranges) in by_metric {
        ranges.sort_unstable();
        for (start, end) in ranges {
            match merged.last_mut() {
                Some(last)
                    if last.metric == metric
                        && last.reason == reason
                        && start <= last.end + TimeDelta::days(1) =>
                {
                    last.end = last.end.max(end);
                }
                _ => merged.push(Gap { metric, start, end, reason }),
            }
        }
    }
    merged
}

/// How far the current chunk has come, kept so that the next invocation asks nothing twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkProgress {
    /// Windows that are committed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<Window>,
    /// Windows that an answer led to and that are not done yet: the details of an activity from the list, the halves of a
    /// window that Garmin found too long.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<Window>,
}

impl ChunkProgress {
    /// Whether nothing of the chunk is committed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.done.is_empty() && self.found.is_empty()
    }

    /// Whether the days of `window` are all covered by windows of its source that are done.
    #[must_use]
    pub fn covers(&self, window: &Window) -> bool {
        covered(window, self.done.iter())
    }

    /// Whether the days of `window` are all covered by windows of its source that are done or to be asked for themselves:
    /// it was cut, and only what is left of its pieces is to be asked.
    #[must_use]
    pub fn is_begun(&self, window: &Window) -> bool {
        covered(window, self.done.iter().chain(&self.found))
    }
}

fn covered<'w>(window: &Window, by: impl Iterator<Item = &'w Window> + Clone) -> bool {
    match window.range() {
        None => by.clone().any(|other| other == window),
        Some(range) => range.iter().all(|date| {
            let of_source = by.clone().filter(|other| other.source == window.source);
            of_source.filter_map(Window::range).any(|other| other.contains(date))
        }),
    }
}

/// One import: its plan, where it stands, and who may write next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Whose job, and which.
    pub key: JobKey,
    /// The Garmin account it imports from.
    pub account: AccountKey,
    /// What kind of sync.
    pub sync_type: SyncType,
    /// The days to import.
    pub range: DateRange,
    /// What to import.
    pub metric_types: MetricSet,
    /// The zone in which the range was meant.
    pub time_zone: Tz,
    /// Where it stands.
    pub status: JobStatus,
    /// What it waits for, while paused.
    pub pause_reason: Option<PauseReason>,
    /// What became of each chunk.
    pub chunk_states: ChunkStates,
    /// How far the first open chunk has come.
    pub progress: ChunkProgress,
    /// The chunks given up so far.
    pub failed_chunks: Vec<FailedChunk>,
    /// Days that could not be had.
    pub gaps: Vec<Gap>,
    /// Why it failed, or what failed and is tried again at `retry_at`, in a sentence for people.
    pub error_message: Option<String>,
    /// The fencing token: every claim and every control raises it, and a write holding an older one is refused.
    pub fence: u64,
    /// Until when the present worker alone may write.
    pub lease_until: Option<DateTime<Utc>>,
    /// Names the claim, so that a repeated claim request recognises its own success.
    pub claim_token: Option<Uuid>,
    /// Claims of the current chunk since one of them ended otherwise than in a failure.
    pub attempts: u32,
    /// Not to be claimed before this moment.
    pub retry_at: Option<DateTime<Utc>>,
    /// By when something must happen to it; none once finished.
    pub due_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When a worker first claimed it.
    pub started_at: Option<DateTime<Utc>>,
    /// When it finished.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What a new job is made from.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its id.
    pub job_id: JobId,
    /// Whose it is.
    pub user_id: UserId,
    /// The Garmin account to import from.
    pub account: AccountKey,
    /// What kind of sync.
    pub sync_type: SyncType,
    /// The days.
    pub range: DateRange,
    /// What to import.
    pub metric_types: MetricSet,
    /// The zone in which the range was meant.
    pub time_zone: Tz,
}

impl Job {
    /// The plan of its range.
    #[must_use]
    pub const fn plan(&self) -> ChunkPlan {
        ChunkPlan::new(self.range)
    }

    /// The chunk to work on next: the first that is open.
    #[must_use]
    pub fn current_chunk(&self) -> Option<Chunk> {
        self.chunk_states.first_open().and_then(|index| self.plan().chunk(index))
    }

    /// Chunks imported.
    #[must_use]
    pub fn chunks_completed(&self) -> u32 {
        self.chunk_states.count(ChunkState::Done)
    }

    /// Chunks planned, at least 1.
    #[must_use]
    pub fn chunks_total(&self) -> u32 {
        self.chunk_states.total()
    }

    /// Whole percent of the chunks imported: never goes down, and 100 only when the job is completed.
    #[must_use]
    pub fn percent_complete(&self) -> u32 {
        if self.status == JobStatus::Completed {
            return 100;
        }
        (self.chunks_completed() * 100 / self.chunks_total().max(1)).min(99)
    }

    /// The end of the unbroken run of imported chunks from the start: where a resume goes on.
    #[must_use]
    pub fn last_successful_date(&self) -> Option<NaiveDate> {
        let last_done = self.chunk_states.done_prefix().checked_sub(1)?;
        self.plan().chunk(last_done).map(|chunk| chunk.range.end())
    }

    /// Seconds until it is done at the pace so far, and never more than [`ESTIMATED_SECONDS_PER_CHUNK`] for each chunk: the
    /// pace counts throttles and pauses too. None when it is not running or nothing is done yet. Computed from what is
    /// stored alone, so that two reads of an unchanged job agree.
    #[must_use]
    pub fn eta_seconds(&self) -> Option<u64> {
        let done = u64::from(self.chunks_completed());
        if self.status != JobStatus::Running || done == 0 {
            return None;
        }
        let elapsed = u64::try_from((self.updated_at - self.started_at?).num_seconds()).ok()?;
        let open = u64::from(self.chunk_states.count(ChunkState::Open));
        Some((elapsed * open).div_ceil(done).min(open * ESTIMATED_SECONDS_PER_CHUNK))
    }

    /// Whether a worker may claim it at `now`: unfinished, not paused, past its `retry_at`, and without a live lease.
    #[must_use]
    pub fn is_claimable(&self, now: DateTime<Utc>) -> bool {
        matches!(self.status, JobStatus::Pending | JobStatus::Running)
            && self.retry_at.is_none_or(|retry_at| retry_at <= now)
            && self.lease_until.is_none_or(|lease_until| lease_until <= now)
    }

    /// Whether it is this worker's: it [is claimable](Self::is_claimable), and nobody has claimed, paused or resumed it since
    /// the nudge was sent that the worker follows.
    #[must_use]
    pub fn accepts(&self, claim: &Claim) -> bool {
        self.is_claimable(claim.now) && claim.nudged_at.is_none_or(|fence| self.fence <= fence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(metric: MetricType, start: &str, end: &str) -> Gap {
        Gap { metric, start: start.parse().unwrap(), end: end.parse().unwrap(), reason: GapReason::Offloaded }
    }

    #[test]
    fn gaps_that_touch_become_one() {
        let merged = merge_gaps([
            gap(MetricType::Stress, "2024-01-01", "2024-01-30"),
            gap(MetricType::Hrv, "2024-01-31", "2024-02-29"),
            gap(MetricType::Stress, "2024-01-31", "2024-02-29"),
            gap(MetricType::Stress, "2024-03-02", "2024-03-02"),
        ]);
        assert_eq!(
            merged,
            [
                gap(MetricType::Stress, "2024-01-01", "2024-02-29"),
                gap(MetricType::Stress, "2024-03-02", "2024-03-02"),
                gap(MetricType::Hrv, "2024-01-31", "2024-02-29"),
            ]
        );
    }

    #[test]
    fn chunk_states_read_back_as_written() {
        let states: ChunkStates = "ddf.".parse().unwrap();
        assert_eq!(states.to_string(), "ddf.");
        assert_eq!((states.done_prefix(), states.first_open(), states.total()), (2, Some(3), 4));
        assert_eq!("dx".parse::<ChunkStates>(), Err(InvalidChunkState));
    }

    #[test]
    fn a_window_is_covered_by_done_windows_of_its_source_together() {
        let window = |text: &str| text.parse::<Window>().unwrap();
        let progress = ChunkProgress {
            done: vec![
                window("hrv@2024-01-01..2024-01-10"),
                window("hrv@2024-01-11..2024-01-20"),
                window("activity@7"),
            ],
            found: vec![],
        };
        assert!(progress.covers(&window("hrv@2024-01-05..2024-01-15")));
        assert!(!progress.covers(&window("hrv@2024-01-15..2024-01-21")));
        assert!(!progress.covers(&window("sleep@2024-01-05..2024-01-05")));
        assert!(progress.covers(&window("activity@7")));
        assert!(!progress.covers(&window("activity@8")));
    }
}
