//! Signing in with a browser, from outside: cookies, forms, second factors, and what another site can't do.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::Stdio,
};

use reqwest::Method;
use serde_json::json;
use support::{Page, Place, Plugin, Reply, Visitor, answering, code, manifest, printed};

const SESSION: &str = "__Host-zt-session";

/// The pages of the public listener, with a scenario for whoever signed in.
struct Site {
    place: Place,
    scenario: String,
    password: String,
}

fn site() -> Site {
    let place = Place::start();
    let text = manifest("mine", "0.1.0", "signed-in", "");
    let mine = Plugin::with_manifest(place.dir.path(), "mine", &text, &answering("yours"));
    place.deploy(&mine, &[]);
    let password = place.add_user("zhang", &["--kind", "natural-person"]);
    Site { scenario: mine.path("/"), place, password }
}

async fn sign_in(visitor: &mut Visitor, login: &str, password: &str) -> Page {
    let page = visitor.get("/sign-in").await;
    visitor.submit(&page, "/sign-in", &[("login", login), ("password", password)]).await
}

#[tokio::test]
async fn a_citizen_signs_in_uses_a_scenario_and_signs_out() {
    let Site { place, scenario, password } = site();
    let mut zhang = Visitor::new(&place.host.public);
    assert_eq!(zhang.get(&scenario).await.status, 403, "nobody yet");
    let account = zhang.get("/account").await;
    assert_eq!((account.status, account.location.as_str()), (303, "/sign-in?return_to=%2Faccount"));
    let as_page = |zhang: &Visitor, method| {
        let url = place.public(&format!("{scenario}?x=1"));
        zhang.http().request(method, url).header("accept", "text/html,application/xhtml+xml;q=0.9")
    };
    let request = as_page(&zhang, Method::GET);
    let sent = zhang.send(request).await;
    let expected = format!("/sign-in?return_to={}%3Fx%3D1", scenario.replace('/', "%2F"));
    assert_eq!((sent.status, sent.location), (303, expected), "who opens a page is asked to sign in");
    let request = as_page(&zhang, Method::POST);
    assert_eq!(zhang.send(request).await.status, 403, "what changes something is not sent elsewhere");

    let page = zhang.get(&format!("/sign-in?return_to={scenario}")).await;
    let wrong = zhang.submit(&page, "/sign-in", &[("login", "zhang"), ("password", "the wrong one")]).await;
    assert!(wrong.status == 401 && wrong.text.contains("id=\"password-wrong\">账号或密码不正确"), "{wrong:?}");
    assert!(wrong.text.contains("value=\"zhang\"") && !wrong.text.contains("the wrong one"));
    let done = zhang.submit(&wrong, "/sign-in", &[("login", "zhang"), ("password", &password)]).await;
    assert_eq!((done.status, done.location.as_str()), (303, scenario.as_str()), "{done:?}");
    let set: Vec<_> = done.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    assert!(set[0].starts_with(&format!("{SESSION}=")), "{set:?}");
    assert!(set[0].ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{set:?}");
    assert_eq!(zhang.get(&scenario).await.text, "yours");

    let account = zhang.get("/account").await;
    assert!(account.text.contains("<dd>zhang</dd>") && account.text.contains("一级：仅密码"), "{account:?}");
    let english = zhang.get("/account?lang=en").await;
    assert!(english.text.contains("1: a password alone") && english.text.contains("lang=\"en\""), "{english:?}");
    assert!(zhang.get("/account").await.text.contains("1: a password alone"), "the choice is kept");

    let kept = zhang.cookies[SESSION].clone();
    let out = zhang.submit(&account, "/sign-out", &[]).await;
    assert_eq!((out.status, out.location.as_str()), (303, "/sign-in?notice=signed-out"));
    assert!(!zhang.cookies.contains_key(SESSION));
    zhang.cookies.insert(SESSION.into(), kept);
    assert_eq!(zhang.get(&scenario).await.status, 403, "the old cookie is worth nothing");
}

#[tokio::test]
async fn another_site_can_neither_sign_somebody_in_nor_act_as_them() {
    let Site { place, scenario, password } = site();
    let mut zhang = Visitor::new(&place.host.public);
    let page = zhang.get("/sign-in").await;
    let fields = [("login", "zhang"), ("password", password.as_str())];
    let ours = place.host.public.clone();

    // Without the form's token, with another browser's, and from another site with the right one.
    for (origin, token) in [
        (ours.as_str(), String::new()),
        (&ours, Visitor::new(&ours).get("/sign-in").await.hidden("/sign-in")[0].1.clone()),
        ("https://evil.example", page.hidden("/sign-in")[0].1.clone()),
        ("null", page.hidden("/sign-in")[0].1.clone()),
    ] {
        let forged = [&[("form_token", token.as_str())][..], &fields].concat();
        let refused = zhang.post("/sign-in", &forged, origin).await;
        assert!(refused.status == 403 && refused.text.contains("未做任何更改"), "{origin}: {refused:?}");
        assert!(!zhang.cookies.contains_key(SESSION));
    }
    assert_eq!(sign_in(&mut zhang, "zhang", &password).await.status, 303);

    let account = zhang.get("/account").await;
    let token = account.hidden("/sign-out")[0].1.clone();
    for (origin, token) in [(ours.as_str(), ""), ("https://evil.example", token.as_str())] {
        assert_eq!(zhang.post("/sign-out", &[("form_token", token)], origin).await.status, 403, "{origin}");
    }

    // A scenario and the API: no form token there, so it is the browser that says where it comes from.
    let change = |zhang: &Visitor, name: &'static str, value: &'static str| {
        zhang.http().post(place.public(&scenario)).header(name, value).body("")
    };
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("x", "y"),
    ] {
        let request = change(&zhang, name, value);
        let refused = zhang.send(request).await;
        assert!(refused.status == 403 && refused.text.contains("another-origin"), "{name}: {value}: {refused:?}");
    }
    let request = change(&zhang, "sec-fetch-site", "same-origin");
    assert_eq!(zhang.send(request).await.text, "yours");
    let request = zhang.http().post(place.public("/api/v1/sign-out")).header("origin", "https://evil.example");
    assert_eq!(zhang.send(request).await.status, 403);
    assert_eq!(zhang.get(&scenario).await.text, "yours", "still signed in");
}

