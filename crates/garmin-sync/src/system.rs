//! The whole system in one process: the handlers of the functions, the SDK clients and the adapters of the cloud, on an
//! embedded AWS. What stands here is wiring, and nothing that the handlers do is done anywhere else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::http::Method;
use embedded_aws::{DeadLetters, EmbeddedAws, Options, QueueSpec, Storage, create_queue};
use futures::FutureExt as _;
use garmin_simulator::{FaultPlan, Simulator};
use lambda_runtime::LambdaEvent;
use serde_json::json;
use sync_aws::{
    AwsClients, DynamoErasureStore, DynamoJobStore, DynamoLinkStore, DynamoRecordStore, DynamoSignInStore,
    KeyFileVault, QueueUrls, SqsChunkQueue, TableNames,
};
use sync_core::ports::{RandomIds, SystemClock};
use sync_core::timing::NUDGE_GRACE_MAX;
use sync_core::use_cases::control::Controller;
use sync_core::use_cases::erase::Eraser;
use sync_core::use_cases::history::History;
use sync_core::use_cases::link::Linker;
use sync_core::use_cases::process_chunk::Worker;
use sync_core::use_cases::start::Starter;
use sync_core::use_cases::status::Reader;
use sync_core::use_cases::sweep::Sweeper;
use sync_core::use_cases::unlink::Unlinker;
use sync_core::{Clock as _, Ids as _, UserId};
use sync_garmin::SignInClient;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::cli::{Garmin, SystemArgs};
use crate::data_dir::{DataDir, DataDirLock, Endpoints};
use crate::garmin::Connection;
use crate::gateway::{self, Gateway, Route};
use crate::page::Page;
use crate::poller::{self, Poller};
use crate::{invocation, link, simulator, ticker};

/// The user whose account the simulator has.
pub const DEMO_USER: &str = "demo";

/// The built-in simulator's seed. A constant: data that was imported yesterday is the same today.
const SEED: u64 = 1;

/// The time budget of a sweep.
const SWEEP_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a message stays hidden after the invocation that received it must have ended. In the cloud it is longer; who
/// waits here sits in front of the machine.
const VISIBILITY_MARGIN: Duration = Duration::from_secs(5);

/// How often a message is received before it is put aside.
const MAX_RECEIVES: u32 = 5;

/// How long invocations under way may go on once the system is asked to stop. What is not finished then goes on after
/// the next start, as after a kill.
const LAST_CALL: Duration = Duration::from_secs(4);

/// The use cases of `link-account`.
type Account = link_account::UseCases<
    DynamoJobStore,
    DynamoLinkStore,
    DynamoSignInStore,
    KeyFileVault,
    SignInClient,
    SqsChunkQueue,
    SystemClock,
    RandomIds,
    DynamoErasureStore,
>;

/// A running system.
#[derive(Debug)]
pub struct System {
    endpoints: Endpoints,
    data: DataDir,
    aws: AwsClients,
    records: DynamoRecordStore,
    account: Arc<Account>,
    garmin: Connection,
    stop: CancellationToken,
    loops: TaskTracker,
    invocations: TaskTracker,
    // What everything above stands on, in the order in which it may go.
    simulator: Option<Simulator>,
    embedded: EmbeddedAws,
    lock: DataDirLock,
}

impl System {
    /// Starts everything on a data directory. When this returns, the API answers.
    ///
    /// # Errors
    /// When another server has the directory, an address cannot be had, or the directory cannot be read.
    pub async fn start(data: &DataDir, args: &SystemArgs, latency: Duration) -> Result<Self> {
        Self::start_behind(data, args, latency, Clone::clone).await
    }

