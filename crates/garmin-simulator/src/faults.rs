//! What goes wrong, when, and for whom.

use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::data::draw::{Draw, Stream};

/// One way for a call to go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// 429; with `Retry-After` the account's calls before that moment are counted as too early.
    TooManyRequests {
        /// Seconds to stay away.
        #[serde(default)]
        retry_after_seconds: Option<u64>,
    },
    /// 200 with the 429 hidden in `error.status-code`, as the login does it.
    HiddenTooManyRequests,
    /// 500 with a JSON body.
    ServerError,
    /// 503 with a JSON body.
    Unavailable,
    /// 401 with a JSON body.
    Unauthorized,
    /// 403 with a JSON body: this object is not yours.
    Forbidden,
    /// 404 with a JSON body.
    NotFound,
    /// An HTML page of a firewall instead of an answer.
    Firewall {
        /// 403, 429 or 503.
        status: u16,
    },
    /// The connection is closed without an answer, and nothing was done.
    DropConnection,
    /// The call is done (a refresh token is rotated), then the connection is closed without an answer.
    DropAfterWork,
    /// The headers promise more bytes than come before the connection is closed.
    TruncatedBody,
    /// A complete HTTP answer whose JSON ends in the middle.
    CutJson,
    /// Valid JSON of a shape no client knows.
    WrongShape,
    /// The right answer, late.
    Delay {
        /// Milliseconds.
        milliseconds: u64,
    },
    /// The account's tokens are refused from this call on, until a new login.
    RevokeAccount,
}

/// Which calls a rule is about. What is not named matches everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matcher {
    /// The path contains this.
    pub path_contains: Option<String>,
    /// The call is for this account.
    pub account: Option<String>,
    /// The dates in path and query touch these days.
    pub days: Option<Days>,
    /// Not before this call; 1 is the first call since the rule was set that matches path, account and days.
    pub from_call: Option<u64>,
    /// Not after this call, counted likewise.
    pub to_call: Option<u64>,
    /// Only every nth of the calls so counted.
    pub every_nth: Option<u64>,
    /// Only with this probability, decided by the seed and the count, so that a run can be repeated.
    pub probability: Option<f64>,
}

/// Days from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// A fault and the calls it happens to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Which calls.
    #[serde(default)]
    pub matcher: Matcher,
    /// What happens to them.
    pub fault: Fault,
    /// How often at most; `None` is always.
    #[serde(default)]
    pub times: Option<u32>,
}

impl FaultRule {
    /// `fault` on every call.
    #[must_use]
    pub fn always(fault: Fault) -> Self {
        Self { matcher: Matcher::default(), fault, times: None }
    }

    /// `fault` on every call whose path contains `path`.
    pub fn on(path: impl Into<String>, fault: Fault) -> Self {
        let matcher = Matcher { path_contains: Some(path.into()), ..Matcher::default() };
        Self { matcher, fault, times: None }
    }

    /// The same rule, but at most `times` times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// The same rule for one account only.
    #[must_use]
    pub fn for_account(mut self, account: impl Into<String>) -> Self {
        self.matcher.account = Some(account.into());
        self
    }
}

/// Rules in order: the first that applies to a call decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// The rules.
    #[serde(default)]
    pub rules: Vec<FaultRule>,
}

impl FaultPlan {
    /// A plan of these rules.
    pub fn of(rules: impl IntoIterator<Item = FaultRule>) -> Self {
        Self { rules: rules.into_iter().collect() }
    }
}

struct Armed {
    rule: FaultRule,
    seen: u64,
    played: u32,
}

/// The rules with their counts.
pub(crate) struct Faults {
    seed: u64,
    armed: Mutex<Vec<Armed>>,
}

impl Faults {
    pub(crate) fn new(seed: u64, plan: FaultPlan) -> Self {
        let faults = Self { seed, armed: Mutex::default() };
        faults.set(plan);
        faults
    }

    fn armed(&self) -> MutexGuard<'_, Vec<Armed>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, plan: FaultPlan) {
        *self.armed() = plan.rules.into_iter().map(|rule| Armed { rule, seen: 0, played: 0 }).collect();
    }

    pub(crate) fn add(&self, rule: FaultRule) {
        self.armed().push(Armed { rule, seen: 0, played: 0 });
    }

    pub(crate) fn plan(&self) -> FaultPlan {
        FaultPlan { rules: self.armed().iter().map(|armed| armed.rule.clone()).collect() }
    }

    /// Counts the call in every rule it is about and returns the fault of the first rule whose turn it is.
    pub(crate) fn next(&self, path: &str, query: &str, account: Option<&str>) -> Option<Fault> {
        let dates = dates_in(path, query);
        let mut decided = None;
        for (index, armed) in self.armed().iter_mut().enumerate() {
            let matcher = &armed.rule.matcher;
            if !is_about(matcher, path, account, dates.as_ref()) {
                continue;
            }
            armed.seen += 1;
            let count = armed.seen;
            let first = matcher.from_call.unwrap_or(1).max(1);
            let due = count >= first
                && matcher.to_call.is_none_or(|last| count <= last)
                && matcher.every_nth.is_none_or(|nth| nth > 0 && (count - first + 1).is_multiple_of(nth))
                && matcher.probability.is_none_or(|probability| {
                    Draw::new(self.seed ^ index as u64, Stream::Person, count.cast_signed())
                        .chance(probability)
                })
                && armed.rule.times.is_none_or(|times| armed.played < times);
            if due && decided.is_none() {
                armed.played += 1;
                decided = Some(armed.rule.fault.clone());
            }
        }
        decided
    }
}

fn is_about(
    matcher: &Matcher,
    path: &str,
    account: Option<&str>,
    dates: Option<&RangeInclusive<NaiveDate>>,
) -> bool {
    matcher.path_contains.as_ref().is_none_or(|part| path.contains(part.as_str()))
        && matcher.account.as_ref().is_none_or(|wanted| account == Some(wanted.as_str()))
        && matcher.days.is_none_or(|days| {
            dates.is_some_and(|asked| *asked.start() <= days.to && *asked.end() >= days.from)
        })
}

/// The window a call asks for: from the earliest to the latest date in its path and query.
fn dates_in(path: &str, query: &str) -> Option<RangeInclusive<NaiveDate>> {
    let values = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
    let dates = || path.split('/').chain(values.clone()).filter_map(|part| part.parse::<NaiveDate>().ok());
    Some(dates().min()?..=dates().max()?)
}
