//! People: what they press, when, and what their browsers are told.

use sync_core::job::{Job, JobStatus};
use sync_core::link::Link;
use sync_core::ports::{Applied, ChunkQueue, Clock, JobStore, LinkStore, StoreError, TokenVault};
use sync_core::transition::{self, LockChange};
use sync_core::use_cases::control::{ControlError, Controller};
use sync_core::use_cases::start::{StartRequest, Starter};
use sync_core::use_cases::status::Reader;
use sync_core::{AccountKey, JobId, JobKey, UserId};

use super::ports::Ports;

/// What a person asks for.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    Historical(StartRequest, String, String),
    Incremental(StartRequest),
    Pause(JobId),
    Resume(JobId),
    Cancel(JobId),
    Unlink,
    Link(AccountKey),
    Status,
}

/// Asks for it, as a browser would: once.
pub(super) async fn press(ports: Ports, user: UserId, wish: Wish) {
    match wish {
        Wish::Historical(request, start, end) => {
            let answer = starter(&ports).historical(&request, Some(&start), Some(&end)).await;
            if let Ok(answer) = answer {
                ports.sim.world().check_answer(&user, request.idempotency_key.as_ref(), &answer);
            }
        }
        Wish::Incremental(request) => {
            if let Ok(answer) = starter(&ports).incremental(&request).await {
                ports.sim.world().check_answer(&user, request.idempotency_key.as_ref(), &answer);
            }
        }
        Wish::Pause(job) => tell(&ports, "pause", controller(&ports).pause(&user, job).await),
        Wish::Resume(job) => tell(&ports, "resume", controller(&ports).resume(&user, job).await),
        Wish::Cancel(job_id) => {
            let cancelled = controller(&ports).cancel(&user, job_id).await;
            if cancelled.is_ok() {
                let mut world = ports.sim.world();
                let status =
                    world.tables.jobs.get(&JobKey { user_id: user.clone(), job_id }).map(|job| job.status);
                if status != Some(JobStatus::Cancelled) {
                    world.violate(format_args!("{user} was told that a job is cancelled: it is {status:?}"));
                }
            }
            tell(&ports, "cancel", cancelled);
        }
        Wish::Unlink => drop(unlink(&ports, &user).await),
        Wish::Link(account) => drop(link(&ports, &user, account).await),
        Wish::Status => {
            let reader = Reader { jobs: ports.clone() };
            let _ = reader.status(&user).await;
            if let Ok(page) = reader.jobs(&user, 2, None).await {
                let foreign = page.items.iter().any(|job| job.key.user_id != user);
                if foreign {
                    ports.sim.world().violate(format_args!("17: {user} is shown somebody else's job"));
                }
            }
        }
    }
}

fn tell(ports: &Ports, what: &str, answer: Result<(), ControlError>) {
    let mut world = ports.sim.world();
    let name = world.name_of(ports.task);
    match answer {
        Ok(()) => world.tell(format_args!("{name}: {what} is answered")),
        Err(error) => world.tell(format_args!("{name}: {what} is refused: {error}")),
    }
}

fn starter(ports: &Ports) -> Starter<Ports, Ports, Ports, Ports, Ports> {
    Starter {
        jobs: ports.clone(),
        links: ports.clone(),
        queue: ports.clone(),
        clock: ports.clone(),
        ids: ports.clone(),
    }
}

fn controller(ports: &Ports) -> Controller<Ports, Ports, Ports, Ports> {
    Controller { jobs: ports.clone(), links: ports.clone(), queue: ports.clone(), clock: ports.clone() }
}

/// Unlinking as the protocol has it: one transaction that cancels the unfinished job and makes the link inactive.
async fn unlink(ports: &Ports, user: &UserId) -> Result<(), StoreError> {
    for _ in 0..3 {
        let Some(link) = LinkStore::link(ports, user).await? else { return Ok(()) };
        let job = unfinished_job(ports, &link).await?;
        let cancel = job.and_then(|job| transition::cancel(&job, ports.now()).ok());
        if ports.write(|world| world.unlink(ports.task, user, cancel.as_ref())).await? == Applied::Yes {
            break;
        }
    }
    Ok(())
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
    let _nothing_is_erased_here = ports.put_link(&link).await?;
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
        ports.nudge(&job.key, job.sync_type, chrono::TimeDelta::zero()).await?;
    }
    Ok(())
}
