//! How a link ends: the decision, as one conditional write.

use chrono::{DateTime, Utc};

use crate::erasure::Erasure;
use crate::job::Job;
use crate::link::{Link, SealedTokens};
use crate::transition::{self, Transition};

/// One conditional write: the link as it was read, the link as it shall be, and what ends with it. A store applies it
/// only if the link still has `before`'s token version, activity and lock, and the job is as the cancel read it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "unlinking does nothing until a store applies it"]
pub struct Unlink {
    /// The link as read.
    pub before: Link,
    /// The link as it shall be: inactive, without tokens, under a version that no refresh on its way can name.
    pub after: Link,
    /// The end of the job that holds the link's lock.
    pub cancel: Option<Transition>,
    /// The erasure that begins.
    pub erasure: Option<Erasure>,
}

/// Why a link cannot be ended as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotUnlink {
    /// It has ended already.
    #[error("no Garmin account is linked")]
    NotLinked,
    /// The lock names a job that is not unfinished: link and job were read at different moments.
    #[error("the job that holds the lock has moved on")]
    JobMovedOn,
}

/// Ends a link: the job that holds its lock (`holder`, as read) is cancelled, the tokens are deleted, and with
/// `delete_data` an erasure begins. A link that has ended already can still have its data erased.
///
/// # Errors
/// [`CannotUnlink`]; after [`CannotUnlink::JobMovedOn`] read again.
pub fn unlink(
    link: &Link,
    holder: Option<&Job>,
    delete_data: bool,
    now: DateTime<Utc>,
) -> Result<Unlink, CannotUnlink> {
    if !link.is_active && !delete_data {
        return Err(CannotUnlink::NotLinked);
    }
    let cancel = match link.active_job_id {
        None => None,
        Some(job_id) => {
            let holder = holder.filter(|job| job.key.job_id == job_id).ok_or(CannotUnlink::JobMovedOn)?;
            Some(transition::cancel(holder, now).map_err(|_| CannotUnlink::JobMovedOn)?)
        }
    };
    let after = Link {
        display_name: String::new(),
        tokens: SealedTokens::default(),
        tokens_version: link.tokens_version + 1,
        is_active: false,
        reauth_required: false,
        // What is erased was not imported: the next sync begins anew.
        last_successful_sync_date: link.last_successful_sync_date.filter(|_| !delete_data),
        active_job_id: None,
        updated_at: now,
        ..link.clone()
    };
    let erasure = delete_data.then(|| Erasure::new(link.user_id.clone(), after.tokens_version, now));
    Ok(Unlink { before: link.clone(), after, cancel, erasure })
}
