//! Whatever bytes arrive for whatever window: a reader returns, and its error says where and never what.
//!
//! The first byte of an input chooses the entry of the table, the rest is the body.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use sync_core::ports::FetchError;
use sync_core::window::{SourceId, WindowScope};
use sync_core::{DateRange, RecordKind, Window};
use sync_garmin::endpoints::read_answer;
use sync_garmin::endpoints::table::{Endpoint, Scope, TABLE};

fn window(endpoint: &Endpoint) -> Option<Window> {
    let source = SourceId::new(endpoint.source);
    match endpoint.scope {
        Scope::Object => Some(Window { source, scope: WindowScope::Object("1".to_owned()) }),
        Scope::Once { .. } => Some(Window { source, scope: WindowScope::All }),
        Scope::Range { .. } | Scope::Day | Scope::PagedRange { .. } => {
            format!("{source}@2024-01-01..2024-01-07").parse().ok()
        }
    }
}

/// A path is made of names that stand in this project's source, of positions, and of `*`: nothing that arrived.
fn is_path(text: &str) -> bool {
    let is_step = |step: &str| {
        let name = step.split('[').next().unwrap_or_default();
        let digits = name.chars().filter(char::is_ascii_digit).count();
        digits <= 4 && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_*()".contains(letter))
    };
    text.len() < 300 && text.split('.').all(is_step)
}

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((choice, body)) = input.split_first() else {
        return Corpus::Reject;
    };
    let Some(window) = TABLE.get(usize::from(*choice) % TABLE.len()).and_then(window) else {
        return Corpus::Reject;
    };
    match read_answer(&window, body) {
        Ok(fetched) => {
            for record in &fetched.records {
                if record.key.kind == RecordKind::Day {
                    let day = record.key.id.parse().ok();
                    let is_inside = |days: DateRange| day.is_some_and(|day| days.contains(day));
                    assert!(window.range().is_none_or(is_inside), "a day outside the window");
                }
            }
        }
        Err(FetchError::Unreadable { path }) => assert!(is_path(&path), "not a path"),
        Err(_) => {}
    }
    Corpus::Keep
});
