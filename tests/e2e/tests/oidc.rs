//! Signing in at a real OpenID Connect provider (npm `oidc-provider`), through the whole host: there and back, the
//! account behind it, and out again when the provider says so.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use serde_json::{Value, json};
use support::{Place, SignInThere as _, Visitor};
use zhongtai_e2e::City;

/// A host that knows the provider.
struct Scene {
    city: City,
    place: Place,
}

// === impl Scene ===

impl Scene {
    fn start() -> Self {
        let public = City::free_address().unwrap();
        let accounts = json!({
            "zhang": { "name": "张三", "user_type": "1", "id_card": "11010519491231002x" },
            "li": { "name": "李四", "user_type": "1" },
        });
        let city = City::start(&public, &accounts).unwrap();
        let place = Place::start_with(|setup, dir| {
            setup.ports.0 = public.rsplit(':').next().unwrap().parse().unwrap();
            setup.config = city.config(&public, dir).unwrap();
        });
        Self { city, place }
    }

    async fn away(&self, account: &str, acr: &str) -> (Visitor, Visitor, String) {
        self.city.away(&self.place, account, acr).await
    }

    async fn sign_in(&self, account: &str, acr: &str) -> (Visitor, Visitor) {
        self.city.sign_in(&self.place, account, acr).await
    }

    fn logins(&self) -> Vec<String> {
        let users: Value = serde_json::from_str(&self.place.zt(&["user", "list", "--json"])).unwrap();
        users.as_array().unwrap().iter().map(|user| user["login"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_sure_sign_in_elsewhere_is_the_account_with_the_same_resident_id_until_the_provider_ends_it() {
    let scene = Scene::start();
    scene.place.add_user("zhang-san", &["--kind", "natural-person", "--set", "resident-id=11010519491231002X"]);
    let (mut here, mut there) = scene.sign_in("zhang", "urn:example:loa:2").await;
    let account = here.get("/account").await;
    assert!(account.text.contains("<dd>zhang-san</dd>") && account.text.contains("二级"), "{account:?}");
    let before = scene.logins().len();
    let (mut again, _) = scene.sign_in("zhang", "urn:example:loa:2").await;
    assert!(again.get("/account").await.text.contains("<dd>zhang-san</dd>"));
    assert_eq!(scene.logins().len(), before, "nobody was made");

    // Signed out at the provider: it says so, behind the browser's back.
    let page = there.get("/session/end").await;
    let part =
        |start: &str| page.text.split_once(start).unwrap_or_else(|| panic!("{page:?}")).1.split_once('"').unwrap().0;
    let (action, xsrf) = (part("action=\""), part("value=\""));
    let path = action.strip_prefix(&scene.city.issuer).unwrap_or(action);
    there.post(path, &[("xsrf", xsrf), ("logout", "yes")], &scene.city.issuer).await;
    support::eventually("the session ends here", async || (here.get("/account").await.status == 303).then_some(()))
        .await;
    assert_eq!(again.get("/account").await.status, 200, "another session of the provider's");
    let audit = std::fs::read_to_string(scene.place.host.audit()).unwrap();
    assert!(audit.contains("account:link") && audit.contains("oidc city"));
    assert!(
        !audit.contains("张三") && !audit.contains("11010519491231002") && !scene.place.host.log().contains("张三")
    );
}

#[tokio::test]
async fn a_weak_sign_in_gets_an_account_of_its_own_and_a_stranger_too() {
    let scene = Scene::start();
    scene.place.add_user("zhang-san", &["--kind", "natural-person", "--set", "resident-id=11010519491231002X"]);
    let (mut weak, _) = scene.sign_in("zhang", "urn:example:loa:1").await;
    let account = weak.get("/account").await;
    assert!(account.text.contains("<dd>ext-") && account.text.contains("一级"), "{account:?}");
    scene.sign_in("li", "urn:example:loa:2").await;
    assert_eq!(scene.logins().iter().filter(|login| login.starts_with("ext-")).count(), 2);
}

#[tokio::test]
async fn only_the_browser_that_left_may_come_back_and_once() {
    let scene = Scene::start();
    let (mut here, _, to) = scene.away("li", "urn:example:loa:2").await;
    let path = to.strip_prefix(&scene.place.host.public).unwrap().to_owned();
    let mut other = Visitor::new(&scene.place.host.public);
    assert_eq!(other.get(&path).await.location, "/sign-in", "no cookie");
    other.get("/sign-in/oidc/city").await;
    let refused = other.get(&path).await;
    assert!(refused.status == 403 && refused.text.contains("身份提供方"), "another browser's state: {refused:?}");
    assert!(!other.cookies.contains_key("__Host-zt-session"));

    let kept = here.cookies.clone();
    assert_eq!(here.get(&path).await.location, "/account");
    let mut replay = Visitor::new(&scene.place.host.public);
    replay.cookies = kept;
    assert_eq!(replay.get(&path).await.location, "/sign-in", "taken");

    for body in [&[("logout_token", "nonsense")][..], &[]] {
        let refused = Visitor::new(&scene.place.host.public).post("/sign-in/oidc/city/logout", body, "").await;
        assert_eq!(refused.status, 400, "{refused:?}");
        assert_eq!(refused.headers["cache-control"], "no-store");
    }
    assert_eq!(here.get("/account").await.status, 200);
    assert_eq!(here.get("/sign-in/oidc/nobody").await.status, 404);
}
