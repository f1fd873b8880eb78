//! What a person's request and a chunk cost at DynamoDB and at Garmin, on the handlers, the SDK and the adapters of the
//! cloud: counts, the same on every machine.
#![recursion_limit = "256"]

use anyhow::Result;
use bench::imports::day;
use bench::line::{Line, LineConfig};
use chrono::TimeDelta;
use http::StatusCode;
use sync_testkit::meter::Consumed;

const PERSON: &str = "user-0";

/// The write units of an import of one chunk beside its records. A job for all metrics is a little over a KB, and so is a
/// link with its tokens; the account is less. Start: 4 + 4 + 2 and 1 in the index of due jobs; claim: 2 and 2 in the index,
/// where the job moves; the commit that is also the end: 4 + 2 + 2 and 1 in the index.
const JOB_AND_LOCKS: f64 = 24.0;

async fn line() -> Result<Line> {
    Line::start(&LineConfig { people: 1, ahead: TimeDelta::zero(), intraday: false }).await
}

fn calls(consumed: &Consumed) -> Vec<(&'static str, u64)> {
    consumed.calls.iter().map(|(name, count)| (*name, *count)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_is_one_query_of_one_unit_before_during_and_after_an_import() -> Result<()> {
    let line = line().await?;
    let poll = async || -> Result<()> {
        let (answer, consumed) = line.meter.during(line.status(PERSON, None)).await;
        assert_eq!(answer?.status(), StatusCode::OK);
        assert_eq!(
            (calls(&consumed), consumed.read_units, consumed.write_units),
            (vec![("Query", 1)], 1.0, 0.0)
        );
        Ok(())
    };
    poll().await?;
    line.start_import(PERSON, day(2024, 1, 1), day(2024, 2, 29)).await?;
    poll().await?;
    while line.work_once().await? {
        poll().await?;
    }
    assert_eq!(line.shown(PERSON).await?["job"]["status"], "completed");
    // A second one: the neighbour of the latest job is now another job.
    line.start_import(PERSON, day(2024, 1, 1), day(2024, 1, 30)).await?;
    poll().await?;
    line.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_is_seen_by_the_next_poll_and_an_unchanged_state_is_a_304() -> Result<()> {
    let line = line().await?;
    let none_yet = line.status(PERSON, None).await?;
    let tag = none_yet.headers()["etag"].to_str()?.to_owned();
    let unchanged = line.status(PERSON, Some(&tag)).await?;
    assert_eq!((unchanged.status(), unchanged.body().len()), (StatusCode::NOT_MODIFIED, 0));

    let job = line.start_import(PERSON, day(2024, 1, 1), day(2024, 1, 30)).await?;
    let started = line.status(PERSON, Some(&tag)).await?;
    assert_eq!(started.status(), StatusCode::OK, "the page that knew of no job is told");
    assert_eq!(line.shown(PERSON).await?["job"]["id"], job.as_str());
    line.stop().await;
    Ok(())
}

/// The least that a chunk can be written with: each record once, in a transaction, by the KB begun.
#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_writes_its_records_once_its_job_twice_and_nothing_else() -> Result<()> {
    let line = line().await?;
    let (from, to) = (day(2024, 3, 1), day(2024, 3, 30));
    let whole = async || {
        line.simulator.clear_calls();
        let (shown, consumed) = line.meter.during(line.import(PERSON, from, to)).await;
        shown.map(|_| (consumed, line.simulator.calls().len()))
    };
    let (first, asked) = whole().await?;
    let least = line.least_write_units(PERSON).await?;
    assert!(first.write_units <= least + JOB_AND_LOCKS, "{least} for the records alone: {first:?}");
    assert!(first.write_units >= least, "{least} for the records alone: {first:?}");
    assert!(first.requests() <= 14, "{first:?}");
    assert_eq!(first.refused, 0, "nothing is sent twice: {first:?}");
    assert!((40..=130).contains(&asked), "{asked} calls to Garmin");

    // Everything is there already: the job moves, no record is written.
    let (second, _) = whole().await?;
    assert!(second.write_units <= JOB_AND_LOCKS, "{second:?}");
    // A unit read costs a fifth of a unit written: looking costs a tenth of writing at most.
    assert!(second.read_units / 5.0 < least / 10.0, "{second:?}");
    assert_eq!(line.least_write_units(PERSON).await?, least);
    line.stop().await;
    Ok(())
}
