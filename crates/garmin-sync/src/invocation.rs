//! One call of a function, under the conditions that Lambda sets: a time after which it is ended wherever it stands, and
//! a panic that is the end of the call and of nothing else.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lambda_runtime::Context;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The function answered with an error.
    #[error("the function failed: {0}")]
    Error(lambda_http::Error),
    /// The function panicked.
    #[error("the function panicked")]
    Panicked,
    /// The function did not end in time and was ended.
    #[error("the function did not end within {} ms", .0.as_millis())]
    TimedOut(Duration),
}

/// Runs `call` on a task of its own and ends it after `limit`.
///
/// # Errors
/// [`Failure`], as Lambda would report it.
pub async fn run<T: Send + 'static>(
    limit: Duration,
    call: impl Future<Output = Result<T, lambda_http::Error>> + Send + 'static,
) -> Result<T, Failure> {
    // The limit sits inside the task: it holds even when nobody waits for the answer any more.
    match tokio::spawn(tokio::time::timeout(limit, call)).await {
        Ok(Ok(Ok(answer))) => Ok(answer),
        Ok(Ok(Err(error))) => Err(Failure::Error(error)),
        Ok(Err(_)) => Err(Failure::TimedOut(limit)),
        Err(_) => Err(Failure::Panicked),
    }
}

/// What Lambda tells a function about a call that begins at `now` and is ended after `limit`.
#[must_use]
pub fn context(function: &str, request_id: &str, now: DateTime<Utc>, limit: Duration) -> Context {
    let deadline = now + TimeDelta::from_std(limit).unwrap_or(TimeDelta::MAX);
    let mut context = Context::default();
    request_id.clone_into(&mut context.request_id);
    context.deadline = u64::try_from(deadline.timestamp_millis()).unwrap_or_default();
    context.invoked_function_arn = format!("arn:aws:lambda:us-east-1:000000000000:function:{function}");
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_ends_with_its_answer_its_error_its_panic_or_its_time() {
        let second = Duration::from_secs(1);
        assert!(matches!(run(second, async { Ok(1) }).await, Ok(1)));
        assert!(matches!(run::<()>(second, async { Err("no".into()) }).await, Err(Failure::Error(_))));
        assert!(matches!(run::<()>(second, async { panic!("on purpose") }).await, Err(Failure::Panicked)));
        let endless = run::<()>(Duration::from_millis(10), std::future::pending());
        assert!(matches!(endless.await, Err(Failure::TimedOut(_))));
    }
}
