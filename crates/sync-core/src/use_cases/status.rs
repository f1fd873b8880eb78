//! Reading: the latest job and the watermark, and the list of jobs. Nothing here writes.

use chrono::NaiveDate;

use crate::ids::{JobId, UserId};
use crate::job::Job;
use crate::ports::{JobStore, LinkStore, Page, StoreError};

/// The most jobs on one page of the list.
pub const MAX_PAGE: u32 = 100;

/// The jobs on a page when the caller does not say.
pub const DEFAULT_PAGE: u32 = 20;

/// Where a user's sync stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncStatus {
    /// The latest job, finished or not.
    pub job: Option<Job>,
    /// The watermark.
    pub last_successful_sync: Option<NaiveDate>,
}

/// What reading needs.
#[derive(Clone, Debug)]
pub struct Reader<J, L> {
    /// The jobs.
    pub jobs: J,
    /// The links.
    pub links: L,
}

impl<J: JobStore, L: LinkStore> Reader<J, L> {
    /// Where the user's sync stands: two reads, side by side.
    ///
    /// # Errors
    /// As the stores'.
    pub async fn status(&self, user: &UserId) -> Result<SyncStatus, StoreError> {
        let (jobs, link) = futures::try_join!(self.jobs.jobs(user, 1, None), self.links.link(user))?;
        Ok(SyncStatus {
            job: jobs.items.into_iter().next(),
            last_successful_sync: link.and_then(|link| link.last_successful_sync_date),
        })
    }

    /// The user's jobs, newest first.
    ///
    /// # Errors
    /// As the store's.
    pub async fn jobs(
        &self,
        user: &UserId,
        limit: u32,
        cursor: Option<JobId>,
    ) -> Result<Page<Job>, StoreError> {
        self.jobs.jobs(user, limit.clamp(1, MAX_PAGE), cursor).await
    }
}
