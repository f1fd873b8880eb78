//! Every move of a job, legal and illegal, and what it may never break.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use sync_core::dates::{DateRange, parse_date};
use sync_core::job::{ChunkProgress, ChunkState, Gap, GapReason, NewJob};
use sync_core::timing::{NUDGE_GRACE, PAUSED_RECHECK, SIGN_IN_RECHECK};
use sync_core::transition::{self, Claim, IllegalMove, LockChange};
use sync_core::{
    AccountKey, Job, JobId, JobStatus, MetricSet, MetricType, PauseReason, SyncType, Transition, UserId,
};
use uuid::Uuid;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_718_000_000 + second, 0).unwrap()
}

fn date(text: &str) -> NaiveDate {
    parse_date(text).unwrap()
}

fn job(start: &str, end: &str) -> Job {
    Job::new(
        NewJob {
            job_id: JobId::new(Uuid::from_u128(7)),
            user_id: UserId::new("ada").unwrap(),
            account: AccountKey::of("guid"),
            sync_type: SyncType::Historical,
            range: DateRange::new(date(start), date(end)).unwrap(),
            metric_types: MetricSet::all(),
            time_zone: chrono_tz::UTC,
        },
        at(0),
    )
}

fn claim(second: i64) -> Claim {
    Claim { now: at(second), lease_until: at(second + 185), token: Uuid::from_u128(9), nudged_at: None }
}

/// A three-chunk job in each status a job can have, by legal moves.
fn in_status(status: JobStatus) -> Job {
    let pending = job("2024-01-01", "2024-03-20");
    let running = pending.claimed(&claim(1));
    let finish = |outcome: fn(&Job) -> Transition| {
        let mut job = pending.clone();
        while job.status.is_unfinished() {
            job = outcome(&job.claimed(&claim(2))).after;
        }
        job
    };
    match status {
        JobStatus::Pending => pending,
        JobStatus::Running => running,
        JobStatus::Paused => transition::pause(&running, at(3)).unwrap().after,
        JobStatus::Completed => finish(|job| transition::chunk_done(job, vec![], None, at(3))),
        JobStatus::Failed => {
            finish(|job| transition::chunk_failed(job, "sleep: timeout".into(), vec![], at(3)))
        }
        JobStatus::Cancelled => transition::cancel(&pending, at(3)).unwrap().after,
    }
}

#[test]
fn every_status_can_be_reached() {
    for status in JobStatus::ALL {
        assert_eq!(in_status(status).status, status);
    }
}

#[test]
fn only_unfinished_jobs_can_be_cancelled() {
    for status in JobStatus::ALL {
        let job = in_status(status);
        match transition::cancel(&job, at(9)) {
            Ok(cancelled) => {
                assert!(status.is_unfinished(), "{status}");
                assert_eq!(cancelled.after.status, JobStatus::Cancelled);
                assert_eq!(cancelled.lock, LockChange::Release);
                assert!(cancelled.after.fence > job.fence, "a worker in mid-fetch must be fenced off");
                assert_eq!((cancelled.after.due_at, cancelled.after.lease_until), (None, None));
                assert_eq!(cancelled.after.completed_at, Some(at(9)));
            }
            Err(error) => {
                assert!(!status.is_unfinished(), "{status}");
                assert_eq!(error, IllegalMove::Cancel(status));
            }
        }
    }
}

#[test]
fn only_pending_and_running_jobs_can_be_paused() {
    for status in JobStatus::ALL {
        let job = in_status(status);
        match transition::pause(&job, at(9)) {
            Ok(paused) => {
                assert!(matches!(status, JobStatus::Pending | JobStatus::Running), "{status}");
                assert_eq!(
                    (paused.after.status, paused.after.pause_reason),
                    (JobStatus::Paused, Some(PauseReason::User))
                );
                assert_eq!(paused.lock, LockChange::Keep);
                assert!(paused.after.fence > job.fence);
                assert!(paused.after.due_at.is_some(), "an unfinished job always has a due moment");
            }
            Err(error) => assert_eq!(error, IllegalMove::Pause(status)),
        }
    }
}

