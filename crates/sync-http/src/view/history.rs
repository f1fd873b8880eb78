//! The history on the wire: rows of what the records hold, under the records' own names in `camelCase`. A value that is
//! not there is left out, so that a row is as long as what is known of it.

use serde::Serialize;
use serde_json::{Map, Value};
use sync_core::coverage::{CoveredRange, DayState};
use sync_core::ports::Page;
use sync_core::use_cases::history::Row;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::openapi::names::DayStateName;

/// About how long a page becomes, in bytes of JSON; only a single row may be longer.
pub const PAGE_BYTES: usize = 1_000_000;

/// A page of rows, cut to [`PAGE_BYTES`].
#[derive(Clone, Debug, PartialEq)]
pub struct RowsView {
    /// The rows: objects of a `date` or an `id` and the values.
    pub rows: Vec<Map<String, Value>>,
    /// The place where it ends, when there is more.
    pub next: Option<String>,
}

impl RowsView {
    /// The view of a page whose rows are identified by `id`.
    ///
    /// # Errors
    /// [`ApiError::internal`] when a row does not serialise.
    pub fn new(id: &str, page: Page<Row>) -> Result<Self, ApiError> {
        let (mut rows, mut next, mut bytes) = (Vec::new(), page.next, 0);
        let mut place: Option<String> = None;
        for row in page.items {
            let mut shown = Map::new();
            shown.insert(id.to_owned(), row.id.into());
            shown.extend(row.values.into_iter().map(|(name, value)| (camel_case(&name), on_the_wire(value))));
            bytes += serde_json::to_string(&shown).map_err(ApiError::internal)?.len();
            if bytes > PAGE_BYTES && place.is_some() {
                next = place;
                break;
            }
            rows.push(shown);
            place = Some(row.place);
        }
        Ok(Self { rows, next })
    }
}

/// Some neighbouring days that stand alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CoveredRange)]
pub struct CoveredRangeView {
    /// The first day.
    pub start: chrono::NaiveDate,
    /// The last day.
    pub end: chrono::NaiveDate,
    /// How they stand.
    #[schema(value_type = DayStateName)]
    pub state: DayState,
}

impl From<&CoveredRange> for CoveredRangeView {
    fn from(CoveredRange { days, state }: &CoveredRange) -> Self {
        Self { start: days.start(), end: days.end(), state: *state }
    }
}

/// `resting_heart_rate_bpm` as `restingHeartRateBpm`; what has no underscore stays as it is.
#[must_use]
pub fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

/// A value with the names of its fields, however deep, as the wire has them.
fn on_the_wire(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(on_the_wire).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            fields.map(|(name, value)| (camel_case(&name), on_the_wire(value))).collect()
        }
        other => other,
    }
}
