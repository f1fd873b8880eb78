//! Signing in at Garmin from this computer: Garmin refuses the networks of clouds, and not those of homes.
//!
//! E-mail, password and code are asked for and never arguments, which other users of the machine could read; only the
//! tokens they lead to are handed on.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use chrono::TimeDelta;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sync_core::link::Tokens;
use sync_core::ports::SystemClock;
use sync_core::sign_in::{Credentials, GarminSignIn as _, SignIn, SignInError};
use sync_core::timing::SIGN_IN_CODES;
use sync_core::{Clock as _, UserId};
use sync_garmin::SignInClient;

use crate::cli::SystemArgs;
use crate::client::Client;
use crate::data_dir::DataDir;
use crate::garmin::Connection;
use crate::storage::Storage;
use crate::{link, people};

/// How long Garmin may take for one step.
const STEP: TimeDelta = TimeDelta::seconds(60);

/// Where the tokens go.
#[derive(Clone, Debug)]
pub enum Target {
    /// To the data directory of this machine.
    Here(UserId),
    /// To another system's API.
    Api {
        /// Its address.
        url: String,
        /// A file with one's access token for it.
        token_file: PathBuf,
    },
}

/// Asks, signs in, and hands the tokens on.
///
/// # Errors
/// When Garmin says no, in words for people, or the tokens cannot be handed on.
pub async fn run(data: &DataDir, args: &SystemArgs, target: &Target) -> Result<ExitCode> {
    match target {
        Target::Here(user) => {
            let storage = Storage::open(data).await?;
            let garmin = Connection::new(args, storage.simulator.as_deref())?;
            let tokens = written(&sign_in(&garmin.door()?).await?);
            let text = Zeroizing::new(tokens.to_string());
            let name = link::by_tokens(&storage.linker(data, &garmin)?, user, &text).await?;
            people::result(format!("{user} is linked to {name}"));
        }
        Target::Api { url, token_file } => {
            let token = std::fs::read_to_string(token_file)
                .map(Zeroizing::new)
                .with_context(|| format!("{} cannot be read", token_file.display()))?;
            // Before anybody is asked for a password: the address may be refused.
            let client = Client::with_token(url, token.trim().into())?;
            let garmin = Connection::new(args, None)?;
            let tokens = written(&sign_in(&garmin.door()?).await?);
            client.link(&tokens).await?;
            people::result("linked");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The form that Garmin clients write.
fn written(tokens: &Tokens) -> Value {
    json!({
        "di_token": tokens.access.expose_secret(),
        "di_refresh_token": tokens.refresh.expose_secret(),
        "di_client_id": tokens.client_id,
    })
}

async fn sign_in(door: &SignInClient) -> Result<Tokens> {
    let credentials =
        Credentials { email: SecretString::from(visible("E-mail: ")?), password: hidden("Password: ")? };
    let deadline = || SystemClock.now() + STEP;
    let pending = match door.sign_in(&credentials, deadline()).await.map_err(in_words)? {
        SignIn::Done(tokens) => return Ok(tokens),
        SignIn::NeedsCode(pending) => pending,
    };
    people::note("Garmin has sent you a code.");
    for _ in 0..SIGN_IN_CODES {
        let code = SecretString::from(visible("Code: ")?);
        match door.verify_code(&pending, &code, deadline()).await {
            Err(SignInError::WrongCode) => people::note("Garmin does not accept this code."),
            Err(error) => return Err(in_words(error)),
            Ok(tokens) => return Ok(tokens),
        }
    }
    bail!("too many wrong codes; begin anew");
}

fn in_words(error: SignInError) -> anyhow::Error {
    let advice = match &error {
        SignInError::CaptchaRequired | SignInError::AccountLocked => {
            "sign in once at https://connect.garmin.com with a browser, then try again"
        }
        SignInError::NetworkRefused => "try from another network, such as the one at home",
        SignInError::Throttled { .. } => "try again in an hour",
        _ => return error.into(),
    };
    anyhow::Error::new(error).context(advice)
}

fn visible(question: &str) -> Result<String> {
    people::ask(question);
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("no answer can be read")?;
    let line = line.trim();
    if line.is_empty() {
        bail!("no answer was given");
    }
    Ok(line.to_owned())
}

/// Without echo from a terminal; a line as it is from another program, such as a password manager.
fn hidden(question: &str) -> Result<SecretString> {
    if std::io::stdin().is_terminal() {
        return Ok(SecretString::from(
            rpassword::prompt_password(question).context("no answer can be read")?,
        ));
    }
    people::ask(question);
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut line).context("no answer can be read")?;
    Ok(SecretString::from(line.trim_end_matches(['\r', '\n'])))
}
