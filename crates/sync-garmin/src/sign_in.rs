//! Signing in as Garmin's mobile app does: credentials, perhaps a code, a service ticket, a token pair. The steps and
//! their names are those that python-garminconnect 0.3 takes.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, HeaderValue, ORIGIN, SET_COOKIE};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::Clock;
use sync_core::link::Tokens;
use sync_core::ports::{FetchError, Session};
use sync_core::sign_in::{Credentials, GarminSignIn, Owner, PendingSignIn, SignIn, SignInError};
use url::Url;

use crate::client::{ClientError, GarminClient};
use crate::config::GarminConfig;
use crate::pace::Jitter;
use crate::tokens::{account_of, asking_for_tokens, read_ticket_grant};
use crate::transport::{Answer, Failure, Transport, retry_after};

const LOGIN: &str = "mobile/api/login";
const VERIFY_CODE: &str = "mobile/api/mfa/verifyCode";

/// The app that the sign-in page belongs to, and where it leads.
const APP: &str = "GCM_IOS_DARK";
const SERVICE: &str = "https://mobile.integration.garmin.com/gcm/ios";

const TICKET_GRANT: &str = "https://connectapi.garmin.com/di-oauth2-service/oauth/grant/service_ticket";

/// The clients that a ticket may be traded for a token pair of, in the order that python-garminconnect tries them.
const CLIENT_IDS: [&str; 4] = [
    "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2",
    "GARMIN_CONNECT_MOBILE_ANDROID_DI_2024Q4",
    "GARMIN_CONNECT_MOBILE_ANDROID_DI",
    "GARMIN_CONNECT_MOBILE_IOS_DI",
];

/// Signs people in. Garmin's front door has cookies and a browser's name; everything after it goes as ever.
pub struct SignInClient {
    door: Transport,
    garmin: GarminClient,
    config: GarminConfig,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for SignInClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInClient").field("config", &self.config).finish_non_exhaustive()
    }
}