    /// Starts everything with something between it and its AWS: what the functions, the poller and the command line ask
    /// goes to the addresses that `between` makes of the real ones.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_behind(
        data: &DataDir,
        args: &SystemArgs,
        latency: Duration,
        between: impl FnOnce(&sync_aws::Endpoints) -> sync_aws::Endpoints,
    ) -> Result<Self> {
        let lock = data.lock()?;
        let issuer = Arc::new(data.issuer()?);
        let simulator = match (args.garmin, &args.garmin_url) {
            (Garmin::Simulator, None) => {
                let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
                Some(simulator::start(any_port, SEED, latency, FaultPlan::default()).await?)
            }
            _ => None,
        };
        let garmin = Connection::new(args, simulator.as_ref().map(Simulator::base_url).as_deref())?;

        let embedded = EmbeddedAws::start(Options {
            storage: Storage::File(data.database()),
            dynamodb: args.dynamodb,
            sqs: args.sqs,
        })
        .await
        .context("the embedded AWS cannot be started")?;
        let aws = AwsClients::connect(&between(embedded.endpoints()));
        sync_aws::migrate(&aws.dynamodb, "").await.context("the tables cannot be set up")?;

        let tables = TableNames::default();
        let jobs = DynamoJobStore::new(aws.dynamodb.clone(), tables.clone(), None);
        let links = DynamoLinkStore::new(aws.dynamodb.clone(), tables.clone());
        let records = DynamoRecordStore::new(aws.dynamodb.clone(), tables);
        let invocation = args.invocation();
        let queues = make_queues(&aws, &embedded.endpoints().sqs, invocation).await?;
        let queue = SqsChunkQueue::new(aws.sqs.clone(), queues.clone());
        let vault = || KeyFileVault::open_or_create(&data.token_key()).context("the token key cannot be had");

        let listener = TcpListener::bind(args.http)
            .await
            .with_context(|| format!("the API cannot listen on {}", args.http))?;
        let endpoints = Endpoints {
            http: format!("http://{}", listener.local_addr()?),
            dynamodb: embedded.endpoints().dynamodb.clone(),
            sqs: embedded.endpoints().sqs.clone(),
            incremental_queue: queues.incremental.clone(),
            historical_queue: queues.historical.clone(),
            simulator: simulator.as_ref().map(Simulator::base_url),
            pid: std::process::id(),
        };

        let (clock, ids) = (SystemClock, RandomIds);
        let starter =
            Arc::new(Starter { jobs: jobs.clone(), links: links.clone(), queue: queue.clone(), clock, ids });
        let reader = Arc::new(Reader { jobs: jobs.clone() });
        let history = Arc::new(History { records: records.clone(), jobs: jobs.clone() });
        let controller =
            Arc::new(Controller { jobs: jobs.clone(), links: links.clone(), queue: queue.clone(), clock });
        let sweeper =
            Arc::new(Sweeper { jobs: jobs.clone(), links: links.clone(), queue: queue.clone(), clock });
        let erasures = DynamoErasureStore::new(aws.dynamodb.clone(), TableNames::default());
        let eraser = Arc::new(Eraser { erasures, queue: queue.clone(), clock });
        let sign_ins = DynamoSignInStore::new(&aws.dynamodb, TableNames::default());
        let account = Arc::new(link_account::UseCases {
            unlinker: Unlinker {
                jobs: jobs.clone(),
                links: links.clone(),
                sign_ins: sign_ins.clone(),
                clock,
            },
            eraser: Eraser::clone(&eraser),
            linker: Linker {
                jobs: jobs.clone(),
                links: links.clone(),
                sign_ins,
                vault: vault()?,
                garmin: garmin.door()?,
                queue: queue.clone(),
                clock,
                ids,
            },
        });
        let worker = Arc::new(Worker {
            jobs: jobs.clone(),
            links: links.clone(),
            queue: queue.clone(),
            vault: vault()?,
            garmin: garmin.client()?,
            clock,
            ids,
        });

        let system = Self {
            endpoints,
            data: data.clone(),
            aws,
            records,
            account: Arc::clone(&account),
            garmin,
            stop: CancellationToken::new(),
            loops: TaskTracker::new(),
            invocations: TaskTracker::new(),
            simulator,
            embedded,
            lock,
        };
        system.link_demo_user().await?;

        let mut routes = Vec::new();
        add(
            &mut routes,
            "create-job",
            create_job::ROUTES,
            Arc::new(move |request| {
                let starter = Arc::clone(&starter);
                async move { create_job::handle(&starter, request).await }.boxed()
            }),
        );
        add(
            &mut routes,
            "read-job",
            read_job::ROUTES,
            Arc::new(move |request| {
                let reader = Arc::clone(&reader);
                async move { read_job::handle(&reader, request).await }.boxed()
            }),
        );
        add(
            &mut routes,
            "link-account",
            link_account::ROUTES,
            Arc::new(move |request| {
                let account = Arc::clone(&account);
                async move { link_account::handle(&account, request).await }.boxed()
            }),
        );
        add(
            &mut routes,
            "read-history",
            read_history::ROUTES,
            Arc::new(move |request| {
                let history = Arc::clone(&history);
                async move { read_history::handle(&history, request).await }.boxed()
            }),
        );
        add(
            &mut routes,
            "control-job",
            control_job::ROUTES,
            Arc::new(move |request| {
                let controller = Arc::clone(&controller);
                async move { control_job::handle(&controller, request).await }.boxed()
            }),
        );
        let gateway = Gateway::new(routes, issuer, &system.endpoints.http).with_page(Page::new(&args.page));
        let stop = system.stop.clone();
        system.loops.spawn(async move {
            if let Err(error) = gateway.serve(listener, stop).await {
                tracing::error!(%error, "the gateway ended");
            }
        });

        let of_worker = Arc::clone(&eraser);
        let function: poller::Function = Arc::new(move |event| {
            let (worker, eraser) = (Arc::clone(&worker), Arc::clone(&of_worker));
            async move { process_chunk::handle(&worker, &eraser, event).await }.boxed()
        });
        let poller = Poller {
            aws: system.aws.clone(),
            queues: vec![queues.incremental, queues.historical],
            function,
            invocation,
            workers: args.workers as usize,
        };
        system.loops.spawn(poller.run(system.stop.clone(), system.invocations.clone()));

        let sweep = Sweep { sweeper, eraser };
        let first_look = sweep.clone();
        system.loops.spawn(async move { first_look.look_ahead().await });
        let every = Duration::from_secs(args.sweep_seconds);
        system.loops.spawn(ticker::run(every, system.stop.clone(), move || {
            let sweep = sweep.clone();
            async move { sweep.once().await }.boxed()
        }));

        system.data.publish(&system.endpoints)?;
        Ok(system)
    }

    /// Where it listens.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// What was imported.
    #[must_use]
    pub fn records(&self) -> &DynamoRecordStore {
        &self.records
    }

    /// The built-in simulator, if Garmin is that.
    #[must_use]
    pub fn simulator(&self) -> Option<&Simulator> {
        self.simulator.as_ref()
    }

    /// Takes no more work, gives what is under way a few seconds, and ends.
    pub async fn stop(self) {
        self.stop.cancel();
        self.loops.close();
        self.invocations.close();
        let all = async {
            self.loops.wait().await;
            self.invocations.wait().await;
        };
        if tokio::time::timeout(LAST_CALL, all).await.is_err() {
            tracing::warn!("something was still under way; it goes on after the next start");
        }
        self.data.unpublish();
        if tokio::time::timeout(LAST_CALL, self.embedded.stop()).await.is_err() {
            tracing::warn!("the embedded AWS was still busy");
        }
        drop(self.lock);
    }

    /// Links a user to an account of the simulator.
    ///
    /// # Errors
    /// When the simulator has no such account, or a store fails.
    pub async fn link_to_simulator(&self, user: &UserId, account: &str) -> Result<()> {
        let tokens = self.garmin.simulated_tokens(account).await?;
        link::by_tokens(&self.account.linker, user, &tokens).await.map(drop)
    }

    /// On a first start the demo user is linked to the demo account; and again when its tokens are no good any more.
    async fn link_demo_user(&self) -> Result<()> {
        let user = UserId::new(DEMO_USER)?;
        if !self.garmin.may_be_simulated() || link::is_good(&self.account.linker.links, &user).await? {
            return Ok(());
        }
        match self.link_to_simulator(&user, simulator::DEMO_ACCOUNT).await {
            // Another Garmin than the built-in one need not be a simulator, and then nobody is linked to it yet.
            Err(error) if self.simulator.is_none() => {
                tracing::warn!(%error, "the demo user is not linked");
                Ok(())
            }
            linked => linked.context("the demo user cannot be linked"),
        }
    }
}

