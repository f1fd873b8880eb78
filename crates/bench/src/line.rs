//! Everything between a request and the tables, as the functions wire it, with a meter in its DynamoDB client.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_sqs::types::QueueAttributeName;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use embedded_aws::{DeadLetters, EmbeddedAws, Options, QueueSpec, Storage, create_queue};
use futures::future::try_join_all;
use garmin_simulator::{AccountConfig, Clock as SimulatorClock, Simulator, SimulatorConfig};
use http::StatusCode;
use lambda_http::{Body, Request, Response};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use sync_aws::{
    AwsClients, DynamoErasureStore, DynamoJobStore, DynamoLinkStore, DynamoRecordStore, KeyFileVault,
    QueueUrls, SqsChunkQueue, TableNames,
};
use sync_core::link::Link;
use sync_core::ports::{PutLink, RandomIds, SystemClock};
use sync_core::use_cases::control::Controller;
use sync_core::use_cases::erase::Eraser;
use sync_core::use_cases::process_chunk::Worker;
use sync_core::use_cases::start::Starter;
use sync_core::use_cases::status::Reader;
use sync_core::use_cases::sweep::Sweeper;
use sync_core::{Clock, JobStore as _, LinkStore as _, TokenVault as _, UserId};
use sync_garmin::{GarminClient, GarminConfig, Jitter};
use sync_testkit::meter::Meter;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use url::Url;

/// How often the sweeper looks, as the schedule has it.
const SWEEP_PERIOD: Duration = Duration::from_secs(60);

/// The time that an invocation has.
const INVOCATION: TimeDelta = TimeDelta::seconds(180);

/// The time that a sweep has.
const SWEEP_TIMEOUT: TimeDelta = TimeDelta::seconds(60);

/// Far above what working on a message takes here: none of them comes twice.
const VISIBILITY: Duration = Duration::from_secs(600);

/// The machine's clock, some years on: an import may be thirty years long, and begins in 2000 at the earliest.
#[derive(Clone, Copy, Debug)]
pub struct LaterClock(TimeDelta);

impl Clock for LaterClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + self.0
    }
}

/// What a line is started with.
#[derive(Clone, Debug)]
pub struct LineConfig {
    /// How many people have a watch and a link, named `user-0` and on.
    pub people: usize,
    /// How far the clock is ahead of the machine's.
    pub ahead: TimeDelta,
    /// Whether series within the day and timelines of nights are imported too.
    pub intraday: bool,
}

type Work =
    Worker<DynamoJobStore, DynamoLinkStore, SqsChunkQueue, KeyFileVault, GarminClient, LaterClock, RandomIds>;

type Erase = Eraser<DynamoErasureStore, SqsChunkQueue, LaterClock>;

/// A running line.
#[derive(Debug)]
pub struct Line {
    /// What its functions ask of DynamoDB.
    pub meter: Meter,
    /// The simulated Garmin.
    pub simulator: Simulator,
    /// What was imported; not metered.
    pub records: DynamoRecordStore,
    /// Where the queues are.
    pub queues: QueueUrls,
    starter: Starter<DynamoJobStore, DynamoLinkStore, SqsChunkQueue, LaterClock, RandomIds>,
    reader: Reader<DynamoJobStore>,
    controller: Controller<DynamoJobStore, DynamoLinkStore, SqsChunkQueue, LaterClock>,
    worker: Arc<Work>,
    messages: Arc<AtomicU64>,
    eraser: Arc<Erase>,
    clients: AwsClients,
    clock: LaterClock,
    aws: EmbeddedAws,
    directory: TempDir,
    _outside: Outside,
}

/// The threads of what is not ours, Garmin and AWS: what blocks there, as a commit does in the embedded database, holds up
/// nobody here.
#[derive(Debug)]
struct Outside(Option<Runtime>);

