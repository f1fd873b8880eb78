//! Linking a user to a Garmin account by tokens obtained elsewhere: after one authenticated look at whose they are.

use anyhow::{Context as _, Result, bail};
use sync_core::link::Link;
use sync_core::ports::{Applied, SystemClock};
use sync_core::{Clock as _, LinkStore, TokenVault, UserId};

use crate::garmin::Connection;

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
/// When the tokens are none, Garmin does not accept them, or a store fails.
pub async fn by_tokens(
    garmin: &Connection,
    links: &impl LinkStore,
    vault: &impl TokenVault,
    user: &UserId,
    tokens: &str,
) -> Result<String> {
    let (tokens, account) = sync_garmin::parse_tokens(tokens)?;
    let profile =
        garmin.profile(&tokens, &account).await.context("Garmin does not say whose tokens these are")?;
    let now = SystemClock.now();
    let link = Link {
        user_id: user.clone(),
        account,
        display_name: profile.display_name.clone(),
        time_zone: profile.time_zone,
        tokens: vault.seal(user, &tokens).await.context("the tokens cannot be sealed")?,
        tokens_version: 1,
        token_expires_at: tokens.expires_at,
        is_active: true,
        reauth_required: false,
        last_successful_sync_date: None,
        active_job_id: None,
        linked_at: now,
        updated_at: now,
    };
    if links.put_link(&link).await.context("the link cannot be stored")? == Applied::Lost {
        bail!("what was imported before is still being erased; try again in a minute");
    }
    tracing::info!(%user, "linked");
    Ok(profile.display_name)
}
