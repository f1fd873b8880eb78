//! Every duration and count that the protocol depends on, each with its reason.

use chrono::TimeDelta;

/// Calendar days in one chunk. Thirty keeps an invocation short at one request a second, and a chunk's records
/// within one or two DynamoDB transactions.
pub const CHUNK_DAYS: u32 = 30;

/// How long a nudge may take before the sweeper sends another. Longer than a healthy queue needs, short enough that
/// a lost message costs a minute.
pub const NUDGE_GRACE: TimeDelta = TimeDelta::seconds(60);

/// The longest that the sweeper leaves a job alone that nobody claims. It nudges after [`NUDGE_GRACE`] and then after twice
/// as long each time, up to this: a lost message still costs a minute, and a thousand jobs that queue for a worker for an
/// hour get a handful of messages each and not sixty.
pub const NUDGE_GRACE_MAX: TimeDelta = TimeDelta::minutes(15);

/// A job that was nudged for so long without anybody claiming it is no longer merely queueing: somebody has to know. The
/// same for an erasure that was asked for so long ago and that the sweeper still has to look after.
pub const OVERDUE: TimeDelta = TimeDelta::hours(1);

/// How long a lease outlives the invocation that holds it: covers clock differences between two workers.
pub const LEASE_MARGIN: TimeDelta = TimeDelta::seconds(5);

/// A worker stops asking for windows when less than the longest window and this remain: the time a commit needs.
pub const COMMIT_MARGIN: TimeDelta = TimeDelta::seconds(5);

/// Claims of one chunk that may end in a failure before the chunk is recorded as failed.
pub const MAX_CLAIMS: u32 = 3;

/// The wait before a chunk that failed is tried again; doubled per claim.
pub const RETRY_BASE: TimeDelta = TimeDelta::seconds(20);

/// The first wait after Garmin throttled an account; doubled per consecutive throttle.
pub const THROTTLE_BASE: TimeDelta = TimeDelta::minutes(30);

/// The longest wait after a throttle, whatever `Retry-After` says.
pub const THROTTLE_MAX: TimeDelta = TimeDelta::hours(24);

/// Access tokens are refreshed this long before they expire.
pub const REFRESH_BEFORE_EXPIRY: TimeDelta = TimeDelta::seconds(900);

/// A job that the user paused is looked at again this often, so that it always has a due moment. Nothing but the user
/// makes it go on.
pub const PAUSED_RECHECK: TimeDelta = TimeDelta::days(1);

/// A job that waits for a new sign-in is looked at this often: somebody else writes the new link, and nothing tells us.
/// So long does a person wait at most before the import goes on.
pub const SIGN_IN_RECHECK: TimeDelta = TimeDelta::minutes(5);

/// An incremental sync is refused as `up_to_date` when one finished less than this ago.
pub const UP_TO_DATE_FOR: TimeDelta = TimeDelta::minutes(5);

/// An incremental sync starts this many days before the watermark: watches upload late.
pub const INCREMENTAL_OVERLAP_DAYS: u64 = 2;

/// An incremental sync starts this many days back when nothing was ever imported.
pub const INCREMENTAL_FIRST_DAYS: u64 = 7;

/// What a chunk of everything takes at the default pace of a call a second: 79 calls, two for each of some seventeen
/// activities, and the writes. The estimate shown to people comes from here and nowhere else.
pub const ESTIMATED_SECONDS_PER_CHUNK: u64 = 120;

/// Throttles in a row, over all accounts and without a finished chunk between them, that Garmin may answer before no
/// account is asked any more: it is not one person's account then, it is us.
pub const BREAKER_THROTTLES: u32 = 8;

/// How long a sign-in waits for its code: as long as Garmin's own codes are good, about.
pub const SIGN_IN_LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// Codes that one sign-in may try. Six digits and five tries: one guess in two hundred thousand.
pub const SIGN_IN_CODES: u32 = 5;

