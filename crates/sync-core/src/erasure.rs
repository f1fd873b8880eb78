//! Erasing what was imported: durable from the transaction that unlinks until the last record is gone.

use chrono::{DateTime, Utc};

use crate::ids::UserId;
use crate::record::RecordKey;
use crate::timing::NUDGE_GRACE;

/// A user's wish to have everything erased that Garmin gave, and how far it has come. Like an unfinished job it has a
/// moment by which something must happen to it, so that a crash costs time and no promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Whose records.
    pub user_id: UserId,
    /// Names this erasure among the user's: the version of the link's tokens as unlinking left it, which only rises. An
    /// eraser that slept through the end of this erasure deletes nothing of a later import.
    pub version: u64,
    /// Every record of Garmin's up to here is gone.
    pub erased_up_to: Option<RecordKey>,
    /// Records erased so far.
    pub records: u64,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When the sweeper looks after it.
    pub due_at: DateTime<Utc>,
}

impl Erasure {
    /// A new one, which the sweeper looks after within [`NUDGE_GRACE`] should its first nudge be lost.
    #[must_use]
    pub fn new(user_id: UserId, version: u64, now: DateTime<Utc>) -> Self {
        Self {
            user_id,
            version,
            erased_up_to: None,
            records: 0,
            requested_at: now,
            due_at: now + NUDGE_GRACE,
        }
    }

    /// After one more batch: `records` erased, none of Garmin's left up to `last`.
    #[must_use]
    pub fn after(&self, records: u64, last: RecordKey, now: DateTime<Utc>) -> Self {
        Self {
            erased_up_to: Some(last),
            records: self.records + records,
            due_at: now + NUDGE_GRACE,
            ..self.clone()
        }
    }
}

/// An erasure that is due for a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueErasure {
    /// Whose.
    pub user_id: UserId,
    /// Its due moment as the index showed it.
    pub due_at: DateTime<Utc>,
}
