//! The description of the API, made from the types that answer it. `garmin-sync openapi` prints it; `docs/openapi.json` is
//! what it printed last, and a test holds the two together.

mod history;
pub mod names;
mod paths;
mod refusals;
mod requests;

use utoipa::openapi::RefOr;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// The description, OpenAPI 3.1, as JSON for people to read.
///
/// # Errors
/// When it does not serialise.
pub fn json() -> Result<String, serde_json::Error> {
    // By way of a value: its keys are then in one order, whatever else is built in the same run.
    let mut description = serde_json::to_value(Description::openapi())?;
    description.sort_all_objects();
    serde_json::to_string_pretty(&description)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "garmin-sync",
        description = "Imports a person's Garmin history. Every route is about the user whose token is shown.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "Where this was found: the API and the page have one origin")),
    tags(
        (name = "sync", description = "Importing"),
        (name = "link", description = "The link to Garmin"),
        (name = "history", description = "What was imported"),
    ),
    paths(
        paths::start_incremental, paths::start_historical, paths::estimate, paths::status, paths::jobs, paths::pause, paths::resume, paths::cancel,
        paths::link_status, paths::login, paths::resume_login, paths::link, paths::unlink,
        paths::history_daily, paths::history_sleep, paths::history_activities, paths::history_coverage,
    ),
    security(("token" = [])),
    modifiers(&Token, &LeftOut),
)]
struct Description;

/// A value of a record that is not known is left out and never null, which the types of the records cannot say.
struct LeftOut;

impl Modify for LeftOut {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let schemas = &mut description.components.get_or_insert_default().schemas;
        for name in history::RECORDS {
            if let Some(RefOr::T(schema)) = schemas.get_mut(*name) {
                history::leave_out(schema);
            }
        }
    }
}

struct Token;

impl Modify for Token {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let mut token = Http::new(HttpAuthScheme::Bearer);
        token.bearer_format = Some("JWT".to_owned());
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
    }
}