/// Sign-ins that one user may attempt within [`SIGN_IN_WINDOW`]: Garmin locks accounts after some ten wrong passwords.
pub const SIGN_IN_ATTEMPTS: u32 = 5;

/// From a user's first attempt to sign in to the moment when the count begins anew.
pub const SIGN_IN_WINDOW: TimeDelta = TimeDelta::minutes(15);

/// How long an `Idempotency-Key` is remembered.
pub const IDEMPOTENCY_WINDOW: TimeDelta = TimeDelta::hours(24);

/// The longest wait a queue message can carry (SQS `DelaySeconds`); longer waits are the sweeper's.
pub const MAX_NUDGE_DELAY: TimeDelta = TimeDelta::seconds(900);

/// When an account that was throttled may be called again: `max(retry_after, 30 min × 2ⁿ)`, at most 24 h, where `n`
/// counts the throttles in a row before this one.
#[must_use]
pub fn throttle_wait(retry_after: Option<TimeDelta>, consecutive: u32) -> TimeDelta {
    let backoff = THROTTLE_BASE * 2_i32.pow(consecutive.min(6));
    backoff.max(retry_after.unwrap_or_default()).min(THROTTLE_MAX)
}

/// How long nobody is asked after one more throttle, when `consecutive` came before it over all accounts: not at all up to
/// [`BREAKER_THROTTLES`], then as for one account.
#[must_use]
pub fn breaker_wait(consecutive: u32) -> TimeDelta {
    match (consecutive + 1).checked_sub(BREAKER_THROTTLES) {
        Some(beyond) => throttle_wait(None, beyond),
        None => TimeDelta::zero(),
    }
}

/// The wait before claim `attempts + 1` of a chunk whose claim `attempts` failed.
#[must_use]
pub fn retry_wait(attempts: u32) -> TimeDelta {
    RETRY_BASE * 2_i32.pow(attempts.saturating_sub(1).min(5))
}

/// Minutes that `chunks` chunks are expected to take, at least one.
#[must_use]
pub fn estimated_minutes(chunks: u32) -> u64 {
    (u64::from(chunks) * ESTIMATED_SECONDS_PER_CHUNK).div_ceil(60).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttle_waits_half_an_hour_then_doubles_up_to_a_day() {
        assert_eq!(throttle_wait(None, 0), TimeDelta::minutes(30));
        assert_eq!(throttle_wait(None, 1), TimeDelta::minutes(60));
        assert_eq!(throttle_wait(None, 5), TimeDelta::minutes(960));
        assert_eq!(throttle_wait(None, 6), TimeDelta::hours(24));
        assert_eq!(throttle_wait(None, 4_000_000_000), TimeDelta::hours(24));
    }

    #[test]
    fn a_longer_retry_after_is_honoured_and_an_absurd_one_is_capped() {
        assert_eq!(throttle_wait(Some(TimeDelta::seconds(5)), 0), TimeDelta::minutes(30));
        assert_eq!(throttle_wait(Some(TimeDelta::hours(3)), 0), TimeDelta::hours(3));
        assert_eq!(throttle_wait(Some(TimeDelta::days(40)), 0), TimeDelta::hours(24));
    }

    #[test]
    fn an_estimate_is_never_zero_minutes() {
        assert_eq!(estimated_minutes(1), 2);
        assert_eq!(estimated_minutes(0), 1);
        assert_eq!(estimated_minutes(61), 122);
    }

    #[test]
    fn the_breaker_opens_only_when_many_throttles_come_in_a_row() {
        assert_eq!(breaker_wait(0), TimeDelta::zero());
        assert_eq!(breaker_wait(BREAKER_THROTTLES - 2), TimeDelta::zero());
        assert_eq!(breaker_wait(BREAKER_THROTTLES - 1), TimeDelta::minutes(30));
        assert_eq!(breaker_wait(BREAKER_THROTTLES), TimeDelta::minutes(60));
        assert_eq!(breaker_wait(u32::MAX - 1), TimeDelta::hours(24));
    }
}
