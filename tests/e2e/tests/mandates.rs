//! Acting for an enterprise, from outside: by a header with a token, and by choice in a browser.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use serde_json::Value;
use support::{Page, Place, Plugin, Reply, Visitor, answering, code, manifest};

const CODE: &str = "91350100M000100Y43";

/// Two scenarios for whoever signed in, an enterprise, and somebody to act for it.
struct Town {
    place: Place,
    permit: Plugin,
    lamps: Plugin,
    company: String,
    wang: String,
}

fn town() -> Town {
    let place = Place::start();
    let deploy = |name: &str| {
        let text = manifest(name, "0.1.0", "signed-in", "");
        let plugin = Plugin::with_manifest(place.dir.path(), name, &text, &answering("inside"));
        place.deploy(&plugin, &[]);
        plugin
    };
    let (permit, lamps) = (deploy("permit"), deploy("lamps"));
    let code = format!("credit-code={CODE}");
    let company = place.add_user("acme", &["--kind", "legal-person", "--set", &code, "--set", "name=清城建设"]);
    let wang = place.add_user("wang", &["--kind", "natural-person"]);
    Town { permit, lamps, company, wang, place }
}

// === impl Town ===

impl Town {
    fn account(&self, login: &str) -> Value {
        let users: Value = serde_json::from_str(&self.place.zt(&["user", "list", "--json"])).unwrap();
        users.as_array().unwrap().iter().find(|user| user["login"] == login).unwrap()["account"].clone()
    }

    fn give(&self) -> String {
        let scenario = ["--scenario", &self.permit.scenario];
        let given = ["user", "mandate", "add", "acme", "wang", "--action", "apply", "--json"];
        let given: Value = serde_json::from_str(&self.place.zt(&[&given[..], &scenario].concat())).unwrap();
        assert_eq!((&given["status"], &given["principal"]), (&"valid".into(), &"acme".into()), "{given}");
        given["id"].as_str().unwrap().to_owned()
    }

    async fn sign_in(&self, login: &str, password: &str) -> Visitor {
        let mut visitor = Visitor::new(&self.place.host.public);
        let page = visitor.get("/sign-in").await;
        let done = visitor.submit(&page, "/sign-in", &[("login", login), ("password", password)]).await;
        assert_eq!(done.status, 303, "{done:?}");
        visitor
    }

    /// In whose name a request was, as it is on record.
    async fn on_record(&self, reply_id: &str) -> Value {
        self.place.audit(&format!("{reply_id}/0")).await["subject"].clone()
    }
}

fn id(page: &Page) -> &str {
    page.headers["x-request-id"].to_str().unwrap()
}

#[tokio::test]
async fn a_program_acts_for_an_enterprise_by_its_code_within_the_mandate_until_it_is_taken_back() {
    let town = town();
    let token = town.place.token("wang", &[]);
    let ask = async |plugin: &Plugin, code: &str| {
        let request = town.place.http.get(town.place.public(&plugin.path("/"))).bearer_auth(&token);
        Reply::of(request.header("x-acting-for", code)).await
    };
    ask(&town.permit, CODE).await.scenario_problem(403, "no-mandate");
    let mandate = town.give();
    let acted = ask(&town.permit, CODE).await;
    assert_eq!((acted.status, acted.body.as_str()), (200, "inside"), "{acted:?}");
    assert_eq!(town.on_record(acted.header("x-request-id")).await, town.account("acme"));
    ask(&town.lamps, CODE).await.scenario_problem(403, "access-denied");
    ask(&town.permit, "11320000MB151840XJ").await.scenario_problem(403, "no-mandate");
    ask(&town.permit, "nonsense").await.scenario_problem(400, "acting-for");
    let own = town.place.http.get(town.place.public(&town.lamps.path("/"))).bearer_auth(&token);
    assert_eq!(Reply::of(own).await.status, 200, "for oneself");

    // Who acted is on record with how far the mandate went, and so is that policy was asked whether they may.
    let audit = std::fs::read_to_string(town.place.host.audit()).unwrap();
    let agent = town.account("wang");
    let introduced = audit.lines().any(|line| {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        line["event"] == "caller" && line["subject"]["agent"]["account"] == agent
    });
    assert!(introduced && audit.contains("subject:act-for"), "{audit}");

    town.place.zt(&["user", "mandate", "revoke", &mandate]);
    ask(&town.permit, CODE).await.scenario_problem(403, "no-mandate");
    assert!(town.place.zt(&["user", "mandate", "list", "acme"]).contains("withdrawn"));
}

