//! What every [`LinkStore`] promises.

use futures::future::join_all;
use sync_core::link::{Account, Link, SealedTokens};
use sync_core::ports::{Applied, JobStore, LinkStore, PutLink};
use sync_core::transition::chunk_done;
use sync_core::unlink::unlink;

use super::{Stores, claimed, linked, started, with_job};
use crate::build::{account, at, claim, date, job, link, link_to, user};

async fn stored(stores: &impl Stores, name: &str) -> Link {
    let link = stores.links().link(&user(name)).await.expect("a read");
    link.expect("a link")
}

/// A user who never linked has none.
pub async fn there_is_no_link_before_the_first(stores: &impl Stores) {
    assert_eq!(stores.links().link(&user("nobody")).await.expect("a read"), None);
    let kept = stores.links().account(&account("nobody")).await.expect("a read");
    assert_eq!(kept, Account::default());
}

/// Nothing is lost on the way into the store and back.
pub async fn a_link_reads_back_as_it_was_stored(stores: &impl Stores) {
    let new = Link {
        time_zone: chrono_tz::America::Argentina::ComodRivadavia,
        display_name: "Zoë ☂".to_owned(),
        ..link(&user("reader"))
    };
    linked(stores, &new).await;
    assert_eq!(stored(stores, "reader").await, new);
}

/// Linking again renews what a sign-in gives and keeps what the history has earned.
pub async fn linking_the_same_account_anew_keeps_watermark_and_lock(stores: &impl Stores) {
    let user = user("anew");
    let first = job(&user).range("2026-11-15", "2026-11-22").build();
    with_job(stores, &first).await;
    let claim = claimed(stores, &first.key, &claim(at(1), 1)).await;
    let done = chunk_done(&claim, vec![], None, at(2));
    assert_eq!(stores.jobs().apply(&done, &[]).await.expect("an answer"), Applied::Yes);
    let second = job(&user).number(2).build();
    started(stores, &second).await;
    let marked = stores.links().require_reauth(&user, 1, at(3)).await;
    assert_eq!(marked.expect("an answer"), Applied::Yes);

    let anew = Link {
        tokens: SealedTokens("bmV3".to_owned()),
        display_name: "renamed".to_owned(),
        token_expires_at: at(9_999),
        linked_at: at(4),
        updated_at: at(4),
        ..link(&user)
    };
    linked(stores, &anew).await;
    let expected = Link {
        tokens_version: 2,
        last_successful_sync_date: Some(date("2026-11-22")),
        active_job_id: Some(second.key.job_id),
        ..anew
    };
    assert_eq!(stored(stores, "anew").await, expected);
}

/// Another account has another history; the job of the one before still holds its lock.
pub async fn linking_another_account_drops_the_watermark_and_keeps_the_lock(stores: &impl Stores) {
    let user = user("other");
    let first = job(&user).range("2026-11-15", "2026-11-22").build();
    with_job(stores, &first).await;
    let claim = claimed(stores, &first.key, &claim(at(1), 1)).await;
    let done = chunk_done(&claim, vec![], None, at(2));
    assert_eq!(stores.jobs().apply(&done, &[]).await.expect("an answer"), Applied::Yes);
    let second = job(&user).number(2).build();
    started(stores, &second).await;
    linked(stores, &link_to(&user, account("another"))).await;
    let kept = stored(stores, "other").await;
    assert_eq!(kept.account, account("another"));
    assert_eq!(kept.last_successful_sync_date, None);
    let shown = stores.jobs().status(&user).await.expect("the status is read");
    assert_eq!(shown.last_successful_sync, None);
    assert_eq!(kept.active_job_id, Some(second.key.job_id));
    assert_eq!(kept.tokens_version, 2);
}

