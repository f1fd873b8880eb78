//! What the command line asks the API, over HTTP like any other client.

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use reqwest::header::LINK;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sync_core::ports::SystemClock;
use sync_core::{Clock as _, JobStatus, PauseReason, UserId};
use url::Url;

use crate::issuer::Issuer;

/// Where the routes begin.
const PREFIX: &str = "/integrations/garmin";

/// A user's view of the API. It follows no redirect: what it sends, a token in each request and Garmin's in one, is for the
/// address that the person has named and for no other.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    token: SecretString,
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
    /// When no token can be made, or as [`Self::with_token`].
    pub fn new(base_url: &str, issuer: &Issuer, user: &UserId) -> Result<Self> {
        let token = issuer.token(user, SystemClock.now(), TimeDelta::hours(24))?;
        Self::with_token(base_url, token.into())
    }

    /// The API at `base_url` with a token that somebody else has issued.
    ///
    /// # Errors
    /// When the address is none, or one to which tokens would go unencrypted over a network; when the HTTP client does
    /// not start.
    pub fn with_token(base_url: &str, token: SecretString) -> Result<Self> {
        only_encrypted(base_url)?;
        let http = reqwest::Client::builder().redirect(Policy::none()).build();
        let http = http.context("the HTTP client does not start")?;
        Ok(Self { http, base_url: base_url.trim_end_matches('/').to_owned(), token })
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
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = self.send(request).await?;
        let status = response.status();
        Ok((status, response.json().await.context("the server's answer is not readable")?))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let request = request.bearer_auth(self.token.expose_secret());
        let response = request.send().await.context("the server does not answer")?;
        if response.status().is_redirection() {
            bail!(
                "the server points to another address ({}), where no token is sent: give that one if it is right",
                response.status()
            );
        }
        Ok(response)
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
            let response = self.send(self.http.get(url)).await?;
            let status = response.status();
            if !status.is_success() {
                let answer: Value = response.json().await.context("the server's answer is not readable")?;
                bail!("{} ({status})", answer["error"].as_str().unwrap_or("no reason given"));
            }
            let link = response.headers().get(LINK).and_then(|link| link.to_str().ok());
            // The server's own form, `<path>; rel="next"`: nobody else is asked.
            next = link
                .and_then(|link| link.strip_prefix('<')?.strip_suffix(">; rel=\"next\""))
                .filter(|path| path.starts_with('/'))
                .map(str::to_owned);
            of_page(&response.text().await.context("the server's answer is not readable")?)?;
        }
        Ok(())
    }
}

/// Tokens go over the network encrypted, or not at all.
fn only_encrypted(url: &str) -> Result<()> {
    let url = Url::parse(url).with_context(|| format!("{url} is not an address"))?;
    let is_here = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_here => Ok(()),
        _ => bail!(
            "the API's address must begin with https://: tokens would go over the network for all to read"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::http::header::LOCATION;
    use tokio::net::TcpListener;

    use super::*;

    async fn served(router: Router) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    #[tokio::test]
    async fn tokens_are_not_sent_where_a_redirect_points() {
        let heard = Arc::new(AtomicUsize::new(0));
        let hears = Arc::clone(&heard);
        let elsewhere = served(Router::new().fallback(async move || {
            hears.fetch_add(1, Ordering::SeqCst);
            axum::Json(json!({"status": "success"}))
        }))
        .await;
        let to = format!("{elsewhere}/integrations/garmin/link");
        let pointing =
            served(Router::new().fallback(async move || (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, to)])))
                .await;
        let client = Client::with_token(&pointing, "jwt".into()).unwrap();
        let refused = client.link(&json!({"di_token": "secret"})).await.unwrap_err().to_string();
        assert!(refused.contains("307"), "{refused}");
        let refused = client.history_table("daily?x", |_| Ok(())).await.unwrap_err().to_string();
        assert!(refused.contains("307"), "{refused}");
        assert_eq!(heard.load(Ordering::SeqCst), 0, "the other address was asked");
    }

    #[test]
    fn tokens_leave_this_machine_encrypted_or_not_at_all() {
        for good in
            ["https://example.com", "http://127.0.0.1:3000", "http://[::1]:3000", "http://localhost:3000"]
        {
            assert!(Client::with_token(good, "jwt".into()).is_ok(), "{good}");
        }
        for bad in [
            "http://example.com",
            "example.com",
            "http://127.0.0.1.example.com",
            "ftp://example.com",
            "ftp://localhost",
        ] {
            assert!(Client::with_token(bad, "jwt".into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_client_does_not_print_its_token() {
        let client = Client::with_token("https://example.com", "eyJ-very-secret".into()).unwrap();
        assert!(!format!("{client:?}").contains("very-secret"));
    }
}
