//! What every [`JobStore`] promises.

use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;
use sync_core::ids::{JobId, UserId};
use sync_core::job::{Gap, GapReason, Job, JobStatus, PauseReason};
use sync_core::link::{Link, SealedTokens};
use sync_core::metric::MetricType;
use sync_core::ports::{
    Applied, ClaimOutcome, DueJob, ErasureStore, JobStore, LinkStore, RememberedAnswer, StartOutcome,
    SyncStatus,
};
use sync_core::record::RecordKind;
use sync_core::timing::IDEMPOTENCY_WINDOW;
use sync_core::transition::{
    Claim, LockChange, Transition, cancel, chunk_done, chunk_failed, hand_over, pause, pause_for_garmin,
    resume, try_again, wake,
};
use sync_core::unlink::{Unlink, unlink};

use super::{Stores, all_records, claimed, days, linked, started, stored, with_job};
use crate::build::{
    account, at, claim, date, days_of_steps, job, job_id, job_key, link, link_to, record, start_of_test, user,
};

async fn applied(stores: &impl Stores, transition: &Transition) {
    let outcome = stores.jobs().apply(transition, &[]).await;
    assert_eq!(outcome.expect("the write is answered"), Applied::Yes);
}

async fn lost(stores: &impl Stores, transition: &Transition) {
    let outcome = stores.jobs().apply(transition, &days_of_steps(2)).await;
    assert_eq!(outcome.expect("the write is answered"), Applied::Lost);
}

async fn lock(stores: &impl Stores, job: &Job) -> (Option<JobId>, Option<JobId>) {
    let link = stores.links().link(&job.key.user_id).await.expect("the link is read");
    let account = stores.links().account(&job.account).await.expect("the account is read");
    (link.and_then(|link| link.active_job_id), account.active_job_id)
}

async fn status(stores: &impl Stores, user: &UserId) -> SyncStatus {
    stores.jobs().status(user).await.expect("the status is read")
}

async fn due_keys(stores: &impl Stores, seconds: i64, limit: u32) -> Vec<(JobId, i64)> {
    let due = stores.jobs().due(at(seconds), limit).await.expect("the index is read");
    due.iter().map(|due| (due.key.job_id, (due.due_at - start_of_test()).num_seconds())).collect()
}

fn answer(key: &str, request: &str, made_at: i64) -> RememberedAnswer {
    RememberedAnswer {
        key: key.to_owned(),
        request: request.to_owned(),
        answer: json!({"jobId": "x", "chunks": 3, "nested": {"list": [1, null]}}),
        expires_at: at(made_at) + IDEMPOTENCY_WINDOW,
    }
}

/// The job, claimed as far as its last chunk.
async fn at_last_chunk(stores: &impl Stores, new: &Job) -> Job {
    let mut seconds = 1;
    loop {
        let job = claimed(stores, &new.key, &claim(at(seconds), 1)).await;
        if job.chunks_completed() + 1 == job.chunks_total() {
            return job;
        }
        applied(stores, &chunk_done(&job, vec![], None, at(seconds))).await;
        seconds += 1;
    }
}

/// Fifty starts at once make one job, and the others learn which.
pub async fn fifty_simultaneous_starts_make_one_job_and_tell_the_others_which(stores: &impl Stores) {
    let user = user("racer");
    linked(stores, &link(&user)).await;
    let jobs: Vec<_> = (1..=50).map(|number| job(&user).number(number).build()).collect();
    let outcomes = join_all(jobs.iter().map(|job| stores.jobs().start(job, None))).await;
    let outcomes: Vec<_> = outcomes.into_iter().map(|outcome| outcome.expect("an answer")).collect();
    let winners: Vec<_> = jobs
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| **outcome == StartOutcome::Started)
        .map(|(job, _)| job)
        .collect();
    let [winner] = winners.as_slice() else {
        panic!("{} starts won", winners.len());
    };
    let busy = StartOutcome::UserBusy(winner.key.job_id);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == busy).count(), 49);
    let listed = stores.jobs().jobs(&user, 100, None).await.expect("a list");
    assert_eq!(listed.items, [(*winner).clone()]);
    let id = Some(winner.key.job_id);
    assert_eq!(lock(stores, winner).await, (id, id));
}

/// Garmin throttles the account, so two users that share one take turns.
pub async fn one_garmin_account_serves_one_job_at_a_time_though_two_users_link_it(stores: &impl Stores) {
    let shared = account("shared");
    let (one, other) = (user("one"), user("other"));
    linked(stores, &link_to(&one, shared.clone())).await;
    linked(stores, &link_to(&other, shared.clone())).await;
    let first = job(&one).account(shared.clone()).build();
    let second = job(&other).account(shared).number(2).build();
    started(stores, &first).await;
    let outcome = stores.jobs().start(&second, None).await.expect("an answer");
    assert_eq!(outcome, StartOutcome::AccountBusy);
    assert_eq!(stores.jobs().job(&second.key).await.expect("a read"), None);
    let link = stores.links().link(&other).await.expect("a read");
    assert_eq!(link.and_then(|link| link.active_job_id), None, "no lock is left behind");
    applied(stores, &cancel(&first, at(5)).expect("legal")).await;
    started(stores, &second).await;
}

/// Without a link there is nothing to start.
pub async fn a_start_without_a_link_is_refused_and_leaves_nothing(stores: &impl Stores) {
    let job = job(&user("nobody")).build();
    let outcome = stores.jobs().start(&job, None).await.expect("an answer");
    assert_eq!(outcome, StartOutcome::NotLinked);
    assert_eq!(stores.jobs().job(&job.key).await.expect("a read"), None);
    assert_eq!(lock(stores, &job).await, (None, None));
}

/// Ids of others lead nowhere.
pub async fn two_users_never_see_each_others_jobs(stores: &impl Stores) {
    let (one, other) = (job(&user("one")).build(), job(&user("other")).number(2).build());
    with_job(stores, &one).await;
    with_job(stores, &other).await;
    let stolen = job_key(&other.key.user_id, 1);
    assert_eq!(stores.jobs().job(&stolen).await.expect("a read"), None);
    let outcome = stores.jobs().claim(&stolen, &claim(at(1), 1)).await.expect("an answer");
    assert_eq!(outcome, ClaimOutcome::Refused);
    let listed = stores.jobs().jobs(&other.key.user_id, 10, None).await.expect("a list");
    assert_eq!(listed.items, std::slice::from_ref(&other));
    let job = claimed(stores, &one.key, &claim(at(1), 1)).await;
    let done = chunk_done(&job, vec![], None, at(2));
    let outcome = stores.jobs().apply(&done, &days_of_steps(3)).await.expect("an answer");
    assert_eq!(outcome, Applied::Yes);
    assert_eq!(days(stores, &one.key.user_id).await, 3);
    assert_eq!(days(stores, &other.key.user_id).await, 0);
}