#[test]
fn only_paused_and_failed_jobs_can_be_resumed() {
    for status in JobStatus::ALL {
        let job = in_status(status);
        match transition::resume(&job, at(9)) {
            Ok(resumed) => {
                assert!(matches!(status, JobStatus::Paused | JobStatus::Failed), "{status}");
                assert_eq!(resumed.after.status, JobStatus::Pending);
                assert_eq!(resumed.lock, LockChange::Acquire);
                assert!(resumed.after.fence > job.fence);
                assert_eq!(resumed.after.due_at, Some(at(9) + NUDGE_GRACE));
                assert_eq!((resumed.after.error_message, resumed.after.completed_at), (None, None));
            }
            Err(error) => {
                assert!(!matches!(status, JobStatus::Paused | JobStatus::Failed), "{status}");
                assert_eq!(error, IllegalMove::Resume(status));
            }
        }
    }
}

#[test]
fn only_pending_and_running_jobs_can_be_claimed() {
    for status in JobStatus::ALL {
        let job = Job { lease_until: None, ..in_status(status) };
        assert_eq!(
            job.is_claimable(at(9)),
            matches!(status, JobStatus::Pending | JobStatus::Running),
            "{status}"
        );
    }
}

#[test]
fn a_live_lease_and_an_unreached_retry_moment_refuse_a_claim() {
    let running = in_status(JobStatus::Running);
    assert!(!running.is_claimable(at(2)));
    assert!(running.is_claimable(at(186)), "the lease has run out");
    let waiting = transition::try_again(
        &running,
        "sleep: unavailable".to_owned(),
        vec![],
        vec![],
        vec![],
        at(50),
        at(30),
    )
    .after;
    assert!(!waiting.is_claimable(at(49)));
    assert!(waiting.is_claimable(at(50)));
}

#[test]
fn a_claim_raises_the_fence_and_starts_the_clock_once() {
    let first = job("2024-01-01", "2024-01-30").claimed(&claim(5));
    assert_eq!((first.fence, first.attempts, first.started_at), (1, 1, Some(at(5))));
    assert_eq!(first.due_at, first.lease_until);
    let second = first.claimed(&claim(300));
    assert_eq!((second.fence, second.attempts, second.started_at), (2, 2, Some(at(5))));
}

#[test]
fn what_waits_for_garmin_goes_on_when_its_time_has_come_and_what_waits_for_the_user_does_not() {
    let running = in_status(JobStatus::Running);
    let pause = |reason, retry_at| {
        transition::pause_for_garmin(&running, vec![], vec![], vec![], reason, retry_at, at(9)).after
    };
    let throttled = pause(PauseReason::Throttled, Some(at(1800)));
    assert_eq!(throttled.due_at, Some(at(1800)));
    assert_eq!(throttled.attempts, 0, "being throttled is no failed try");
    assert_eq!(transition::wake(&throttled, at(1799)), Err(IllegalMove::Wake(JobStatus::Paused)));
    assert_eq!(transition::wake(&throttled, at(1800)).unwrap().after.status, JobStatus::Pending);
    let reauth = pause(PauseReason::ReauthRequired, None);
    assert_eq!(transition::wake(&reauth, at(10)).unwrap().after.status, JobStatus::Pending);
    for status in JobStatus::ALL {
        assert!(transition::wake(&in_status(status), at(99_999)).is_err(), "{status}");
    }
}

#[test]
fn the_next_look_is_when_the_first_thing_that_keeps_workers_out_has_ended_and_never_in_the_past() {
    let running = in_status(JobStatus::Running);
    assert_eq!(running.lease_until, Some(at(186)));
    assert_eq!(transition::next_look(&running, at(10)), at(70), "a minute, the lease being longer");
    assert_eq!(transition::next_look(&running, at(180)), at(186), "the end of the lease, being nearer");
    assert_eq!(transition::next_look(&running, at(186)), at(246), "what has ended says nothing");

    let again = transition::try_again(
        &running,
        "sleep: unavailable".to_owned(),
        vec![],
        vec![],
        vec![],
        at(40),
        at(20),
    )
    .after;
    assert_eq!(transition::next_look(&again, at(25)), at(40));
    assert_eq!(transition::next_look(&again, at(41)), at(101));

    let pause = |reason, retry_at| {
        transition::pause_for_garmin(&running, vec![], vec![], vec![], reason, retry_at, at(9)).after
    };
    let throttled = pause(PauseReason::Throttled, Some(at(1800)));
    assert_eq!(transition::next_look(&throttled, at(1790)), at(1800), "paused, and yet not a day later");
    let reauth = pause(PauseReason::ReauthRequired, None);
    assert_eq!(reauth.due_at, Some(at(9) + SIGN_IN_RECHECK), "nothing tells us of a new sign-in");
    assert_eq!(transition::next_look(&reauth, at(1790)), at(1790) + SIGN_IN_RECHECK);
    let paused = in_status(JobStatus::Paused);
    assert_eq!(transition::next_look(&paused, at(10)), at(10) + PAUSED_RECHECK);
    let pending = in_status(JobStatus::Pending);
    assert_eq!(transition::next_look(&pending, at(10)), at(10) + NUDGE_GRACE);
}

