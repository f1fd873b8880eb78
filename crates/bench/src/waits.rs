//! How much of a time a thread has waited for a processor, when several things went on in it at once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// More than a thread does between a moment that is asked for and now.
const KEPT: usize = 4_096;

/// What a thread had waited for a processor in all, at moments one after the other.
#[derive(Clone, Debug, Default)]
pub struct Waits(VecDeque<(Instant, Duration)>);

impl Waits {
    /// At this moment it had waited so long.
    pub fn note(&mut self, at: Instant, waited: Duration) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((at, waited));
    }

    /// How long of the time between `moment` and the last note. Of a wait in which the moment fell, the part after it.
    #[must_use]
    pub fn since(&self, moment: Instant) -> Duration {
        let next = self.0.partition_point(|(at, _)| *at <= moment);
        let (Some((after, by_then)), Some((_, last))) = (self.0.get(next), self.0.back()) else {
            return Duration::ZERO;
        };
        let before = next.checked_sub(1).and_then(|place| self.0.get(place));
        let around = before.map_or(Duration::ZERO, |(_, waited)| by_then.saturating_sub(*waited));
        last.saturating_sub(*by_then) + around.min(after.duration_since(moment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_counted_from_the_moment_on() {
        let begun = Instant::now();
        let at = |millis| begun + Duration::from_millis(millis);
        let mut waits = Waits::default();
        // Asleep until 100, awake at 600 after half a second of waiting, 5 ms of it later on.
        for (moment, waited) in [(0, 0), (100, 0), (600, 499), (620, 504)] {
            waits.note(at(moment), Duration::from_millis(waited));
        }
        let since = |moment| waits.since(at(moment)).as_millis();
        assert_eq!(since(100), 504, "all of it");
        assert_eq!(since(400), 205, "what was left of the long wait, and the short one");
        assert_eq!(since(600), 5);
        assert_eq!(since(620), 0, "nothing since the last note");
        assert_eq!(Waits::default().since(begun), Duration::ZERO);
    }
}
