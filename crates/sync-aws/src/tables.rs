//! What the tables are called.

/// The names of the tables: those of `migrations/`, with an optional prefix so that several systems share an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableNames {
    /// Jobs, remembered answers to idempotency keys, and unfinished erasures.
    pub jobs: String,
    /// Links, with each user's lock.
    pub links: String,
    /// Garmin accounts: their sentinels and their waits.
    pub accounts: String,
    /// What was imported.
    pub records: String,
    /// Sign-ins that wait for their code.
    pub sign_ins: String,
}

impl TableNames {
    /// The names with `prefix` before each; an empty prefix gives the plain names.
    #[must_use]
    pub fn with_prefix(prefix: &str) -> Self {
        Self {
            jobs: format!("{prefix}garmin_sync_jobs"),
            links: format!("{prefix}external_data_providers"),
            accounts: format!("{prefix}garmin_accounts"),
            records: format!("{prefix}health_records"),
            sign_ins: format!("{prefix}garmin_sign_ins"),
        }
    }
}

impl Default for TableNames {
    fn default() -> Self {
        Self::with_prefix("")
    }
}
