//! Who asks: the `sub` claim that API Gateway's JWT authorizer has verified, and nothing else. No header, query or body
//! field is ever looked at.

use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use sync_core::UserId;

use crate::request::RequestError;

/// The user who makes the request.
///
/// # Errors
/// [`RequestError::Unauthenticated`] without a verified `sub` claim, or with one that is no [`UserId`].
pub fn user(request: &Request) -> Result<UserId, RequestError> {
    let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else {
        return Err(RequestError::Unauthenticated);
    };
    let jwt = context.authorizer.as_ref().and_then(|authorizer| authorizer.jwt.as_ref());
    let subject = jwt.and_then(|jwt| jwt.claims.get("sub")).ok_or(RequestError::Unauthenticated)?;
    UserId::new(subject.as_str()).map_err(|_| RequestError::Unauthenticated)
}
