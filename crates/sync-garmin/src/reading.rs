//! Reading Garmin's JSON field by field.
//!
//! Every value that is not what its field should be is an error with the path of the field: `[3].values.totalSteps`. A path
//! is made of the names in this crate's source and of positions, never of anything that stands in the answer, so that
//! no value of a person can get into an error.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::Value;
use sync_core::ports::FetchError;

/// Numbers beyond this are no measurement: they would not fit a store's numbers either.
const LARGEST: f64 = 1e15;

/// A value of an answer, and where it stands.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    value: &'a Value,
    path: String,
}

/// What a reader gives.
pub(crate) type Read<T> = Result<T, FetchError>;

/// The error for what stands at `path`.
pub(crate) fn unreadable(path: &str) -> FetchError {
    let path = if path.is_empty() { "(body)" } else { path };
    FetchError::Unreadable { path: path.to_owned() }
}

/// An answer as JSON. Deep nesting is refused by the parser, not by the stack.
pub(crate) fn json(body: &[u8]) -> Read<Value> {
    serde_json::from_slice(body).map_err(|_| unreadable(""))
}

/// Whether an answer says that there is nothing: empty, `null`, `[]` or `{}`.
pub(crate) fn says_nothing(body: &[u8]) -> bool {
    matches!(body.trim_ascii(), b"" | b"null" | b"[]" | b"{}")
}

impl<'a> Node<'a> {
    /// The whole answer.
    pub(crate) const fn root(value: &'a Value) -> Self {
        Self { value, path: String::new() }
    }

    fn error(&self) -> FetchError {
        unreadable(&self.path)
    }

    fn below(&self, value: &'a Value, step: &str) -> Self {
        let dot = if self.path.is_empty() || step.starts_with('[') { "" } else { "." };
        Self { value, path: format!("{}{dot}{step}", self.path) }
    }

    /// The field `name`; none when it is missing or null.
    pub(crate) fn get(&self, name: &'static str) -> Read<Option<Self>> {
        let fields = self.value.as_object().ok_or_else(|| self.error())?;
        Ok(fields.get(name).filter(|value| !value.is_null()).map(|value| self.below(value, name)))
    }

    /// The elements of this array; nulls in it are left out.
    pub(crate) fn items(&self) -> Read<Vec<Self>> {
        let items = self.value.as_array().ok_or_else(|| self.error())?;
        Ok(items
            .iter()
            .enumerate()
            .filter(|(_, value)| !value.is_null())
            .map(|(index, value)| self.below(value, &format!("[{index}]")))
            .collect())
    }

    /// The element at `index` of this array; none when it is missing or null.
    pub(crate) fn item(&self, index: usize) -> Read<Option<Self>> {
        let items = self.value.as_array().ok_or_else(|| self.error())?;
        Ok(items
            .get(index)
            .filter(|value| !value.is_null())
            .map(|value| self.below(value, &format!("[{index}]"))))
    }

    /// The elements of the array `name`; none of them when it is missing or null.
    pub(crate) fn rows(&self, name: &'static str) -> Read<Vec<Self>> {
        self.get(name)?.map_or_else(|| Ok(Vec::new()), |rows| rows.items())
    }

