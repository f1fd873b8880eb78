//! The functions' real handlers in a world in memory: every status and message of the contract, the sample events, and
//! the queue's batches.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

/// A JSON snapshot whose keys are sorted: whether a JSON object keeps its own order depends on what else is built in the
/// same run.
macro_rules! assert_sorted_json_snapshot {
    ($($arguments:tt)*) => {{
        let mut settings = insta::Settings::clone_current();
        settings.set_sort_maps(true);
        let _sorted = settings.bind_to_scope();
        insta::assert_json_snapshot!($($arguments)*);
    }};
}

mod contract;
mod description;
mod edge;
mod events;
mod history;
mod linking;
mod logs;
mod panics;
mod queue;
mod world;
