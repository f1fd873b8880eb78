//! The functions themselves, called as Lambda calls them: events of API Gateway, of the queue and of the schedule go in,
//! and what comes out decides what happens next.

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use chrono::TimeDelta;
use lambda_http::lambda_runtime::{Context, LambdaEvent};
use lambda_http::{Body, RequestExt, Response};
use serde_json::{Value, json};
use sync_core::ports::Clock;
use sync_core::timing::NUDGE_GRACE_MAX;
use sync_core::use_cases::control::Controller;
use sync_core::use_cases::erase::Eraser;
use sync_core::use_cases::process_chunk::Worker;
use sync_core::use_cases::start::Starter;
use sync_core::use_cases::status::Reader;
use sync_core::use_cases::sweep::Sweeper;
use sync_core::{JobId, UserId};
use sync_http::Route;

use super::Ended;
use super::executor::Moment;
use super::ports::Ports;
use super::queue::MessageId;

/// What a browser sends.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) method: &'static str,
    /// Below `/integrations/garmin/sync/`, with its query.
    pub(super) path: &'static str,
    pub(super) query: &'static str,
    pub(super) body: Option<Value>,
    pub(super) idempotency_key: Option<String>,
}

impl Ask {
    pub(super) const fn get(path: &'static str, query: &'static str) -> Self {
        Self { method: "GET", path, query, body: None, idempotency_key: None }
    }

    pub(super) const fn post(path: &'static str, body: Value) -> Self {
        Self { method: "POST", path, query: "", body: Some(body), idempotency_key: None }
    }

    pub(super) fn control(path: &'static str, job: JobId) -> Self {
        Self::post(path, json!({ "jobId": job }))
    }

    /// The event of API Gateway, after its authorizer has found `user` in the token.
    fn event(&self, user: &UserId) -> Value {
        let path = format!("/integrations/garmin/sync/{}", self.path);
        let mut event = json!({
            "version": "2.0",
            "routeKey": format!("{} {path}", self.method),
            "rawPath": path,
            "rawQueryString": self.query,
            "headers": { "content-type": "application/json" },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "simulated",
                "authorizer": { "jwt": { "claims": { "sub": user }, "scopes": null } },
                "http": { "method": self.method, "path": path, "protocol": "HTTP/1.1" },
                "requestId": "simulated",
                "stage": "$default",
                "timeEpoch": 0,
            },
            "isBase64Encoded": false,
        });
        if let Some(key) = &self.idempotency_key {
            event["headers"]["idempotency-key"] = key.as_str().into();
        }
        if let Some(body) = &self.body {
            event["body"] = body.to_string().into();
        }
        event
    }
}

/// What a browser is told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) status: u16,
    /// Null when there is none.
    pub(super) body: Value,
}

impl Told {
    pub(super) const fn is_ok(&self) -> bool {
        self.status == 200
    }

    fn of(reply: &Response<Body>) -> Self {
        let body = match reply.body() {
            Body::Text(text) => serde_json::from_str(text).unwrap_or_default(),
            _ => Value::Null,
        };
        Self { status: reply.status().as_u16(), body }
    }
}

/// Sends a request to the function that has its route. Nothing when no function answered: that is a 500 of the gateway.
pub(super) async fn call(ports: &Ports, user: &UserId, ask: &Ask) -> Option<Told> {
    let request = lambda_http::request::from_str(&ask.event(user).to_string()).ok()?;
    let request = request.with_lambda_context(Context::default());
    let has = |routes: &[Route]| {
        let path = |route: &Route| route.1.strip_prefix("/integrations/garmin/sync/") == Some(ask.path);
        routes.iter().any(|route| route.0 == ask.method && path(route))
    };
    let (jobs, links, queue) = (ports.clone(), ports.clone(), ports.clone());
    let (clock, ids) = (ports.clone(), ports.clone());
    let reply = if has(create_job::ROUTES) {
        create_job::handle(&Starter { jobs, links, queue, clock, ids }, request).await
    } else if has(control_job::ROUTES) {
        control_job::handle(&Controller { jobs, links, queue, clock }, request).await
    } else {
        read_job::handle(&Reader { jobs }, request).await
    };
    reply.ok().as_ref().map(Told::of)
}

/// Delivers a message. It is acknowledged when the answer does not hand it back.
pub(super) async fn deliver(ports: Ports, id: MessageId, body: String, timeout: TimeDelta) -> Ended {
    let worker = Worker {
        jobs: ports.clone(),
        links: ports.clone(),
        queue: ports.clone(),
        vault: ports.clone(),
        garmin: ports.clone(),
        clock: ports.clone(),
        ids: ports.clone(),
    };
    let mut message = SqsMessage::default();
    message.message_id = Some(id.to_string());
    message.body = Some(body);
    let mut event = SqsEvent::default();
    event.records = vec![message];
    let context = until(ports.now() + timeout);
    match process_chunk::handle(&worker, &eraser(&ports), LambdaEvent::new(event, context)).await {
        Ok(answer) if answer.batch_item_failures.is_empty() => Ended::Acknowledged,
        Ok(answer) => {
            let mut world = ports.sim.world();
            let name = world.name_of(ports.task);
            world.tell(format_args!("{name} hands its message back"));
            let others =
                answer.batch_item_failures.iter().any(|failure| failure.item_identifier != id.to_string());
            if others {
                world.violate(format_args!("{name} hands back a message that it was not given"));
            }
            Ended::Over
        }
        Err(_) => Ended::Over,
    }
}

/// The schedule's event, or a local runtime's look ahead after a restart.
pub(super) async fn sweep(ports: Ports, timeout: TimeDelta) -> Ended {
    let sweeper =
        Sweeper { jobs: ports.clone(), links: ports.clone(), queue: ports.clone(), clock: ports.clone() };
    let looks_ahead = ports.sim.world().fails(|faults| faults.sweeper_ahead);
    let deadline = ports.now() + timeout;
    let due = if looks_ahead {
        let erasures = eraser(&ports).sweep(NUDGE_GRACE_MAX).await.unwrap_or_default().nudged;
        sweeper.sweep(NUDGE_GRACE_MAX, deadline).await.ok().map(|swept| swept.due + erasures)
    } else {
        let event = LambdaEvent::new(json!({}), until(deadline));
        sweep_jobs::handle(&sweeper, &eraser(&ports), event)
            .await
            .ok()
            .map(|swept| swept.due + swept.erasures)
    };
    ports.sim.world().report.looks += u64::from(due.unwrap_or_default());
    Ended::Over
}

fn eraser(ports: &Ports) -> Eraser<Ports, Ports, Ports> {
    Eraser { erasures: ports.clone(), queue: ports.clone(), clock: ports.clone() }
}

/// An invocation that is cut off at `deadline`.
fn until(deadline: Moment) -> Context {
    let mut context = Context::default();
    context.deadline = u64::try_from(deadline.timestamp_millis()).unwrap_or_default();
    context
}
