//! What a queue message says: look at this job.

use serde::{Deserialize, Serialize};
use sync_core::JobKey;

/// The version of messages that this code writes and reads.
pub(crate) const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    schema_version: u32,
    #[serde(flatten)]
    key: JobKey,
}

/// A message that cannot be read. Says what is wrong and repeats nothing of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnreadableNudge {
    /// It is no message of ours.
    #[error("the message is not readable")]
    Malformed(#[source] serde_json::Error),
    /// It is of a version that this code does not know.
    #[error("the message has schema version {0}, which is not known")]
    Version(u32),
}

/// Reads a message.
///
/// # Errors
/// [`UnreadableNudge`].
pub(crate) fn parse(body: &str) -> Result<JobKey, UnreadableNudge> {
    let message: Message = serde_json::from_str(body).map_err(UnreadableNudge::Malformed)?;
    if message.schema_version == SCHEMA_VERSION {
        Ok(message.key)
    } else {
        Err(UnreadableNudge::Version(message.schema_version))
    }
}