#[test]
fn a_job_that_nobody_claims_is_looked_at_after_twice_as_long_each_time_up_to_a_quarter_of_an_hour() {
    let pending = in_status(JobStatus::Pending);
    let waited = |minutes: i64| pending.updated_at + TimeDelta::minutes(minutes);
    for (minutes, next) in [(1, 2), (2, 4), (4, 8), (8, 16), (16, 31), (31, 46), (600, 615)] {
        assert_eq!(transition::next_look(&pending, waited(minutes)), waited(next), "{minutes} minutes");
    }
    let running = in_status(JobStatus::Running);
    let ended = running.lease_until.unwrap();
    assert!(transition::unanswered_for(&running, ended - TimeDelta::seconds(1)) < TimeDelta::zero());
    let next = transition::next_look(&running, ended + TimeDelta::minutes(4));
    assert_eq!(next, ended + TimeDelta::minutes(8), "from the end of the lease on");
}

#[test]
fn a_users_pause_takes_over_a_wait_for_garmin() {
    let running = in_status(JobStatus::Running);
    let reason = PauseReason::Throttled;
    let throttled =
        transition::pause_for_garmin(&running, vec![], vec![], vec![], reason, Some(at(1800)), at(9)).after;
    let paused = transition::pause(&throttled, at(10)).unwrap().after;
    assert_eq!((paused.pause_reason, paused.retry_at), (Some(PauseReason::User), None));
}

#[test]
fn a_hand_over_keeps_what_is_done_and_counts_as_no_try() {
    let running = in_status(JobStatus::Running);
    let done = vec!["hrv@2024-01-01..2024-01-30".parse().unwrap()];
    let found = vec!["activity@7".parse().unwrap()];
    let handed = transition::hand_over(&running, done.clone(), found.clone(), vec![], at(9));
    assert_eq!(handed.after.progress, ChunkProgress { done, found });
    assert_eq!((handed.after.attempts, handed.after.lease_until), (0, None));
    assert!(handed.guards_cursor);
    let idle = transition::hand_over(&running, vec![], vec![], vec![], at(9));
    assert_eq!(idle.after.attempts, 1, "one that did nothing must not go on for ever");
}

#[test]
fn the_last_chunk_completes_the_job_and_gives_the_locks_back() {
    let one = job("2024-01-01", "2024-01-30").claimed(&claim(1));
    let done = transition::chunk_done(&one, vec![], None, at(5));
    assert_eq!(done.after.status, JobStatus::Completed);
    assert_eq!(
        (done.lock, done.after.due_at, done.after.percent_complete()),
        (LockChange::Release, None, 100)
    );
    assert_eq!(done.after.last_successful_date(), Some(date("2024-01-30")));
}

#[test]
fn a_failed_chunk_is_recorded_and_the_job_goes_on_and_fails_at_the_end() {
    let three = job("2024-01-01", "2024-03-20").claimed(&claim(1));
    let failed = transition::chunk_failed(&three, "sleep 2024-01-03: timeout".into(), vec![], at(5));
    assert_eq!((failed.after.status, failed.lock), (JobStatus::Running, LockChange::Keep));
    assert_eq!(failed.after.failed_chunks[0].end, date("2024-01-30"));
    let second = transition::chunk_done(&failed.after.claimed(&claim(200)), vec![], None, at(205)).after;
    let third = transition::chunk_done(&second.claimed(&claim(400)), vec![], None, at(405));
    assert_eq!((third.after.status, third.lock), (JobStatus::Failed, LockChange::Release));
    assert_eq!(third.after.error_message.as_deref(), Some("1 of 3 chunks failed"));
    assert_eq!(third.after.percent_complete(), 66);
    assert_eq!(third.watermark, None);
    assert_eq!(third.after.last_successful_date(), None, "the unbroken prefix is empty");

    let resumed = transition::resume(&third.after, at(500)).unwrap().after;
    assert_eq!(resumed.chunk_states.to_string(), ".dd");
    assert!(resumed.failed_chunks.is_empty());
    assert_eq!(resumed.percent_complete(), 66, "a resume never takes percent back");
    let done = transition::chunk_done(&resumed.claimed(&claim(600)), vec![], None, at(605)).after;
    assert_eq!((done.status, done.chunk_states.to_string().as_str()), (JobStatus::Completed, "ddd"));
}

