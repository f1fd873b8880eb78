//! Starting a sync: the checks, the one transaction, the first nudge; and the estimate a dialog shows before it.

use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::nudge_or_leave_it_to_the_sweeper;
use crate::dates::{ChunkPlan, DateRange, EARLIEST, MAX_YEARS, parse_date, today_in};
use crate::ids::{JobId, UserId};
use crate::job::{Job, JobStatus, NewJob, SyncType};
use crate::link::Link;
use crate::metric::MetricSet;
use crate::ports::{
    Applied, ChunkQueue, Clock, Ids, JobStore, LinkStore, RememberedAnswer, StartOutcome, StoreError,
};
use crate::timing::{
    IDEMPOTENCY_WINDOW, INCREMENTAL_FIRST_DAYS, INCREMENTAL_OVERLAP_DAYS, UP_TO_DATE_FOR, estimated_minutes,
};

/// Why a range was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// One or both are not given.
    #[error("a start and an end date are required")]
    Missing,
    /// One is not a calendar date in the one form.
    #[error("not a calendar date in the form YYYY-MM-DD")]
    InvalidDate,
    /// The start is after the end.
    #[error("the start is after the end")]
    StartAfterEnd,
    /// The end is after the person's today.
    #[error("the end is in the future")]
    EndInFuture,
    /// The start is before [`EARLIEST`].
    #[error("the start is too early")]
    TooEarly,
    /// More than [`MAX_YEARS`] years.
    #[error("the range is too long")]
    TooLong,
}

/// Why a sync was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The dates.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// There is no active link.
    #[error("no Garmin account is linked")]
    NotLinked,
    /// Another user imports from the same Garmin account now.
    #[error("another user's job holds the Garmin account")]
    AccountBusy,
    /// The idempotency key came with another request before.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// A store failed.
    #[error("a store failed")]
    Store(#[from] StoreError),
    /// A stored answer does not read back, or one does not serialise.
    #[error("a remembered answer is not readable")]
    RememberedAnswer(#[source] serde_json::Error),
}

/// Who asks, for what, in which zone.
#[derive(Clone, Debug)]
pub struct StartRequest {
    /// Who asks.
    pub user_id: UserId,
    /// What to import.
    pub metric_types: MetricSet,
    /// What "today" means to the caller; else the link's zone does.
    pub time_zone: Option<Tz>,
    /// Makes a repeated request answer the same; at most 64 characters.
    pub idempotency_key: Option<String>,
}

/// What a start answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum StartAnswer {
    /// A job was made.
    Started {
        /// Its id.
        job_id: JobId,
        /// How many chunks it has.
        chunks_total: u32,
        /// The days it imports.
        range: DateRange,
        /// Minutes it is expected to take.
        estimated_minutes: u64,
    },
    /// An unfinished job stands in the way.
    AlreadyRunning {
        /// Its id.
        job_id: JobId,
    },
    /// A sync finished moments ago.
    UpToDate,
}

/// What a range amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Calendar days.
    pub days: u32,
    /// Chunks.
    pub chunks: u32,
    /// Minutes it is expected to take.
    pub minutes: u64,
}

/// What a start needs.
#[derive(Clone, Debug)]
pub struct Starter<J, L, Q, C, I> {
    /// The jobs.
    pub jobs: J,
    /// The links.
    pub links: L,
    /// The queue.
    pub queue: Q,
    /// The time.
    pub clock: C,
    /// Where job ids come from.
    pub ids: I,
}

impl<J: JobStore, L: LinkStore, Q: ChunkQueue, C: Clock, I: Ids> Starter<J, L, Q, C, I> {
    /// Starts an import of the days from `start` to `end`.
    ///
    /// # Errors
    /// [`StartError`]; nothing was started, unless it is a [`StoreError::OutcomeUnknown`].
    pub async fn historical(
        &self,
        request: &StartRequest,
        start: Option<&str>,
        end: Option<&str>,
    ) -> Result<StartAnswer, StartError> {
        let question = format!("historical {start:?} {end:?} {}", describe(request));
        self.repeatable(request, question, async |link, now| {
            let range = self.checked_range(request.time_zone, link, start, end, now)?;
            Ok(Wish::Import(SyncType::Historical, range))
        })
        .await
    }

    /// Starts an import of the last days up to the person's today.
    ///
    /// # Errors
    /// [`StartError`]; nothing was started, unless it is a [`StoreError::OutcomeUnknown`].
    pub async fn incremental(&self, request: &StartRequest) -> Result<StartAnswer, StartError> {
        let question = format!("incremental {}", describe(request));
        self.repeatable(request, question, async |link, now| {
            let link = link.ok_or(StartError::NotLinked)?;
            let today = today_in(request.time_zone.unwrap_or(link.time_zone), now);
            if self.is_up_to_date(request, link, today, now).await? {
                return Ok(Wish::Nothing);
            }
            Ok(Wish::Import(SyncType::Incremental, incremental_range(link.last_successful_sync_date, today)))
        })
        .await
    }

