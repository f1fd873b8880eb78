//! The one table that turns every error into a status, a code and a message. Domain errors know nothing of HTTP, and
//! what is inside a failure is logged by [`crate::serve`] and never told.

use std::error::Error;
use std::fmt;

use lambda_http::http::StatusCode;
use sync_core::StoreError;
use sync_core::sign_in::SignInError;
use sync_core::transition::IllegalMove;
use sync_core::use_cases::control::ControlError;
use sync_core::use_cases::link::LinkError;
use sync_core::use_cases::start::{RangeError, StartError};
use sync_core::use_cases::unlink::UnlinkError;

use crate::request::RequestError;

/// After how many seconds a caller may try again what was unavailable.
pub const RETRY_AFTER_SECONDS: u32 = 5;

/// Every code there is. The description has them, so a client can tell which it knows; a handler test fails for one that
/// is answered and does not stand here.
pub const CODES: &[&str] = &[
    "account_busy",
    "already_running",
    "body_too_large",
    "cannot_cancel",
    "cannot_pause",
    "cannot_resume",
    "credentials_required",
    "dates_required",
    "end_in_future",
    "erasure_unfinished",
    "field_too_long",
    "garmin_account_locked",
    "garmin_not_connected",
    "garmin_not_linked",
    "garmin_refuses_network",
    "garmin_refuses_tokens",
    "garmin_throttles",
    "garmin_unavailable",
    "garmin_wants_captcha",
    "idempotency_key_reused",
    "internal_error",
    "invalid_body",
    "invalid_cursor",
    "invalid_date",
    "invalid_field",
    "invalid_idempotency_key",
    "invalid_json",
    "invalid_limit",
    "invalid_tokens",
    "job_id_required",
    "job_not_found",
    "method_not_allowed",
    "mfa_code_required",
    "not_found",
    "range_too_long",
    "sign_in_ended",
    "start_after_end",
    "start_too_early",
    "tokens_required",
    "too_many_sign_ins",
    "unauthorized",
    "unavailable",
    "unknown_field",
    "unknown_format",
    "unknown_metric_type",
    "unknown_time_zone",
    "unsupported_media_type",
    "wrong_credentials",
    "wrong_mfa_code",
];

