//! A queue that loses, doubles, delays, swaps and repeats.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use garmin_simulator::Truth;
use garmin_sync::people;
use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};
use sync_aws::{AwsClients, Endpoints, QueueUrls, SqsChunkQueue};
use sync_core::ports::SystemClock;
use sync_core::timing::NUDGE_GRACE;
use sync_core::use_cases::sweep::Sweeper;
use sync_core::{Clock as _, UserId};

use crate::proxy::{Between, Fate, Proxy, error};
use crate::seed::chance;
use crate::tables::Tables;
use crate::world::{World, asked_twice, job_when_ended, started};

/// The messages that it lets one see again.
const REMEMBERED: usize = 12;

struct BadPost {
    chance: Mutex<StdRng>,
    delivered: Mutex<Vec<Value>>,
    did: Mutex<BTreeMap<&'static str, u32>>,
}

impl BadPost {
    fn note(&self, what: &'static str) {
        *self.did.lock().unwrap().entry(what).or_default() += 1;
    }
}

impl Between for BadPost {
    fn fate(&self, operation: &str, request: &Value) -> Fate {
        let mut chance = self.chance.lock().unwrap();
        let dice = chance.random_range(0..100);
        let sent = json!({"MessageId": "00000000-0000-4000-8000-000000000000", "MD5OfMessageBody": ""});
        let (what, fate) = match (operation, dice) {
            ("SendMessage", 0..20) => ("lost", Fate::Instead(200, sent)),
            ("SendMessage", 20..30) => {
                ("sent, and said not to be", Fate::DoneBut(500, error("sqs#InternalError")))
            }
            ("SendMessage", 30..40) => ("refused", Fate::Instead(500, error("sqs#InternalError"))),
            ("SendMessage", 40..60) => ("doubled", Fate::Twice),
            ("SendMessage", 60..75) => {
                ("late", Fate::Later(Duration::from_millis(chance.random_range(50..2_500)), sent))
            }
            ("ReceiveMessage", 0..10) => {
                let delivered = self.delivered.lock().unwrap();
                match delivered.choose(&mut *chance) {
                    Some(again) => ("delivered again", Fate::Instead(200, again.clone())),
                    None => return Fate::Done,
                }
            }
            ("ReceiveMessage", 10..35) => {
                let mut request = request.clone();
                request["VisibilityTimeout"] = json!(1);
                ("visible again too early", Fate::Reworded(request))
            }
            ("DeleteMessage", 0..25) => ("not deleted, and said to be", Fate::Instead(200, json!({}))),
            ("DeleteMessage", 25..35) => {
                ("deleted, and said not to be", Fate::DoneBut(500, error("sqs#InternalError")))
            }
            _ => return Fate::Done,
        };
        self.note(what);
        fate
    }

    fn answered(&self, operation: &str, answer: &Value) {
        if operation == "ReceiveMessage" && answer["Messages"].as_array().is_some_and(|all| !all.is_empty()) {
            let mut delivered = self.delivered.lock().unwrap();
            delivered.push(answer.clone());
            if delivered.len() > REMEMBERED {
                delivered.remove(0);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_loses_doubles_delays_and_repeats_messages_loses_no_chunk_and_counts_none_twice() {
    let post = Arc::new(BadPost {
        chance: Mutex::new(chance()),
        delivered: Mutex::default(),
        did: Mutex::default(),
    });
    let proxy = Proxy::start(Arc::clone(&post)).await;
    let between = |real: &Endpoints| Endpoints { sqs: proxy.in_front_of(&real.sqs), ..real.clone() };
    let flags = ["--invocation-seconds=8", "--sweep-seconds=1"];
    let world = World::start_behind(Duration::from_millis(1), &flags, between).await;
    let client = world.demo();
    started(&client, "2022-01-01", "2022-08-28").await;

    // A lost message is made good within a minute. Nobody waits here: a sweeper that looks a minute ahead looks again and
    // again, and its messages come in addition to all others.
    let endpoints = world.system.endpoints().clone();
    let aws =
        AwsClients::connect(&Endpoints { dynamodb: endpoints.dynamodb.clone(), sqs: proxy.url.clone() });
    let tables = Tables::of(&aws);
    let urls = QueueUrls {
        incremental: endpoints.incremental_queue,
        historical: endpoints.historical_queue.clone(),
    };
    let impatient = Sweeper {
        jobs: tables.jobs.clone(),
        links: tables.links.clone(),
        queue: SqsChunkQueue::new(aws.sqs.clone(), urls),
        clock: SystemClock,
    };
    let sweeping = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(700)).await;
            let soon = SystemClock.now() + NUDGE_GRACE;
            impatient.sweep(NUDGE_GRACE, soon).await.unwrap();
        }
    });
    let ended = job_when_ended(&client).await;
    sweeping.abort();
    people::note(format!("{:?}", post.did.lock().unwrap()));
    assert_eq!((ended.chunks_completed, ended.chunks_total), (8, 8), "{ended:?}");

    let simulator = world.system.simulator().unwrap();
    let truth: Truth = simulator.truth();
    let user = UserId::new("demo").unwrap();
    tables.is_complete_and_true(&user, "demo", &truth).await;
    assert_eq!(tables.due_ever().await, []);
    // No worker died, so one worker did each chunk, and whoever came beside it did nothing.
    assert_eq!(asked_twice(&simulator.calls()), None);
    let did = post.did.lock().unwrap().clone();
    assert!(did.values().sum::<u32>() > 10, "hardly anything went wrong: {did:?}");
    world.system.stop().await;
}
