//! What stands in the tables, and what must hold of it at any moment.

use chrono::{NaiveDate, TimeDelta};
use garmin_simulator::Truth;
use garmin_sync::history;
use sync_aws::{AwsClients, DynamoJobStore, DynamoLinkStore, DynamoRecordStore, TableNames};
use sync_core::job::ChunkState;
use sync_core::link::{Account, Link};
use sync_core::ports::{DueJob, JobStore as _, SystemClock};
use sync_core::{Clock as _, Job, JobStatus, LinkStore as _, RecordKind, UserId};

pub(crate) struct Tables {
    pub(crate) jobs: DynamoJobStore,
    pub(crate) links: DynamoLinkStore,
    pub(crate) records: DynamoRecordStore,
}

impl Tables {
    pub(crate) fn of(aws: &AwsClients) -> Self {
        let (client, names) = (|| aws.dynamodb.clone(), TableNames::default());
        Self {
            jobs: DynamoJobStore::new(client(), names.clone(), None),
            links: DynamoLinkStore::new(client(), names.clone()),
            records: DynamoRecordStore::new(client(), names),
        }
    }

    /// The user's only job, after a look at everything that holds of a job at any moment.
    pub(crate) async fn sound_job(&self, user: &UserId) -> Job {
        // Three reads are no transaction: they count when the job has not moved between the first and the last.
        loop {
            let job = self.only_job(user).await;
            let link = self.links.link(user).await.unwrap().unwrap();
            let account = self.links.account(&job.account).await.unwrap();
            if self.only_job(user).await == job {
                check(&job, &link, &account);
                return job;
            }
        }
    }

    async fn only_job(&self, user: &UserId) -> Job {
        let mut jobs = self.jobs.jobs(user, 10, None).await.unwrap().items;
        assert_eq!(jobs.len(), 1, "{user} has {jobs:?}");
        jobs.remove(0)
    }

    /// What will be due at some time.
    pub(crate) async fn due_ever(&self) -> Vec<DueJob> {
        self.jobs.due(SystemClock.now() + TimeDelta::days(3_650), 100).await.unwrap()
    }

    /// Every day of every finished chunk is there, once.
    pub(crate) async fn has_every_day_of_what_is_done(&self, job: &Job) {
        let (from, to) = (job.range.start(), job.range.end());
        let stored = self.days(&job.key.user_id, from, to).await;
        let done = (0_u32..)
            .zip(job.range.start().iter_days().take_while(|day| *day <= to))
            .filter(|(index, _)| job.chunk_states.get(*index / 30) == Some(ChunkState::Done));
        for (_, day) in done {
            assert!(stored.contains(&day), "{day} of {} is missing: {job:?}", job.key.user_id);
        }
    }

    async fn days(&self, user: &UserId, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
        let records =
            history::records(&self.records, user, RecordKind::Day, Some(from), Some(to)).await.unwrap();
        records.iter().map(|record| history::line(record)["id"].as_str().unwrap().parse().unwrap()).collect()
    }

    /// The job is completed, every day is there once, and what is stored is what Garmin has.
    pub(crate) async fn is_complete_and_true(&self, user: &UserId, account: &str, truth: &Truth) -> Job {
        let job = self.sound_job(user).await;
        assert_eq!(job.status, JobStatus::Completed, "{job:?}");
        assert_eq!(job.chunks_completed(), job.chunks_total());
        let (from, to) = (job.range.start(), job.range.end());
        let expected: Vec<_> = from.iter_days().take_while(|day| *day <= to).collect();
        assert_eq!(self.days(user, from, to).await, expected, "{user}");

        let of = async |kind| -> Vec<serde_json::Value> {
            let records = history::records(&self.records, user, kind, Some(from), Some(to)).await.unwrap();
            records.iter().map(history::line).collect()
        };
        let mut with_data = 0;
        for record in of(RecordKind::Day).await {
            let date: NaiveDate = record["id"].as_str().unwrap().parse().unwrap();
            let Some(true_day) = truth.day(account, date) else {
                assert!(record["steps"].is_null(), "{user} {date} has steps that Garmin does not have");
                continue;
            };
            with_data += 1;
            assert_eq!(record["steps"], true_day.steps, "{user} {date}");
            assert_eq!(record["resting_heart_rate_bpm"], true_day.resting_heart_rate, "{user} {date}");
        }
        assert!(TimeDelta::days(with_data) > (to - from) / 2, "only {with_data} days of {user} have data");
        assert_eq!(of(RecordKind::Activity).await.len(), truth.activities(account, from, to).len(), "{user}");
        assert_eq!(of(RecordKind::WeighIn).await.len(), truth.weigh_ins(account, from, to).len(), "{user}");
        job
    }
}

fn check(job: &Job, link: &Link, account: &Account) {
    let count = |state| job.chunk_states.count(state);
    let (done, failed, open) = (count(ChunkState::Done), count(ChunkState::Failed), count(ChunkState::Open));
    assert_eq!(done + failed + open, job.chunks_total(), "{job:?}");
    assert_eq!(u32::try_from(job.failed_chunks.len()).unwrap(), failed, "{job:?}");

    // The locks are there exactly while the job is unfinished, and name it.
    let unfinished = job.status.is_unfinished();
    let expected = unfinished.then_some(job.key.job_id);
    assert_eq!(link.active_job_id, expected, "{job:?}");
    assert_eq!(account.active_job_id, expected, "{job:?}");

    // Something happens to an unfinished job by a moment that is written down; to a finished one nothing does.
    assert_eq!(job.due_at.is_some(), unfinished, "{job:?}");
    if job.status == JobStatus::Completed {
        assert_eq!((failed, open), (0, 0), "{job:?}");
    }
}
