//! A store that fails for a while: before a write, after it, in between.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use garmin_sync::people;
use rand::Rng as _;
use rand::rngs::StdRng;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sync_aws::{AwsClients, Endpoints};
use sync_core::{JobStatus, UserId};
use tokio::time::Instant;

use crate::proxy::{Between, Fate, Proxy, error};
use crate::seed::chance;
use crate::tables::Tables;
use crate::underneath::{in_work, sqs, waiting};
use crate::waits::data_calls;
use crate::world::{PATIENCE, World, job_when, job_when_ended, started};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Healthy,
    /// Nothing is done, and an error is the answer.
    Down,
    /// Nothing is done; too many have asked.
    Busy,
    /// Everything is done, and no answer arrives.
    Mute,
    /// As that, for transactions only.
    MuteAboutTransactions,
    /// Everything is done, and an error is the answer.
    Lying,
    /// Now one, now the other, and most of the time none of them.
    Moody,
}

struct BadStore {
    mood: Mutex<Mood>,
    chance: Mutex<StdRng>,
    spoilt: AtomicU32,
}

impl BadStore {
    fn new() -> Self {
        Self { mood: Mutex::new(Mood::Healthy), chance: Mutex::new(chance()), spoilt: AtomicU32::new(0) }
    }

    fn is_now(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }
}

impl Between for BadStore {
    fn fate(&self, operation: &str, _request: &Value) -> Fate {
        let mut mood = *self.mood.lock().unwrap();
        if mood == Mood::Moody {
            let moods = [Mood::Down, Mood::Busy, Mood::Mute, Mood::Lying];
            mood =
                moods.get(self.chance.lock().unwrap().random_range(0..16)).copied().unwrap_or(Mood::Healthy);
        }
        if mood == Mood::MuteAboutTransactions {
            mood = if operation == "TransactWriteItems" { Mood::Mute } else { Mood::Healthy };
        }
        let broken = || error("dynamodb.v20120810#InternalServerError");
        self.spoilt.fetch_add(u32::from(mood != Mood::Healthy), Ordering::Relaxed);
        match mood {
            Mood::Healthy | Mood::Moody => Fate::Done,
            Mood::Down => Fate::Instead(500, broken()),
            Mood::Busy => Fate::Instead(400, error("dynamodb.v20120810#ThrottlingException")),
            Mood::Mute | Mood::MuteAboutTransactions => Fate::AnswerLost,
            Mood::Lying => Fate::DoneBut(500, broken()),
        }
    }
}

async fn world(store: &Arc<BadStore>, latency: Duration) -> World {
    let proxy = Proxy::start(Arc::clone(store)).await;
    let between =
        |real: &Endpoints| Endpoints { dynamodb: proxy.in_front_of(&real.dynamodb), ..real.clone() };
    World::start_behind(latency, &["--invocation-seconds=8", "--sweep-seconds=1"], between).await
}

