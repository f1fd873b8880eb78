//! The control surface for other processes, under `/__simulator`. Its calls are not logged and never go wrong.
//!
//! | Method | Path | |
//! |---|---|---|
//! | GET | `/__simulator/calls` | `{calls: […], accounts: {name: {max_in_flight, too_early, calls}}}` |
//! | DELETE | `/__simulator/calls` | forget them |
//! | GET, PUT | `/__simulator/faults` | the plan: `{rules: [{matcher, fault, times}]}` |
//! | POST | `/__simulator/faults` | one more rule |
//! | GET | `/__simulator/tokens/{account}` | a new link |
//! | POST | `/__simulator/revoke/{account}` | refuse its tokens until a new login |
//! | GET | `/__simulator/truth/{account}/{day}` | the day as it is, `null` without data |

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::NaiveDate;
use serde_json::json;

use crate::config::CLIENT_IDS;
use crate::endpoints::Reply;
use crate::faults::{FaultPlan, FaultRule};
use crate::server::World;

pub(crate) fn routes() -> Router<World> {
    Router::new()
        .route("/__simulator/calls", get(calls).delete(clear_calls))
        .route("/__simulator/faults", get(faults).put(set_faults).post(add_fault))
        .route("/__simulator/tokens/{account}", get(tokens))
        .route("/__simulator/revoke/{account}", post(revoke))
        .route("/__simulator/truth/{account}/{day}", get(truth))
}

async fn calls(State(world): State<World>) -> Response {
    Json(json!({"calls": world.calls.all(), "accounts": world.calls.manners()})).into_response()
}

async fn clear_calls(State(world): State<World>) -> StatusCode {
    world.calls.clear();
    StatusCode::NO_CONTENT
}

async fn faults(State(world): State<World>) -> Json<FaultPlan> {
    Json(world.faults.plan())
}

async fn set_faults(State(world): State<World>, Json(plan): Json<FaultPlan>) -> StatusCode {
    world.faults.set(plan);
    StatusCode::NO_CONTENT
}

async fn add_fault(State(world): State<World>, Json(rule): Json<FaultRule>) -> StatusCode {
    world.faults.add(rule);
    StatusCode::NO_CONTENT
}

async fn tokens(State(world): State<World>, Path(account): Path<String>) -> Response {
    match world.tokens.mint(&account, CLIENT_IDS[0], world.clock.now()) {
        Some(granted) => Json(granted.tokens).into_response(),
        None => Reply::Refused(StatusCode::NOT_FOUND).into_response(),
    }
}

async fn revoke(State(world): State<World>, Path(account): Path<String>) -> StatusCode {
    world.tokens.revoke(&account);
    StatusCode::NO_CONTENT
}

async fn truth(State(world): State<World>, Path((account, day)): Path<(String, NaiveDate)>) -> Response {
    Json(world.truth().day(&account, day)).into_response()
}
