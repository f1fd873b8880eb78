//! The client: windows in, records out.

use std::sync::Arc;
use std::time::Duration;

use backon::Retryable;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::Value;
use sync_core::link::Tokens;
use sync_core::ports::{FetchError, Fetched, RefreshError, Session};
use sync_core::window::{PlanRequest, WindowPlan, WindowScope};
use sync_core::{Clock, DateRange, GarminSource, MetricType, Window};
use url::Url;

use crate::caps::LearnedCaps;
use crate::config::GarminConfig;
use crate::endpoints::table::{self, Endpoint, NotFound, Scope};
use crate::harvest::Harvest;
use crate::pace::{Jitter, Pace};
use crate::profile::{self, Profile};
use crate::reading::{self, Node};
use crate::retry::FullJitter;
use crate::transport::{Failure, Transport, Verdict};
use crate::{plan, tokens};

/// More pages than this of one list are no list.
const MOST_PAGES: u32 = 500;

/// Garmin Connect. One of these per process: it holds the connections, the pace of each account and the learned caps.
pub struct GarminClient {
    config: GarminConfig,
    clock: Arc<dyn Clock>,
    jitter: Jitter,
    transport: Transport,
    pace: Pace,
    caps: LearnedCaps,
}

impl std::fmt::Debug for GarminClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GarminClient").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The HTTP client does not start.
    #[error("the HTTP client does not start")]
    Http(#[source] reqwest::Error),
    /// An address that nothing can be appended to, such as `data:`.
    #[error("Garmin's address cannot be a base")]
    Address,
}

/// What stands in the places of a path.
#[derive(Clone, Default)]
struct Places<'a> {
    days: Option<DateRange>,
    id: Option<&'a str>,
    display_name: &'a str,
    offset: u32,
    limit: u32,
}

impl Places<'_> {
    /// The text with its places filled. A date, a name: each is one part of a path and is escaped as such.
    fn fill(&self, text: &str) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let date = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
        let (start, end) = (self.days.map(DateRange::start), self.days.map(DateRange::end));
        match text {
            "{start}" | "{date}" => date(start),
            "{end}" => date(end),
            "{display_name}" => self.display_name.to_owned(),
            "{id}" => self.id.unwrap_or_default().to_owned(),
            "{offset}" => self.offset.to_string(),
            "{limit}" => self.limit.to_string(),
            _ => text.to_owned(),
        }
    }

    fn url(&self, base: &Url, template: &str) -> Option<Url> {
        let (path, query) = template.split_once('?').unwrap_or((template, ""));
        let mut url = base.clone();
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .extend(path.trim_start_matches('/').split('/').map(|part| self.fill(part)));
        if !query.is_empty() {
            let mut pairs = url.query_pairs_mut();
            for pair in query.split('&') {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                pairs.append_pair(name, &self.fill(value));
            }
        }
        Some(url)
    }
}

/// With whom, and until when.
#[derive(Clone, Copy)]
struct Asking<'a> {
    session: &'a Session,
    /// When the window has to be done: the caller's deadline, or sooner.
    until: DateTime<Utc>,
    /// Whether it is the caller's deadline that ends it.
    is_callers_deadline: bool,
}

impl Asking<'_> {
    /// What it means that no time is left. When the window has used up its own time, that is a failure of the window:
    /// said to be the caller's lack of time, it would be asked again for ever.
    fn out_of_time(self) -> FetchError {
        if self.is_callers_deadline {
            FetchError::OutOfTime
        } else {
            FetchError::Unavailable { code: "timeout".to_owned() }
        }
    }
}

/// What a data call came to, where a window may still have a say in what it means.
enum Outcome {
    Json(Value),
    Nothing,
    BadRequest,
    NotFound,
}

fn is_passing(error: &FetchError) -> bool {
    matches!(error, FetchError::Unavailable { .. })
}

