//! What every [`ErasureStore`] promises.

use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;
use sync_core::erasure::{DueErasure, Erasure};
use sync_core::ids::UserId;
use sync_core::ports::{Applied, Erased, ErasureStore, JobStore, LinkStore, PutLink};
use sync_core::record::{RecordKind, RecordUpsert};
use sync_core::transition::{cancel, chunk_done};
use sync_core::unlink::unlink;

use super::{Stores, all_records, claimed, days, linked, started, stored, with_job};
use crate::build::{at, claim, days_of_steps, job, link, record, user};

/// A user who has imported these records and has no job.
async fn imported(stores: &impl Stores, user: &UserId, number: u64, records: &[RecordUpsert]) {
    let new = job(user).number(number).build();
    with_job(stores, &new).await;
    let job = claimed(stores, &new.key, &claim(at(1), 1)).await;
    let done = chunk_done(&job, vec![], None, at(2));
    assert_eq!(stores.jobs().apply(&done, records).await.expect("an answer"), Applied::Yes);
    let end = cancel(&stored(stores, &new.key).await, at(3)).expect("legal");
    assert_eq!(stores.jobs().apply(&end, &[]).await.expect("an answer"), Applied::Yes);
}

/// Unlinks the user, who has no job, and begins to erase.
async fn begun(stores: &impl Stores, user: &UserId, seconds: i64) -> Erasure {
    let link = stores.links().link(user).await.expect("a read").expect("a link");
    let unlink = unlink(&link, None, true, at(seconds)).expect("legal");
    assert_eq!(stores.jobs().unlink(&unlink).await.expect("an answer"), Applied::Yes);
    let erasure = stores.erasures().erasure(user).await.expect("a read").expect("an erasure");
    assert_eq!(Some(&erasure), unlink.erasure.as_ref(), "it reads back as it was begun");
    erasure
}

/// Erases to the end; the number of batches and of records.
async fn erased(stores: &impl Stores, mut erasure: Erasure) -> (u32, u64) {
    let mut batches = 0;
    loop {
        batches += 1;
        match stores.erasures().erase(&erasure, at(100)).await.expect("an answer") {
            Erased::Batch(further) => {
                let kept = stores.erasures().erasure(&erasure.user_id).await.expect("a read");
                assert_eq!(kept.as_ref(), Some(&further));
                erasure = further;
            }
            Erased::All { records } => return (batches, records),
            Erased::Lost => panic!("nobody else erases"),
        }
    }
}

/// Whoever erases asks for little at a time, and at the end nothing is left, not even the erasure.
pub async fn everything_of_garmins_goes_in_batches_and_the_erasure_with_the_last(stores: &impl Stores) {
    let (one, other) = (user("one"), user("one2"));
    let mut records = days_of_steps(250);
    records.extend((0..30).map(|number| record(&format!("activity#{number}"), &json!({"name": "run"}))));
    imported(stores, &one, 1, &records).await;
    imported(stores, &other, 2, &days_of_steps(3)).await;
    let erasure = begun(stores, &one, 10).await;
    let (batches, records) = erased(stores, erasure).await;
    assert!(batches >= 3, "{batches}");
    assert_eq!(records, 280);
    for kind in RecordKind::ALL {
        assert_eq!(all_records(stores, &one, *kind).await, []);
    }
    assert_eq!(days(stores, &other).await, 3, "another user's stay");
    assert_eq!(stores.erasures().erasure(&one).await.expect("a read"), None);
    assert_eq!(stores.erasures().due_erasures(at(100_000), 10).await.expect("a read"), []);
}

/// Nothing to erase is erased at once.
pub async fn an_erasure_of_nothing_ends_at_once(stores: &impl Stores) {
    let user = user("newcomer");
    linked(stores, &link(&user)).await;
    let erasure = begun(stores, &user, 1).await;
    let outcome = stores.erasures().erase(&erasure, at(2)).await.expect("an answer");
    assert_eq!(outcome, Erased::All { records: 0 });
    let outcome = stores.erasures().erase(&erasure, at(3)).await.expect("an answer");
    assert_eq!(outcome, Erased::Lost, "it is over");
}

/// What a person typed in is not Garmin's to take away.
pub async fn a_record_of_another_source_survives_an_erasure(stores: &impl Stores) {
    let user = user("typist");
    let typed = record("day#2024-01-03", &json!({"steps": 4_711}));
    stores.put_foreign_record(&user, &typed).await;
    imported(stores, &user, 1, &days_of_steps(150)).await;
    let erasure = begun(stores, &user, 10).await;
    assert_eq!(erased(stores, erasure).await.1, 149);
    let kept = all_records(stores, &user, RecordKind::Day).await;
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0].key, &kept[0].attributes), (&typed.key, &typed.attributes));
}

/// Two erasers at one batch: one deletes it, the other learns that it came too late.
pub async fn of_many_erasers_of_one_batch_one_wins(stores: &impl Stores) {
    let user = user("crowd");
    imported(stores, &user, 1, &days_of_steps(150)).await;
    let erasure = begun(stores, &user, 10).await;
    let erasers = (0..4).map(|_| stores.erasures().erase(&erasure, at(11)));
    let outcomes = join_all(erasers.collect::<Vec<_>>()).await;
    let won = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Erased::Batch(_)))).count();
    let lost = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Erased::Lost))).count();
    assert_eq!((won, lost), (1, 3));
}