/// Nothing is lost on the way into the store and back.
pub async fn a_job_reads_back_as_it_was_written_at_every_step_of_its_life(stores: &impl Stores) {
    let new = job(&user("reader"))
        .time_zone(chrono_tz::Pacific::Auckland)
        .metrics([MetricType::Hrv, MetricType::Sleep])
        .build();
    with_job(stores, &new).await;
    assert_eq!(stored(stores, &new.key).await, new);
    let gap = Gap {
        metric: MetricType::Hrv,
        start: date("2024-01-02"),
        end: date("2024-01-03"),
        reason: GapReason::Offloaded,
    };
    let window = |text: &str| text.parse().expect("a window");
    let job = claimed(stores, &new.key, &claim(at(1), 1)).await;
    let kept = hand_over(
        &job,
        vec![window("hrv@2024-01-01..2024-01-30")],
        vec![window("activity@12345")],
        vec![gap],
        at(2),
    );
    applied(stores, &kept).await;
    assert_eq!(stored(stores, &new.key).await, kept.after);
    let job = claimed(stores, &new.key, &claim(at(3), 2)).await;
    let again = try_again(&job, "sleep: unavailable".to_owned(), vec![], vec![], vec![], at(30), at(4));
    applied(stores, &again).await;
    assert_eq!(stored(stores, &new.key).await, again.after);
    let job = claimed(stores, &new.key, &claim(at(30), 3)).await;
    let failed = chunk_failed(&job, "http_503".to_owned(), vec![], at(31));
    applied(stores, &failed).await;
    assert_eq!(stored(stores, &new.key).await, failed.after);
    let job = claimed(stores, &new.key, &claim(at(32), 4)).await;
    let throttled =
        pause_for_garmin(&job, vec![], vec![], vec![], PauseReason::Throttled, Some(at(1_800)), at(33));
    applied(stores, &throttled).await;
    assert_eq!(stored(stores, &new.key).await, throttled.after);
    let awake = wake(&throttled.after, at(1_800)).expect("legal");
    applied(stores, &awake).await;
    assert_eq!(stored(stores, &new.key).await, awake.after);
    let mut seconds = 1_801;
    loop {
        let job = claimed(stores, &new.key, &claim(at(seconds), 5)).await;
        let done = chunk_done(&job, vec![], None, at(seconds));
        applied(stores, &done).await;
        assert_eq!(stored(stores, &new.key).await, done.after);
        seconds += 1;
        if done.after.status == JobStatus::Failed {
            break;
        }
    }
    let failed = stored(stores, &new.key).await;
    assert_eq!(failed.error_message.as_deref(), Some("1 of 3 chunks failed"));
    let resumed = resume(&failed, at(seconds)).expect("legal");
    applied(stores, &resumed).await;
    assert_eq!(stored(stores, &new.key).await, resumed.after);
}

/// The store and the domain agree on what a claim is.
pub async fn a_claim_makes_of_the_job_exactly_what_the_domain_says(stores: &impl Stores) {
    let new = job(&user("claimer")).build();
    with_job(stores, &new).await;
    let first = claim(at(10), 1);
    let job = claimed(stores, &new.key, &first).await;
    assert_eq!(job, new.claimed(&first));
    assert_eq!(stored(stores, &new.key).await, job);
    let again = try_again(&job, "sleep: unavailable".to_owned(), vec![], vec![], vec![], at(20), at(12));
    applied(stores, &again).await;
    let second = claim(at(20), 2);
    let job = claimed(stores, &new.key, &second).await;
    assert_eq!(job, again.after.claimed(&second));
    assert_eq!(stored(stores, &new.key).await, job);
}

/// One worker at a time, until its lease ends.
pub async fn a_live_lease_is_respected_and_an_ended_one_is_taken(stores: &impl Stores) {
    let new = job(&user("leaser")).build();
    with_job(stores, &new).await;
    let first = claim(at(0), 1);
    claimed(stores, &new.key, &first).await;
    let early = claim(first.lease_until - TimeDelta::milliseconds(1), 2);
    let outcome = stores.jobs().claim(&new.key, &early).await.expect("an answer");
    assert_eq!(outcome, ClaimOutcome::Refused);
    let job = claimed(stores, &new.key, &claim(first.lease_until, 3)).await;
    assert_eq!((job.fence, job.attempts), (2, 2));
}

/// Every state in which a job is not to be claimed.
pub async fn a_waiting_paused_finished_or_missing_job_is_not_claimed(stores: &impl Stores) {
    let new = job(&user("waiter")).build();
    with_job(stores, &new).await;
    let refused = async |seconds: i64, token: u128| {
        let outcome = stores.jobs().claim(&new.key, &claim(at(seconds), token)).await;
        assert_eq!(outcome.expect("an answer"), ClaimOutcome::Refused, "at {seconds}");
    };
    let job = claimed(stores, &new.key, &claim(at(0), 1)).await;
    applied(
        stores,
        &try_again(&job, "sleep: unavailable".to_owned(), vec![], vec![], vec![], at(100), at(1)),
    )
    .await;
    refused(99, 2).await;
    let job = claimed(stores, &new.key, &claim(at(100), 3)).await;
    let paused = pause(&job, at(101)).expect("legal");
    applied(stores, &paused).await;
    refused(1_000, 4).await;
    let resumed = resume(&paused.after, at(1_001)).expect("legal");
    applied(stores, &resumed).await;
    claimed(stores, &new.key, &claim(at(1_002), 5)).await;
    let job = stored(stores, &new.key).await;
    applied(stores, &cancel(&job, at(1_003)).expect("legal")).await;
    refused(100_000, 6).await;
    let missing = job_key(&new.key.user_id, 77);
    let outcome = stores.jobs().claim(&missing, &claim(at(0), 7)).await;
    assert_eq!(outcome.expect("an answer"), ClaimOutcome::Refused);
    assert_eq!(stores.jobs().job(&missing).await.expect("a read"), None, "a claim makes no job");
}

/// Messages come twice, and the sweeper sends more: whichever is answered first has answered all that were sent before.
pub async fn a_claim_that_follows_an_overtaken_nudge_is_refused(stores: &impl Stores) {
    let new = job(&user("nudged")).build();
    with_job(stores, &new).await;
    let follows = |seconds, number, fence| Claim { nudged_at: Some(fence), ..claim(at(seconds), number) };
    let claims = async |claim| stores.jobs().claim(&new.key, &claim).await.expect("an answer");
    let first = claims(follows(1, 1, new.fence)).await;
    let ClaimOutcome::Claimed(first) = first else { panic!("the first is refused") };
    applied(stores, &chunk_done(&first, vec![], None, at(2))).await;
    assert_eq!(claims(follows(3, 2, new.fence)).await, ClaimOutcome::Refused);
    assert_eq!(stored(stores, &new.key).await.fence, first.fence, "nothing is written");
    let next = claims(follows(4, 3, first.fence)).await;
    assert!(matches!(next, ClaimOutcome::Claimed(_)), "{next:?}");
    // Its lease over, the nudge that it followed is still the nudge of a claim.
    assert_eq!(claims(follows(400, 4, first.fence)).await, ClaimOutcome::Refused);
    let any = claims(claim(at(400), 5)).await;
    assert!(matches!(any, ClaimOutcome::Claimed(_)), "{any:?}");
}

