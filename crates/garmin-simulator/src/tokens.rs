//! Tokens that need no memory to be believed.
//!
//! Every token carries a MAC made with a key derived from the seed, so a simulator that was killed and started
//! again with the same seed still knows its own. What a MAC cannot show is whether a refresh token was used
//! before: that is a counter. Each link (one login, one call of `tokens_for`) is a *family* with a *generation*
//! that rises by one with every refresh, and the generation stands inside the token. A running simulator
//! remembers the generation each family has reached and refuses anything older. A restarted one remembers
//! nothing and believes the first refresh token of a family it is shown; from then on rotation is enforced again.
//! So a restart opens one window: a rotated-out token is accepted if it is shown before its successor, and the
//! successor after it is still accepted then, because its generation is not below what is known. Revocations are
//! forgotten by a restart too. Families are named by the clock and a counter: under a clock that stands still, the
//! first link after a restart continues the first link before it.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;

use crate::data::person::Person;

/// A link as python-garminconnect writes it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenSet {
    /// The access token, a JWT.
    pub di_token: String,
    /// The refresh token; good for one use.
    pub di_refresh_token: String,
    /// The client the pair was given to.
    pub di_client_id: String,
}

impl std::fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenSet").field("di_client_id", &self.di_client_id).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct AccessClaims {
    exp: i64,
    iat: i64,
    jti: String,
    client_id: String,
    garmin_guid: String,
    scope: Vec<String>,
    family: String,
}

#[derive(Serialize, Deserialize)]
struct RefreshClaims {
    guid: String,
    family: String,
    generation: u64,
    client_id: String,
    exp: i64,
}

/// Whose token it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) account: String,
    pub(crate) valid: bool,
}

/// What the token endpoint gives out.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) account: String,
    pub(crate) tokens: TokenSet,
}

#[derive(Default)]
struct Known {
    /// Next acceptable generation of each family.
    generations: HashMap<String, u64>,
    /// Accounts whose families are refused, but for those of a login since.
    revoked: HashMap<String, HashSet<String>>,
    minted: u64,
}

/// The issuer and judge of tokens.
pub(crate) struct Tokens {
    key: Vec<u8>,
    access_lifetime: Duration,
    refresh_lifetime: Duration,
    /// (account, guid)
    accounts: Vec<(String, String)>,
    known: Mutex<Known>,
}

const SCOPE: &str = "ATP_READ CONNECT_READ CONNECT_WRITE";

