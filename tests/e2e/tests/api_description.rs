//! The admin API is as it describes itself: what it answers, and to whom.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{io::Write as _, process::Stdio};

use reqwest::Method;
use serde_json::{Value, json};
use support::{Place, Plugin, Reply};

/// Validates by OpenAPI 3.1's dialect of JSON Schema, with a library that we did not write.
const VALIDATE: &str = r##"
import json, sys
from openapi_schema_validator import OAS31Validator
given = json.load(sys.stdin)
schema = {**given["schema"], "components": given["components"]}
for error in OAS31Validator(schema).iter_errors(given["answer"]):
    print(error.json_path, error.message)
"##;

/// The three administrators: the files of their tokens, and their roles.
const ADMINISTRATORS: [(&str, &str); 3] = [("operator", "operator"), ("security", "security"), ("auditor", "auditor")];

async fn ask(place: &Place, who: &str, method: Method, path: &str, body: Option<Value>) -> Reply {
    let url = format!("{}{path}", place.host.admin);
    let mut request = place.http.request(method, url);
    if !who.is_empty() {
        request = request.bearer_auth(place.data(&format!("{who}.token")).trim());
    }
    Reply::of(body.into_iter().fold(request, |request, body| request.json(&body))).await
}

async fn description(place: &Place) -> Value {
    let reply = ask(place, "auditor", Method::GET, "/admin/v1/openapi.json", None).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// What does not fit, one line each.
fn misfits(description: &Value, schema: &Value, answer: &Value) -> String {
    let given = json!({ "schema": schema, "components": description["components"], "answer": answer });
    let mut python = zhongtai_test_tools::python();
    let piped = python.args(["-c", VALIDATE]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    child.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", support::printed(&output));
    support::printed(&output)
}

/// The schema of an operation's answer; what stands elsewhere in the document is looked up.
fn schema<'a>(description: &'a Value, method: &str, path: &str, status: &str) -> &'a Value {
    let mut answer = &description["paths"][path][method]["responses"][status];
    if let Some(reference) = answer["$ref"].as_str() {
        answer = description.pointer(reference.trim_start_matches('#')).unwrap();
    }
    let content = answer["content"].as_object().unwrap();
    &content.values().next().unwrap()["schema"]
}

#[tokio::test]
async fn real_answers_fit_their_description() {
    let place = Place::start();
    let hello = Plugin::fixture("hello");
    place.install(&hello);
    assert_eq!(place.get(&hello.path("/")).await.status, 200);
    let description = description(&place).await;
    let scenario = &hello.scenario;
    let checks = [
        ("security", "/policies", "/policies", "200"),
        ("security", "/policies/in-force", "/policies/in-force", "200"),
        ("security", "/policies/{number}/texts", "/policies/1/texts", "200"),
        ("operator", "/plugins", "/plugins", "200"),
        ("operator", "/plugins/{department}/{name}/logs", &format!("/plugins/{scenario}/logs?after=0"), "200"),
        ("operator", "/grants/{department}/{name}", &format!("/grants/{scenario}"), "200"),
        ("auditor", "/audit/records", "/audit/records?limit=3", "200"),
        ("auditor", "/audit/records/{number}/proof", "/audit/records/0/proof", "200"),
        ("auditor", "/audit/keys", "/audit/keys", "200"),
        ("security", "/policies/{number}", "/policies/99", "404"),
        ("security", "/policies/{number}", "/policies/one", "400"),
        ("auditor", "/audit/records", "/audit/records?form=0", "400"),
        ("auditor", "/plugins", "/plugins", "403"),
        ("", "/plugins", "/plugins", "401"),
    ];
    for (who, route, path, status) in checks {
        let reply = ask(&place, who, Method::GET, &format!("/admin/v1{path}"), None).await;
        assert_eq!(reply.status.to_string(), status, "{reply:?}");
        let schema = schema(&description, "get", &format!("/admin/v1{route}"), status);
        assert_eq!(misfits(&description, schema, &reply.json()), "", "{path} {schema} {}", reply.body);
        let empty = reply.json().as_array().is_some_and(Vec::is_empty);
        assert!(!empty || path.contains("logs"), "an empty list shows nothing: {path}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_would_be_seen() {
    let place = Place::start();
    let description = description(&place).await;
    let mut versions = ask(&place, "security", Method::GET, "/admin/v1/policies", None).await.json();
    versions[0]["texts"] = json!({});
    versions[0]["number"] = json!("one");
    let misfits = misfits(&description, schema(&description, "get", "/admin/v1/policies", "200"), &versions);
    assert!(misfits.contains("$[0].number 'one' is not of type 'integer'"), "{misfits}");
    assert!(misfits.contains("'texts' was unexpected"), "{misfits}");
}

#[tokio::test]
async fn no_operation_answers_a_role_that_its_description_does_not_name() {
    let place = Place::start();
    let description = description(&place).await;
    let mut wrong = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(roles) = operation["security"][0]["bearer"].as_array() else { continue };
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let filled = filled(path, operation);
            let body = operation.get("requestBody").map(|_| json!({}));
            for (who, role) in [("", "")].into_iter().chain(ADMINISTRATORS) {
                let reply = ask(&place, who, method.clone(), &filled, body.clone()).await;
                let named = roles.contains(&json!(role));
                let fits = match reply.status {
                    401 => who.is_empty(),
                    403 => !who.is_empty() && !named,
                    status => named && operation["responses"].get(status.to_string()).is_some(),
                };
                if !fits {
                    wrong.push(format!("{method} {path} as {who:?}: {} {}", reply.status, reply.body));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

/// The path with something of the right kind in each place.
fn filled(path: &str, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    parameters.iter().fold(path.to_owned(), |path, parameter| {
        let value = match (parameter["schema"]["type"].as_str(), parameter["name"].as_str()) {
            (Some("integer"), _) => "1",
            (_, Some("department")) => "441802-test",
            _ => "nobody",
        };
        path.replace(&format!("{{{}}}", parameter["name"].as_str().unwrap()), value)
    })
}

#[tokio::test]
async fn the_command_prints_what_the_host_serves() {
    let place = Place::start();
    let printed: Value = serde_json::from_str(&place.zt(&["openapi"])).unwrap();
    assert_eq!(printed, description(&place).await);
    assert!(printed["openapi"].as_str().unwrap().starts_with("3.1"));
}