#[tokio::test]
async fn a_browser_chooses_for_whom_and_stops_when_the_mandate_ends() {
    let town = town();
    let mandate = town.give();
    let mut wang = town.sign_in("wang", &town.wang).await;
    let own = wang.get(&town.permit.path("/")).await;
    assert_eq!(town.on_record(id(&own)).await, town.account("wang"));

    let account = wang.get("/account").await;
    assert!(account.text.contains("清城建设"), "{account:?}");
    let chosen = wang.submit(&account, "/account/acting-for", &[("mandate", &mandate)]).await;
    assert_eq!(chosen.location, "/account?notice=acting-for", "{chosen:?}");
    let acted = wang.get(&town.permit.path("/")).await;
    assert_eq!((acted.status, town.on_record(id(&acted)).await), (200, town.account("acme")));
    assert_eq!(wang.get(&town.lamps.path("/")).await.status, 403, "not within the mandate");
    let request = wang.http().get(town.place.public(&town.permit.path("/"))).header("x-acting-for", CODE);
    assert_eq!(wang.send(request).await.status, 400, "the header is for programs");

    town.place.zt(&["user", "mandate", "revoke", &mandate]);
    let ended = wang.get(&town.permit.path("/")).await;
    assert!(ended.status == 403 && ended.text.contains("mandate-ended"), "{ended:?}");
    let account = wang.get("/account").await;
    assert!(account.text.contains("您所选的委托已失效"), "{account:?}");
    wang.submit(&account, "/account/acting-for", &[("mandate", "")]).await;
    let own = wang.get(&town.permit.path("/")).await;
    assert_eq!((own.status, town.on_record(id(&own)).await), (200, town.account("wang")));
    let refused = wang.submit(&account, "/account/acting-for", &[("mandate", &mandate)]).await;
    assert_eq!(refused.status, 403, "{refused:?}");
}

#[tokio::test]
async fn an_enterprise_gives_a_mandate_with_its_second_factor_and_takes_it_back() {
    let town = town();
    let mut acme = town.sign_in("acme", &town.company).await;
    let page = acme.get("/account").await;
    assert!(page.text.contains("委托他人办理需要二次验证") && !page.text.contains("name=\"agent\""), "{page:?}");
    let token = page.hidden("/sign-out")[0].1.clone();
    let fields = |agent: &str| {
        let all = [("form_token", token.as_str()), ("agent", agent), ("apply", "yes"), ("days", "30")];
        all.map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let early = fields("wang");
    let early: Vec<_> = early.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let refused = acme.post("/account/mandates", &early, &town.place.host.public).await;
    assert_eq!(refused.location, "/account/step-up", "{refused:?}");

    let page = acme.get("/account/second-factor").await;
    acme.submit(&page, "/account/second-factor", &[]).await;
    let page = acme.get("/account/second-factor").await;
    let secret = page.text.split("class=\"secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    acme.submit(&page, "/account/second-factor/confirm", &[("code", &code(&secret, 0))]).await;
    let page = acme.get("/account").await;
    for (agent, days, id) in
        [("nobody", "30", "agent-wrong"), ("wang", "0", "days-wrong"), ("acme", "30", "agent-wrong")]
    {
        let fields = [("agent", agent), ("apply", "yes"), ("days", days)];
        let wrong = acme.submit(&page, "/account/mandates", &fields).await;
        assert!(wrong.status == 400 && wrong.text.contains(&format!("id=\"{id}\"")), "{agent} {days}: {wrong:?}");
    }
    let none = acme.submit(&page, "/account/mandates", &[("agent", "wang"), ("days", "30")]).await;
    assert!(none.text.contains("请至少选择一项"), "{none:?}");
    let fields = [("agent", "wang"), ("apply", "yes"), ("days", "30")];
    let given = acme.submit(&page, "/account/mandates", &fields).await;
    assert_eq!(given.location, "/account?notice=mandate-given", "{given:?}");

    let wang = town.place.token("wang", &[]);
    let ask = || {
        let request = town.place.http.get(town.place.public(&town.lamps.path("/"))).bearer_auth(&wang);
        Reply::of(request.header("x-acting-for", CODE))
    };
    assert_eq!(ask().await.status, 200, "in every scenario");
    let page = acme.get("/account").await;
    let revoked = acme.submit(&page, "/account/mandates/revoke", &[]).await;
    assert_eq!(revoked.location, "/account?notice=mandate-revoked", "{revoked:?}");
    ask().await.scenario_problem(403, "no-mandate");
}
