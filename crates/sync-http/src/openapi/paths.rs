//! The routes. Each function stands for one; what it is annotated with is all of it.
#![expect(dead_code, reason = "nobody calls a description")]

use super::history::{ActivityList, Coverage, DayList, Fields, HistoryParameters, NightList};
use super::refusals::{Any, ApiErrorBody, WithBody};
use super::requests::{
    EstimateParameters, HistoricalRequest, Idempotency, IncrementalRequest, JobRequest, Known, LinkRequest,
    LoginRequest, PageParameters, ResumeLoginRequest, UnlinkRequest,
};
use crate::view::{
    ControlView, EstimateView, JobListView, LinkStatusView, LinkedView, LoginView, StartView, StatusView,
    UnlinkView,
};

/// Imports the last days, up to today.
#[utoipa::path(
    post, path = "/integrations/garmin/sync/incremental", operation_id = "startIncremental", tag = "sync",
    params(Idempotency), request_body = inline(Option<IncrementalRequest>),
    responses(
        (status = 200, body = StartView, description = "A job was made, or none was needed."),
        (status = 409, body = ApiErrorBody, description = "Garmin is not linked, another user syncs this Garmin account, or the idempotency key was used for another request."),
        WithBody, Any,
    ),
)]
pub(super) fn start_incremental() {}

/// Imports a range of days.
#[utoipa::path(
    post, path = "/integrations/garmin/sync/historical", operation_id = "startHistorical", tag = "sync",
    params(Idempotency), request_body = HistoricalRequest,
    responses(
        (status = 200, body = StartView, description = "A job was made, or one was under way."),
        (status = 409, body = ApiErrorBody, description = "Garmin is not linked, another user syncs this Garmin account, or the idempotency key was used for another request."),
        WithBody, Any,
    ),
)]
pub(super) fn start_historical() {}

/// What importing a range would amount to.
#[utoipa::path(
    get, path = "/integrations/garmin/sync/estimate", operation_id = "estimate", tag = "sync",
    params(EstimateParameters),
    responses(
        (status = 200, body = EstimateView, description = "An estimate."),
        (status = 400, body = ApiErrorBody, description = "Something about the range is wrong."),
        Any,
    ),
)]
pub(super) fn estimate() {}

/// Where the user's sync stands: the latest job, finished or not.
#[utoipa::path(
    get, path = "/integrations/garmin/sync/status", operation_id = "syncStatus", tag = "sync",
    params(Known),
    responses(
        (status = 200, body = StatusView, description = "Where it stands.", headers(("ETag" = String, description = "Names this answer."))),
        (status = 304, description = "As the caller has it.", headers(("ETag" = String, description = "Names that answer."))),
        Any,
    ),
)]
pub(super) fn status() {}

/// The user's jobs, newest first.
#[utoipa::path(
    get, path = "/integrations/garmin/sync/jobs", operation_id = "syncJobs", tag = "sync",
    params(PageParameters),
    responses(
        (status = 200, body = JobListView, description = "A page of them."),
        (status = 400, body = ApiErrorBody, description = "The limit or the cursor is wrong."),
        Any,
    ),
)]
pub(super) fn jobs() {}

/// Lets a job rest until it is resumed.
#[utoipa::path(
    post, path = "/integrations/garmin/sync/pause", operation_id = "pauseSync", tag = "sync",
    request_body = JobRequest,
    responses(
        (status = 200, body = ControlView, description = "Paused."),
        (status = 404, body = ApiErrorBody, description = "The user has no such job."),
        (status = 409, body = ApiErrorBody, description = "The job does not stand so that it could be paused."),
        WithBody, Any,
    ),
)]
pub(super) fn pause() {}

/// Lets a paused or failed job go on with what is not done.
#[utoipa::path(
    post, path = "/integrations/garmin/sync/resume", operation_id = "resumeSync", tag = "sync",
    request_body = JobRequest,
    responses(
        (status = 200, body = ControlView, description = "Resumed."),
        (status = 404, body = ApiErrorBody, description = "The user has no such job."),
        (status = 409, body = ApiErrorBody, description = "The job does not stand so that it could be resumed, another one is under way, or Garmin is not linked."),
        WithBody, Any,
    ),
)]
pub(super) fn resume() {}

/// Ends a job. What it imported stays.
#[utoipa::path(
    post, path = "/integrations/garmin/sync/cancel", operation_id = "cancelSync", tag = "sync",
    request_body = JobRequest,
    responses(
        (status = 200, body = ControlView, description = "Cancelled: nothing more of it is written."),
        (status = 404, body = ApiErrorBody, description = "The user has no such job."),
        (status = 409, body = ApiErrorBody, description = "The job is finished."),
        WithBody, Any,
    ),
)]
pub(super) fn cancel() {}

/// Whether Garmin is linked.
#[utoipa::path(
    get, path = "/integrations/garmin/status", operation_id = "linkStatus", tag = "link",
    responses((status = 200, body = LinkStatusView, description = "How the link stands."), Any),
)]
pub(super) fn link_status() {}

