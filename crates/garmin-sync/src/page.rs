//! The page: the files that `npm run build` makes in `web/dist`, served as CloudFront serves them in the cloud.

use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tower::ServiceExt as _;
use tower_http::services::ServeDir;

/// What the page may use: what it brings along. The same as in `infra/page.tf`, but for where people sign in there.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

/// Their names change with their contents.
const HASHED_FILES: &str = "/assets/";

const NOT_BUILT: &str = "The page is not built. In the folder web/ of the project: npm ci && npm run build\n";

/// The built page, or where it will be once it is built.
#[derive(Clone, Debug)]
pub struct Page {
    directory: PathBuf,
}

impl Page {
    /// The page whose files are in `directory`.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// Whether there is something to show.
    #[must_use]
    pub fn is_built(&self) -> bool {
        self.directory.join("index.html").is_file()
    }

    /// Where its files are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Answers with a file of the page.
    pub async fn file(&self, request: Request) -> Response {
        if !self.is_built() {
            return (StatusCode::NOT_FOUND, NOT_BUILT).into_response();
        }
        let is_hashed = request.uri().path().starts_with(HASHED_FILES);
        let response = match ServeDir::new(&self.directory).oneshot(request).await {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        };
        let is_found = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
        let caching = if is_hashed && is_found { "public, max-age=31536000, immutable" } else { "no-cache" };
        ([(header::CACHE_CONTROL, caching)], response).into_response()
    }

    /// What `/config.json` answers: people sign in here with a token that the command line prints. Terraform writes
    /// the one of the cloud (`infra/page.tf`).
    #[must_use]
    pub fn config() -> Response {
        ([(header::CACHE_CONTROL, "no-store")], axum::Json(json!({"auth": {"kind": "token"}})))
            .into_response()
    }

    /// The address that signs `token`'s user in. A fragment is never sent to a server, so it is in no log.
    #[must_use]
    pub fn address(base_url: &str, token: &str) -> String {
        format!("{base_url}/#token={token}")
    }
}

/// The headers that CloudFront puts on every answer, the API's too (`infra/page.tf`).
pub fn secure(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    async fn ask(page: &Page, path: &str) -> (StatusCode, String, String) {
        let response = page.file(Request::get(path).body(Body::empty()).unwrap()).await;
        let status = response.status();
        let caching =
            response.headers().get(header::CACHE_CONTROL).map_or("", |value| value.to_str().unwrap());
        let caching = caching.to_owned();
        let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
        (status, caching, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn files_whose_names_change_are_kept_for_ever_and_the_others_are_asked_for_again() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("assets")).unwrap();
        fs::write(directory.path().join("index.html"), "the page").unwrap();
        fs::write(directory.path().join("assets/index-1a2b.js"), "a script").unwrap();
        let page = Page::new(directory.path());
        assert!(page.is_built());
        let (status, caching, body) = ask(&page, "/").await;
        assert_eq!((status, caching.as_str(), body.as_str()), (StatusCode::OK, "no-cache", "the page"));
        let (status, caching, body) = ask(&page, "/assets/index-1a2b.js").await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "a script"));
        assert!(caching.contains("immutable"));
        let (status, caching, _) = ask(&page, "/assets/index-gone.js").await;
        assert_eq!((status, caching.as_str()), (StatusCode::NOT_FOUND, "no-cache"));
    }

    #[tokio::test]
    async fn nothing_outside_the_directory_is_served() {
        let directory = tempfile::tempdir().unwrap();
        let dist = directory.path().join("dist");
        fs::create_dir(&dist).unwrap();
        fs::write(dist.join("index.html"), "the page").unwrap();
        fs::write(directory.path().join("token.key"), "a secret").unwrap();
        for path in ["/../token.key", "/%2e%2e/token.key", "/..%2ftoken.key", "//token.key"] {
            let (status, _, body) = ask(&Page::new(&dist), path).await;
            assert!(!status.is_success() && !body.contains("secret"), "{path}: {status}");
        }
    }

    #[tokio::test]
    async fn a_page_that_is_not_built_says_how_to_build_it() {
        let directory = tempfile::tempdir().unwrap();
        let page = Page::new(directory.path());
        assert!(!page.is_built());
        let (status, _, body) = ask(&page, "/").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(body.contains("npm run build"));
    }

    #[test]
    fn the_policy_is_the_one_of_the_cloud() {
        let infra = include_str!("../../../infra/page.tf");
        for directive in CONTENT_SECURITY_POLICY.split("; ").filter(|text| !text.starts_with("connect-src")) {
            assert!(infra.contains(&format!("\"{directive}\"")), "infra/page.tf has no {directive}");
        }
        assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
    }
}
