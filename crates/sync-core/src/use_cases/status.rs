//! Reading: the latest job and the watermark, and the list of jobs. Nothing here writes.

use crate::ids::{JobId, UserId};
use crate::job::Job;
use crate::ports::{JobStore, Page, StoreError, SyncStatus};

/// The most jobs on one page of the list.
pub const MAX_PAGE: u32 = 100;

/// The jobs on a page when the caller does not say.
pub const DEFAULT_PAGE: u32 = 20;

/// What reading needs.
#[derive(Clone, Debug)]
pub struct Reader<J> {
    /// The jobs.
    pub jobs: J,
}

impl<J: JobStore> Reader<J> {
    /// Where the user's sync stands.
    ///
    /// # Errors
    /// As the store's.
    pub async fn status(&self, user: &UserId) -> Result<SyncStatus, StoreError> {
        self.jobs.status(user).await
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
