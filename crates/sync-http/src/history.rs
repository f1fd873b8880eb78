//! What a history is asked with: days, values, a page, a format.

mod cursor;

use chrono::{Months, NaiveDate, NaiveDateTime};
use lambda_http::Request;
use sync_core::dates::{MAX_YEARS, parse_date};
use sync_core::use_cases::history::{DEFAULT_PAGE, MAX_PAGE, RowQuery, Rows};
use sync_core::{DateRange, UserId};

use crate::request::{RequestError, echo, page_size, query, query_or_empty};
use crate::view::history::camel_case;

pub use cursor::Question;

/// In which form to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A page as an object.
    Json,
    /// A page as a table, for download.
    Csv,
}

/// Which history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Days, nights or activities.
    Rows(Rows),
    /// Which days there are.
    Coverage,
}

impl Kind {
    /// The list's name on the wire.
    #[must_use]
    pub const fn list(self) -> &'static str {
        match self {
            Self::Rows(Rows::Days) => "days",
            Self::Rows(Rows::Nights) => "nights",
            Self::Rows(Rows::Activities) => "activities",
            Self::Coverage => "ranges",
        }
    }

    /// The name of what identifies a row.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Rows(Rows::Activities) => "id",
            _ => "date",
        }
    }
}

/// A page of history as it was asked for.
#[derive(Clone, Debug)]
pub struct HistoryRequest {
    /// Which history.
    pub kind: Kind,
    /// The days. They may lie in the future, where nothing is stored: whoever draws a calendar asks for whole months.
    pub days: DateRange,
    /// The values by their names in the record's type; none when the caller leaves the choice to us.
    pub fields: Option<Vec<&'static str>>,
    /// At most this many.
    pub limit: u32,
    /// Where the page before ended.
    pub after: Option<String>,
    /// The form of the answer.
    pub format: Format,
    /// What its cursors belong to.
    pub question: Question,
}

impl HistoryRequest {
    /// Reads the query of a request.
    ///
    /// # Errors
    /// The first [`RequestError`] that applies.
    pub fn read(user: &UserId, kind: Kind, path: &str, request: &Request) -> Result<Self, RequestError> {
        let days = days(query(request, "from"), query(request, "to"))?;
        let fields = query_or_empty(request, "fields").map(|names| fields(kind, names)).transpose()?;
        let limit = page_size(request, DEFAULT_PAGE, MAX_PAGE)?;
        let format = match query_or_empty(request, "format") {
            None | Some("json") => Format::Json,
            Some("csv") => Format::Csv,
            Some(_) => return Err(RequestError::UnknownFormat),
        };
        let question = Question::new(user, path, days, fields.as_deref().unwrap_or_default());
        let after = query(request, "cursor").map(|cursor| question.place(cursor)).transpose()?;
        if after.as_ref().is_some_and(|after| !is_place(kind, days, after)) {
            return Err(RequestError::InvalidCursor);
        }
        Ok(Self { kind, days, fields, limit, after, format, question })
    }

    /// The page of rows that it asks for.
    #[must_use]
    pub fn rows(&self, rows: Rows) -> RowQuery {
        let (fields, after) = (self.fields.clone(), self.after.clone());
        RowQuery { rows, days: self.days, fields, limit: self.limit, after }
    }

    /// The days of which it asks for the coverage: from where the page before ended.
    #[must_use]
    pub fn days_left(&self) -> DateRange {
        let next = self.after.as_deref().and_then(|next| parse_date(next).ok());
        next.and_then(|next| DateRange::new(next, self.days.end()).ok()).unwrap_or(self.days)
    }

    /// Where the page after this one is.
    #[must_use]
    pub fn next_page(&self, path: &str, cursor: &str) -> String {
        let (from, to, limit) = (self.days.start(), self.days.end(), self.limit);
        let mut next = format!("{path}?from={from}&to={to}&limit={limit}");
        if let Some(fields) = &self.fields {
            // A list of the row's own id alone is not to become a list of everything.
            let names: Vec<_> = fields.iter().map(|field| camel_case(field)).collect();
            let names = if names.is_empty() { self.kind.id().to_owned() } else { names.join(",") };
            next.push_str("&fields=");
            next.push_str(&names);
        }
        if self.format == Format::Csv {
            next.push_str("&format=csv");
        }
        format!("{next}&cursor={cursor}")
    }
}

fn days(from: Option<&str>, to: Option<&str>) -> Result<DateRange, RequestError> {
    let (from, to) = from.zip(to).ok_or(RequestError::DaysRequired)?;
    let date = |text| parse_date(text).map_err(|_| RequestError::InvalidDay);
    let (from, to): (NaiveDate, NaiveDate) = (date(from)?, date(to)?);
    let days = DateRange::new(from, to).map_err(|_| RequestError::DaysReversed)?;
    if from.checked_add_months(Months::new(MAX_YEARS * 12)).is_some_and(|limit| to >= limit) {
        return Err(RequestError::TooManyDays);
    }
    Ok(days)
}

/// The fields of these names, each once, in the order in which they are named. The row's own id may be named: it is
/// there anyway.
fn fields(kind: Kind, names: &str) -> Result<Vec<&'static str>, RequestError> {
    let known = match kind {
        Kind::Rows(rows) => rows.fields(),
        Kind::Coverage => Vec::new(),
    };
    let mut fields = Vec::new();
    for name in names.split(',') {
        if matches!(kind, Kind::Rows(_)) && name == kind.id() {
            continue;
        }
        let field = known.iter().find(|field| camel_case(field) == name);
        let field = field.ok_or_else(|| RequestError::UnknownField(echo(name)))?;
        if !fields.contains(field) {
            fields.push(*field);
        }
    }
    Ok(fields)
}

fn is_place(kind: Kind, days: DateRange, place: &str) -> bool {
    let date = match kind {
        Kind::Rows(Rows::Activities) => place.split_once('#').and_then(|(start, id)| {
            let start = start.parse::<NaiveDateTime>().ok()?;
            (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic())).then(|| start.date())
        }),
        Kind::Rows(Rows::Days | Rows::Nights) | Kind::Coverage => parse_date(place).ok(),
    };
    date.is_some_and(|date| days.contains(date))
}
