//! What a failed AWS call means: was something written, and does asking again help?

use std::error::Error;
use std::io;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use sync_core::StoreError;
use sync_core::ports::BoxError;

/// A failed AWS call as it may be logged: the operation, the service's code, and no byte of a request or an answer.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed: {what}")]
pub struct AwsFailure {
    operation: &'static str,
    what: String,
    #[source]
    source: Option<BoxError>,
}

impl AwsFailure {
    pub(crate) fn new(operation: &'static str, what: impl Into<String>) -> Self {
        Self { operation, what: what.into(), source: None }
    }

    /// Takes from an SDK error what may be logged. Its own `Debug` shows whole answers, so it is not kept.
    pub(crate) fn of<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let what = match &error {
            SdkError::ConstructionFailure(_) => "the request could not be built".to_owned(),
            SdkError::TimeoutError(_) => "timed out".to_owned(),
            SdkError::DispatchFailure(_) => "not reached, or the connection broke".to_owned(),
            SdkError::ResponseError(_) => "the answer could not be read".to_owned(),
            SdkError::ServiceError(service) => {
                let (code, message) = (service.err().code(), service.err().message());
                match (code, message) {
                    // A validation message may repeat a value.
                    (Some(code), Some(message)) if code != "ValidationException" => {
                        format!("{code}: {message}")
                    }
                    (Some(code), _) => code.to_owned(),
                    (None, _) => format!("status {}", service.raw().status().as_u16()),
                }
            }
            _ => "failed in an unknown way".to_owned(),
        };
        let source = match error {
            SdkError::ConstructionFailure(_) | SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => {
                error.into_source().ok()
            }
            _ => None,
        };
        Self { operation, what, source }
    }
}

/// What a failed write has left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing; the same request may work in a moment.
    NoneYet,
    /// Nothing, and the same request will fail again.
    Never,
    /// Nobody knows; the answer was lost or the service failed in the middle. A request that recognises its own success
    /// may be sent again.
    Unknown,
    /// Nobody knows, and the time for waiting is over.
    UnknownAndLate,
}

const BUSY: [&str; 6] = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "ThrottlingException",
    "TransactionConflictException",
    "LimitExceededException",
];

pub(crate) fn effect<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Effect {
    match error {
        SdkError::ConstructionFailure(_) => Effect::Never,
        SdkError::TimeoutError(_) => Effect::UnknownAndLate,
        SdkError::DispatchFailure(dispatch) => match dispatch.as_connector_error() {
            Some(error) if error.is_user() => Effect::Never,
            Some(error) if never_connected(error) => Effect::NoneYet,
            Some(error) if error.is_timeout() => Effect::UnknownAndLate,
            _ => Effect::Unknown,
        },
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) if BUSY.contains(&code) => Effect::NoneYet,
            // An earlier try of the same transaction is still under way.
            Some("TransactionInProgressException") => Effect::Unknown,
            _ if service.raw().status().is_client_error() => Effect::Never,
            _ => Effect::Unknown,
        },
        _ => Effect::Unknown,
    }
}

fn never_connected(error: &(dyn Error + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(inner) = error {
        if let Some(io) = inner.downcast_ref::<io::Error>()
            && matches!(
                io.kind(),
                io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
            )
        {
            return true;
        }
        error = inner.source();
    }
    false
}

/// A failed read.
pub(crate) fn unavailable<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> StoreError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    StoreError::Unavailable(Box::new(AwsFailure::of(operation, error)))
}

/// A failed write that is not sent again.
pub(crate) fn failed_write<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> StoreError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let effect = effect(&error);
    let failure = Box::new(AwsFailure::of(operation, error));
    match effect {
        Effect::NoneYet | Effect::Never => StoreError::Unavailable(failure),
        Effect::Unknown | Effect::UnknownAndLate => StoreError::OutcomeUnknown(failure),
    }
}

pub(crate) fn unreadable(what: &'static str, source: impl Into<BoxError>) -> StoreError {
    StoreError::Unreadable { what, source: source.into() }
}