#[tokio::test]
async fn a_cookie_and_a_bearer_token_in_one_request_are_refused() {
    let Site { place, scenario, password } = site();
    let mut zhang = Visitor::new(&place.host.public);
    sign_in(&mut zhang, "zhang", &password).await;
    let token = place.token("zhang", &[]);
    let request = zhang.http().get(place.public(&scenario)).bearer_auth(&token);
    let both = zhang.send(request).await;
    assert!(both.status == 400 && both.text.contains("two-credentials"), "{both:?}");
    zhang.cookies.clear();
    let request = zhang.http().get(place.public(&scenario)).bearer_auth(&token);
    assert_eq!(zhang.send(request).await.text, "yours");
}

#[tokio::test]
async fn the_way_back_after_signing_in_never_leaves_the_host() {
    let Site { place, password, .. } = site();
    for back in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let mut zhang = Visitor::new(&place.host.public);
        let page = zhang.get(&format!("/sign-in?return_to={back}")).await;
        assert!(!page.text.contains("evil.example"), "{page:?}");
        let mut fields = vec![("form_token", page.hidden("/sign-in")[0].1.clone()), ("return_to", back.to_owned())];
        fields.extend([("login", "zhang".to_owned()), ("password", password.clone())]);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let done = zhang.post("/sign-in", &fields, &place.host.public).await;
        assert_eq!((done.status, done.location.as_str()), (303, "/account"), "{back}");
    }
}

#[tokio::test]
async fn pages_carry_what_keeps_others_out() {
    let place = Place::start();
    for base in [&place.host.public, &place.host.admin] {
        let page = Visitor::new(base).get("/sign-in?return_to=/x%22%3E%3Cscript%3E").await;
        let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; form-action 'self'"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(header("cache-control"), "no-store");
        assert!(!page.text.contains("<script"), "{page:?}");
        let style = Visitor::new(base).get("/sign-in/style.css").await;
        assert_eq!((style.status, style.headers["content-type"].to_str().unwrap()), (200, "text/css; charset=utf-8"));
    }
}

