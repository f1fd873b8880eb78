//! What is asked: JSON bodies, query parameters and headers, each read with its limits. Fields that are not known are
//! ignored; an empty text counts as none.

use std::borrow::Cow;

use chrono_tz::Tz;
use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::{Request, RequestExt};
use secrecy::SecretString;
use serde_json::{Map, Value};
use sync_core::sign_in::Credentials;
use sync_core::use_cases::start::StartRequest;
use sync_core::use_cases::status::{DEFAULT_PAGE, MAX_PAGE};
use sync_core::{JobId, MetricSet, MetricType, UserId};
use uuid::Uuid;

/// The largest body that is read.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// The longest `Idempotency-Key`.
pub const MAX_IDEMPOTENCY_KEY_CHARS: usize = 64;

/// The header that makes a repeated start answer the same.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The longest e-mail address that there is (RFC 5321).
pub const MAX_EMAIL_CHARS: usize = 254;

/// No password that a person or a password manager makes comes near this.
pub const MAX_PASSWORD_CHARS: usize = 1024;

/// A sign-in's name is a UUID.
pub const MAX_STATE_CHARS: usize = 128;

/// Codes have six digits.
pub const MAX_CODE_CHARS: usize = 32;

/// Garmin's tokens have some two thousand characters.
pub const MAX_TOKEN_CHARS: usize = 8192;

/// The longest of Garmin's client ids has forty characters.
pub const MAX_CLIENT_ID_CHARS: usize = 128;

/// How much of a caller's own text an error repeats.
const MAX_ECHO_CHARS: usize = 40;

/// What is wrong with a request, before any use case sees it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// There is no verified user id.
    #[error("no verified user id")]
    Unauthenticated,
    /// No function answers this path.
    #[error("no such route")]
    NoSuchRoute,
    /// The path is known, the method is not.
    #[error("method not allowed")]
    MethodNotAllowed {
        /// The methods that are, as the `Allow` header has them.
        allow: String,
    },
    /// The body is larger than [`MAX_BODY_BYTES`].
    #[error("the body is too large")]
    TooLarge,
    /// The body is declared as something other than JSON, or not declared.
    #[error("the body is not declared as JSON")]
    NotJson,
    /// The body is declared as JSON and is not.
    #[error("the body is not valid JSON")]
    Malformed,
    /// The body is JSON and no object.
    #[error("the body is not an object")]
    NotAnObject,
    /// A field has the wrong type.
    #[error("{field} is not {expected}")]
    WrongType {
        /// Which field.
        field: &'static str,
        /// What it should be, with its article.
        expected: &'static str,
    },
    /// A name that is no metric type; the text is already cut and printable.
    #[error("unknown metric type")]
    UnknownMetric(String),
    /// A name that is no IANA time zone; the text is already cut and printable.
    #[error("unknown time zone")]
    UnknownTimeZone(String),
    /// The idempotency key is empty, too long or not printable.
    #[error("the idempotency key is not usable")]
    InvalidIdempotencyKey,
    /// `jobId` is missing.
    #[error("no job id")]
    JobIdRequired,
    /// `jobId` is not an id that any job could have.
    #[error("not a job id")]
    NotAJobId,
    /// The e-mail address or the password of a sign-in is missing.
    #[error("no credentials")]
    CredentialsRequired,
    /// The name of a sign-in or its code is missing.
    #[error("no sign-in or no code")]
    CodeRequired,
    /// A token pair is missing, or a part of it.
    #[error("no tokens")]
    TokensRequired,
    /// The tokens are not of the shape that Garmin's have.
    #[error("not tokens")]
    NotTokens,
    /// A field is longer than anything that could be meant.
    #[error("{field} is too long")]
    TooLong {
        /// Which field.
        field: &'static str,
    },
    /// `limit` is not a number from 1 to `most`.
    #[error("the limit is out of range")]
    InvalidLimit {
        /// The largest that is taken.
        most: u32,
    },
    /// A history without its first or last day.
    #[error("a first and a last day are required")]
    DaysRequired,
    /// A first or last day that is no calendar date in the one form.
    #[error("not a calendar date")]
    InvalidDay,
    /// A history whose first day is after its last.
    #[error("the first day is after the last")]
    DaysReversed,
    /// A history of more than [`sync_core::dates::MAX_YEARS`] years.
    #[error("too many days")]
    TooManyDays,
    /// A name that is no field of what is asked for; the text is already cut and printable.
    #[error("unknown field")]
    UnknownField(String),
    /// `format` is neither `json` nor `csv`.
    #[error("unknown format")]
    UnknownFormat,
    /// `cursor` is not one that a page ended with.
    #[error("the cursor is not usable")]
    InvalidCursor,
}

/// A JSON object from a request's body.
#[derive(Clone, Default)]
pub struct JsonBody(Map<String, Value>);

