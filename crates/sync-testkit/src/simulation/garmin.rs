//! A Garmin whose every answer follows from who is asked about which day, and which fails in all of the real one's ways.
//!
//! Three sources are kept by day (one asked by the month, one in pieces of ten days, one with a cap that only a refusal
//! tells), one lists activities whose details are asked one by one, and one is asked once per job.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use rand::Rng;
use rand::rngs::SmallRng;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sync_core::dates::today_in;
use sync_core::link::{SealedTokens, Tokens};
use sync_core::ports::{FetchError, Fetched, RefreshError, Session};
use sync_core::record::{Attribute, RecordKey, RecordKind, RecordUpsert};
use sync_core::window::{DayOutcome, PlanRequest, SourceId, Window, WindowPlan, WindowScope};
use sync_core::{AccountKey, DateRange, MetricType};

use super::executor::{Moment, TaskId};
use super::world::World;

pub(super) const SUMMARY: SourceId = SourceId::new("summary");
pub(super) const SLEEP: SourceId = SourceId::new("sleep");
pub(super) const STRESS: SourceId = SourceId::new("stress");
const ACTIVITIES: SourceId = SourceId::new("activities");
const ACTIVITY: SourceId = SourceId::new("activity");
const WORKOUTS: SourceId = SourceId::new("workouts");

/// How many sources are kept by day.
pub(super) const DAILY_SOURCES: usize = 3;

/// The sources that are kept by day, and the metric that each serves.
pub(super) const DAILY: [(SourceId, MetricType); DAILY_SOURCES] =
    [(SUMMARY, MetricType::DailySummary), (SLEEP, MetricType::Sleep), (STRESS, MetricType::Stress)];

/// Garmin does not hand out stress that is older than this.
const OFFLOADED_AFTER_DAYS: i64 = 60;

/// The longest that asking one window takes.
pub(super) const LONGEST_WINDOW: TimeDelta = TimeDelta::seconds(22);

/// A pair of tokens that Garmin has handed out.
#[derive(Clone, Debug)]
struct Pair {
    account: AccountKey,
    /// The pair it was traded for; none when it came from a sign-in.
    parent: Option<u64>,
    expires_at: Moment,
    traded_in: bool,
    revoked: bool,
}

#[derive(Clone, Debug, Default)]
struct Moods {
    throttled_until: Option<Moment>,
    down_until: Option<Moment>,
    /// A source that fails for a while on days whose number ends like this.
    bad: Option<(SourceId, i64, Moment)>,
}

#[derive(Clone, Debug)]
pub(super) struct GarminAccount {
    name: &'static str,
    key: AccountKey,
    /// More days of stress than this are not answered at once.
    pub(super) stress_cap: u32,
    refuses_sleep: bool,
    moods: Moods,
}

/// All of Garmin.
#[derive(Debug)]
pub(super) struct Garmin {
    pub(super) accounts: Vec<GarminAccount>,
    pairs: BTreeMap<u64, Pair>,
    pub(super) zone: chrono_tz::Tz,
}

/// A number that follows from the account, the source and the day, and differs while the day is not over.
pub(super) fn truth(account: &AccountKey, source: &str, date: NaiveDate, is_over: bool) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (account.as_str(), source, date).hash(&mut hasher);
    (hasher.finish() >> 12 << 1) | u64::from(!is_over)
}

/// Whether a value says that its day was not over when it was read.
pub(super) const fn is_of_unfinished_day(value: u64) -> bool {
    value & 1 == 1
}

fn day_number(date: NaiveDate) -> i64 {
    (date - sync_core::dates::EARLIEST).num_days()
}

/// The activities of a day: none on most days.
pub(super) fn activities_of(account: &AccountKey, date: NaiveDate) -> Option<String> {
    let day = day_number(date);
    let offset = i64::from(account.as_str().as_bytes().first().copied().unwrap_or_default()) % 11;
    ((day + offset) % 11 == 0).then(|| (day * 10).to_string())
}

pub(super) fn date_of_activity(id: &str) -> Option<NaiveDate> {
    let day: i64 = id.parse::<i64>().ok()? / 10;
    sync_core::dates::EARLIEST.checked_add_signed(TimeDelta::days(day))
}

fn number(value: u64) -> Attribute {
    Attribute::Json(Value::from(value))
}

pub(super) fn metrics_of(window: &Window) -> &'static [MetricType] {
    match window.source.as_str() {
        "summary" => &[MetricType::DailySummary],
        "sleep" => &[MetricType::Sleep],
        "stress" => &[MetricType::Stress],
        "workouts" => &[MetricType::Workouts],
        _ => &[MetricType::Activities],
    }
}