/// A sign-in that waited at Garmin while its user unlinked links nothing: neither where there was a link when it began,
/// nor where there was none, nor one that had ended already.
pub async fn a_link_that_was_ended_meanwhile_does_not_come_back(stores: &impl Stores) {
    let user = user("leaver");
    let put = async |seen| stores.links().put_link(&link(&user), seen).await.expect("an answer");
    let end = async || {
        let unlink = unlink(&stored(stores, "leaver").await, None, false, at(10)).expect("it can be ended");
        assert_eq!(stores.jobs().unlink(&unlink).await.expect("an answer"), Applied::Yes);
        unlink.after
    };
    assert_eq!(put(None).await, PutLink::Stored);
    let ended = end().await;
    for seen in [None, Some(1)] {
        assert_eq!(put(seen).await, PutLink::Unlinked, "{seen:?}");
        assert_eq!(stored(stores, "leaver").await, ended);
    }
    assert_eq!(put(Some(ended.tokens_version)).await, PutLink::Stored, "whoever comes back is let in");
    let ended_again = end().await;
    assert_eq!(put(Some(ended.tokens_version)).await, PutLink::Unlinked);
    assert_eq!(stored(stores, "leaver").await, ended_again);
}

/// A refresh or another sign-in while Garmin was asked does not keep a link from being stored.
pub async fn what_else_moves_a_link_meanwhile_is_no_hindrance(stores: &impl Stores) {
    let user = user("mover");
    linked(stores, &link(&user)).await;
    let pair = SealedTokens("pair".to_owned());
    let replaced = stores.links().replace_tokens(&user, 1, &pair, at(7_200), at(5)).await;
    assert_eq!(replaced.expect("an answer"), Applied::Yes);
    for seen in [Some(1), None] {
        let put = stores.links().put_link(&link(&user), seen).await.expect("an answer");
        assert_eq!(put, PutLink::Stored, "{seen:?}");
    }
    assert_eq!(stored(stores, "mover").await.tokens_version, 4);
}

/// Two refreshes race with one refresh token; the loser's pair is dropped.
pub async fn of_many_token_replacements_from_one_version_one_wins(stores: &impl Stores) {
    let user = user("refresher");
    linked(stores, &link(&user)).await;
    let pairs: Vec<_> = (0..10).map(|number| SealedTokens(format!("pair-{number}"))).collect();
    let replacements =
        pairs.iter().map(|pair| stores.links().replace_tokens(&user, 1, pair, at(7_200), at(5)));
    let outcomes = join_all(replacements.collect::<Vec<_>>()).await;
    let winners: Vec<_> = pairs
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| matches!(outcome, Ok(Applied::Yes)))
        .map(|(pair, _)| pair.clone())
        .collect();
    let kept = stored(stores, "refresher").await;
    assert_eq!(winners, std::slice::from_ref(&kept.tokens));
    assert_eq!((kept.tokens_version, kept.token_expires_at), (2, at(7_200)));
    let late = stores.links().replace_tokens(&user, 1, &pairs[0], at(9_000), at(6)).await;
    assert_eq!(late.expect("an answer"), Applied::Lost);
    assert_eq!(stored(stores, "refresher").await, kept);
}

/// A refusal of tokens that were replaced meanwhile says nothing about the new ones.
pub async fn only_the_refused_tokens_ask_for_a_new_sign_in(stores: &impl Stores) {
    let user = user("refused");
    linked(stores, &link(&user)).await;
    let tokens = SealedTokens("bmV3".to_owned());
    let replaced = stores.links().replace_tokens(&user, 1, &tokens, at(7_200), at(5)).await;
    assert_eq!(replaced.expect("an answer"), Applied::Yes);
    let old = stores.links().require_reauth(&user, 1, at(6)).await;
    assert_eq!(old.expect("an answer"), Applied::Lost);
    assert!(!stored(stores, "refused").await.reauth_required);
    let new = stores.links().require_reauth(&user, 2, at(7)).await;
    assert_eq!(new.expect("an answer"), Applied::Yes);
    let kept = stored(stores, "refused").await;
    assert!(kept.reauth_required && kept.is_active);
    assert_eq!(kept.updated_at, at(7));
    // Another worker had traded the same pair and is slow to store what it got: nobody has to sign in after all.
    let fresh = SealedTokens("bmV3ZXI=".to_owned());
    let replaced = stores.links().replace_tokens(&user, 2, &fresh, at(9_000), at(8)).await;
    assert_eq!(replaced.expect("an answer"), Applied::Yes);
    assert!(!stored(stores, "refused").await.reauth_required);
}

