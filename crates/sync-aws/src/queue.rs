//! Nudges over SQS. A message carries who and which, since when, and its version; never what to do.

use aws_sdk_sqs::Client;
use chrono::TimeDelta;
use serde::Deserialize;
use sync_core::ids::{JobKey, UserId};
use sync_core::job::{Job, SyncType};
use sync_core::ports::{ChunkQueue, ErasureQueue, Nudge, StoreError};
use sync_core::timing::MAX_NUDGE_DELAY;

use crate::failure::failed_write;

/// The layout of messages that this program writes, and the only one that it reads.
const SCHEMA_VERSION: u32 = 1;

/// Where the two queues are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueUrls {
    /// Incremental syncs: they never wait behind somebody's ten years.
    pub incremental: String,
    /// Historical syncs.
    pub historical: String,
}

/// [`ChunkQueue`] on two SQS standard queues. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SqsChunkQueue {
    client: Client,
    urls: QueueUrls,
}

impl SqsChunkQueue {
    /// A queue on these two.
    #[must_use]
    pub const fn new(client: Client, urls: QueueUrls) -> Self {
        Self { client, urls }
    }
}

impl ChunkQueue for SqsChunkQueue {
    async fn nudge(&self, job: &Job, delay: TimeDelta) -> Result<(), StoreError> {
        let url = match job.sync_type {
            SyncType::Incremental => &self.urls.incremental,
            SyncType::Historical => &self.urls.historical,
        };
        // The message group makes a standard queue a fair one: one user's messages do not hold up another's.
        self.client
            .send_message()
            .queue_url(url)
            .message_body(Message::Job(Nudge::of(job)).body())
            .delay_seconds(delay_seconds(delay))
            .message_group_id(job.key.user_id.as_str())
            .send()
            .await
            .map_err(|error| failed_write("SendMessage", error))?;
        Ok(())
    }
}

/// Whole seconds, rounded up, between none and the most that a message can wait.
fn delay_seconds(delay: TimeDelta) -> i32 {
    let delay = delay.clamp(TimeDelta::zero(), MAX_NUDGE_DELAY);
    let seconds = delay.num_seconds() + i64::from(delay.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or_default()
}

impl ErasureQueue for SqsChunkQueue {
    async fn nudge_erasure(&self, user: &UserId) -> Result<(), StoreError> {
        // Among the historical syncs: nobody waits before a screen for the last of ten years to be gone.
        self.client
            .send_message()
            .queue_url(&self.urls.historical)
            .message_body(Message::Erasure(user.clone()).body())
            .message_group_id(user.as_str())
            .send()
            .await
            .map_err(|error| failed_write("SendMessage", error))?;
        Ok(())
    }
}

/// Whatever comes out of the queues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Look at this job: `{"schemaVersion":1,"userId":…,"jobId":…,"fence":…}`, the last of which messages of the first release
    /// do not have.
    Job(Nudge),
    /// Look at what is to be erased of this user: `{"schemaVersion":1,"userId":…,"erasure":true}`.
    Erasure(UserId),
}

impl Message {
    /// What is sent. A function of another version reads it, so nothing of it changes its meaning without a new
    /// `schemaVersion`.
    #[must_use]
    pub fn body(&self) -> String {
        match self {
            Self::Job(Nudge { key: JobKey { user_id, job_id }, fence }) => {
                let mut body =
                    serde_json::json!({ "schemaVersion": SCHEMA_VERSION, "userId": user_id, "jobId": job_id });
                if let Some(fence) = fence {
                    body["fence"] = (*fence).into();
                }
                body
            }
            Self::Erasure(user) => {
                serde_json::json!({ "schemaVersion": SCHEMA_VERSION, "userId": user, "erasure": true })
            }
        }
        .to_string()
    }

