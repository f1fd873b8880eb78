//! The fakes fail as they are told.
#![expect(clippy::unwrap_used, reason = "a test that does not find what it expects has failed")]

use sync_core::job::JobStatus;
use sync_core::ports::{Applied, ChunkQueue, JobStore, LinkStore, PutLink, StartOutcome, StoreError};
use sync_core::transition::{cancel, chunk_done};
use sync_testkit::build::{at, claim, days_of_steps, job, link, user};
use sync_testkit::clock::ManualClock;
use sync_testkit::memory::{Fault, MemoryQueue, MemoryStore, Operation};

async fn started() -> (MemoryStore, sync_core::Job) {
    let store = MemoryStore::new();
    let new = job(&user("u")).build();
    assert_eq!(store.put_link(&link(&new.key.user_id), None).await.unwrap(), PutLink::Stored);
    assert_eq!(store.start(&new, None).await.unwrap(), StartOutcome::Started);
    (store, new)
}

#[tokio::test]
async fn a_planned_fault_hits_the_write_it_was_planned_for() {
    let (store, new) = started().await;
    store.fail_write(2, Fault::Unavailable);
    store.claim(&new.key, &claim(at(0), 1)).await.unwrap();
    assert!(store.job(&new.key).await.unwrap().is_some(), "a read is no write");
    let job = store.job(&new.key).await.unwrap().unwrap();
    let failed = store.apply(&cancel(&job, at(1)).unwrap(), &[]).await;
    assert!(matches!(failed, Err(StoreError::Unavailable(_))));
    assert_eq!(store.snapshot().jobs[&new.key].status, JobStatus::Running);
    let again = store.apply(&cancel(&job, at(2)).unwrap(), &[]).await.unwrap();
    assert_eq!(again, Applied::Yes);
}

#[tokio::test]
async fn an_unknown_outcome_is_applied_or_not_as_told() {
    for (fault, records, completed) in
        [(Fault::UnknownApplied, 3, 1), (Fault::UnknownNotApplied, 0, 0), (Fault::RecordsOnly, 3, 0)]
    {
        let (store, new) = started().await;
        store.claim(&new.key, &claim(at(0), 1)).await.unwrap();
        let job = store.job(&new.key).await.unwrap().unwrap();
        store.fail_write(1, fault);
        let done = chunk_done(&job, vec![], None, at(1));
        let outcome = store.apply(&done, &days_of_steps(3)).await;
        assert!(matches!(outcome, Err(StoreError::OutcomeUnknown(_))));
        let after = store.snapshot();
        assert_eq!(after.records.len(), records, "{fault:?}");
        assert_eq!(after.jobs[&new.key].chunks_completed(), completed, "{fault:?}");
    }
}

#[tokio::test]
async fn a_hook_decides_for_every_operation() {
    let (store, new) = started().await;
    store.on_operation(|operation| (operation == Operation::Claim).then_some(Fault::UnknownApplied));
    let claimed = store.claim(&new.key, &claim(at(0), 1)).await;
    assert!(matches!(claimed, Err(StoreError::OutcomeUnknown(_))));
    assert_eq!(store.job(&new.key).await.unwrap().unwrap().fence, 1);
    store.end_faults();
    store.claim(&new.key, &claim(at(500), 2)).await.unwrap();
}

#[tokio::test]
async fn a_stale_index_shows_what_was_until_it_is_thawed() {
    let (store, new) = started().await;
    store.freeze_index();
    let job = store.job(&new.key).await.unwrap().unwrap();
    assert_eq!(store.apply(&cancel(&job, at(1)).unwrap(), &[]).await.unwrap(), Applied::Yes);
    let stale = store.due(at(1_000), 10).await.unwrap();
    assert_eq!(stale.len(), 1);
    assert_eq!(store.postpone(&stale[0], at(2_000)).await.unwrap(), Applied::Lost);
    store.thaw_index();
    assert_eq!(store.due(at(1_000), 10).await.unwrap(), []);
}

#[tokio::test]
async fn an_operation_dropped_before_its_effect_has_none() {
    let (store, new) = started().await;
    let mine = claim(at(0), 1);
    let mut claiming = Box::pin(store.claim(&new.key, &mine));
    assert!(futures::poll!(&mut claiming).is_pending());
    drop(claiming);
    assert_eq!(store.snapshot().jobs[&new.key].fence, 0);
    let mut claiming = Box::pin(store.claim(&new.key, &mine));
    assert!(futures::poll!(&mut claiming).is_pending());
    assert!(futures::poll!(&mut claiming).is_pending(), "written, and the answer on its way");
    drop(claiming);
    assert_eq!(store.snapshot().jobs[&new.key].fence, 1);
}

#[tokio::test]
async fn a_lost_nudge_is_counted_by_nobody() {
    let queue = MemoryQueue::new(ManualClock::default());
    let job = job(&user("u")).build();
    queue.fail_nudge(1, Fault::Unavailable);
    assert!(queue.nudge(&job, chrono::TimeDelta::zero()).await.is_err());
    assert_eq!((queue.sent(), queue.receive(job.sync_type)), (0, None));
}
