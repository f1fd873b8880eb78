//! An HTTP request as API Gateway hands it to a function: the HTTP API event, payload format 2.0.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, header, request::Parts};
use base64::Engine as _;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

/// What the event says besides the request itself.
#[derive(Clone, Debug)]
pub struct Arrival<'a> {
    /// The route that was matched, such as `GET /integrations/garmin/sync/status`.
    pub route_key: &'a str,
    /// The id of the request.
    pub request_id: &'a str,
    /// When it came.
    pub at: DateTime<Utc>,
    /// From where.
    pub source: SocketAddr,
    /// What the authorizer found in the token.
    pub claims: &'a Map<String, Value>,
}

/// The event of a request.
#[must_use]
pub fn event(parts: &Parts, body: &[u8], arrival: &Arrival<'_>) -> Value {
    let path = parts.uri.path();
    let raw_query = parts.uri.query().unwrap_or_default();
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("");
    let mut event = json!({
        "version": "2.0",
        "routeKey": arrival.route_key,
        "rawPath": path,
        "rawQueryString": raw_query,
        "headers": headers(&parts.headers, arrival.source),
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "authorizer": {"jwt": {"claims": claims(arrival.claims), "scopes": null}},
            "domainName": host,
            "domainPrefix": host.split(['.', ':']).next().unwrap_or_default(),
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": arrival.source.ip().to_string(),
                "userAgent": agent,
            },
            "requestId": arrival.request_id,
            "routeKey": arrival.route_key,
            "stage": "$default",
            "time": arrival.at.format("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": arrival.at.timestamp_millis(),
        },
        "isBase64Encoded": false,
    });
    let cookies = cookies(&parts.headers);
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    let query = query(raw_query);
    if !query.is_empty() {
        event["queryStringParameters"] = json!(query);
    }
    if !body.is_empty() {
        match std::str::from_utf8(body) {
            Ok(text) if is_text(&parts.headers) => event["body"] = json!(text),
            _ => {
                event["body"] = json!(base64::engine::general_purpose::STANDARD.encode(body));
                event["isBase64Encoded"] = json!(true);
            }
        }
    }
    event
}

