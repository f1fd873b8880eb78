//! What was logged, per thread, and each test has a thread. One subscriber for the whole process: with one per test,
//! `tracing` may find a span uninteresting for all of them because another thread, without one, met it first.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use serde_json::Value;

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct ThisThread;

impl io::Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Collects all that is logged from now on, down to the last detail.
pub(crate) fn collect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(|| ThisThread)
            .init();
    });
}

/// Forgets what this thread has logged.
pub(crate) fn forget() {
    LINES.take();
}

/// What this thread has logged.
pub(crate) fn text() -> String {
    LINES.with_borrow(|lines| String::from_utf8(lines.clone()).unwrap())
}

/// The lines of one level.
pub(crate) fn of_level(level: &str) -> Vec<Value> {
    let all = text();
    let all = all.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|line| line["level"] == level).collect()
}
