//! The poller against a queue, with functions that misbehave.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_lambda_events::sqs::SqsBatchResponse;
use embedded_aws::{DeadLetters, EmbeddedAws, Options, QueueSpec, create_queue};
use garmin_sync::poller::{Function, Poller};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::underneath::waiting;
use crate::world::PATIENCE;

struct Post {
    aws: EmbeddedAws,
    first: String,
    second: String,
    stop: CancellationToken,
    invocations: TaskTracker,
}

impl Post {
    async fn start() -> Self {
        let aws = EmbeddedAws::start(Options::default()).await.unwrap();
        let make = async |name: &str| {
            let dead_letters = DeadLetters { name: format!("{name}-dead"), max_receive_count: 5 };
            let visibility_timeout = Duration::from_secs(1);
            let spec =
                QueueSpec { name: name.to_owned(), visibility_timeout, dead_letters: Some(dead_letters) };
            create_queue(&aws.clients().sqs, &spec).await.unwrap()
        };
        let (first, second) = (make("first").await, make("second").await);
        Self { aws, first, second, stop: CancellationToken::new(), invocations: TaskTracker::new() }
    }

    async fn send(&self, queue: &str, body: &str) {
        self.aws.clients().sqs.send_message().queue_url(queue).message_body(body).send().await.unwrap();
    }

    fn poll(&self, workers: usize, function: Function) {
        let poller = Poller {
            aws: self.aws.clients(),
            queues: vec![self.first.clone(), self.second.clone()],
            function,
            invocation: Duration::from_millis(300),
            workers,
        };
        tokio::spawn(poller.run(self.stop.clone(), self.invocations.clone()));
    }

    /// How many messages are waiting.
    async fn count(&self, queue: &str) -> u32 {
        waiting(&self.aws.endpoints().sqs, queue).await
    }

    async fn bodies(&self, queue: &str) -> Vec<String> {
        let received = self.aws.clients().sqs.receive_message().queue_url(queue).send().await.unwrap();
        received.messages.unwrap_or_default().into_iter().filter_map(|message| message.body).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_comes_back_after_every_kind_of_failure_until_it_succeeds() {
    let post = Post::start().await;
    post.send(&post.first, "a").await;
    let (calls, done) = (Arc::new(AtomicU32::new(0)), CancellationToken::new());
    let (count, finished) = (Arc::clone(&calls), done.clone());
    post.poll(
        1,
        Arc::new(move |event| {
            let (call, finished) = (count.fetch_add(1, Ordering::SeqCst), finished.clone());
            Box::pin(async move {
                match call {
                    0 => panic!("on purpose"),
                    1 => Err("on purpose".into()),
                    2 => std::future::pending().await,
                    3 => {
                        let mut response = SqsBatchResponse::default();
                        response.add_failure(event.payload.records[0].message_id.clone().unwrap());
                        Ok(response)
                    }
                    _ => {
                        finished.cancel();
                        Ok(SqsBatchResponse::default())
                    }
                }
            })
        }),
    );
    tokio::time::timeout(PATIENCE, done.cancelled()).await.unwrap();
    post.stop.cancel();
    post.invocations.close();
    post.invocations.wait().await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(post.bodies(&post.first).await, Vec::<String>::new());
    assert_eq!(calls.load(Ordering::SeqCst), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_is_put_aside_after_five_receives_and_sent_back_it_is_delivered_like_any_other() {
    let post = Post::start().await;
    post.send(&post.first, "poison").await;
    let (calls, mended, done) =
        (Arc::new(AtomicU32::new(0)), CancellationToken::new(), CancellationToken::new());
    let (count, is_mended, finished) = (Arc::clone(&calls), mended.clone(), done.clone());
    post.poll(
        1,
        Arc::new(move |event| {
            count.fetch_add(1, Ordering::SeqCst);
            let (is_mended, finished) = (is_mended.is_cancelled(), finished.clone());
            Box::pin(async move {
                let body = event.payload.records[0].body.as_deref();
                if !is_mended || body != Some("poison") {
                    return Err("on purpose".into());
                }
                finished.cancel();
                Ok(SqsBatchResponse::default())
            })
        }),
    );
    let begun = Instant::now();
    let dead = post.first.clone() + "-dead";
    while post.count(&dead).await != 1 {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(calls.load(Ordering::SeqCst), 5);

    mended.cancel();
    // What `start-message-move-task` does in the cloud; the embedded SQS takes that order and moves nothing.
    let sqs = post.aws.clients().sqs;
    let received = sqs.receive_message().queue_url(&dead).send().await.unwrap();
    let message = &received.messages()[0];
    post.send(&post.first, message.body().unwrap()).await;
    let receipt = message.receipt_handle().unwrap();
    sqs.delete_message().queue_url(&dead).receipt_handle(receipt).send().await.unwrap();
    tokio::time::timeout(PATIENCE, done.cancelled()).await.unwrap();
    post.stop.cancel();
    assert_eq!(post.count(&dead).await, 0);
    assert_eq!(calls.load(Ordering::SeqCst), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_queue_comes_first_and_no_more_run_at_once_than_there_are_workers() {
    let post = Post::start().await;
    for _ in 0..4 {
        post.send(&post.second, "later").await;
    }
    for _ in 0..4 {
        post.send(&post.first, "sooner").await;
    }
    let (running, most, seen) = (
        Arc::new(AtomicU32::new(0)),
        Arc::new(AtomicU32::new(0)),
        Arc::new(std::sync::Mutex::new(Vec::new())),
    );
    let (now, highest, order) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&seen));
    post.poll(
        2,
        Arc::new(move |event| {
            let (now, highest, order) = (Arc::clone(&now), Arc::clone(&highest), Arc::clone(&order));
            Box::pin(async move {
                highest.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                order.lock().unwrap().push(event.payload.records[0].body.clone().unwrap());
                tokio::time::sleep(Duration::from_millis(50)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(SqsBatchResponse::default())
            })
        }),
    );
    let begun = Instant::now();
    while seen.lock().unwrap().len() < 8 {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    post.stop.cancel();
    let expected = ["sooner"; 4].into_iter().chain(["later"; 4]).collect::<Vec<_>>();
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(most.load(Ordering::SeqCst), 2);
}
