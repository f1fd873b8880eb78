//! The gateway: what CloudFront and API Gateway do in front of the functions, on loopback. Explicit routes, the JWT
//! authorizer, the event, the answer; API Gateway's own words where no function is reached; and the page beside it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use futures::future::BoxFuture;
use lambda_http::RequestExt as _;
use serde_json::{Map, Value, json};
use sync_core::ports::{RandomIds, SystemClock};
use sync_core::{Clock as _, Ids as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::gateway_event::{Arrival, event};
use crate::issuer::Issuer;
use crate::page::{self, Page};
use crate::{gateway_head, invocation};

/// What goes to the API; the rest is the page's (`infra/page.tf`).
const API_PATHS: &str = "/integrations/{*path}";

/// The largest body that API Gateway passes on.
const MAX_BODY: usize = 10 * 1024 * 1024;

/// The time budget of a function behind the API.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(10);

/// A function behind the API.
pub type Function = Arc<
    dyn Fn(
            lambda_http::Request,
        )
            -> BoxFuture<'static, Result<lambda_http::Response<lambda_http::Body>, lambda_http::Error>>
        + Send
        + Sync,
>;

/// Which function answers what.
#[derive(Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The whole path.
    pub path: String,
    /// The function's name.
    pub name: &'static str,
    /// The function.
    pub function: Function,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} -> {}", self.method, self.path, self.name)
    }
}

/// Routes and issuer of one server.
#[derive(Debug)]
pub struct Gateway {
    routes: Vec<Route>,
    issuer: Arc<Issuer>,
    base_url: String,
    page: Option<Page>,
}

impl Gateway {
    /// A gateway that tells of itself as `base_url`.
    #[must_use]
    pub fn new(routes: Vec<Route>, issuer: Arc<Issuer>, base_url: impl Into<String>) -> Self {
        Self { routes, issuer, base_url: base_url.into(), page: None }
    }

    /// The same gateway with the page under the same origin.
    #[must_use]
    pub fn with_page(self, page: Page) -> Self {
        Self { page: Some(page), ..self }
    }

    /// Answers until `stop`, and then until the requests under way are answered.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) -> std::io::Result<()> {
        let router = Router::new()
            .route("/.well-known/jwks.json", get(keys))
            .route("/.well-known/openid-configuration", get(configuration));
        let router = match self.page.clone() {
            None => router.fallback(answer),
            Some(page) => router
                .route("/config.json", get(async || Page::config()))
                .route(API_PATHS, any(answer))
                .fallback(async move |request: Request| page.file(request).await)
                .layer(map_response(secured)),
        };
        let router = router.with_state(Arc::new(self)).into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
    }

    fn claims(&self, headers: &HeaderMap) -> Option<Map<String, Value>> {
        let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = given.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        self.issuer.check(token.trim()).ok()
    }
}

async fn keys(State(gateway): State<Arc<Gateway>>) -> Response {
    axum::Json(gateway.issuer.key_set()).into_response()
}

async fn configuration(State(gateway): State<Arc<Gateway>>) -> Response {
    axum::Json(Issuer::configuration(&gateway.base_url)).into_response()
}

async fn secured(mut response: Response) -> Response {
    page::secure(response.headers_mut());
    response
}

async fn answer(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(source): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let request_id = RandomIds.claim_token().to_string();
    let mut response = pass_on(&gateway, source, request, &request_id).await;
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("apigw-requestid", id);
    }
    response
}

async fn pass_on(gateway: &Gateway, source: SocketAddr, request: Request, request_id: &str) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(status) = gateway_head::check(&parts) {
        return message(status, status.canonical_reason().unwrap_or_default());
    }
    let found =
        gateway.routes.iter().find(|route| route.method == parts.method && route.path == parts.uri.path());
    let Some(route) = found else {
        return message(StatusCode::NOT_FOUND, "Not Found");
    };
    let Some(claims) = gateway.claims(&parts.headers) else {
        let mut refused = message(StatusCode::UNAUTHORIZED, "Unauthorized");
        refused.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return refused;
    };
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let now = SystemClock.now();
    let route_key = format!("{} {}", route.method, route.path);
    let arrival = Arrival { route_key: &route_key, request_id, at: now, source, claims: &claims };
    let event = event(&parts, &body, &arrival).to_string();
    let request = match lambda_http::request::from_str(&event) {
        Ok(request) => request,
        Err(error) => {
            tracing::error!(request_id, %error, "an event was not readable");
            return message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        }
    };
    let context = invocation::context(route.name, request_id, now, FUNCTION_TIMEOUT);
    let (function, request) = (Arc::clone(&route.function), request.with_lambda_context(context));
    match invocation::run(FUNCTION_TIMEOUT, async move { function(request).await }).await {
        Ok(response) => response.map(|body| Body::from(body.to_vec())).into_response(),
        Err(failure) => {
            tracing::error!(request_id, function = route.name, %failure, "invocation failed");
            message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
    }
}

fn message(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({"message": text}))).into_response()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use lambda_http::Error;
    use sync_core::UserId;

    use super::*;

    async fn ask(path: &str, function: Function) -> (StatusCode, Value) {
        let issuer = Arc::new(Issuer::from_key(&Issuer::generate_key().unwrap()).unwrap());
        let user = UserId::new("ann").unwrap();
        let token = issuer.token(&user, SystemClock.now(), TimeDelta::hours(1)).unwrap();
        let route = Route { method: Method::GET, path: "/here".to_owned(), name: "here", function };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let gateway = Gateway::new(vec![route], issuer, &url);
        let served = tokio::spawn(gateway.serve(listener, stop.clone()));
        let request = reqwest::Client::new().get(format!("{url}{path}")).bearer_auth(token);
        let answer = request.send().await.unwrap();
        assert!(answer.headers().contains_key("apigw-requestid"));
        let answer = (answer.status(), answer.json().await.unwrap());
        stop.cancel();
        served.await.unwrap().unwrap();
        answer
    }

    #[tokio::test]
    async fn a_function_learns_who_asks_and_its_answer_is_passed_on() {
        let function: Function = Arc::new(|request| {
            let user = match request.request_context().authorizer() {
                Some(authorizer) => authorizer.jwt.as_ref().unwrap().claims["sub"].clone(),
                None => String::new(),
            };
            let answer = json!({"user": user, "id": request.lambda_context().request_id.len()}).to_string();
            Box::pin(async move { Ok(lambda_http::Response::builder().status(418).body(answer.into())?) })
        });
        assert_eq!(ask("/here", function).await, (StatusCode::IM_A_TEAPOT, json!({"user": "ann", "id": 36})));
    }

    #[tokio::test]
    async fn an_error_or_a_panic_of_a_function_is_a_500_that_says_nothing() {
        let fails: Function = Arc::new(|_| Box::pin(async { Err(Error::from("a secret")) }));
        let panics: Function = Arc::new(|_| Box::pin(async { panic!("a secret") }));
        let at_once: Function = Arc::new(|_| panic!("a secret"));
        for function in [fails, panics, at_once] {
            let (status, answer) = ask("/here", function).await;
            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(answer, json!({"message": "Internal Server Error"}));
        }
    }
}
