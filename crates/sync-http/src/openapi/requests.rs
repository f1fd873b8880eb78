//! What can be sent, for the description alone: bodies are read field by field ([`crate::request`]).
#![expect(dead_code, reason = "nobody makes one of these; they are shapes")]

use chrono::NaiveDate;
use utoipa::{IntoParams, ToSchema};

use super::names::MetricTypeName;

/// What an incremental sync is asked with.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct IncrementalRequest {
    /// What to import; absent, null and an empty list mean everything.
    metric_types: Option<Vec<MetricTypeName>>,
    /// An IANA time zone: where today is. Absent: the zone stored with the link, else UTC.
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
}

/// What a historical import is asked with.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct HistoricalRequest {
    /// The first day, not before 2000-01-01.
    start_date: NaiveDate,
    /// The last day, not after today in the user's zone, at most 30 years after the first.
    end_date: NaiveDate,
    /// What to import; absent, null and an empty list mean everything.
    metric_types: Option<Vec<MetricTypeName>>,
    /// An IANA time zone: where today is. Absent: the zone stored with the link, else UTC.
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
}

/// Which job to control.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct JobRequest {
    /// Its id.
    #[schema(format = "uuid")]
    job_id: String,
}

/// The range of an estimate.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(super) struct EstimateParameters {
    /// The first day, not before 2000-01-01.
    start_date: NaiveDate,
    /// The last day, not after today in the user's zone, at most 30 years after the first.
    end_date: NaiveDate,
    /// An IANA time zone: where today is. Absent: the zone stored with the link, else UTC.
    #[param(nullable = false)]
    time_zone: Option<String>,
}

/// Which page of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParameters {
    /// How many jobs.
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<u32>,
    /// The `cursor` of the page before, as it was given.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// Makes a repeated start answer the same.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct Idempotency {
    /// A name for this start, of the caller's own making, remembered for a day.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 64,
        pattern = "^[ -~]{1,64}$",
        nullable = false
    )]
    key: Option<String>,
}

/// Asks whether anything has changed.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct Known {
    /// The `ETag` of the answer that the caller has.
    #[param(rename = "If-None-Match", nullable = false)]
    tag: Option<String>,
}

/// A sign-in at Garmin.
#[derive(ToSchema)]
pub(super) struct LoginRequest {
    /// The account's address.
    #[schema(min_length = 1, max_length = 254)]
    email: String,
    /// Its password. Sent on to Garmin, kept nowhere.
    #[schema(min_length = 1, max_length = 1024, format = Password)]
    password: String,
}

/// The code of a sign-in that waits for it.
#[derive(ToSchema)]
pub(super) struct ResumeLoginRequest {
    /// What `login` answered.
    #[schema(min_length = 1, max_length = 128)]
    client_state: String,
    /// What Garmin sent the person.
    #[schema(min_length = 1, max_length = 32)]
    mfa_code: String,
}

/// Tokens that were obtained elsewhere.
#[derive(ToSchema)]
pub(super) struct LinkRequest {
    /// The pair, as Garmin's clients write it.
    tokens: TokenSet,
}

/// A token pair.
#[derive(ToSchema)]
pub(super) struct TokenSet {
    /// The access token, a JWT.
    #[schema(min_length = 1, max_length = 8192)]
    di_token: String,
    /// The refresh token.
    #[schema(min_length = 1, max_length = 8192)]
    di_refresh_token: String,
    /// The client that the pair was issued to.
    #[schema(min_length = 1, max_length = 128)]
    di_client_id: String,
}

/// How to end a link.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct UnlinkRequest {
    /// Whether to erase everything that was imported, too.
    #[schema(default = false)]
    delete_data: Option<bool>,
}