#[test]
fn a_resume_that_reopens_an_earlier_chunk_forgets_the_marks_of_a_later_one() {
    let three = job("2024-01-01", "2024-03-20").claimed(&claim(1));
    let failed = transition::chunk_failed(&three, "x".into(), vec![], at(5)).after.claimed(&claim(300));
    let marks = vec!["hrv@2024-01-31..2024-02-29".parse().unwrap()];
    let handed = transition::hand_over(&failed, marks, vec![], vec![], at(310)).after;
    let paused = transition::pause(&handed, at(311)).unwrap().after;
    assert!(transition::resume(&paused, at(312)).unwrap().after.progress.is_empty());
}

#[test]
fn a_resume_in_the_middle_of_a_chunk_keeps_its_marks() {
    let running = in_status(JobStatus::Running);
    let handed = transition::hand_over(
        &running,
        vec!["hrv@2024-01-01..2024-01-30".parse().unwrap()],
        vec![],
        vec![],
        at(9),
    );
    let paused = transition::pause(&handed.after, at(10)).unwrap().after;
    assert_eq!(transition::resume(&paused, at(11)).unwrap().after.progress, handed.after.progress);
}

#[test]
fn the_watermark_moves_only_forward_only_for_everything_and_only_without_a_hole() {
    let now = "2024-03-21T12:00:00Z".parse().unwrap();
    let one = |start: &str, end: &str| job(start, end).claimed(&claim(1));
    let earned =
        |job: &Job, watermark: Option<&str>| transition::earned_watermark(job, watermark.map(date), now);
    assert_eq!(earned(&one("2024-03-01", "2024-03-21"), None), Some(date("2024-03-21")));
    assert_eq!(earned(&one("2024-03-01", "2024-03-20"), None), Some(date("2024-03-20")), "yesterday will do");
    assert_eq!(earned(&one("2024-03-01", "2024-03-19"), None), None, "too old to reach today");
    assert_eq!(earned(&one("2024-03-10", "2024-03-21"), Some("2024-03-09")), Some(date("2024-03-21")));
    assert_eq!(
        earned(&one("2024-03-11", "2024-03-21"), Some("2024-03-09")),
        None,
        "the 10th would be a hole"
    );
    assert_eq!(earned(&one("2024-03-01", "2024-03-20"), Some("2024-03-21")), None, "never back");
    let partial =
        Job { metric_types: MetricSet::from_iter([MetricType::Hrv]), ..one("2024-03-01", "2024-03-21") };
    assert_eq!(earned(&partial, None), None, "some metrics are not everything");
    let auckland = Job { time_zone: chrono_tz::Pacific::Auckland, ..one("2024-03-01", "2024-03-20") };
    assert_eq!(earned(&auckland, None), None, "it is the 22nd there already: the 21st is missing");
}

#[test]
fn what_is_shown_of_the_pace_depends_on_what_is_stored_alone() {
    let mut job = job("2024-01-01", "2024-03-20").claimed(&claim(0));
    assert_eq!(job.eta_seconds(), None, "nothing is done yet");
    job = transition::chunk_done(&job, vec![], None, at(60)).after;
    assert_eq!(job.eta_seconds(), Some(120));
    assert_eq!(transition::pause(&job, at(70)).unwrap().after.eta_seconds(), None);
    // Paused for a week, and one chunk done since: the week is not the pace.
    let again = Job { updated_at: at(7 * 24 * 3600), ..job };
    assert_eq!(again.eta_seconds(), Some(2 * 120));
}

/// What may happen to a job, in any order.
#[derive(Clone, Copy, Debug)]
enum Event {
    Claim,
    ChunkDone,
    ChunkFailed,
    HandOver,
    TryAgain,
    Throttled,
    Reauth,
    Pause,
    Resume,
    Cancel,
    Wake,
}

fn event() -> impl Strategy<Value = Event> {
    use Event::{
        Cancel, ChunkDone, ChunkFailed, Claim, HandOver, Pause, Reauth, Resume, Throttled, TryAgain, Wake,
    };
    // Claims and finished chunks are what a job mostly sees; without the weight most walks would end early.
    prop_oneof![
        6 => Just(Claim), 6 => Just(ChunkDone), 2 => Just(ChunkFailed), 1 => Just(HandOver), 1 => Just(TryAgain),
        1 => Just(Throttled), 1 => Just(Reauth), 1 => Just(Pause), 3 => Just(Resume), 1 => Just(Wake), 1 => Just(Cancel),
    ]
}