impl SignInClient {
    /// A client of the Garmin that `config` names.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(config: GarminConfig, clock: Arc<dyn Clock>, jitter: Jitter) -> Result<Self, ClientError> {
        if config.sso_url.cannot_be_a_base() {
            return Err(ClientError::Address);
        }
        let garmin = GarminClient::new(config.clone(), Arc::clone(&clock), jitter)?;
        Ok(Self { door: garmin.transport().for_sign_in(), garmin, config, clock })
    }

    /// One step at the front door.
    async fn knock(
        &self,
        path: &str,
        cookies: &str,
        body: &serde_json::Value,
        deadline: DateTime<Utc>,
    ) -> Result<Step, SignInError> {
        let mut url = self.config.sso_url.clone();
        url.path_segments_mut()
            .map_err(|()| unavailable("configuration"))?
            .pop_if_empty()
            .extend(path.split('/'));
        url.query_pairs_mut().extend_pairs([("clientId", APP), ("locale", "en-US"), ("service", SERVICE)]);
        // The body holds a password or a code.
        let body = Zeroizing::new(body.to_string());
        let mut request = self
            .door
            .post(url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(ACCEPT, HeaderValue::from_static("application/json, text/plain, */*"))
            .header(ORIGIN, origin(&self.config.sso_url)?)
            .body(body.as_bytes().to_vec());
        if !cookies.is_empty() {
            let mut cookies = HeaderValue::from_str(cookies).map_err(|_| SignInError::SessionEnded)?;
            cookies.set_sensitive(true);
            request = request.header(COOKIE, cookies);
        }
        let answer = self.door.send(request, self.time_left(deadline)?).await.map_err(broken)?;
        self.read_step(&answer)
    }

    fn read_step(&self, answer: &Answer) -> Result<Step, SignInError> {
        if answer.is_html() || answer.status == 403 {
            return Err(SignInError::NetworkRefused);
        }
        let throttled = || SignInError::Throttled { retry_after: retry_after(answer, self.clock.now()) };
        match answer.status {
            429 => return Err(throttled()),
            // A refusal of credentials comes as 401 with the same body as everything else.
            200..=299 | 400 | 401 => {}
            status => return Err(unavailable(format!("http_{status}"))),
        }
        let read: StepAnswer = serde_json::from_slice(&answer.body)
            .map_err(|_| SignInError::Unreadable { path: "responseStatus".to_owned() })?;
        if read.error.is_some_and(|error| error.status_code.is_some_and(|code| code.is(429))) {
            return Err(throttled());
        }
        let status = read.response_status.and_then(|status| status.kind);
        Ok(Step {
            status: status
                .ok_or_else(|| SignInError::Unreadable { path: "responseStatus.type".to_owned() })?,
            ticket: read.service_ticket_id,
            method: read.customer_mfa_info.and_then(|info| info.mfa_last_method_used),
            cookies: cookies(answer),
        })
    }

    /// Trades a service ticket for a token pair. A client id that is refused leaves the ticket good for the next.
    async fn trade(&self, step: Step, deadline: DateTime<Utc>) -> Result<Tokens, SignInError> {
        let missing = || SignInError::Unreadable { path: "serviceTicketId".to_owned() };
        let ticket = SecretString::from(step.ticket.filter(|ticket| !ticket.is_empty()).ok_or_else(missing)?);
        for client_id in CLIENT_IDS {
            let form = [
                ("client_id", client_id),
                ("service_ticket", ticket.expose_secret()),
                ("grant_type", TICKET_GRANT),
                ("service_url", SERVICE),
            ];
            let request = asking_for_tokens(self.garmin.transport(), &self.config.auth_url, client_id)
                .ok_or_else(|| unavailable("configuration"))?
                .form(&form);
            let answer =
                self.garmin.transport().send(request, self.time_left(deadline)?).await.map_err(broken)?;
            tracing::debug!(status = answer.status, client_id, "ticket traded");
            match answer.status {
                429 if !answer.is_html() => {
                    return Err(SignInError::Throttled {
                        retry_after: retry_after(&answer, self.clock.now()),
                    });
                }
                _ if answer.is_html() => return Err(SignInError::NetworkRefused),
                200..=299 => {
                    let tokens = read_ticket_grant(&answer.body, self.clock.now(), client_id);
                    return tokens.ok_or_else(|| SignInError::Unreadable { path: "access_token".to_owned() });
                }
                400..=499 => {}
                status => return Err(unavailable(format!("http_{status}"))),
            }
        }
        Err(SignInError::TokensRefused)
    }

    fn time_left(&self, deadline: DateTime<Utc>) -> Result<Duration, SignInError> {
        let left = (deadline - self.clock.now()).to_std().ok().filter(|left| !left.is_zero());
        Ok(left.ok_or_else(|| unavailable("timeout"))?.min(self.config.call_timeout))
    }
}

