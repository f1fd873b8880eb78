//! Rows as a table: RFC 4180, with a row of names first.

use serde_json::{Map, Value};

/// What a spreadsheet takes for the beginning of a formula: a person's own name for a run is none.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

pub(crate) struct Table<'t> {
    pub(crate) columns: &'t [String],
    pub(crate) rows: &'t [Map<String, Value>],
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    /// A row does not become a line.
    #[error("a row of the table cannot be written")]
    Row(#[source] csv::Error),
    /// The lines do not become a text.
    #[error("the table cannot be finished")]
    Text(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Table<'_> {
    /// The table. Each row has every column; one without a value is empty there.
    pub(crate) fn csv(&self) -> Result<String, TableError> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        writer.write_record(self.columns).map_err(TableError::Row)?;
        for row in self.rows {
            let cells = self.columns.iter().map(|column| row.get(column).map_or_else(String::new, cell));
            writer.write_record(cells).map_err(TableError::Row)?;
        }
        let bytes = writer.into_inner().map_err(|error| TableError::Text(error.into()))?;
        String::from_utf8(bytes).map_err(|error| TableError::Text(error.into()))
    }
}

/// A text as it is, a list or an object as JSON, anything else as JSON writes it.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(FORMULA) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn csv_of(values: &[Value]) -> String {
        let columns = ["id".to_owned(), "name".to_owned()];
        let row = |value: &Value| json!({"id": "1", "name": value}).as_object().cloned().unwrap_or_default();
        let rows: Vec<_> = values.iter().map(row).collect();
        Table { columns: &columns, rows: &rows }.csv().expect("a table")
    }

    #[test]
    fn what_would_be_a_formula_is_a_text() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            let csv = csv_of(&[json!(text)]);
            let mut reader = csv::Reader::from_reader(csv.as_bytes());
            let read = reader.records().next().expect("a row").expect("readable");
            assert_eq!(&read[1], format!("'{text}"));
        }
        assert_eq!(csv_of(&[json!(-1.5)]), "id,name\r\n1,-1.5\r\n", "a number is a number");
    }

    #[test]
    fn commas_quotes_and_line_ends_stay_within_their_cell() {
        let csv = csv_of(&[json!("a, \"b\"\r\nc"), json!({"1": 2.5}), Value::Null]);
        assert_eq!(csv, "id,name\r\n1,\"a, \"\"b\"\"\r\nc\"\r\n1,\"{\"\"1\"\":2.5}\"\r\n1,\r\n");
    }
}