/// A worker whose first request was answered into the void asks again and gets its own claim.
pub async fn a_claim_sent_twice_is_one_claim(stores: &impl Stores) {
    let new = job(&user("twice")).build();
    with_job(stores, &new).await;
    let mine = claim(at(0), 1);
    let first = claimed(stores, &new.key, &mine).await;
    let second = claimed(stores, &new.key, &mine).await;
    assert_eq!(first, second);
    assert_eq!(stored(stores, &new.key).await.fence, 1);
    applied(stores, &cancel(&first, at(1)).expect("legal")).await;
    let outcome = stores.jobs().claim(&new.key, &mine).await.expect("an answer");
    assert_eq!(outcome, ClaimOutcome::Refused, "the claim is over once the job is");
}

/// A crowd of nudges makes one worker.
pub async fn of_many_claims_at_once_one_wins(stores: &impl Stores) {
    let new = job(&user("crowd")).build();
    with_job(stores, &new).await;
    let claims: Vec<_> = (1..=20).map(|number| claim(at(1), number)).collect();
    let outcomes = join_all(claims.iter().map(|claim| stores.jobs().claim(&new.key, claim))).await;
    let won = outcomes.into_iter().filter(|outcome| matches!(outcome, Ok(ClaimOutcome::Claimed(_)))).count();
    assert_eq!(won, 1);
    assert_eq!(stored(stores, &new.key).await.fence, 1);
}

/// Progress and records are one write.
pub async fn a_commit_writes_records_and_progress_together(stores: &impl Stores) {
    let new = job(&user("writer")).build();
    with_job(stores, &new).await;
    let job = claimed(stores, &new.key, &claim(at(1), 1)).await;
    let done = chunk_done(&job, vec![], None, at(2));
    let outcome = stores.jobs().apply(&done, &days_of_steps(30)).await.expect("an answer");
    assert_eq!(outcome, Applied::Yes);
    assert_eq!(stored(stores, &new.key).await, done.after);
    let records = all_records(stores, &new.key.user_id, RecordKind::Day).await;
    assert_eq!(records.len(), 30);
    let written = days_of_steps(30);
    assert!(records.iter().zip(&written).all(|(kept, sent)| kept.attributes == sent.attributes));
}

/// A worker whose lease went to another writes nothing.
pub async fn a_commit_with_a_stale_fence_writes_nothing_not_even_records(stores: &impl Stores) {
    let new = job(&user("stale")).build();
    with_job(stores, &new).await;
    let first = claim(at(0), 1);
    let job = claimed(stores, &new.key, &first).await;
    let newer = claimed(stores, &new.key, &claim(first.lease_until, 2)).await;
    lost(stores, &chunk_done(&job, vec![], None, at(200))).await;
    assert_eq!(stored(stores, &new.key).await, newer);
    assert_eq!(days(stores, &new.key.user_id).await, 0);
}

/// The same, when there are more records than one transaction takes.
pub async fn a_big_commit_with_a_stale_fence_writes_nothing_either(stores: &impl Stores) {
    let new = job(&user("big-stale")).build();
    with_job(stores, &new).await;
    let job = claimed(stores, &new.key, &claim(at(0), 1)).await;
    let cancelled = cancel(&job, at(1)).expect("legal");
    applied(stores, &cancelled).await;
    let done = chunk_done(&job, vec![], None, at(2));
    let outcome = stores.jobs().apply(&done, &days_of_steps(320)).await.expect("an answer");
    assert_eq!(outcome, Applied::Lost);
    assert_eq!(days(stores, &new.key.user_id).await, 0);
    assert_eq!(stored(stores, &new.key).await, cancelled.after);
}

/// The fence alone does not do: the status is looked at too.
pub async fn a_commit_from_another_status_writes_nothing(stores: &impl Stores) {
    let new = job(&user("status")).build();
    with_job(stores, &new).await;
    let job = claimed(stores, &new.key, &claim(at(0), 1)).await;
    let mut transition = chunk_done(&job, vec![], None, at(1));
    transition.before.status = JobStatus::Pending;
    lost(stores, &transition).await;
    assert_eq!(stored(stores, &new.key).await, job);
    assert_eq!(days(stores, &new.key.user_id).await, 0);
}

/// A chunk takes effect once, though its worker comes twice.
pub async fn a_commit_over_a_moved_cursor_writes_nothing(stores: &impl Stores) {
    let new = job(&user("cursor")).build();
    with_job(stores, &new).await;
    let job = claimed(stores, &new.key, &claim(at(0), 1)).await;
    let done = chunk_done(&job, vec![], None, at(1));
    applied(stores, &done).await;
    lost(stores, &done).await;
    lost(stores, &chunk_failed(&job, "http_500".to_owned(), vec![], at(2))).await;
    assert_eq!(stored(stores, &new.key).await, done.after);
    assert_eq!(days(stores, &new.key.user_id).await, 0);
}

/// Once a cancel or a pause has answered, its word holds.
pub async fn after_a_cancel_or_a_pause_nothing_more_is_written(stores: &impl Stores) {
    for (name, number) in [("canceller", 1), ("pauser", 2)] {
        let new = job(&user(name)).number(number).build();
        with_job(stores, &new).await;
        let job = claimed(stores, &new.key, &claim(at(0), 1)).await;
        let control = if name == "pauser" { pause(&job, at(1)) } else { cancel(&job, at(1)) };
        let control = control.expect("legal");
        applied(stores, &control).await;
        lost(stores, &chunk_done(&job, vec![], None, at(2))).await;
        lost(stores, &hand_over(&job, vec![], vec![], vec![], at(2))).await;
        assert_eq!(stored(stores, &new.key).await, control.after);
        assert_eq!(days(stores, &new.key.user_id).await, 0);
    }
}

/// The user's cancel and the worker's commit cross: both hold.
pub async fn a_cancel_decided_before_a_commit_keeps_what_the_commit_did(stores: &impl Stores) {
    let new = job(&user("crossing")).build();
    with_job(stores, &new).await;
    let job = claimed(stores, &new.key, &claim(at(0), 1)).await;
    let decided = cancel(&job, at(1)).expect("legal");
    let done = chunk_done(&job, vec![], None, at(2));
    applied(stores, &done).await;
    applied(stores, &decided).await;
    let job = stored(stores, &new.key).await;
    assert_eq!(job.status, JobStatus::Cancelled);
    assert_eq!(job.chunks_completed(), 1, "a cancel takes no progress away");
    assert_eq!((job.lease_until, job.due_at), (None, None));
}

/// More than one transaction takes.
pub async fn a_commit_takes_as_many_records_as_there_are(stores: &impl Stores) {
    for (count, number) in [(97, 1), (98, 2), (99, 3), (150, 4), (320, 5)] {
        let user = user(&format!("many-{count}"));
        let new = job(&user).number(number).build();
        with_job(stores, &new).await;
        let job = claimed(stores, &new.key, &claim(at(0), 1)).await;
        let done = chunk_done(&job, vec![], None, at(1));
        let outcome = stores.jobs().apply(&done, &days_of_steps(count)).await.expect("an answer");
        assert_eq!(outcome, Applied::Yes);
        assert_eq!(days(stores, &user).await, count as usize);
        assert_eq!(stored(stores, &new.key).await, done.after);
    }
}

