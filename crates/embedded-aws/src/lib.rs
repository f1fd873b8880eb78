//! An AWS in this process: DynamoDB (`dynoxide`) and SQS (`winterbaume`) behind loopback ports.
//!
//! The local runtime and the tests run the real SDK clients against it, and so can other processes on this machine: set
//! `AWS_ENDPOINT_URL_DYNAMODB` and `AWS_ENDPOINT_URL_SQS` to its [endpoints](EmbeddedAws::endpoints).
//!
//! Every signature is good here. So that no web page in a browser of this machine gets in, a request that says an `Origin`,
//! or a `Host` that is not loopback, is refused with 403.
//!
//! The database is in memory or in a file. The queues are in memory on purpose: after a restart they are empty, and the
//! sweeper must bring every job back.

mod dynamodb;
mod front;
mod private;
mod queues;
mod sqs;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use axum::Router;
use dynoxide::Database;
use sync_aws::{AwsClients, Endpoints};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use queues::{DeadLetters, QueueError, QueueSpec, create_queue};

/// Where the database keeps what it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// Nowhere: it ends with the process.
    #[default]
    Memory,
    /// In this file, made if there is none. A second one, in this process or in another, may have the same file: each sees
    /// what the other has written, and reads beside it while it writes. It and what SQLite keeps beside it are for their
    /// owner alone, whatever the umask.
    File(PathBuf),
}

/// How to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where the database is kept.
    pub storage: Storage,
    /// Where DynamoDB listens; port 0 takes any that is free. Whoever can connect can read and write everything,
    /// so it should be a loopback address.
    pub dynamodb: SocketAddr,
    /// Where SQS listens, likewise.
    pub sqs: SocketAddr,
}

impl Default for Options {
    fn default() -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { storage: Storage::Memory, dynamodb: any_port, sqs: any_port }
    }
}

/// Why it did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database file could not be opened.
    #[error("the database could not be opened: {0}")]
    Database(String),
    /// An address could not be listened on.
    #[error("{service} cannot listen on {address}")]
    Listen {
        /// Which service.
        service: &'static str,
        /// Which address.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// A running embedded AWS. Dropping it stops it; [`stop`](Self::stop) also waits until the database is closed.
#[derive(Debug)]
pub struct EmbeddedAws {
    endpoints: Endpoints,
    services: Vec<Service>,
}

#[derive(Debug)]
struct Service {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Service {
    fn start(name: &'static str, listener: TcpListener, router: Router) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let stopped = async {
                // A dropped sender stops it as well.
                stopped.await.ok();
            };
            if let Err(error) = front::serve(listener, router, stopped).await {
                tracing::error!(service = name, %error, "an embedded service has ended");
            }
        });
        Self { stop, task }
    }
}

impl EmbeddedAws {
    /// Starts both services on the current Tokio runtime.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let database = match options.storage {
            Storage::Memory => Database::memory(),
            Storage::File(path) => {
                private::make(&path).map_err(|error| StartError::Database(error.to_string()))?;
                let path =
                    path.to_str().ok_or_else(|| StartError::Database("its path is not UTF-8".to_owned()))?;
                Database::new(path)
            }
        }
        .map_err(|error| StartError::Database(error.to_string()))?;
        let (dynamodb, dynamodb_url) = listen("DynamoDB", options.dynamodb).await?;
        let (sqs, sqs_url) = listen("SQS", options.sqs).await?;

        let services = vec![
            Service::start("DynamoDB", dynamodb, dynamodb::router(database)),
            Service::start("SQS", sqs, sqs::router()),
        ];
        Ok(Self { endpoints: Endpoints { dynamodb: dynamodb_url, sqs: sqs_url }, services })
    }

    /// Where it listens.
    #[must_use]
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// SDK clients of it.
    #[must_use]
    pub fn clients(&self) -> AwsClients {
        AwsClients::connect(&self.endpoints)
    }

    /// Stops: takes no more connections, lets running requests finish, and closes the database.
    pub async fn stop(self) {
        let tasks: Vec<_> = self
            .services
            .into_iter()
            .map(|service| {
                service.stop.send(()).ok();
                service.task
            })
            .collect();
        for task in tasks {
            task.await.ok();
        }
    }
}

async fn listen(service: &'static str, address: SocketAddr) -> Result<(TcpListener, String), StartError> {
    let failed = |source| StartError::Listen { service, address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, format!("http://{bound}")))
}
