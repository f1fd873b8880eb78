//! Garmin's front door, which opens and stays shut as a test says.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use sync_core::sign_in::{Credentials, GarminSignIn, Owner, PendingSignIn, SignIn, SignInError};
use sync_core::{AccountKey, Tokens};

/// The code that opens the door.
pub(crate) const CODE: &str = "424242";

type Refusal = fn() -> SignInError;

/// Lets anybody in: at once, or after the [`CODE`].
#[derive(Clone, Default)]
pub(crate) struct Door(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    wants_code: bool,
    refuses: Option<Refusal>,
    account: Option<AccountKey>,
    knocks: u32,
    meanwhile: Option<Box<dyn FnOnce() + Send>>,
}

impl Door {
    pub(crate) fn wants_code(&self) {
        self.0.lock().unwrap().wants_code = true;
    }

    pub(crate) fn refuses(&self, refusal: Refusal) {
        self.0.lock().unwrap().refuses = Some(refusal);
    }

    /// Whose account everybody turns out to have.
    pub(crate) fn leads_to(&self, account: AccountKey) {
        self.0.lock().unwrap().account = Some(account);
    }

    /// What happens while somebody waits for the next answer.
    pub(crate) fn meanwhile(&self, happens: impl FnOnce() + Send + 'static) {
        self.0.lock().unwrap().meanwhile = Some(Box::new(happens));
    }

    fn wait(&self) {
        let meanwhile = self.0.lock().unwrap().meanwhile.take();
        if let Some(happens) = meanwhile {
            happens();
        }
    }

    pub(crate) fn knocks(&self) -> u32 {
        self.0.lock().unwrap().knocks
    }

    fn knock(&self) -> Result<bool, SignInError> {
        self.wait();
        let mut state = self.0.lock().unwrap();
        state.knocks += 1;
        match state.refuses {
            Some(refusal) => Err(refusal()),
            None => Ok(state.wants_code),
        }
    }
}

fn tokens() -> Tokens {
    sync_testkit::build::tokens("door-access-token", "door-refresh-token")
}

impl GarminSignIn for Door {
    async fn sign_in(&self, _: &Credentials, _: DateTime<Utc>) -> Result<SignIn, SignInError> {
        let wants_code = self.knock()?;
        let pending = || PendingSignIn(SecretString::from("door-session"));
        Ok(if wants_code { SignIn::NeedsCode(pending()) } else { SignIn::Done(tokens()) })
    }

    async fn verify_code(
        &self,
        pending: &PendingSignIn,
        code: &SecretString,
        _: DateTime<Utc>,
    ) -> Result<Tokens, SignInError> {
        self.knock()?;
        assert_eq!(pending.0.expose_secret(), "door-session");
        if code.expose_secret() == CODE { Ok(tokens()) } else { Err(SignInError::WrongCode) }
    }

    async fn owner(&self, _: &Tokens, deadline: DateTime<Utc>) -> Result<Owner, SignInError> {
        assert!(deadline > DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(1));
        self.wait();
        let account = self.0.lock().unwrap().account.clone();
        Ok(Owner {
            account: account.unwrap_or_else(|| sync_testkit::build::account("demo")),
            display_name: "door-runs".to_owned(),
            time_zone: Some(chrono_tz::Europe::Berlin),
        })
    }
}