/// The queues that Terraform makes in the cloud.
async fn make_queues(aws: &AwsClients, sqs: &str, invocation: Duration) -> Result<QueueUrls> {
    let make = async |name: &str| {
        let spec = QueueSpec {
            name: name.to_owned(),
            visibility_timeout: invocation + VISIBILITY_MARGIN,
            dead_letters: Some(DeadLetters {
                name: format!("{name}-dead-letters"),
                max_receive_count: MAX_RECEIVES,
            }),
        };
        let url = create_queue(&aws.sqs, &spec).await.context("the queues cannot be made")?;
        // The embedded SQS calls itself by Amazon's name. Whoever is told this URL must end up here.
        let path = Url::parse(&url).context("the queue has no address")?.path().to_owned();
        anyhow::Ok(format!("{sqs}{path}"))
    };
    Ok(QueueUrls {
        incremental: make("garmin-sync-incremental").await?,
        historical: make("garmin-sync-historical").await?,
    })
}

fn add(routes: &mut Vec<Route>, name: &'static str, table: &[sync_http::Route], function: gateway::Function) {
    routes.extend(table.iter().filter_map(|(method, path)| {
        let method = Method::from_bytes(method.as_bytes()).ok()?;
        Some(Route { method, path: (*path).to_owned(), name, function: Arc::clone(&function) })
    }));
}

