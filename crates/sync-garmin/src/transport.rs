//! One HTTP exchange with Garmin, and what its status and body mean.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use sync_core::ports::FetchError;
use url::Url;

use crate::config::GarminConfig;
use crate::reading::says_nothing;

/// What Garmin's own Android app says of itself.
const NATIVE_HEADERS: [(&str, &str); 7] = [
    ("user-agent", "GCM-Android-5.23"),
    (
        "x-garmin-user-agent",
        "com.garmin.android.apps.connectmobile/5.23; ; Google/sdk_gphone64_arm64/google; Android/33; Dalvik/2.1.0",
    ),
    ("x-garmin-paired-app-version", "10861"),
    ("x-garmin-client-platform", "Android"),
    ("x-app-ver", "10861"),
    ("x-lang", "en"),
    ("x-gcexperience", "GC5"),
];

/// What the sign-in page within Garmin's iOS app says of itself, as python-garminconnect 0.3 found it.
const SIGN_IN_HEADERS: [(&str, &str); 2] = [
    (
        "user-agent",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    ),
    ("accept-language", "en-US,en;q=0.9"),
];

/// No answer of Garmin's comes near this; more is not read.
const LARGEST_BODY: usize = 32 * 1024 * 1024;

/// An answer that arrived whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Why no answer arrived. Holds nothing of the request: `reqwest`'s own errors carry its URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It took too long.
    Timeout,
    /// The connection was refused, reset, or ended in the middle.
    Broken,
}

/// What an answer means to a data call.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// A body to read.
    Body(Vec<u8>),
    /// 204, or a body that says nothing.
    Nothing,
    /// 400.
    BadRequest,
    /// 404.
    NotFound,
    /// Everything else.
    Error(FetchError),
}

impl Answer {
    /// Whether this is a page for people, where only JSON would be an answer.
    pub(crate) fn is_html(&self) -> bool {
        let body = self.body.trim_ascii_start();
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let says_html = self
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("text/html"));
        body.starts_with(b"<") || (says_html && !body.is_empty())
    }

    /// The table of errors: what this answer means at `now`.
    pub(crate) fn judge(self, now: DateTime<Utc>) -> Verdict {
        let is_html = self.is_html();
        let throttled =
            |answer: &Self| Verdict::Error(FetchError::Throttled { retry_after: retry_after(answer, now) });
        match self.status {
            200..=299 if is_html => throttled(&self),
            204 => Verdict::Nothing,
            200..=299 if says_nothing(&self.body) => Verdict::Nothing,
            200..=299 => Verdict::Body(self.body),
            400 => Verdict::BadRequest,
            401 => Verdict::Error(FetchError::Unauthorized),
            403 | 503 if is_html => throttled(&self),
            403 => Verdict::Error(FetchError::Refused),
            404 if !is_html => Verdict::NotFound,
            429 => throttled(&self),
            status @ (408 | 500..=599) => {
                Verdict::Error(FetchError::Unavailable { code: format!("http_{status}") })
            }
            status => Verdict::Error(FetchError::Unexpected { status }),
        }
    }
}

/// `Retry-After`: seconds, or a date. A date in the past is no wait.
pub(crate) fn retry_after(answer: &Answer, now: DateTime<Utc>) -> Option<TimeDelta> {
    let text = answer.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return TimeDelta::try_seconds(seconds.into());
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    Some((until.to_utc() - now).max(TimeDelta::zero()))
}

fn headers(named: &[(&'static str, &'static str)]) -> HeaderMap {
    named
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

/// The HTTP client, and as whom it asks.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    client: Client,
    headers: HeaderMap,
    call_timeout: Duration,
}

impl Transport {
    /// For data and tokens: as Garmin's Android app.
    ///
    /// Making a client reads every root certificate of the machine, which is milliseconds of a start: one serves all.
    pub(crate) fn new(config: &GarminConfig) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .connect_timeout(config.connect_timeout)
            .timeout(config.call_timeout)
            .gzip(true)
            // A redirect leads to a page for people, and would take the token along.
            .redirect(Policy::none())
            .build()?;
        Ok(Self { client, headers: headers(&NATIVE_HEADERS), call_timeout: config.call_timeout })
    }

    /// For signing in: as the page within Garmin's iOS app, whose client id the sign-in carries.
    pub(crate) fn for_sign_in(&self) -> Self {
        Self { headers: headers(&SIGN_IN_HEADERS), ..self.clone() }
    }

    pub(crate) const fn call_timeout(&self) -> Duration {
        self.call_timeout
    }

    pub(crate) fn post(&self, url: Url) -> RequestBuilder {
        self.client.post(url).headers(self.headers.clone())
    }

    /// A data call. None for a token that no header can hold.
    pub(crate) fn get(&self, url: Url, access: &SecretString) -> Option<RequestBuilder> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", access.expose_secret())).ok()?;
        bearer.set_sensitive(true);
        let json = HeaderValue::from_static("application/json");
        Some(
            self.client
                .get(url)
                .headers(self.headers.clone())
                .header(AUTHORIZATION, bearer)
                .header(ACCEPT, json),
        )
    }

    /// Sends and reads the whole answer, in at most `timeout`.
    pub(crate) async fn send(&self, request: RequestBuilder, timeout: Duration) -> Result<Answer, Failure> {
        let mut response = request.timeout(timeout).send().await.map_err(|error| failure(&error))?;
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| failure(&error))? {
            if body.len() + piece.len() > LARGEST_BODY {
                return Err(Failure::Broken);
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer {
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }
}

fn failure(error: &reqwest::Error) -> Failure {
    if error.is_timeout() { Failure::Timeout } else { Failure::Broken }
}