/// Enrols an authenticator app in a session; the app's secret and the recovery codes.
async fn enrol(visitor: &mut Visitor) -> (String, Vec<String>) {
    let page = visitor.get("/account/second-factor").await;
    let to = visitor.submit(&page, "/account/second-factor", &[]).await;
    assert_eq!(to.location, "/account/second-factor", "{to:?}");
    let page = visitor.get("/account/second-factor").await;
    assert!(page.text.contains("<svg"), "{page:?}");
    let secret = page.text.split("class=\"secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let before = visitor.cookies.clone();
    let codes = visitor.submit(&page, "/account/second-factor/confirm", &[("code", &code(&secret, 0))]).await;
    assert_eq!(codes.status, 200, "{codes:?}");
    assert_ne!(visitor.cookies, before, "another secret for a surer session");
    let list = codes.text.split("<li>").skip(1).map(|item| item.split('<').next().unwrap().to_owned());
    (secret, list.collect())
}

#[tokio::test]
async fn an_officer_enrols_signs_in_with_a_code_once_and_with_a_recovery_code_once() {
    let place = Place::start();
    let password = place.add_user("li", &["--kind", "officer", "--department", "441802-test"]);
    let mut li = Visitor::new(&place.host.public);
    sign_in(&mut li, "li", &password).await;
    assert!(li.get("/account").await.text.contains("您尚未设置二次验证"));
    let old = li.cookies[SESSION].clone();
    let (secret, recovery) = enrol(&mut li).await;
    assert_eq!(recovery.len(), 10);
    assert!(li.get("/account").await.text.contains("二级：密码和二次验证"));
    let mut stolen = Visitor::new(&place.host.public);
    stolen.cookies.insert(SESSION.into(), old);
    assert_eq!(stolen.get("/account").await.status, 303, "the cookie of before is worth nothing");

    // The password alone is not enough any more.
    let mut li = Visitor::new(&place.host.public);
    let half = sign_in(&mut li, "li", &password).await;
    assert_eq!(half.location, "/sign-in/second-factor");
    assert_eq!(li.get("/account").await.status, 303, "not signed in yet");
    let page = li.get("/sign-in/second-factor").await;
    let used = code(&secret, 1);
    let wrong = li.submit(&page, "/sign-in/second-factor", &[("code", "000000")]).await;
    assert!(wrong.status == 401 && wrong.text.contains("code-wrong"), "{wrong:?}");
    let done = li.submit(&wrong, "/sign-in/second-factor", &[("code", &used)]).await;
    assert_eq!((done.status, done.location.as_str()), (303, "/account"), "{done:?}");
    assert!(li.get("/account").await.text.contains("二级：密码和二次验证"));

    let mut again = Visitor::new(&place.host.public);
    sign_in(&mut again, "li", &password).await;
    let page = again.get("/sign-in/second-factor").await;
    assert_eq!(again.submit(&page, "/sign-in/second-factor", &[("code", &used)]).await.status, 401, "used");
    let done = again.submit(&page, "/sign-in/second-factor", &[("code", &recovery[0])]).await;
    assert_eq!(done.status, 303, "{done:?}");
    let mut third = Visitor::new(&place.host.public);
    sign_in(&mut third, "li", &password).await;
    let page = third.get("/sign-in/second-factor").await;
    assert_eq!(third.submit(&page, "/sign-in/second-factor", &[("code", &recovery[0])]).await.status, 401, "used");

    // A program: the code goes with the password.
    let ask = |body| place.http.post(place.public("/api/v1/sign-in")).json(&body);
    let needed = Reply::of(ask(json!({"login": "li", "password": password}))).await;
    needed.problem(401, "second-factor-needed");
    let with = json!({"login": "li", "password": password, "totp": recovery[1]});
    assert_eq!(Reply::of(ask(with)).await.status, 200);

    // Lost phone: an administrator resets it, which ends everything.
    place.zt(&["user", "totp", "reset", "li"]);
    assert_eq!(li.get("/account").await.status, 303);
    assert_eq!(sign_in(&mut li, "li", &password).await.location, "/account");
}

#[tokio::test]
async fn a_session_by_password_steps_up_with_a_code_and_can_not_put_another_app_in_its_place() {
    let place = Place::start();
    let password = place.add_user("li", &["--kind", "officer", "--department", "441802-test"]);
    let (mut one, mut other) = (Visitor::new(&place.host.public), Visitor::new(&place.host.public));
    sign_in(&mut one, "li", &password).await;
    sign_in(&mut other, "li", &password).await;
    let before = other.get("/account/second-factor").await;
    let (secret, _) = enrol(&mut one).await;

    let step_up = "/account/step-up?return_to=/account/second-factor";
    assert_eq!(other.get("/account/second-factor").await.location, step_up);
    assert_eq!(other.submit(&before, "/account/second-factor", &[]).await.location, step_up);
    let old = other.cookies[SESSION].clone();
    let page = other.get(step_up).await;
    let wrong = other.submit(&page, "/account/step-up", &[("code", "000000")]).await;
    assert!(wrong.status == 401 && wrong.text.contains("code-wrong"), "{wrong:?}");
    let done = other.submit(&wrong, "/account/step-up", &[("code", &code(&secret, 1))]).await;
    assert_eq!(done.location, "/account/second-factor", "{done:?}");
    assert_ne!(other.cookies[SESSION], old, "another secret");
    assert!(other.get("/account").await.text.contains("二级：密码和二次验证"));
    assert_eq!(other.get("/account/second-factor").await.status, 200, "now it may be changed");
    other.cookies.insert(SESSION.into(), old);
    assert_eq!(other.get("/account").await.status, 303, "the old secret is worth nothing");
}

#[tokio::test]
async fn an_administrator_with_a_password_only_can_enrol_and_nothing_else() {
    let place = Place::start();
    let password = place.data("operator.password").trim().to_owned();
    let token_file = place.dir.path().join("signed-in.token");
    let zt = |arguments: &[&str], totp: Option<&str>| {
        let mut command = place.host.command(arguments);
        command.env("ZT_TOKEN_FILE", &token_file).env("ZT_PASSWORD", &password);
        totp.into_iter().for_each(|code| {
            command.env("ZT_TOTP", code);
        });
        command.stdin(Stdio::null()).output().unwrap()
    };
    assert!(zt(&["sign-in"], None).status.success());
    let refused = zt(&["plugin", "list"], None);
    assert!(!refused.status.success() && printed(&refused).contains("zt user totp enrol"), "{refused:?}");

    // The same at the listener's pages, by a cookie that the public listener does not know.
    let mut operator = Visitor::new(&place.host.admin);
    let citizen = place.add_user("zhang", &["--kind", "natural-person"]);
    let wrong = sign_in(&mut operator, "zhang", &citizen).await;
    assert!(wrong.status == 403 && wrong.text.contains("此处仅供管理员登录"), "{wrong:?}");
    let to = sign_in(&mut operator, "operator", &password).await;
    assert_eq!(to.location, "/account/second-factor", "{to:?}");
    let request = operator.http().get(place.admin("plugins"));
    let refused = operator.send(request).await;
    assert!(refused.status == 403 && refused.text.contains("second-factor-required"), "{refused:?}");
    let (secret, _) = enrol(&mut operator).await;
    let request = operator.http().get(place.admin("plugins"));
    assert_eq!(operator.send(request).await.status, 200);
    let request = operator.http().post(place.admin("users/zhang/disable")).header("origin", "https://evil.example");
    assert_eq!(operator.send(request).await.status, 403, "another site");
    assert!(operator.cookies.keys().all(|name| name.starts_with("__Host-zt-admin") || name == "zt-lang"));

    let without = zt(&["sign-in"], None);
    assert!(!without.status.success() && printed(&without).contains("a code is needed"), "{without:?}");
    assert!(zt(&["sign-in"], Some(&code(&secret, 1))).status.success());
    assert!(zt(&["plugin", "list"], None).status.success());
    // The token of the first start, which nobody signed in for, goes on: without it nobody could begin.
    place.zt(&["plugin", "list"]);
}

#[test]
fn an_administrator_enrols_at_the_command_line_and_signs_in_there_with_a_code() {
    let place = Place::start();
    let mut enrol = place.host.command(&["user", "totp", "enrol"]);
    let piped = enrol.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut enrol = piped.spawn().unwrap();
    let mut shown = BufReader::new(enrol.stderr.take().unwrap()).lines().map_while(Result::ok);
    let secret = shown.find_map(|line| Some(line.split_once("or by hand: ")?.1.to_owned())).unwrap();
    writeln!(enrol.stdin.take().unwrap(), "{}", code(&secret, 0)).unwrap();
    let output = enrol.wait_with_output().unwrap();
    let told = printed(&output);
    assert!(output.status.success() && told.contains("sign in again with a code"), "{told}");
    assert!(!told.contains(&secret) && told.lines().filter(|line| line.len() == 21).count() == 10, "{told}");

    // Password and code on two lines, as somebody types them.
    let mut again = place.host.command(&["sign-in", "operator"]);
    let mut again = again.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = format!("{}\n{}\n", place.data("operator.password").trim(), code(&secret, 1));
    again.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = again.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", printed(&output));
    place.zt(&["plugin", "list"]);
    let refused = place.refused(&["user", "totp", "reset", "security"]);
    assert!(refused.contains("role `security`"), "each role looks after its own: {refused}");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all_and_tokens_too() {
    let Site { place, scenario, password } = site();
    let mut browsers =
        [Visitor::new(&place.host.public), Visitor::new(&place.host.public), Visitor::new(&place.host.public)];
    for browser in &mut browsers {
        sign_in(browser, "zhang", &password).await;
    }
    let [one, two, three] = &mut browsers;
    let page = one.get("/account").await;
    assert_eq!(page.text.matches("name=\"session\"").count(), 2, "the others'");
    let ended = one.submit(&page, "/account/sessions/end", &[]).await;
    assert_eq!(ended.location, "/account?notice=session-ended");
    let left = [two.get(&scenario).await.status, three.get(&scenario).await.status];
    assert!(left == [200, 403] || left == [403, 200], "{left:?}");
    let page = one.get("/account").await;
    one.submit(&page, "/sign-out", &[("everywhere", "yes")]).await;
    for browser in [one, two, three] {
        assert_eq!(browser.get(&scenario).await.status, 403);
    }

    let token = place.token("zhang", &["--label", "a meter"]);
    let listed: serde_json::Value = serde_json::from_str(&place.zt(&["token", "list", "zhang", "--json"])).unwrap();
    assert_eq!((listed[0]["label"].as_str(), listed[0]["revoked_at"].as_str()), (Some("a meter"), None));
    let with_token = || place.http.get(place.public(&scenario)).bearer_auth(&token);
    assert_eq!(Reply::of(with_token()).await.status, 200);
    let id = listed[0]["id"].as_str().unwrap();
    place.add_user("wu", &["--kind", "natural-person"]);
    assert!(place.refused(&["token", "revoke", "wu", id]).contains("no such token"), "another's");
    place.zt(&["token", "revoke", "zhang", id]);
    assert_eq!(Reply::of(with_token()).await.status, 401);
}

#[tokio::test]
async fn a_new_password_is_chosen_with_the_old_one_and_ends_every_session() {
    let Site { place, password, .. } = site();
    let mut zhang = Visitor::new(&place.host.public);
    sign_in(&mut zhang, "zhang", &password).await;
    let page = zhang.get("/account").await;
    let new = "正确的马电池订书钉一二";
    for (old, new, again, id) in [
        ("wrong password", "a longer password", "a longer password", "old-wrong"),
        (password.as_str(), "short", "short", "new-wrong"),
        (&password, "a longer password", "another password", "again-wrong"),
    ] {
        let fields = [("old", old), ("new", new), ("again", again)];
        let refused = zhang.submit(&page, "/account/password", &fields).await;
        assert!(refused.status >= 400 && refused.text.contains(&format!("id=\"{id}\"")), "{id}: {refused:?}");
    }
    let new = format!("{new} long");
    let done = zhang.submit(&page, "/account/password", &[("old", &password), ("new", &new), ("again", &new)]).await;
    assert_eq!(done.location, "/sign-in?notice=password-changed", "{done:?}");
    assert_eq!(zhang.get("/account").await.status, 303);
    assert_eq!(sign_in(&mut zhang, "zhang", &password).await.status, 401);
    assert_eq!(sign_in(&mut zhang, "zhang", &new).await.status, 303);
    let given = place.zt(&["user", "password", "zhang", "--json"]);
    let given: serde_json::Value = serde_json::from_str(&given).unwrap();
    assert_eq!(zhang.get("/account").await.status, 303);
    assert_eq!(sign_in(&mut zhang, "zhang", given["password"].as_str().unwrap()).await.status, 303);
}

#[tokio::test]
async fn signing_in_and_out_is_on_record_without_names_passwords_or_codes() {
    let Site { place, password, .. } = site();
    let mut zhang = Visitor::new(&place.host.public);
    sign_in(&mut zhang, "zhang", "a wrong password").await;
    sign_in(&mut zhang, "zhang", &password).await;
    let (secret, recovery) = enrol(&mut zhang).await;
    let page = zhang.get("/account").await;
    zhang.submit(&page, "/sign-out", &[]).await;
    sign_in(&mut zhang, "zhang", &password).await;
    let page = zhang.get("/sign-in/second-factor").await;
    let used = code(&secret, 1);
    zhang.submit(&page, "/sign-in/second-factor", &[("code", "999999")]).await;
    zhang.submit(&page, "/sign-in/second-factor", &[("code", &used)]).await;
    place.zt(&["plugin", "list"]);

    let audit = support::eventually("the records", async || {
        let text = std::fs::read_to_string(place.host.audit()).unwrap_or_default();
        (text.matches("session:second-factor").count() == 2).then_some(text)
    })
    .await;
    for act in ["session:sign-in", "second-factor:enrol", "second-factor:confirm", "session:sign-out"] {
        assert!(audit.contains(act), "{act}");
    }
    let (log, session) = (place.host.log(), zhang.cookies[SESSION].clone());
    let spaced = secret.replace(' ', "");
    for value in [&password, "a wrong password", &session, &spaced, &secret, &recovery[0], &used, "zhang"] {
        assert!(!log.contains(value), "{value} is in the log");
        // A code is six digits: by chance any number holds them.
        assert!(value == used || !audit.contains(value), "{value} is in the audit");
    }
}
