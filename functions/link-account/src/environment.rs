//! What the environment says about Garmin and about the key of the tokens; the rest is [`sync_aws::Config`]'s.

use std::path::PathBuf;

use sync_garmin::GarminConfig;
use url::Url;

/// A file that holds the key of the tokens, on one machine; optional, without it KMS has the key.
const TOKENS_KEY_FILE: &str = "TOKENS_KEY_FILE";
/// Where a simulator stands for all of Garmin's hosts; optional, without it the real Garmin is asked.
const GARMIN_URL: &str = "GARMIN_URL";

/// `GARMIN_URL` is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("environment variable {GARMIN_URL} is not an http(s) URL")]
pub(crate) struct NotAnAddress;

/// The settings of this function alone.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    /// The file with the key of the tokens, if it is not KMS that has it.
    pub(crate) tokens_key_file: Option<PathBuf>,
    /// Where Garmin is.
    pub(crate) garmin: GarminConfig,
}

impl Environment {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// [`NotAnAddress`].
    pub(crate) fn read() -> Result<Self, NotAnAddress> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&'static str) -> Option<String>) -> Result<Self, NotAnAddress> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let garmin = match variable(GARMIN_URL) {
            None => GarminConfig::connect().map_err(|_| NotAnAddress)?,
            Some(url) => {
                let url = Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
                let url = url.ok_or(NotAnAddress)?;
                GarminConfig::simulator(url.clone(), url)
            }
        };
        Ok(Self { tokens_key_file: variable(TOKENS_KEY_FILE).map(PathBuf::from), garmin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<Environment, NotAnAddress> {
        Environment::from_variables(|name| (name == GARMIN_URL).then(|| url.to_owned()))
    }

    #[test]
    fn without_an_address_people_sign_in_at_the_real_garmin() {
        let environment = read("").unwrap();
        assert_eq!(environment.garmin.sso_url.host_str(), Some("sso.garmin.com"));
        assert_eq!(environment.tokens_key_file, None);
    }

    #[test]
    fn a_simulator_stands_for_all_hosts_and_what_is_no_address_is_refused() {
        let garmin = read("http://127.0.0.1:9000").unwrap().garmin;
        assert_eq!(garmin.sso_url, garmin.data_url);
        for wrong in ["connect", "ftp://garmin"] {
            assert_eq!(read(wrong).unwrap_err(), NotAnAddress, "{wrong}");
        }
    }
}
