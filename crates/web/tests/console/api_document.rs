//! The OpenAPI document: each route is in it and nothing else, and whatever it refers to is there.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::Value;
use web::ApiAccess;

use crate::api_client::{document, valid};
use crate::site::{Site, fine};

#[tokio::test]
async fn it_is_served_to_whoever_asks() {
    let site = Site::sqlite().await;
    let answer = site.program_with(None).get("/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(&answer.json(), document());
    assert_eq!(document()["openapi"], "3.1.0");
}

#[test]
fn it_has_each_route_and_nothing_else() {
    let wanted: BTreeSet<(String, String)> = web::api_routes()
        .iter()
        .map(|route| (route.path.to_owned(), route.verb.method().to_ascii_lowercase()))
        .collect();
    assert_eq!(wanted.len(), web::api_routes().len(), "no route is there twice");
    let paths = document()["paths"].as_object().expect("paths");
    let found: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().expect("methods").keys().map(|method| (path.clone(), method.clone()))
        })
        .collect();
    assert_eq!(found, wanted);
    let names: BTreeSet<&str> = web::api_routes().iter().map(|route| route.name).collect();
    assert_eq!(names.len(), web::api_routes().len(), "each has a name of its own");
}

#[test]
fn it_says_of_each_route_what_the_guard_asks_for() {
    for route in web::api_routes() {
        let operation = &document()["paths"][route.path][route.verb.method().to_ascii_lowercase()];
        let scopes: Vec<&str> = operation["security"]
            .as_array()
            .expect("security")
            .iter()
            .map(|one| one["key"][0].as_str().expect("a scope"))
            .collect();
        let wanted: Vec<&str> = route.scopes().map(accounts::Scope::word).collect();
        assert_eq!(scopes, wanted);
        assert_eq!(scopes.is_empty(), route.access == ApiAccess::Anyone);
        let parameters = operation["parameters"].as_array().expect("parameters");
        let has = |name: &str, place: &str| {
            parameters
                .iter()
                .any(|one| one["name"] == name && one["in"] == place && one["schema"].is_object())
        };
        for part in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            assert!(has(part, "path"), "{}", route.path);
        }
        assert!(route.query.iter().all(|one| has(one.name, "query")));
        assert_eq!(has("Idempotency-Key", "header"), route.creates);
        assert_eq!(has("If-Match", "header"), route.versioned);
        assert!(operation["responses"][route.status.to_string()].is_object());
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == "$ref" => found.push(text.clone()),
                    value => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn each_reference_leads_somewhere_and_each_schema_is_one_and_is_used() {
    let mut found = Vec::new();
    references(document(), &mut found);
    assert!(!found.is_empty());
    for reference in &found {
        let place = reference.strip_prefix('#').expect("within the document");
        assert!(document().pointer(place).is_some(), "{reference}");
    }
    let schemas = document()["components"]["schemas"].as_object().expect("schemas");
    for (name, schema) in schemas {
        jsonschema::draft202012::meta::validate(schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(found.contains(&format!("#/components/schemas/{name}")), "nothing is a {name}");
        assert!(valid(name, &Value::Null).is_err(), "{name} says nothing of what it describes");
    }
}

/// Whoever writes a program finds each kind of problem in the page about the API.
#[test]
fn each_kind_of_problem_is_documented() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md");
    let page = fine(std::fs::read_to_string(root));
    let kinds = &document()["components"]["schemas"]["Problem"]["properties"]["type"]["enum"];
    for kind in kinds.as_array().expect("kinds") {
        let name =
            kind.as_str().and_then(|kind| kind.strip_prefix("urn:undisclosed:problem:")).expect("ours");
        assert!(page.contains(&format!("| `{name}` |")), "{name}");
    }
}
