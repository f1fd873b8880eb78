//! What the environment says about Garmin and about the key of the tokens; the rest is [`sync_aws::Config`]'s.

use std::path::PathBuf;
use std::time::Duration;

use sync_garmin::GarminConfig;
use url::Url;

/// A file that holds the key of the tokens, on one machine; optional, without it KMS has the key.
const TOKENS_KEY_FILE: &str = "TOKENS_KEY_FILE";
/// Where a simulator stands for all of Garmin's hosts; optional, without it the real Garmin is asked.
const GARMIN_URL: &str = "GARMIN_URL";
/// Milliseconds from the start of one call for an account to the start of the next; optional.
const GARMIN_GAP_MS: &str = "GARMIN_GAP_MS";
/// Whether series within the day are imported, for days young enough to have them; optional, without it they are not.
const GARMIN_INTRADAY: &str = "GARMIN_INTRADAY";
/// Whether nights are imported with their timeline, as far as they are young enough; optional, without it they are not.
const GARMIN_SLEEP_TIMELINE: &str = "GARMIN_SLEEP_TIMELINE";

/// The longest gap that makes sense: with a longer one an invocation would end before its chunk has begun.
const MAX_GAP_MS: u64 = 60_000;

/// A variable that holds something else than it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("environment variable {name} is not {expected}")]
pub(crate) struct InvalidVariable {
    name: &'static str,
    expected: &'static str,
}

/// The settings of this function alone.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    /// The file with the key of the tokens, if it is not KMS that has it.
    pub(crate) tokens_key_file: Option<PathBuf>,
    /// Where Garmin is and how gently it is asked.
    pub(crate) garmin: GarminConfig,
}

impl Environment {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// [`InvalidVariable`].
    pub(crate) fn read() -> Result<Self, InvalidVariable> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&'static str) -> Option<String>) -> Result<Self, InvalidVariable> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let not_a_url = InvalidVariable { name: GARMIN_URL, expected: "an http(s) URL" };
        let mut garmin = match variable(GARMIN_URL) {
            None => GarminConfig::connect().map_err(|_| not_a_url)?,
            Some(url) => {
                let url = Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
                let url = url.ok_or(not_a_url)?;
                GarminConfig::simulator(url.clone(), url)
            }
        };
        if let Some(gap) = variable(GARMIN_GAP_MS) {
            let gap = gap.parse().ok().filter(|gap| *gap <= MAX_GAP_MS);
            let expected = "a number of milliseconds from 0 to 60000";
            garmin.gap = Duration::from_millis(gap.ok_or(InvalidVariable { name: GARMIN_GAP_MS, expected })?);
        }
        let switch = |name, otherwise| match variable(name).as_deref() {
            None => Ok(otherwise),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(InvalidVariable { name, expected: "true or false" }),
        };
        garmin.intraday = switch(GARMIN_INTRADAY, garmin.intraday)?;
        garmin.sleep_timeline = switch(GARMIN_SLEEP_TIMELINE, garmin.sleep_timeline)?;
        Ok(Self { tokens_key_file: variable(TOKENS_KEY_FILE).map(PathBuf::from), garmin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, InvalidVariable> {
        Environment::from_variables(|name| {
            variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn without_anything_said_the_real_garmin_is_asked_at_a_safe_pace() {
        let environment = read(&[(GARMIN_URL, ""), (GARMIN_GAP_MS, "")]).unwrap();
        assert_eq!(environment.garmin.data_url.host_str(), Some("connectapi.garmin.com"));
        assert!(environment.garmin.gap >= Duration::from_millis(500));
        assert_eq!(environment.tokens_key_file, None);
    }

    #[test]
    fn a_simulator_stands_for_all_hosts_at_the_pace_that_is_said() {
        let environment = read(&[(GARMIN_URL, "http://127.0.0.1:9000"), (GARMIN_GAP_MS, "20")]).unwrap();
        assert_eq!(environment.garmin.data_url, environment.garmin.auth_url);
        assert_eq!(environment.garmin.gap, Duration::from_millis(20));
    }

    #[test]
    fn what_costs_calls_for_every_day_is_asked_only_when_that_is_said() {
        let asked = |variables| {
            let garmin = read(variables).unwrap().garmin;
            (garmin.intraday, garmin.sleep_timeline)
        };
        assert_eq!(asked(&[]), (false, false));
        assert_eq!(asked(&[(GARMIN_INTRADAY, "true")]), (true, false));
        assert_eq!(asked(&[(GARMIN_INTRADAY, "false"), (GARMIN_SLEEP_TIMELINE, "true")]), (false, true));
    }

    #[test]
    fn what_is_no_address_no_pace_and_no_switch_is_refused_by_name() {
        for (name, value) in [
            (GARMIN_URL, "connect"),
            (GARMIN_URL, "ftp://garmin"),
            (GARMIN_GAP_MS, "-1"),
            (GARMIN_GAP_MS, "1 s"),
            (GARMIN_GAP_MS, "60001"),
            (GARMIN_INTRADAY, "yes"),
            (GARMIN_SLEEP_TIMELINE, "1"),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err().name, name, "{value}");
        }
    }
}
