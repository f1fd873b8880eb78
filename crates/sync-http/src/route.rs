//! Routes: the exact method and path. API Gateway has the same table, so a request for another route gets here only
//! when the two have come apart.

use lambda_http::{Request, RequestExt};

use crate::request::RequestError;

/// A method and a path, as API Gateway's route keys name them.
pub type Route = (&'static str, &'static str);

/// Finds the route of `request` among the `routes` of a function.
///
/// # Errors
/// [`RequestError::NoSuchRoute`], or [`RequestError::MethodNotAllowed`] for a known path.
pub fn find(routes: &[Route], request: &Request) -> Result<Route, RequestError> {
    let (method, path) = (request.method().as_str(), request.raw_http_path());
    if let Some(route) = routes.iter().find(|route| **route == (method, path)) {
        return Ok(*route);
    }
    let allowed: Vec<_> = routes.iter().filter(|route| route.1 == path).map(|route| route.0).collect();
    if allowed.is_empty() {
        Err(RequestError::NoSuchRoute)
    } else {
        Err(RequestError::MethodNotAllowed { allow: allowed.join(", ") })
    }
}
