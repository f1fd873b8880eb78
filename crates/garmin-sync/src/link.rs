//! Linking a user to an account of the simulator: what signing in does, without anybody who signs in.

use anyhow::{Context as _, Result};
use sync_core::link::Link;
use sync_core::ports::SystemClock;
use sync_core::{Clock as _, LinkStore, TokenVault, UserId};

use crate::garmin::Connection;

/// Whether the user has a link whose tokens were good when last used.
///
/// # Errors
/// As the store's.
pub async fn is_good(links: &impl LinkStore, user: &UserId) -> Result<bool> {
    Ok(links.link(user).await?.is_some_and(|link| link.is_active && !link.reauth_required))
}

/// Links the user: tokens from the simulator, whose they are from the profile, sealed, stored.
///
/// # Errors
/// When the simulator has no such account, or a store fails.
pub async fn to_simulator(
    garmin: &Connection,
    links: &impl LinkStore,
    vault: &impl TokenVault,
    user: &UserId,
    account: &str,
) -> Result<()> {
    let tokens = garmin.simulated_tokens(account).await?;
    let profile = garmin.profile(&tokens).await?;
    let now = SystemClock.now();
    let link = Link {
        user_id: user.clone(),
        account: profile.account,
        display_name: profile.display_name,
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
    links.put_link(&link).await.context("the link cannot be stored")?;
    tracing::info!(%user, "linked to the simulator");
    Ok(())
}