impl JsonBody {
    /// Reads the body. No body at all is an object without fields; Base64 has been undone before.
    ///
    /// # Errors
    /// [`RequestError::TooLarge`], [`RequestError::NotJson`], [`RequestError::Malformed`],
    /// [`RequestError::NotAnObject`].
    pub fn read(request: &Request) -> Result<Self, RequestError> {
        let bytes: &[u8] = request.body().as_ref();
        if bytes.len() > MAX_BODY_BYTES {
            return Err(RequestError::TooLarge);
        }
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        if !declares_json(request) {
            return Err(RequestError::NotJson);
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(RequestError::NotAnObject),
            Err(_) => Err(RequestError::Malformed),
        }
    }

    fn field(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &'static str) -> Result<Option<&str>, RequestError> {
        match self.field(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(RequestError::WrongType { field: name, expected: "a string" }),
        }
    }

    /// A field that should be a date, as it was given. What is no string comes as its JSON text, which is no date
    /// either: whoever checks dates refuses both with the one message for it.
    #[must_use]
    pub fn date(&self, name: &str) -> Option<Cow<'_, str>> {
        self.field(name).map(|value| match value {
            Value::String(text) => Cow::Borrowed(text.as_str()),
            other => Cow::Owned(other.to_string()),
        })
    }

    /// `metricTypes`: absent, null and `[]` mean all.
    ///
    /// # Errors
    /// [`RequestError::WrongType`], [`RequestError::UnknownMetric`].
    pub fn metric_types(&self) -> Result<MetricSet, RequestError> {
        const WRONG: RequestError =
            RequestError::WrongType { field: "metricTypes", expected: "a list of names" };
        let names = match self.field("metricTypes") {
            None => return Ok(MetricSet::all()),
            Some(Value::Array(names)) => names,
            Some(_) => return Err(WRONG),
        };
        let parse = |name: &Value| {
            let name = name.as_str().ok_or(WRONG)?;
            name.parse::<MetricType>().map_err(|unknown| RequestError::UnknownMetric(echo(&unknown.0)))
        };
        names.iter().map(parse).collect()
    }

    /// `timeZone`: an IANA name, if given.
    ///
    /// # Errors
    /// [`RequestError::WrongType`], [`RequestError::UnknownTimeZone`].
    pub fn time_zone(&self) -> Result<Option<Tz>, RequestError> {
        self.text("timeZone")?.map(parse_time_zone).transpose()
    }

    /// `jobId`.
    ///
    /// # Errors
    /// [`RequestError::JobIdRequired`], [`RequestError::WrongType`], [`RequestError::NotAJobId`].
    pub fn job_id(&self) -> Result<JobId, RequestError> {
        let text = self.text("jobId")?.ok_or(RequestError::JobIdRequired)?;
        text.parse().map_err(|_| RequestError::NotAJobId)
    }
}

impl JsonBody {
    /// `email` and `password`.
    ///
    /// # Errors
    /// [`RequestError::CredentialsRequired`], [`RequestError::WrongType`], [`RequestError::TooLong`].
    pub fn credentials(&self) -> Result<Credentials, RequestError> {
        let email = self.text("email")?.ok_or(RequestError::CredentialsRequired)?;
        let password = self.text("password")?.ok_or(RequestError::CredentialsRequired)?;
        Ok(Credentials {
            email: secret("email", email, MAX_EMAIL_CHARS)?,
            password: secret("password", password, MAX_PASSWORD_CHARS)?,
        })
    }

    /// `client_state` and `mfa_code`. A state that is no id is none that anybody was given.
    ///
    /// # Errors
    /// [`RequestError::CodeRequired`], [`RequestError::WrongType`], [`RequestError::TooLong`].
    pub fn sign_in_code(&self) -> Result<(Option<Uuid>, SecretString), RequestError> {
        let state = self.text("client_state")?.ok_or(RequestError::CodeRequired)?;
        let code = self.text("mfa_code")?.map(str::trim).filter(|code| !code.is_empty());
        let code = code.ok_or(RequestError::CodeRequired)?;
        let state = within("client_state", state, MAX_STATE_CHARS)?;
        Ok((state.parse().ok(), secret("mfa_code", code, MAX_CODE_CHARS)?))
    }

    /// `tokens`, as the JSON that Garmin clients write.
    ///
    /// # Errors
    /// [`RequestError::TokensRequired`], [`RequestError::WrongType`], [`RequestError::TooLong`].
    pub fn tokens(&self) -> Result<SecretString, RequestError> {
        const FIELDS: [(&str, usize); 3] = [
            ("di_token", MAX_TOKEN_CHARS),
            ("di_refresh_token", MAX_TOKEN_CHARS),
            ("di_client_id", MAX_CLIENT_ID_CHARS),
        ];
        let tokens = match self.field("tokens") {
            None => return Err(RequestError::TokensRequired),
            Some(Value::Object(fields)) => Self(fields.clone()),
            Some(_) => return Err(RequestError::WrongType { field: "tokens", expected: "an object" }),
        };
        for (name, longest) in FIELDS {
            within(name, tokens.text(name)?.ok_or(RequestError::TokensRequired)?, longest)?;
        }
        Ok(SecretString::from(Value::Object(tokens.0).to_string()))
    }