/// Large records are many small transactions.
pub async fn a_commit_takes_records_larger_than_one_transaction(stores: &impl Stores) {
    let user = user("heavy");
    let new = job(&user).build();
    with_job(stores, &new).await;
    let job = claimed(stores, &new.key, &claim(at(0), 1)).await;
    let text = "x".repeat(300_000);
    let records: Vec<_> =
        (0..30).map(|number| record(&format!("activity#{number:02}"), &json!({"series": text}))).collect();
    let done = chunk_done(&job, vec![], None, at(1));
    let outcome = stores.jobs().apply(&done, &records).await.expect("an answer");
    assert_eq!(outcome, Applied::Yes);
    assert_eq!(all_records(stores, &user, RecordKind::Activity).await.len(), 30);
}

/// What a person typed in is not Garmin's to change.
pub async fn a_record_of_another_source_stays_and_the_rest_is_written(stores: &impl Stores) {
    for (count, number) in [(30, 1), (150, 2)] {
        let user = user(&format!("typist-{count}"));
        let new = job(&user).number(number).build();
        with_job(stores, &new).await;
        let typed = record("day#2024-01-03", &json!({"steps": 4_711}));
        stores.put_foreign_record(&user, &typed).await;
        let late = record("day#2024-01-29", &json!({"steps": 4_712}));
        stores.put_foreign_record(&user, &late).await;
        let job = claimed(stores, &new.key, &claim(at(0), 1)).await;
        let done = chunk_done(&job, vec![], None, at(1));
        let outcome = stores.jobs().apply(&done, &days_of_steps(count)).await.expect("an answer");
        assert_eq!(outcome, Applied::Yes);
        assert_eq!(stored(stores, &new.key).await, done.after);
        let records = all_records(stores, &user, RecordKind::Day).await;
        assert_eq!(records.len(), count as usize);
        for foreign in [typed, late] {
            let kept = records.iter().find(|kept| kept.key == foreign.key).expect("it is there");
            assert_eq!(kept.attributes, foreign.attributes);
        }
    }
}

/// Steps today, sleep tomorrow: one record.
pub async fn attributes_of_one_record_come_together_over_several_commits(stores: &impl Stores) {
    let user = user("merger");
    let new = job(&user).build();
    with_job(stores, &new).await;
    let first = record("day#2024-01-01", &json!({"steps": 100, "floors": 3}));
    let second = record("day#2024-01-01", &json!({"floors": 4, "resting_heart_rate_bpm": 51}));
    for (seconds, upsert) in [(1, first), (2, second)] {
        let job = claimed(stores, &new.key, &claim(at(seconds), 1)).await;
        let kept = hand_over(&job, vec![], vec![], vec![], at(seconds));
        let outcome = stores.jobs().apply(&kept, &[upsert]).await.expect("an answer");
        assert_eq!(outcome, Applied::Yes);
    }
    let records = all_records(stores, &user, RecordKind::Day).await;
    let merged = record("day#2024-01-01", &json!({"steps": 100, "floors": 4, "resting_heart_rate_bpm": 51}));
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].attributes, merged.attributes);
}

/// One record named twice in a commit is written once, the later over the earlier.
pub async fn one_record_named_twice_in_a_commit_is_merged(stores: &impl Stores) {
    let user = user("doubler");
    let new = job(&user).build();
    with_job(stores, &new).await;
    let job = claimed(stores, &new.key, &claim(at(1), 1)).await;
    let records = [
        record("day#2024-01-01", &json!({"steps": 1, "floors": 2})),
        record("day#2024-01-01", &json!({"steps": 3})),
    ];
    let done = chunk_done(&job, vec![], None, at(2));
    let outcome = stores.jobs().apply(&done, &records).await.expect("an answer");
    assert_eq!(outcome, Applied::Yes);
    let kept = all_records(stores, &user, RecordKind::Day).await;
    assert_eq!(kept[0].attributes, record("day#2024-01-01", &json!({"steps": 3, "floors": 2})).attributes);
}

/// The last commit is also the end: locks free, watermark moved, and the next job can start.
pub async fn the_last_commit_frees_both_locks_and_moves_the_watermark(stores: &impl Stores) {
    let user = user("finisher");
    let new = job(&user).range("2026-09-01", "2026-11-22").build();
    with_job(stores, &new).await;
    let job = at_last_chunk(stores, &new).await;
    let id = Some(job.key.job_id);
    assert_eq!(lock(stores, &job).await, (id, id));
    let done = chunk_done(&job, vec![], None, at(60));
    assert_eq!(done.watermark, Some(date("2026-11-22")), "the test is about a job that earns it");
    let outcome = stores.jobs().apply(&done, &days_of_steps(98)).await.expect("an answer");
    assert_eq!(outcome, Applied::Yes);
    assert_eq!(lock(stores, &job).await, (None, None));
    let link = stores.links().link(&user).await.expect("a read").expect("a link");
    assert_eq!(link.last_successful_sync_date, Some(date("2026-11-22")));
    assert_eq!(status(stores, &user).await.last_successful_sync, Some(date("2026-11-22")));
    assert_eq!(days(stores, &user).await, 98);
    started(stores, &self::job(&user).number(2).build()).await;
}

/// A lost last commit moves nothing.
pub async fn a_lost_last_commit_leaves_locks_and_watermark_alone(stores: &impl Stores) {
    let user = user("late-finisher");
    let new = job(&user).range("2026-11-01", "2026-11-22").build();
    with_job(stores, &new).await;
    let first = claim(at(0), 1);
    let job = claimed(stores, &new.key, &first).await;
    claimed(stores, &new.key, &claim(first.lease_until, 2)).await;
    lost(stores, &chunk_done(&job, vec![], None, at(60))).await;
    let id = Some(job.key.job_id);
    assert_eq!(lock(stores, &job).await, (id, id));
    let link = stores.links().link(&user).await.expect("a read").expect("a link");
    assert_eq!(link.last_successful_sync_date, None);
    assert_eq!(status(stores, &user).await.last_successful_sync, None);
}

/// Whatever a job believes, the watermark never goes back.
pub async fn a_watermark_never_goes_back_and_the_job_ends_all_the_same(stores: &impl Stores) {
    let user = user("marker");
    for (number, end, expected) in [(1, "2026-11-22", "2026-11-22"), (2, "2026-11-21", "2026-11-22")] {
        let new = job(&user).number(number).range("2026-11-15", end).build();
        with_job(stores, &new).await;
        let job = claimed(stores, &new.key, &claim(at(1), 1)).await;
        let mut done = chunk_done(&job, vec![], None, at(2));
        done.watermark = Some(date(end));
        applied(stores, &done).await;
        let link = stores.links().link(&user).await.expect("a read").expect("a link");
        assert_eq!(link.last_successful_sync_date, Some(date(expected)));
        assert_eq!(status(stores, &user).await.last_successful_sync, Some(date(expected)));
        assert_eq!(stored(stores, &new.key).await, done.after);
        assert_eq!(lock(stores, &job).await, (None, None));
    }
}

