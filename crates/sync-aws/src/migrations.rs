//! Creates the tables. `migrations/*.json` is their only definition: Terraform reads the same files.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexDescription, GlobalSecondaryIndexUpdate, IndexStatus, KeySchemaElement, KeyType,
    Projection, ProjectionType, ScalarAttributeType, TableDescription, TableStatus, TimeToLiveSpecification,
    TimeToLiveStatus,
};
use serde::Deserialize;
use sync_core::ports::BoxError;

use crate::failure::AwsFailure;

/// The migrations in order: file name and content.
pub const MIGRATIONS: [(&str, &str); 5] = [
    ("0001_garmin_sync_jobs", include_str!("../../../migrations/0001_garmin_sync_jobs.json")),
    ("0002_external_data_providers", include_str!("../../../migrations/0002_external_data_providers.json")),
    ("0003_garmin_accounts", include_str!("../../../migrations/0003_garmin_accounts.json")),
    ("0004_health_records", include_str!("../../../migrations/0004_health_records.json")),
    ("0005_garmin_sign_ins", include_str!("../../../migrations/0005_garmin_sign_ins.json")),
];

const POLL_EVERY: Duration = Duration::from_millis(200);
/// A table takes seconds to become active; a minute means that it will not.
const POLLS: u32 = 300;

