//! Every way to be refused, as a set for each sort of route. Shapes: what is really sent is made in [`crate::reply`].
#![expect(dead_code, reason = "nobody makes one of these; they are shapes")]

use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use super::names::ErrorCodeName;

/// An error of ours.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApiErrorBody {
    /// A sentence for people.
    error: String,
    /// A name that programs can rely on.
    #[schema(value_type = ErrorCodeName)]
    code: String,
    /// Names the request in our logs; told when the fault is ours.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

/// An error of the gateway in front of us.
#[derive(Serialize, ToSchema)]
pub(super) struct GatewayErrorBody {
    /// A sentence.
    message: String,
}

/// An error of ours, or of the gateway in front of us.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum AnyError {
    Ours(ApiErrorBody),
    Gateway(GatewayErrorBody),
}

/// What any route may answer.
#[derive(IntoResponses)]
pub(super) enum Any {
    /// No valid token.
    #[response(status = 401)]
    Unauthorized(AnyError),
    /// Too many requests at once, or too many sign-ins.
    #[response(status = 429)]
    TooMany(AnyError),
    /// Something failed inside. `requestId` names it in the logs.
    #[response(status = 500)]
    Internal(AnyError),
    /// Something is away for the moment; `Retry-After` says for how many seconds to wait. Trying again is safe.
    #[response(status = 503, headers(("Retry-After" = u32, description = "Seconds to wait.")))]
    Unavailable(AnyError),
}

/// What a route with a body may answer.
#[derive(IntoResponses)]
pub(super) enum WithBody {
    /// Something about the request is wrong; `error` says what.
    #[response(status = 400)]
    Wrong(ApiErrorBody),
    /// The body is larger than 16 KiB.
    #[response(status = 413)]
    TooLarge(AnyError),
    /// The body is not declared as JSON.
    #[response(status = 415)]
    NotJson(ApiErrorBody),
}
