//! The names that stand on the wire, as the domain has them: a list here could come apart from it.

use std::borrow::Cow;

use serde::Serialize;
use sync_core::coverage::DayState;
use sync_core::job::{GapReason, PauseReason};
use sync_core::{JobStatus, MetricType, SyncType};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::error::CODES;

/// A schema for each enum of the domain: its name, and a sentence.
macro_rules! names {
    ($($schema:ident: $domain:ident, $name:literal, $description:literal;)+) => {$(
        #[doc = $description]
        #[derive(Clone, Copy, Debug)]
        pub struct $schema;

        impl PartialSchema for $schema {
            fn schema() -> RefOr<Schema> {
                one_of($domain::ALL.iter(), $description)
            }
        }

        impl ToSchema for $schema {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )+};
}

names! {
    JobStatusName: JobStatus, "JobStatus", "Where a job stands.";
    SyncTypeName: SyncType, "SyncType", "The last days, or a range that somebody chose.";
    MetricTypeName: MetricType, "MetricType", "What can be imported.";
    PauseReasonName: PauseReason, "PauseReason", "What a paused job waits for: its user, Garmin, or a new sign-in.";
    DayStateName: DayState, "DayState", "How a day stands: all of it arrived, some of it, Garmin has nothing, refuses it, its chunk was given up, or it was not asked for yet.";
    GapReasonName: GapReason, "GapReason", "Why days could not be had: Garmin no longer has them in this detail, or refuses them.";
}

/// The codes of errors.
#[derive(Clone, Copy, Debug)]
pub struct ErrorCodeName;

impl PartialSchema for ErrorCodeName {
    fn schema() -> RefOr<Schema> {
        one_of(CODES.iter(), "A name for what is wrong that programs can rely on.")
    }
}

impl ToSchema for ErrorCodeName {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ErrorCode")
    }
}

fn one_of<T: Serialize>(values: impl Iterator<Item = T>, description: &str) -> RefOr<Schema> {
    // An enum without fields serialises to its name, and to nothing that could fail.
    let names: Vec<_> = values.filter_map(|value| serde_json::to_value(value).ok()).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(names))
        .into()
}