pub(super) fn plan(request: &PlanRequest<'_>) -> WindowPlan {
    let mut plan = WindowPlan::default();
    let range = request.range;
    if request.metrics.contains(MetricType::DailySummary) {
        plan.windows.push(Window::days(SUMMARY, range));
    }
    if request.metrics.contains(MetricType::Sleep) {
        plan.windows.extend(range.pieces(10).map(|piece| Window::days(SLEEP, piece)));
    }
    if request.metrics.contains(MetricType::Stress) {
        let oldest = request.today - TimeDelta::days(OFFLOADED_AFTER_DAYS);
        let old = DateRange::new(range.start(), oldest - TimeDelta::days(1)).ok();
        let offloaded = old.and_then(|old| old.intersection(range));
        plan.offloaded.extend(offloaded.map(|range| (MetricType::Stress, range)));
        if let Ok(asked) = DateRange::new(range.start().max(oldest), range.end()) {
            plan.windows.push(Window::days(STRESS, asked));
        }
    }
    if request.metrics.contains(MetricType::Activities) {
        plan.windows.push(Window::days(ACTIVITIES, range));
    }
    if request.first_chunk && request.metrics.contains(MetricType::Workouts) {
        plan.windows.push(Window { source: WORKOUTS, scope: WindowScope::All });
    }
    plan
}

impl Garmin {
    pub(super) fn new(rng: &mut SmallRng) -> Self {
        let mut account = |name: &'static str| GarminAccount {
            name,
            key: AccountKey::of(name),
            stress_cap: rng.random_range(4..=40),
            refuses_sleep: rng.random_bool(0.15),
            moods: Moods::default(),
        };
        let accounts = vec![account("shared"), account("other"), account("third")];
        let zones = [
            chrono_tz::UTC,
            chrono_tz::Pacific::Auckland,
            chrono_tz::America::New_York,
            chrono_tz::Pacific::Kiritimati,
        ];
        let zone = zones.get(rng.random_range(0..zones.len())).copied().unwrap_or(chrono_tz::UTC);
        Self { accounts, pairs: BTreeMap::new(), zone }
    }

    /// The account that this person links at first: the first two people have one between them.
    pub(super) fn account_of(&self, person: usize) -> AccountKey {
        self.accounts
            .get(person / 2)
            .or(self.accounts.first())
            .map_or_else(|| AccountKey::of("shared"), |account| account.key.clone())
    }

    /// One that nobody links at first.
    pub(super) fn spare_account(&self) -> AccountKey {
        self.accounts.last().map_or_else(|| AccountKey::of("third"), |account| account.key.clone())
    }

    pub(super) fn name_of(&self, key: &AccountKey) -> &'static str {
        self.accounts.iter().find(|account| account.key == *key).map_or("?", |account| account.name)
    }

    fn account(&mut self, key: &AccountKey) -> Option<&mut GarminAccount> {
        self.accounts.iter_mut().find(|account| account.key == *key)
    }

    /// Faults are over: what was down is up. A throttle lasts as long as Garmin said.
    pub(super) fn calm(&mut self) {
        for account in &mut self.accounts {
            account.moods.down_until = None;
            account.moods.bad = None;
        }
    }

    /// The number of a pair, from what any of its tokens say.
    fn number_of(token: &str) -> Option<u64> {
        token.get(1..)?.parse().ok()
    }

    fn issue(&mut self, id: u64, account: &AccountKey, parent: Option<u64>, expires_at: Moment) -> Tokens {
        let pair = Pair { account: account.clone(), parent, expires_at, traded_in: false, revoked: false };
        self.pairs.insert(id, pair);
        tokens_of(id, expires_at)
    }

    /// The pair that `new` was traded for, by the sealed tokens of both.
    pub(super) fn was_traded_for(&self, new: &SealedTokens, old: &SealedTokens) -> bool {
        let id = |sealed: &SealedTokens| sealed.0.rsplit('|').next().and_then(|id| id.parse::<u64>().ok());
        let parent = id(new).and_then(|id| self.pairs.get(&id)).and_then(|pair| pair.parent);
        parent.is_some() && parent == id(old)
    }

    /// Whether Garmin still trades these.
    pub(super) fn takes(&self, sealed: &SealedTokens) -> bool {
        let id = sealed.0.rsplit('|').next().and_then(|id| id.parse::<u64>().ok());
        id.and_then(|id| self.pairs.get(&id)).is_some_and(|pair| !pair.revoked && !pair.traded_in)
    }

    pub(super) fn expiry_of(&self, id: u64) -> Option<Moment> {
        self.pairs.get(&id).map(|pair| pair.expires_at)
    }
}

