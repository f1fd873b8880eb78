//! Where a page of history ended, as a text that means something only to whoever asks the same question again.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use sync_core::{DateRange, UserId};

use crate::request::RequestError;

/// Bytes of the digest that stand in a cursor.
const TAG: usize = 12;

/// Longer than any place among rows.
const MAX_PLACE: usize = 100;

/// What a cursor belongs to: whose history, which, of which days, with which values. The digest is no signature. It finds
/// out a cursor that went with another question; what a person reads is decided by their verified id alone, so a
/// made-up one leads to another place in their own history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question([u8; TAG]);

impl Question {
    pub(crate) fn new(user: &UserId, path: &str, days: DateRange, fields: &[&str]) -> Self {
        let fields = fields.join(",");
        let mut digest = Sha256::new();
        for part in [user.as_str(), path, &days.to_string(), &fields] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let mut tag = [0; TAG];
        tag.iter_mut().zip(digest.finalize()).for_each(|(kept, byte)| *kept = byte);
        Self(tag)
    }

    /// The cursor for a page that ended at `place`.
    #[must_use]
    pub fn cursor(&self, place: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode([&self.0[..], place.as_bytes()].concat())
    }

    /// The place that a cursor names.
    pub(crate) fn place(&self, cursor: &str) -> Result<String, RequestError> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| RequestError::InvalidCursor)?;
        let place = bytes.strip_prefix(&self.0).filter(|place| place.len() <= MAX_PLACE);
        let place = place.and_then(|place| std::str::from_utf8(place).ok());
        place.map(str::to_owned).ok_or(RequestError::InvalidCursor)
    }
}
