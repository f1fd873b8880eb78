//! The Garmin that this system imports from (INTERIM: until sync-garmin is merged).
#![allow(missing_docs, clippy::all)]
use crate::cli::{Garmin, SystemArgs};
use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sync_core::link::Tokens;
use sync_core::ports::*;
use sync_core::record::*;
use sync_core::window::*;
use sync_core::{AccountKey, MetricType};

#[derive(Debug, Clone)]
pub struct Connection {
    url: String,
    simulated: bool,
    http: reqwest::Client,
}
pub struct Profile {
    pub account: AccountKey,
    pub display_name: String,
    pub time_zone: Tz,
}
#[derive(Deserialize)]
struct TokenSet {
    di_token: String,
    di_refresh_token: String,
    di_client_id: String,
}

impl Connection {
    pub fn new(args: &SystemArgs, simulator: Option<String>) -> Result<Self> {
        let url = match (simulator, &args.garmin_url) {
            (Some(u), _) => u,
            (_, Some(u)) => u.clone(),
            _ => bail!("no garmin yet"),
        };
        Ok(Self { url, simulated: args.garmin == Garmin::Simulator, http: reqwest::Client::new() })
    }
    pub fn is_simulated(&self) -> bool {
        self.simulated
    }
    pub async fn simulated_tokens(&self, account: &str) -> Result<Tokens> {
        let set: TokenSet = self
            .http
            .get(format!("{}/__simulator/tokens/{account}", self.url))
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(Tokens {
            access: set.di_token.into(),
            refresh: set.di_refresh_token.into(),
            client_id: set.di_client_id,
            expires_at: Utc::now() + TimeDelta::hours(20),
        })
    }
    pub async fn profile(&self, tokens: &Tokens) -> Result<Profile> {
        let v: serde_json::Value = self
            .http
            .get(format!("{}/userprofile-service/socialProfile", self.url))
            .bearer_auth(tokens.access.expose_secret())
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        let _: Option<SecretString> = None;
        Ok(Profile {
            account: AccountKey::of(v["displayName"].as_str().context("dn")?),
            display_name: v["displayName"].as_str().unwrap_or_default().to_owned(),
            time_zone: Tz::Europe__Berlin,
        })
    }
    pub fn source(&self) -> Result<Source> {
        Ok(Source(self.clone()))
    }
}
pub struct Source(Connection);
impl GarminSource for Source {
    fn plan(&self, request: &PlanRequest<'_>) -> WindowPlan {
        WindowPlan {
            windows: request
                .range
                .pieces(28)
                .map(|r| Window::days(SourceId::new("steps"), r))
                .chain(
                    request
                        .range
                        .iter()
                        .map(|d| Window::days(SourceId::new("daily_summary"), sync_core::DateRange::day(d))),
                )
                .collect(),
            offloaded: vec![],
        }
    }
    fn metrics(&self, _: &Window) -> &'static [MetricType] {
        &[]
    }
    fn longest_window(&self) -> TimeDelta {
        TimeDelta::seconds(2)
    }
    async fn fetch(
        &self,
        session: &Session,
        window: &Window,
        _deadline: DateTime<Utc>,
    ) -> Result<Fetched, FetchError> {
        let range = window.range().ok_or(FetchError::Refused)?;
        let daily = window.source.as_str() == "daily_summary";
        let url = if daily {
            format!(
                "{}/usersummary-service/usersummary/daily/{}?calendarDate={}",
                self.0.url,
                session.display_name,
                range.start()
            )
        } else {
            format!("{}/usersummary-service/stats/steps/daily/{}/{}", self.0.url, range.start(), range.end())
        };
        let r = self
            .0
            .http
            .get(url)
            .bearer_auth(session.access.expose_secret())
            .send()
            .await
            .map_err(|_| FetchError::Unavailable { code: "connection".into() })?;
        match r.status().as_u16() {
            200 => {}
            204 => return Ok(Fetched::default()),
            401 => return Err(FetchError::Unauthorized),
            s => return Err(FetchError::Unavailable { code: format!("http_{s}") }),
        }
        let v: serde_json::Value = r.json().await.map_err(|_| FetchError::Unreadable { path: ".".into() })?;
        let mut out = Fetched::default();
        for date in range.iter() {
            out.records.push(RecordUpsert::coverage(date, &window.source, DayOutcome::Ok));
        }
        if daily {
            if let Some(s) = v["restingHeartRate"].as_i64() {
                out.records.push(
                    RecordUpsert::new(
                        RecordKey::dated(RecordKind::Day, range.start()),
                        &serde_json::json!({"resting_heart_rate_bpm": s}),
                    )
                    .unwrap(),
                );
            }
        } else {
            for row in v.as_array().into_iter().flatten() {
                out.records.push(
                    RecordUpsert::new(
                        RecordKey::dated(
                            RecordKind::Day,
                            row["calendarDate"].as_str().unwrap().parse().unwrap(),
                        ),
                        &serde_json::json!({"steps": row["totalSteps"]}),
                    )
                    .unwrap(),
                );
            }
        }
        Ok(out)
    }
    async fn refresh(&self, _: &Tokens) -> Result<Tokens, RefreshError> {
        Err(RefreshError::InvalidGrant)
    }
}
