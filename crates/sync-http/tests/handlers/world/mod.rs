//! A world in memory around the real handlers: requests go in as API Gateway sends them.

pub(crate) mod door;
pub(crate) mod log;

use std::collections::BTreeMap;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use lambda_http::lambda_runtime::{Context, LambdaEvent};
use lambda_http::{Body, Request, RequestExt};
use serde_json::{Value, json};
use sync_core::ports::{FetchError, Fetched, RefreshError, Session, VaultError};
use sync_core::sign_in::{PendingSignIn, SignInStore, SignInVault};
use sync_core::transition;
use sync_core::use_cases::control::Controller;
use sync_core::use_cases::erase::Eraser;
use sync_core::use_cases::history::History;
use sync_core::use_cases::link::Linker;
use sync_core::use_cases::process_chunk::Worker;
use sync_core::use_cases::start::Starter;
use sync_core::use_cases::status::Reader;
use sync_core::use_cases::sweep::Sweeper;
use sync_core::use_cases::unlink::Unlinker;
use sync_core::window::{PlanRequest, WindowPlan};
use sync_core::{
    Account, AccountKey, Clock, GarminSource, Job, JobKey, Link, MetricType, TokenVault, Tokens, UserId,
    Window,
};
use sync_testkit::build;
use sync_testkit::clock::{ManualClock, SeededIds};
use sync_testkit::memory::{MemoryQueue, MemoryStore, MemoryVault};

use door::Door;

pub(crate) use sync_testkit::memory::Fault;

/// The functions that answer HTTP, by name, with their routes.
pub(crate) const HTTP_FUNCTIONS: [(&str, &[sync_http::Route]); 5] = [
    ("create-job", create_job::ROUTES),
    ("read-history", read_history::ROUTES),
    ("read-job", read_job::ROUTES),
    ("control-job", control_job::ROUTES),
    ("link-account", link_account::ROUTES),
];

/// The person of the sample events.
pub(crate) const DEMO: &str = "demo";

/// Somebody else.
pub(crate) const OTHER: &str = "auth0|other";

/// Somebody who has linked nothing.
pub(crate) const STRANGER: &str = "stranger";

/// The job of the sample events.
pub(crate) const SAMPLE_JOB: &str = "0197e5a0-7c00-7000-8000-00000000d0b1";

/// The sign-in of the sample events.
pub(crate) const SAMPLE_SIGN_IN: &str = "0197e5a0-7c00-4000-8000-00000000d0b1";

/// An id that no job has.
pub(crate) const NO_JOB: &str = "0197e5a0-7c00-7000-8000-00000000ffff";

/// A vault that nothing here gets as far as opening.
#[derive(Clone, Copy)]
pub(crate) struct NoVault;

impl TokenVault for NoVault {
    async fn seal(&self, _: &UserId, _: &Tokens) -> Result<sync_core::link::SealedTokens, VaultError> {
        unreachable!("no test seals tokens")
    }

    async fn reseal(
        &self,
        _: &UserId,
        _: &sync_core::link::SealedTokens,
        _: &Tokens,
    ) -> Result<sync_core::link::SealedTokens, VaultError> {
        unreachable!("no test seals tokens")
    }

    async fn open(&self, _: &UserId, _: &sync_core::link::SealedTokens) -> Result<Tokens, VaultError> {
        Err(VaultError::Unavailable("the key service sleeps".into()))
    }
}

/// A Garmin that nothing here gets as far as asking.
#[derive(Clone, Copy)]
pub(crate) struct NoGarmin;

impl GarminSource for NoGarmin {
    fn plan(&self, _: &PlanRequest<'_>) -> WindowPlan {
        WindowPlan::default()
    }

    fn metrics(&self, _: &Window) -> &'static [MetricType] {
        &[]
    }

    fn longest_window(&self) -> TimeDelta {
        TimeDelta::seconds(30)
    }

    async fn fetch(&self, _: &Session, _: &Window, _: DateTime<Utc>) -> Result<Fetched, FetchError> {
        unreachable!("no test asks Garmin")
    }

    async fn refresh(&self, _: &Tokens) -> Result<Tokens, RefreshError> {
        unreachable!("no test refreshes tokens")
    }
}