/// Who links again while an erasure is unfinished would see new days taken: it is refused until the last is gone.
pub async fn no_link_is_stored_while_an_erasure_is_unfinished(stores: &impl Stores) {
    let user = user("returner");
    imported(stores, &user, 1, &days_of_steps(120)).await;
    let mut erasure = begun(stores, &user, 10).await;
    loop {
        let seen = stores.links().link(&user).await.expect("a read").map(|link| link.tokens_version);
        let refused = stores.links().put_link(&link(&user), seen).await.expect("an answer");
        assert_eq!(refused, PutLink::Erasing);
        match stores.erasures().erase(&erasure, at(11)).await.expect("an answer") {
            Erased::Batch(further) => erasure = further,
            _ => break,
        }
    }
    linked(stores, &link(&user)).await;
    let link = stores.links().link(&user).await.expect("a read").expect("a link");
    assert_eq!(link.last_successful_sync_date, None, "what is erased was not imported");
}

/// An eraser that slept while the erasure ended and the person came back takes nothing of the new import.
pub async fn an_eraser_that_slept_takes_nothing_of_a_later_import(stores: &impl Stores) {
    let user = user("sleeper");
    imported(stores, &user, 1, &days_of_steps(120)).await;
    let slept = begun(stores, &user, 10).await;
    erased(stores, slept.clone()).await;
    imported(stores, &user, 2, &days_of_steps(120)).await;
    let late = stores.erasures().erase(&slept, at(20)).await.expect("an answer");
    assert_eq!(late, Erased::Lost);
    assert_eq!(days(stores, &user).await, 120);
    let second = begun(stores, &user, 30).await;
    assert!(second.version > slept.version);
    let late = stores.erasures().erase(&slept, at(31)).await.expect("an answer");
    assert_eq!(late, Erased::Lost, "nor of a later erasure");
}

/// The sweeper sees what is due and moves it on once; no list of jobs and no index of them shows it.
pub async fn a_due_erasure_is_found_and_moved_only_from_where_it_was_seen(stores: &impl Stores) {
    let user = user("due");
    imported(stores, &user, 1, &days_of_steps(120)).await;
    let erasure = begun(stores, &user, 10).await;
    let early = erasure.due_at - TimeDelta::seconds(1);
    assert_eq!(stores.erasures().due_erasures(early, 10).await.expect("a read"), []);
    let due = DueErasure { user_id: user.clone(), due_at: erasure.due_at };
    let found = stores.erasures().due_erasures(erasure.due_at, 10).await.expect("a read");
    assert_eq!(found, std::slice::from_ref(&due));
    assert_eq!(stores.jobs().due(at(100_000), 10).await.expect("a read"), []);
    let listed = stores.jobs().jobs(&user, 10, None).await.expect("a list");
    assert_eq!(listed.items.len(), 1);
    let until = at(500);
    let sweeps = (0..5).map(|_| stores.erasures().postpone_erasure(&due, until));
    let outcomes = join_all(sweeps.collect::<Vec<_>>()).await;
    let won = outcomes.into_iter().filter(|outcome| matches!(outcome, Ok(Applied::Yes))).count();
    assert_eq!(won, 1);
    let kept = stores.erasures().erasure(&user).await.expect("a read");
    assert_eq!(kept, Some(Erasure { due_at: until, ..erasure.clone() }));
    // A postponed one is still the same erasure.
    assert_eq!(erased(stores, erasure).await.1, 120);
    let moved = stores.erasures().postpone_erasure(&DueErasure { due_at: until, ..due }, at(900)).await;
    assert_eq!(moved.expect("an answer"), Applied::Lost);
    assert_eq!(stores.erasures().erasure(&user).await.expect("a read"), None, "moving it makes none");
}

/// Who left and kept everything can still have it erased, and a second wish begins anew.
pub async fn a_link_that_has_ended_can_still_be_erased_and_again(stores: &impl Stores) {
    let user = user("second-thoughts");
    imported(stores, &user, 1, &days_of_steps(120)).await;
    let link = stores.links().link(&user).await.expect("a read").expect("a link");
    let leaving = unlink(&link, None, false, at(10)).expect("legal");
    assert_eq!(stores.jobs().unlink(&leaving).await.expect("an answer"), Applied::Yes);
    let first = begun(stores, &user, 11).await;
    let Erased::Batch(further) = stores.erasures().erase(&first, at(12)).await.expect("an answer") else {
        panic!("there is more than one batch");
    };
    let second = begun(stores, &user, 13).await;
    let late = stores.erasures().erase(&further, at(14)).await.expect("an answer");
    assert_eq!(late, Erased::Lost);
    erased(stores, second).await;
    assert_eq!(days(stores, &user).await, 0);
    linked(stores, &self::link(&user)).await;
    started(stores, &job(&user).number(2).build()).await;
}

/// Every promise of an [`ErasureStore`] as a test. Takes an expression that gives the future of [`Stores`].
#[macro_export]
macro_rules! erasure_store_suite {
    ($stores:expr) => {
        $crate::suite!(
            erasure_store,
            $stores,
            [
                everything_of_garmins_goes_in_batches_and_the_erasure_with_the_last,
                an_erasure_of_nothing_ends_at_once,
                a_record_of_another_source_survives_an_erasure,
                of_many_erasers_of_one_batch_one_wins,
                no_link_is_stored_while_an_erasure_is_unfinished,
                an_eraser_that_slept_takes_nothing_of_a_later_import,
                a_due_erasure_is_found_and_moved_only_from_where_it_was_seen,
                a_link_that_has_ended_can_still_be_erased_and_again,
            ]
        );
    };
}
