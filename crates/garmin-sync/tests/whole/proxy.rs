//! Something that stands between the SDK and a service of AWS, and decides what becomes of each request.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures::StreamExt as _;
use futures::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What becomes of a request.
pub(crate) enum Fate {
    /// It is done and answered.
    Done,
    /// It is done in these words.
    Reworded(Value),
    /// It is not done, and this is the answer.
    Instead(u16, Value),
    /// It is done, and this is the answer.
    DoneBut(u16, Value),
    /// It is done, and the connection breaks before the answer is there.
    AnswerLost,
    /// It is done twice, and answered once.
    Twice,
    /// It is answered with this at once, and done later.
    Later(Duration, Value),
}

/// Who decides.
pub(crate) trait Between: Send + Sync + 'static {
    fn fate(&self, operation: &str, request: &Value) -> Fate;

    /// Hears what was answered to whoever asked.
    fn answered(&self, _operation: &str, _answer: &Value) {}
}

/// An error of a service as the SDK understands it.
pub(crate) fn error(code: &str) -> Value {
    json!({"__type": format!("com.amazonaws.{code}"), "message": "on purpose"})
}

/// A running proxy. It ends with the runtime that it was started on.
pub(crate) struct Proxy {
    pub(crate) url: String,
    upstream: Arc<OnceLock<String>>,
}

struct Post<B> {
    between: Arc<B>,
    upstream: Arc<OnceLock<String>>,
    http: reqwest::Client,
}

impl Proxy {
    pub(crate) async fn start(between: Arc<impl Between>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let upstream = Arc::new(OnceLock::new());
        let http = reqwest::Client::builder().no_gzip().build().unwrap();
        let post = Arc::new(Post { between, upstream: Arc::clone(&upstream), http });
        let router = Router::new().fallback(answer).with_state(post);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, upstream }
    }

    /// Says where requests go. Returns the address to send them to instead.
    pub(crate) fn in_front_of(&self, real: &str) -> String {
        self.upstream.set(real.to_owned()).unwrap();
        self.url.clone()
    }
}

async fn answer<B: Between>(State(post): State<Arc<Post<B>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.rsplit('.').next()).unwrap_or_default().to_owned();
    let path = head.uri.path().to_owned();
    let asked = serde_json::from_slice(&body).unwrap_or_default();
    match post.between.fate(&operation, &asked) {
        Fate::Done => {
            let (status, headers, bytes) = post.forward(&path, head.headers, body).await;
            post.between.answered(&operation, &serde_json::from_slice(&bytes).unwrap_or_default());
            let mut response = Response::new(Body::from(bytes));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            response
        }
        Fate::Reworded(words) => {
            let (status, headers, bytes) = post.forward(&path, head.headers, words.to_string().into()).await;
            let mut response = Response::new(Body::from(bytes));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            response
        }
        Fate::Instead(status, answer) => says(status, &answer),
        Fate::DoneBut(status, answer) => {
            post.forward(&path, head.headers, body).await;
            says(status, &answer)
        }
        Fate::AnswerLost => {
            post.forward(&path, head.headers, body).await;
            let begun = stream::once(async { Ok(Bytes::from_static(b"{")) });
            let broken = stream::once(async { Err(io::Error::from(io::ErrorKind::ConnectionReset)) });
            Response::new(Body::from_stream(begun.chain(broken)))
        }
        Fate::Twice => {
            post.forward(&path, head.headers.clone(), body.clone()).await;
            let (status, headers, bytes) = post.forward(&path, head.headers, body).await;
            let mut response = Response::new(Body::from(bytes));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            response
        }
        Fate::Later(wait, answer) => {
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                post.forward(&path, head.headers, body).await;
            });
            says(200, &answer)
        }
    }
}

impl<B> Post<B> {
    async fn forward(
        &self,
        path: &str,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> (StatusCode, HeaderMap, Bytes) {
        for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION] {
            headers.remove(name);
        }
        let url = format!("{}{path}", self.upstream.get().unwrap());
        let sent = self.http.post(url).headers(headers).body(body).send().await;
        // Whoever tests this stops the service before the proxy.
        let Ok(answer) = sent else { return (StatusCode::BAD_GATEWAY, HeaderMap::new(), Bytes::new()) };
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION] {
            headers.remove(name);
        }
        (status, headers, answer.bytes().await.unwrap_or_default())
    }
}

fn says(status: u16, answer: &Value) -> Response {
    let mut response = Response::new(Body::from(answer.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let json = header::HeaderValue::from_static("application/x-amz-json-1.0");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
