//! `GET sync/status`, `GET sync/jobs`: where a user's sync stands, and what went before. Cannot write.

use lambda_http::{Body, Error, Request, Response};
use sync_core::JobStore;
use sync_core::use_cases::status::Reader;
use sync_http::request::{cursor, limit};
use sync_http::view::{JobListView, StatusView};
use sync_http::{ApiError, Reply, RequestError, Route, identity, reply, route};

const STATUS: Route = ("GET", "/integrations/garmin/sync/status");
const JOBS: Route = ("GET", "/integrations/garmin/sync/jobs");

/// The routes this function answers.
pub const ROUTES: &[Route] = &[STATUS, JOBS];

/// Answers a request. Every failure is an answer too.
///
/// # Errors
/// None: an `Err` would be a bare 500.
pub async fn handle<J: JobStore>(reader: &Reader<J>, request: Request) -> Result<Response<Body>, Error> {
    Ok(sync_http::serve(&request, answer(reader, &request)).await)
}

async fn answer<J: JobStore>(reader: &Reader<J>, request: &Request) -> Result<Reply, ApiError> {
    let route = route::find(ROUTES, request)?;
    let user = identity::user(request)?;
    match route {
        STATUS => reply::ok_unless_known(request, &StatusView::from(&reader.status(&user).await?)),
        JOBS => {
            let page = reader.jobs(&user, limit(request)?, cursor(request)?).await?;
            reply::ok(&JobListView::from(&page))
        }
        _ => Err(RequestError::NoSuchRoute.into()),
    }
}
