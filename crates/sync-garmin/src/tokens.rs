//! Garmin's token pairs: reading a link, and trading a refresh token for the next pair.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sync_core::link::Tokens;
use sync_core::ports::RefreshError;
use sync_core::{AccountKey, Clock};
use url::Url;

use crate::transport::{Answer, Failure, Transport, retry_after};

/// Why a text is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTokens {
    /// It is not the JSON object that Garmin clients write.
    #[error("not a JSON object with di_token, di_refresh_token and di_client_id")]
    NotALink,
    /// `di_token` is no JWT with an expiry.
    #[error("di_token is not a JWT with an expiry")]
    NoExpiry,
    /// `di_token` does not say which account it is for.
    #[error("di_token does not name its account")]
    NoAccount,
}

#[derive(Deserialize)]
struct WrittenLink {
    di_token: String,
    di_refresh_token: String,
    di_client_id: String,
}

#[derive(Deserialize)]
struct Claims {
    exp: Option<i64>,
    garmin_guid: Option<String>,
}

/// The claims of a JWT, not verified: the token is shown to its own issuer, which does that.
fn claims(jwt: &str) -> Option<Claims> {
    let payload = jwt.split('.').nth(1)?;
    let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&json).ok()
}

fn expiry(claims: &Claims) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(claims.exp?, 0)
}

/// Reads a link as python-garminconnect writes it, `{"di_token", "di_refresh_token", "di_client_id"}`, and the account it
/// is for from the token's `garmin_guid`.
///
/// # Errors
/// [`InvalidTokens`]; its text holds nothing of the input.
pub fn parse_tokens(json: &str) -> Result<(Tokens, AccountKey), InvalidTokens> {
    let link: WrittenLink = serde_json::from_str(json).map_err(|_| InvalidTokens::NotALink)?;
    if link.di_refresh_token.is_empty() || link.di_client_id.is_empty() {
        return Err(InvalidTokens::NotALink);
    }
    let expires_at = claims(&link.di_token).as_ref().and_then(expiry).ok_or(InvalidTokens::NoExpiry)?;
    let account = account_of(&link.di_token).ok_or(InvalidTokens::NoAccount)?;
    let tokens = Tokens {
        expires_at,
        access: SecretString::from(link.di_token),
        refresh: SecretString::from(link.di_refresh_token),
        client_id: link.di_client_id,
    };
    Ok((tokens, account))
}

/// The account that an access token is for.
pub(crate) fn account_of(access: &str) -> Option<AccountKey> {
    let guid = claims(access)?.garmin_guid.filter(|guid| !guid.is_empty())?;
    Some(AccountKey::of(&guid))
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    refresh_token: Option<String>,
    expires_in: Option<i64>,
}

#[derive(Deserialize)]
struct Refused {
    error: Option<String>,
}

fn unavailable(code: impl Into<String>) -> RefreshError {
    RefreshError::Unavailable { code: code.into() }
}

/// A request to the token endpoint, still without its form. None for an address or a client id that no request can hold.
pub(crate) fn asking_for_tokens(
    transport: &Transport,
    auth_url: &Url,
    client_id: &str,
) -> Option<RequestBuilder> {
    let mut url = auth_url.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(["di-oauth2-service", "oauth", "token"]);
    let basic = STANDARD.encode(format!("{client_id}:"));
    let mut authorization = HeaderValue::from_str(&format!("Basic {basic}")).ok()?;
    authorization.set_sensitive(true);
    Some(
        transport
            .post(url)
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    )
}

/// The pair that a service ticket was traded for. A sign-in without a refresh token would end within a day.
pub(crate) fn read_ticket_grant(body: &[u8], now: DateTime<Utc>, client_id: &str) -> Option<Tokens> {
    let granted: Granted = serde_json::from_slice(body).ok()?;
    let expires_in = granted.expires_in.and_then(TimeDelta::try_seconds).map(|rest| now + rest);
    Some(Tokens {
        expires_at: claims(&granted.access_token).as_ref().and_then(expiry).or(expires_in)?,
        access: SecretString::from(granted.access_token),
        refresh: SecretString::from(granted.refresh_token?),
        client_id: client_id.to_owned(),
    })
}

/// Asks once. A second try after a lost answer would show a token that may have been used, and lose the link.
pub(crate) async fn refresh(
    transport: &Transport,
    auth_url: &Url,
    clock: &dyn Clock,
    tokens: &Tokens,
) -> Result<Tokens, RefreshError> {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", tokens.client_id.as_str()),
        ("refresh_token", tokens.refresh.expose_secret()),
    ];
    let request = asking_for_tokens(transport, auth_url, &tokens.client_id)
        .ok_or_else(|| unavailable("configuration"))?
        .form(&form);
    let answer =
        transport.send(request, transport.call_timeout()).await.map_err(|failure| match failure {
            Failure::Timeout => unavailable("timeout"),
            Failure::Broken => unavailable("connection"),
        })?;
    tracing::debug!(status = answer.status, "tokens asked for");
    read_grant(&answer, clock.now(), tokens)
}

fn read_grant(answer: &Answer, now: DateTime<Utc>, old: &Tokens) -> Result<Tokens, RefreshError> {
    let throttled = RefreshError::Throttled { retry_after: retry_after(answer, now) };
    match answer.status {
        429 => return Err(throttled),
        200 | 403 | 503 if answer.is_html() => return Err(throttled),
        200 => {}
        status @ (400 | 401) => {
            let refused = serde_json::from_slice::<Refused>(&answer.body).ok();
            let is_invalid_grant =
                refused.and_then(|refused| refused.error).as_deref() == Some("invalid_grant");
            return Err(if is_invalid_grant {
                RefreshError::InvalidGrant
            } else {
                unavailable(format!("http_{status}"))
            });
        }
        status => return Err(unavailable(format!("http_{status}"))),
    }
    let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| unavailable("unreadable"))?;
    let expires_in = granted.expires_in.and_then(TimeDelta::try_seconds).map(|rest| now + rest);
    let expires_at = claims(&granted.access_token).as_ref().and_then(expiry).or(expires_in);
    Ok(Tokens {
        expires_at: expires_at.ok_or_else(|| unavailable("unreadable"))?,
        access: SecretString::from(granted.access_token),
        refresh: granted.refresh_token.map_or_else(|| old.refresh.clone(), SecretString::from),
        client_id: old.client_id.clone(),
    })
}
