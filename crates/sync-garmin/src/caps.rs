//! What Garmin has shown about how many days a range may have.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sync_core::DateRange;

/// Caps learnt from answers of 400, per source. They live as long as the client; the table holds what is known for good.
#[derive(Debug, Default)]
pub(crate) struct LearnedCaps(Mutex<HashMap<&'static str, u32>>);

impl LearnedCaps {
    /// A range of this many days was refused: half of it may do.
    pub(crate) fn too_long(&self, source: &'static str, range: DateRange) {
        let half = range.days().div_ceil(2);
        let mut caps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cap = caps.entry(source).or_insert(half);
        *cap = half.min(*cap);
    }

    /// Even a single day was refused: the number of days was never the reason, so nothing was learnt.
    pub(crate) fn not_the_reason(&self, source: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(source);
    }

    /// The cap of a source: what the table knows, or less.
    pub(crate) fn cap(&self, source: &'static str, known: u32) -> u32 {
        let caps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        caps.get(source).map_or(known, |learned| known.min(*learned))
    }
}
