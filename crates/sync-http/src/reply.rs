//! How an answer goes out: JSON, its headers, and for a failure the one log line.

use std::future::Future;

use lambda_http::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tracing::Instrument;

use crate::error::{ApiError, RETRY_AFTER_SECONDS, WithCauses};

const JSON: &str = "application/json";

/// What a handler answers with.
pub type Reply = Response<Body>;

/// Runs the answer to a request and turns it into a reply. Every line logged on the way names the request; a failure of
/// ours is logged here, with all its causes, and nowhere else.
pub async fn serve(request: &Request, answer: impl Future<Output = Result<Reply, ApiError>>) -> Reply {
    let ids = RequestIds::of(request);
    let span = tracing::info_span!("request", request_id = ids.lambda, api_request_id = ids.gateway);
    async {
        match answer.await {
            Ok(reply) => {
                tracing::info!(status = reply.status().as_u16(), "answered");
                reply
            }
            Err(error) => {
                let status = error.status.as_u16();
                match &error.inside {
                    Some(inside) => {
                        let inside: &(dyn std::error::Error + 'static) = &**inside;
                        tracing::error!(status, code = error.code, error = %WithCauses(inside), "request failed");
                    }
                    None => tracing::info!(status, code = error.code, "refused"),
                }
                refusal(&error, ids.told())
            }
        }
    }
    .instrument(span)
    .await
}

/// A 200 that nobody may keep.
///
/// # Errors
/// [`ApiError::internal`] when the view does not serialise.
pub fn ok(view: &impl Serialize) -> Result<Reply, ApiError> {
    let body = serde_json::to_string(view).map_err(ApiError::internal)?;
    Ok(json(StatusCode::OK, body))
}

/// A 200 for something that is asked for again and again: it carries an `ETag`, and is a 304 without a body for
/// whoever has it already.
///
/// # Errors
/// [`ApiError::internal`] when the view does not serialise.
pub fn ok_unless_known(request: &Request, view: &impl Serialize) -> Result<Reply, ApiError> {
    text_unless_known(request, JSON, serde_json::to_string(view).map_err(ApiError::internal)?)
}

/// As [`ok_unless_known`], for a text of any type.
///
/// # Errors
/// [`ApiError::internal`] when the tag is no header: never.
pub fn text_unless_known(
    request: &Request,
    content_type: &'static str,
    body: String,
) -> Result<Reply, ApiError> {
    let digest = Sha256::digest(body.as_bytes());
    let tag: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let mut reply = if is_known(request, &tag) {
        let mut reply = Response::new(Body::Empty);
        *reply.status_mut() = StatusCode::NOT_MODIFIED;
        reply
    } else {
        text(StatusCode::OK, content_type, body)
    };
    let headers = reply.headers_mut();
    headers.insert(ETAG, HeaderValue::try_from(tag).map_err(ApiError::internal)?);
    // The browser may keep it, but asks each time whether it still holds.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(reply)
}

/// Whether `If-None-Match` names the tag. Compared weakly: a proxy that compresses makes our strong tags weak.
fn is_known(request: &Request, tag: &str) -> bool {
    let mut known = request.headers().get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.any(|list| {
        list.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
    })
}

fn json(status: StatusCode, body: String) -> Reply {
    text(status, JSON, body)
}

fn text(status: StatusCode, content_type: &'static str, body: String) -> Reply {
    let headers: [(HeaderName, &str); 3] =
        [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    let mut reply = Response::new(Body::Text(body));
    *reply.status_mut() = status;
    for (name, value) in headers {
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    reply
}

fn refusal(error: &ApiError, request_id: &str) -> Reply {
    let mut body = serde_json::json!({ "error": error.message, "code": error.code });
    if error.status.is_server_error() {
        body["requestId"] = request_id.into();
    }
    let mut reply = json(error.status, body.to_string());
    if error.status == StatusCode::SERVICE_UNAVAILABLE {
        reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    }
    if let Some(allow) = error.allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok()) {
        reply.headers_mut().insert(ALLOW, allow);
    }
    reply
}

/// The two names of a request: Lambda's stands in its logs, API Gateway's in the access log and in the answer's
/// `apigw-requestid` header.
struct RequestIds<'r> {
    lambda: &'r str,
    gateway: &'r str,
}

impl<'r> RequestIds<'r> {
    fn of(request: &'r Request) -> Self {
        let lambda = request.lambda_context_ref().map_or("", |context| context.request_id.as_str());
        let gateway = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.request_id.as_deref().unwrap_or_default(),
            _ => "",
        };
        Self { lambda, gateway }
    }

    /// The one that a caller is told.
    fn told(&self) -> &'r str {
        if self.gateway.is_empty() { self.lambda } else { self.gateway }
    }
}
