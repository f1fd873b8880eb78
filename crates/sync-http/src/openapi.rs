//! The description of the API, made from the types that answer it. `garmin-sync openapi` prints it; `docs/openapi.json` is
//! what it printed last, and a test holds the two together.

mod history;
pub mod names;
mod paths;
mod refusals;
mod requests;

use sync_core::use_cases::history::Rows;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, RefOr, Required, Schema, Type};
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
    // What only answers refer to: utoipa collects the schemas of bodies, but not those of `IntoResponses`.
    components(schemas(refusals::AnyError, refusals::ApiErrorBody, refusals::GatewayErrorBody)),
    security(("token" = [])),
    modifiers(&Token, &BodyOrNone, &LeftOut, &FieldNames),
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

/// What can be asked for of a row is what its type has, so no list of it is kept beside the type.
struct FieldNames;

impl Modify for FieldNames {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        for (kind, rows) in [("daily", Rows::Days), ("sleep", Rows::Nights), ("activities", Rows::Activities)]
        {
            let path = description.paths.paths.get_mut(&format!("/integrations/garmin/history/{kind}"));
            if let Some(operation) = path.and_then(|path| path.get.as_mut()) {
                history::name_fields(operation, rows);
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

/// A body that may be left out is not one that may be null, which is all that `Option` says.
struct BodyOrNone;

impl Modify for BodyOrNone {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let bodies = description.paths.paths.values_mut().filter_map(|path| {
            match path.post.as_mut()?.request_body.as_mut()? {
                RefOr::T(body) if body.required != Some(Required::True) => Some(body),
                _ => None,
            }
        });
        for content in bodies.flat_map(|body| body.content.values_mut()) {
            if let RefOr::T(Content { schema: Some(schema), .. }) = content
                && let RefOr::T(Schema::OneOf(either)) = schema
            {
                either.items.retain(|item| !is_null(item));
                if let [only] = either.items.as_slice() {
                    *schema = only.clone();
                }
            }
        }
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let text = json().unwrap();
        let description: serde_json::Value = serde_json::from_str(&text).unwrap();
        let references: Vec<&str> =
            text.split("\"$ref\": \"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(!references.is_empty());
        for reference in references {
            assert!(description.pointer(reference).is_some(), "nothing is at {reference}");
        }
    }
}