    /// `deleteData`: absent and null mean no.
    ///
    /// # Errors
    /// [`RequestError::WrongType`].
    pub fn delete_data(&self) -> Result<bool, RequestError> {
        match self.field("deleteData") {
            None => Ok(false),
            Some(Value::Bool(delete)) => Ok(*delete),
            Some(_) => Err(RequestError::WrongType { field: "deleteData", expected: "true or false" }),
        }
    }
}

fn within<'t>(field: &'static str, text: &'t str, longest: usize) -> Result<&'t str, RequestError> {
    if text.chars().count() > longest { Err(RequestError::TooLong { field }) } else { Ok(text) }
}

fn secret(field: &'static str, text: &str, longest: usize) -> Result<SecretString, RequestError> {
    within(field, text, longest).map(SecretString::from)
}

/// What both kinds of start are asked with.
///
/// # Errors
/// As [`JsonBody::metric_types`], [`JsonBody::time_zone`] and [`idempotency_key`].
pub fn start_request(
    user_id: UserId,
    request: &Request,
    body: &JsonBody,
) -> Result<StartRequest, RequestError> {
    Ok(StartRequest {
        user_id,
        metric_types: body.metric_types()?,
        time_zone: body.time_zone()?,
        idempotency_key: idempotency_key(request)?,
    })
}

/// The `Idempotency-Key` header, if sent.
///
/// # Errors
/// [`RequestError::InvalidIdempotencyKey`] unless it is 1 to 64 printable ASCII characters.
pub fn idempotency_key(request: &Request) -> Result<Option<String>, RequestError> {
    let Some(value) = request.headers().get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let key = value.to_str().map_err(|_| RequestError::InvalidIdempotencyKey)?;
    let valid = (1..=MAX_IDEMPOTENCY_KEY_CHARS).contains(&key.len()) && !key.contains('\t');
    if valid { Ok(Some(key.to_owned())) } else { Err(RequestError::InvalidIdempotencyKey) }
}

/// A query parameter; the first, when it is repeated. One that is there and empty is as good as absent.
#[must_use]
pub fn query<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    query_or_empty(request, name).filter(|value| !value.is_empty())
}

/// A query parameter of which an empty one is a mistake.
pub(crate) fn query_or_empty<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.query_string_parameters_ref()?.first(name)
}

/// The `timeZone` query parameter.
///
/// # Errors
/// [`RequestError::UnknownTimeZone`].
pub fn query_time_zone(request: &Request) -> Result<Option<Tz>, RequestError> {
    query(request, "timeZone").map(parse_time_zone).transpose()
}

/// The `limit` query parameter: how many jobs a page has.
///
/// # Errors
/// [`RequestError::InvalidLimit`].
pub fn limit(request: &Request) -> Result<u32, RequestError> {
    page_size(request, DEFAULT_PAGE, MAX_PAGE)
}

/// The `limit` query parameter, from 1 to `most`.
pub(crate) fn page_size(request: &Request, default: u32, most: u32) -> Result<u32, RequestError> {
    let Some(text) = query(request, "limit") else {
        return Ok(default);
    };
    // Digits only: `u32` would also take a sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let limit = text.parse().ok().filter(|limit| digits && (1..=most).contains(limit));
    limit.ok_or(RequestError::InvalidLimit { most })
}

/// The `cursor` query parameter: the last job of the page before.
///
/// # Errors
/// [`RequestError::InvalidCursor`].
pub fn cursor(request: &Request) -> Result<Option<JobId>, RequestError> {
    query(request, "cursor").map(|text| text.parse().map_err(|_| RequestError::InvalidCursor)).transpose()
}

fn declares_json(request: &Request) -> bool {
    let declared = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = declared.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn parse_time_zone(name: &str) -> Result<Tz, RequestError> {
    name.parse().map_err(|_| RequestError::UnknownTimeZone(echo(name)))
}

/// A caller's own text, cut and made harmless, to be named in an error.
pub(crate) fn echo(text: &str) -> String {
    let printable = |character: char| {
        if character.is_ascii_graphic() || character == ' ' { character } else { '?' }
    };
    let mut echoed: String = text.chars().take(MAX_ECHO_CHARS).map(printable).collect();
    if text.chars().count() > MAX_ECHO_CHARS {
        echoed.push_str("...");
    }
    echoed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_wrote_is_repeated_short_and_printable() {
        assert_eq!(echo("setps"), "setps");
        assert_eq!(echo("a\n\u{202e}b<script>"), "a??b<script>");
        assert_eq!(echo(&"x".repeat(5000)), format!("{}...", "x".repeat(40)));
    }
}
