//! Linking a user to a Garmin account by tokens obtained elsewhere: as the API does it, past the API.

use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use sync_aws::{DynamoJobStore, DynamoLinkStore, DynamoSignInStore, KeyFileVault};
use sync_core::ports::{RandomIds, SystemClock};
use sync_core::use_cases::link::Linker;
use sync_core::{ChunkQueue, Clock as _, LinkStore, UserId};
use sync_garmin::SignInClient;

/// How long Garmin may take to say whose tokens these are.
const OWNER_TIMEOUT: TimeDelta = TimeDelta::seconds(30);

/// The use case on the tables of a data directory.
pub type LocalLinker<Q> = Linker<
    DynamoJobStore,
    DynamoLinkStore,
    DynamoSignInStore,
    KeyFileVault,
    SignInClient,
    Q,
    SystemClock,
    RandomIds,
>;

/// Whether the user has a link whose tokens were good when last used.
///
/// # Errors
/// As the store's.
pub async fn is_good(links: &impl LinkStore, user: &UserId) -> Result<bool> {
    Ok(links.link(user).await?.is_some_and(|link| link.is_active && !link.reauth_required))
}

/// Links the user to the account that `tokens`, in the form that Garmin clients write, belong to. Returns Garmin's
/// display name of it.
///
/// # Errors
/// When the tokens are none, Garmin does not accept them, there were too many attempts, or a store fails.
pub async fn by_tokens(linker: &LocalLinker<impl ChunkQueue>, user: &UserId, tokens: &str) -> Result<String> {
    let (tokens, _) = sync_garmin::parse_tokens(tokens)?;
    let deadline = linker.clock.now() + OWNER_TIMEOUT;
    linker.link(user, &tokens, deadline).await.context("the account cannot be linked")?;
    let link = linker.links.link(user).await?.context("the link is gone again")?;
    Ok(link.display_name)
}