/// Signs in at Garmin and links the account.
#[utoipa::path(
    post, path = "/integrations/garmin/login", operation_id = "login", tag = "link",
    request_body = LoginRequest,
    responses(
        (status = 200, body = LoginView, description = "Linked, or waiting for a code."),
        (status = 409, body = ApiErrorBody, description = "What was imported before is still being erased."),
        (status = 502, body = ApiErrorBody, description = "Garmin refuses this network or wants a captcha; `garmin-sync login` on one's own computer is the way."),
        WithBody, Any,
    ),
)]
pub(super) fn login() {}

/// Ends a sign-in that waited for a code.
#[utoipa::path(
    post, path = "/integrations/garmin/resume_login", operation_id = "resumeLogin", tag = "link",
    request_body = ResumeLoginRequest,
    responses(
        (status = 200, body = LinkedView, description = "Linked."),
        (status = 409, body = ApiErrorBody, description = "What was imported before is still being erased."),
        (status = 502, body = ApiErrorBody, description = "Garmin refuses this network; `garmin-sync login` on one's own computer is the way."),
        WithBody, Any,
    ),
)]
pub(super) fn resume_login() {}

/// Links an account by tokens that were obtained elsewhere.
#[utoipa::path(
    post, path = "/integrations/garmin/link", operation_id = "link", tag = "link",
    request_body = LinkRequest,
    responses(
        (status = 200, body = LinkedView, description = "Linked, after asking Garmin whose tokens they are."),
        (status = 409, body = ApiErrorBody, description = "What was imported before is still being erased."),
        (status = 502, body = ApiErrorBody, description = "Garmin does not answer."),
        WithBody, Any,
    ),
)]
pub(super) fn link() {}

/// Ends the link: cancels an active job, deletes the tokens, and erases what was imported if asked to.
#[utoipa::path(
    post, path = "/integrations/garmin/unlink", operation_id = "unlink", tag = "link",
    request_body = inline(Option<UnlinkRequest>),
    responses((status = 200, body = UnlinkView, description = "Not linked any more."), WithBody, Any),
)]
pub(super) fn unlink() {}

/// The days that were imported, with their values.
#[utoipa::path(
    get, path = "/integrations/garmin/history/daily", operation_id = "historyDaily", tag = "history",
    params(HistoryParameters, Fields, Known),
    responses(
        (status = 200, description = "Days, as an object or as a table.", content((DayList = "application/json"), (String = "text/csv")), headers(("ETag" = String, description = "Names this answer."), ("Link" = String, description = "Of a table: where the next page is, as `rel=next`."))),
        (status = 304, description = "As the caller has it.", headers(("ETag" = String, description = "Names that answer."))),
        (status = 400, body = ApiErrorBody, description = "Something about the days, the fields or the page is wrong."),
        Any,
    ),
)]
pub(super) fn history_daily() {}

/// The nights that were imported, each under the date of its morning.
#[utoipa::path(
    get, path = "/integrations/garmin/history/sleep", operation_id = "historySleep", tag = "history",
    params(HistoryParameters, Fields, Known),
    responses(
        (status = 200, description = "Nights, as an object or as a table.", content((NightList = "application/json"), (String = "text/csv")), headers(("ETag" = String, description = "Names this answer."), ("Link" = String, description = "Of a table: where the next page is, as `rel=next`."))),
        (status = 304, description = "As the caller has it.", headers(("ETag" = String, description = "Names that answer."))),
        (status = 400, body = ApiErrorBody, description = "Something about the days, the fields or the page is wrong."),
        Any,
    ),
)]
pub(super) fn history_sleep() {}

/// The activities that were imported, in the order in which they began.
#[utoipa::path(
    get, path = "/integrations/garmin/history/activities", operation_id = "historyActivities", tag = "history",
    params(HistoryParameters, Fields, Known),
    responses(
        (status = 200, description = "Activities, as an object or as a table.", content((ActivityList = "application/json"), (String = "text/csv")), headers(("ETag" = String, description = "Names this answer."), ("Link" = String, description = "Of a table: where the next page is, as `rel=next`."))),
        (status = 304, description = "As the caller has it.", headers(("ETag" = String, description = "Names that answer."))),
        (status = 400, body = ApiErrorBody, description = "Something about the days, the fields or the page is wrong."),
        Any,
    ),
)]
pub(super) fn history_activities() {}

/// Which days were imported, and which not and why.
#[utoipa::path(
    get, path = "/integrations/garmin/history/coverage", operation_id = "historyCoverage", tag = "history",
    params(HistoryParameters, Known),
    responses(
        (status = 200, description = "Ranges of days, as an object or as a table.", content((Coverage = "application/json"), (String = "text/csv")), headers(("ETag" = String, description = "Names this answer."), ("Link" = String, description = "Of a table: where the next page is, as `rel=next`."))),
        (status = 304, description = "As the caller has it.", headers(("ETag" = String, description = "Names that answer."))),
        (status = 400, body = ApiErrorBody, description = "Something about the days, the fields or the page is wrong."),
        Any,
    ),
)]
pub(super) fn history_coverage() {}
