//! Logs: on standard error, quiet unless asked.

use tracing_subscriber::EnvFilter;

/// What is logged when nobody says anything else. To the embedded DynamoDB a failed condition is a warning; here it is a
/// way of life.
const DEFAULT: &str = "warn,dynoxide=error";

/// Starts logging for this process. `filter` beats `RUST_LOG`.
///
/// # Errors
/// When `filter` is none.
pub fn start(filter: Option<&str>, json: bool) -> Result<(), String> {
    let filter = match filter {
        Some(filter) => EnvFilter::try_new(filter).map_err(|error| error.to_string())?,
        None => EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT)),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(crate::people::somebody_watches());
    // A second subscriber is a test's: then the first one stays.
    drop(if json { subscriber.json().try_init() } else { subscriber.try_init() });
    Ok(())
}