pub(super) fn tokens_of(id: u64, expires_at: Moment) -> Tokens {
    Tokens {
        access: SecretString::from(format!("a{id}")),
        refresh: SecretString::from(format!("r{id}")),
        client_id: String::from("simulated"),
        expires_at,
    }
}

impl World {
    /// A person signs in. Garmin ends what it has handed out for the account to nobody else.
    pub(super) fn sign_in(&mut self, account: &AccountKey, replaces: Option<&SealedTokens>) -> Tokens {
        let id = self.next_id();
        let expires_at = self.now() + self.seconds(900, 4500);
        let replaced = replaces.and_then(|sealed| sealed.0.rsplit('|').next()?.parse::<u64>().ok());
        if let Some(pair) = replaced.and_then(|id| self.garmin.pairs.get_mut(&id)) {
            pair.revoked = true;
        }
        self.garmin.issue(id, account, None, expires_at)
    }

    /// Garmin gets a request to trade a refresh token.
    pub(super) fn trade(&mut self, task: TaskId, tokens: &Tokens) -> Result<Tokens, RefreshError> {
        let Some(id) = Garmin::number_of(tokens.refresh.expose_secret()) else {
            return Err(RefreshError::InvalidGrant);
        };
        let now = self.now();
        let Some(account) = self.garmin.pairs.get(&id).map(|pair| pair.account.clone()) else {
            return Err(RefreshError::InvalidGrant);
        };
        self.count_call(task, &account);
        if let Some(retry_after) = self.throttles(&account) {
            return Err(RefreshError::Throttled { retry_after });
        }
        if self.fails(|faults| faults.garmin_error) {
            return Err(RefreshError::Unavailable { code: "http_503".into() });
        }
        let Some(pair) = self.garmin.pairs.get_mut(&id) else { return Err(RefreshError::InvalidGrant) };
        if pair.traded_in || pair.revoked {
            return Err(RefreshError::InvalidGrant);
        }
        pair.traded_in = true;
        let fresh = self.next_id();
        let expires_at = now + self.seconds(900, 4500);
        self.report.refreshes += 1;
        let fresh = self.garmin.issue(fresh, &account, Some(id), expires_at);
        // Traded in, and the answer lost on its way: nobody has the new pair.
        if self.fails(|faults| faults.garmin_error / 4.0) {
            return Err(RefreshError::Unavailable { code: "timeout".into() });
        }
        Ok(fresh)
    }

    /// Whether Garmin throttles this account now, and what it says of it.
    fn throttles(&mut self, account: &AccountKey) -> Option<Option<TimeDelta>> {
        let now = self.now();
        if self.fails(|faults| faults.garmin_throttle) {
            let long = self.happens(0.3);
            let lasts = if long { self.seconds(600, 4 * 3600) } else { self.seconds(5, 120) };
            self.report.throttles += 1;
            if let Some(account) = self.garmin.account(account) {
                account.moods.throttled_until = Some(now + lasts);
            }
        }
        let says_how_long = self.happens(0.7);
        let until = self.garmin.account(account)?.moods.throttled_until.filter(|until| *until > now)?;
        Some(says_how_long.then(|| until - now))
    }

    /// Garmin gets a request for a window.
    pub(super) fn answer(
        &mut self,
        task: TaskId,
        session: &Session,
        window: &Window,
    ) -> Result<Fetched, FetchError> {
        let now = self.now();
        let id = Garmin::number_of(session.access.expose_secret());
        // Whose data it is follows from the token, whatever the caller thinks.
        let Some(pair) = id.and_then(|id| self.garmin.pairs.get(&id)).cloned() else {
            return Err(FetchError::Unauthorized);
        };
        let key = pair.account.clone();
        self.count_call(task, &key);
        if let Some(retry_after) = self.throttles(&key) {
            return Err(FetchError::Throttled { retry_after });
        }
        if self.fails(|faults| faults.garmin_revokes)
            && let Some(pair) = id.and_then(|id| self.garmin.pairs.get_mut(&id))
        {
            pair.revoked = true;
            return Err(FetchError::Unauthorized);
        }
        if pair.revoked || pair.expires_at <= now {
            return Err(FetchError::Unauthorized);
        }
        self.change_moods(&key);
        let Some(account) = self.garmin.account(&key).cloned() else { return Err(FetchError::Refused) };
        if account.moods.down_until.is_some_and(|until| until > now) {
            return Err(FetchError::Unavailable { code: "http_503".into() });
        }
        if self.fails(|faults| faults.garmin_error) {
            return Err(match self.rng.random_range(0..4) {
                0 => FetchError::Unavailable { code: "http_502".into() },
                1 => FetchError::Unavailable { code: "timeout".into() },
                2 => FetchError::Unreadable { path: "values[0]".into() },
                _ => FetchError::Unexpected { status: 400 },
            });
        }
        if let (Some((source, digit, until)), Some(range)) = (&account.moods.bad, window.range())
            && *until > now
            && *source == window.source
            && range.iter().any(|date| day_number(date) % 10 == *digit)
        {
            return Err(FetchError::Unreadable { path: "value".into() });
        }
        let today = today_in(self.garmin.zone, now);
        account.answer(window, today)
    }

