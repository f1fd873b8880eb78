//! HTTP, and nothing but: who asks, what is asked, and how an answer or an error looks on the wire.
//!
//! This is the only crate that knows status codes. What it promises:
//!
//! * the user is the verified `sub` claim of the event and nothing else ([`identity`]);
//! * whatever a caller sends, the answer is a clear 4xx or the right 2xx: bodies are bounded and read field by field
//!   ([`request`], [`history`]);
//! * one table turns every error into status, code and message, and the inside of a failure is logged once and never
//!   told ([`error`]);
//! * answers have exactly the fields of the contract ([`view`]), and the description says the same ([`openapi`]).
//!
//! A function's handler is `Ok(sync_http::serve(&request, answer(…, &request)).await)`, where `answer` finds its
//! [`route`], its user and its input, calls a use case and returns an [`reply`] or an error.

pub mod error;
pub mod history;
pub mod identity;
pub mod openapi;
pub mod reply;
pub mod request;
pub mod route;
pub mod view;

pub use error::ApiError;
pub use reply::{Reply, serve};
pub use request::RequestError;
pub use route::Route;