impl Outside {
    fn new() -> Result<Self> {
        Ok(Self(Some(Builder::new_multi_thread().enable_all().thread_name("outside").build()?)))
    }

    async fn start<T: Send + 'static>(&self, service: impl Future<Output = T> + Send + 'static) -> Result<T> {
        Ok(self.0.as_ref().context("it has ended")?.spawn(service).await?)
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

fn tables(directory: &TempDir) -> PathBuf {
    directory.path().join("tables.db")
}

impl Line {
    /// Starts everything on free ports of loopback, with the tables in a file, and links everybody.
    ///
    /// # Errors
    /// When something of it does not start.
    pub async fn start(config: &LineConfig) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let clock = LaterClock(config.ahead);
        let storage = Storage::File(tables(&directory));
        let outside = Outside::new()?;
        let aws = outside.start(EmbeddedAws::start(Options { storage, ..Options::default() })).await??;
        let clients = aws.clients();
        sync_aws::migrate(&clients.dynamodb, "").await?;
        let make = async |name: &str| -> Result<String> {
            let dead_letters = DeadLetters { name: format!("{name}-dead-letters"), max_receive_count: 5 };
            let spec = QueueSpec {
                name: name.to_owned(),
                visibility_timeout: VISIBILITY,
                dead_letters: Some(dead_letters),
            };
            let url = create_queue(&clients.sqs, &spec).await?;
            // The embedded SQS calls itself by Amazon's name; a function in a process of its own has to find it.
            Ok(format!("{}{}", aws.endpoints().sqs, Url::parse(&url)?.path()))
        };
        let queues =
            QueueUrls { incremental: make("incremental").await?, historical: make("historical").await? };

        let name = |number: usize| format!("user-{number}");
        let mut simulated = SimulatorConfig::new(SimulatorClock::new(move || SystemClock.now() + clock.0));
        let born = NaiveDate::from_ymd_opt(1999, 1, 1).context("a date")?;
        simulated.accounts = (0..config.people)
            .map(|number| AccountConfig { hrv_since: born, ..AccountConfig::new(name(number)).since(born) })
            .collect();
        let simulator = outside.start(Simulator::start(simulated)).await??;
        let garmin_url = Url::parse(&simulator.base_url())?;
        let mut garmin = GarminConfig::simulator(garmin_url.clone(), garmin_url);
        garmin.intraday = config.intraday;
        garmin.sleep_timeline = config.intraday;

        let meter = Meter::default();
        let dynamodb = meter.on(&clients.dynamodb);
        let tables = TableNames::default();
        let jobs = DynamoJobStore::new(dynamodb.clone(), tables.clone(), None);
        let links = DynamoLinkStore::new(dynamodb, tables.clone());
        let queue = SqsChunkQueue::new(clients.sqs.clone(), queues.clone());
        let vault = KeyFileVault::open_or_create(&directory.path().join("token.key"))?;
        let ids = RandomIds;
        let line = Self {
            meter,
            simulator,
            records: DynamoRecordStore::new(clients.dynamodb.clone(), tables),
            queues,
            starter: Starter { jobs: jobs.clone(), links: links.clone(), queue: queue.clone(), clock, ids },
            reader: Reader { jobs: jobs.clone() },
            controller: Controller { jobs: jobs.clone(), links: links.clone(), queue: queue.clone(), clock },
            eraser: Arc::new(Eraser {
                erasures: DynamoErasureStore::new(clients.dynamodb.clone(), TableNames::default()),
                queue: queue.clone(),
                clock,
            }),
            messages: Arc::default(),
            worker: Arc::new(Worker {
                jobs,
                links,
                queue,
                vault,
                garmin: GarminClient::new(garmin, Arc::new(clock), Jitter::seeded(1))?,
                clock,
                ids,
            }),
            clients,
            clock,
            aws,
            directory,
            _outside: outside,
        };
        for number in 0..config.people {
            line.link(&name(number)).await?;
        }
        Ok(line)
    }

    /// Links the user to the simulated account of the same name.
    async fn link(&self, name: &str) -> Result<()> {
        let tokens = self.simulator.tokens_for(name).context("an account")?;
        let tokens = json!({
            "di_token": tokens.di_token,
            "di_refresh_token": tokens.di_refresh_token,
            "di_client_id": tokens.di_client_id,
        });
        let (tokens, account) = sync_garmin::parse_tokens(&tokens.to_string())?;
        let user_id = UserId::new(name)?;
        let now = self.clock.now();
        let link = Link {
            tokens: self.worker.vault.seal(&user_id, &tokens).await?,
            user_id,
            account,
            display_name: format!("{name}-runs"),
            time_zone: chrono_tz_of_the_simulator(),
            tokens_version: 1,
            token_expires_at: tokens.expires_at,
            is_active: true,
            reauth_required: false,
            last_successful_sync_date: None,
            active_job_id: None,
            linked_at: now,
            updated_at: now,
        };
        match self.worker.links.put_link(&link, None).await? {
            PutLink::Stored => Ok(()),
            refused => bail!("{name} cannot be linked: {refused:?}"),
        }
    }

    /// What a function in a process of its own is told of all this.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let endpoints = self.aws.endpoints();
        vec![
            ("AWS_ENDPOINT_URL_DYNAMODB", endpoints.dynamodb.clone()),
            ("AWS_ENDPOINT_URL_SQS", endpoints.sqs.clone()),
            ("INCREMENTAL_QUEUE_URL", self.queues.incremental.clone()),
            ("HISTORICAL_QUEUE_URL", self.queues.historical.clone()),
            ("TOKENS_KEY_FILE", self.directory.path().join("token.key").display().to_string()),
            ("GARMIN_URL", self.simulator.base_url()),
        ]
    }

    /// `GET sync/status` through its handler. With the `ETag` of an answer, that is asked for again.
    ///
    /// # Errors
    /// When the answer is none that a page expects.
    pub async fn status(&self, user: &str, etag: Option<&str>) -> Result<Response<Body>> {
        status(&self.reader, user, etag).await
    }

    /// What a status shows.
    ///
    /// # Errors
    /// As [`Self::status`].
    pub async fn shown(&self, user: &str) -> Result<Value> {
        read(&self.status(user, None).await?)
    }

    /// `POST sync/historical` through its handler; the id of the job.
    ///
    /// # Errors
    /// When nothing is started.
    pub async fn start_import(&self, user: &str, from: NaiveDate, to: NaiveDate) -> Result<String> {
        self.start_import_of(&[], user, from, to).await
    }

    /// The same for these metric types alone; none means all.
    ///
    /// # Errors
    /// When nothing is started.
    pub async fn start_import_of(
        &self,
        metrics: &[String],
        user: &str,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<String> {
        let body = json!({"startDate": from.to_string(), "endDate": to.to_string(), "metricTypes": metrics});
        let request = request("POST", "sync/historical", user, Some(&body))?;
        let answer =
            create_job::handle(&self.starter, request).await.map_err(|error| anyhow::anyhow!(error))?;
        let answer = read(&answer)?;
        let started = answer["jobId"].as_str().filter(|_| answer["status"] == "started");
        Ok(started.with_context(|| format!("not started: {answer}"))?.to_owned())
    }

    /// `POST sync/cancel` through its handler.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn cancel(&self, user: &str, job: &str) -> Result<()> {
        let request = request("POST", "sync/cancel", user, Some(&json!({"jobId": job})))?;
        let answer =
            control_job::handle(&self.controller, request).await.map_err(|error| anyhow::anyhow!(error))?;
        if answer.status() == StatusCode::OK { Ok(()) } else { bail!("not cancelled: {}", read(&answer)?) }
    }

    /// Takes one message from the queue of imports and has it dealt with. False when there was none within a second.
    ///
    /// # Errors
    /// When the queue fails, or the message is handed back.
    pub async fn work_once(&self) -> Result<bool> {
        let worked =
            work_once(&self.clients, &self.queues.historical, &self.worker, &self.eraser, self.clock).await?;
        self.messages.fetch_add(u64::from(worked), Ordering::Relaxed);
        Ok(worked)
    }

    /// Keeps this many workers going until the answer is dropped.
    #[must_use]
    pub fn work(&self, workers: usize) -> JoinSet<Result<()>> {
        let mut working = JoinSet::new();
        for _ in 0..workers {
            let (clients, queue) = (self.clients.clone(), self.queues.historical.clone());
            let (worker, eraser, clock) = (Arc::clone(&self.worker), Arc::clone(&self.eraser), self.clock);
            let messages = Arc::clone(&self.messages);
            working.spawn(async move {
                loop {
                    let worked = work_once(&clients, &queue, &worker, &eraser, clock).await?;
                    messages.fetch_add(u64::from(worked), Ordering::Relaxed);
                }
            });
        }
        working
    }

    /// Calls the sweeper every minute until the answer is dropped, as the schedule does: what waits for a worker is due.
    #[must_use]
    pub fn sweep(&self) -> JoinSet<Result<()>> {
        let (Work { jobs, links, queue, .. }, clock) = (&*self.worker, self.clock);
        let sweeper = Sweeper { jobs: jobs.clone(), links: links.clone(), queue: queue.clone(), clock };
        let eraser = Arc::clone(&self.eraser);
        let mut sweeping = JoinSet::new();
        sweeping.spawn(async move {
            let mut minutes = tokio::time::interval(SWEEP_PERIOD);
            minutes.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                minutes.tick().await;
                let event = LambdaEvent::new(Value::Null, invoked_until(clock.now() + SWEEP_TIMEOUT)?);
                sweep_jobs::handle(&sweeper, &eraser, event).await.map_err(|error| anyhow::anyhow!(error))?;
            }
        });
        sweeping
    }

    /// How many messages wait in the queue of historical imports.
    ///
    /// # Errors
    /// When the queue does not say.
    pub async fn queued(&self) -> Result<u32> {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let asked = self.clients.sqs.get_queue_attributes().queue_url(&self.queues.historical);
        let said = asked.attribute_names(name.clone()).send().await?;
        let number = said.attributes.as_ref().and_then(|attributes| attributes.get(&name));
        Ok(number.context("a number of messages")?.parse()?)
    }

    /// How many messages have been worked on, whatever came of them.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    /// Works on one user's import, with nobody else at work, until it has ended. Returns its last status.
    ///
    /// # Errors
    /// When the import does not complete.
    pub async fn import(&self, user: &str, from: NaiveDate, to: NaiveDate) -> Result<Value> {
        self.start_import(user, from, to).await?;
        while self.work_once().await? {}
        let shown = self.shown(user).await?;
        if shown["job"]["status"] == "completed" { Ok(shown) } else { bail!("not completed: {shown}") }
    }

    /// The write units that this user's records cost at least: each written once, in a transaction. Reckoned from the
    /// sizes of what is stored.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn least_write_units(&self, user: &str) -> Result<f64> {
        let user = UserId::new(user)?;
        sync_testkit::meter::least_write_units(&self.clients.dynamodb, &TableNames::default().records, &user)
            .await
            .map_err(|error| anyhow::anyhow!(error))
    }

    /// How many jobs have not ended, `limit` at most.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn unfinished(&self, limit: u32) -> Result<usize> {
        Ok(self.worker.jobs.due(DateTime::<Utc>::MAX_UTC, limit).await?.len())
    }

    /// A folder that goes with the line.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The file that holds the tables.
    #[must_use]
    pub fn tables(&self) -> PathBuf {
        tables(&self.directory)
    }

    /// Stops what would otherwise outlive it.
    pub async fn stop(self) {
        self.simulator.shutdown().await;
        self.aws.stop().await;
    }
}

