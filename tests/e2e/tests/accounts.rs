//! Who gets in, and what stays out of the log.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::os::unix::fs::PermissionsExt as _;

use reqwest::Method;
use serde_json::json;
use support::{Place, Plugin, Reply, answering, manifest, printed};

async fn sign_in(place: &Place, login: &str, password: &str) -> Reply {
    let request = place.http.post(place.public("/api/v1/sign-in"));
    Reply::of(request.json(&json!({"login": login, "password": password}))).await
}

async fn get_as(place: &Place, url: String, token: &str) -> Reply {
    Reply::of(place.http.get(url).bearer_auth(token)).await
}

#[test]
fn each_hosts_first_credentials_and_keys_are_its_own_and_its_users_only() {
    let hosts = [Place::start(), Place::start()];
    for file in ["operator.password", "operator.token", "host.key", "platform.key"] {
        let [one, other] = hosts.each_ref().map(|place| {
            let path = place.host.data().join(file);
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{file}");
            std::fs::read(path).unwrap()
        });
        assert!(one.len() >= 20, "{file}");
        assert_ne!(one, other, "{file}");
    }
}

#[tokio::test]
async fn a_citizen_signs_in_uses_a_scenario_and_signs_out() {
    let place = Place::start();
    let text = manifest("mine", "0.1.0", "signed-in", "");
    let mine = Plugin::with_manifest(place.dir.path(), "mine", &text, &answering("yours"));
    place.deploy(&mine, &[]);
    let password = place.add_user("zhang", &["--kind", "natural-person"]);

    sign_in(&place, "zhang", "the wrong one").await.problem(401, "account");
    let nobody = sign_in(&place, "nobody", "the wrong one").await;
    let wrong = sign_in(&place, "zhang", "wrong once more").await;
    assert_eq!(nobody.problem(401, "account")["detail"], wrong.json()["detail"], "which of the two is not said");

    let signed_in = sign_in(&place, "zhang", &password).await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    let token = signed_in.json()["token"].as_str().unwrap().to_owned();
    let url = place.public(&mine.path("/"));
    assert_eq!(get_as(&place, url.clone(), &token).await.body, "yours");
    let out = Reply::of(place.http.post(place.public("/api/v1/sign-out")).bearer_auth(&token)).await;
    assert_eq!(out.status, 204, "{out:?}");
    get_as(&place, url.clone(), &token).await.scenario_problem(401, "unauthenticated");

    let token = place.token("zhang", &[]);
    assert_eq!(get_as(&place, url.clone(), &token).await.status, 200);
    place.zt(&["user", "disable", "zhang"]);
    get_as(&place, url, &token).await.scenario_problem(401, "unauthenticated");
    sign_in(&place, "zhang", &password).await.problem(403, "account");
}

#[test]
fn an_operator_whose_token_is_gone_signs_in_again_and_a_citizen_does_not() {
    // With a second factor: `sign_in.rs`.
    let place = Place::start_with(|setup, _| setup.config = "[sign_in]\nsecond_factor = \"optional\"\n".into());
    let citizen = place.add_user("zhang", &["--kind", "natural-person"]);
    std::fs::remove_file(place.host.data().join("operator.token")).unwrap();
    place.refused(&["plugin", "list"]);

    let sign_in = |login: &str, password: &str| {
        let mut command = place.host.command(&["sign-in", login]);
        command.env("ZT_PASSWORD", password).output().unwrap()
    };
    let refused = sign_in("zhang", &citizen);
    assert!(
        !refused.status.success() && printed(&refused).contains("of an account with one of the roles"),
        "{refused:?}"
    );
    let password = std::fs::read_to_string(place.host.data().join("operator.password")).unwrap();
    let signed_in = sign_in("operator", password.trim());
    assert!(signed_in.status.success(), "{signed_in:?}");
    assert!(!printed(&signed_in).contains(&place.operator_token()), "the token goes into the file only");
    place.zt(&["plugin", "list"]);
}

