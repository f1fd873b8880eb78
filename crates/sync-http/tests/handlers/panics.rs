//! A panic prints what the code at fault chose to print. Here it prints all that it was given, which must hold no secret.

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use secrecy::SecretString;
use serde_json::json;
use std::panic::AssertUnwindSafe;
use sync_core::dates::DateRange;
use sync_core::link::SealedTokens;
use sync_core::ports::{FetchError, Fetched, RefreshError, Session, VaultError};
use sync_core::window::{PlanRequest, SourceId, WindowPlan};
use sync_core::{GarminSource, MetricType, TokenVault, Tokens, UserId, Window};

use crate::world::{DEMO, SAMPLE_JOB, World, log};

fn tokens(expires_at: DateTime<Utc>) -> Tokens {
    let secret = |text: &str| SecretString::from(text.to_owned());
    Tokens {
        access: secret("my-secret-access"),
        refresh: secret("my-secret-refresh"),
        client_id: "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2".to_owned(),
        expires_at,
    }
}

/// Opens everything to the same secrets, which last until then.
#[derive(Clone, Copy)]
struct OpenVault(DateTime<Utc>);

impl TokenVault for OpenVault {
    async fn seal(&self, _: &UserId, _: &Tokens) -> Result<SealedTokens, VaultError> {
        Ok(SealedTokens("sealed".to_owned()))
    }

    async fn reseal(&self, _: &UserId, _: &SealedTokens, _: &Tokens) -> Result<SealedTokens, VaultError> {
        Ok(SealedTokens("sealed".to_owned()))
    }

    async fn open(&self, _: &UserId, _: &SealedTokens) -> Result<Tokens, VaultError> {
        Ok(tokens(self.0))
    }
}

/// Panics with everything that it is handed.
#[derive(Clone, Copy)]
struct Panicking;

impl GarminSource for Panicking {
    fn plan(&self, request: &PlanRequest<'_>) -> WindowPlan {
        WindowPlan { windows: vec![window(request.range)], ..WindowPlan::default() }
    }

    fn metrics(&self, _: &Window) -> &'static [MetricType] {
        &[MetricType::Hrv]
    }

    fn longest_window(&self) -> TimeDelta {
        TimeDelta::seconds(30)
    }

    async fn fetch(
        &self,
        session: &Session,
        window: &Window,
        _: DateTime<Utc>,
    ) -> Result<Fetched, FetchError> {
        panic!("asking {window:?} with {session:?}")
    }

    async fn refresh(&self, tokens: &Tokens) -> Result<Tokens, RefreshError> {
        panic!("refreshing {tokens:?}")
    }
}

fn window(range: DateRange) -> Window {
    Window::days(SourceId::new("hrv"), range)
}

#[tokio::test]
async fn a_panic_that_prints_all_it_holds_prints_no_secret() {
    let event = json!({ "Records": [{
        "messageId": "m-1",
        "body": json!({ "schemaVersion": 1, "userId": DEMO, "jobId": SAMPLE_JOB }).to_string(),
    }] });
    for (lifetime, doing) in [(TimeDelta::hours(20), "asking"), (TimeDelta::zero(), "refreshing")] {
        let world = World::new();
        log::forget();
        world.pending_job(DEMO, SAMPLE_JOB);
        let expires_at = world.now() + lifetime;
        world.change_link(DEMO, |link| link.token_expires_at = expires_at);
        let delivered = world.deliver_with(OpenVault(expires_at), Panicking, &event);
        let panic = AssertUnwindSafe(delivered).catch_unwind().await.expect_err("nothing panicked");
        let printed = panic.downcast_ref::<String>().unwrap();
        assert!(printed.starts_with(doing), "{printed}");
        for text in [printed, &log::text(), &format!("{:?}", world.store.snapshot())] {
            assert!(!text.contains("my-secret"), "{text}");
        }
    }
}