/// The watermark speaks of an account. A job of the account before frees its locks and leaves it alone.
pub async fn a_job_of_an_account_that_is_no_longer_linked_ends_without_a_watermark(stores: &impl Stores) {
    let user = user("switcher");
    let new = job(&user).range("2026-11-15", "2026-11-22").build();
    with_job(stores, &new).await;
    let job = claimed(stores, &new.key, &claim(at(1), 1)).await;
    linked(stores, &link_to(&user, account("another"))).await;
    let done = chunk_done(&job, vec![], None, at(2));
    assert!(done.watermark.is_some());
    applied(stores, &done).await;
    let link = stores.links().link(&user).await.expect("a read").expect("a link");
    assert_eq!((link.last_successful_sync_date, link.active_job_id), (None, None));
    assert_eq!(status(stores, &user).await.last_successful_sync, None);
    assert_eq!(lock(stores, &job).await, (None, None));
}

/// What a page asks every few seconds: the newest job whatever its state, beside a user's other items, and the watermark.
pub async fn a_status_is_the_latest_job_and_the_watermark(stores: &impl Stores) {
    let user = user("watcher");
    assert_eq!(status(stores, &user).await, SyncStatus { job: None, last_successful_sync: None });
    let first = job(&user).range("2026-11-15", "2026-11-22").build();
    with_job(stores, &first).await;
    let shown = status(stores, &user).await;
    assert_eq!(shown, SyncStatus { job: Some(first.clone()), last_successful_sync: None });
    let claimed_first = claimed(stores, &first.key, &claim(at(1), 1)).await;
    assert_eq!(status(stores, &user).await.job, Some(claimed_first.clone()));
    let done = chunk_done(&claimed_first, vec![], None, at(2));
    applied(stores, &done).await;
    let last_successful_sync = Some(date("2026-11-22"));
    let shown = status(stores, &user).await;
    assert_eq!(shown, SyncStatus { job: Some(done.after), last_successful_sync });

    // A remembered answer and another user's jobs are none of it.
    let second = job(&user).number(2).build();
    let outcome = stores.jobs().start(&second, Some(&answer("a-key", "q", 3))).await.expect("an answer");
    assert_eq!(outcome, StartOutcome::Started);
    with_job(stores, &job(&self::user("watcher-2")).number(3).build()).await;
    let shown = status(stores, &user).await;
    assert_eq!(shown, SyncStatus { job: Some(second.clone()), last_successful_sync });
    let listed = stores.jobs().jobs(&user, 10, None).await.expect("a list");
    assert_eq!(listed.items.len(), 2, "the list holds jobs and nothing else");
    assert_eq!(listed.items[0], second);
}

/// A failed job that goes on is what a page wants to see, though a newer one has ended meanwhile.
pub async fn a_status_is_the_job_that_was_resumed_until_another_is_started(stores: &impl Stores) {
    let user = user("patient");
    let older = job(&user).range("2024-01-01", "2024-01-10").build();
    with_job(stores, &older).await;
    let claim = claimed(stores, &older.key, &claim(at(0), 1)).await;
    applied(stores, &chunk_failed(&claim, "http_500".to_owned(), vec![], at(1))).await;
    let failed = stored(stores, &older.key).await;
    let newer = job(&user).number(2).build();
    started(stores, &newer).await;
    let cancelled = cancel(&newer, at(2)).expect("legal");
    applied(stores, &cancelled).await;
    assert_eq!(status(stores, &user).await.job, Some(cancelled.after));

    let resumed = resume(&failed, at(3)).expect("legal");
    applied(stores, &resumed).await;
    assert_eq!(status(stores, &user).await.job, Some(resumed.after.clone()));
    let ended = cancel(&resumed.after, at(4)).expect("legal");
    applied(stores, &ended).await;
    assert_eq!(status(stores, &user).await.job, Some(ended.after), "its end is shown as well");

    let mut another = job(&user).number(3).build();
    another.created_at = at(5);
    started(stores, &another).await;
    assert_eq!(status(stores, &user).await.job, Some(another));
}

/// A failed job takes its locks again, if nobody else has them.
pub async fn a_resume_takes_the_locks_only_if_they_are_free(stores: &impl Stores) {
    let user = user("resumer");
    let new = job(&user).range("2024-01-01", "2024-01-10").build();
    with_job(stores, &new).await;
    let job = claimed(stores, &new.key, &claim(at(0), 1)).await;
    applied(stores, &chunk_failed(&job, "http_500".to_owned(), vec![], at(1))).await;
    let failed = stored(stores, &new.key).await;
    assert_eq!(lock(stores, &failed).await, (None, None));

    let other = self::job(&user).number(2).build();
    started(stores, &other).await;
    let refused = resume(&failed, at(2)).expect("legal");
    let outcome = stores.jobs().apply(&refused, &[]).await.expect("an answer");
    assert_eq!(outcome, Applied::Lost);
    assert_eq!(stored(stores, &new.key).await, failed);
    let id = Some(other.key.job_id);
    assert_eq!(lock(stores, &other).await, (id, id), "the holder keeps them");

    applied(stores, &cancel(&other, at(3)).expect("legal")).await;
    let resumed = resume(&failed, at(4)).expect("legal");
    applied(stores, &resumed).await;
    assert_eq!(stored(stores, &new.key).await, resumed.after);
    let id = Some(new.key.job_id);
    assert_eq!(lock(stores, &new).await, (id, id));
    let start = self::job(&user).number(3).build();
    let outcome = stores.jobs().start(&start, None).await.expect("an answer");
    assert_eq!(outcome, StartOutcome::UserBusy(new.key.job_id));
}

/// A worker may write between the look at a job and the pause that follows from it, under the same fence and status.
pub async fn a_paused_job_waits_for_its_user_though_its_worker_was_about_to_try_again(stores: &impl Stores) {
    let new = job(&user("hasty")).build();
    with_job(stores, &new).await;
    let seen = claimed(stores, &new.key, &claim(at(0), 1)).await;
    let done = vec!["hrv@2024-01-01..2024-01-30".parse().expect("a window")];
    let tried = try_again(&seen, "sleep: unavailable".to_owned(), done, vec![], vec![], at(60), at(1));
    applied(stores, &tried).await;
    let paused = pause(&seen, at(2)).expect("legal");
    applied(stores, &paused).await;
    let job = stored(stores, &new.key).await;
    assert_eq!((job.status, job.pause_reason), (JobStatus::Paused, Some(PauseReason::User)));
    assert_eq!((job.retry_at, job.lease_until, &job.error_message), (None, None, &None));
    assert_eq!(job.due_at, paused.after.due_at);
    assert_eq!(job.progress, tried.after.progress, "what the worker has done stays done");
}

/// A paused job has its locks already.
pub async fn a_resume_of_a_paused_job_keeps_its_locks(stores: &impl Stores) {
    let new = job(&user("paused")).build();
    with_job(stores, &new).await;
    let paused = pause(&new, at(1)).expect("legal");
    applied(stores, &paused).await;
    let resumed = resume(&paused.after, at(2)).expect("legal");
    assert_eq!(resumed.lock, LockChange::Acquire);
    applied(stores, &resumed).await;
    let id = Some(new.key.job_id);
    assert_eq!(lock(stores, &new).await, (id, id));
}