/// `GET sync/status` through its handler, as [`Line::status`].
///
/// # Errors
/// As there.
pub async fn status(
    reader: &Reader<DynamoJobStore>,
    user: &str,
    etag: Option<&str>,
) -> Result<Response<Body>> {
    let mut request = request("GET", "sync/status", user, None)?;
    if let Some(etag) = etag {
        request.headers_mut().insert("if-none-match", etag.parse()?);
    }
    let answer = read_job::handle(reader, request).await.map_err(|error| anyhow::anyhow!(error))?;
    match answer.status() {
        StatusCode::OK | StatusCode::NOT_MODIFIED => Ok(answer),
        status => bail!("the status of {user} is answered with {status}"),
    }
}

async fn work_once(
    clients: &AwsClients,
    queue: &str,
    worker: &Work,
    eraser: &Erase,
    clock: LaterClock,
) -> Result<bool> {
    let received = clients.sqs.receive_message().queue_url(queue).wait_time_seconds(1).send().await?;
    let Some(message) = received.messages.unwrap_or_default().into_iter().next() else {
        return Ok(false);
    };
    let event: SqsEvent = serde_json::from_value(nudge_event(message.body().unwrap_or_default()))?;
    let context = invoked_until(clock.now() + INVOCATION)?;
    let answer = process_chunk::handle(worker, eraser, LambdaEvent::new(event, context))
        .await
        .map_err(|error| anyhow::anyhow!(error))?;
    if !answer.batch_item_failures.is_empty() {
        bail!("a message was handed back");
    }
    let receipt = message.receipt_handle.unwrap_or_default();
    clients.sqs.delete_message().queue_url(queue).receipt_handle(receipt).send().await?;
    Ok(true)
}

