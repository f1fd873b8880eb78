//! Two workers that refresh at once, against a Garmin that really rotates.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use garmin_simulator::{Fault, FaultRule, Simulator, SimulatorConfig};
use sync_core::ports::Nudge;
use sync_core::use_cases::process_chunk::{ChunkOutcome, Worker};
use sync_core::{GarminSource as _, JobStore as _, LinkStore as _, MetricType, TokenVault as _};
use sync_garmin::{GarminClient, GarminConfig, Jitter, parse_tokens};
use sync_testkit::build;
use sync_testkit::clock::{ManualClock, SeededIds};
use sync_testkit::memory::{MemoryQueue, MemoryStore, MemoryVault};
use url::Url;

const NOW: DateTime<Utc> = DateTime::from_timestamp(1_795_350_000, 0).unwrap();

#[tokio::test]
async fn two_workers_that_refresh_at_once_end_with_one_valid_pair() {
    let simulator = Simulator::start(SimulatorConfig::at(NOW)).await.unwrap();
    // Slow enough that both have read the old pair before either has stored a new one.
    simulator.add_fault(FaultRule::on("oauth/token", Fault::Delay { milliseconds: 400 }));
    let text = serde_json::to_string(&simulator.demo_tokens().unwrap()).unwrap();
    let (mut tokens, account) = parse_tokens(&text).unwrap();
    tokens.expires_at = NOW + TimeDelta::seconds(60);

    let (store, vault, user) = (MemoryStore::new(), MemoryVault::default(), build::user("demo"));
    let mut link = build::link_to(&user, account.clone());
    link.tokens = vault.seal(&user, &tokens).await.unwrap();
    link.tokens_version = 1;
    store.insert_link(link);
    let range = build::job(&user).number(1).account(account).range("2024-01-01", "2024-01-30");
    let job = range.metrics([MetricType::Hrv]).build();
    store.start(&job, None).await.unwrap();

    // The second worker's clock is past the first one's lease: it takes the job over while the first still works.
    let worker = |ahead: TimeDelta, seed: u64| {
        let clock = ManualClock::new(NOW + ahead);
        let url: Url = simulator.base_url().parse().unwrap();
        let config = GarminConfig::simulator(url.clone(), url);
        Worker {
            jobs: store.clone(),
            links: store.clone(),
            queue: MemoryQueue::new(clock.clone()),
            vault: vault.clone(),
            garmin: GarminClient::new(config, Arc::new(clock.clone()), Jitter::seeded(seed)).unwrap(),
            clock,
            ids: SeededIds::new(seed),
        }
    };
    let (first, second) = (worker(TimeDelta::zero(), 1), worker(TimeDelta::seconds(300), 2));
    let deadline = |ahead: i64| NOW + TimeDelta::seconds(ahead + 180);
    let nudge = Nudge { key: job.key.clone(), fence: None };
    let (one, other) = tokio::join!(first.process(&nudge, deadline(0)), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        second.process(&nudge, deadline(300)).await
    });
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one, ChunkOutcome::NotOurs, "the first was overtaken");
    assert_ne!(other, ChunkOutcome::NotOurs, "the second has the job");

    let refreshes: Vec<_> =
        simulator.calls().into_iter().filter(|call| call.path.contains("oauth/token")).collect();
    let statuses: Vec<_> = refreshes.iter().filter_map(|call| call.status).collect();
    assert_eq!(
        (statuses.len(), statuses.iter().filter(|status| **status == 200).count()),
        (2, 1),
        "{statuses:?}"
    );

    let stored = store.link(&user).await.unwrap().unwrap();
    assert_eq!(
        (stored.tokens_version, stored.reauth_required),
        (2, false),
        "one new pair, and nobody has to sign in"
    );
    let pair = vault.open(&user, &stored.tokens).await.unwrap();
    assert!(
        first.garmin.refresh(&pair).await.is_ok(),
        "the pair that is stored is the one that Garmin knows"
    );
}
