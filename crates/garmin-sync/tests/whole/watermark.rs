//! How far an import has come for good, and what the next sync reads again.

use std::time::Duration;

use chrono::{Days, NaiveDate};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sync_core::dates::today_in;
use sync_core::ports::SystemClock;
use sync_core::{Clock as _, JobStatus, LinkStore as _, UserId};

use crate::tables::Tables;
use crate::underneath::dynamodb;
use crate::waits::tables;
use crate::world::{World, job_when_ended};

struct Watermark {
    world: World,
    tables: Tables,
    user: UserId,
}

impl Watermark {
    async fn now(&self) -> Option<NaiveDate> {
        self.tables.links.link(&self.user).await.unwrap().unwrap().last_successful_sync_date
    }

    async fn asked(&self, route: &str, body: &Value) -> Value {
        let (status, answer) = self.world.demo().ask(Method::POST, route, Some(body)).await.unwrap();
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    async fn import(&self, from: NaiveDate, to: NaiveDate, metrics: &[&str]) {
        let body = json!({"startDate": from, "endDate": to, "metricTypes": metrics});
        assert_eq!(self.asked("/sync/historical", &body).await["status"], "started");
        assert_eq!(job_when_ended(&self.world.demo()).await.status, JobStatus::Completed);
    }

    async fn set(&self, table: &str, key: Value, attribute: &str, text: &str) {
        let update = json!({
            "TableName": table,
            "Key": key,
            "UpdateExpression": format!("SET {attribute} = :then"),
            "ConditionExpression": format!("attribute_exists({attribute})"),
            "ExpressionAttributeValues": {":then": {"S": text}},
        });
        dynamodb(&self.world.system.endpoints().dynamodb, "UpdateItem", &update).await;
    }

    /// As if the latest import had ended years ago, so that another is not thought to be too soon.
    async fn latest_is_long_over(&self) {
        let latest = self.world.demo().status().await.unwrap().job.unwrap().id;
        let key = json!({"user_id": {"S": self.user.to_string()}, "job_id": {"S": latest}});
        self.set("garmin_sync_jobs", key, "completed_at", "2020-01-01T00:00:00Z").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_import_of_everything_up_to_now_without_a_hole_counts_and_the_next_reads_two_days_again() {
    let world = World::start(Duration::ZERO, &[]).await;
    let (tables, user) = tables(&world);
    let link = tables.links.link(&user).await.unwrap().unwrap();
    let watermark = Watermark { world, tables, user };
    let today = today_in(link.time_zone, SystemClock.now());
    let ago = |days| today - Days::new(days);

    watermark.import(ago(5), today, &["steps", "sleep"]).await;
    assert_eq!(watermark.now().await, None, "some metrics only");
    watermark.import(ago(400), ago(395), &[]).await;
    assert_eq!(watermark.now().await, None, "everything, and years ago");
    watermark.import(ago(5), today, &[]).await;
    assert_eq!(watermark.now().await, Some(today));
    let soon = watermark.asked("/sync/incremental", &json!({})).await;
    assert_eq!(soon["status"], "up_to_date");

    // Three weeks without a sync, and then somebody imports the last days by hand.
    let key = json!({"user_id": {"S": watermark.user.to_string()}, "provider_type": {"S": "garmin"}});
    let three_weeks = ago(20).to_string();
    watermark.set("external_data_providers", key, "last_successful_sync_date", &three_weeks).await;
    watermark.import(ago(5), today, &[]).await;
    assert_eq!(watermark.now().await, Some(ago(20)), "there is a hole of two weeks behind it");

    // A watch may have uploaded the last days before the watermark late: two are read again, and the hole is filled.
    watermark.latest_is_long_over().await;
    let answer = watermark.asked("/sync/incremental", &json!({})).await;
    assert_eq!(answer["message"], format!("Syncing from {} to {today}", ago(22)));
    assert_eq!(job_when_ended(&watermark.world.demo()).await.status, JobStatus::Completed);
    assert_eq!(watermark.now().await, Some(today));
    watermark.world.system.stop().await;
}
