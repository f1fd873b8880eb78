//! The head of a request, and what of it API Gateway lets through to a function.
//!
//! `lambda_http` makes a URL of an event's host, its `x-forwarded-proto` and its path, and panics where they do not make
//! one. In the cloud they always do: API Gateway knows an API by its own host names and leads no other one anywhere, and
//! writes the `x-forwarded-*` headers itself. So it has to be here.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header, request::Parts};
use url::Url;

/// The most that a request line and all header values may have together: a quota of HTTP APIs.
pub const MAX_BYTES: usize = 10_240;

/// Refuses a head that API Gateway would not pass on.
///
/// # Errors
/// 400 unless there is one `Host` and it is a host with or without a port, which RFC 9112 wants of every server; 431 over
/// [`MAX_BYTES`].
pub fn check(parts: &Parts) -> Result<(), StatusCode> {
    if size(parts) > MAX_BYTES {
        return Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    if is_host(&parts.headers) { Ok(()) } else { Err(StatusCode::BAD_REQUEST) }
}

fn size(parts: &Parts) -> usize {
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let line = parts.method.as_str().len() + " ".len() + target + " HTTP/1.1".len();
    line + parts.headers.values().map(|value| value.len()).sum::<usize>()
}

fn is_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    host.to_str().is_ok_and(|host| {
        !host.contains('@')
            && host.parse::<Authority>().is_ok()
            && Url::parse(&format!("http://{host}/")).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn checked(hosts: &[&[u8]]) -> Result<(), StatusCode> {
        let mut request = Request::get("/here");
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        check(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn a_host_is_one_name_or_address_with_or_without_a_port() {
        for good in ["localhost", "localhost:3000", "127.0.0.1:3000", "[::1]:3000", "api.example.com"] {
            assert_eq!(checked(&[good.as_bytes()]), Ok(()), "{good}");
        }
        for bad in
            ["", " ", "a b", "a/b", "a?b", "a#b", "a@b", "a:b", "a:99999", "[::1", "%", "<script>", "a\\b"]
        {
            assert_eq!(checked(&[bad.as_bytes()]), Err(StatusCode::BAD_REQUEST), "{bad}");
        }
        assert_eq!(checked(&[&[0xff]]), Err(StatusCode::BAD_REQUEST));
        assert_eq!(checked(&[]), Err(StatusCode::BAD_REQUEST));
        assert_eq!(checked(&[b"localhost", b"localhost"]), Err(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn ten_kibibytes_are_the_most() {
        let of_size = |bytes: usize| {
            let filled = bytes - "GET /here HTTP/1.1".len() - "localhost".len();
            let request =
                Request::get("/here").header(header::HOST, "localhost").header("x-long", "x".repeat(filled));
            check(&request.body(()).unwrap().into_parts().0)
        };
        assert_eq!(of_size(MAX_BYTES), Ok(()));
        assert_eq!(of_size(MAX_BYTES + 1), Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
        let target =
            Request::get(format!("/here?{}", "x".repeat(MAX_BYTES))).header(header::HOST, "localhost");
        let (parts, ()) = target.body(()).unwrap().into_parts();
        assert_eq!(check(&parts), Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
}
