//! What the environment says. Terraform sets these; each function gets the ones that it needs.

use chrono::TimeDelta;

use crate::queue::QueueUrls;
use crate::tables::TableNames;

/// Before the name of each table; optional.
const TABLE_PREFIX: &str = "TABLE_PREFIX";
/// The URL of the queue of incremental syncs.
const INCREMENTAL_QUEUE_URL: &str = "INCREMENTAL_QUEUE_URL";
/// The URL of the queue of historical syncs.
const HISTORICAL_QUEUE_URL: &str = "HISTORICAL_QUEUE_URL";
/// The KMS key that seals tokens.
const TOKENS_KEY_ID: &str = "TOKENS_KEY_ID";
/// Days after which a finished job is deleted; optional, without it jobs stay.
const JOB_RETENTION_DAYS: &str = "JOB_RETENTION_DAYS";

/// Why the environment does not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A variable that this function needs is not set, or empty.
    #[error("environment variable {0} is not set")]
    Missing(&'static str),
    /// A variable holds something else than it should.
    #[error("environment variable {name} is not {expected}")]
    Invalid {
        /// Which.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

/// The part of the environment that concerns AWS. What one function needs and another must not have is asked for by
/// method, so that each names what it misses and none misses what it does not use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Before the name of each table; empty by default.
    pub table_prefix: String,
    /// How long finished jobs are kept; without one, for good.
    pub job_retention: Option<TimeDelta>,
    incremental_queue_url: Option<String>,
    historical_queue_url: Option<String>,
    tokens_key_id: Option<String>,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`].
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// Reads variables by name.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`].
    pub fn from_variables(variable: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let job_retention = variable(JOB_RETENTION_DAYS)
            .map(|days| {
                let days = days.parse::<u32>().ok().filter(|days| (1..=36_500).contains(days));
                days.map(|days| TimeDelta::days(i64::from(days))).ok_or(ConfigError::Invalid {
                    name: JOB_RETENTION_DAYS,
                    expected: "a number of days from 1 to 36500",
                })
            })
            .transpose()?;
        Ok(Self {
            table_prefix: variable(TABLE_PREFIX).unwrap_or_default(),
            job_retention,
            incremental_queue_url: variable(INCREMENTAL_QUEUE_URL),
            historical_queue_url: variable(HISTORICAL_QUEUE_URL),
            tokens_key_id: variable(TOKENS_KEY_ID),
        })
    }

    /// The names of the tables.
    #[must_use]
    pub fn tables(&self) -> TableNames {
        TableNames::with_prefix(&self.table_prefix)
    }

    /// The two queues.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] names `INCREMENTAL_QUEUE_URL` or `HISTORICAL_QUEUE_URL`.
    pub fn queues(&self) -> Result<QueueUrls, ConfigError> {
        let set = |url: &Option<String>, name| url.clone().ok_or(ConfigError::Missing(name));
        Ok(QueueUrls {
            incremental: set(&self.incremental_queue_url, INCREMENTAL_QUEUE_URL)?,
            historical: set(&self.historical_queue_url, HISTORICAL_QUEUE_URL)?,
        })
    }

    /// The key that seals tokens.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] names `TOKENS_KEY_ID`.
    pub fn tokens_key_id(&self) -> Result<&str, ConfigError> {
        self.tokens_key_id.as_deref().ok_or(ConfigError::Missing(TOKENS_KEY_ID))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        let config = Config::from_variables(|name| {
            (name == INCREMENTAL_QUEUE_URL).then(|| "http://127.0.0.1/q".to_owned())
        })
        .unwrap();
        assert_eq!(config.queues(), Err(ConfigError::Missing("HISTORICAL_QUEUE_URL")));
        assert_eq!(config.tokens_key_id(), Err(ConfigError::Missing("TOKENS_KEY_ID")));
        assert_eq!(config.tables(), TableNames::default());
        assert_eq!(config.job_retention, None);
    }

    #[test]
    fn a_retention_that_is_no_number_of_days_is_refused() {
        for days in ["0", "-1", "a week", "99999999"] {
            let config = Config::from_variables(|name| (name == JOB_RETENTION_DAYS).then(|| days.to_owned()));
            assert!(matches!(config, Err(ConfigError::Invalid { .. })), "{days}");
        }
    }
}
