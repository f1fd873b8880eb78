//! What each command does.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chrono::{NaiveDate, TimeDelta};
use sync_core::ports::SystemClock;
use sync_core::{Clock as _, RecordKind, UserId};

use crate::cli::{Cli, Command, Control, HistoryFormat, SimulatorArgs, SystemArgs};
use crate::client::{Client, JobStatusAnswer, Started};
use crate::data_dir::{DataDir, Endpoints};
use crate::demo;
use crate::garmin::Connection;
use crate::page::Page;
use crate::people;
use crate::progress::{self, Ended};
use crate::signals::StopRequests;
use crate::storage::Storage;
use crate::system::{DEMO_USER, System};
use crate::{history, link, login, simulator};

/// How long each answer of the simulator takes in the demo, so that one sees something happen.
const DEMO_LATENCY: Duration = Duration::from_millis(10);

/// How long the page stays signed in: a working day.
const PAGE_TOKEN_LIFETIME: TimeDelta = TimeDelta::hours(12);

/// Does what the command line asks. Success means that what was asked has been done.
///
/// # Errors
/// What stood in the way, in words for people.
pub async fn run(cli: Cli) -> Result<ExitCode> {
    let data = DataDir::open(&cli.data)?;
    match cli.command.unwrap_or(Command::Demo { exit: false }) {
        Command::Demo { exit } => {
            demo::run(&data, &cli.system, latency(&cli.system, DEMO_LATENCY), exit).await
        }
        Command::Serve => serve(&data, &cli.system).await,
        Command::Import { from, to, who } => import(&data, &cli.system, &who.user, from, to).await,
        Command::Status { who } => {
            let status = client(&data, &who.user)?.status_as_is().await?;
            people::result(serde_json::to_string_pretty(&status)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Pause(control) => self::control(&data, "pause", &control).await,
        Command::Resume(control) => self::control(&data, "resume", &control).await,
        Command::Cancel(control) => self::control(&data, "cancel", &control).await,
        Command::Token { who, hours } => {
            let lifetime = TimeDelta::hours(hours);
            people::result(data.issuer()?.token(&who.user, SystemClock.now(), lifetime)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Page { who } => {
            let endpoints = running(&data)?;
            let token = data.issuer()?.token(&who.user, SystemClock.now(), PAGE_TOKEN_LIFETIME)?;
            people::result(Page::address(&endpoints.http, &token));
            Ok(ExitCode::SUCCESS)
        }
        Command::Link { who, tokens } => link(&data, &cli.system, &who.user, &tokens).await,
        Command::Login { who, api, token_file } => {
            let target = match (api, token_file) {
                (Some(url), Some(file)) => login::Target::Api { url, token_file: file },
                _ => login::Target::Here(who.user),
            };
            login::run(&data, &cli.system, &target).await
        }
        Command::Unlink { who, delete_data } => {
            people::result(client(&data, &who.user)?.unlink(delete_data).await?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Simulator(args) => simulator_alone(&args).await,
        Command::Openapi => {
            people::result(sync_http::openapi::json()?);
            Ok(ExitCode::SUCCESS)
        }
        Command::History { who, from, to, kind, fields, format } => {
            let path = history::path(kind, from, to, fields.as_deref());
            print_history(&client(&data, &who.user)?, &path, format).await
        }
        Command::Record { who, kind, from, to } => record(&data, &who.user, kind, from, to).await,
    }
}

async fn serve(data: &DataDir, args: &SystemArgs) -> Result<ExitCode> {
    let mut requests = StopRequests::listen()?;
    let system = System::start(data, args, latency(args, Duration::ZERO)).await?;
    people::result(format!("listening on {}", system.endpoints().http));
    say_where_the_page_is(&system, data, args)?;
    requests.next().await;
    requests.stop(system).await;
    Ok(ExitCode::SUCCESS)
}

/// Tells a person at a terminal the address that signs the demo user in. In a file or a pipe a token would outlive its
/// purpose, so there it is the bare address, and `garmin-sync page` says the rest.
///
/// # Errors
/// When no token can be made.
pub fn say_where_the_page_is(system: &System, data: &DataDir, args: &SystemArgs) -> Result<()> {
    let http = &system.endpoints().http;
    if !Page::new(&args.page).is_built() {
        people::note(format!(
            "the page is not built ({} has no index.html): npm ci && npm run build in web/",
            args.page.display()
        ));
    } else if people::somebody_reads() {
        let user = UserId::new(DEMO_USER)?;
        let token = data.issuer()?.token(&user, SystemClock.now(), PAGE_TOKEN_LIFETIME)?;
        people::result(format!("the page: {}", Page::address(http, &token)));
    } else {
        people::result(format!("the page: {http} (`garmin-sync page` prints the address that signs in)"));
    }
    Ok(())
}

async fn import(
    data: &DataDir,
    args: &SystemArgs,
    user: &UserId,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<ExitCode> {
    if from > to {
        bail!("--from is after --to");
    }
    if let Some(endpoints) = data.running()? {
        let client = Client::new(&endpoints.http, &data.issuer()?, user)?;
        return Ok(told(&start_and_follow(&client, from, to).await?));
    }
    let mut requests = StopRequests::listen()?;
    let system = System::start(data, args, latency(args, Duration::ZERO)).await?;
    let client = Client::new(&system.endpoints().http, &data.issuer()?, user)?;
    let ended = tokio::select! {
        ended = start_and_follow(&client, from, to) => ended,
        () = requests.next() => {
            people::note("Interrupted. What is imported stays; the next server on this directory goes on.");
            requests.stop(system).await;
            return Ok(ExitCode::FAILURE);
        }
    };
    requests.stop(system).await;
    Ok(told(&ended?))
}

/// Starts an import, or takes the one that stands in the way, and follows it.
///
/// # Errors
/// When the API refuses, in its words, or goes away.
pub async fn start_and_follow(client: &Client, from: NaiveDate, to: NaiveDate) -> Result<Ended> {
    let job = match client.start(from, to).await? {
        Started::New(job) => job,
        Started::Running(job) => {
            people::note("A sync is already running: following that one.");
            job
        }
    };
    progress::follow(client, &job).await
}

/// Says how a job ended, and what to do when it did not end well.
pub fn told(ended: &Ended) -> ExitCode {
    match ended {
        Ended::Completed(job) => {
            people::result(format!(
                "completed: {} to {}, {} chunks",
                job.start_date, job.end_date, job.chunks_total
            ));
            ExitCode::SUCCESS
        }
        Ended::Otherwise(job) => {
            people::result(otherwise(job));
            ExitCode::FAILURE
        }
    }
}

fn otherwise(job: &JobStatusAnswer) -> String {
    let JobStatusAnswer { id, status, chunks_completed, chunks_total, .. } = job;
    format!(
        "{}: {} ({chunks_completed} of {chunks_total} chunks, job {id})",
        status.name(),
        progress::describe(job),
    )
}

async fn control(data: &DataDir, what: &str, control: &Control) -> Result<ExitCode> {
    let client = client(data, &control.who.user)?;
    let job = match control.job {
        Some(job) => job.to_string(),
        None => client.status().await?.job.context("this user has no job")?.id,
    };
    people::result(client.control(what, &job).await?);
    Ok(ExitCode::SUCCESS)
}

async fn link(data: &DataDir, args: &SystemArgs, user: &UserId, tokens: &Path) -> Result<ExitCode> {
    let tokens =
        std::fs::read_to_string(tokens).with_context(|| format!("{} cannot be read", tokens.display()))?;
    let storage = Storage::open(data).await?;
    let garmin = Connection::new(args, storage.simulator.as_deref())?;
    let name = link::by_tokens(&storage.linker(data, &garmin)?, user, &tokens).await?;
    people::result(format!("{user} is linked to {name}"));
    Ok(ExitCode::SUCCESS)
}

async fn simulator_alone(args: &SimulatorArgs) -> Result<ExitCode> {
    let mut requests = StopRequests::listen()?;
    let simulator = simulator::start_alone(args).await?;
    people::result(format!("listening on {}", simulator.base_url()));
    requests.next().await;
    simulator.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

async fn record(
    data: &DataDir,
    user: &UserId,
    kind: Option<RecordKind>,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> Result<ExitCode> {
    let storage = Storage::open(data).await?;
    let kinds = kind.map_or(RecordKind::ALL.to_vec(), |kind| vec![kind]);
    for kind in kinds {
        for record in history::records(&storage.records, user, kind, from, to).await? {
            people::result(history::line(&record));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a history page by page, so that ten years need no more memory than one page.
async fn print_history(client: &Client, path: &str, format: HistoryFormat) -> Result<ExitCode> {
    match format {
        HistoryFormat::Json => {
            client
                .history(path, |rows| {
                    rows.iter().for_each(people::result);
                    Ok(())
                })
                .await?;
        }
        HistoryFormat::Csv => {
            let mut first = true;
            client
                .history_table(path, |page| {
                    // The row of names holds no line end, so it is the first line.
                    let rows = page.split_once("\r\n").map_or("", |(_, rows)| rows);
                    people::text(if first { page } else { rows });
                    first = false;
                    Ok(())
                })
                .await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the running server listens.
fn running(data: &DataDir) -> Result<Endpoints> {
    data.running()?.with_context(|| {
        format!("no server runs on {}: start one with `garmin-sync serve`", data.path().display())
    })
}

/// The running server's API.
fn client(data: &DataDir, user: &UserId) -> Result<Client> {
    let endpoints = running(data)?;
    Client::new(&endpoints.http, &data.issuer()?, user)
}

fn latency(args: &SystemArgs, default: Duration) -> Duration {
    args.garmin_latency_ms.map_or(default, Duration::from_millis)
}
