//! The HTTP server: one connection loop, so that a connection can really be dropped without an answer.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::post;
use futures::StreamExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::calls::{Call, Calls};
use crate::config::{Clock, SimulatorConfig};
use crate::control;
use crate::data::person::Person;
use crate::endpoints::{self, Ask, Reply};
use crate::faults::{Fault, Faults};
use crate::sign_in::{self, Desk};
use crate::tokens::Tokens;
use crate::truth::Truth;

const CONTROL: &str = "/__simulator/";
const TOKEN_PATH: &str = "/di-oauth2-service/oauth/token";
const MAX_BODY: usize = 1 << 20;

/// What all connections share.
#[derive(Clone)]
pub(crate) struct World(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) people: Arc<Vec<Person>>,
    pub(crate) clock: Clock,
    pub(crate) tokens: Tokens,
    pub(crate) desk: Desk,
    pub(crate) calls: Calls,
    pub(crate) faults: Faults,
    pub(crate) ticket_client_ids: Vec<String>,
    intraday_days: u32,
    latency: Duration,
}

impl std::ops::Deref for World {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl World {
    pub(crate) fn new(config: SimulatorConfig) -> Self {
        let people: Vec<Person> = config
            .accounts
            .into_iter()
            .enumerate()
            .map(|(index, account)| Person::new(config.seed, index, account))
            .collect();
        Self(Arc::new(Shared {
            tokens: Tokens::new(
                config.seed,
                &people,
                config.access_token_lifetime,
                config.refresh_token_lifetime,
            ),
            people: Arc::new(people),
            clock: config.clock,
            desk: Desk::default(),
            calls: Calls::default(),
            faults: Faults::new(config.seed, config.faults),
            ticket_client_ids: config.ticket_client_ids,
            intraday_days: config.intraday_days,
            latency: config.latency,
        }))
    }

    pub(crate) fn truth(&self) -> Truth {
        Truth::new(Arc::clone(&self.people), self.clock.clone())
    }

    pub(crate) fn person(&self, account: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.account.name == account)
    }
}

/// Takes connections until it is dropped, and then drops them all.
pub(crate) async fn serve(listener: TcpListener, world: World) {
    let routes = Router::new()
        .route("/mobile/api/login", post(sign_in::login))
        .route("/mobile/api/mfa/verifyCode", post(sign_in::verify_code))
        .route(TOKEN_PATH, post(sign_in::token))
        .merge(control::routes())
        .fallback(data)
        .with_state(world.clone());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    connections.spawn(connection(stream, from, world.clone(), routes.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn connection(stream: TcpStream, from: SocketAddr, world: World, routes: Router) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (world, routes) = (world.clone(), routes.clone());
        async move { answer(world, routes, request.map(Body::new)).await }
    });
    let served =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        // Dropped on purpose, or by the client: either way no more than a remark.
        tracing::debug!(%error, %from, "connection ended");
    }
}

/// The connection is to be closed without an answer: hyper does that when the service fails.
#[derive(Debug)]
struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the simulator drops this connection")
    }
}

impl std::error::Error for Dropped {}

/// Whose call it is: by the access token, or by the refresh token in the form.
fn owner(world: &World, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if uri.path() == TOKEN_PATH {
        let form = std::str::from_utf8(body).ok()?;
        let token = form.split('&').find_map(|pair| pair.strip_prefix("refresh_token="))?;
        return world.tokens.owner(token);
    }
    let token = bearer(headers)?;
    world.tokens.bearer(token, world.clock.now()).map(|bearer| bearer.account)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

async fn answer(world: World, routes: Router, request: Request) -> Result<Response, Dropped> {
    if request.uri().path().starts_with(CONTROL) {
        return Ok(routed(routes, request).await);
    }
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, MAX_BODY).await.map_err(|_| Dropped)?;
    let account = owner(&world, &parts.uri, &parts.headers, &body);
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let for_data = bearer(&parts.headers).is_some();
    let call = Call {
        sequence: 0,
        at: world.clock.now(),
        method: parts.method.to_string(),
        path: path.clone(),
        query: query.clone(),
        account: account.clone(),
        status: None,
        too_early: false,
        fault: None,
    };
    let in_flight = world.calls.begin(call, for_data);
    let fault = world.faults.next(&path, &query, account.as_deref());
    if let Some(fault) = &fault {
        let name =
            serde_json::to_value(fault).ok().and_then(|fault| Some(fault["kind"].as_str()?.to_owned()));
        world.calls.faulted(in_flight.sequence, name.unwrap_or_default());
    }
    if !world.latency.is_zero() {
        tokio::time::sleep(world.latency).await;
    }
    let real = async {
        let request = Request::from_parts(parts, Body::from(body));
        routed(routes, request).await
    };
    let response = match fault {
        None => real.await,
        Some(fault) => play(&world, fault, account.as_deref(), real).await?,
    };
    world.calls.answered(in_flight.sequence, response.status().as_u16());
    Ok(response)
}

