//! The answers about what was imported. Shapes: what is really sent is made in [`crate::view::history`] of the records.
#![expect(dead_code, reason = "nobody makes one of these; they are shapes")]

use chrono::NaiveDate;
use serde::Serialize;
use sync_core::record::series::Track;
use sync_core::record::{ActivityRecord, DayRecord, SleepRecord};
use sync_core::use_cases::history::Rows;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ArrayItems, SchemaType};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{IntoParams, ToSchema};

use crate::history::Kind;
use crate::view::history::{CoveredRangeView, camel_case};

/// Gives the parameter `fields` of the rows' route the names that it takes.
pub(super) fn name_fields(operation: &mut Operation, rows: Rows) {
    let names = rows.fields().into_iter().map(camel_case);
    let names: Vec<_> = [Kind::Rows(rows).id().to_owned()].into_iter().chain(names).collect();
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && parameter.name == "fields"
            && let Some(RefOr::T(Schema::Array(list))) = &mut parameter.schema
        {
            let items = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names.clone()));
            list.items = ArrayItems::RefOrSchema(Box::new(RefOr::T(items.into())));
        }
    }
}

/// The schemas whose values are left out when they are not known.
pub(super) const RECORDS: &[&str] = &[
    "DayRecord",
    "DayRow",
    "SleepRecord",
    "NightRow",
    "ActivityRecord",
    "ActivityRow",
    "SplitSummary",
    "Lap",
    "ExerciseSet",
];

/// Takes null out of what the values of a schema may be.
pub(super) fn leave_out(schema: &mut Schema) {
    match schema {
        Schema::Object(object) => object.properties.values_mut().for_each(never_null),
        Schema::AllOf(all) => all.items.iter_mut().for_each(|item| {
            if let RefOr::T(item) = item {
                leave_out(item);
            }
        }),
        _ => {}
    }
}

fn never_null(property: &mut RefOr<Schema>) {
    // The types have defaults for what is stored without a value; here there is none.
    let kind = match property {
        RefOr::T(Schema::Object(object)) => {
            object.default = None;
            &mut object.schema_type
        }
        RefOr::T(Schema::Array(array)) => {
            array.default = None;
            &mut array.schema_type
        }
        RefOr::T(Schema::OneOf(one)) => {
            let is_null = |item: &RefOr<Schema>| matches!(item, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null));
            one.items.retain(|item| !is_null(item));
            if let [only] = &one.items[..] {
                *property = only.clone();
            }
            return;
        }
        _ => return,
    };
    if let SchemaType::Array(kinds) = kind {
        kinds.retain(|kind| *kind != Type::Null);
        if let [only] = &kinds[..] {
            *kind = SchemaType::Type(only.clone());
        }
    }
}

/// A page of days.
#[derive(Serialize, ToSchema)]
pub(super) struct DayList {
    /// The days of which there is any of the values asked for, first to last.
    days: Vec<DayRow>,
    /// Where the next page starts; null on the last.
    #[schema(required)]
    cursor: Option<String>,
}

/// A calendar day.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DayRow {
    /// Which.
    date: NaiveDate,
    /// Its values, as far as they are known.
    #[serde(flatten)]
    values: DayRecord,
    /// The heart rate, beats per minute; only when asked for by name.
    heart_rate_series: Option<SeriesColumns>,
    /// The stress level, 0 to 100, below 0 where it could not be judged; only when asked for by name.
    stress_series: Option<SeriesColumns>,
    /// The body battery, 0 to 100; only when asked for by name.
    body_battery_series: Option<SeriesColumns>,
}

/// Readings at moments, first to last, as two columns of one length.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SeriesColumns {
    /// The moments, epoch milliseconds.
    at_epoch_milliseconds: Vec<i64>,
    /// The readings; null where the sensor had nothing.
    values: Vec<Option<i64>>,
}

/// A page of nights.
#[derive(Serialize, ToSchema)]
pub(super) struct NightList {
    /// The nights, first to last.
    nights: Vec<NightRow>,
    /// Where the next page starts; null on the last.
    #[schema(required)]
    cursor: Option<String>,
}

/// A night.
#[derive(Serialize, ToSchema)]
pub(super) struct NightRow {
    /// The calendar date of its morning.
    date: NaiveDate,
    /// Its values, as far as they are known.
    #[serde(flatten)]
    values: SleepRecord,
}

/// A page of activities.
#[derive(Serialize, ToSchema)]
pub(super) struct ActivityList {
    /// The activities in the order in which they began.
    activities: Vec<ActivityRow>,
    /// Where the next page starts; null on the last.
    #[schema(required)]
    cursor: Option<String>,
}

/// A recorded activity.
#[derive(Serialize, ToSchema)]
pub(super) struct ActivityRow {
    /// Garmin's id.
    id: String,
    /// Its values, as far as they are known.
    #[serde(flatten)]
    values: ActivityRecord,
    /// Its samples; only when asked for by name.
    track: Option<Track>,
}

/// A page of coverage.
#[derive(Serialize, ToSchema)]
pub(super) struct Coverage {
    /// Days that stand alike, first to last, without a gap between them.
    ranges: Vec<CoveredRangeView>,
    /// Where the next page starts; null on the last.
    #[schema(required)]
    cursor: Option<String>,
}

/// Which days, and how much of them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryParameters {
    /// The first day.
    from: NaiveDate,
    /// The last day, at most 30 years after the first; it may lie in the future.
    to: NaiveDate,
    /// At most so many records are looked at; 31 when a series, a track or another long value is asked for. A page may
    /// have fewer rows and not be the last: `cursor` says that.
    #[param(minimum = 1, maximum = 1000, default = 366, nullable = false)]
    limit: Option<u32>,
    /// Where the page before ended, as that page said. It goes with the same days and fields only.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// The form of the answer; a table's next page stands in the `Link` header.
    #[param(pattern = "^(json|csv)$", default = "json", nullable = false)]
    format: Option<String>,
}

/// Which values.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Fields {
    /// Names of values, joined by commas; all but the long ones when absent. What identifies a row is always there.
    #[param(nullable = false, style = Form, explode = false, min_items = 1)]
    fields: Option<Vec<String>>,
}