    /// What an import of the days from `start` to `end` would amount to.
    ///
    /// # Errors
    /// [`StartError::Range`] as a start would answer; [`StartError::Store`].
    pub async fn estimate(
        &self,
        user: &UserId,
        time_zone: Option<Tz>,
        start: Option<&str>,
        end: Option<&str>,
    ) -> Result<Estimate, StartError> {
        let link = self.links.link(user).await?;
        let range = self.checked_range(time_zone, link.as_ref(), start, end, self.clock.now())?;
        let chunks = ChunkPlan::new(range).total();
        Ok(Estimate { days: range.days(), chunks, minutes: estimated_minutes(chunks) })
    }

    fn checked_range(
        &self,
        time_zone: Option<Tz>,
        link: Option<&Link>,
        start: Option<&str>,
        end: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<DateRange, RangeError> {
        let zone = time_zone.or(link.map(|link| link.time_zone)).unwrap_or(Tz::UTC);
        check_range(start, end, today_in(zone, now))
    }

    /// Whether a completed job has imported all that was asked up to today, less than [`UP_TO_DATE_FOR`] ago.
    async fn is_up_to_date(
        &self,
        request: &StartRequest,
        link: &Link,
        today: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        if link.active_job_id.is_some() {
            return Ok(false);
        }
        let latest = self.jobs.jobs(&request.user_id, 1, None).await?.items.into_iter().next();
        Ok(latest.is_some_and(|job| {
            job.status == JobStatus::Completed
                && job.account == link.account
                // What came before the link may have been erased with the one before.
                && job.created_at >= link.linked_at
                && job.range.end() >= today
                && job.metric_types.is_superset(&request.metric_types)
                && job.completed_at.is_some_and(|completed_at| now - completed_at < UP_TO_DATE_FOR)
        }))
    }

    async fn repeatable(
        &self,
        request: &StartRequest,
        question: String,
        decide: impl AsyncFnOnce(Option<&Link>, DateTime<Utc>) -> Result<Wish, StartError>,
    ) -> Result<StartAnswer, StartError> {
        let now = self.clock.now();
        if let Some(answer) = self.remembered(request, &question, now).await? {
            return Ok(answer);
        }
        let link = self.links.link(&request.user_id).await?;
        let active_link = link.as_ref().filter(|link| link.is_active);
        let wish = decide(active_link, now).await?;
        let link = active_link.ok_or(StartError::NotLinked)?;
        let answer = match wish {
            Wish::Nothing => StartAnswer::UpToDate,
            Wish::Import(sync_type, range) => {
                match self.start(request, &question, link, sync_type, range, now).await? {
                    Ok(answer) => return Ok(answer),
                    Err(StartOutcome::UserBusy(job_id)) => StartAnswer::AlreadyRunning { job_id },
                    Err(StartOutcome::AccountBusy) => return Err(StartError::AccountBusy),
                    Err(StartOutcome::NotLinked) => return Err(StartError::NotLinked),
                    // Somebody sent the same key at the same moment and was first: its answer is ours.
                    Err(StartOutcome::Started | StartOutcome::Repeated) => {
                        let first = self.remembered(request, &question, now).await?;
                        return first.ok_or(StartError::KeyReused);
                    }
                }
            }
        };
        if let Some(remember) = remember(request, question.clone(), &answer, now)?
            && self.jobs.remember(&request.user_id, &remember).await? == Applied::Lost
            && let Some(first) = self.remembered(request, &question, now).await?
        {
            return Ok(first);
        }
        Ok(answer)
    }

    /// The one transaction, and the first nudge. The inner error is what else a store may say of a start.
    async fn start(
        &self,
        request: &StartRequest,
        question: &str,
        link: &Link,
        sync_type: SyncType,
        range: DateRange,
        now: DateTime<Utc>,
    ) -> Result<Result<StartAnswer, StartOutcome>, StartError> {
        let job = Job::new(
            NewJob {
                job_id: self.ids.job_id(now),
                user_id: request.user_id.clone(),
                account: link.account.clone(),
                sync_type,
                range,
                metric_types: request.metric_types.clone(),
                time_zone: request.time_zone.unwrap_or(link.time_zone),
            },
            now,
        );
        let answer = StartAnswer::Started {
            job_id: job.key.job_id,
            chunks_total: job.chunks_total(),
            range,
            estimated_minutes: estimated_minutes(job.chunks_total()),
        };
        let remember = remember(request, question.to_owned(), &answer, now)?;
        Ok(match self.jobs.start(&job, remember.as_ref()).await? {
            StartOutcome::Started => {
                tracing::info!(job_id = %job.key.job_id, chunks = job.chunks_total(), sync_type = sync_type.name(), "job started");
                nudge_or_leave_it_to_the_sweeper(&self.queue, &job, TimeDelta::zero()).await;
                Ok(answer)
            }
            refused => Err(refused),
        })
    }

    async fn remembered(
        &self,
        request: &StartRequest,
        question: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<StartAnswer>, StartError> {
        let Some(key) = &request.idempotency_key else {
            return Ok(None);
        };
        let Some(remembered) = self.jobs.remembered(&request.user_id, key, now).await? else {
            return Ok(None);
        };
        if remembered.request != question {
            return Err(StartError::KeyReused);
        }
        serde_json::from_value(remembered.answer).map(Some).map_err(StartError::RememberedAnswer)
    }
}

enum Wish {
    Nothing,
    Import(SyncType, DateRange),
}

fn describe(request: &StartRequest) -> String {
    let metrics: Vec<_> = request.metric_types.iter().map(crate::MetricType::name).collect();
    let zone = request.time_zone.map_or("", |zone| zone.name());
    if request.metric_types.is_all() {
        format!("all {zone}")
    } else {
        format!("{} {zone}", metrics.join(","))
    }
}

fn remember(
    request: &StartRequest,
    question: String,
    answer: &StartAnswer,
    now: DateTime<Utc>,
) -> Result<Option<RememberedAnswer>, StartError> {
    let Some(key) = request.idempotency_key.clone() else {
        return Ok(None);
    };
    let answer = serde_json::to_value(answer).map_err(StartError::RememberedAnswer)?;
    Ok(Some(RememberedAnswer { key, request: question, answer, expires_at: now + IDEMPOTENCY_WINDOW }))
}

/// The range that two texts name, checked in the order in which people would be told.
///
/// # Errors
/// The first [`RangeError`] that applies.
pub fn check_range(
    start: Option<&str>,
    end: Option<&str>,
    today: NaiveDate,
) -> Result<DateRange, RangeError> {
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let (Some(start), Some(end)) = (given(start), given(end)) else {
        return Err(RangeError::Missing);
    };
    let start = parse_date(&start).map_err(|_| RangeError::InvalidDate)?;
    let end = parse_date(&end).map_err(|_| RangeError::InvalidDate)?;
    let range = DateRange::new(start, end).map_err(|_| RangeError::StartAfterEnd)?;
    if end > today {
        return Err(RangeError::EndInFuture);
    }
    if start < EARLIEST {
        return Err(RangeError::TooEarly);
    }
    if start.checked_add_months(Months::new(MAX_YEARS * 12)).is_some_and(|limit| end >= limit) {
        return Err(RangeError::TooLong);
    }
    Ok(range)
}

/// What an incremental sync imports: from two days before the watermark (watches upload late), or the last seven
/// days, up to today.
#[must_use]
pub fn incremental_range(watermark: Option<NaiveDate>, today: NaiveDate) -> DateRange {
    let start = match watermark {
        Some(watermark) => watermark.checked_sub_days(Days::new(INCREMENTAL_OVERLAP_DAYS)),
        None => today.checked_sub_days(Days::new(INCREMENTAL_FIRST_DAYS)),
    };
    // A watermark ahead of today (the person flew west) still leaves today to import.
    let start = start.unwrap_or(today).clamp(EARLIEST.min(today), today);
    DateRange::new(start, today).unwrap_or(DateRange::day(today))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    #[test]
    fn a_range_is_refused_for_the_first_reason_that_people_would_be_told() {
        let today = date("2024-06-15");
        for (start, end, expected) in [
            (None, Some("2024-01-01"), Err(RangeError::Missing)),
            (Some("2024-01-01"), None, Err(RangeError::Missing)),
            (Some(""), Some("2024-01-01"), Err(RangeError::Missing)),
            (Some("2024-1-1"), Some("2024-01-02"), Err(RangeError::InvalidDate)),
            (Some("2024-02-30"), Some("2024-03-01"), Err(RangeError::InvalidDate)),
            (Some("2024-01-02"), Some("2024-01-01"), Err(RangeError::StartAfterEnd)),
            (Some("2024-06-15"), Some("2024-06-16"), Err(RangeError::EndInFuture)),
            (Some("1999-12-31"), Some("2024-06-15"), Err(RangeError::TooEarly)),
        ] {
            assert_eq!(
                check_range(start, end, today),
                expected.map(|(): ()| DateRange::day(today)),
                "{start:?} {end:?}"
            );
        }
        assert_eq!(check_range(Some("2024-06-15"), Some("2024-06-15"), today), Ok(DateRange::day(today)));
    }

    #[test]
    fn thirty_years_are_allowed_and_a_day_more_is_not() {
        let today = date("2035-01-01");
        assert!(check_range(Some("2000-01-01"), Some("2029-12-31"), today).is_ok());
        assert_eq!(check_range(Some("2000-01-01"), Some("2030-01-01"), today), Err(RangeError::TooLong));
    }

    #[test]
    fn an_incremental_sync_overlaps_the_watermark_by_two_days() {
        let today = date("2024-06-15");
        let range = |start: &str| DateRange::new(date(start), today).unwrap();
        assert_eq!(incremental_range(Some(date("2024-06-14")), today), range("2024-06-12"));
        assert_eq!(incremental_range(None, today), range("2024-06-08"));
        assert_eq!(incremental_range(Some(date("2024-06-20")), today), range("2024-06-15"));
    }
}
