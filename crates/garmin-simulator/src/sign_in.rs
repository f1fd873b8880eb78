//! The ways to a token: the mobile login with its second factor, the service ticket, the refresh.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::server::World;

/// The grant type of a service ticket.
pub(crate) const TICKET_GRANT: &str =
    "https://connectapi.garmin.com/di-oauth2-service/oauth/grant/service_ticket";

/// Logins that wait for their second factor, and tickets that wait to be exchanged.
#[derive(Default)]
pub(crate) struct Desk(Mutex<Pending>);

#[derive(Default)]
struct Pending {
    count: u64,
    /// Session cookie → account.
    sessions: HashMap<String, String>,
    /// Service ticket → account. Tickets are good for one use.
    tickets: HashMap<String, String>,
}

impl Desk {
    fn with<T>(&self, change: impl FnOnce(&mut Pending) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn ticket_for(&self, account: &str) -> String {
        self.with(|pending| {
            pending.count += 1;
            let ticket = format!("ST-{:08}-sso", pending.count);
            pending.tickets.insert(ticket.clone(), account.to_owned());
            ticket
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Login {
    username: String,
    password: String,
}

fn status(kind: &str) -> Value {
    json!({"responseStatus": {"type": kind, "message": "", "httpStatus": "OK"}})
}

fn successful(world: &World, account: &str) -> Response {
    let mut answer = status("SUCCESSFUL");
    answer["serviceTicketId"] = json!(world.desk.ticket_for(account));
    answer["serviceURL"] = json!("https://mobile.integration.garmin.com/gcm/ios");
    Json(answer).into_response()
}

pub(crate) async fn login(State(world): State<World>, Json(login): Json<Login>) -> Response {
    let account = world
        .people
        .iter()
        .map(|person| &person.account)
        .find(|account| {
            account.name == login.username || format!("{}@example.test", account.name) == login.username
        })
        .filter(|account| account.password.as_ref().is_none_or(|password| *password == login.password));
    let Some(account) = account else {
        return (StatusCode::UNAUTHORIZED, Json(status("INVALID_USERNAME_PASSWORD"))).into_response();
    };
    if account.captcha {
        return Json(status("CAPTCHA_REQUIRED")).into_response();
    }
    if account.locked {
        return Json(status("ACCOUNT_LOCKED")).into_response();
    }
    if account.mfa_code.is_none() {
        return successful(&world, &account.name);
    }
    let session = world.desk.with(|pending| {
        pending.count += 1;
        let session = format!("session-{:08}", pending.count);
        pending.sessions.insert(session.clone(), account.name.clone());
        session
    });
    let mut answer = status("MFA_REQUIRED");
    answer["customerMfaInfo"] = json!({"mfaLastMethodUsed": "email", "email": "d***@example.test"});
    ([(header::SET_COOKIE, format!("SESSION={session}; Path=/; HttpOnly"))], Json(answer)).into_response()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Code {
    mfa_verification_code: String,
}

/// Only with the cookie of the login; a wrong code leaves the session open for another try.
pub(crate) async fn verify_code(
    State(world): State<World>,
    headers: HeaderMap,
    Json(code): Json<Code>,
) -> Response {
    let session = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix("SESSION=").map(str::to_owned));
    let account = session
        .as_ref()
        .and_then(|session| world.desk.with(|pending| pending.sessions.get(session).cloned()))
        .and_then(|name| world.person(&name));
    let Some(account) = account.map(|person| &person.account) else {
        return (StatusCode::UNAUTHORIZED, Json(status("SESSION_EXPIRED"))).into_response();
    };
    if account.mfa_code.as_ref() != Some(&code.mfa_verification_code) {
        return Json(status("MFA_CODE_INVALID")).into_response();
    }
    if let Some(session) = session {
        world.desk.with(|pending| pending.sessions.remove(&session));
    }
    successful(&world, &account.name)
}

#[derive(Deserialize)]
pub(crate) struct Grant {
    grant_type: String,
    client_id: String,
    refresh_token: Option<String>,
    service_ticket: Option<String>,
    service_url: Option<String>,
}

fn refused(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({"error": error}))).into_response()
}

/// The token URL: a refresh token or a service ticket for a pair.
pub(crate) async fn token(
    State(world): State<World>,
    headers: HeaderMap,
    Form(grant): Form<Grant>,
) -> Response {
    let expected = format!("Basic {}", STANDARD.encode(format!("{}:", grant.client_id)));
    if headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some(expected.as_str()) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let now = world.clock.now();
    let granted = match grant.grant_type.as_str() {
        "refresh_token" => {
            let Some(token) = &grant.refresh_token else {
                return refused(StatusCode::BAD_REQUEST, "invalid_request");
            };
            world.tokens.refresh(token, &grant.client_id, now)
        }
        TICKET_GRANT => {
            let (Some(ticket), Some(_)) = (&grant.service_ticket, &grant.service_url) else {
                return refused(StatusCode::BAD_REQUEST, "invalid_request");
            };
            // A client id that is refused leaves the ticket good: clients try several.
            if !world.ticket_client_ids.contains(&grant.client_id) {
                return refused(StatusCode::BAD_REQUEST, "unauthorized_client");
            }
            world
                .desk
                .with(|pending| pending.tickets.remove(ticket))
                .and_then(|account| world.tokens.mint(&account, &grant.client_id, now))
        }
        _ => return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type"),
    };
    match granted {
        Some(granted) => {
            tracing::debug!(account = granted.account, "tokens granted");
            Json(world.tokens.answer(&granted)).into_response()
        }
        None => refused(StatusCode::BAD_REQUEST, "invalid_grant"),
    }
}
