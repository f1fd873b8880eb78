//! People who look on: their pages ask for the status at a fixed pace, whatever else happens.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};
use embedded_aws::{EmbeddedAws, Options, Storage};
use sync_aws::{DynamoJobStore, TableNames};
use sync_core::use_cases::status::Reader;
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at};

use crate::line::status;
use crate::report::Times;

/// How often an open page asks.
const EVERY: Duration = Duration::from_secs(3);

/// Open pages of `user-0` and on.
///
/// In the cloud a status has a function and a processor of its own, and a table holds up no read while it is written. Here
/// the pages have a thread of their own, on which runs all that they need, and a connection of their own to the tables.
/// What they still share is the processors.
#[derive(Debug)]
pub struct Pages {
    stop: watch::Sender<bool>,
    asked: JoinHandle<Result<Times>>,
}

impl Pages {
    /// Opens them, each asking at its own moment of the three seconds.
    ///
    /// # Errors
    /// When there can be no thread more.
    pub fn open(tables: &Path, pages: usize) -> Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let tables = tables.to_owned();
        let asked = std::thread::Builder::new().name("pages".to_owned()).spawn(move || {
            Builder::new_current_thread().enable_all().build()?.block_on(ask(tables, pages, stopped))
        })?;
        Ok(Self { stop, asked })
    }

    /// Closes them. Returns how long each status took, from the moment it was due.
    ///
    /// # Errors
    /// When a status was not answered as it has to be.
    pub async fn close(self) -> Result<Times> {
        self.stop.send(true).ok();
        let asked = tokio::task::spawn_blocking(|| self.asked.join()).await?;
        asked.map_err(|_| anyhow::anyhow!("the pages' thread has panicked"))?
    }
}

async fn ask(tables: PathBuf, pages: usize, stopped: watch::Receiver<bool>) -> Result<Times> {
    let aws = EmbeddedAws::start(Options { storage: Storage::File(tables), ..Options::default() }).await?;
    let jobs = DynamoJobStore::new(aws.clients().dynamodb, TableNames::default(), None);
    let reader = Reader { jobs };
    // The first asks for all: connections and what is cached are there before anything is timed.
    status(&reader, "user-0", None).await?;
    let apart = EVERY / u32::try_from(pages.max(1)).context("too many pages")?;
    let mut open = JoinSet::new();
    let mut first = Instant::now();
    for number in 0..pages {
        first += apart;
        let (reader, mut stopped) = (reader.clone(), stopped.clone());
        open.spawn(async move {
            let mut times = Vec::new();
            let mut due = interval_at(first, EVERY);
            loop {
                let due = tokio::select! {
                    _ = stopped.changed() => return anyhow::Ok(times),
                    due = due.tick() => due,
                };
                status(&reader, &format!("user-{number}"), None).await?;
                times.push(due.elapsed());
            }
        });
    }
    let mut times = Vec::new();
    while let Some(page) = open.join_next().await {
        times.extend(page??);
    }
    aws.stop().await;
    Ok(Times::of(times))
}