fn step(job: &Job, event: Event, second: i64) -> Option<Transition> {
    let now = at(second);
    let owned =
        job.lease_until.is_some_and(|lease_until| lease_until > now) && job.status == JobStatus::Running;
    let gap = || {
        vec![Gap {
            metric: MetricType::Hrv,
            start: job.range.start(),
            end: job.range.end(),
            reason: GapReason::Refused,
        }]
    };
    match event {
        Event::Claim => job.is_claimable(now).then(|| {
            let after = job.claimed(&claim(second));
            Transition {
                before: job.clone(),
                after,
                lock: LockChange::Keep,
                watermark: None,
                guards_cursor: false,
            }
        }),
        Event::Pause => transition::pause(job, now).ok(),
        Event::Resume => transition::resume(job, now).ok(),
        Event::Cancel => transition::cancel(job, now).ok(),
        Event::Wake => transition::wake(job, now).ok(),
        _ if !owned => None,
        Event::ChunkDone => Some(transition::chunk_done(job, gap(), None, now)),
        Event::ChunkFailed => Some(transition::chunk_failed(job, "x".into(), gap(), now)),
        Event::HandOver => Some(transition::hand_over(job, vec![], vec![], gap(), now)),
        Event::TryAgain => Some(transition::try_again(
            job,
            "sleep: unavailable".to_owned(),
            vec![],
            vec![],
            gap(),
            now + TimeDelta::seconds(20),
            now,
        )),
        Event::Throttled => {
            let retry_at = Some(now + TimeDelta::seconds(90));
            Some(transition::pause_for_garmin(
                job,
                vec![],
                vec![],
                gap(),
                PauseReason::Throttled,
                retry_at,
                now,
            ))
        }
        Event::Reauth => Some(transition::pause_for_garmin(
            job,
            vec![],
            vec![],
            gap(),
            PauseReason::ReauthRequired,
            None,
            now,
        )),
    }
}

proptest! {
    #[test]
    fn no_sequence_of_events_breaks_a_promise(events in proptest::collection::vec(event(), 1..80), days in 1_i64..400) {
        let end = (date("2020-01-01") + TimeDelta::days(days - 1)).to_string();
        let mut job = job("2020-01-01", &end);
        let total = job.chunks_total();
        let mut locked = true;
        for (index, event) in events.into_iter().enumerate() {
            let Some(transition) = step(&job, event, i64::try_from(index).unwrap() * 40) else { continue };
            let after = transition.after;
            locked = match transition.lock {
                LockChange::Keep => locked,
                LockChange::Acquire => true,
                LockChange::Release => false,
            };
            prop_assert!(after.fence >= job.fence);
            prop_assert!(after.percent_complete() >= job.percent_complete(), "percent went down");
            prop_assert!(after.percent_complete() <= 100);
            prop_assert_eq!(after.percent_complete() == 100, after.status == JobStatus::Completed);
            prop_assert!(after.chunks_completed() >= job.chunks_completed(), "a finished chunk was lost");
            prop_assert!(after.last_successful_date() >= job.last_successful_date(), "the cursor went back");
            prop_assert_eq!(after.chunks_total(), total);
            let counted: u32 = [ChunkState::Open, ChunkState::Done, ChunkState::Failed].map(|state| after.chunk_states.count(state)).iter().sum();
            prop_assert_eq!(counted, total, "done + failed + not yet = planned");
            prop_assert_eq!(after.failed_chunks.len(), after.chunk_states.count(ChunkState::Failed) as usize);
            prop_assert_eq!(after.due_at.is_some(), after.status.is_unfinished(), "an unfinished job has a due moment");
            prop_assert_eq!(locked, after.status.is_unfinished(), "the lock exists exactly while unfinished");
            prop_assert_eq!(after.pause_reason.is_some(), after.status == JobStatus::Paused, "a pause has its reason");
            if after.pause_reason == Some(PauseReason::Throttled) {
                prop_assert!(after.retry_at.is_some(), "who waits for Garmin knows until when");
            }
            if after.status == JobStatus::Completed {
                prop_assert_eq!(after.chunks_completed(), total);
            }
            if !job.status.is_unfinished() {
                prop_assert_eq!(job.status, JobStatus::Failed, "only a failed job moves once finished");
                prop_assert_eq!(after.status, JobStatus::Pending);
            }
            prop_assert!(after.gaps.len() <= 1, "gaps of one metric join");
            job = after;
        }
    }
}
