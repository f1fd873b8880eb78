//! The migration runner, on an embedded DynamoDB.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    TimeToLiveStatus,
};
use embedded_aws::{EmbeddedAws, Options};
use sync_aws::{DynamoRecordStore, MigrateError, TableNames, migrate};
use sync_core::ports::ActivityQuery;
use sync_core::{DateRange, RecordStore as _, UserId};

#[tokio::test]
async fn migrating_twice_and_by_several_at_once_makes_each_table_once() {
    let aws = EmbeddedAws::start(Options::default()).await.unwrap();
    let client = aws.clients().dynamodb;
    let at_once = [(); 4].map(|()| migrate(&client, "demo_"));
    for outcome in futures::future::join_all(at_once).await {
        outcome.unwrap();
    }
    migrate(&client, "demo_").await.unwrap();
    let tables = client.list_tables().send().await.unwrap();
    assert_eq!(
        tables.table_names(),
        [
            "demo_external_data_providers",
            "demo_garmin_accounts",
            "demo_garmin_sign_ins",
            "demo_garmin_sync_jobs",
            "demo_health_records"
        ]
    );
}

#[tokio::test]
async fn finished_jobs_expire_and_nothing_else_does() {
    let aws = EmbeddedAws::start(Options::default()).await.unwrap();
    let client = aws.clients().dynamodb;
    migrate(&client, "").await.unwrap();
    for (table, expected) in [
        ("garmin_sync_jobs", Some("expires_at")),
        ("external_data_providers", None),
        ("garmin_accounts", None),
        ("health_records", None),
    ] {
        let described = client.describe_time_to_live().table_name(table).send().await.unwrap();
        let found = described.time_to_live_description.unwrap();
        let enabled = found.time_to_live_status() == Some(&TimeToLiveStatus::Enabled);
        assert_eq!(found.attribute_name().filter(|_| enabled), expected, "{table}");
    }
}

#[tokio::test]
async fn a_table_of_the_same_name_with_other_keys_is_refused() {
    let aws = EmbeddedAws::start(Options::default()).await.unwrap();
    let client = aws.clients().dynamodb;
    client
        .create_table()
        .table_name("garmin_sync_jobs")
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap())
        .attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name("id")
                .attribute_type(ScalarAttributeType::S)
                .build()
                .unwrap(),
        )
        .send()
        .await
        .unwrap();
    let refused = migrate(&client, "").await.unwrap_err();
    assert!(
        matches!(&refused, MigrateError::Differs { table, what: "key" } if table == "garmin_sync_jobs"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_table_of_before_gains_the_index_and_what_is_in_it_is_found_by_it() {
    let aws = EmbeddedAws::start(Options::default()).await.unwrap();
    let client = aws.clients().dynamodb;
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let text = |name: &str| {
        let definition = AttributeDefinition::builder().attribute_name(name);
        definition.attribute_type(ScalarAttributeType::S).build().unwrap()
    };
    client
        .create_table()
        .table_name("health_records")
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("user_id", KeyType::Hash))
        .key_schema(key("record", KeyType::Range))
        .attribute_definitions(text("user_id"))
        .attribute_definitions(text("record"))
        .send()
        .await
        .unwrap();
    client
        .put_item()
        .table_name("health_records")
        .item("user_id", AttributeValue::S("ann".to_owned()))
        .item("record", AttributeValue::S("activity#7".to_owned()))
        .item("start_local", AttributeValue::S("2024-01-31T07:00:00".to_owned()))
        .send()
        .await
        .unwrap();
    let at_once = [(); 3].map(|()| migrate(&client, ""));
    for outcome in futures::future::join_all(at_once).await {
        outcome.unwrap();
    }
    let records = DynamoRecordStore::new(client, TableNames::default());
    let day = "2024-01-31".parse().unwrap();
    let query = ActivityQuery { days: DateRange::day(day), attributes: None, limit: 10, cursor: None };
    let found = records.activities(&UserId::new("ann").unwrap(), &query).await.unwrap();
    assert_eq!(found.items.iter().map(|record| record.key.id.as_str()).collect::<Vec<_>>(), ["7"]);
}