/// An error as a caller sees it, and what was inside it, for the log.
#[derive(Debug)]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// A `snake_case` name that programs can rely on.
    pub code: &'static str,
    /// The sentence for people.
    pub message: String,
    /// The methods that the path has, for a 405.
    pub allow: Option<String>,
    /// What really happened, for the log alone.
    pub inside: Option<Box<dyn Error + Send + Sync>>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), allow: None, inside: None }
    }

    fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    fn no_such_job() -> Self {
        Self::new(StatusCode::NOT_FOUND, "job_not_found", "Job not found")
    }

    fn not_linked() -> Self {
        const MESSAGE: &str = "Garmin not connected. Please link your Garmin account first.";
        Self::conflict("garmin_not_connected", MESSAGE)
    }

    fn sign_in_ended() -> Self {
        const MESSAGE: &str = "This sign-in has ended. Please sign in again.";
        Self::bad_request("sign_in_ended", MESSAGE)
    }

    /// Something of ours failed in a way that trying again does not mend.
    #[must_use]
    pub fn internal(inside: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "Internal server error");
        Self { inside: Some(inside.into()), ..error }
    }

    /// Something of ours failed; trying again is safe and may work.
    fn unavailable(inside: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        const MESSAGE: &str = "The service is temporarily unavailable. Please try again.";
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", MESSAGE);
        Self { inside: Some(inside.into()), ..error }
    }
}

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        use RequestError as E;
        match error {
            E::Unauthenticated => Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized"),
            E::NoSuchRoute => Self::new(StatusCode::NOT_FOUND, "not_found", "Not found"),
            E::MethodNotAllowed { allow } => Self {
                allow: Some(allow),
                ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed")
            },
            E::TooLarge => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "The request body must not be larger than 16 KiB",
            ),
            E::NotJson => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The request body must be JSON (Content-Type: application/json)",
            ),
            E::Malformed => Self::bad_request("invalid_json", "The request body is not valid JSON"),
            E::NotAnObject => Self::bad_request("invalid_body", "The request body must be a JSON object"),
            E::WrongType { field, expected } => {
                Self::bad_request("invalid_field", format!("{field} must be {expected}"))
            }
            E::UnknownMetric(name) => {
                Self::bad_request("unknown_metric_type", format!("Unknown metric type: {name}"))
            }
            E::UnknownTimeZone(name) => {
                Self::bad_request("unknown_time_zone", format!("Unknown time zone: {name}"))
            }
            E::InvalidIdempotencyKey => Self::bad_request(
                "invalid_idempotency_key",
                "Idempotency-Key must be 1 to 64 printable ASCII characters",
            ),
            E::JobIdRequired => Self::bad_request("job_id_required", "jobId is required"),
            E::NotAJobId => Self::no_such_job(),
            E::CredentialsRequired => {
                Self::bad_request("credentials_required", "Email and password are required.")
            }
            E::CodeRequired => {
                Self::bad_request("mfa_code_required", "Client state and MFA code are required.")
            }
            E::TokensRequired => Self::bad_request(
                "tokens_required",
                "tokens with di_token, di_refresh_token and di_client_id are required",
            ),
            E::NotTokens => Self::bad_request("invalid_tokens", "These are not tokens of Garmin Connect."),
            E::TooLong { field } => Self::bad_request("field_too_long", format!("{field} is too long")),
            E::InvalidLimit { most } => {
                Self::bad_request("invalid_limit", format!("limit must be a number from 1 to {most}"))
            }
            E::DaysRequired => Self::bad_request("dates_required", "from and to are required"),
            E::InvalidDay => Self::bad_request("invalid_date", "Invalid date format. Use YYYY-MM-DD"),
            E::DaysReversed => Self::bad_request("start_after_end", "from must be before to"),
            E::TooManyDays => {
                Self::bad_request("range_too_long", "The date range cannot be longer than 30 years")
            }
            E::UnknownField(name) => Self::bad_request("unknown_field", format!("Unknown field: {name}")),
            E::UnknownFormat => Self::bad_request("unknown_format", "format must be json or csv"),
            E::InvalidCursor => Self::bad_request("invalid_cursor", "cursor is not valid"),
        }
    }
}

impl From<RangeError> for ApiError {
    fn from(error: RangeError) -> Self {
        use RangeError as E;
        let (code, message) = match error {
            E::Missing => ("dates_required", "startDate and endDate are required"),
            E::InvalidDate => ("invalid_date", "Invalid date format. Use YYYY-MM-DD"),
            E::StartAfterEnd => ("start_after_end", "startDate must be before endDate"),
            E::EndInFuture => ("end_in_future", "endDate cannot be in the future"),
            E::TooEarly => ("start_too_early", "startDate cannot be before 2000-01-01"),
            E::TooLong => ("range_too_long", "The date range cannot be longer than 30 years"),
        };
        Self::bad_request(code, message)
    }
}

impl From<StartError> for ApiError {
    fn from(error: StartError) -> Self {
        use StartError as E;
        match error {
            E::Range(error) => error.into(),
            E::NotLinked => Self::not_linked(),
            E::AccountBusy => {
                Self::conflict("account_busy", "This Garmin account is being synced by another user")
            }
            E::KeyReused => Self::conflict(
                "idempotency_key_reused",
                "This Idempotency-Key was already used for a different request",
            ),
            E::Store(error) => error.into(),
            error @ E::RememberedAnswer(_) => Self::internal(error),
        }
    }
}

