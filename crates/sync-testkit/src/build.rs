//! Jobs, links and records for tests, with everything that does not matter filled in.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use secrecy::SecretString;
use serde_json::Value;
use sync_core::dates::DateRange;
use sync_core::ids::{AccountKey, JobId, JobKey, UserId};
use sync_core::job::{Job, NewJob, SyncType};
use sync_core::link::{Link, SealedTokens, Tokens};
use sync_core::metric::{MetricSet, MetricType};
use sync_core::record::RecordUpsert;
use sync_core::transition::Claim;
use uuid::Uuid;

/// The moment at which tests begin: a Sunday morning in Universal Time.
#[must_use]
pub fn start_of_test() -> DateTime<Utc> {
    "2026-11-22T08:00:00Z".parse().expect("an instant")
}

/// This many seconds after [`start_of_test`].
#[must_use]
pub fn at(seconds: i64) -> DateTime<Utc> {
    start_of_test() + TimeDelta::seconds(seconds)
}

/// A calendar date.
#[must_use]
pub fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// A user.
#[must_use]
pub fn user(name: &str) -> UserId {
    UserId::new(name).expect("a user id")
}

/// A Garmin account.
#[must_use]
pub fn account(name: &str) -> AccountKey {
    AccountKey::of(name)
}

/// Tokens that are good until an hour after [`start_of_test`].
#[must_use]
pub fn tokens(access: &str, refresh: &str) -> Tokens {
    Tokens {
        access: SecretString::from(access),
        refresh: SecretString::from(refresh),
        client_id: "GARMIN_CONNECT_MOBILE_ANDROID_DI".to_owned(),
        expires_at: at(3_600),
    }
}

/// The link of `user` to an account of the same name, as it is stored for the first time.
#[must_use]
pub fn link(user: &UserId) -> Link {
    Link {
        user_id: user.clone(),
        account: account(user.as_str()),
        display_name: format!("display-{user}"),
        time_zone: Tz::UTC,
        tokens: SealedTokens("c2VhbGVk".to_owned()),
        tokens_version: 1,
        token_expires_at: at(3_600),
        is_active: true,
        reauth_required: false,
        last_successful_sync_date: None,
        active_job_id: None,
        linked_at: start_of_test(),
        updated_at: start_of_test(),
    }
}

/// A link to another account than the user's own name says.
#[must_use]
pub fn link_to(user: &UserId, account: AccountKey) -> Link {
    Link { account, ..link(user) }
}

/// The id of the `number`-th job: greater numbers sort later.
#[must_use]
pub fn job_id(number: u64) -> JobId {
    // The last byte spreads jobs over the partitions of an index.
    let random = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bytes: [u8; 10] = std::array::from_fn(|index| random.to_be_bytes()[6 + index]);
    let millis = u64::try_from(start_of_test().timestamp_millis()).unwrap_or_default() + number;
    JobId::new(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
}

/// A new historical job of the user for everything in three chunks of a range long past; change what matters.
#[must_use]
pub fn job(user: &UserId) -> JobBuilder {
    JobBuilder {
        new: NewJob {
            job_id: job_id(1),
            user_id: user.clone(),
            account: account(user.as_str()),
            sync_type: SyncType::Historical,
            range: range("2024-01-01", "2024-03-15"),
            metric_types: MetricSet::all(),
            time_zone: Tz::UTC,
        },
        now: start_of_test(),
    }
}

/// A range of calendar dates, both included.
#[must_use]
pub fn range(start: &str, end: &str) -> DateRange {
    DateRange::new(date(start), date(end)).expect("a range")
}

/// Makes a [`Job`].
#[derive(Clone, Debug)]
pub struct JobBuilder {
    new: NewJob,
    now: DateTime<Utc>,
}

impl JobBuilder {
    /// Its number among the tests' jobs.
    #[must_use]
    pub fn number(mut self, number: u64) -> Self {
        self.new.job_id = job_id(number);
        self
    }

    /// The account it imports from.
    #[must_use]
    pub fn account(mut self, account: AccountKey) -> Self {
        self.new.account = account;
        self
    }

    /// Its days.
    #[must_use]
    pub fn range(mut self, start: &str, end: &str) -> Self {
        self.new.range = range(start, end);
        self
    }

    /// What kind of sync.
    #[must_use]
    pub const fn sync_type(mut self, sync_type: SyncType) -> Self {
        self.new.sync_type = sync_type;
        self
    }

    /// What it imports.
    #[must_use]
    pub fn metrics(mut self, metrics: impl IntoIterator<Item = MetricType>) -> Self {
        self.new.metric_types = metrics.into_iter().collect();
        self
    }

    /// Its time zone.
    #[must_use]
    pub const fn time_zone(mut self, time_zone: Tz) -> Self {
        self.new.time_zone = time_zone;
        self
    }

    /// When it is made.
    #[must_use]
    pub const fn made_at(mut self, now: DateTime<Utc>) -> Self {
        self.now = now;
        self
    }

    /// The job.
    #[must_use]
    pub fn build(self) -> Job {
        Job::new(self.new, self.now)
    }
}

/// A claim at `now` for three minutes, named by a number.
#[must_use]
pub fn claim(now: DateTime<Utc>, number: u128) -> Claim {
    Claim { now, lease_until: now + TimeDelta::seconds(180), token: Uuid::from_u128(number), nudged_at: None }
}

/// Where a job's record stands.
#[must_use]
pub fn job_key(user: &UserId, number: u64) -> JobKey {
    JobKey { user_id: user.clone(), job_id: job_id(number) }
}

/// Some attributes of a record, such as `record("day#2024-01-01", json!({"steps": 1}))`.
#[must_use]
pub fn record(key: &str, attributes: &Value) -> RecordUpsert {
    RecordUpsert::new(key.parse().expect("a record key"), attributes).expect("attributes")
}

/// Days of steps from 2024-01-01 on, `count` of them.
#[must_use]
pub fn days_of_steps(count: u32) -> Vec<RecordUpsert> {
    date("2024-01-01")
        .iter_days()
        .zip(0..count)
        .map(|(day, steps)| record(&format!("day#{day}"), &serde_json::json!({"steps": steps})))
        .collect()
}