/// The account's sentinel is looked at as well.
pub async fn a_resume_is_refused_while_another_user_holds_the_account(stores: &impl Stores) {
    let shared = account("shared");
    let (one, other) = (user("one"), user("other"));
    linked(stores, &link_to(&one, shared.clone())).await;
    linked(stores, &link_to(&other, shared.clone())).await;
    let first = job(&one).account(shared.clone()).range("2024-01-01", "2024-01-10").build();
    started(stores, &first).await;
    let claim = claimed(stores, &first.key, &claim(at(0), 1)).await;
    let failed = chunk_failed(&claim, "http_500".to_owned(), vec![], at(1));
    applied(stores, &failed).await;
    started(stores, &job(&other).account(shared).number(2).build()).await;
    let resumed = resume(&failed.after, at(2)).expect("legal");
    let outcome = stores.jobs().apply(&resumed, &[]).await.expect("an answer");
    assert_eq!(outcome, Applied::Lost);
    let link = stores.links().link(&one).await.expect("a read").expect("a link");
    assert_eq!(link.active_job_id, None, "half a lock is no lock");
}

fn unlinking(link: &Link, holder: Option<&Job>, delete_data: bool, seconds: i64) -> Unlink {
    unlink(link, holder, delete_data, at(seconds)).expect("legal")
}

async fn unlinked(stores: &impl Stores, unlink: &Unlink) {
    let outcome = stores.jobs().unlink(unlink).await;
    assert_eq!(outcome.expect("the write is answered"), Applied::Yes);
}

async fn not_unlinked(stores: &impl Stores, unlink: &Unlink) {
    let outcome = stores.jobs().unlink(unlink).await;
    assert_eq!(outcome.expect("the write is answered"), Applied::Lost);
}

async fn stored_link(stores: &impl Stores, user: &UserId) -> Link {
    let link = stores.links().link(user).await.expect("a read");
    link.expect("a link")
}

/// Once unlinking has answered, the job is cancelled, nothing is locked, and no token is left.
pub async fn unlinking_ends_link_and_job_together_and_nothing_more_is_written(stores: &impl Stores) {
    let user = user("leaver");
    let new = job(&user).build();
    with_job(stores, &new).await;
    let job = claimed(stores, &new.key, &claim(at(0), 1)).await;
    let unlink = unlinking(&stored_link(stores, &user).await, Some(&job), false, 1);
    unlinked(stores, &unlink).await;
    let cancelled = cancel(&job, at(1)).expect("legal").after;
    assert_eq!(stored(stores, &new.key).await, cancelled);
    assert_eq!(lock(stores, &new).await, (None, None));
    let link = stored_link(stores, &user).await;
    assert_eq!(link, unlink.after);
    assert!(!link.is_active && link.tokens == SealedTokens::default());
    for number in [2, 320] {
        let done = chunk_done(&job, vec![], None, at(2));
        let outcome = stores.jobs().apply(&done, &days_of_steps(number)).await.expect("an answer");
        assert_eq!(outcome, Applied::Lost);
    }
    lost(stores, &hand_over(&job, vec![], vec![], vec![], at(2))).await;
    assert_eq!(days(stores, &user).await, 0);
    let late = stores.jobs().claim(&new.key, &claim(at(3), 2)).await.expect("an answer");
    assert_eq!(late, ClaimOutcome::Refused);
    let again = self::job(&user).number(2).build();
    let outcome = stores.jobs().start(&again, None).await.expect("an answer");
    assert_eq!(outcome, StartOutcome::NotLinked);
    not_unlinked(stores, &unlink).await;
}

/// Without a job there is less to end.
pub async fn unlinking_without_a_job_keeps_what_the_history_has_earned(stores: &impl Stores) {
    let user = user("idle");
    let first = job(&user).range("2026-11-15", "2026-11-22").build();
    with_job(stores, &first).await;
    let job = claimed(stores, &first.key, &claim(at(1), 1)).await;
    applied(stores, &chunk_done(&job, vec![], None, at(2))).await;
    let unlink = unlinking(&stored_link(stores, &user).await, None, false, 3);
    unlinked(stores, &unlink).await;
    let link = stored_link(stores, &user).await;
    assert_eq!(link, unlink.after);
    assert_eq!(link.last_successful_sync_date, Some(date("2026-11-22")));
    assert_eq!(stores.erasures().erasure(&user).await.expect("a read"), None);
    linked(stores, &self::link(&user)).await;
    let anew = stored_link(stores, &user).await;
    assert_eq!((anew.tokens_version, anew.is_active), (3, true));
    assert_eq!(anew.last_successful_sync_date, Some(date("2026-11-22")));
}

/// Of a start and an unlinking at once one is first: a job is never left locked without a link.
pub async fn an_unlinking_and_a_start_never_both_hold(stores: &impl Stores) {
    for round in 0..8_u64 {
        let user = user(&format!("crossing-{round}"));
        linked(stores, &link(&user)).await;
        let new = job(&user).number(round + 1).build();
        let unlink = unlinking(&stored_link(stores, &user).await, None, false, 1);
        let (started, unlinked) =
            futures::join!(stores.jobs().start(&new, None), stores.jobs().unlink(&unlink));
        match (started.expect("an answer"), unlinked.expect("an answer")) {
            (StartOutcome::Started, Applied::Lost) => {
                assert!(stored_link(stores, &user).await.is_active);
            }
            (StartOutcome::NotLinked, Applied::Yes) => {
                assert_eq!(stores.jobs().job(&new.key).await.expect("a read"), None);
                assert_eq!(lock(stores, &new).await, (None, None));
            }
            both => panic!("{both:?}"),
        }
    }
}

/// A job that was resumed, cancelled or finished since it was read is not the one that unlinking decided about.
pub async fn an_unlinking_decided_over_an_older_job_is_lost(stores: &impl Stores) {
    let user = user("late");
    let new = job(&user).build();
    with_job(stores, &new).await;
    let link = stored_link(stores, &user).await;
    let decided = unlinking(&link, Some(&new), true, 1);
    let job = claimed(stores, &new.key, &claim(at(1), 1)).await;
    not_unlinked(stores, &decided).await;
    assert_eq!(stored_link(stores, &user).await, link);
    assert_eq!(stores.erasures().erasure(&user).await.expect("a read"), None);
    let decided = unlinking(&link, Some(&job), false, 2);
    applied(stores, &cancel(&job, at(2)).expect("legal")).await;
    not_unlinked(stores, &decided).await;
    let free = stored_link(stores, &user).await;
    let without_job = unlinking(&free, None, false, 3);
    started(stores, &self::job(&user).number(2).build()).await;
    not_unlinked(stores, &without_job).await;
}

/// The worker's commit and the user's unlinking cross: what was committed stays, the job ends.
pub async fn an_unlinking_decided_before_a_commit_keeps_what_the_commit_did(stores: &impl Stores) {
    let user = user("crossing");
    let new = job(&user).build();
    with_job(stores, &new).await;
    let job = claimed(stores, &new.key, &claim(at(0), 1)).await;
    let decided = unlinking(&stored_link(stores, &user).await, Some(&job), false, 1);
    let done = chunk_done(&job, vec![], None, at(2));
    let outcome = stores.jobs().apply(&done, &days_of_steps(3)).await.expect("an answer");
    assert_eq!(outcome, Applied::Yes);
    unlinked(stores, &decided).await;
    let job = stored(stores, &new.key).await;
    assert_eq!((job.status, job.chunks_completed()), (JobStatus::Cancelled, 1));
    assert_eq!(days(stores, &user).await, 3);
}