async fn routed(routes: Router, request: Request) -> Response {
    match routes.oneshot(request).await {
        Ok(response) => response,
        Err(error) => {
            let error: Infallible = error;
            match error {}
        }
    }
}

fn error(status: StatusCode) -> Response {
    Reply::Refused(status).into_response()
}

async fn play(
    world: &World,
    fault: Fault,
    account: Option<&str>,
    real: impl Future<Output = Response>,
) -> Result<Response, Dropped> {
    Ok(match fault {
        Fault::TooManyRequests { retry_after_seconds } => {
            let mut response = error(StatusCode::TOO_MANY_REQUESTS);
            if let Some(seconds) = retry_after_seconds {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                let wait = i64::try_from(seconds).ok().and_then(chrono::Duration::try_seconds);
                if let (Some(account), Some(wait)) = (account, wait) {
                    world.calls.stay_away(account, world.clock.now() + wait);
                }
            }
            response
        }
        Fault::HiddenTooManyRequests => {
            axum::Json(json!({"error": {"status-code": "429", "request-id": "simulated"}})).into_response()
        }
        Fault::ServerError => error(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::Unavailable => error(StatusCode::SERVICE_UNAVAILABLE),
        Fault::Unauthorized => error(StatusCode::UNAUTHORIZED),
        Fault::Forbidden => error(StatusCode::FORBIDDEN),
        Fault::NotFound => error(StatusCode::NOT_FOUND),
        Fault::Firewall { status } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
            let page = "<!DOCTYPE html>\n<html><head><title>Attention Required!</title></head>\
                        <body><h1>Sorry, you have been blocked</h1></body></html>\n";
            (status, Html(page)).into_response()
        }
        Fault::DropConnection => return Err(Dropped),
        Fault::DropAfterWork => {
            drop(real.await);
            return Err(Dropped);
        }
        Fault::TruncatedBody => truncated(real.await).await,
        Fault::CutJson => {
            let (mut parts, bytes) = opened(real.await).await;
            parts.headers.remove(header::CONTENT_LENGTH);
            parts.status = StatusCode::OK;
            parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let half = if bytes.len() < 2 {
                Bytes::from_static(b"{\"cut\":")
            } else {
                bytes.slice(..bytes.len() / 2)
            };
            Response::from_parts(parts, Body::from(half))
        }
        Fault::WrongShape => {
            let (_, bytes) = opened(real.await).await;
            let shape = match serde_json::from_slice::<Value>(&bytes) {
                Ok(Value::Array(rows)) => json!({"unexpected": rows}),
                Ok(Value::Object(_)) => json!("unexpected"),
                _ => json!([["unexpected"]]),
            };
            axum::Json(shape).into_response()
        }
        Fault::Delay { milliseconds } => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            real.await
        }
        Fault::RevokeAccount => {
            if let Some(account) = account {
                world.tokens.revoke(account);
            }
            real.await
        }
    })
}

async fn opened(response: Response) -> (axum::http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    // The bodies are the simulator's own and in memory.
    (parts, axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default())
}

/// Half the body under the content length of the whole; the missing half is an error that ends the connection.
async fn truncated(response: Response) -> Response {
    let (mut parts, bytes) = opened(response).await;
    let bytes = if bytes.is_empty() { Bytes::from_static(b"{}") } else { bytes };
    if parts.status == StatusCode::NO_CONTENT {
        parts.status = StatusCode::OK;
    }
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let half = bytes.slice(..bytes.len() / 2);
    let sent = futures::stream::once(async move { Ok(half) });
    // hyper throws away what it has not written when the body fails: the pause lets the first half go out.
    let broken = futures::stream::once(async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        Err::<Bytes, Dropped>(Dropped)
    });
    Response::from_parts(parts, Body::from_stream(sent.chain(broken)))
}

/// Every path that is neither sign-in nor control: a question about data.
async fn data(
    State(world): State<World>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Response {
    let now = world.clock.now();
    let person = bearer(&headers)
        .and_then(|token| world.tokens.bearer(token, now))
        .filter(|bearer| bearer.valid)
        .and_then(|bearer| world.person(&bearer.account));
    let Some(person) = person else {
        return error(StatusCode::UNAUTHORIZED);
    };
    if method != Method::GET {
        return error(StatusCode::METHOD_NOT_ALLOWED);
    }
    let ask = Ask {
        person,
        now,
        intraday_days: world.intraday_days,
        query: query.map(|Query(query)| query).unwrap_or_default(),
    };
    endpoints::answer(&ask, uri.path()).into_response()
}