type LinkAccount = link_account::UseCases<
    MemoryStore,
    MemoryStore,
    MemoryStore,
    MemoryVault,
    Door,
    MemoryQueue,
    ManualClock,
    SeededIds,
    MemoryStore,
>;

pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) queue: MemoryQueue,
    pub(crate) clock: ManualClock,
    pub(crate) door: Door,
    ids: SeededIds,
}

impl World {
    /// 22 November 2026, 20:00 UTC. `demo` (Berlin) and `other` (Auckland, where it is the 23rd) are linked, nobody has a
    /// job.
    pub(crate) fn new() -> Self {
        log::collect();
        let clock = ManualClock::new("2026-11-22T20:00:00Z".parse().unwrap());
        let world = Self {
            store: MemoryStore::new(),
            queue: MemoryQueue::new(clock.clone()),
            clock,
            door: Door::default(),
            ids: SeededIds::default(),
        };
        for (user, time_zone) in [(DEMO, chrono_tz::Europe::Berlin), (OTHER, chrono_tz::Pacific::Auckland)] {
            world.store.insert_link(Link { time_zone, ..build::link(&build::user(user)) });
        }
        world
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Every operation on the store fails like this from now on.
    pub(crate) fn fail(&self, fault: Fault) {
        self.store.on_operation(move |_| Some(fault));
    }

    pub(crate) fn nudges(&self) -> u64 {
        self.queue.sent()
    }

    pub(crate) fn link_of(&self, user: &str) -> Link {
        self.store.snapshot().links[&build::user(user)].clone()
    }

    pub(crate) fn change_link(&self, user: &str, change: impl FnOnce(&mut Link)) {
        let mut link = self.link_of(user);
        change(&mut link);
        self.store.insert_link(link);
    }

    pub(crate) fn job_of(&self, user: &str, job_id: &str) -> Job {
        self.store.snapshot().jobs[&Self::key(user, job_id)].clone()
    }

    /// Stores a job as it is, with the locks that its status has.
    pub(crate) fn put(&self, job: Job) {
        let active_job_id = job.status.is_unfinished().then_some(job.key.job_id);
        self.change_link(job.key.user_id.as_str(), |link| link.active_job_id = active_job_id);
        self.store.insert_account(job.account.clone(), Account { active_job_id, ..Account::default() });
        self.store.insert_job(job);
    }

    /// Sends a request to the function that API Gateway would choose by its path; an unknown path goes to read-job.
    pub(crate) async fn send(&self, ask: &Ask) -> Answer {
        let request = ask.request();
        let function = HTTP_FUNCTIONS
            .iter()
            .find(|(_, routes)| routes.iter().any(|(_, path)| *path == request.raw_http_path()))
            .map_or("read-job", |(name, _)| name);
        self.send_to(function, request).await
    }

    pub(crate) async fn send_to(&self, function: &str, request: Request) -> Answer {
        let mut context = Context::default();
        context.request_id = "lambda-request-id".into();
        let request = request.with_lambda_context(context);
        let (jobs, links, queue, clock) = self.ports();
        let reply = match function {
            "create-job" => {
                let ids = self.ids.clone();
                create_job::handle(&Starter { jobs, links, queue, clock, ids }, request).await
            }
            "read-history" => {
                read_history::handle(&History { records: self.store.clone(), jobs }, request).await
            }
            "read-job" => read_job::handle(&Reader { jobs }, request).await,
            "control-job" => control_job::handle(&Controller { jobs, links, queue, clock }, request).await,
            "link-account" => link_account::handle(&self.link_account(), request).await,
            other => panic!("no function {other}"),
        };
        Answer::of(reply.unwrap())
    }

    /// Keeps a sign-in that waits for its code.
    pub(crate) fn keep_sign_in(&self, user: &str, state: &str) {
        let (user, state) = (build::user(user), state.parse().unwrap());
        let pending = PendingSignIn("door-session".into());
        futures::executor::block_on(async {
            let sealed = MemoryVault::default().seal_sign_in(&user, &pending).await.unwrap();
            let until = self.now() + TimeDelta::minutes(5);
            self.store.keep(&user, state, &sealed, until).await.unwrap();
        });
    }

    fn link_account(&self) -> LinkAccount {
        let (jobs, links, queue, clock) = self.ports();
        link_account::UseCases {
            unlinker: Unlinker {
                jobs: jobs.clone(),
                links: links.clone(),
                sign_ins: jobs.clone(),
                clock: clock.clone(),
            },
            eraser: Eraser { erasures: jobs.clone(), queue: queue.clone(), clock: clock.clone() },
            linker: Linker {
                sign_ins: jobs.clone(),
                jobs,
                links,
                vault: MemoryVault::default(),
                garmin: self.door.clone(),
                queue,
                clock,
                ids: self.ids.clone(),
            },
        }
    }

    pub(crate) async fn deliver(&self, event: &Value) -> Result<SqsBatchResponse, lambda_http::Error> {
        self.deliver_with(NoVault, NoGarmin, event).await
    }

    /// The same, with something to open tokens with and a Garmin to ask.
    pub(crate) async fn deliver_with(
        &self,
        vault: impl TokenVault,
        garmin: impl GarminSource,
        event: &Value,
    ) -> Result<SqsBatchResponse, lambda_http::Error> {
        let (jobs, links, queue, clock) = self.ports();
        let ids = self.ids.clone();
        let eraser = Eraser { erasures: jobs.clone(), queue: queue.clone(), clock: clock.clone() };
        let worker = Worker { jobs, links, queue, vault, garmin, clock, ids };
        let event: SqsEvent = serde_json::from_value(event.clone()).unwrap();
        let mut context = Context::default();
        context.deadline = u64::try_from((self.now() + TimeDelta::seconds(180)).timestamp_millis()).unwrap();
        process_chunk::handle(&worker, &eraser, LambdaEvent::new(event, context)).await
    }

    pub(crate) async fn sweep(&self, event: &Value) -> Result<sweep_jobs::Swept, lambda_http::Error> {
        let (jobs, links, queue, clock) = self.ports();
        let eraser = Eraser { erasures: jobs.clone(), queue: queue.clone(), clock: clock.clone() };
        let sweeper = Sweeper { jobs, links, queue, clock };
        let mut context = Context::default();
        context.deadline = u64::try_from((self.now() + TimeDelta::seconds(60)).timestamp_millis()).unwrap();
        sweep_jobs::handle(&sweeper, &eraser, LambdaEvent::new(event.clone(), context)).await
    }

    fn ports(&self) -> (MemoryStore, MemoryStore, MemoryQueue, ManualClock) {
        (self.store.clone(), self.store.clone(), self.queue.clone(), self.clock.clone())
    }

    /// A job of 2022 (13 chunks) of a person, as made a minute ago, stored with its lock.
    pub(crate) fn pending_job(&self, user: &str, job_id: &str) -> Job {
        let link = self.link_of(user);
        let job = build::job(&link.user_id)
            .account(link.account)
            .range("2022-01-01", "2022-12-31")
            .metrics([MetricType::Sleep, MetricType::Hrv])
            .time_zone(link.time_zone)
            .made_at(self.now() - TimeDelta::minutes(1))
            .build();
        let job = Job { key: Self::key(user, job_id), ..job };
        self.put(job.clone());
        job
    }

    /// The job after a worker has claimed it.
    pub(crate) fn claimed(&self, job: &Job) -> Job {
        let job = job.claimed(&build::claim(self.now(), 1));
        self.put(job.clone());
        job
    }

    /// A job with two chunks done that works on the third.
    pub(crate) fn running_job(&self, user: &str, job_id: &str) -> Job {
        let mut job = self.claimed(&self.pending_job(user, job_id));
        for _ in 0..2 {
            let now = self.now() + TimeDelta::seconds(100);
            job = self.claimed(&transition::chunk_done(&job, Vec::new(), None, now).after);
        }
        job
    }

    /// A job whose every chunk is done, or, when `failing` says so, given up.
    pub(crate) fn finished_job(&self, user: &str, job_id: &str, failing: impl Fn(u32) -> bool) -> Job {
        let mut job = self.claimed(&self.pending_job(user, job_id));
        while let Some(chunk) = job.current_chunk() {
            let transition = if failing(chunk.index) {
                let error = "sleep: Garmin is unavailable (http_503)".to_owned();
                transition::chunk_failed(&job, error, Vec::new(), self.now())
            } else {
                transition::chunk_done(&job, Vec::new(), None, self.now())
            };
            job = transition.after;
        }
        self.put(job.clone());
        job
    }

    pub(crate) fn cancelled_job(&self, user: &str, job_id: &str) -> Job {
        let job = transition::cancel(&self.pending_job(user, job_id), self.now()).unwrap().after;
        self.put(job.clone());
        job
    }

    pub(crate) fn paused_job(&self, user: &str, job_id: &str) -> Job {
        let job = transition::pause(&self.running_job(user, job_id), self.now()).unwrap().after;
        self.put(job.clone());
        job
    }

    pub(crate) fn account_of(&self, user: &str) -> AccountKey {
        self.link_of(user).account
    }

    pub(crate) fn key(user: &str, job_id: &str) -> JobKey {
        JobKey { user_id: build::user(user), job_id: job_id.parse().unwrap() }
    }
}

/// A request in the making.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: &'static str,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    authorizer: Value,
    body: Option<Vec<u8>>,
    base64: bool,
}

