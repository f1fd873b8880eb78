//! Unlinking: read the link and the job that holds it, decide, write once, and look again if either has moved.

use crate::ids::{JobKey, UserId};
use crate::ports::{Applied, Clock, JobStore, LinkStore, StoreError};
use crate::sign_in::SignInStore;
use crate::unlink::{self, CannotUnlink};

/// How often unlinking looks again when a worker moved the job, or a refresh the tokens, between the read and the write.
const TRIES: u32 = 8;

/// Why a link was not ended.
#[derive(Debug, thiserror::Error)]
pub enum UnlinkError {
    /// There is no link, or it has ended.
    #[error("no Garmin account is linked")]
    NotLinked,
    /// Link or job moved each time between the read and the write.
    #[error("the link kept moving")]
    KeptMoving,
    /// A store failed.
    #[error("a store failed")]
    Store(#[from] StoreError),
}

/// What unlinking needs.
#[derive(Clone, Debug)]
pub struct Unlinker<J, L, S, C> {
    /// The jobs, which the link's lock leads to.
    pub jobs: J,
    /// The links.
    pub links: L,
    /// Sign-ins that wait for their code.
    pub sign_ins: S,
    /// The time.
    pub clock: C,
}

impl<J: JobStore, L: LinkStore, S: SignInStore, C: Clock> Unlinker<J, L, S, C> {
    /// Forgets a sign-in that waits for its code, then cancels the user's unfinished job, deletes the tokens and, with `delete_data`, begins to erase what was imported:
    /// all but the first in one transaction. Once this has answered, no record of the job is written any more, and no
    /// sign-in that began before links again.
    ///
    /// # Errors
    /// [`UnlinkError`]; the link and the job have not changed, unless it is a [`StoreError::OutcomeUnknown`].
    pub async fn unlink(&self, user: &UserId, delete_data: bool) -> Result<(), UnlinkError> {
        // Before the link ends, so that a failure here is not one after which there is nothing left to unlink.
        self.sign_ins.forget_any(user).await?;
        for _ in 0..TRIES {
            let link = self.links.link(user).await?.ok_or(UnlinkError::NotLinked)?;
            let holder = match link.active_job_id {
                Some(job_id) => self.jobs.job(&JobKey { user_id: user.clone(), job_id }).await?,
                None => None,
            };
            let unlink = match unlink::unlink(&link, holder.as_ref(), delete_data, self.clock.now()) {
                Ok(unlink) => unlink,
                Err(CannotUnlink::NotLinked) => return Err(UnlinkError::NotLinked),
                Err(CannotUnlink::JobMovedOn) => continue,
            };
            if self.jobs.unlink(&unlink).await? == Applied::Yes {
                let cancelled = unlink.cancel.map(|cancel| cancel.after.key.job_id.to_string());
                tracing::info!(cancelled, erases = delete_data, "unlinked");
                return Ok(());
            }
        }
        Err(UnlinkError::KeptMoving)
    }
}