/// What one step at the front door has come to.
struct Step {
    status: String,
    ticket: Option<String>,
    method: Option<String>,
    /// What Garmin wants to see again, as a `Cookie` header.
    cookies: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StepAnswer {
    response_status: Option<ResponseStatus>,
    service_ticket_id: Option<String>,
    customer_mfa_info: Option<MfaInfo>,
    error: Option<HiddenError>,
}

#[derive(Deserialize)]
struct ResponseStatus {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MfaInfo {
    mfa_last_method_used: Option<String>,
}

#[derive(Deserialize)]
struct HiddenError {
    #[serde(rename = "status-code")]
    status_code: Option<Code>,
}

/// Seen as text; a number would mean the same.
#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Number(u16),
    Text(String),
}

impl Code {
    fn is(&self, code: u16) -> bool {
        match self {
            Self::Number(number) => *number == code,
            Self::Text(text) => text.parse() == Ok(code),
        }
    }
}

/// What the second step needs of the first; the text inside a [`PendingSignIn`].
#[derive(Serialize, Deserialize)]
struct Waiting {
    cookies: String,
    method: String,
}

fn cookies(answer: &Answer) -> Vec<(String, String)> {
    let set = answer.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = set.filter_map(|cookie| cookie.split(';').next()?.trim().split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn origin(sso: &Url) -> Result<HeaderValue, SignInError> {
    HeaderValue::from_str(&sso.origin().ascii_serialization()).map_err(|_| unavailable("configuration"))
}

fn unavailable(code: impl Into<String>) -> SignInError {
    SignInError::Unavailable { code: code.into() }
}

fn broken(failure: Failure) -> SignInError {
    unavailable(match failure {
        Failure::Timeout => "timeout",
        Failure::Broken => "connection",
    })
}

/// What a status that both steps know means. The names beyond those that were seen are read by their parts.
fn refusal(status: &str) -> SignInError {
    match status {
        "INVALID_USERNAME_PASSWORD" => SignInError::WrongCredentials,
        _ if status.contains("CAPTCHA") => SignInError::CaptchaRequired,
        _ if status.contains("LOCKED") => SignInError::AccountLocked,
        _ if status.contains("EXPIRED") => SignInError::SessionEnded,
        _ => SignInError::Unreadable { path: "responseStatus.type".to_owned() },
    }
}

impl GarminSignIn for SignInClient {
    async fn sign_in(
        &self,
        credentials: &Credentials,
        deadline: DateTime<Utc>,
    ) -> Result<SignIn, SignInError> {
        let body = json!({
            "username": credentials.email.expose_secret(),
            "password": credentials.password.expose_secret(),
            "rememberMe": true,
            "captchaToken": "",
        });
        let step = self.knock(LOGIN, "", &body, deadline).await?;
        match step.status.as_str() {
            "SUCCESSFUL" => self.trade(step, deadline).await.map(SignIn::Done),
            "MFA_REQUIRED" => {
                let cookies: Vec<_> =
                    step.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
                let method = step.method.unwrap_or_else(|| "email".to_owned());
                let waiting = Waiting { cookies: cookies.join("; "), method };
                let text = serde_json::to_string(&waiting).map_err(|_| unavailable("configuration"))?;
                Ok(SignIn::NeedsCode(PendingSignIn(SecretString::from(text))))
            }
            other => Err(refusal(other)),
        }
    }

    async fn verify_code(
        &self,
        pending: &PendingSignIn,
        code: &SecretString,
        deadline: DateTime<Utc>,
    ) -> Result<Tokens, SignInError> {
        let waiting: Waiting =
            serde_json::from_str(pending.0.expose_secret()).map_err(|_| SignInError::SessionEnded)?;
        let body = json!({
            "mfaMethod": waiting.method,
            "mfaVerificationCode": code.expose_secret(),
            "rememberMyBrowser": true,
            "reconsentList": [],
            "mfaSetup": false,
        });
        let step = self.knock(VERIFY_CODE, &waiting.cookies, &body, deadline).await?;
        match step.status.as_str() {
            "SUCCESSFUL" => self.trade(step, deadline).await,
            status if status.contains("MFA") || status.contains("CODE") => Err(SignInError::WrongCode),
            other => Err(refusal(other)),
        }
    }

    async fn owner(&self, tokens: &Tokens, deadline: DateTime<Utc>) -> Result<Owner, SignInError> {
        let account = account_of(tokens.access.expose_secret()).ok_or(SignInError::TokensRefused)?;
        let session = Session {
            display_name: String::new(),
            access: tokens.access.clone(),
            account: account.clone(),
            today: self.clock.now().date_naive(),
        };
        let profile = self.garmin.profile(&session, deadline).await.map_err(|error| match error {
            FetchError::Unauthorized | FetchError::Refused => SignInError::TokensRefused,
            FetchError::Throttled { retry_after } => SignInError::Throttled { retry_after },
            FetchError::Unavailable { code } => SignInError::Unavailable { code },
            FetchError::Unreadable { path } => SignInError::Unreadable { path },
            FetchError::Unexpected { status } => unavailable(format!("http_{status}")),
            FetchError::OutOfTime | FetchError::RangeTooLong => unavailable("timeout"),
        })?;
        Ok(Owner { account, display_name: profile.display_name, time_zone: profile.time_zone })
    }
}
