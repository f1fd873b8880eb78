//! People: what they press, when, and what their browsers are told.

use serde_json::{Value, json};
use sync_core::job::{Job, JobStatus};
use sync_core::link::Link;
use sync_core::ports::{Applied, ChunkQueue, Clock, JobStore, LinkStore, PutLink, StoreError, TokenVault};
use sync_core::transition::{self, LockChange};
use sync_core::use_cases::start::StartRequest;
use sync_core::use_cases::unlink::Unlinker;
use sync_core::{AccountKey, JobId, JobKey, MetricType, UserId};

use super::functions::{self, Ask, Told};
use super::ports::Ports;

/// What a person asks for.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    Historical(StartRequest, String, String),
    Incremental(StartRequest),
    Pause(JobId),
    Resume(JobId),
    Cancel(JobId),
    /// With or without what was imported.
    Unlink {
        erases: bool,
    },
    Link(AccountKey),
    Status,
}

/// Asks for it, as a browser would: once.
pub(super) async fn press(ports: Ports, user: UserId, wish: Wish) {
    match wish {
        Wish::Historical(request, start, end) => {
            let mut ask = start_of("historical", &request);
            if let Some(body) = &mut ask.body {
                body["startDate"] = start.into();
                body["endDate"] = end.into();
            }
            start_a_sync(&ports, &user, &ask).await;
        }
        Wish::Incremental(request) => {
            start_a_sync(&ports, &user, &start_of("incremental", &request)).await;
        }
        Wish::Pause(job) => drop(told(&ports, &user, &Ask::control("pause", job)).await),
        Wish::Resume(job) => drop(told(&ports, &user, &Ask::control("resume", job)).await),
        Wish::Cancel(job_id) => {
            if told(&ports, &user, &Ask::control("cancel", job_id)).await.is_some() {
                let mut world = ports.sim.world();
                let status =
                    world.tables.jobs.get(&JobKey { user_id: user.clone(), job_id }).map(|job| job.status);
                if status != Some(JobStatus::Cancelled) {
                    world.violate(format_args!("{user} was told that a job is cancelled: it is {status:?}"));
                }
            }
        }
        Wish::Unlink { erases } => unlink(&ports, &user, erases).await,
        Wish::Link(account) => drop(link(&ports, &user, account).await),
        Wish::Status => {
            if let Some(status) = told(&ports, &user, &Ask::get("status", "")).await
                && !status["job"].is_null()
            {
                ports.sim.world().check_shown(&user, &status["job"]);
            }
            if let Some(page) = told(&ports, &user, &Ask::get("jobs", "limit=2")).await {
                let mut world = ports.sim.world();
                page["jobs"].as_array().into_iter().flatten().for_each(|job| world.check_shown(&user, job));
            }
        }
    }
}

async fn start_a_sync(ports: &Ports, user: &UserId, ask: &Ask) {
    if let Some(answer) = told(ports, user, ask).await {
        ports.sim.world().check_start_told(user, ask.idempotency_key.as_ref(), &answer);
    }
}

/// Asks, and has the answer checked. What a 200 says.
async fn told(ports: &Ports, user: &UserId, ask: &Ask) -> Option<Value> {
    let told = functions::call(ports, user, ask).await;
    ports.sim.world().check_told(ports.task, user, ask, told.as_ref());
    told.filter(Told::is_ok).map(|told| told.body)
}

fn start_of(path: &'static str, request: &StartRequest) -> Ask {
    let mut body = json!({});
    if !request.metric_types.is_all() {
        body["metricTypes"] = request.metric_types.iter().map(MetricType::name).collect();
    }
    if let Some(zone) = request.time_zone {
        body["timeZone"] = zone.name().into();
    }
    Ask { idempotency_key: request.idempotency_key.clone(), ..Ask::post(path, body) }
}

async fn unlink(ports: &Ports, user: &UserId, erases: bool) {
    let unlinker =
        Unlinker { jobs: ports.clone(), links: ports.clone(), sign_ins: ports.clone(), clock: ports.clone() };
    let outcome = unlinker.unlink(user, erases).await;
    let mut world = ports.sim.world();
    let name = world.name_of(ports.task);
    match outcome {
        Ok(()) => world.tell(format_args!("{name}: {user} is told that the link is gone")),
        Err(error) => world.tell(format_args!("{name}: {user} is not unlinked: {error}")),
    }
}

async fn unfinished_job(ports: &Ports, link: &Link) -> Result<Option<Job>, StoreError> {
    let Some(job_id) = link.active_job_id else { return Ok(None) };
    JobStore::job(ports, &JobKey { user_id: link.user_id.clone(), job_id }).await
}

/// Signing in and linking. A job that waited for it goes on; if this dies on the way, the sweeper finds out later.
async fn link(ports: &Ports, user: &UserId, account: AccountKey) -> Result<(), StoreError> {
    let old = LinkStore::link(ports, user).await?;
    let replaced = old.as_ref().filter(|old| old.account == account).map(|old| old.tokens.clone());
    let tokens = ports.sim.world().sign_in(&account, replaced.as_ref());
    let Ok(sealed) = ports.seal(user, &tokens).await else { return Ok(()) };
    let now = ports.now();
    let zone = ports.sim.world().garmin.zone;
    let link = Link {
        user_id: user.clone(),
        account,
        display_name: user.to_string(),
        time_zone: zone,
        tokens: sealed,
        tokens_version: 0,
        token_expires_at: tokens.expires_at,
        is_active: true,
        reauth_required: false,
        last_successful_sync_date: None,
        active_job_id: None,
        linked_at: now,
        updated_at: now,
    };
    if ports.put_link(&link, old.map(|old| old.tokens_version)).await? != PutLink::Stored {
        return Ok(());
    }
    let Some(link) = LinkStore::link(ports, user).await? else { return Ok(()) };
    let Some(job) = unfinished_job(ports, &link).await? else { return Ok(()) };
    if job.account != link.account {
        return Ok(());
    }
    if job.pause_reason == Some(sync_core::PauseReason::ReauthRequired)
        && let Ok(wake) = transition::wake(&job, ports.now())
        && wake.lock == LockChange::Keep
        && ports.apply(&wake, &[]).await? == Applied::Yes
    {
        ports.nudge(&wake.after, chrono::TimeDelta::zero()).await?;
    }
    Ok(())
}
