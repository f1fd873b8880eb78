//! What was asked, by whom, and how politely.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;

/// One call the simulator received. Never holds a token, a password or a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// 1 for the first call since start; goes on counting after `clear_calls`.
    pub sequence: u64,
    /// When it arrived, by the simulator's clock.
    pub at: DateTime<Utc>,
    /// HTTP method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Query, empty if none. Service tickets and the like travel in bodies, never here.
    pub query: String,
    /// The account whose token came along, if it was one of ours.
    pub account: Option<String>,
    /// Status sent back; `None` while in flight, when the connection was dropped, and when the client left.
    pub status: Option<u16>,
    /// Whether the account had been told to stay away (429 with `Retry-After`) and came back too soon.
    pub too_early: bool,
    /// The fault that was played, if one was.
    pub fault: Option<String>,
}

/// How an account was treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Manners {
    /// The most data calls that were in flight at once.
    pub max_in_flight: u32,
    /// Data calls made before the moment a 429 with `Retry-After` had named.
    pub too_early: u64,
    /// Data calls in all.
    pub calls: u64,
}

#[derive(Default)]
struct Book {
    sequence: u64,
    calls: Vec<Call>,
    manners: BTreeMap<String, Manners>,
    in_flight: HashMap<String, u32>,
    not_before: HashMap<String, DateTime<Utc>>,
}

/// The log of calls.
#[derive(Clone, Default)]
pub(crate) struct Calls(Arc<Mutex<Book>>);

/// A call that has not been answered yet; leaves the in-flight count when dropped, answered or not.
pub(crate) struct InFlight {
    calls: Calls,
    account: Option<String>,
    pub(crate) sequence: u64,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(account) = &self.account
            && let Some(count) = self.calls.book().in_flight.get_mut(account)
        {
            *count = count.saturating_sub(1);
        }
    }
}

impl Calls {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down a call that arrived. Only a call for data counts towards an account's manners.
    pub(crate) fn begin(&self, mut call: Call, for_data: bool) -> InFlight {
        let mut book = self.book();
        book.sequence += 1;
        let sequence = book.sequence;
        call.sequence = sequence;
        let account = call.account.clone().filter(|_| for_data);
        if let Some(account) = &account {
            call.too_early = book.not_before.get(account).is_some_and(|until| call.at < *until);
            let in_flight = book.in_flight.entry(account.clone()).or_default();
            *in_flight += 1;
            let in_flight = *in_flight;
            let manners = book.manners.entry(account.clone()).or_default();
            manners.calls += 1;
            manners.max_in_flight = manners.max_in_flight.max(in_flight);
            manners.too_early += u64::from(call.too_early);
        }
        book.calls.push(call);
        drop(book);
        InFlight { calls: self.clone(), account, sequence }
    }

    fn update(&self, sequence: u64, change: impl FnOnce(&mut Call)) {
        // The call may be gone: someone cleared the log while it was under way.
        let mut book = self.book();
        if let Ok(index) = book.calls.binary_search_by_key(&sequence, |call| call.sequence)
            && let Some(call) = book.calls.get_mut(index)
        {
            change(call);
        }
    }

    pub(crate) fn answered(&self, sequence: u64, status: u16) {
        self.update(sequence, |call| call.status = Some(status));
    }

    pub(crate) fn faulted(&self, sequence: u64, fault: String) {
        self.update(sequence, |call| call.fault = Some(fault));
    }

    pub(crate) fn stay_away(&self, account: &str, until: DateTime<Utc>) {
        let mut book = self.book();
        let entry = book.not_before.entry(account.to_owned()).or_insert(until);
        *entry = (*entry).max(until);
    }

    pub(crate) fn all(&self) -> Vec<Call> {
        self.book().calls.clone()
    }

    pub(crate) fn manners(&self) -> BTreeMap<String, Manners> {
        self.book().manners.clone()
    }

    /// Forgets the calls and the manners, not the order to stay away.
    pub(crate) fn clear(&self) {
        let mut book = self.book();
        book.calls.clear();
        book.manners.clear();
    }
}
