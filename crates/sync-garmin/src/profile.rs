//! Who a link belongs to.

use chrono_tz::Tz;
use sync_core::ports::FetchError;

use crate::reading::{Node, Read, unreadable};

/// What linking needs to know of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Garmin's `displayName`, which stands in some of its paths.
    pub display_name: String,
    /// The person's time zone; none when Garmin does not say, or says one that nobody knows.
    pub time_zone: Option<Tz>,
}

/// `/userprofile-service/socialProfile`.
pub(crate) const SOCIAL_PROFILE: &str = "/userprofile-service/socialProfile";
/// Where recorded answers have the time zone.
pub(crate) const SETTINGS: &str = "/userprofile-service/userprofile/settings";
/// Where other clients look for it.
pub(crate) const USER_SETTINGS: &str = "/userprofile-service/userprofile/user-settings";

pub(crate) fn display_name(answer: &Node<'_>) -> Result<String, FetchError> {
    answer.scalar("displayName")?.filter(|name| !name.is_empty()).ok_or_else(|| unreadable("displayName"))
}

pub(crate) fn time_zone(answer: &Node<'_>) -> Read<Option<Tz>> {
    let inner = answer.get("userData")?;
    let zone = match answer.text("timeZone")? {
        Some(zone) => Some(zone),
        None => inner.map_or(Ok(None), |inner| inner.text("timeZone"))?,
    };
    Ok(zone.and_then(|zone| zone.parse().ok()))
}
