//! `GET history/…`: the days, nights and activities that were imported, and which days there are; as JSON or as a table.
//! Cannot write.

mod table;

use lambda_http::http::HeaderValue;
use lambda_http::http::header::{CONTENT_DISPOSITION, LINK};
use lambda_http::{Body, Error, Request, Response};
use serde_json::{Map, Value, json};
use sync_core::use_cases::history::{History, Rows};
use sync_core::{JobStore, RecordStore};
use sync_http::history::{Format, HistoryRequest, Kind};
use sync_http::view::history::{CoveredRangeView, RowsView, camel_case};
use sync_http::{ApiError, Reply, RequestError, Route, identity, reply, route};

use crate::table::Table;

const DAILY: Route = ("GET", "/integrations/garmin/history/daily");
const SLEEP: Route = ("GET", "/integrations/garmin/history/sleep");
const ACTIVITIES: Route = ("GET", "/integrations/garmin/history/activities");
const COVERAGE: Route = ("GET", "/integrations/garmin/history/coverage");

/// The routes this function answers.
pub const ROUTES: &[Route] = &[DAILY, SLEEP, ACTIVITIES, COVERAGE];

/// Answers a request. Every failure is an answer too.
///
/// # Errors
/// None: an `Err` would be a bare 500.
pub async fn handle<R: RecordStore, J: JobStore>(
    history: &History<R, J>,
    request: Request,
) -> Result<Response<Body>, Error> {
    Ok(sync_http::serve(&request, answer(history, &request)).await)
}

async fn answer<R: RecordStore, J: JobStore>(
    history: &History<R, J>,
    request: &Request,
) -> Result<Reply, ApiError> {
    let route = route::find(ROUTES, request)?;
    let user = identity::user(request)?;
    let kind = match route {
        DAILY => Kind::Rows(Rows::Days),
        SLEEP => Kind::Rows(Rows::Nights),
        ACTIVITIES => Kind::Rows(Rows::Activities),
        COVERAGE => Kind::Coverage,
        _ => return Err(RequestError::NoSuchRoute.into()),
    };
    let asked = HistoryRequest::read(&user, kind, route.1, request)?;
    let page = match kind {
        Kind::Rows(rows) => {
            let query = asked.rows(rows);
            let columns = std::iter::once(kind.id().to_owned());
            let columns = columns.chain(query.fields().into_iter().map(camel_case)).collect();
            let RowsView { rows, next } = RowsView::new(kind.id(), history.rows(&user, &query).await?)?;
            Page { columns, rows, next }
        }
        Kind::Coverage => {
            let page = history.coverage(&user, asked.days_left(), asked.limit).await?;
            let rows = page.items.iter().map(|range| fields(&CoveredRangeView::from(range)));
            let columns = ["start", "end", "state"].map(str::to_owned).to_vec();
            Page { columns, rows: rows.collect::<Result<_, _>>()?, next: page.next }
        }
    };
    let cursor = page.next.as_deref().map(|place| asked.question.cursor(place));
    match asked.format {
        Format::Json => reply::ok_unless_known(request, &json!({ kind.list(): page.rows, "cursor": cursor })),
        Format::Csv => download(request, route.1, &asked, &page, cursor.as_deref()),
    }
}

/// What both forms of an answer are made of.
struct Page {
    columns: Vec<String>,
    rows: Vec<Map<String, Value>>,
    next: Option<String>,
}

fn fields(range: &CoveredRangeView) -> Result<Map<String, Value>, ApiError> {
    serde_json::to_value(range).and_then(serde_json::from_value).map_err(ApiError::internal)
}

/// The page as a file, which a browser saves.
fn download(
    request: &Request,
    path: &str,
    asked: &HistoryRequest,
    page: &Page,
    cursor: Option<&str>,
) -> Result<Reply, ApiError> {
    let table = Table { columns: &page.columns, rows: &page.rows };
    let mut reply = reply::text_unless_known(
        request,
        "text/csv; charset=utf-8",
        table.csv().map_err(ApiError::internal)?,
    )?;
    let name = path.rsplit('/').next().unwrap_or_default();
    let file = format!("garmin-{name}-{}-{}.csv", asked.days.start(), asked.days.end());
    let headers = reply.headers_mut();
    let disposition = format!("attachment; filename=\"{file}\"");
    headers.insert(CONTENT_DISPOSITION, HeaderValue::try_from(disposition).map_err(ApiError::internal)?);
    if let Some(cursor) = cursor {
        let next = format!("<{}>; rel=\"next\"", asked.next_page(path, cursor));
        headers.insert(LINK, HeaderValue::try_from(next).map_err(ApiError::internal)?);
    }
    Ok(reply)
}
