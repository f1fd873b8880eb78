//! What every [`ChunkQueue`] promises.

use chrono::TimeDelta;
use sync_core::job::SyncType;
use sync_core::ports::{ChunkQueue, ErasureQueue};

use super::Queues;
use crate::build::{job_key, user};

/// A nudge carries who and which.
pub async fn a_nudge_arrives_with_its_key(queues: &impl Queues) {
    let key = job_key(&user("auth0|5f7c8ec7!$%&'()*+,-./:;<=>?@[]^_`{|}~"), 1);
    let sent = queues.queue().nudge(&key, SyncType::Historical, TimeDelta::zero()).await;
    sent.expect("it is sent");
    assert_eq!(queues.receive(SyncType::Historical).await, [key]);
    assert_eq!(queues.receive(SyncType::Historical).await, []);
}

/// An incremental sync never waits behind somebody's ten years.
pub async fn each_kind_of_sync_has_its_own_queue(queues: &impl Queues) {
    let (one, other) = (job_key(&user("u"), 1), job_key(&user("u"), 2));
    let now = TimeDelta::zero();
    queues.queue().nudge(&one, SyncType::Historical, now).await.expect("it is sent");
    queues.queue().nudge(&other, SyncType::Incremental, now).await.expect("it is sent");
    assert_eq!(queues.receive(SyncType::Incremental).await, [other]);
    assert_eq!(queues.receive(SyncType::Historical).await, [one]);
}

/// A delayed nudge arrives when its time has come.
pub async fn a_delayed_nudge_waits(queues: &impl Queues) {
    let key = job_key(&user("u"), 1);
    let delay = TimeDelta::seconds(1);
    queues.queue().nudge(&key, SyncType::Historical, delay).await.expect("it is sent");
    assert_eq!(queues.receive(SyncType::Historical).await, []);
    queues.wait_a_second().await;
    assert_eq!(queues.receive(SyncType::Historical).await, [key]);
}

/// A delay that no message can carry is cut, not refused.
pub async fn any_delay_is_taken(queues: &impl Queues) {
    let key = job_key(&user("u"), 1);
    let past = TimeDelta::seconds(-60);
    queues.queue().nudge(&key, SyncType::Historical, past).await.expect("it is sent");
    assert_eq!(queues.receive(SyncType::Historical).await, std::slice::from_ref(&key));
    let far = TimeDelta::days(3);
    queues.queue().nudge(&key, SyncType::Historical, far).await.expect("it is sent");
    assert_eq!(queues.receive(SyncType::Historical).await, []);
}

/// A nudge to erase carries whose, and nothing of it looks like a job.
pub async fn a_nudge_to_erase_arrives_with_its_user(queues: &impl Queues) {
    let user = user("auth0|5f7c8ec7!$%&'()*+,-./:;<=>?@[]^_`{|}~");
    queues.queue().nudge_erasure(&user).await.expect("it is sent");
    assert_eq!(queues.receive(SyncType::Incremental).await, []);
    assert_eq!(queues.receive_erasures().await, [user]);
    assert_eq!(queues.receive_erasures().await, []);
}

/// Every promise of a [`ChunkQueue`] and an [`ErasureQueue`] as a test. Takes an expression that gives the future of [`Queues`].
#[macro_export]
macro_rules! chunk_queue_suite {
    ($queues:expr) => {
        $crate::suite!(
            chunk_queue,
            $queues,
            [
                a_nudge_arrives_with_its_key,
                each_kind_of_sync_has_its_own_queue,
                a_delayed_nudge_waits,
                any_delay_is_taken,
                a_nudge_to_erase_arrives_with_its_user,
            ]
        );
    };
}