#[tokio::test]
async fn a_token_for_the_admin_listener_alone_calls_no_scenario() {
    let place = Place::start();
    let open = Plugin::made(place.dir.path(), "open", "0.1.0", &answering("hello"));
    place.deploy(&open, &[]);
    let token = place.token("operator", &["--scope", "admin"]);
    get_as(&place, place.public(&open.path("/")), &token).await.scenario_problem(403, "missing-scope");
}

#[tokio::test]
async fn guessing_a_password_has_to_wait_even_for_the_right_one() {
    let place = Place::start();
    let password = place.add_user("zhang", &["--kind", "natural-person"]);
    for _ in 0..5 {
        sign_in(&place, "zhang", "a wrong guess").await.problem(401, "account");
    }
    for password in ["a wrong guess", &password] {
        let reply = sign_in(&place, "zhang", password).await;
        reply.problem(503, "account");
        let wait: u64 = reply.header("retry-after").parse().unwrap();
        assert!((60..=900).contains(&wait), "{reply:?}");
    }
    place.add_user("li", &["--kind", "natural-person"]);
    sign_in(&place, "li", "a wrong guess").await.problem(401, "account");
}

#[test]
fn officers_are_cleared_for_a_data_level_and_nobody_else_is() {
    let place = Place::start();
    place.add_user("li", &["--kind", "officer", "--department", "441802-test", "--clearance", "3"]);
    place.add_user("wu", &["--kind", "officer", "--department", "441802-test"]);
    place.add_user("zhang", &["--kind", "natural-person"]);
    let users: serde_json::Value = serde_json::from_str(&place.zt(&["user", "list", "--json"])).unwrap();
    let clearance = |login: &str| {
        let user = users.as_array().unwrap().iter().find(|user| user["login"] == login).unwrap();
        user["clearance"].clone()
    };
    assert_eq!(["li", "wu", "zhang"].map(clearance), [json!(3), json!(1), json!(null)]);

    let refused = place.refused(&["user", "add", "chen", "--kind", "legal-person", "--clearance", "1"]);
    assert!(refused.contains("clearance: expected none: only officers have one"), "{refused}");
    let wrong = ["user", "add", "chen", "--kind", "officer", "--clearance", "5"];
    let wrong = place.host.command(&wrong).output().unwrap();
    assert!(wrong.status.code() == Some(2) && printed(&wrong).contains("5 is not in 1..=4"), "{wrong:?}");
}

