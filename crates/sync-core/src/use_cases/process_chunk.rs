//! The worker: claim a job, import one chunk of it (or as much as time allows), commit data and cursor together, nudge.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::nudge_or_leave_it_to_the_sweeper;
use crate::dates::{Chunk, DateRange, today_in};
use crate::ids::AccountKey;
use crate::job::{ChunkProgress, Gap, GapReason, Job, JobStatus, PauseReason};
use crate::link::{Link, Tokens};
use crate::ports::{
    Applied, ChunkQueue, ClaimOutcome, Clock, FetchError, GarminSource, Ids, JobStore, LinkStore, Nudge,
    RefreshError, Session, StoreError, TokenVault, VaultError,
};
use crate::record::{Attribute, RecordUpsert};
use crate::timing::{
    COMMIT_MARGIN, LEASE_MARGIN, MAX_CLAIMS, REFRESH_BEFORE_EXPIRY, breaker_wait, retry_wait, throttle_wait,
};
use crate::transition::{self, Claim, Transition};
use crate::window::{DayOutcome, PlanRequest, SourceId, Window, WindowScope};

/// How often in a row a source may be unavailable before its other windows are left for the next claim; once, where another
/// has just been so.
const MAX_SILENCES_OF_A_SOURCE: u32 = 2;

/// Sources that may be unavailable in a row before the rest of the chunk is left for the next claim: Garmin is down then, and
/// asking on would only cost time. One source alone never keeps the others from being asked.
const MAX_SILENT_SOURCES: usize = 3;

/// How often a fresh token pair is tried to be stored before it is given up, and with it the sign-in.
const TOKEN_STORE_TRIES: u32 = 3;

/// What became of a nudge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkOutcome {
    /// A chunk is finished. `job_finished` tells whether it was the last.
    Done {
        /// Whether the job is finished too, completed or failed.
        job_finished: bool,
    },
    /// The chunk goes on in a later invocation: time was up, or something failed and may work later.
    AgainLater,
    /// The job waits for Garmin or for a sign-in.
    Paused(PauseReason),
    /// The chunk was given up and recorded. `job_finished` tells whether it was the last.
    Failed {
        /// Whether the job is finished too.
        job_finished: bool,
    },
    /// Nothing to do: the job is finished, paused, not due yet, another worker has it, or it has moved on since the nudge was
    /// sent. The nudge is used up.
    NotOurs,
}

/// Why an invocation gave up without recording anything. The message comes back, or the sweeper sends another.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// A store failed, or the outcome of a write is unknown.
    #[error("a store failed")]
    Store(#[from] StoreError),
    /// The key service does not answer.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
}

/// What working needs.
#[derive(Clone, Debug)]
pub struct Worker<J, L, Q, V, G, C, I> {
    /// The jobs.
    pub jobs: J,
    /// The links.
    pub links: L,
    /// The queue.
    pub queue: Q,
    /// Opens and seals tokens.
    pub vault: V,
    /// Garmin.
    pub garmin: G,
    /// The time.
    pub clock: C,
    /// Where claim tokens come from.
    pub ids: I,
}

/// What a chunk has yielded so far in this invocation.
#[derive(Default)]
struct Yield {
    /// What the plan of the chunk names, and will name again.
    planned: Vec<Window>,
    records: Vec<RecordUpsert>,
    done: Vec<Window>,
    gaps: Vec<Gap>,
    /// The first failure, in words that hold no health value, and how many there were.
    first_failure: Option<String>,
    failures: u32,
}

impl Yield {
    /// The day of an object, if its record names one.
    fn day_of(&self, scope: &WindowScope) -> Option<DateRange> {
        let WindowScope::Object(id) = scope else { return None };
        let mut of_object = self.records.iter().filter(|record| record.key.id == *id);
        let start = of_object.find_map(|record| match record.attributes.get("start_local") {
            Some(Attribute::Json(start)) => start.as_str()?.get(..10),
            _ => None,
        });
        let day = start?.parse().ok()?;
        DateRange::new(day, day).ok()
    }
}

/// Who has not answered since Garmin answered last.
#[derive(Default)]
struct Silence {
    /// How often in a row, by source.
    of: BTreeMap<SourceId, u32>,
    /// Sources that are not asked any more in this invocation.
    set_aside: BTreeSet<SourceId>,
}