/// The tables as they are, whatever the store says.
fn tables(world: &World) -> Tables {
    let endpoints = world.system.endpoints();
    Tables::of(&AwsClients::connect(&Endpoints {
        dynamodb: endpoints.dynamodb.clone(),
        sqs: endpoints.sqs.clone(),
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_fails_the_api_says_503_and_afterwards_the_import_goes_on_and_loses_nothing() {
    let store = Arc::new(BadStore::new());
    let world = world(&store, Duration::from_millis(3)).await;
    let (client, tables) = (world.demo(), tables(&world));
    let user = UserId::new("demo").unwrap();
    let id = started(&client, "2022-01-01", "2022-08-28").await;

    let mut done = 0;
    for moods in [[Mood::Down, Mood::Mute], [Mood::Busy, Mood::Lying]] {
        done = job_when(&client, |job| job.chunks_completed > done || !job.status.is_unfinished())
            .await
            .chunks_completed;
        for mood in moods {
            store.is_now(mood);
            let until = Instant::now() + Duration::from_millis(1_500);
            let mut answers = 0;
            while answers == 0 || Instant::now() < until {
                let body = json!({"startDate": "2022-01-01", "endDate": "2022-08-28"});
                let control = json!({"jobId": id});
                let (status, jobs, start, resume) = tokio::join!(
                    client.ask(Method::GET, "/sync/status", None),
                    client.ask(Method::GET, "/sync/jobs", None),
                    client.ask(Method::POST, "/sync/historical", Some(&body)),
                    client.ask(Method::POST, "/sync/resume", Some(&control)),
                );
                for answer in [status, jobs, start, resume] {
                    let (status, answer) = answer.unwrap();
                    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{mood:?}: {answer}");
                    assert_eq!(answer["code"], "unavailable", "{mood:?}");
                    answers += 1;
                }
            }
        }
        store.is_now(Mood::Healthy);
        tables.sound_job(&user).await;
    }

    // Well again, and then never quite: what the API says now is either nothing or true.
    store.is_now(Mood::Moody);
    let begun = Instant::now();
    let mut answered = 0;
    while begun.elapsed() < Duration::from_secs(8) {
        let (status, answer) = client.ask(Method::GET, "/sync/status", None).await.unwrap();
        if status == StatusCode::OK {
            let now = u32::try_from(answer["job"]["chunksCompleted"].as_u64().unwrap()).unwrap();
            assert!(now >= done, "{done} became {answer}");
            (done, answered) = (now, answered + 1);
        } else {
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(answered > 0);
    store.is_now(Mood::Healthy);
    let ended = job_when_ended(&client).await;
    people::note(format!("{} requests spoilt", store.spoilt.load(Ordering::Relaxed)));
    assert_eq!(ended.status, JobStatus::Completed, "{ended:?}");
    assert_eq!((ended.chunks_completed, ended.chunks_total), (8, 8));
    tables.is_complete_and_true(&user, "demo", &world.system.simulator().unwrap().truth()).await;
    assert_eq!(tables.due_ever().await, []);
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_whose_answers_are_lost_says_503_and_asked_again_names_the_one_job_there_is() {
    let store = Arc::new(BadStore::new());
    let world = world(&store, Duration::ZERO).await;
    let (client, tables) = (world.demo(), tables(&world));
    let body = json!({"startDate": "2022-01-01", "endDate": "2022-01-20"});
    let start = || client.ask(Method::POST, "/sync/historical", Some(&body));
    store.is_now(Mood::MuteAboutTransactions);
    let (status, answer) = start().await.unwrap();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
    store.is_now(Mood::Healthy);
    let job = tables.sound_job(&UserId::new("demo").unwrap()).await;
    let (status, answer) = start().await.unwrap();
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("already_running")));
    assert_eq!(answer["jobId"], job.key.job_id.to_string());
    world.system.stop().await;
}

/// Waits until a queue, and the one for what nobody could take, hold this many messages.
async fn until_there_are(endpoint: &str, (queue, there): (&str, u32), (dead, died): (&str, u32)) {
    let begun = Instant::now();
    loop {
        let open = waiting(endpoint, queue).await + in_work(endpoint, queue).await;
        let put_aside = waiting(endpoint, dead).await;
        if (open, put_aside) == (there, died) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{open} in the queue, {put_aside} put aside");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nudge_that_died_while_the_store_was_down_is_missed_by_nobody_and_sent_back_finds_nothing_to_do() {
    let store = Arc::new(BadStore::new());
    let world = world(&store, Duration::from_millis(3)).await;
    let (client, tables, user) = (world.demo(), tables(&world), UserId::new("demo").unwrap());
    let (endpoint, queue) = (&world.system.endpoints().sqs, &world.system.endpoints().historical_queue);
    let dead = format!("{queue}-dead-letters");
    // Whatever is not deleted comes again after a second, or five times would be a minute.
    let hurry = json!({"QueueUrl": queue, "Attributes": {"VisibilityTimeout": "1"}});
    sqs(endpoint, "SetQueueAttributes", &hurry).await;

    started(&client, "2022-01-01", "2022-04-30").await;
    sqs(endpoint, "SendMessage", &json!({"QueueUrl": queue, "MessageBody": "no nudge"})).await;
    job_when(&client, |job| job.chunks_completed >= 1).await;
    store.is_now(Mood::Down);
    until_there_are(endpoint, (queue, 0), (&dead, 2)).await;
    store.is_now(Mood::Healthy);
    let ended = job_when_ended(&client).await;
    assert_eq!((ended.status, ended.chunks_completed), (JobStatus::Completed, 4), "{ended:?}");

    // As README.md has it: received, sent back, deleted.
    let job = tables.sound_job(&user).await;
    let simulator = world.system.simulator().unwrap();
    let calls = data_calls(simulator);
    for _ in 0..2 {
        let received = sqs(endpoint, "ReceiveMessage", &json!({"QueueUrl": dead})).await;
        let message = &received["Messages"][0];
        sqs(endpoint, "SendMessage", &json!({"QueueUrl": queue, "MessageBody": message["Body"]})).await;
        let receipt = json!({"QueueUrl": dead, "ReceiptHandle": message["ReceiptHandle"]});
        sqs(endpoint, "DeleteMessage", &receipt).await;
    }
    // The nudge is dealt with, and what nobody can read is back where somebody will see it.
    until_there_are(endpoint, (queue, 0), (&dead, 1)).await;
    let received = sqs(endpoint, "ReceiveMessage", &json!({"QueueUrl": dead})).await;
    assert_eq!(received["Messages"][0]["Body"], "no nudge");
    assert_eq!((tables.sound_job(&user).await, data_calls(simulator)), (job, calls));
    tables.is_complete_and_true(&user, "demo", &simulator.truth()).await;
    world.system.stop().await;
}
