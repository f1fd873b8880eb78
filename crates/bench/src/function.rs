//! A function's own binary as Lambda runs it: a process that asks a stub of the Runtime API for its next event.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::Value;
use sync_core::Clock as _;
use sync_core::ports::SystemClock;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use crate::kernel;

/// Longer than any event takes here.
const PATIENCE: Duration = Duration::from_secs(180);

/// What a function tells its runtime.
#[derive(Debug)]
enum Told {
    /// It asks for an event.
    Next(Instant),
    /// It answers one.
    Response(Instant, Bytes),
    /// It, or an invocation of it, has failed.
    Error(Bytes),
}

/// The stub: what the function tells goes out, what it shall do comes in.
struct Stub {
    told: mpsc::UnboundedSender<Told>,
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
}

/// A function that runs.
#[derive(Debug)]
pub struct Function {
    process: Child,
    begun: Instant,
    told: mpsc::UnboundedReceiver<Told>,
    events: mpsc::UnboundedSender<Value>,
    server: JoinHandle<()>,
}

impl Drop for Function {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Function {
    /// Starts a binary on one processor, with nothing but this in its environment.
    ///
    /// # Errors
    /// When it cannot be started; `taskset` has to be there.
    pub async fn start(binary: &Path, environment: &[(&str, String)]) -> Result<Self> {
        let name = binary.file_name().and_then(|name| name.to_str()).context("a binary has a name")?;
        let (tell, told) = mpsc::unbounded_channel();
        let (events, received) = mpsc::unbounded_channel();
        let stub = Arc::new(Stub { told: tell, events: Mutex::new(received) });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(error))
            .with_state(stub);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            axum::serve(listener, routes).await.ok();
        });
        let begun = Instant::now();
        let process = Command::new("taskset")
            .args(["--cpu-list", "0"])
            .arg(binary)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", address.to_string().as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", name),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
                ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
                ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", "local"),
                ("AWS_SECRET_ACCESS_KEY", "local"),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started on one processor by taskset", binary.display()))?;
        Ok(Self { process, begun, told, events, server })
    }

    /// Since its start, when it first asked for an event.
    ///
    /// # Errors
    /// When it fails or ends instead.
    pub async fn ready(&mut self) -> Result<Duration> {
        match self.hear().await? {
            Told::Next(at) => Ok(at - self.begun),
            other => bail!("not ready: {other:?}"),
        }
    }

    /// Has it handle an event. Returns its answer, and when it came since the start of the process.
    ///
    /// # Errors
    /// When it fails or ends instead.
    pub async fn invoke(&mut self, event: Value) -> Result<(Value, Duration)> {
        self.events.send(event).context("nobody takes events any more")?;
        match self.hear().await? {
            Told::Response(at, body) => {
                let answer = serde_json::from_slice(&body)?;
                // It asks for the next at once.
                match self.hear().await? {
                    Told::Next(_) => Ok((answer, at - self.begun)),
                    other => bail!("after its answer: {other:?}"),
                }
            }
            other => bail!("no answer: {other:?}"),
        }
    }

    /// The most memory that it has had so far, in MB.
    ///
    /// # Errors
    /// When it has ended.
    pub fn peak_mb(&self) -> Result<f64> {
        kernel::peak_mb(&self.process.id().context("it has ended")?.to_string())
    }

    /// How long it has been on a processor so far.
    ///
    /// # Errors
    /// When it has ended.
    pub fn processor_time(&self) -> Result<Duration> {
        kernel::processor_time(&self.process.id().context("it has ended")?.to_string())
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub async fn stop(mut self) -> Result<()> {
        Ok(self.process.kill().await?)
    }

    async fn hear(&mut self) -> Result<Told> {
        tokio::select! {
            told = self.told.recv() => match told.context("the stub has ended")? {
                Told::Error(body) => bail!("the function reports: {}", String::from_utf8_lossy(&body)),
                told => Ok(told),
            },
            status = self.process.wait() => bail!("the function has ended: {}", status?),
            () = tokio::time::sleep(PATIENCE) => bail!("the function says nothing"),
        }
    }
}

async fn next(State(stub): State<Arc<Stub>>) -> Response {
    stub.told.send(Told::Next(Instant::now())).ok();
    let Some(event) = stub.events.lock().await.recv().await else {
        return std::future::pending().await;
    };
    let deadline = SystemClock.now().timestamp_millis() + 180_000;
    let headers = [
        ("lambda-runtime-aws-request-id", "00000000-0000-4000-8000-000000000000".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:f".to_owned(),
        ),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, event.to_string()).into_response()
}

async fn response(State(stub): State<Arc<Stub>>, _: HeaderMap, body: Bytes) -> Response {
    stub.told.send(Told::Response(Instant::now(), body)).ok();
    axum::http::StatusCode::ACCEPTED.into_response()
}

async fn error(State(stub): State<Arc<Stub>>, body: Bytes) -> Response {
    stub.told.send(Told::Error(body)).ok();
    axum::http::StatusCode::ACCEPTED.into_response()
}