/// Why the tables are not as they should be.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A migration file does not read.
    #[error("migration {migration} is not readable")]
    Definition {
        /// Which file.
        migration: &'static str,
        /// What is wrong with it.
        #[source]
        source: BoxError,
    },
    /// DynamoDB refused or was not reached.
    #[error("table {table} could not be set up")]
    Aws {
        /// Which table.
        table: String,
        /// What it said.
        #[source]
        source: AwsFailure,
    },
    /// The table exists and is another: created by hand, or by a newer migration.
    #[error("table {table} exists with another {what} than its migration says")]
    Differs {
        /// Which table.
        table: String,
        /// What differs.
        what: &'static str,
    },
    /// The table does not become active.
    #[error("table {table} is not active after a minute")]
    NotActive {
        /// Which table.
        table: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Table {
    table_name: String,
    billing_mode: String,
    key_schema: Vec<Key>,
    attribute_definitions: Vec<Definition>,
    #[serde(default)]
    global_secondary_indexes: Vec<Index>,
    time_to_live_specification: Option<TimeToLive>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Key {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Definition {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Index {
    index_name: String,
    key_schema: Vec<Key>,
    projection: IndexProjection,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct IndexProjection {
    projection_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

/// Creates what is missing of the tables, each with `prefix` before its name, and checks what is there. Safe to run
/// again and by two at once.
///
/// # Errors
/// [`MigrateError`]; running it again after the cause is gone completes the work.
pub async fn migrate(client: &Client, prefix: &str) -> Result<(), MigrateError> {
    for (migration, definition) in MIGRATIONS {
        let mut table: Table = serde_json::from_str(definition)
            .map_err(|source| MigrateError::Definition { migration, source: source.into() })?;
        table.table_name.insert_str(0, prefix);
        create(client, migration, &table).await?;
        let mut existing = until_active(client, &table.table_name).await?;
        // An index is what a migration may gain after its table was made; nothing stored has to change for it.
        for index in &table.global_secondary_indexes {
            if !existing.global_secondary_indexes().iter().any(|found| is_named(found, &index.index_name)) {
                add_index(client, migration, &table, index).await?;
                existing = until_active(client, &table.table_name).await?;
            }
        }
        check(&table, &existing)?;
        if let Some(expiry) = table.time_to_live_specification.as_ref().filter(|ttl| ttl.enabled) {
            enable_expiry(client, migration, &table.table_name, &expiry.attribute_name).await?;
        }
    }
    Ok(())
}

async fn create(client: &Client, migration: &'static str, table: &Table) -> Result<(), MigrateError> {
    let unbuildable = |source: BuildError| MigrateError::Definition { migration, source: source.into() };
    let mut request = client
        .create_table()
        .table_name(&table.table_name)
        .billing_mode(BillingMode::from(table.billing_mode.as_str()))
        .set_key_schema(Some(key_schema(&table.key_schema).map_err(unbuildable)?));
    request = request.set_attribute_definitions(Some(definitions(table).map_err(unbuildable)?));
    for index in &table.global_secondary_indexes {
        request = request.global_secondary_indexes(
            GlobalSecondaryIndex::builder()
                .index_name(&index.index_name)
                .set_key_schema(Some(key_schema(&index.key_schema).map_err(unbuildable)?))
                .projection(projection(index))
                .build()
                .map_err(unbuildable)?,
        );
    }
    match request.send().await {
        Ok(_) => {
            tracing::info!(table = table.table_name, "table created");
            Ok(())
        }
        // It is there, or somebody else is creating it.
        Err(SdkError::ServiceError(error)) if error.err().is_resource_in_use_exception() => Ok(()),
        Err(error) => Err(MigrateError::Aws {
            table: table.table_name.clone(),
            source: AwsFailure::of("CreateTable", error),
        }),
    }
}

async fn add_index(
    client: &Client,
    migration: &'static str,
    table: &Table,
    index: &Index,
) -> Result<(), MigrateError> {
    let unbuildable = |source: BuildError| MigrateError::Definition { migration, source: source.into() };
    let action = CreateGlobalSecondaryIndexAction::builder()
        .index_name(&index.index_name)
        .set_key_schema(Some(key_schema(&index.key_schema).map_err(unbuildable)?))
        .projection(projection(index))
        .build()
        .map_err(unbuildable)?;
    let request = client
        .update_table()
        .table_name(&table.table_name)
        .set_attribute_definitions(Some(definitions(table).map_err(unbuildable)?))
        .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(action).build());
    match request.send().await {
        Ok(_) => {
            tracing::info!(table = table.table_name, index = index.index_name, "index added");
            Ok(())
        }
        // Somebody else is adding it.
        Err(SdkError::ServiceError(error)) if error.err().is_resource_in_use_exception() => Ok(()),
        Err(error) => {
            // Somebody else has added it in between, which DynamoDB calls invalid.
            let invalid = error.code() == Some("ValidationException");
            let existing = until_active(client, &table.table_name).await?;
            if invalid
                && existing.global_secondary_indexes().iter().any(|found| is_named(found, &index.index_name))
            {
                return Ok(());
            }
            Err(MigrateError::Aws {
                table: table.table_name.clone(),
                source: AwsFailure::of("UpdateTable", error),
            })
        }
    }
}

fn definitions(table: &Table) -> Result<Vec<AttributeDefinition>, BuildError> {
    table
        .attribute_definitions
        .iter()
        .map(|definition| {
            AttributeDefinition::builder()
                .attribute_name(&definition.attribute_name)
                .attribute_type(ScalarAttributeType::from(definition.attribute_type.as_str()))
                .build()
        })
        .collect()
}

fn projection(index: &Index) -> Projection {
    let projected = ProjectionType::from(index.projection.projection_type.as_str());
    Projection::builder().projection_type(projected).build()
}

fn is_named(index: &GlobalSecondaryIndexDescription, name: &str) -> bool {
    index.index_name() == Some(name)
}

fn key_schema(keys: &[Key]) -> Result<Vec<KeySchemaElement>, BuildError> {
    keys.iter()
        .map(|key| {
            KeySchemaElement::builder()
                .attribute_name(&key.attribute_name)
                .key_type(KeyType::from(key.key_type.as_str()))
                .build()
        })
        .collect()
}

async fn until_active(client: &Client, table: &str) -> Result<TableDescription, MigrateError> {
    for _ in 0..POLLS {
        match client.describe_table().table_name(table).send().await {
            Ok(described) => {
                if let Some(found) = described.table
                    && found.table_status() == Some(&TableStatus::Active)
                    && found
                        .global_secondary_indexes()
                        .iter()
                        .all(|index| index.index_status().is_none_or(|status| *status == IndexStatus::Active))
                {
                    return Ok(found);
                }
            }
            // Right after CreateTable, DescribeTable may not know the table yet.
            Err(SdkError::ServiceError(error)) if error.err().is_resource_not_found_exception() => {}
            Err(error) => {
                return Err(MigrateError::Aws {
                    table: table.to_owned(),
                    source: AwsFailure::of("DescribeTable", error),
                });
            }
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
    Err(MigrateError::NotActive { table: table.to_owned() })
}

fn check(table: &Table, existing: &TableDescription) -> Result<(), MigrateError> {
    let differs = |what| MigrateError::Differs { table: table.table_name.clone(), what };
    if !same_keys(&table.key_schema, existing.key_schema()) {
        return Err(differs("key"));
    }
    let types_agree = table.attribute_definitions.iter().all(|wanted| {
        existing.attribute_definitions().iter().any(|found| {
            found.attribute_name() == wanted.attribute_name
                && found.attribute_type().as_str() == wanted.attribute_type
        })
    });
    if !types_agree {
        return Err(differs("type of a key attribute"));
    }
    let indexes_agree = table.global_secondary_indexes.iter().all(|wanted| {
        existing.global_secondary_indexes().iter().any(|found| {
            found.index_name() == Some(wanted.index_name.as_str())
                && same_keys(&wanted.key_schema, found.key_schema())
        })
    });
    if !indexes_agree {
        return Err(differs("index"));
    }
    Ok(())
}

fn same_keys(wanted: &[Key], found: &[KeySchemaElement]) -> bool {
    wanted.len() == found.len()
        && wanted.iter().all(|key| {
            found.iter().any(|found| {
                found.attribute_name() == key.attribute_name && found.key_type().as_str() == key.key_type
            })
        })
}

async fn enable_expiry(
    client: &Client,
    migration: &'static str,
    table: &str,
    attribute: &str,
) -> Result<(), MigrateError> {
    if expires_by(client, table, attribute).await? {
        return Ok(());
    }
    let specification = TimeToLiveSpecification::builder()
        .attribute_name(attribute)
        .enabled(true)
        .build()
        .map_err(|source| MigrateError::Definition { migration, source: source.into() })?;
    let request = client.update_time_to_live().table_name(table).time_to_live_specification(specification);
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error) => {
            // Somebody else may have enabled it in between, which DynamoDB calls invalid.
            let invalid = error.code() == Some("ValidationException");
            if invalid && expires_by(client, table, attribute).await? {
                return Ok(());
            }
            Err(MigrateError::Aws {
                table: table.to_owned(),
                source: AwsFailure::of("UpdateTimeToLive", error),
            })
        }
    }
}

async fn expires_by(client: &Client, table: &str, attribute: &str) -> Result<bool, MigrateError> {
    let described = client.describe_time_to_live().table_name(table).send().await.map_err(|error| {
        MigrateError::Aws { table: table.to_owned(), source: AwsFailure::of("DescribeTimeToLive", error) }
    })?;
    Ok(described.time_to_live_description().is_some_and(|found| {
        found.attribute_name() == Some(attribute)
            && matches!(
                found.time_to_live_status(),
                Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
            )
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::TableNames;

    #[test]
    fn the_migrations_define_the_tables_that_the_adapters_use() {
        let names: Vec<String> = MIGRATIONS
            .iter()
            .map(|(_, definition)| serde_json::from_str::<Table>(definition).unwrap().table_name)
            .collect();
        let tables = TableNames::default();
        assert_eq!(names, [tables.jobs, tables.links, tables.accounts, tables.records, tables.sign_ins]);
    }

    #[test]
    fn every_attribute_that_a_migration_defines_is_part_of_a_key() {
        for (migration, definition) in MIGRATIONS {
            let table: Table = serde_json::from_str(definition).unwrap();
            let index_keys = table.global_secondary_indexes.iter().flat_map(|index| &index.key_schema);
            let mut keys: Vec<_> =
                table.key_schema.iter().chain(index_keys).map(|key| key.attribute_name.as_str()).collect();
            let mut defined: Vec<_> = table
                .attribute_definitions
                .iter()
                .map(|definition| definition.attribute_name.as_str())
                .collect();
            keys.sort_unstable();
            keys.dedup();
            defined.sort_unstable();
            assert_eq!(keys, defined, "{migration}: DynamoDB refuses any other");
        }
    }
}
