//! SQS over HTTP: each request goes to `winterbaume` as the SDK sent it.

use std::sync::Arc;

use axum::Router;
use axum::body::{self, Body};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use winterbaume_core::{MockRequest, MockService};
use winterbaume_sqs::SqsService;

/// SQS takes a mebibyte of messages at once; this leaves room for their envelope.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// An SQS of its own.
pub(crate) fn router() -> Router {
    Router::new().fallback(answer).with_state(Arc::new(SqsService::new()))
}

async fn answer(State(sqs): State<Arc<SqsService>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = body::to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let answer = sqs
        .handle(MockRequest {
            method: head.method.to_string(),
            uri: head.uri.to_string(),
            headers: head.headers,
            body,
        })
        .await;
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    response
}