    /// The fields of this object, whatever their names. A path shows a name it does not know as `*`.
    pub(crate) fn entries(&self) -> Read<Vec<(&'a str, Self)>> {
        let fields = self.value.as_object().ok_or_else(|| self.error())?;
        Ok(fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.as_str(), self.below(value, "*")))
            .collect())
    }

    /// The fields whose names are `prefix` and a whole number: `hrTimeInZone_1`.
    pub(crate) fn numbered(
        &self,
        prefix: &'static str,
    ) -> Read<Option<std::collections::BTreeMap<u32, f64>>> {
        let mut numbers = std::collections::BTreeMap::new();
        for (name, node) in self.entries()? {
            if let Some(number) = name.strip_prefix(prefix).and_then(|rest| rest.parse().ok()) {
                let node = self.below(node.value, prefix);
                numbers.insert(number, node.number()?);
            }
        }
        Ok(Some(numbers).filter(|numbers| !numbers.is_empty()))
    }

    /// This number.
    pub(crate) fn number(&self) -> Read<f64> {
        self.value.as_f64().filter(|number| number.abs() <= LARGEST).ok_or_else(|| self.error())
    }

    /// This whole number, exactly: ids and epochs.
    pub(crate) fn exact(&self) -> Read<i64> {
        match self.value.as_i64() {
            Some(number) => Ok(number),
            None => self
                .number()
                .and_then(|number| if number.fract() == 0.0 { Ok(number as i64) } else { Err(self.error()) }),
        }
    }

    /// This text.
    pub(crate) fn string(&self) -> Read<&'a str> {
        self.value.as_str().ok_or_else(|| self.error())
    }

    /// This calendar date: `2026-01-27`, or the date of `2026-01-27T00:00:00.0`.
    pub(crate) fn calendar_date(&self) -> Read<NaiveDate> {
        let text = self.string()?;
        text.get(..10).and_then(|date| date.parse().ok()).ok_or_else(|| self.error())
    }

    /// The calendar date that `name`, a field's own name, is.
    pub(crate) fn date_from_name(&self, name: &str) -> Read<NaiveDate> {
        name.parse().map_err(|_| self.error())
    }

    fn date_time(&self) -> Read<NaiveDateTime> {
        let text = self.string()?.trim_end_matches('Z');
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .ok_or_else(|| self.error())
    }

    fn instant(&self) -> Read<DateTime<Utc>> {
        if self.value.is_string() {
            return Ok(self.date_time()?.and_utc());
        }
        DateTime::from_timestamp_millis(self.exact()?).ok_or_else(|| self.error())
    }

    /// The number in the field `name`.
    pub(crate) fn num(&self, name: &'static str) -> Read<Option<f64>> {
        self.get(name)?.map(|node| node.number()).transpose()
    }

    /// The number in the field `name`, to the nearest whole.
    pub(crate) fn whole(&self, name: &'static str) -> Read<Option<i64>> {
        Ok(self.num(name)?.map(rounded))
    }

    /// The id or the epoch in the field `name`.
    pub(crate) fn id(&self, name: &'static str) -> Read<Option<i64>> {
        self.get(name)?.map(|node| node.exact()).transpose()
    }

    /// The text in the field `name`.
    pub(crate) fn text(&self, name: &'static str) -> Read<Option<String>> {
        self.get(name)?.map(|node| node.string().map(ToOwned::to_owned)).transpose()
    }

    /// The text in the field `name`, where Garmin also sends numbers and booleans: what people typed.
    pub(crate) fn scalar(&self, name: &'static str) -> Read<Option<String>> {
        self.get(name)?
            .map(|node| match node.value {
                Value::String(text) => Ok(text.clone()),
                Value::Number(number) => Ok(number.to_string()),
                Value::Bool(flag) => Ok(flag.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => Err(node.error()),
            })
            .transpose()
    }

    /// The truth value in the field `name`.
    pub(crate) fn flag(&self, name: &'static str) -> Read<Option<bool>> {
        self.get(name)?.map(|node| node.value.as_bool().ok_or_else(|| node.error())).transpose()
    }

    /// The calendar date in the field `name`.
    pub(crate) fn day(&self, name: &'static str) -> Read<Option<NaiveDate>> {
        self.get(name)?.map(|node| node.calendar_date()).transpose()
    }

    /// The moment in the field `name`: epoch milliseconds, or a date and time in UTC.
    pub(crate) fn moment(&self, name: &'static str) -> Read<Option<DateTime<Utc>>> {
        self.get(name)?.map(|node| node.instant()).transpose()
    }

    /// The date and time in the field `name`, on the person's clock.
    pub(crate) fn wall_clock(&self, name: &'static str) -> Read<Option<NaiveDateTime>> {
        self.get(name)?.map(|node| node.date_time()).transpose()
    }
}

/// The nearest whole number.
pub(crate) fn rounded(number: f64) -> i64 {
    number.round() as i64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path_of<T>(read: Read<T>) -> String {
        match read {
            Err(FetchError::Unreadable { path }) => path,
            Err(other) => other.to_string(),
            Ok(_) => "readable".to_owned(),
        }
    }

    #[test]
    fn an_error_names_the_field_and_never_the_value() {
        let answer = json!({"values": [{"totalSteps": "12345"}, {"totalSteps": 7}]});
        let rows = Node::root(&answer).rows("values").unwrap();
        assert_eq!(path_of(rows[0].num("totalSteps")), "values[0].totalSteps");
        assert_eq!(rows[1].num("totalSteps").unwrap(), Some(7.0));
        assert_eq!(path_of(rows[1].rows("totalSteps")), "values[1].totalSteps");
    }

    #[test]
    fn a_name_that_garmin_chose_does_not_get_into_a_path() {
        let answer = json!({"weight 83.2": 1});
        let entries = Node::root(&answer).entries().unwrap();
        assert_eq!(path_of(entries[0].1.string()), "*");
    }

    #[test]
    fn what_people_typed_may_be_any_scalar() {
        let answer = json!({"a": "Run", "b": 400, "c": true, "d": null, "e": []});
        let node = Node::root(&answer);
        assert_eq!(node.scalar("a").unwrap().as_deref(), Some("Run"));
        assert_eq!(node.scalar("b").unwrap().as_deref(), Some("400"));
        assert_eq!(node.scalar("c").unwrap().as_deref(), Some("true"));
        assert_eq!(node.scalar("d").unwrap(), None);
        assert_eq!(path_of(node.scalar("e")), "e");
    }

    #[test]
    fn every_spelling_of_a_moment_is_the_same_moment() {
        let answer = json!({
            "a": 1_769_520_487_000_i64, "b": "2026-01-27T13:28:07.0", "c": "2026-01-27 13:28:07", "d": "2026-01-27T13:28:07.000Z",
            "bad": "2026-13-27T13:28:07", "huge": 9_000_000_000_000_000_000_i64,
        });
        let node = Node::root(&answer);
        let a = node.moment("a").unwrap();
        for name in ["b", "c", "d"] {
            assert_eq!(node.moment(name).unwrap(), a, "{name}");
        }
        assert_eq!(path_of(node.moment("bad")), "bad");
        assert_eq!(path_of(node.moment("huge")), "huge");
    }

    #[test]
    fn a_number_no_store_can_hold_is_not_a_measurement() {
        let answer = json!({"a": 1e300});
        assert_eq!(path_of(Node::root(&answer).num("a")), "a");
    }
}
