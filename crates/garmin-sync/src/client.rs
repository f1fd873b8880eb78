//! What the command line asks the API, over HTTP like any other client.

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use reqwest::header::LINK;
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sync_core::ports::SystemClock;
use sync_core::{Clock as _, JobStatus, PauseReason, UserId};

use crate::issuer::Issuer;

/// Where the routes begin.
const PREFIX: &str = "/integrations/garmin";

/// A user's view of the API.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    token: String,
}

/// What a start answers, as far as the command line cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// A job was made.
    New(String),
    /// There was one.
    Running(String),
}

/// Where a sync stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The latest job.
    pub job: Option<JobStatusAnswer>,
    /// The watermark.
    pub last_successful_sync: Option<NaiveDate>,
}

/// Where a job stands, as far as the command line cares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobStatusAnswer {
    /// Its id.
    pub id: String,
    /// Its status.
    pub status: JobStatus,
    /// The first day.
    pub start_date: NaiveDate,
    /// The last day.
    pub end_date: NaiveDate,
    /// Chunks imported.
    pub chunks_completed: u32,
    /// Chunks planned.
    pub chunks_total: u32,
    /// Whole percent.
    pub percent_complete: u32,
    /// The months of the chunk that is worked on.
    pub current_chunk_range: Option<String>,
    /// Why it failed; or, while `retry_at` is awaited, what failed and is tried again.
    pub error_message: Option<String>,
    /// What it waits for.
    pub pause_reason: Option<PauseReason>,
    /// When it goes on by itself.
    pub retry_at: Option<DateTime<Utc>>,
    /// Seconds until it is done.
    pub eta_seconds: Option<u64>,
}

impl Client {
    /// The API at `base_url` as `user` sees it.
    ///
    /// # Errors
    /// When no token can be made.
    pub fn new(base_url: &str, issuer: &Issuer, user: &UserId) -> Result<Self> {
        let token = issuer.token(user, SystemClock.now(), TimeDelta::hours(24))?;
        Ok(Self { http: reqwest::Client::new(), base_url: base_url.to_owned(), token })
    }

    /// The API at `base_url` with a token that somebody else has issued.
    #[must_use]
    pub fn with_token(base_url: &str, token: &str) -> Self {
        let base_url = base_url.trim_end_matches('/').to_owned();
        Self { http: reqwest::Client::new(), base_url, token: token.to_owned() }
    }

    /// Hands tokens over, in the form that Garmin clients write.
    ///
    /// # Errors
    /// The API's, in its words.
    pub async fn link(&self, tokens: &Value) -> Result<Value> {
        self.expect(Method::POST, "/link", Some(&json!({"tokens": tokens}))).await
    }

    /// Ends the link, and erases what was imported if asked to.
    ///
    /// # Errors
    /// The API's, in its words.
    pub async fn unlink(&self, delete_data: bool) -> Result<Value> {
        self.expect(Method::POST, "/unlink", Some(&json!({"deleteData": delete_data}))).await
    }

    /// Asks a route below `/integrations/garmin`, whatever comes.
    ///
    /// # Errors
    /// When there is no answer, or none in JSON.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(StatusCode, Value)> {
        let url = format!("{}{PREFIX}{path}", self.base_url);
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.context("the server does not answer")?;
        let status = response.status();
        Ok((status, response.json().await.context("the server's answer is not readable")?))
    }

    async fn expect(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let (status, answer) = self.ask(method, path, body).await?;
        if !status.is_success() {
            let message =
                answer["error"].as_str().or(answer["message"].as_str()).unwrap_or("no reason given");
            bail!("{message} ({status})");
        }
        Ok(answer)
    }

    /// Where the user's sync stands, as the API says it.
    ///
    /// # Errors
    /// The API's, in its words.
    pub async fn status_as_is(&self) -> Result<Value> {
        self.expect(Method::GET, "/sync/status", None).await
    }

    /// Where the user's sync stands.
    ///
    /// # Errors
    /// The API's, in its words.
    pub async fn status(&self) -> Result<Status> {
        serde_json::from_value(self.status_as_is().await?).context("the server's answer is not readable")
    }

    /// Starts an import.
    ///
    /// # Errors
    /// The API's, in its words.
    pub async fn start(&self, from: NaiveDate, to: NaiveDate) -> Result<Started> {
        let body = json!({"startDate": from, "endDate": to});
        let answer = self.expect(Method::POST, "/sync/historical", Some(&body)).await?;
        let job = answer["jobId"].as_str().context("the server named no job")?.to_owned();
        match answer["status"].as_str() {
            Some("started") => Ok(Started::New(job)),
            Some("already_running") => Ok(Started::Running(job)),
            other => bail!("the server answered {other:?} to a start"),
        }
    }

    /// Pauses, resumes or cancels a job.
    ///
    /// # Errors
    /// The API's, in its words.
    pub async fn control(&self, what: &str, job: &str) -> Result<Value> {
        self.expect(Method::POST, &format!("/sync/{what}"), Some(&json!({"jobId": job}))).await
    }

    /// The rows of a history, page by page until there are no more: `of_page` is given each as it comes. `path` is the
    /// route with its query, without a cursor.
    ///
    /// # Errors
    /// The API's, in its words; those of `of_page`.
    pub async fn history(&self, path: &str, mut of_page: impl FnMut(&[Value]) -> Result<()>) -> Result<()> {
        let mut cursor = String::new();
        loop {
            let page = self.expect(Method::GET, &format!("/history/{path}{cursor}"), None).await?;
            let lists = page.as_object().into_iter().flat_map(|page| page.values());
            let rows = lists.filter_map(Value::as_array).next().context("the server's answer has no rows")?;
            of_page(rows)?;
            match page["cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(()),
            }
        }
    }

    /// A history as a table, page by page until there are no more: `of_page` is given each as it comes, every one with
    /// the row of names.
    ///
    /// # Errors
    /// The API's, in its words; those of `of_page`.
    pub async fn history_table(&self, path: &str, mut of_page: impl FnMut(&str) -> Result<()>) -> Result<()> {
        let mut next = Some(format!("{PREFIX}/history/{path}&format=csv"));
        while let Some(path) = next.take() {
            let url = format!("{}{path}", self.base_url);
            let response = self.http.get(url).bearer_auth(&self.token).send().await;
            let response = response.context("the server does not answer")?;
            let status = response.status();
            if !status.is_success() {
                let answer: Value = response.json().await.context("the server's answer is not readable")?;
                bail!("{} ({status})", answer["error"].as_str().unwrap_or("no reason given"));
            }
            let link = response.headers().get(LINK).and_then(|link| link.to_str().ok());
            // The server's own form, `<path>; rel="next"`: nobody else is asked.
            next = link
                .and_then(|link| link.strip_prefix('<')?.strip_suffix(">; rel=\"next\""))
                .map(str::to_owned);
            of_page(&response.text().await.context("the server's answer is not readable")?)?;
        }
        Ok(())
    }
}