/// A refresh that was on its way when the user left revives nothing, and one that was first is unlinked after a look.
pub async fn a_refresh_never_revives_an_unlinked_link(stores: &impl Stores) {
    let user = user("refresher");
    linked(stores, &link(&user)).await;
    let before = stored_link(stores, &user).await;
    let unlink = unlinking(&before, None, false, 1);
    unlinked(stores, &unlink).await;
    let fresh = SealedTokens("bmV3".to_owned());
    for version in [before.tokens_version, unlink.after.tokens_version] {
        let late = stores.links().replace_tokens(&user, version, &fresh, at(7_200), at(2)).await;
        assert_eq!(late.expect("an answer"), Applied::Lost);
        let late = stores.links().require_reauth(&user, version, at(2)).await;
        assert_eq!(late.expect("an answer"), Applied::Lost);
    }
    assert_eq!(stored_link(stores, &user).await, unlink.after);

    linked(stores, &link(&user)).await;
    let before = stored_link(stores, &user).await;
    let unlink = unlinking(&before, None, false, 3);
    let replaced =
        stores.links().replace_tokens(&user, before.tokens_version, &fresh, at(7_200), at(3)).await;
    assert_eq!(replaced.expect("an answer"), Applied::Yes);
    not_unlinked(stores, &unlink).await;
    let unlink = unlinking(&stored_link(stores, &user).await, None, false, 4);
    unlinked(stores, &unlink).await;
}

/// A new link is not undone by an unlinking that was decided before it.
pub async fn an_unlinking_decided_before_a_new_link_is_lost(stores: &impl Stores) {
    let user = user("returner");
    linked(stores, &link(&user)).await;
    let decided = unlinking(&stored_link(stores, &user).await, None, true, 1);
    linked(stores, &link_to(&user, account("another"))).await;
    not_unlinked(stores, &decided).await;
    assert!(stored_link(stores, &user).await.is_active);
    assert_eq!(stores.erasures().erasure(&user).await.expect("a read"), None);
}

/// The link may lead elsewhere since a start looked at it: its tokens would bring somebody else's days into the job.
pub async fn a_job_begins_and_goes_on_only_with_a_link_to_its_account(stores: &impl Stores) {
    let user = user("switcher");
    let new = job(&user).build();
    linked(stores, &link_to(&user, account("another"))).await;
    let outcome = stores.jobs().start(&new, None).await.expect("an answer");
    assert_eq!(outcome, StartOutcome::NotLinked);
    assert_eq!(lock(stores, &new).await, (None, None));
    with_job(stores, &new).await;
    let paused = pause(&new, at(1)).expect("legal");
    applied(stores, &paused).await;
    linked(stores, &link_to(&user, account("another"))).await;
    let resumed = resume(&paused.after, at(2)).expect("legal");
    let outcome = stores.jobs().apply(&resumed, &[]).await.expect("an answer");
    assert_eq!(outcome, Applied::Lost);
}

/// The sweeper sees every unfinished job whose time has come, the most overdue first.
pub async fn the_index_of_due_jobs_is_ordered_and_holds_no_finished_job(stores: &impl Stores) {
    for number in 1..=9_u64 {
        let user = user(&format!("due-{number}"));
        // Due moments in another order than the ids.
        let made_at = at(i64::try_from(number * 7 % 9).unwrap_or_default() * 10);
        with_job(stores, &job(&user).number(number).made_at(made_at).build()).await;
    }
    assert_eq!(due_keys(stores, 59, 100).await, []);
    let all = due_keys(stores, 10_000, 100).await;
    let moments: Vec<_> = all.iter().map(|(_, due)| *due).collect();
    assert_eq!(moments, [60, 70, 80, 90, 100, 110, 120, 130, 140]);
    assert_eq!(due_keys(stores, 10_000, 4).await, all[..4]);
    assert_eq!(due_keys(stores, 85, 100).await, all[..3]);

    // A finished one leaves, a claimed one moves to the end of its lease.
    let by_id = |id: JobId| (1..=9).find(|number| job_id(*number) == id).expect("one of ours");
    let (first, second) = (by_id(all[0].0), by_id(all[1].0));
    let key = |number: u64| job_key(&user(&format!("due-{number}")), number);
    let job = stored(stores, &key(first)).await;
    applied(stores, &cancel(&job, at(200)).expect("legal")).await;
    claimed(stores, &key(second), &claim(at(200), 1)).await;
    let now = due_keys(stores, 10_000, 100).await;
    assert_eq!(now.len(), 8);
    assert_eq!(now.last(), Some(&(job_id(second), 380)));
}

/// A sweeper that looked at an old index moves nothing.
pub async fn a_due_moment_is_moved_only_from_where_it_was_seen(stores: &impl Stores) {
    let new = job(&user("swept")).build();
    with_job(stores, &new).await;
    let seen = DueJob { key: new.key.clone(), due_at: at(60) };
    let sweeps = (0..5).map(|sweep| stores.jobs().postpone(&seen, at(120 + sweep)));
    let outcomes: Vec<_> = join_all(sweeps.collect::<Vec<_>>()).await;
    let won = outcomes.into_iter().filter(|outcome| matches!(outcome, Ok(Applied::Yes))).count();
    assert_eq!(won, 1);
    let job = stored(stores, &new.key).await;
    assert!(job.due_at >= Some(at(120)) && job.due_at <= Some(at(124)));
    assert_eq!(Job { due_at: new.due_at, ..job.clone() }, new, "nothing else moves");
    applied(stores, &cancel(&job, at(130)).expect("legal")).await;
    let seen = DueJob { due_at: job.due_at.expect("it is unfinished"), ..seen };
    let outcome = stores.jobs().postpone(&seen, at(500)).await.expect("an answer");
    assert_eq!(outcome, Applied::Lost);
    assert_eq!(stored(stores, &new.key).await.due_at, None);
    assert_eq!(due_keys(stores, 10_000, 10).await, []);
}

/// Newest first, in pages that join without gap or repetition.
pub async fn jobs_are_listed_newest_first_in_pages(stores: &impl Stores) {
    let user = user("lister");
    linked(stores, &link(&user)).await;
    for number in 1..=7 {
        let job = job(&user).number(number).build();
        let key = answer(&format!("key-{number}"), "r", 0);
        let outcome = stores.jobs().start(&job, Some(&key)).await.expect("an answer");
        assert_eq!(outcome, StartOutcome::Started);
        applied(stores, &cancel(&job, at(1)).expect("legal")).await;
    }
    let mut numbers = Vec::new();
    let mut cursor = None;
    let mut pages = 0;
    loop {
        let page = stores.jobs().jobs(&user, 3, cursor).await.expect("a page");
        numbers.extend(page.items.iter().map(|job| job.key.job_id));
        pages += 1;
        let Some(next) = page.next else { break };
        assert_eq!(page.items.len(), 3);
        cursor = Some(next.parse().expect("the cursor is an id"));
    }
    assert_eq!(pages, 3);
    assert_eq!(numbers, (1..=7).rev().map(job_id).collect::<Vec<_>>());
    let exact = stores.jobs().jobs(&user, 7, None).await.expect("a page");
    assert_eq!((exact.items.len(), exact.next), (7, None), "no page is empty");
}

