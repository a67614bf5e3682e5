//! The OpenAPI document (3.1): made of the table that serves, so that it says what there is.

use std::sync::LazyLock;

use accounts::Scope;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::api::routes::{ApiAccess, ApiRoute, ApiVerb, PREFIX, SCHEMAS, Takes, api_routes};

static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_string());

pub(super) async fn show() -> Response {
    ([(CONTENT_TYPE, "application/json")], openapi()).into_response()
}

/// The document, as it is served: for a test that holds answers against it.
#[must_use]
pub fn openapi() -> &'static str {
    &DOCUMENT
}

fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in api_routes() {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.verb.method().to_ascii_lowercase()] = operation(route);
    }
    let schemas: Map<String, Value> =
        SCHEMAS.iter().map(|(name, schema)| ((*name).to_owned(), schema())).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Undisclosed",
            "version": "1",
            "description": "Everything that the console does, but for what takes a person. docs/api.md says how to use it.",
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key; its scopes are named beside it with each operation, and one of them is enough.",
                },
            },
            "responses": {
                "Problem": {
                    "description": "What went wrong.",
                    "content": {"application/problem+json": {"schema": reference("Problem")}},
                },
            },
        },
    })
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn operation(route: &ApiRoute) -> Value {
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "parameters": parameters(route),
        "responses": responses(route),
        "security": security(route),
    });
    match route.takes {
        Takes::Nothing => {}
        Takes::Json(schema) => {
            let content = json!({"application/json": {"schema": reference(schema)}});
            operation["requestBody"] = json!({"required": true, "content": content});
        }
        Takes::File(description) => {
            // OpenAPI 3.1: octets as they are have no schema.
            let content = json!({"application/octet-stream": {}});
            operation["requestBody"] =
                json!({"required": true, "description": description, "content": content});
        }
    }
    operation
}

/// Scopes of a scheme that is none of OAuth are roles (OpenAPI 3.1, "Security Requirement Object"): one of several is enough.
fn security(route: &ApiRoute) -> Value {
    match route.access {
        ApiAccess::Anyone => json!([]),
        ApiAccess::May(_) => route.scopes().map(|scope: Scope| json!({"key": [scope.word()]})).collect(),
    }
}

fn parameters(route: &ApiRoute) -> Vec<Value> {
    let mut all = Vec::new();
    for name in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let schema = match name {
            "name" => json!({"type": "string"}),
            _ => json!({"type": "integer", "format": "int64", "minimum": 1}),
        };
        all.push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
    }
    for parameter in route.query {
        let (name, description) = (parameter.name, parameter.description);
        all.push(
            json!({"name": name, "in": "query", "description": description, "schema": (parameter.schema)()}),
        );
    }
    if route.creates {
        all.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": true, "schema": {"type": "string"},
            "description": "Chosen anew for each creation: sent again with the same request, it gets the same answer.",
        }));
    }
    if route.versioned {
        all.push(json!({
            "name": "If-Match", "in": "header", "required": true, "schema": {"type": "string"},
            "description": "The ETag of what is changed.",
        }));
    }
    all
}

fn responses(route: &ApiRoute) -> Value {
    let mut responses = Map::new();
    let good = match (route.answer, route.verb) {
        (Some(schema), _) => json!({
            "description": "Done.", "content": {"application/json": {"schema": reference(schema)}},
        }),
        (None, ApiVerb::Watch) => json!({"description": "A stream.", "content": {"text/event-stream": {}}}),
        (None, _) if route.status == 204 => json!({"description": "Done."}),
        (None, _) => json!({"description": "JSON.", "content": {"application/json": {}}}),
    };
    responses.insert(route.status.to_string(), good);
    responses.insert("default".to_owned(), json!({"$ref": "#/components/responses/Problem"}));
    Value::Object(responses)
}
