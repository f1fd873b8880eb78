//! What every [`ChunkQueue`] promises.

use chrono::TimeDelta;
use sync_core::job::{Job, SyncType};
use sync_core::ports::{ChunkQueue, ErasureQueue, Nudge};

use super::Queues;
use crate::build::{at, claim, job, user};

/// A nudge carries who, which, and since when.
pub async fn a_nudge_arrives_with_its_key_and_fence(queues: &impl Queues) {
    let job = job(&user("auth0|5f7c8ec7!$%&'()*+,-./:;<=>?@[]^_`{|}~")).build();
    let job = job.claimed(&claim(at(1), 1));
    queues.queue().nudge(&job, TimeDelta::zero()).await.expect("it is sent");
    let nudge = Nudge { key: job.key, fence: Some(1) };
    assert_eq!(queues.receive(SyncType::Historical).await, [nudge]);
    assert_eq!(queues.receive(SyncType::Historical).await, []);
}

/// An incremental sync never waits behind somebody's ten years.
pub async fn each_kind_of_sync_has_its_own_queue(queues: &impl Queues) {
    let one = job(&user("u")).build();
    let other = Job { sync_type: SyncType::Incremental, ..job(&user("u")).number(2).build() };
    let now = TimeDelta::zero();
    queues.queue().nudge(&one, now).await.expect("it is sent");
    queues.queue().nudge(&other, now).await.expect("it is sent");
    assert_eq!(queues.receive(SyncType::Incremental).await, [Nudge::of(&other)]);
    assert_eq!(queues.receive(SyncType::Historical).await, [Nudge::of(&one)]);
}

/// A delayed nudge arrives when its time has come.
pub async fn a_delayed_nudge_waits(queues: &impl Queues) {
    let job = job(&user("u")).build();
    queues.queue().nudge(&job, TimeDelta::seconds(1)).await.expect("it is sent");
    assert_eq!(queues.receive(SyncType::Historical).await, []);
    queues.wait_a_second().await;
    assert_eq!(queues.receive(SyncType::Historical).await, [Nudge::of(&job)]);
}

/// A delay that no message can carry is cut, not refused.
pub async fn any_delay_is_taken(queues: &impl Queues) {
    let job = job(&user("u")).build();
    queues.queue().nudge(&job, TimeDelta::seconds(-60)).await.expect("it is sent");
    assert_eq!(queues.receive(SyncType::Historical).await, [Nudge::of(&job)]);
    queues.queue().nudge(&job, TimeDelta::days(3)).await.expect("it is sent");
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
                a_nudge_arrives_with_its_key_and_fence,
                each_kind_of_sync_has_its_own_queue,
                a_delayed_nudge_waits,
                any_delay_is_taken,
                a_nudge_to_erase_arrives_with_its_user,
            ]
        );
    };
}
