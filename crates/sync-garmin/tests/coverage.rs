//! What a page of coverage asks the store for is what the endpoint table marks.

use std::collections::BTreeSet;

use sync_core::coverage::SOURCES;
use sync_garmin::endpoints::table::TABLE;

#[test]
fn every_source_that_marks_days_is_known_to_the_coverage() {
    let known: BTreeSet<_> = SOURCES.iter().map(|source| source.as_str()).collect();
    let marking = TABLE.iter().filter(|endpoint| endpoint.cap_days().is_some());
    let unknown: Vec<_> =
        marking.map(|endpoint| endpoint.source).filter(|source| !known.contains(source)).collect();
    assert!(unknown.is_empty(), "SOURCES in sync-core/src/coverage.rs lacks {unknown:?}");
}