impl Ask {
    fn new(method: &'static str, path: &str) -> Self {
        let authorizer = json!({ "jwt": { "claims": { "sub": DEMO }, "scopes": null } });
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Self {
            method,
            path: format!("/integrations/garmin/sync/{path}"),
            query: query.to_owned(),
            headers: BTreeMap::new(),
            authorizer,
            body: None,
            base64: false,
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    pub(crate) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    pub(crate) fn of(self, user: &str) -> Self {
        self.authorizer(json!({ "jwt": { "claims": { "sub": user }, "scopes": null } }))
    }

    pub(crate) fn authorizer(mut self, authorizer: Value) -> Self {
        self.authorizer = authorizer;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.raw(body.to_string()).header("content-type", "application/json")
    }

    pub(crate) fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) fn base64(mut self) -> Self {
        self.base64 = true;
        self
    }

    pub(crate) fn request(&self) -> Request {
        let mut event = json!({
            "version": "2.0",
            "routeKey": format!("{} {}", self.method, self.path),
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": self.headers,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "a1b2c3d4e5",
                "authorizer": self.authorizer,
                "http": { "method": self.method, "path": self.path, "protocol": "HTTP/1.1" },
                "requestId": "gateway-request-id",
                "stage": "$default",
                "timeEpoch": 1_795_377_600_000_i64,
            },
            "isBase64Encoded": self.base64,
        });
        if let Some(body) = &self.body {
            event["body"] = if self.base64 {
                BASE64_STANDARD.encode(body).into()
            } else {
                String::from_utf8(body.clone()).unwrap().into()
            };
        }
        lambda_http::request::from_str(&event.to_string()).unwrap()
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    /// Null when there is none.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn of(reply: lambda_http::Response<Body>) -> Self {
        let (parts, body) = reply.into_parts();
        let headers = parts.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        let body = match body {
            Body::Empty => Value::Null,
            Body::Text(text) if parts.headers["content-type"] == "application/json" => {
                serde_json::from_str(&text).unwrap()
            }
            Body::Text(text) => text.into(),
            other => panic!("an answer is text, not {other:?}"),
        };
        if parts.status.as_u16() >= 400 {
            let code = body["code"].as_str().unwrap();
            assert!(sync_http::error::CODES.contains(&code), "{code} is answered and not among the CODES");
        }
        Self { status: parts.status.as_u16(), headers: headers.collect(), body }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }
}