/// Every route of the admin API: method and path.
const ADMIN_ROUTES: &[(&str, &str)] = &[
    ("GET", "plugins"),
    ("POST", "plugins"),
    ("POST", "plugins/check"),
    ("DELETE", "plugins/{department}/{name}"),
    ("POST", "plugins/{department}/{name}/rollback"),
    ("GET", "plugins/{department}/{name}/logs"),
    ("GET", "grants/{department}/{name}"),
    ("PUT", "grants/{department}/{name}/{capability}"),
    ("DELETE", "grants/{department}/{name}/{capability}"),
    ("PUT", "settings/{department}/{name}/{key}"),
    ("DELETE", "settings/{department}/{name}/{key}"),
    ("GET", "users"),
    ("POST", "users"),
    ("POST", "users/{login}/disable"),
    ("POST", "users/{login}/tokens"),
    ("POST", "me/second-factor"),
    ("POST", "me/second-factor/confirm"),
    ("POST", "users/{login}/password"),
    ("POST", "users/{login}/second-factor/reset"),
    ("GET", "users/{login}/tokens"),
    ("DELETE", "users/{login}/tokens/{id}"),
    ("POST", "users/{login}/mandates"),
    ("GET", "users/{login}/mandates"),
    ("DELETE", "mandates/{id}"),
    ("POST", "data/credit"),
    ("GET", "credit/rules"),
    ("POST", "credit/rules"),
    ("GET", "credit/rules/{version}"),
    ("GET", "messages"),
    ("POST", "messages/replay"),
    ("GET", "messages/{id}"),
    ("POST", "messages/{id}/replay"),
    ("POST", "messages/{id}/drop"),
    ("GET", "events/dead"),
    ("POST", "events/{id}/replay"),
    ("POST", "geo/{layer}"),
    ("GET", "payments/books"),
    ("GET", "payments/items"),
    ("POST", "payments/items"),
    ("POST", "payments/reconcile"),
    ("GET", "payments/tickets"),
    ("POST", "payments/tickets/{id}/resolve"),
    ("GET", "shipments/stuck"),
    ("POST", "shipments/{waybill}/retry"),
    ("GET", "policies"),
    ("POST", "policies"),
    ("GET", "policies/in-force"),
    ("POST", "policies/rollback"),
    ("GET", "policies/shadow"),
    ("DELETE", "policies/shadow"),
    ("GET", "policies/{number}"),
    ("GET", "policies/{number}/texts"),
    ("POST", "policies/{number}/approve"),
    ("POST", "policies/{number}/reject"),
    ("POST", "policies/{number}/activate"),
    ("POST", "policies/{number}/shadow"),
    ("POST", "policies/explain"),
    ("POST", "policies/replay"),
    ("GET", "audit/records"),
    ("GET", "audit/records/{number}/proof"),
    ("GET", "audit/export"),
    ("GET", "audit/keys"),
    ("GET", "openapi.json"),
    ("GET", "certificate-types"),
    ("POST", "certificate-types"),
    ("GET", "certificates/usage"),
    ("GET", "seal-authorities"),
    ("GET", "templates"),
    ("POST", "templates"),
    ("GET", "templates/{name}"),
    ("POST", "templates/{name}/try"),
];

/// Those that are for the officers of departments, and for no administrator.
const OFFICERS_ROUTES: [(&str, &str); 8] = [
    ("GET", "seals"),
    ("POST", "seals"),
    ("GET", "seals/{department}/{seal}"),
    ("POST", "seals/{department}/{seal}/apply"),
    ("GET", "seals/{department}/{seal}/face"),
    ("POST", "seals/{department}/{seal}/resume"),
    ("POST", "seals/{department}/{seal}/revoke"),
    ("POST", "seals/{department}/{seal}/suspend"),
];