    /// What a message body says. Fields that this version does not know are ignored.
    ///
    /// # Errors
    /// [`UnreadableMessage`], and the version is looked at first: a message of another version need not look like one of
    /// ours.
    pub fn parse(body: &str) -> Result<Self, UnreadableMessage> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            schema_version: u64,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct OfErasure {
            user_id: UserId,
            erasure: bool,
        }
        #[derive(Deserialize)]
        struct OfJob {
            #[serde(flatten)]
            key: JobKey,
            #[serde(default)]
            fence: Option<u64>,
        }
        let version: Version = serde_json::from_str(body).map_err(UnreadableMessage::Malformed)?;
        if version.schema_version != u64::from(SCHEMA_VERSION) {
            return Err(UnreadableMessage::UnknownVersion(version.schema_version));
        }
        if let Ok(OfErasure { user_id, erasure: true }) = serde_json::from_str(body) {
            return Ok(Self::Erasure(user_id));
        }
        let OfJob { key, fence } = serde_json::from_str(body).map_err(UnreadableMessage::Malformed)?;
        Ok(Self::Job(Nudge { key, fence }))
    }
}

/// Why a message is not readable. It belongs in the dead-letter queue; nothing of its content is repeated here.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableMessage {
    /// None of ours.
    #[error("a message is neither about a job nor about an erasure")]
    Malformed(#[source] serde_json::Error),
    /// From a newer or an older program.
    #[error("a message has schema version {0}, and this program reads version {SCHEMA_VERSION}")]
    UnknownVersion(u64),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> JobKey {
        JobKey {
            user_id: UserId::new("auth0|7").unwrap(),
            job_id: "01933333-0000-7000-8000-000000000001".parse().unwrap(),
        }
    }

    fn nudge(fence: Option<u64>) -> Message {
        Message::Job(Nudge { key: key(), fence })
    }

    #[test]
    fn a_nudge_has_this_body_and_reads_back() {
        let message = nudge(Some(7));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&message.body()).unwrap(),
            serde_json::json!({
                "schemaVersion": 1,
                "userId": "auth0|7",
                "jobId": "01933333-0000-7000-8000-000000000001",
                "fence": 7,
            })
        );
        assert_eq!(Message::parse(&message.body()).unwrap(), message);
    }

    /// Verbatim: whatever is changed above, what the first release left in a queue must still be read.
    #[test]
    fn a_message_of_the_first_release_is_read() {
        let body =
            "{\"jobId\":\"01933333-0000-7000-8000-000000000001\",\"schemaVersion\":1,\"userId\":\"auth0|7\"}";
        assert_eq!(Message::parse(body).unwrap(), nudge(None));
    }

    #[test]
    fn a_message_is_about_a_job_or_about_an_erasure() {
        let erasure = Message::Erasure(key().user_id);
        assert_eq!(Message::parse(&nudge(None).body()).unwrap(), nudge(None));
        assert_eq!(Message::parse(&erasure.body()).unwrap(), erasure);
        for body in [
            r#"{"schemaVersion":1,"userId":"u","erasure":false}"#,
            r#"{"schemaVersion":1,"userId":"u v","erasure":true}"#,
            r#"{"schemaVersion":2,"userId":"u","erasure":true}"#,
        ] {
            assert!(Message::parse(body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_message_of_another_version_is_refused_by_its_number() {
        let error = Message::parse(r#"{"schemaVersion":2,"job":"x"}"#).unwrap_err();
        assert!(matches!(error, UnreadableMessage::UnknownVersion(2)));
        assert!(error.to_string().contains("schema version 2"));
    }

    #[test]
    fn what_is_no_message_of_ours_is_refused() {
        for body in [
            "",
            "null",
            "{}",
            r#"{"schemaVersion":"1"}"#,
            r#"{"schemaVersion":1,"userId":"u"}"#,
            r#"{"schemaVersion":1,"userId":"u v","jobId":"01933333-0000-7000-8000-000000000001"}"#,
            r#"{"schemaVersion":1,"userId":"u","jobId":"nonsense"}"#,
            r#"{"schemaVersion":1,"userId":"u","jobId":"01933333-0000-7000-8000-000000000001","fence":"x"}"#,
        ] {
            assert!(matches!(Message::parse(body), Err(UnreadableMessage::Malformed(_))), "{body}");
        }
    }

    #[test]
    fn a_delay_is_whole_seconds_that_a_message_can_carry() {
        for (delay, seconds) in [
            (TimeDelta::seconds(-5), 0),
            (TimeDelta::zero(), 0),
            (TimeDelta::milliseconds(1), 1),
            (TimeDelta::seconds(20), 20),
            (TimeDelta::hours(5), 900),
        ] {
            assert_eq!(delay_seconds(delay), seconds, "{delay}");
        }
    }
}
