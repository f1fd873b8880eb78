//! A plain HTTP client for the simulator, as any program would be one.

use chrono::{DateTime, NaiveDate, TimeZone as _, Utc};
use garmin_simulator::{AccountConfig, Simulator, SimulatorConfig, TokenSet};
use reqwest::StatusCode;
use serde_json::Value;

/// 2026-11-22, early evening in Berlin: today is not over.
pub(crate) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 17, 0, 0).unwrap()
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn config() -> SimulatorConfig {
    SimulatorConfig::at(now())
}

pub(crate) fn two_accounts() -> SimulatorConfig {
    let mut config = config();
    config.accounts.push(AccountConfig::new("second"));
    config
}

pub(crate) struct Client {
    pub(crate) garmin: Simulator,
    pub(crate) tokens: TokenSet,
    pub(crate) http: reqwest::Client,
}

impl Client {
    pub(crate) async fn start(config: SimulatorConfig) -> Self {
        let garmin = Simulator::start(config).await.unwrap();
        let tokens = garmin.demo_tokens().unwrap();
        Self { garmin, tokens, http: reqwest::Client::new() }
    }

    pub(crate) async fn send(&self, path: &str) -> reqwest::Result<reqwest::Response> {
        self.send_as(&self.tokens, path).await
    }

    pub(crate) async fn send_as(&self, tokens: &TokenSet, path: &str) -> reqwest::Result<reqwest::Response> {
        self.http.get(format!("{}{path}", self.garmin.base_url())).bearer_auth(&tokens.di_token).send().await
    }

    pub(crate) async fn status(&self, path: &str) -> StatusCode {
        self.send(path).await.unwrap().status()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let response = self.send(path).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    pub(crate) async fn refresh(&self, tokens: &TokenSet) -> reqwest::Result<reqwest::Response> {
        self.refresh_as(&tokens.di_client_id, &tokens.di_client_id, &tokens.di_refresh_token).await
    }

    pub(crate) async fn refresh_as(
        &self,
        basic: &str,
        client_id: &str,
        token: &str,
    ) -> reqwest::Result<reqwest::Response> {
        self.http
            .post(format!("{}/di-oauth2-service/oauth/token", self.garmin.base_url()))
            .basic_auth(basic, Some(""))
            .form(&[("grant_type", "refresh_token"), ("client_id", client_id), ("refresh_token", token)])
            .send()
            .await
    }
}

/// The pair in an answer of the token endpoint.
pub(crate) fn pair(answer: &Value, client_id: &str) -> TokenSet {
    TokenSet {
        di_token: answer["access_token"].as_str().unwrap().to_owned(),
        di_refresh_token: answer["refresh_token"].as_str().unwrap().to_owned(),
        di_client_id: client_id.to_owned(),
    }
}