#[test]
fn the_list_of_admin_routes_is_complete() {
    let printed = std::process::Command::new(support::zt()).arg("openapi").output().unwrap();
    let description: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
    for (path, item) in description["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/admin/v1/").unwrap();
        for method in item.as_object().unwrap().keys().map(|method| method.to_uppercase()) {
            // Signing in is for everybody.
            let mut routes = ADMIN_ROUTES.iter().chain(&OFFICERS_ROUTES);
            let listed = path == "sign-in" || routes.any(|route| *route == (method.as_str(), path));
            assert!(listed || !["GET", "PUT", "POST", "DELETE"].contains(&method.as_str()), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_admin_route_is_closed_to_whoever_is_no_administrator() {
    let place = Place::start();
    place.install(&Plugin::fixture("hello"));
    place.add_user("zhang", &["--kind", "natural-person"]);
    place.add_user("li", &["--kind", "officer", "--department", "441802-test"]);
    let password = place.data("operator.password");
    let session = sign_in(&place, "operator", password.trim()).await.json();
    // A scope alone does not make an operator, nor the role without the scope.
    let tokens = [
        place.token("zhang", &[]),
        place.token("zhang", &["--scope", "admin"]),
        place.token("li", &["--scope", "admin"]),
        place.token("operator", &["--scope", "scenario"]),
        session["token"].as_str().unwrap().to_owned(),
    ];
    for (method, path) in ADMIN_ROUTES {
        let filled = path.replace("{department}", "441802-test").replace("{name}", "hello");
        let filled = filled.replace("{capability}", "credit").replace("{key}", "a").replace("{login}", "zhang");
        let url = place.admin(
            &filled
                .replace("{id}", "01M82J5WX9PEHCGCN9HR1HXWCD")
                .replace("{waybill}", "01M82J5WX9PEHCGCN9HR1HXWCD")
                .replace("{number}", "1")
                .replace("{layer}", "halls")
                .replace("{version}", "1"),
        );
        let request = || place.http.request(method.parse::<Method>().unwrap(), &url).json(&json!({}));
        let reply = Reply::of(request()).await;
        reply.problem(401, "unauthenticated");
        assert_eq!(reply.header("www-authenticate"), "Bearer", "{method} {path}");
        for token in &tokens {
            let reply = Reply::of(request().bearer_auth(token)).await;
            let code = reply.json()["code"].as_str().unwrap_or_default().to_owned();
            assert!(reply.status == 403 && code.starts_with("not-"), "{method} {path}: {reply:?}");
        }
    }
    assert_eq!(place.get("/s/441802-test/hello/").await.status, 200, "nothing was done");
}

#[tokio::test]
async fn every_route_about_seals_is_closed_to_whoever_is_no_officer() {
    let place = Place::start();
    place.add_user("zhang", &["--kind", "natural-person"]);
    place.add_user("li", &["--kind", "officer", "--department", "441802-test"]);
    let tokens = [
        (place.token("zhang", &[]), "not-an-officer"),
        (place.token("operator", &["--scope", "scenario"]), "not-an-officer"),
        (place.token("li", &["--scope", "admin"]), "missing-scope"),
    ];
    for (method, path) in OFFICERS_ROUTES {
        let url = place.admin(&path.replace("{department}", "441802-test").replace("{seal}", "permit"));
        let request = || place.http.request(method.parse::<Method>().unwrap(), &url).json(&json!({}));
        Reply::of(request()).await.problem(401, "unauthenticated");
        for (token, code) in &tokens {
            Reply::of(request().bearer_auth(token)).await.problem(403, code);
        }
    }
}

#[tokio::test]
async fn neither_the_log_nor_the_audit_holds_a_password_a_token_or_a_phone_number() {
    let place = Place::start();
    let hostile = Plugin::fixture("hostile");
    place.install(&hostile);
    let password =
        place.add_user("zhang", &["--kind", "natural-person", "--set", "phone=13912345678", "--set", "name=张工"]);
    let issued = place.token("zhang", &[]);
    let signed_in = sign_in(&place, "zhang", &password).await.json();
    let session = signed_in["token"].as_str().unwrap();
    sign_in(&place, "zhang", "my other password").await;
    sign_in(&place, "13700000000", "a password").await;
    get_as(&place, place.public(&hostile.path("/")), session).await;
    get_as(&place, place.public(&hostile.path("/")), "zt_not_a_token").await;
    place.get(&hostile.path("/panic")).await;
    place.get(&hostile.path("/panic?phone=13600000000")).await;
    place.zt(&["setting", "set", &hostile.scenario, "key", "a secret setting"]);
    place.zt(&["plugin", "list"]);

    let written = [("host.log", place.host.log()), ("audit", std::fs::read_to_string(place.host.audit()).unwrap())];
    let (operator, token) = (place.data("operator.password"), place.operator_token());
    for secret in [
        operator.trim(),
        &token,
        &password,
        &issued,
        session,
        "my other password",
        "zt_not_a_token",
        "a secret setting",
        "13912345678",
        "张工",
        "13700000000",
        "13600000000",
        // In the guest's panic message.
        "13800000000",
    ] {
        for (name, text) in &written {
            assert!(!text.contains(secret), "{secret} is in {name}");
        }
    }
    assert!(written[0].1.contains("the guest trapped") && written[1].1.contains("session:sign-in"));
}
