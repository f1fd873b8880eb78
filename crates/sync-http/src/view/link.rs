//! The answers about a user's link to Garmin. The sign-in's are `snake_case` where the frontends that exist know them so.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sync_core::Link;
use utoipa::ToSchema;

use super::instant_or_null;

/// Whether Garmin is linked, and how well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LinkStatus)]
pub struct LinkStatusView {
    /// Whether there is an active link.
    pub is_linked: bool,
    /// When the link last changed; null without one.
    #[serde(serialize_with = "instant_or_null")]
    #[schema(required)]
    pub last_updated: Option<DateTime<Utc>>,
    /// When the access token ends. It is renewed by itself before that; null without a link.
    #[serde(serialize_with = "instant_or_null")]
    #[schema(required)]
    pub token_expires_at: Option<DateTime<Utc>>,
    /// Whether Garmin wants the person to sign in again.
    pub reauth_required: bool,
    /// A sentence for people.
    pub message: &'static str,
}

impl LinkStatusView {
    /// The view of a link, if there ever was one.
    #[must_use]
    pub fn of(link: Option<Link>) -> Self {
        match link.filter(|link| link.is_active) {
            Some(link) => Self {
                is_linked: true,
                last_updated: Some(link.updated_at),
                token_expires_at: Some(link.token_expires_at),
                reauth_required: link.reauth_required,
                message: "Garmin Connect is linked.",
            },
            None => Self {
                is_linked: false,
                last_updated: None,
                token_expires_at: None,
                reauth_required: false,
                message: "Garmin Connect is not linked.",
            },
        }
    }
}

/// What became of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[schema(as = LoginAnswer)]
pub enum LoginView {
    /// Signed in and linked.
    Success,
    /// Garmin sent the person a code: it goes to `resume_login`, with this state.
    NeedsMfa {
        /// Names the sign-in that waits, for five minutes.
        client_state: String,
    },
}

/// A link was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[schema(as = LinkAnswer)]
pub enum LinkedView {
    /// Linked.
    Success,
}

/// A link was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UnlinkAnswer)]
pub struct UnlinkView {
    /// Always true.
    pub success: bool,
    /// A sentence for people.
    pub message: &'static str,
}

impl UnlinkView {
    /// The one answer.
    #[must_use]
    pub const fn unlinked() -> Self {
        Self { success: true, message: "Garmin Connect account unlinked successfully." }
    }
}