fn invoked_until(deadline: DateTime<Utc>) -> Result<Context> {
    let mut context = Context::default();
    context.deadline = u64::try_from(deadline.timestamp_millis())?;
    Ok(context)
}

/// The event that Lambda makes of a message.
#[must_use]
pub fn nudge_event(body: &str) -> Value {
    json!({"Records": [{
        "messageId": "a-message",
        "receiptHandle": "a-receipt",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:historical",
        "awsRegion": "us-east-1",
    }]})
}

/// The event that API Gateway makes of a user's request.
#[must_use]
pub fn request_event(method: &str, path: &str, user: &str, body: Option<&Value>) -> Value {
    let path = format!("/integrations/garmin/{path}");
    json!({
        "version": "2.0",
        "routeKey": format!("{method} {path}"),
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"accept": "application/json", "content-type": "application/json", "host": "localhost"},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "authorizer": {"jwt": {"claims": {"sub": user}, "scopes": null}},
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "",
            },
            "requestId": "a-request",
            "routeKey": format!("{method} {path}"),
            "stage": "$default",
            "time": "22/Nov/2026:20:00:00 +0000",
            "timeEpoch": 1_795_377_600_000_u64,
        },
        "body": body.map(Value::to_string),
        "isBase64Encoded": false,
    })
}

fn request(method: &str, path: &str, user: &str, body: Option<&Value>) -> Result<Request> {
    Ok(lambda_http::request::from_str(&request_event(method, path, user, body).to_string())?)
}

fn read(answer: &Response<Body>) -> Result<Value> {
    Ok(serde_json::from_slice(answer.body().as_ref())?)
}

/// The zone of the simulator's people.
const fn chrono_tz_of_the_simulator() -> chrono_tz::Tz {
    chrono_tz::Tz::Europe__Berlin
}

/// The same for many users at once.
///
/// # Errors
/// The first that fails.
pub async fn of_all<T>(users: usize, each: impl AsyncFn(String) -> Result<T>) -> Result<Vec<T>> {
    try_join_all((0..users).map(|number| each(format!("user-{number}")))).await
}