impl Tokens {
    pub(crate) fn new(seed: u64, people: &[Person], access: Duration, refresh: Duration) -> Self {
        Self {
            key: format!("garmin-simulator tokens {seed}").into_bytes(),
            access_lifetime: access,
            refresh_lifetime: refresh,
            accounts: people
                .iter()
                .map(|person| (person.account.name.clone(), person.guid.clone()))
                .collect(),
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mac(&self) -> Option<Hmac<Sha256>> {
        // HMAC takes keys of any length; the type does not say so.
        Hmac::<Sha256>::new_from_slice(&self.key).ok()
    }

    fn signed(&self, text: String) -> String {
        let signature = self.mac().map_or_else(Vec::new, |mut mac| {
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        });
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn verified<T: serde::de::DeserializeOwned>(&self, token: &str) -> Option<T> {
        let (text, signature) = token.rsplit_once('.')?;
        let mut mac = self.mac()?;
        mac.update(text.as_bytes());
        mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        let payload = text.rsplit_once('.').map_or(text, |(_, payload)| payload);
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }

    fn guid(&self, account: &str) -> Option<&str> {
        self.accounts.iter().find(|(name, _)| name == account).map(|(_, guid)| guid.as_str())
    }

    fn account(&self, guid: &str) -> Option<&str> {
        self.accounts.iter().find(|(_, known)| known == guid).map(|(name, _)| name.as_str())
    }

    fn pair(
        &self,
        guid: &str,
        family: &str,
        generation: u64,
        client_id: &str,
        now: DateTime<Utc>,
    ) -> TokenSet {
        let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let at =
            |lifetime: Duration| now.timestamp() + i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX / 2);
        let claims = AccessClaims {
            exp: at(self.access_lifetime),
            iat: now.timestamp(),
            jti: format!("{family}-{generation}"),
            client_id: client_id.to_owned(),
            garmin_guid: guid.to_owned(),
            scope: SCOPE.split(' ').map(str::to_owned).collect(),
            family: family.to_owned(),
        };
        let refresh = RefreshClaims {
            guid: guid.to_owned(),
            family: family.to_owned(),
            generation,
            client_id: client_id.to_owned(),
            exp: at(self.refresh_lifetime),
        };
        let header = encode(json!({"alg": "HS256", "typ": "JWT"}));
        let access = self.signed(format!("{header}.{}", encode(json!(claims))));
        TokenSet {
            di_token: access,
            di_refresh_token: self.signed(encode(json!(refresh))),
            di_client_id: client_id.to_owned(),
        }
    }

    /// A new family for an account, as a login gives it; `None` for an unknown account.
    pub(crate) fn mint(&self, account: &str, client_id: &str, now: DateTime<Utc>) -> Option<Granted> {
        let guid = self.guid(account)?;
        let mut known = self.known();
        known.minted += 1;
        let family = format!("{:x}-{}", now.timestamp_millis(), known.minted);
        known.generations.insert(family.clone(), 0);
        if let Some(since) = known.revoked.get_mut(account) {
            since.insert(family.clone());
        }
        Some(Granted { account: account.to_owned(), tokens: self.pair(guid, &family, 0, client_id, now) })
    }

    /// Exchanges a refresh token for a new pair. Of any number of simultaneous uses of one token one succeeds.
    pub(crate) fn refresh(&self, token: &str, client_id: &str, now: DateTime<Utc>) -> Option<Granted> {
        let claims: RefreshClaims = self.verified(token)?;
        let account = self.account(&claims.guid)?.to_owned();
        if claims.exp <= now.timestamp() || claims.client_id != client_id {
            return None;
        }
        let mut known = self.known();
        if known.revoked.get(&account).is_some_and(|since| !since.contains(&claims.family)) {
            return None;
        }
        let expected = known.generations.get(&claims.family).copied().unwrap_or(0);
        if claims.generation < expected {
            return None;
        }
        let next = claims.generation + 1;
        known.generations.insert(claims.family.clone(), next);
        drop(known);
        Some(Granted { account, tokens: self.pair(&claims.guid, &claims.family, next, client_id, now) })
    }

    /// Whose access token this is, and whether it is good now. `None` when it is none of ours.
    pub(crate) fn bearer(&self, token: &str, now: DateTime<Utc>) -> Option<Bearer> {
        let claims: AccessClaims = self.verified(token)?;
        let account = self.account(&claims.garmin_guid)?.to_owned();
        let refused = self.known().revoked.get(&account).is_some_and(|since| !since.contains(&claims.family));
        Some(Bearer { valid: claims.exp > now.timestamp() && !refused, account })
    }

    /// Whose refresh token this is, good or not.
    pub(crate) fn owner(&self, refresh_token: &str) -> Option<String> {
        let claims: RefreshClaims = self.verified(refresh_token)?;
        self.account(&claims.guid).map(str::to_owned)
    }

    /// From now on every token the account has is refused, until a new login.
    pub(crate) fn revoke(&self, account: &str) {
        self.known().revoked.insert(account.to_owned(), HashSet::new());
    }

    /// The answer of the token endpoint.
    pub(crate) fn answer(&self, granted: &Granted) -> serde_json::Value {
        json!({
            "access_token": granted.tokens.di_token,
            "token_type": "Bearer",
            "refresh_token": granted.tokens.di_refresh_token,
            "expires_in": self.access_lifetime.as_secs(),
            "refresh_token_expires_in": self.refresh_lifetime.as_secs(),
            "scope": SCOPE,
        })
    }
}