    fn change_moods(&mut self, key: &AccountKey) {
        let now = self.now();
        let outage = self.fails(|faults| faults.garmin_outage).then(|| self.seconds(10, 1200));
        let bad = self.fails(|faults| faults.garmin_bad_day / 20.0).then(|| {
            let (source, _) = DAILY
                .get(self.rng.random_range(0..DAILY.len()))
                .cloned()
                .unwrap_or((SUMMARY, MetricType::DailySummary));
            (source, self.rng.random_range(0..10), now + self.seconds(300, 4 * 3600))
        });
        if let Some(account) = self.garmin.account(key) {
            if let Some(outage) = outage {
                account.moods.down_until = Some(now + outage);
            }
            if bad.is_some() {
                account.moods.bad = bad;
            }
        }
    }
}

impl GarminAccount {
    fn answer(&self, window: &Window, today: NaiveDate) -> Result<Fetched, FetchError> {
        let value =
            |source: &SourceId, date: NaiveDate| truth(&self.key, source.as_str(), date, date < today);
        match (window.source.as_str(), &window.scope) {
            ("sleep", _) if self.refuses_sleep => Err(FetchError::Refused),
            ("stress", WindowScope::Days(range)) if range.days() > self.stress_cap => {
                Err(FetchError::RangeTooLong)
            }
            ("summary" | "stress", WindowScope::Days(range)) => {
                let records = range.iter().map(|date| {
                    let mut record = RecordUpsert::coverage(date, &window.source, DayOutcome::Ok);
                    record
                        .attributes
                        .insert(window.source.as_str().to_owned(), number(value(&window.source, date)));
                    record
                });
                Ok(Fetched { records: records.collect(), found: Vec::new() })
            }
            ("sleep", WindowScope::Days(range)) => {
                let mut fetched = Fetched::default();
                for date in range.iter() {
                    fetched.records.push(RecordUpsert::coverage(date, &SLEEP, DayOutcome::Ok));
                    // People do not wear a watch every night.
                    if day_number(date) % 3 == 0 {
                        let attributes = BTreeMap::from([("sleep".to_owned(), number(value(&SLEEP, date)))]);
                        let key = RecordKey::dated(RecordKind::Sleep, date);
                        fetched.records.push(RecordUpsert { key, attributes });
                    }
                }
                Ok(fetched)
            }
            ("activities", WindowScope::Days(range)) => {
                let mut fetched = Fetched::default();
                for date in range.iter() {
                    let Some(id) = activities_of(&self.key, date) else { continue };
                    let listed = number(value(&ACTIVITIES, date));
                    fetched.records.push(RecordUpsert {
                        key: RecordKey::object(RecordKind::Activity, &id),
                        attributes: BTreeMap::from([("activities".to_owned(), listed)]),
                    });
                    fetched.found.push(Window { source: ACTIVITY, scope: WindowScope::Object(id) });
                }
                Ok(fetched)
            }
            ("activity", WindowScope::Object(id)) => {
                let Some(date) = date_of_activity(id) else { return Err(FetchError::Refused) };
                let key = RecordKey::object(RecordKind::Activity, id);
                let detail = number(value(&ACTIVITY, date));
                let attributes = BTreeMap::from([("activity".to_owned(), detail)]);
                Ok(Fetched { records: vec![RecordUpsert { key, attributes }], found: Vec::new() })
            }
            ("workouts", _) => {
                let key = RecordKey::object(RecordKind::Workout, 1);
                let attributes = BTreeMap::from([("name".to_owned(), Attribute::Json("Intervals".into()))]);
                Ok(Fetched { records: vec![RecordUpsert { key, attributes }], found: Vec::new() })
            }
            _ => Err(FetchError::Unexpected { status: 400 }),
        }
    }
}
