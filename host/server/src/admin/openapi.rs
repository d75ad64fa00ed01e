//! The description of the admin API: OpenAPI 3.1, made of what stands at each handler.
//!
//! A handler is put on its router by `routes!`, which takes path and method from its description, so there is none
//! without one. [`super::described`] puts them together; here is what they share.

use std::{collections::BTreeMap, sync::LazyLock};

use axum::response::{IntoResponse, Response};
use http::header;
use utoipa::{
    IntoResponses, OpenApi,
    openapi::{
        RefOr,
        response::Response as Described,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{
    admin::auth::{AnyAdministrator, Audit, Role as _, Security, System},
    problem::Document,
};

/// Answers of every operation that asks who you are.
pub(super) struct Refused;
/// Answers to what can't be understood.
pub(super) struct Unusable;
/// The answer where there is no such thing.
pub(super) struct Missing;
/// The answer where the state of things does not allow it.
pub(super) struct Conflicting;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Zhongtai admin API 中台管理接口",
        description = "What administrators do. The roles of an operation stand in its security requirement: an account \
                       has one of them. Every failure is a problem document (RFC 9457).",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "the admin listener of a host")),
    tags(
        (name = "policies", description = "策略: versions, from a draft to what decides"),
        (name = "audit", description = "审计: the log"),
        (name = "plugins", description = "插件: releases and deployments"),
        (name = "grants", description = "授权: what a scenario may use"),
        (name = "settings", description = "设置: what `config` gives a scenario"),
        (name = "credit", description = "信用: records on their way in, and the rules"),
        (name = "geo", description = "地理信息: addresses, grids and halls on their way in"),
        (name = "messages", description = "消息: those that were given up"),
        (name = "payments", description = "缴款: fee items, the books, tickets, reconciliation"),
        (name = "certificates", description = "证照: their types, and how much they are used"),
        (name = "templates", description = "模板: of documents"),
        (name = "seals", description = "印章: for officers; policy decides, and administrators have no part in them"),
        (name = "users", description = "账号: accounts, tokens, sign-in"),
        (name = "api", description = "接口: this description"),
    ),
    components(schemas(Document)),
)]
struct Api;

/// What all operations share: who describes itself adds to it.
pub(super) fn base() -> utoipa::openapi::OpenApi {
    let mut document = Api::openapi();
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("a token with the scope `admin`: see the operation `sign_in`, or `zt user token`"));
    components.security_schemes.insert("bearer".to_owned(), SecurityScheme::Http(bearer.build()).into());
    for (_, name, description) in PROBLEMS {
        components.responses.insert(name.to_owned(), problem(description).into());
    }
    document
}

/// Status, name and meaning of each failure.
const PROBLEMS: [(&str, &str, &str); 8] = [
    ("400", "Invalid", "the request can't be understood, or asks for what is not possible"),
    ("401", "Unauthenticated", "no valid token"),
    ("403", "Denied", "another role is needed"),
    ("404", "NotFound", "there is no such thing"),
    ("409", "Conflict", "the state of things does not allow it"),
    ("413", "TooLarge", "the body is larger than is taken"),
    ("500", "Internal", "a fault of the host: its log has more"),
    ("503", "Unavailable", "a part of the host does not answer, such as the audit log: nothing was done"),
];

fn problem(description: &str) -> Described {
    use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

fn answers(statuses: &[&str]) -> BTreeMap<String, RefOr<Described>> {
    use utoipa::openapi::Ref;
    let named = PROBLEMS.iter().filter(|(status, ..)| statuses.contains(status));
    named.map(|(status, name, _)| (status.to_string(), Ref::from_response_name(*name).into())).collect()
}

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        answers(&["401", "403", "500", "503"])
    }
}

impl IntoResponses for Unusable {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        answers(&["400", "413"])
    }
}

impl IntoResponses for Missing {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        answers(&["400", "404"])
    }
}

impl IntoResponses for Conflicting {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        answers(&["409"])
    }
}

/// The description as JSON.
pub(crate) fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
        let (_, document) = super::described().split_for_parts();
        document.to_pretty_json().unwrap_or_default()
    });
    &DOCUMENT
}

/// This description.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "describe_api",
    tag = "api",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    responses((status = 200, description = "OpenAPI 3.1", body = Object), Refused),
)]
pub(super) async fn describe(_: AnyAdministrator) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document()).into_response()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use serde_json::Value;

    use super::*;

    fn operations() -> Vec<(String, String, Value)> {
        let document: Value = serde_json::from_str(document()).unwrap();
        let paths = document["paths"].as_object().unwrap().clone();
        let of_path = |(path, item): (String, Value)| {
            let methods = item.as_object().unwrap().clone().into_iter();
            methods.map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
        };
        paths.into_iter().flat_map(of_path).collect()
    }

    #[test]
    fn the_operations_are_those_that_clients_know() {
        let line = |(method, path, operation): (String, String, Value)| {
            format!("{method} {path} {}", operation["operationId"].as_str().unwrap_or("-"))
        };
        insta::assert_snapshot!(operations().into_iter().map(line).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn every_operation_says_what_it_does_for_whom_and_how_it_fails() {
        for (method, path, operation) in operations() {
            let told = format!("{method} {path}: {operation:#}");
            assert!(operation["summary"].as_str().is_some_and(|summary| summary.ends_with('.')), "{told}");
            assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{told}");
            let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().collect();
            for status in ["401", "403", "500", "503"] {
                assert!(statuses.contains(&&status.to_owned()), "{told}");
            }
            if operation["operationId"] != "sign_in" {
                let roles = operation["security"][0]["bearer"].as_array().unwrap();
                assert!([1, 3].contains(&roles.len()), "{told}");
            }
        }
    }

    #[test]
    fn a_validator_of_openapi_finds_nothing_wrong() {
        let mut file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
        file.write_all(document().as_bytes()).unwrap();
        let mut validator = zhongtai_test_tools::python();
        let output = validator.args(["-m", "openapi_spec_validator", "--schema", "3.1"]).arg(file.path()).output();
        let output = output.unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.trim().ends_with("OK"), "{told}{output:?}");
    }
}
