//! The quick retries of what fails in passing.

use std::time::Duration;

use crate::pace::Jitter;

/// Waits between tries, each anywhere between the shortest and the longest ("full jitter").
#[derive(Debug)]
pub(crate) struct FullJitter<'a> {
    pub(crate) jitter: &'a Jitter,
    pub(crate) shortest: Duration,
    pub(crate) longest: Duration,
    /// How many waits there are: one less than tries.
    pub(crate) waits: usize,
}

impl Iterator for FullJitter<'_> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.waits = self.waits.checked_sub(1)?;
        Some(self.jitter.between(self.shortest, self.longest))
    }
}