/// Nobody's tokens can be replaced, and trying makes no link.
pub async fn writes_to_a_missing_link_are_lost_and_make_none(stores: &impl Stores) {
    let user = user("ghost");
    let tokens = SealedTokens("bmV3".to_owned());
    let replaced = stores.links().replace_tokens(&user, 1, &tokens, at(1), at(1)).await;
    assert_eq!(replaced.expect("an answer"), Applied::Lost);
    let marked = stores.links().require_reauth(&user, 1, at(1)).await;
    assert_eq!(marked.expect("an answer"), Applied::Lost);
    assert_eq!(stores.links().link(&user).await.expect("a read"), None);
}

/// Garmin's longest wait holds, and each throttle makes the next longer.
pub async fn a_throttle_keeps_the_later_wait_and_counts(stores: &impl Stores) {
    let account = account("throttled");
    for (not_before, holds) in [(100, 100), (50, 100), (100, 100), (200, 200)] {
        let kept = stores.links().throttle(&account, at(not_before)).await;
        assert_eq!(kept.expect("an answer"), at(holds));
    }
    let kept = stores.links().account(&account).await.expect("a read");
    assert_eq!((kept.not_before, kept.consecutive_throttles), (Some(at(200)), 4));
}

/// Two workers of one account are throttled at once; both count.
pub async fn throttles_at_once_all_count_and_the_latest_wait_holds(stores: &impl Stores) {
    let account = account("crowd");
    let throttles = (1..=8).map(|number| stores.links().throttle(&account, at(number * 10)));
    for kept in join_all(throttles.collect::<Vec<_>>()).await {
        assert!(kept.expect("an answer") <= at(80));
    }
    let kept = stores.links().account(&account).await.expect("a read");
    assert_eq!((kept.not_before, kept.consecutive_throttles), (Some(at(80)), 8));
}

/// Once Garmin answers again the next throttle is the first again; its wait and the sentinel are other matters.
pub async fn clearing_throttles_forgets_the_count_and_nothing_else(stores: &impl Stores) {
    let new = job(&user("cleared")).build();
    with_job(stores, &new).await;
    stores.links().throttle(&new.account, at(100)).await.expect("an answer");
    stores.links().clear_throttles(&new.account).await.expect("an answer");
    let kept = stores.links().account(&new.account).await.expect("a read");
    assert_eq!(
        kept,
        Account { not_before: Some(at(100)), consecutive_throttles: 0, active_job_id: Some(new.key.job_id) }
    );
    stores.links().clear_throttles(&new.account).await.expect("it may be cleared again");
    stores.links().clear_throttles(&account("unknown")).await.expect("or for an account nobody knows");
    stores.links().throttle(&new.account, at(50)).await.expect("an answer");
    let kept = stores.links().account(&new.account).await.expect("a read");
    assert_eq!((kept.not_before, kept.consecutive_throttles), (Some(at(100)), 1));
}

/// One user's link is another's nothing.
pub async fn two_users_never_see_each_others_links(stores: &impl Stores) {
    let (one, other) = (user("one"), user("one2"));
    linked(stores, &link(&one)).await;
    assert_eq!(stores.links().link(&other).await.expect("a read"), None);
    linked(stores, &link(&other)).await;
    let tokens = SealedTokens("bmV3".to_owned());
    let replaced = stores.links().replace_tokens(&other, 1, &tokens, at(1), at(1)).await;
    assert_eq!(replaced.expect("an answer"), Applied::Yes);
    assert_eq!(stored(stores, "one").await, link(&one));
}

/// Every promise of a [`LinkStore`] as a test. Takes an expression that gives the future of [`Stores`].
#[macro_export]
macro_rules! link_store_suite {
    ($stores:expr) => {
        $crate::suite!(
            link_store,
            $stores,
            [
                there_is_no_link_before_the_first,
                a_link_reads_back_as_it_was_stored,
                linking_the_same_account_anew_keeps_watermark_and_lock,
                linking_another_account_drops_the_watermark_and_keeps_the_lock,
                a_link_that_was_ended_meanwhile_does_not_come_back,
                what_else_moves_a_link_meanwhile_is_no_hindrance,
                of_many_token_replacements_from_one_version_one_wins,
                only_the_refused_tokens_ask_for_a_new_sign_in,
                writes_to_a_missing_link_are_lost_and_make_none,
                a_throttle_keeps_the_later_wait_and_counts,
                throttles_at_once_all_count_and_the_latest_wait_holds,
                clearing_throttles_forgets_the_count_and_nothing_else,
                two_users_never_see_each_others_links,
            ]
        );
    };
}
