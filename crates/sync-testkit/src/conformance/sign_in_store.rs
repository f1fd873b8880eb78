//! What every [`SignInStore`] promises.

use chrono::TimeDelta;
use futures::future::join_all;
use sync_core::sign_in::{SealedSignIn, SignInStore};
use sync_core::timing::{SIGN_IN_ATTEMPTS, SIGN_IN_CODES, SIGN_IN_WINDOW};
use uuid::Uuid;

use super::Stores;
use crate::build::{at, user};

const STATE: Uuid = Uuid::from_u128(1);

fn session(text: &str) -> SealedSignIn {
    SealedSignIn(text.to_owned())
}

/// Garmin locks accounts: whoever has knocked often enough waits.
pub async fn attempts_are_counted_until_their_window_ends(stores: &impl Stores) {
    let (one, other) = (user("one"), user("other"));
    let knocks = (0..SIGN_IN_ATTEMPTS + 3).map(|_| stores.sign_ins().count_attempt(&one, at(0)));
    let answers = join_all(knocks.collect::<Vec<_>>()).await;
    let until = at(0) + SIGN_IN_WINDOW;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("an answer")).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_none()).count(), SIGN_IN_ATTEMPTS as usize);
    assert!(answers.iter().flatten().all(|told| *told == until));
    assert_eq!(stores.sign_ins().count_attempt(&other, at(1)).await.expect("an answer"), None);
    let early = until - TimeDelta::seconds(1);
    assert_eq!(stores.sign_ins().count_attempt(&one, early).await.expect("an answer"), Some(until));
    assert_eq!(stores.sign_ins().count_attempt(&one, until).await.expect("an answer"), None);
}

/// A wrong code leaves the session, but not for ever, and not for anybody else.
pub async fn a_session_has_its_tries_and_its_owner(stores: &impl Stores) {
    let (one, other) = (user("one"), user("other"));
    stores.sign_ins().keep(&one, STATE, &session("mine"), at(300)).await.expect("it is kept");
    stores
        .sign_ins()
        .keep(&other, Uuid::from_u128(2), &session("theirs"), at(300))
        .await
        .expect("it is kept");
    assert_eq!(stores.sign_ins().use_try(&other, STATE, at(1)).await.expect("an answer"), None);
    assert_eq!(stores.sign_ins().use_try(&user("nobody"), STATE, at(1)).await.expect("an answer"), None);
    let tries = (0..SIGN_IN_CODES + 3).map(|_| stores.sign_ins().use_try(&one, STATE, at(1)));
    let answers = join_all(tries.collect::<Vec<_>>()).await;
    let given: Vec<_> = answers.into_iter().filter_map(|answer| answer.expect("an answer")).collect();
    assert_eq!(given, vec![session("mine"); SIGN_IN_CODES as usize]);
}

/// Five minutes, and then it is over.
pub async fn an_expired_or_forgotten_session_is_none(stores: &impl Stores) {
    let user = user("slow");
    stores.sign_ins().keep(&user, STATE, &session("s"), at(300)).await.expect("it is kept");
    assert!(stores.sign_ins().use_try(&user, STATE, at(299)).await.expect("an answer").is_some());
    assert_eq!(stores.sign_ins().use_try(&user, STATE, at(300)).await.expect("an answer"), None);
    stores.sign_ins().forget(&user, Uuid::from_u128(9)).await.expect("an answer");
    assert!(stores.sign_ins().use_try(&user, STATE, at(299)).await.expect("an answer").is_some());
    stores.sign_ins().forget(&user, STATE).await.expect("an answer");
    stores.sign_ins().forget(&user, STATE).await.expect("it may be forgotten twice");
    assert_eq!(stores.sign_ins().use_try(&user, STATE, at(299)).await.expect("an answer"), None);
}

