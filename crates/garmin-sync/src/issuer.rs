//! The development issuer: signs the tokens that stand for signed-in users, and checks them as the JWT authorizer of
//! API Gateway would. Its key is made on first use and kept in the data directory.

use anyhow::{Context as _, Result};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Map, Value, json};
use sync_core::UserId;

/// The `iss` of every token. A constant, not the server's address: a token outlives the port it was made for.
pub const ISSUER: &str = "https://issuer.garmin-sync.localhost";

/// The `aud` of every token.
pub const AUDIENCE: &str = "garmin-sync";

/// Signs and checks tokens with one ES256 key.
pub struct Issuer {
    signing: EncodingKey,
    checking: DecodingKey,
    public: Jwk,
    key_id: String,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// A token that the authorizer refuses. It does not say why: neither does API Gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unauthorized;

impl Issuer {
    /// A new private key, as PKCS #8.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn generate_key() -> Result<Vec<u8>> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .and_then(|pair| pair.to_pkcs8v1().map(|document| document.as_ref().to_vec()));
        key.ok().context("no key could be made for the development issuer")
    }

    /// The issuer of a private key.
    ///
    /// # Errors
    /// When `key` is no P-256 key in PKCS #8.
    pub fn from_key(key: &[u8]) -> Result<Self> {
        let signing = EncodingKey::from_ec_der(key);
        let mut public = Jwk::from_encoding_key(&signing, Algorithm::ES256)
            .context("the development issuer's key is not readable")?;
        let key_id = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(key_id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let checking = DecodingKey::from_jwk(&public)?;
        Ok(Self { signing, checking, public, key_id })
    }

    /// A token that says `user` and ends after `lifetime`.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn token(&self, user: &UserId, now: DateTime<Utc>, lifetime: TimeDelta) -> Result<String> {
        self.sign(&json!({
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user.as_str(),
            "iat": now.timestamp(),
            "nbf": now.timestamp(),
            "exp": (now + lifetime).timestamp(),
        }))
    }

    /// A token with any claims: tests make wrong ones with it.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign(&self, claims: &Value) -> Result<String> {
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::ES256) };
        Ok(jsonwebtoken::encode(&header, claims, &self.signing)?)
    }

    /// The claims of a token that is ours, for us, and valid now.
    ///
    /// # Errors
    /// [`Unauthorized`] for every other text.
    pub fn check(&self, token: &str) -> Result<Map<String, Value>, Unauthorized> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Unauthorized)?;
        if header.kid.as_deref() != Some(&self.key_id) {
            return Err(Unauthorized);
        }
        let mut validation = Validation::new(Algorithm::ES256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        jsonwebtoken::decode::<Map<String, Value>>(token, &self.checking, &validation)
            .map(|token| token.claims)
            .map_err(|_| Unauthorized)
    }

    /// What `/.well-known/jwks.json` answers.
    #[must_use]
    pub fn key_set(&self) -> JwkSet {
        JwkSet { keys: vec![self.public.clone()] }
    }

    /// What `/.well-known/openid-configuration` answers on a server at `base_url`.
    #[must_use]
    pub fn configuration(base_url: &str) -> Value {
        json!({
            "issuer": ISSUER,
            "jwks_uri": format!("{base_url}/.well-known/jwks.json"),
            "id_token_signing_alg_values_supported": ["ES256"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
        })
    }
}

#[cfg(test)]
mod tests {
    use sync_core::{Clock as _, ports::SystemClock};

    use super::*;

    fn issuer() -> Issuer {
        Issuer::from_key(&Issuer::generate_key().unwrap()).unwrap()
    }

    fn claims(issuer: &Issuer, change: impl FnOnce(&mut Value)) -> Result<Map<String, Value>, Unauthorized> {
        let now = SystemClock.now().timestamp();
        let mut claims =
            json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "iat": now, "nbf": now, "exp": now + 60});
        change(&mut claims);
        issuer.check(&issuer.sign(&claims).unwrap())
    }

    #[test]
    fn a_token_of_its_own_is_accepted_and_says_who_it_is() {
        let issuer = issuer();
        let user = UserId::new("ann").unwrap();
        let token = issuer.token(&user, SystemClock.now(), TimeDelta::hours(1)).unwrap();
        assert_eq!(issuer.check(&token).unwrap()["sub"], "ann");
        assert!(claims(&issuer, |_| ()).is_ok());
    }

    #[test]
    fn the_same_key_gives_the_same_issuer_after_a_restart() {
        let key = Issuer::generate_key().unwrap();
        let user = UserId::new("ann").unwrap();
        let before = Issuer::from_key(&key).unwrap();
        let token = before.token(&user, SystemClock.now(), TimeDelta::hours(1)).unwrap();
        assert!(Issuer::from_key(&key).unwrap().check(&token).is_ok());
    }

    #[test]
    fn a_token_is_refused_for_every_claim_that_is_wrong() {
        let issuer = issuer();
        let now = SystemClock.now().timestamp();
        for (name, value) in [
            ("iss", json!("https://elsewhere.example")),
            ("iss", Value::Null),
            ("aud", json!("another")),
            ("aud", Value::Null),
            ("exp", json!(now - 1)),
            ("exp", Value::Null),
            ("exp", json!("soon")),
            ("nbf", json!(now + 60)),
            ("sub", Value::Null),
        ] {
            let checked = claims(&issuer, |claims| {
                if value.is_null() {
                    claims.as_object_mut().unwrap().remove(name);
                } else {
                    claims[name] = value.clone();
                }
            });
            assert_eq!(checked, Err(Unauthorized), "{name} {value}");
        }
    }

    #[test]
    fn a_token_of_another_key_without_a_signature_or_of_no_form_is_refused() {
        use base64::Engine as _;
        let issuer = issuer();
        let user = UserId::new("ann").unwrap();
        let token = issuer.token(&user, SystemClock.now(), TimeDelta::hours(1)).unwrap();
        let payload = token.split('.').nth(1).unwrap();
        let part = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
        let unsigned = part(json!({"alg": "none", "typ": "JWT", "kid": issuer.key_id}));
        // The classic: an HMAC keyed with what everybody can read.
        let header = Header { kid: Some(issuer.key_id.clone()), ..Header::new(Algorithm::HS256) };
        let public = serde_json::to_vec(&issuer.public).unwrap();
        let now = SystemClock.now().timestamp();
        let claims = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": now + 60});
        let symmetric = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&public)).unwrap();
        let other = self::issuer().token(&user, SystemClock.now(), TimeDelta::hours(1)).unwrap();
        for bad in [
            String::new(),
            "garbage".to_owned(),
            "a.b.c".to_owned(),
            format!("{unsigned}.{payload}."),
            format!("{unsigned}.{payload}"),
            symmetric,
            other,
            format!("{}x", &token[..token.len() - 1]),
            format!("{token} "),
        ] {
            assert_eq!(issuer.check(&bad), Err(Unauthorized), "{bad}");
        }
    }

    #[test]
    fn the_key_set_shows_no_private_part() {
        let shown = serde_json::to_value(issuer().key_set()).unwrap();
        let key = shown["keys"][0].as_object().unwrap();
        assert_eq!((&key["kty"], &key["alg"], &key["crv"]), (&json!("EC"), &json!("ES256"), &json!("P-256")));
        assert!(!key.contains_key("d"));
    }
}
