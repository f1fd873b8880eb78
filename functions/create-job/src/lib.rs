//! `POST sync/incremental`, `POST sync/historical`, `GET sync/estimate`: starting a sync, and what it would amount to.

use lambda_http::{Error, Request, Response};
use sync_core::use_cases::start::{StartAnswer, Starter};
use sync_core::{ChunkQueue, Clock, Ids, JobStore, LinkStore, SyncType};
use sync_http::request::{JsonBody, query, query_time_zone, start_request};
use sync_http::view::{EstimateView, StartView};
use sync_http::{ApiError, Reply, RequestError, Route, identity, reply, route};

const INCREMENTAL: Route = ("POST", "/integrations/garmin/sync/incremental");
const HISTORICAL: Route = ("POST", "/integrations/garmin/sync/historical");
const ESTIMATE: Route = ("GET", "/integrations/garmin/sync/estimate");

/// The routes this function answers.
pub const ROUTES: &[Route] = &[INCREMENTAL, HISTORICAL, ESTIMATE];

/// Answers a request. Every failure is an answer too.
///
/// # Errors
/// None: an `Err` would be a bare 500.
pub async fn handle<J, L, Q, C, I>(
    starter: &Starter<J, L, Q, C, I>,
    request: Request,
) -> Result<Response<lambda_http::Body>, Error>
where
    J: JobStore,
    L: LinkStore,
    Q: ChunkQueue,
    C: Clock,
    I: Ids,
{
    Ok(sync_http::serve(&request, answer(starter, &request)).await)
}

async fn answer<J, L, Q, C, I>(starter: &Starter<J, L, Q, C, I>, request: &Request) -> Result<Reply, ApiError>
where
    J: JobStore,
    L: LinkStore,
    Q: ChunkQueue,
    C: Clock,
    I: Ids,
{
    let route = route::find(ROUTES, request)?;
    let user = identity::user(request)?;
    match route {
        INCREMENTAL => {
            let start = start_request(user, request, &JsonBody::read(request)?)?;
            started(SyncType::Incremental, starter.incremental(&start).await?)
        }
        HISTORICAL => {
            let body = JsonBody::read(request)?;
            let start = start_request(user, request, &body)?;
            let (first, last) = (body.date("startDate"), body.date("endDate"));
            started(
                SyncType::Historical,
                starter.historical(&start, first.as_deref(), last.as_deref()).await?,
            )
        }
        ESTIMATE => {
            let (first, last) = (query(request, "startDate"), query(request, "endDate"));
            let estimate = starter.estimate(&user, query_time_zone(request)?, first, last).await?;
            reply::ok(&EstimateView::from(estimate))
        }
        _ => Err(RequestError::NoSuchRoute.into()),
    }
}

fn started(sync_type: SyncType, answer: StartAnswer) -> Result<Reply, ApiError> {
    reply::ok(&StartView::new(sync_type, answer))
}
