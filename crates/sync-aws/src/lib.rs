//! AWS behind the domain's ports: DynamoDB, SQS and KMS.
//!
//! * [`DynamoJobStore`], [`DynamoLinkStore`] and [`DynamoRecordStore`] keep jobs, links and records, and
//!   [`DynamoErasureStore`] erases them;
//! * [`SqsChunkQueue`] sends nudges, and [`Message`] reads them back;
//! * [`KmsVault`] and [`KeyFileVault`] seal Garmin's tokens, and the sign-ins that [`DynamoSignInStore`] keeps;
//! * [`migrate`] creates the tables from `migrations/*.json`, their only definition;
//! * [`AwsClients`] and [`Config`] wire it all, from the environment or to an embedded AWS.
//!
//! Every write here is conditional, and every error says whether something may have been written: a failed condition is
//! an outcome, a conflict or a throttle is retried for two seconds, a lost answer is
//! [`OutcomeUnknown`](sync_core::StoreError::OutcomeUnknown).

mod attributes;
mod clients;
mod config;
mod due;
mod erasures;
mod expression;
mod failure;
mod jobs;
mod links;
mod migrations;
mod projection;
mod queue;
mod records;
mod sign_ins;
mod tables;
mod vault;
mod writes;

pub use clients::{AwsClients, Endpoints, warm_up};
pub use config::{Config, ConfigError};
pub use erasures::DynamoErasureStore;
pub use failure::AwsFailure;
pub use jobs::DynamoJobStore;
pub use links::DynamoLinkStore;
pub use migrations::{MIGRATIONS, MigrateError, migrate};
pub use queue::{Message, QueueUrls, SqsChunkQueue, UnreadableMessage};
pub use records::DynamoRecordStore;
pub use sign_ins::DynamoSignInStore;
pub use tables::TableNames;
pub use vault::{KeyFileError, KeyFileVault, KmsVault};