/// The same key twice: one job, and the answer is there for the second.
pub async fn an_idempotency_key_starts_one_job_and_keeps_its_answer(stores: &impl Stores) {
    let user = user("caller");
    linked(stores, &link(&user)).await;
    let key = answer("key", "historical 2024", 0);
    let jobs: Vec<_> = (1..=10).map(|number| job(&user).number(number).build()).collect();
    let outcomes = join_all(jobs.iter().map(|job| stores.jobs().start(job, Some(&key)))).await;
    let outcomes: Vec<_> = outcomes.into_iter().map(|outcome| outcome.expect("an answer")).collect();
    let started = outcomes.iter().filter(|outcome| **outcome == StartOutcome::Started).count();
    let repeated = outcomes.iter().filter(|outcome| **outcome == StartOutcome::Repeated).count();
    assert_eq!((started, repeated), (1, 9));
    let kept = stores.jobs().remembered(&user, "key", at(1)).await.expect("a read");
    assert_eq!(kept, Some(key.clone()));
    let theirs = self::user("another");
    assert_eq!(stores.jobs().remembered(&theirs, "key", at(1)).await.expect("a read"), None);
    let end = key.expires_at;
    assert_eq!(stores.jobs().remembered(&user, "key", end).await.expect("a read"), None);
}

/// A start that fails remembers nothing.
pub async fn a_refused_start_remembers_no_answer(stores: &impl Stores) {
    let user = user("refused");
    with_job(stores, &job(&user).build()).await;
    let late = job(&user).number(2).build();
    let outcome = stores.jobs().start(&late, Some(&answer("key", "r", 0))).await.expect("an answer");
    assert_eq!(outcome, StartOutcome::UserBusy(job_id(1)));
    assert_eq!(stores.jobs().remembered(&user, "key", at(1)).await.expect("a read"), None);
}

/// An answer is kept once, and its key is free again when it has expired.
pub async fn an_answer_is_remembered_once_until_it_expires(stores: &impl Stores) {
    let user = user("rememberer");
    let day = IDEMPOTENCY_WINDOW.num_seconds();
    let remember = async |made_at: i64, request: &str| {
        let answer = answer("key", request, made_at);
        stores.jobs().remember(&user, &answer).await.expect("an answer")
    };
    assert_eq!(remember(0, "first").await, Applied::Yes);
    assert_eq!(remember(10, "second").await, Applied::Lost);
    assert_eq!(remember(day - 1, "third").await, Applied::Lost);
    assert_eq!(remember(day, "fourth").await, Applied::Yes);
    let kept = stores.jobs().remembered(&user, "key", at(day + 1)).await.expect("a read");
    assert_eq!(kept.map(|answer| answer.request).as_deref(), Some("fourth"));
}

/// The expired key of a start is free again too.
pub async fn an_expired_key_starts_another_job(stores: &impl Stores) {
    let user = user("returner");
    linked(stores, &link(&user)).await;
    let first = job(&user).build();
    let outcome = stores.jobs().start(&first, Some(&answer("key", "r", 0))).await;
    assert_eq!(outcome.expect("an answer"), StartOutcome::Started);
    applied(stores, &cancel(&first, at(1)).expect("legal")).await;
    let day = IDEMPOTENCY_WINDOW.num_seconds();
    for (made_at, number, expected) in [(day - 1, 2, StartOutcome::Repeated), (day, 3, StartOutcome::Started)]
    {
        let again = job(&user).number(number).made_at(at(made_at)).build();
        let outcome = stores.jobs().start(&again, Some(&answer("key", "r", made_at))).await;
        assert_eq!(outcome.expect("an answer"), expected);
    }
}

/// Every promise of a [`JobStore`] as a test. Takes an expression that gives the future of [`Stores`].
#[macro_export]
macro_rules! job_store_suite {
    ($stores:expr) => {
        $crate::suite!(
            job_store,
            $stores,
            [
                fifty_simultaneous_starts_make_one_job_and_tell_the_others_which,
                one_garmin_account_serves_one_job_at_a_time_though_two_users_link_it,
                a_start_without_a_link_is_refused_and_leaves_nothing,
                two_users_never_see_each_others_jobs,
                a_job_reads_back_as_it_was_written_at_every_step_of_its_life,
                a_claim_makes_of_the_job_exactly_what_the_domain_says,
                a_live_lease_is_respected_and_an_ended_one_is_taken,
                a_waiting_paused_finished_or_missing_job_is_not_claimed,
                a_claim_that_follows_an_overtaken_nudge_is_refused,
                a_claim_sent_twice_is_one_claim,
                of_many_claims_at_once_one_wins,
                a_commit_writes_records_and_progress_together,
                a_commit_with_a_stale_fence_writes_nothing_not_even_records,
                a_big_commit_with_a_stale_fence_writes_nothing_either,
                a_commit_from_another_status_writes_nothing,
                a_commit_over_a_moved_cursor_writes_nothing,
                after_a_cancel_or_a_pause_nothing_more_is_written,
                a_cancel_decided_before_a_commit_keeps_what_the_commit_did,
                a_commit_takes_as_many_records_as_there_are,
                a_commit_takes_records_larger_than_one_transaction,
                a_record_of_another_source_stays_and_the_rest_is_written,
                attributes_of_one_record_come_together_over_several_commits,
                one_record_named_twice_in_a_commit_is_merged,
                the_last_commit_frees_both_locks_and_moves_the_watermark,
                a_lost_last_commit_leaves_locks_and_watermark_alone,
                a_watermark_never_goes_back_and_the_job_ends_all_the_same,
                a_job_of_an_account_that_is_no_longer_linked_ends_without_a_watermark,
                a_status_is_the_latest_job_and_the_watermark,
                a_status_is_the_job_that_was_resumed_until_another_is_started,
                a_resume_takes_the_locks_only_if_they_are_free,
                a_resume_of_a_paused_job_keeps_its_locks,
                a_paused_job_waits_for_its_user_though_its_worker_was_about_to_try_again,
                a_resume_is_refused_while_another_user_holds_the_account,
                unlinking_ends_link_and_job_together_and_nothing_more_is_written,
                unlinking_without_a_job_keeps_what_the_history_has_earned,
                an_unlinking_and_a_start_never_both_hold,
                an_unlinking_decided_over_an_older_job_is_lost,
                an_unlinking_decided_before_a_commit_keeps_what_the_commit_did,
                a_refresh_never_revives_an_unlinked_link,
                an_unlinking_decided_before_a_new_link_is_lost,
                a_job_begins_and_goes_on_only_with_a_link_to_its_account,
                the_index_of_due_jobs_is_ordered_and_holds_no_finished_job,
                a_due_moment_is_moved_only_from_where_it_was_seen,
                jobs_are_listed_newest_first_in_pages,
                an_idempotency_key_starts_one_job_and_keeps_its_answer,
                a_refused_start_remembers_no_answer,
                an_answer_is_remembered_once_until_it_expires,
                an_expired_key_starts_another_job,
            ]
        );
    };
}