impl Silence {
    /// Garmin answers, whatever it says.
    fn is_broken(&mut self) {
        self.of.clear();
    }

    /// One more window got no answer: whether it is Garmin that is silent and not a source.
    fn is_garmins(&mut self, source: &SourceId) -> bool {
        let times = self.of.entry(source.clone()).or_default();
        *times += 1;
        if *times >= MAX_SILENCES_OF_A_SOURCE || self.of.len() > 1 {
            self.set_aside.insert(source.clone());
        }
        self.of.len() >= MAX_SILENT_SOURCES
    }

    fn covers(&self, source: &SourceId) -> bool {
        self.set_aside.contains(source)
    }
}

/// Throttles in a row, before this invocation: of the account, and over all accounts.
#[derive(Clone, Copy)]
struct Throttles {
    account: u32,
    everybody: u32,
}

/// Why the worker stopped asking.
enum Stop {
    AllAsked,
    TimeIsUp,
    Throttled {
        retry_at: DateTime<Utc>,
    },
    ReauthRequired,
    /// The token endpoint does not answer: no window can be asked.
    NoToken {
        code: String,
    },
}

impl<J, L, Q, V, G, C, I> Worker<J, L, Q, V, G, C, I>
where
    J: JobStore,
    L: LinkStore,
    Q: ChunkQueue,
    V: TokenVault,
    G: GarminSource,
    C: Clock,
    I: Ids,
{
    /// Does what a nudge asks for: looks at the job and works on its next chunk until `deadline`, when this invocation
    /// is ended from outside.
    ///
    /// # Errors
    /// [`ProcessError`] when nothing can be said of the job; its lease then runs out, and the next nudge reads the truth.
    pub async fn process(
        &self,
        nudge: &Nudge,
        deadline: DateTime<Utc>,
    ) -> Result<ChunkOutcome, ProcessError> {
        let now = self.clock.now();
        let claim = Claim {
            now,
            lease_until: deadline.max(now) + LEASE_MARGIN,
            token: self.ids.claim_token(),
            nudged_at: nudge.fence,
        };
        let ClaimOutcome::Claimed(job) = self.jobs.claim(&nudge.key, &claim).await? else {
            return Ok(ChunkOutcome::NotOurs);
        };
        let Some(chunk) = job.current_chunk() else {
            // Every chunk has its end, only the job has not: finish it.
            let transition = transition::chunk_done(&job, Vec::new(), None, self.clock.now());
            return self.commit(&transition, &[]).await;
        };
        if job.attempts > MAX_CLAIMS {
            let error = format!("given up after {MAX_CLAIMS} tries that ended without a result");
            let transition = transition::chunk_failed(&job, error, Vec::new(), self.clock.now());
            return self.commit(&transition, &[]).await;
        }
        let Some(link) = self.links.link(&job.key.user_id).await?.filter(|link| link.serves(&job.account))
        else {
            return self
                .pause(&job, Yield::default(), VecDeque::new(), PauseReason::ReauthRequired, None)
                .await;
        };
        let everybody = AccountKey::everybody();
        // The account itself last: what it says must be as fresh as can be when the first call goes out.
        let all = self.links.account(&everybody).await?;
        let account = self.links.account(&job.account).await?;
        if let Some(not_before) =
            account.not_before.max(all.not_before).filter(|not_before| *not_before > now)
        {
            let reason = PauseReason::Throttled;
            return self.pause(&job, Yield::default(), VecDeque::new(), reason, Some(not_before)).await;
        }
        let throttles =
            Throttles { account: account.consecutive_throttles, everybody: all.consecutive_throttles };

        let (mut yielded, mut windows) = self.plan(&job, chunk, &link, now);
        let stop = self.ask(&job, &link, throttles, &mut windows, &mut yielded, deadline).await?;
        match stop {
            Stop::AllAsked if yielded.first_failure.is_some() => {
                self.end_with_failures(&job, yielded, windows).await
            }
            Stop::AllAsked => {
                if throttles.account > 0 {
                    self.links.clear_throttles(&job.account).await?;
                }
                if throttles.everybody > 0 {
                    self.links.clear_throttles(&everybody).await?;
                }
                let now = self.clock.now();
                let transition =
                    transition::chunk_done(&job, yielded.gaps, link.last_successful_sync_date, now);
                self.commit(&transition, &RecordUpsert::merged(yielded.records)).await
            }
            Stop::TimeIsUp => {
                let found = found(&yielded, windows);
                let transition =
                    transition::hand_over(&job, yielded.done, found, yielded.gaps, self.clock.now());
                self.commit(&transition, &RecordUpsert::merged(yielded.records)).await
            }
            Stop::Throttled { retry_at } => {
                self.pause(&job, yielded, windows, PauseReason::Throttled, Some(retry_at)).await
            }
            Stop::ReauthRequired => {
                self.pause(&job, yielded, windows, PauseReason::ReauthRequired, None).await
            }
            Stop::NoToken { code } => {
                note_failure("token refresh", &format!("Garmin is unavailable ({code})"), &mut yielded);
                self.end_with_failures(&job, yielded, windows).await
            }
        }
    }

    /// The windows of the chunk that are still to be asked, and what is known of it without asking.
    fn plan(&self, job: &Job, chunk: Chunk, link: &Link, now: DateTime<Utc>) -> (Yield, VecDeque<Window>) {
        let plan = self.garmin.plan(&PlanRequest {
            range: chunk.range,
            metrics: &job.metric_types,
            today: today_in(link.time_zone, now),
            first_chunk: chunk.index == 0,
        });
        let gaps = plan.offloaded.into_iter().map(|(metric, range)| Gap {
            metric,
            start: range.start(),
            end: range.end(),
            reason: GapReason::Offloaded,
        });
        let gaps = gaps.collect();
        let ChunkProgress { found, .. } = &job.progress;
        let open = plan.windows.iter().filter(|window| !job.progress.is_begun(window));
        let windows =
            found.iter().chain(open).filter(|window| !job.progress.covers(window)).cloned().collect();
        (Yield { planned: plan.windows, gaps, ..Yield::default() }, windows)
    }

    /// Asks window after window until all are asked, time is up, or Garmin says stop.
    async fn ask(
        &self,
        job: &Job,
        link: &Link,
        throttles: Throttles,
        windows: &mut VecDeque<Window>,
        yielded: &mut Yield,
        deadline: DateTime<Utc>,
    ) -> Result<Stop, ProcessError> {
        let mut tokens = match self.fresh_tokens(link, throttles).await? {
            Ok(tokens) => tokens,
            Err(stop) => return Ok(stop),
        };
        let mut version = tokens.1;
        let mut refreshed_for_401 = false;
        let mut silence = Silence::default();
        let mut failed = Vec::new();
        let mut asked_any = false;
        let stop = loop {
            let Some(window) = windows.pop_front() else {
                break Stop::AllAsked;
            };
            if silence.covers(&window.source) {
                failed.push(window);
                continue;
            }
            let now = self.clock.now();
            // One window is asked however short the time, or an invocation might do nothing but hand over; but none when
            // the time is over: a worker that was frozen knows nothing of what has happened since it looked.
            let no_time_at_all = now + COMMIT_MARGIN >= deadline;
            let no_time_for_another =
                asked_any && now + self.garmin.longest_window() + COMMIT_MARGIN > deadline;
            if no_time_at_all || no_time_for_another {
                windows.push_front(window);
                break Stop::TimeIsUp;
            }
            asked_any = true;
            let session = Session {
                display_name: link.display_name.clone(),
                access: tokens.0.access.clone(),
                account: job.account.clone(),
                today: today_in(link.time_zone, now),
            };
            let answer = self.garmin.fetch(&session, &window, deadline - COMMIT_MARGIN).await;
            if !matches!(answer, Err(FetchError::Unavailable { .. })) {
                silence.is_broken();
            }
            match answer {
                Ok(fetched) => {
                    yielded.records.extend(fetched.records);
                    for found in fetched.found.into_iter().rev().filter(|found| !job.progress.covers(found)) {
                        windows.push_front(found);
                    }
                    yielded.done.push(window);
                }
                Err(FetchError::Refused) => {
                    self.note_refusal(job, &window, yielded);
                    yielded.done.push(window);
                }
                Err(FetchError::RangeTooLong) => match window.halves() {
                    // An earlier invocation may have come to this window too, and have got one half done.
                    Some(halves) => {
                        let open = halves.into_iter().rev().filter(|half| !job.progress.covers(half));
                        open.for_each(|half| windows.push_front(half));
                    }
                    None => {
                        note_failure(&name_for_people(&window), "Garmin refuses even a single day", yielded);
                        failed.push(window);
                    }
                },
                Err(FetchError::Unauthorized) if !refreshed_for_401 => {
                    refreshed_for_401 = true;
                    windows.push_front(window);
                    match self.refresh(link, &tokens.0, version, throttles).await? {
                        Ok(fresh) => {
                            version = fresh.1;
                            tokens = fresh;
                        }
                        Err(stop) => break stop,
                    }
                }
                Err(FetchError::Unauthorized) => {
                    windows.push_front(window);
                    let _ = self.links.require_reauth(&link.user_id, version, self.clock.now()).await?;
                    break Stop::ReauthRequired;
                }
                Err(FetchError::Throttled { retry_after }) => {
                    windows.push_front(window);
                    break self.throttled(&job.account, retry_after, throttles).await?;
                }
                Err(FetchError::OutOfTime) => {
                    windows.push_front(window);
                    break Stop::TimeIsUp;
                }
                Err(
                    error @ (FetchError::Unavailable { .. }
                    | FetchError::Unreadable { .. }
                    | FetchError::Unexpected { .. }),
                ) => {
                    tracing::warn!(job_id = %job.key.job_id, window = %window, error = %error, "window failed");
                    note_failure(&name_for_people(&window), &error.to_string(), yielded);
                    if matches!(error, FetchError::Unavailable { .. }) && silence.is_garmins(&window.source) {
                        failed.push(window);
                        break Stop::AllAsked;
                    }
                    failed.push(window);
                }
            }
        };
        // What failed is still to be asked, before what was not reached.
        failed.into_iter().rev().for_each(|window| windows.push_front(window));
        Ok(stop)
    }

    fn note_refusal(&self, job: &Job, window: &Window, yielded: &mut Yield) {
        // A detail of an activity lacks on the activity's day, which the list has told if it was read in this invocation.
        let days = window
            .range()
            .or_else(|| yielded.day_of(&window.scope))
            .or_else(|| job.current_chunk().map(|chunk| chunk.range));
        let Some(days) = days else { return };
        let metrics = self.garmin.metrics(window).iter().filter(|metric| job.metric_types.contains(**metric));
        yielded.gaps.extend(metrics.map(|metric| Gap {
            metric: *metric,
            start: days.start(),
            end: days.end(),
            reason: GapReason::Refused,
        }));
        if let WindowScope::Days(days) = window.scope {
            let marks =
                days.iter().map(|date| RecordUpsert::coverage(date, &window.source, DayOutcome::Refused));
            yielded.records.extend(marks);
        }
    }

    /// Some windows failed: the chunk is tried again, or given up when its claims are used up. What succeeded is kept.
    async fn end_with_failures(
        &self,
        job: &Job,
        yielded: Yield,
        windows: VecDeque<Window>,
    ) -> Result<ChunkOutcome, ProcessError> {
        let now = self.clock.now();
        let found = found(&yielded, windows);
        let records = RecordUpsert::merged(yielded.records);
        let first = yielded.first_failure.unwrap_or_default();
        let error = match yielded.failures {
            0 | 1 => first,
            more => format!("{first}, and {} more", more - 1),
        };
        let transition = if job.attempts >= MAX_CLAIMS {
            transition::chunk_failed(job, error, yielded.gaps, now)
        } else {
            let retry_at = now + retry_wait(job.attempts);
            transition::try_again(job, error, yielded.done, found, yielded.gaps, retry_at, now)
        };
        self.commit(&transition, &records).await
    }

    async fn pause(
        &self,
        job: &Job,
        yielded: Yield,
        windows: VecDeque<Window>,
        reason: PauseReason,
        retry_at: Option<DateTime<Utc>>,
    ) -> Result<ChunkOutcome, ProcessError> {
        // A claim that never came to planning knows nothing of what was found before: it stays.
        let found = if windows.is_empty() { job.progress.found.clone() } else { found(&yielded, windows) };
        let now = self.clock.now();
        let transition =
            transition::pause_for_garmin(job, yielded.done, found, yielded.gaps, reason, retry_at, now);
        self.commit(&transition, &RecordUpsert::merged(yielded.records)).await
    }

    /// The one write that ends an invocation, and the nudge that follows it.
    async fn commit(
        &self,
        transition: &Transition,
        records: &[RecordUpsert],
    ) -> Result<ChunkOutcome, ProcessError> {
        let (before, after) = (&transition.before, &transition.after);
        if self.jobs.apply(transition, records).await? == Applied::Lost {
            // Cancelled, paused, unlinked or overtaken while we worked: nothing of ours was written.
            tracing::info!(job_id = %before.key.job_id, fence = before.fence, "commit refused: the job has moved on");
            return Ok(ChunkOutcome::NotOurs);
        }
        tracing::info!(
            job_id = %before.key.job_id,
            fence = before.fence,
            status = after.status.name(),
            chunks_completed = after.chunks_completed(),
            chunks_total = after.chunks_total(),
            records = records.len(),
            "committed"
        );
        if matches!(after.status, JobStatus::Pending | JobStatus::Running) {
            let delay = after.retry_at.map_or(TimeDelta::zero(), |retry_at| retry_at - after.updated_at);
            nudge_or_leave_it_to_the_sweeper(&self.queue, after, delay).await;
        }
        let job_finished = !after.status.is_unfinished();
        Ok(match (after.pause_reason, before.chunk_states == after.chunk_states) {
            (Some(reason), _) => ChunkOutcome::Paused(reason),
            (None, true) => ChunkOutcome::AgainLater,
            (None, false) if after.failed_chunks.len() > before.failed_chunks.len() => {
                ChunkOutcome::Failed { job_finished }
            }
            (None, false) => ChunkOutcome::Done { job_finished },
        })
    }

    /// The link's tokens, refreshed first when they are about to expire. The inner error says why the job must stop.
    async fn fresh_tokens(
        &self,
        link: &Link,
        throttles: Throttles,
    ) -> Result<Result<(Tokens, u64), Stop>, ProcessError> {
        let Some(tokens) = self.open(link).await? else {
            return Ok(Err(Stop::ReauthRequired));
        };
        if tokens.expires_at - REFRESH_BEFORE_EXPIRY > self.clock.now() {
            return Ok(Ok((tokens, link.tokens_version)));
        }
        match self.refresh(link, &tokens, link.tokens_version, throttles).await? {
            // Refreshing early is a precaution: while the pair is good, a silent token endpoint stops nobody.
            Err(Stop::NoToken { .. }) if tokens.expires_at > self.clock.now() => {
                Ok(Ok((tokens, link.tokens_version)))
            }
            outcome => Ok(outcome),
        }
    }

    /// The link's tokens; none when they do not open, which no later try will change: the link is marked, and the person
    /// has to sign in again.
    async fn open(&self, link: &Link) -> Result<Option<Tokens>, ProcessError> {
        match self.vault.open(&link.user_id, &link.tokens).await {
            Ok(tokens) => Ok(Some(tokens)),
            Err(VaultError::Unreadable(error)) => {
                tracing::error!(error = %error, "sealed tokens do not open");
                let now = self.clock.now();
                let _ = self.links.require_reauth(&link.user_id, link.tokens_version, now).await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Trades a token pair for the next and stores it before anybody uses it. If another worker was faster, its pair is
    /// the one that counts.
    async fn refresh(
        &self,
        link: &Link,
        tokens: &Tokens,
        version: u64,
        throttles: Throttles,
    ) -> Result<Result<(Tokens, u64), Stop>, ProcessError> {
        let now = self.clock.now();
        match self.garmin.refresh(tokens).await {
            Ok(fresh) => match self.keep_tokens(link, &fresh, version, now).await? {
                Applied::Yes => Ok(Ok((fresh, version + 1))),
                Applied::Lost => self.newer_tokens(link, version).await,
            },
            // Used already, perhaps by a worker that has stored what it got since we read the link.
            Err(RefreshError::InvalidGrant) => self.newer_tokens(link, version).await,
            Err(RefreshError::Throttled { retry_after }) => {
                Ok(Err(self.throttled(&link.account, retry_after, throttles).await?))
            }
            Err(RefreshError::Unavailable { code }) => {
                tracing::warn!(code, "token refresh failed; garmin is unavailable");
                Ok(Err(Stop::NoToken { code }))
            }
        }
    }

    /// Stores a fresh pair, over `version` only. The old pair is worthless by now, and losing the new one costs the person
    /// a sign-in, so this is tried more than once. That is safe even when an outcome is unknown: if it was applied, the
    /// next try finds the version moved on, and what is stored is read.
    async fn keep_tokens(
        &self,
        link: &Link,
        fresh: &Tokens,
        version: u64,
        now: DateTime<Utc>,
    ) -> Result<Applied, ProcessError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let kept = match self.vault.reseal(&link.user_id, &link.tokens, fresh).await {
                Ok(sealed) => self
                    .links
                    .replace_tokens(&link.user_id, version, &sealed, fresh.expires_at, now)
                    .await
                    .map_err(ProcessError::from),
                Err(error) => Err(error.into()),
            };
            match kept {
                Err(error) if tries < TOKEN_STORE_TRIES => {
                    tracing::warn!(error = %error, "fresh tokens not stored; trying again");
                }
                kept => return kept,
            }
        }
    }

    /// The tokens that somebody stored after `version`; without any, the person has to sign in again.
    async fn newer_tokens(
        &self,
        link: &Link,
        version: u64,
    ) -> Result<Result<(Tokens, u64), Stop>, ProcessError> {
        let stored = self.links.link(&link.user_id).await?.filter(|stored| stored.serves(&link.account));
        match stored {
            Some(stored) if stored.tokens_version > version => {
                let version = stored.tokens_version;
                let tokens = self.open(&stored).await?;
                Ok(tokens.map(|tokens| (tokens, version)).ok_or(Stop::ReauthRequired))
            }
            _ => {
                let _ = self.links.require_reauth(&link.user_id, version, self.clock.now()).await?;
                Ok(Err(Stop::ReauthRequired))
            }
        }
    }

    /// Keeps the wait with the account before anything else, so that no other job calls earlier; and counts it over all
    /// accounts, for when Garmin throttles many it is not their doing but ours.
    async fn throttled(
        &self,
        account: &AccountKey,
        retry_after: Option<TimeDelta>,
        throttles: Throttles,
    ) -> Result<Stop, ProcessError> {
        let now = self.clock.now();
        let own = now + throttle_wait(retry_after, throttles.account);
        let own = self.links.throttle(account, own).await?;
        let everybodys = now + breaker_wait(throttles.everybody);
        let everybodys = self.links.throttle(&AccountKey::everybody(), everybodys).await?;
        if everybodys > now {
            tracing::error!(until = %everybodys, "garmin throttles account after account: nobody is asked for a while");
        }
        Ok(Stop::Throttled { retry_at: own.max(everybodys) })
    }
}

/// What is left that no plan would name again: objects that an answer led to, and the pieces of a window that Garmin
/// found too long. Without the pieces a slow Garmin would refuse the whole window in every invocation anew.
fn found(yielded: &Yield, windows: VecDeque<Window>) -> Vec<Window> {
    windows.into_iter().filter(|window| !yielded.planned.contains(window)).collect()
}

fn note_failure(what: &str, error: &str, yielded: &mut Yield) {
    yielded.failures += 1;
    yielded.first_failure.get_or_insert_with(|| format!("{what}: {error}"));
}

/// A window in the words of an error message: no object ids, for they tell people nothing.
fn name_for_people(window: &Window) -> String {
    match &window.scope {
        WindowScope::Days(range) if range.days() == 1 => format!("{} {}", window.source, range.start()),
        WindowScope::Days(range) => format!("{} {} to {}", window.source, range.start(), range.end()),
        WindowScope::Object(_) | WindowScope::All => window.source.to_string(),
    }
}