/// Names in lower case, values of one name joined by commas. Cookies have a field of their own, and what was forwarded
/// from where is for the gateway to say, not for the caller.
fn headers(headers: &HeaderMap, source: SocketAddr) -> BTreeMap<&str, String> {
    let mut joined = BTreeMap::from([
        ("x-forwarded-for", source.ip().to_string()),
        ("x-forwarded-proto", "http".to_owned()),
    ]);
    let by_the_gateway =
        |name: &HeaderName| *name == header::COOKIE || name.as_str().starts_with("x-forwarded-");
    for (name, value) in headers.iter().filter(|(name, _)| !by_the_gateway(name)) {
        let value = String::from_utf8_lossy(value.as_bytes());
        joined
            .entry(name.as_str())
            .and_modify(|all| {
                all.push(',');
                all.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    joined
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .map(|cookie| cookie.trim().to_owned())
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

/// Decoded, the values of one name joined by commas.
fn query(raw: &str) -> BTreeMap<String, String> {
    let mut joined = BTreeMap::<String, String>::new();
    for (name, value) in url::form_urlencoded::parse(raw.as_bytes()) {
        joined
            .entry(name.into_owned())
            .and_modify(|all| {
                all.push(',');
                all.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    joined
}

/// Every claim as a string, lists in brackets: that is how the authorizer passes them on.
fn claims(claims: &Map<String, Value>) -> BTreeMap<&str, String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let shown = |value: &Value| match value {
        Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(" ")),
        other => text(other),
    };
    claims.iter().map(|(name, value)| (name.as_str(), shown(value))).collect()
}

/// Whether API Gateway passes the body as text. Everything else it encodes.
fn is_text(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    media_type.starts_with("text/")
        || matches!(&*media_type, "application/json" | "application/xml" | "application/javascript")
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, Method, Request, Uri};
    use lambda_http::RequestExt as _;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::gateway_head;

    fn arrived(request: axum::http::request::Builder, body: &[u8]) -> Value {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let claims = json!({"sub": "ann", "exp": 1_700_000_000, "admin": true, "scope": ["a", "b"]});
        let arrival = Arrival {
            route_key: "POST /here",
            request_id: "r-1",
            at: "2026-11-22T10:00:00Z".parse().unwrap(),
            source: ([127, 0, 0, 1], 9).into(),
            claims: claims.as_object().unwrap(),
        };
        event(&parts, body, &arrival)
    }

    #[test]
    fn every_part_of_a_request_has_its_place() {
        let request = Request::post("/here?startDate=2024-01-01&x=a%20b&x=c")
            .header("Host", "localhost:3000")
            .header("X-One", "1")
            .header("x-one", "2")
            .header("Cookie", "a=1; b=2")
            .header("Cookie", "c=3")
            .header("Content-Type", "application/json; charset=utf-8");
        let event = arrived(request, br#"{"a":1}"#);
        assert_eq!(event["version"], "2.0");
        assert_eq!(event["routeKey"], "POST /here");
        assert_eq!(event["rawPath"], "/here");
        assert_eq!(event["rawQueryString"], "startDate=2024-01-01&x=a%20b&x=c");
        assert_eq!(event["queryStringParameters"], json!({"startDate": "2024-01-01", "x": "a b,c"}));
        assert_eq!(event["headers"]["x-one"], "1,2");
        assert_eq!(event["headers"]["cookie"], Value::Null);
        assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3"]));
        assert_eq!(event["body"], r#"{"a":1}"#);
        assert_eq!(event["isBase64Encoded"], false);
        let context = &event["requestContext"];
        assert_eq!(context["http"]["method"], "POST");
        assert_eq!(context["stage"], "$default");
        assert_eq!(context["timeEpoch"], 1_795_341_600_000_i64);
        let claims = json!({"sub": "ann", "exp": "1700000000", "admin": "true", "scope": "[a b]"});
        assert_eq!(context["authorizer"]["jwt"]["claims"], claims);
    }

    #[test]
    fn a_body_that_is_not_text_is_encoded_and_arrives_as_it_was() {
        for (media_type, body) in [
            ("application/octet-stream", &b"abc"[..]),
            ("application/json", &[0xff, 0xfe][..]),
            ("application/x-www-form-urlencoded", &b"a=b"[..]),
        ] {
            let request = Request::post("/here").header("Content-Type", media_type);
            let event = arrived(request, body);
            assert_eq!(event["isBase64Encoded"], true, "{media_type}");
            let request = lambda_http::request::from_str(&event.to_string()).unwrap();
            assert_eq!(request.body().as_ref(), body);
        }
    }

    #[test]
    fn what_was_forwarded_from_where_is_not_for_the_caller_to_say() {
        let request = Request::post("/here")
            .header("X-Forwarded-Proto", "no scheme")
            .header("X-Forwarded-For", "203.0.113.7")
            .header("X-Forwarded-Host", "elsewhere.example");
        let event = arrived(request, b"");
        assert_eq!(event["headers"], json!({"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http"}));
    }

    #[test]
    fn the_event_reads_back_as_the_request_it_was_made_of() {
        let request = Request::post("/here?x=1").header("Content-Type", "application/json");
        let request = lambda_http::request::from_str(&arrived(request, b"{}").to_string()).unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.raw_http_path(), "/here");
        assert_eq!(request.query_string_parameters().first("x"), Some("1"));
        let context = request.request_context();
        let authorizer = context.authorizer().unwrap();
        assert_eq!(authorizer.jwt.as_ref().unwrap().claims["sub"], "ann");
    }

    /// Heads as whoever may send them: mostly what a client sends, and anything that HTTP lets through.
    fn heads() -> impl Strategy<Value = Parts> {
        let text =
            || prop_oneof![4 => Just("localhost:3000".to_owned()), 1 => "[!-~]{0,12}", 1 => "[ -~]{0,12}"];
        let value = || {
            prop_oneof![3 => text().prop_map(String::into_bytes), 1 => vec(any::<u8>(), 0..12)]
                .prop_filter_map("no header value", |bytes| HeaderValue::from_bytes(&bytes).ok())
        };
        let name = prop_oneof![
            Just("host"),
            Just("x-forwarded-proto"),
            Just("x-forwarded-for"),
            Just("content-type"),
            Just("cookie"),
            Just("idempotency-key"),
            Just("if-none-match"),
        ];
        let target = prop_oneof!["/here", "/here\\?[!-~]{0,40}", "/[!-~]{0,20}"]
            .prop_filter_map("no target", |target| target.parse::<Uri>().ok());
        (target, value(), vec((name, value()), 0..4)).prop_map(|(target, host, headers)| {
            let (mut parts, ()) = Request::new(()).into_parts();
            (parts.method, parts.uri) = (Method::POST, target);
            parts.headers.insert(header::HOST, host);
            for (name, value) in headers {
                parts.headers.append(name, value);
            }
            parts
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_head_and_body_are_let_through_arrive(
            parts in heads(),
            body in vec(any::<u8>(), 0..40),
        ) {
            if gateway_head::check(&parts).is_err() {
                return Ok(());
            }
            let arrival = Arrival {
                route_key: "POST /here",
                request_id: "r-1",
                at: DateTime::UNIX_EPOCH,
                source: ([127, 0, 0, 1], 9).into(),
                claims: &Map::new(),
            };
            let event = event(&parts, &body, &arrival).to_string();
            let request = lambda_http::request::from_str(&event);
            prop_assert!(request.is_ok(), "{:?}", request);
            let request = request.unwrap();
            prop_assert_eq!(request.raw_http_path(), parts.uri.path());
            prop_assert_eq!(request.body().as_ref(), body.as_slice());
        }
    }
}
