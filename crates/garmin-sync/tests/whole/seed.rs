//! Chance that can be had again.

use garmin_sync::people;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// The seed of `CHAOS_SEED`, else a new one; printed, so that a failure says which it was. Processes and queues keep their
/// own time, so a seed repeats what was done to them and not every one of their steps.
pub(crate) fn chance() -> StdRng {
    let seed = match std::env::var("CHAOS_SEED") {
        Ok(seed) => seed.parse().expect("CHAOS_SEED is a number"),
        Err(_) => rand::random(),
    };
    people::note(format!("CHAOS_SEED={seed}"));
    StdRng::seed_from_u64(seed)
}
