//! `POST sync/pause`, `POST sync/resume`, `POST sync/cancel`: a user's say over a job that exists.

use lambda_http::{Body, Error, Request, Response};
use sync_core::use_cases::control::Controller;
use sync_core::{ChunkQueue, Clock, JobStore, LinkStore};
use sync_http::request::JsonBody;
use sync_http::view::ControlView;
use sync_http::{ApiError, Reply, RequestError, Route, identity, reply, route};

const PAUSE: Route = ("POST", "/integrations/garmin/sync/pause");
const RESUME: Route = ("POST", "/integrations/garmin/sync/resume");
const CANCEL: Route = ("POST", "/integrations/garmin/sync/cancel");

/// The routes this function answers.
pub const ROUTES: &[Route] = &[PAUSE, RESUME, CANCEL];

/// Answers a request. Every failure is an answer too.
///
/// # Errors
/// None: an `Err` would be a bare 500.
pub async fn handle<J, L, Q, C>(
    controller: &Controller<J, L, Q, C>,
    request: Request,
) -> Result<Response<Body>, Error>
where
    J: JobStore,
    L: LinkStore,
    Q: ChunkQueue,
    C: Clock,
{
    Ok(sync_http::serve(&request, answer(controller, &request)).await)
}

async fn answer<J, L, Q, C>(controller: &Controller<J, L, Q, C>, request: &Request) -> Result<Reply, ApiError>
where
    J: JobStore,
    L: LinkStore,
    Q: ChunkQueue,
    C: Clock,
{
    let route = route::find(ROUTES, request)?;
    let user = identity::user(request)?;
    let job_id = JsonBody::read(request)?.job_id()?;
    let status = match route {
        PAUSE => {
            controller.pause(&user, job_id).await?;
            "paused"
        }
        RESUME => {
            controller.resume(&user, job_id).await?;
            "resumed"
        }
        CANCEL => {
            controller.cancel(&user, job_id).await?;
            "cancelled"
        }
        _ => return Err(RequestError::NoSuchRoute.into()),
    };
    reply::ok(&ControlView::new(status, job_id))
}