/// What the sweeper's function is made of.
#[derive(Clone)]
struct Sweep {
    sweeper: Arc<Sweeper<DynamoJobStore, DynamoLinkStore, SqsChunkQueue, SystemClock>>,
    eraser: Arc<Eraser<DynamoErasureStore, SqsChunkQueue, SystemClock>>,
}

impl Sweep {
    /// The queue is in memory and empty after a start: every job whose nudge may have been in it is looked at now. One
    /// with a lease that the process before left behind is due when that ends.
    async fn look_ahead(&self) {
        let deadline = SystemClock.now() + SWEEP_TIMEOUT;
        let jobs = self.sweeper.sweep(NUDGE_GRACE_MAX, deadline).await.map(drop);
        let erasures = self.eraser.sweep(NUDGE_GRACE_MAX).await.map(drop);
        if let Err(error) = jobs.and(erasures) {
            tracing::warn!(%error, "the first look at what is unfinished failed; the sweeper comes back to it");
        }
    }

    /// One call of the sweeper's function, with the event that the schedule sends.
    async fn once(self) {
        let (now, request_id) = (SystemClock.now(), RandomIds.claim_token().to_string());
        let event = json!({
            "version": "0",
            "id": request_id,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": "000000000000",
            "time": now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            "region": "us-east-1",
            "resources": [],
            "detail": {},
        });
        let context = invocation::context("sweep-jobs", &request_id, now, SWEEP_TIMEOUT);
        let call = async move {
            sweep_jobs::handle(&self.sweeper, &self.eraser, LambdaEvent::new(event, context)).await
        };
        if let Err(failure) = invocation::run(SWEEP_TIMEOUT, call).await {
            tracing::warn!(request_id, %failure, "a sweep failed; the next one comes");
        }
    }
}