/// Whoever leaves takes the sign-in along that waits; how often they knocked stays.
pub async fn forgetting_any_session_leaves_the_attempts_and_other_users(stores: &impl Stores) {
    let (one, other) = (user("one"), user("other"));
    for _ in 0..SIGN_IN_ATTEMPTS {
        assert_eq!(stores.sign_ins().count_attempt(&one, at(0)).await.expect("an answer"), None);
    }
    for user in [&one, &other] {
        stores.sign_ins().keep(user, STATE, &session("s"), at(300)).await.expect("it is kept");
    }
    stores.sign_ins().forget_any(&one).await.expect("an answer");
    stores.sign_ins().forget_any(&one).await.expect("it may be forgotten twice");
    stores.sign_ins().forget_any(&user("nobody")).await.expect("or where there is none");
    assert_eq!(stores.sign_ins().use_try(&one, STATE, at(1)).await.expect("an answer"), None);
    assert!(stores.sign_ins().use_try(&other, STATE, at(1)).await.expect("an answer").is_some());
    assert!(stores.sign_ins().count_attempt(&one, at(1)).await.expect("an answer").is_some());
}

/// Garmin said to wait: nobody knocks before then, and then as often as anybody.
pub async fn attempts_are_refused_until_the_wait_is_over(stores: &impl Stores) {
    let user = user("hasty");
    for at_first in [false, true] {
        let (now, until) = if at_first { (at(2_000), at(9_000)) } else { (at(0), at(1_900)) };
        assert_eq!(stores.sign_ins().count_attempt(&user, now).await.expect("an answer"), None);
        stores.sign_ins().refuse_attempts(&user, until).await.expect("an answer");
        let early = until - TimeDelta::seconds(1);
        for moment in [now, early] {
            let told = stores.sign_ins().count_attempt(&user, moment).await.expect("an answer");
            assert_eq!(told, Some(until));
        }
    }
    for _ in 0..SIGN_IN_ATTEMPTS {
        assert_eq!(stores.sign_ins().count_attempt(&user, at(9_000)).await.expect("an answer"), None);
    }
    assert!(stores.sign_ins().count_attempt(&user, at(9_000)).await.expect("an answer").is_some());
}

/// A new sign-in takes the place of the last one, with tries of its own; attempts go on being counted.
pub async fn a_new_session_replaces_the_last(stores: &impl Stores) {
    let user = user("again");
    assert_eq!(stores.sign_ins().count_attempt(&user, at(0)).await.expect("an answer"), None);
    stores.sign_ins().keep(&user, STATE, &session("old"), at(300)).await.expect("it is kept");
    for _ in 0..SIGN_IN_CODES {
        stores.sign_ins().use_try(&user, STATE, at(1)).await.expect("an answer");
    }
    let next = Uuid::from_u128(2);
    stores.sign_ins().keep(&user, next, &session("new"), at(400)).await.expect("it is kept");
    assert_eq!(stores.sign_ins().use_try(&user, STATE, at(2)).await.expect("an answer"), None);
    let given = stores.sign_ins().use_try(&user, next, at(2)).await.expect("an answer");
    assert_eq!(given, Some(session("new")));
    for _ in 1..SIGN_IN_ATTEMPTS {
        assert_eq!(stores.sign_ins().count_attempt(&user, at(3)).await.expect("an answer"), None);
    }
    assert!(stores.sign_ins().count_attempt(&user, at(3)).await.expect("an answer").is_some());
}

/// Every promise of a [`SignInStore`] as a test. Takes an expression that gives the future of [`Stores`].
#[macro_export]
macro_rules! sign_in_store_suite {
    ($stores:expr) => {
        $crate::suite!(
            sign_in_store,
            $stores,
            [
                attempts_are_counted_until_their_window_ends,
                a_session_has_its_tries_and_its_owner,
                an_expired_or_forgotten_session_is_none,
                forgetting_any_session_leaves_the_attempts_and_other_users,
                attempts_are_refused_until_the_wait_is_over,
                a_new_session_replaces_the_last,
            ]
        );
    };
}
