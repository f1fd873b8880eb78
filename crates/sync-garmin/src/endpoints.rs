//! Garmin's data endpoints: a table of what there is, and for each entry the function that reads its answer.
//!
//! What the paths and fields are is known from public clients and recorded answers, not from Garmin.

pub(crate) mod activities;
pub(crate) mod body;
pub(crate) mod days;
pub(crate) mod fitness;
pub(crate) mod intraday;
pub(crate) mod sleep;
pub mod table;
pub(crate) mod workouts;

use sync_core::Window;
use sync_core::ports::{FetchError, Fetched};

use crate::harvest::Harvest;
use crate::reading::{Node, json, says_nothing};

/// What the body of a good answer to `window` means: its records with the coverage of each of its days, and the windows
/// it leads to. For a list, the body is one page.
///
/// # Errors
/// [`FetchError::Unreadable`] with the path of the field that is not what it should be, never with a value;
/// [`FetchError::Refused`] for a body that says so, and for a source that is not in the table.
pub fn read_answer(window: &Window, body: &[u8]) -> Result<Fetched, FetchError> {
    let endpoint = table::endpoint(&window.source).ok_or(FetchError::Refused)?;
    let mut harvest = Harvest::of(window.range());
    if !says_nothing(body) {
        let value = json(body)?;
        (endpoint.parse)(&Node::root(&value), &mut harvest)?;
    }
    Ok(harvest.finish(&window.source))
}
