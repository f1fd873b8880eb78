//! What stands before both services: they take any signature, so the only thing that tells a program of this machine
//! from a web page in its browser is what a browser cannot hide.

use std::future::Future;
use std::io;
use std::net::IpAddr;

use axum::Router;
use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;

/// Answers with `router` what is not [`foreign`], until `stopped`.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = router.layer(from_fn(refuse_foreign));
    axum::serve(listener, router).with_graceful_shutdown(stopped).await
}

async fn refuse_foreign(request: Request, next: Next) -> Response {
    match foreign(request.headers()) {
        Some(why) => (StatusCode::FORBIDDEN, why).into_response(),
        None => next.run(request).await,
    }
}

/// Why a request is not one of a program of this machine. A browser says `Origin` with whatever a page sends that could
/// change something, preflights included; and a page whose name was made to mean this machine says that name as `Host`.
fn foreign(headers: &HeaderMap) -> Option<&'static str> {
    if headers.contains_key(header::ORIGIN) {
        return Some("this is not for web pages");
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let is_loopback = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().is_ok_and(is_loopback),
        _ => false,
    };
    (!is_loopback).then_some("the Host header does not name this machine")
}

/// Whether a `Host` header names this machine by what nobody else can give it: a loopback address, or `localhost`.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_else_can_own_names_this_machine() {
        for ours in [
            "127.0.0.1",
            "127.0.0.1:3001",
            "127.0.0.2:1",
            "[::1]",
            "[::1]:3001",
            "localhost",
            "LocalHost:3001",
        ] {
            assert!(is_loopback(ours), "{ours}");
        }
        for theirs in [
            "",
            "example.com",
            "example.com:3001",
            "localhost.example.com",
            "127.0.0.1.example.com",
            "127.0.0.1@example.com",
            "0.0.0.0:3001",
            "10.0.0.1",
            "[::]",
            "dynamodb.us-east-1.amazonaws.com",
        ] {
            assert!(!is_loopback(theirs), "{theirs}");
        }
    }
}
