//! The OpenAPI description: what is committed is what the code says, and the code says what the functions answer.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::world::HTTP_FUNCTIONS;

#[test]
fn the_committed_description_is_the_one_that_the_code_emits() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let committed = fs::read_to_string(path).unwrap_or_default();
    let emitted = sync_http::openapi::json().unwrap();
    assert!(
        committed.trim_end() == emitted,
        "docs/openapi.json is not what the code says. Renew it, and the page's types after it:\n\
         cargo run -p garmin-sync -- openapi > docs/openapi.json"
    );
}

#[test]
fn every_route_is_described_and_nothing_else_is() {
    let description: Value = serde_json::from_str(&sync_http::openapi::json().unwrap()).unwrap();
    let mut described = BTreeSet::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            described.insert((method.to_uppercase(), path.clone()));
        }
    }
    let answered: BTreeSet<_> = HTTP_FUNCTIONS
        .iter()
        .flat_map(|(_, routes)| routes.iter())
        .map(|(method, path)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(described, answered);
}

#[test]
fn a_body_that_may_be_left_out_may_not_be_null() {
    let description: Value = serde_json::from_str(&sync_http::openapi::json().unwrap()).unwrap();
    for path in ["/integrations/garmin/sync/incremental", "/integrations/garmin/unlink"] {
        let body = &description["paths"][path]["post"]["requestBody"];
        assert_ne!(body["required"], true, "{path}");
        assert_eq!(body["content"]["application/json"]["schema"]["type"], "object", "{path}: {body}");
    }
}