impl GarminClient {
    /// A client that takes the time from `clock` and the spread of its waits from `jitter`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(config: GarminConfig, clock: Arc<dyn Clock>, jitter: Jitter) -> Result<Self, ClientError> {
        if config.data_url.cannot_be_a_base() || config.auth_url.cannot_be_a_base() {
            return Err(ClientError::Address);
        }
        Ok(Self {
            transport: Transport::new(&config).map_err(ClientError::Http)?,
            pace: Pace::new(config.gap, config.gap_jitter),
            caps: LearnedCaps::default(),
            config,
            clock,
            jitter,
        })
    }

    pub(crate) const fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Who a session belongs to, for linking: three calls at most. The `display_name` of `session` is not used.
    ///
    /// # Errors
    /// As [`GarminSource::fetch`].
    pub async fn profile(&self, session: &Session, deadline: DateTime<Utc>) -> Result<Profile, FetchError> {
        let asking = self.asking(session, deadline);
        let social = self.object(asking, profile::SOCIAL_PROFILE).await?;
        let display_name = profile::display_name(&Node::root(&social))?;
        let mut time_zone = None;
        for path in [profile::SETTINGS, profile::USER_SETTINGS] {
            match self.object(asking, path).await {
                Ok(settings) => time_zone = profile::time_zone(&Node::root(&settings))?,
                Err(FetchError::Refused) => {}
                Err(error) => return Err(error),
            }
            if time_zone.is_some() {
                break;
            }
        }
        Ok(Profile { display_name, time_zone })
    }

    /// An object that everybody has.
    async fn object(&self, asking: Asking<'_>, path: &'static str) -> Result<Value, FetchError> {
        match self.call(asking, path, path, &Places::default()).await? {
            Outcome::Json(value) => Ok(value),
            Outcome::Nothing => Err(reading::unreadable("")),
            Outcome::BadRequest => Err(FetchError::Unexpected { status: 400 }),
            Outcome::NotFound => Err(FetchError::Refused),
        }
    }

    fn asking<'a>(&self, session: &'a Session, deadline: DateTime<Utc>) -> Asking<'a> {
        let own = self.clock.now() + self.longest_window();
        Asking { session, until: own.min(deadline), is_callers_deadline: deadline <= own }
    }

    fn time_left(&self, until: DateTime<Utc>) -> Option<Duration> {
        (until - self.clock.now()).to_std().ok().filter(|left| !left.is_zero())
    }

    /// One call, tried again while it fails in passing and there is time.
    async fn call(
        &self,
        asking: Asking<'_>,
        source: &'static str,
        template: &'static str,
        places: &Places<'_>,
    ) -> Result<Outcome, FetchError> {
        let waits = FullJitter {
            jitter: &self.jitter,
            shortest: self.config.retry_wait_min,
            longest: self.config.retry_wait_max,
            waits: self.config.tries.saturating_sub(1),
        };
        (|| self.attempt(asking, source, template, places))
            .retry(waits)
            .sleep(tokio::time::sleep)
            .when(is_passing)
            .adjust(|_, wait| {
                let left = self.time_left(asking.until)?;
                wait.filter(|wait| *wait < left)
            })
            .await
    }

    async fn attempt(
        &self,
        asking: Asking<'_>,
        source: &'static str,
        template: &'static str,
        places: &Places<'_>,
    ) -> Result<Outcome, FetchError> {
        let left = self.time_left(asking.until).ok_or_else(|| asking.out_of_time())?;
        let turn = self.pace.turn(&asking.session.account, &self.jitter);
        let _turn = tokio::time::timeout(left, turn).await.map_err(|_| asking.out_of_time())?;
        let left = self.time_left(asking.until).ok_or_else(|| asking.out_of_time())?;
        let timeout = left.min(self.transport.call_timeout());
        let is_cut_short = timeout < self.transport.call_timeout() && asking.is_callers_deadline;

        let url = places.url(&self.config.data_url, template).ok_or(FetchError::Refused)?;
        let request = self.transport.get(url, &asking.session.access).ok_or(FetchError::Unauthorized)?;
        let answer = self.transport.send(request, timeout).await.map_err(|failure| {
            let code = match failure {
                Failure::Timeout if is_cut_short => return FetchError::OutOfTime,
                Failure::Timeout => "timeout",
                Failure::Broken => "connection",
            };
            tracing::debug!(source, code, "no answer");
            FetchError::Unavailable { code: code.to_owned() }
        })?;
        tracing::debug!(source, status = answer.status, bytes = answer.body.len(), "answer");
        match answer.judge(self.clock.now()) {
            Verdict::Body(body) => Ok(Outcome::Json(reading::json(&body)?)),
            Verdict::Nothing => Ok(Outcome::Nothing),
            Verdict::BadRequest => Ok(Outcome::BadRequest),
            Verdict::NotFound => Ok(Outcome::NotFound),
            Verdict::Error(error) => Err(error),
        }
    }

    /// One call of an endpoint, read into `harvest`. Returns how many rows a list had.
    async fn ask(
        &self,
        asking: Asking<'_>,
        endpoint: &'static Endpoint,
        places: &Places<'_>,
        harvest: &mut Harvest,
    ) -> Result<usize, FetchError> {
        match self.call(asking, endpoint.source, endpoint.path, places).await? {
            Outcome::Json(value) => {
                (endpoint.parse)(&Node::root(&value), harvest)?;
                Ok(value.as_array().map_or(0, Vec::len))
            }
            Outcome::Nothing => Ok(0),
            Outcome::NotFound => match endpoint.not_found {
                NotFound::Nothing => Ok(0),
                NotFound::Gap => Err(FetchError::Refused),
            },
            Outcome::BadRequest => Err(self.bad_request(endpoint, harvest.days())),
        }
    }

    /// A 400 for several days says that they were too many; for one day, that it was something else.
    fn bad_request(&self, endpoint: &'static Endpoint, days: Option<DateRange>) -> FetchError {
        let is_range = matches!(endpoint.scope, Scope::Range { .. } | Scope::PagedRange { .. });
        match days.filter(|_| is_range) {
            Some(days) if days.days() > 1 => {
                self.caps.too_long(endpoint.source, days);
                FetchError::RangeTooLong
            }
            Some(_) => {
                self.caps.not_the_reason(endpoint.source);
                FetchError::Unexpected { status: 400 }
            }
            None => FetchError::Unexpected { status: 400 },
        }
    }

    async fn ask_pages(
        &self,
        asking: Asking<'_>,
        endpoint: &'static Endpoint,
        page_size: u32,
        places: Places<'_>,
        harvest: &mut Harvest,
    ) -> Result<(), FetchError> {
        for page in 0..MOST_PAGES {
            let places = Places { offset: page * page_size, limit: page_size, ..places.clone() };
            let rows = self.ask(asking, endpoint, &places, harvest).await?;
            if rows < page_size as usize {
                return Ok(());
            }
        }
        Err(reading::unreadable("(pages)"))
    }
}