impl From<LinkError> for ApiError {
    fn from(error: LinkError) -> Self {
        use LinkError as E;
        match error {
            E::TooManyAttempts { until } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_sign_ins",
                format!(
                    "Too many attempts to sign in. Please try again after {}.",
                    until.format("%H:%M UTC")
                ),
            ),
            E::NoSuchSignIn | E::Unlinked => Self::sign_in_ended(),
            E::Erasing => Self::conflict(
                "erasure_unfinished",
                "Previously imported data is still being deleted. Please try again in a minute.",
            ),
            E::Garmin(error) => error.into(),
            error @ (E::KeptMoving | E::Vault(_)) => Self::unavailable(error),
            E::Store(error) => error.into(),
        }
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        use SignInError as E;
        let elsewhere = |code, what: &str| {
            const WAY: &str = "Run `garmin-sync login` on your own computer to link your account from there.";
            Self::new(StatusCode::BAD_GATEWAY, code, format!("{what} {WAY}"))
        };
        match error {
            E::WrongCredentials => {
                Self::bad_request("wrong_credentials", "Garmin does not accept this email and password.")
            }
            E::WrongCode => {
                Self::bad_request("wrong_mfa_code", "Garmin does not accept this code. Please try again.")
            }
            E::SessionEnded => Self::sign_in_ended(),
            E::AccountLocked => Self::bad_request(
                "garmin_account_locked",
                "Garmin has locked this account. Please unlock it at Garmin Connect first.",
            ),
            E::TokensRefused => {
                Self::bad_request("garmin_refuses_tokens", "Garmin does not accept these tokens.")
            }
            E::CaptchaRequired => elsewhere(
                "garmin_wants_captcha",
                "Garmin wants to see a captcha solved, which cannot be done here.",
            ),
            E::NetworkRefused => {
                elsewhere("garmin_refuses_network", "Garmin refuses sign-ins from our network.")
            }
            E::Throttled { .. } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "garmin_throttles",
                "Garmin accepts no more sign-ins for now. Please try again in an hour.",
            ),
            error @ (E::Unavailable { .. } | E::Unreadable { .. }) => Self {
                inside: Some(Box::new(error)),
                ..Self::new(
                    StatusCode::BAD_GATEWAY,
                    "garmin_unavailable",
                    "Garmin does not answer as it should. Please try again later.",
                )
            },
        }
    }
}

impl From<UnlinkError> for ApiError {
    fn from(error: UnlinkError) -> Self {
        use UnlinkError as E;
        match error {
            E::NotLinked => {
                Self::bad_request("garmin_not_linked", "Garmin Connect account not found for this user.")
            }
            error @ E::KeptMoving => Self::unavailable(error),
            E::Store(error) => error.into(),
        }
    }
}

impl From<IllegalMove> for ApiError {
    fn from(error: IllegalMove) -> Self {
        let (code, message) = match error {
            IllegalMove::Resume(status) => {
                ("cannot_resume", format!("Cannot resume job with status: {status}"))
            }
            IllegalMove::Cancel(status) => {
                ("cannot_cancel", format!("Cannot cancel job with status: {status}"))
            }
            IllegalMove::Pause(status) => ("cannot_pause", format!("Cannot pause job with status: {status}")),
            // Only the sweeper wakes jobs; no route leads here.
            error @ IllegalMove::Wake(_) => return Self::internal(error),
        };
        Self::conflict(code, message)
    }
}

impl From<ControlError> for ApiError {
    fn from(error: ControlError) -> Self {
        use ControlError as E;
        match error {
            E::NotFound => Self::no_such_job(),
            E::Illegal(error) => error.into(),
            E::Busy => Self::conflict("already_running", "A sync job is already in progress"),
            E::NotLinked => Self::not_linked(),
            error @ E::KeptMoving => Self::unavailable(error),
            E::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            // Every write is conditional, so a caller may repeat one whose outcome is not known: a second start is told
            // of the first one's job, a second cancel finds the job cancelled.
            error @ (StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_)) => Self::unavailable(error),
            error @ StoreError::Unreadable { .. } => Self::internal(error),
        }
    }
}

/// An error and all that caused it, in one line for the log.
pub(crate) struct WithCauses<'e>(pub(crate) &'e (dyn Error + 'static));

impl fmt::Display for WithCauses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