impl GarminSource for GarminClient {
    fn plan(&self, request: &PlanRequest<'_>) -> WindowPlan {
        plan::plan(&self.config, &self.caps, request)
    }

    fn metrics(&self, window: &Window) -> &'static [MetricType] {
        table::endpoint(&window.source).map_or(&[], |endpoint| endpoint.metrics)
    }

    fn longest_window(&self) -> TimeDelta {
        TimeDelta::from_std(self.config.window_timeout).unwrap_or(TimeDelta::MAX)
    }

    async fn fetch(
        &self,
        session: &Session,
        window: &Window,
        deadline: DateTime<Utc>,
    ) -> Result<Fetched, FetchError> {
        // A name from an older version of the table can no longer be asked: a gap, not a failure for ever.
        let endpoint = table::endpoint(&window.source).ok_or(FetchError::Refused)?;
        let asking = self.asking(session, deadline);
        let mut harvest = Harvest::of(window.range());
        let places =
            Places { display_name: &session.display_name, days: window.range(), ..Places::default() };
        match (endpoint.scope, &window.scope) {
            (Scope::Range { .. }, WindowScope::Days(days)) => {
                // No days to ask for: nothing can fall into this window, and it needs no call to know that.
                if let Some(days) = endpoint.asked_days(*days) {
                    let places = Places { days: Some(days), ..places };
                    self.ask(asking, endpoint, &places, &mut harvest).await?;
                }
            }
            (Scope::Day, WindowScope::Days(days)) => {
                for date in days.iter() {
                    let places = Places { days: Some(DateRange::day(date)), ..places.clone() };
                    self.ask(asking, endpoint, &places, &mut harvest).await?;
                }
            }
            (Scope::PagedRange { page_size }, WindowScope::Days(_))
            | (Scope::Once { page_size }, WindowScope::All) => {
                self.ask_pages(asking, endpoint, page_size, places, &mut harvest).await?;
            }
            (Scope::Object, WindowScope::Object(id)) => {
                let places = Places { id: Some(id), ..places };
                self.ask(asking, endpoint, &places, &mut harvest).await?;
            }
            _ => return Err(FetchError::Refused),
        }
        let mut fetched = harvest.finish(&window.source);
        fetched.found.retain(|found| {
            table::endpoint(&found.source)
                .is_some_and(|endpoint| plan::is_enabled(&self.config, endpoint.asked))
        });
        Ok(fetched)
    }

    async fn refresh(&self, tokens: &Tokens) -> Result<Tokens, RefreshError> {
        tokens::refresh(&self.transport, &self.config.auth_url, &*self.clock, tokens).await
    }
}
