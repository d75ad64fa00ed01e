use zhongtai_e2e::City;

use super::{Page, Place, Visitor};

/// A visitor's way through the city's identity provider.
#[allow(async_fn_in_trait, reason = "tests on one thread")]
pub trait SignInThere {
    /// From the host's sign-in page to the provider, there as `account`, and back: the visitor here and there, and the
    /// last redirect of the provider.
    async fn away(&self, place: &Place, account: &str, acr: &str) -> (Visitor, Visitor, String);

    /// The same to the end: the browser here, signed in, and the one there.
    async fn sign_in(&self, place: &Place, account: &str, acr: &str) -> (Visitor, Visitor);
}

impl SignInThere for City {
    async fn away(&self, place: &Place, account: &str, acr: &str) -> (Visitor, Visitor, String) {
        let (mut here, mut there) = (Visitor::new(&place.host.public), Visitor::new(&self.issuer));
        let page = here.get("/sign-in?return_to=/account").await;
        assert!(page.text.contains("市统一身份认证"), "{page:?}");
        // Being sure is asked for: this provider says how sure a sign-in is only to who asks.
        let level = if acr == "urn:example:loa:2" { "&level=2" } else { "" };
        let mut to = here.get(&format!("/sign-in/oidc/city?return_to=%2Faccount{level}")).await.location;
        for _ in 0..10 {
            if to.starts_with(&place.host.public) {
                return (here, there, to);
            }
            let path = to.strip_prefix(&self.issuer).unwrap_or(&to).to_owned();
            let page = there.get(&path).await;
            let page: Page = if page.location.is_empty() {
                let fields = [("account", account), ("acr", acr)];
                there.post(&format!("{path}/login"), &fields, &self.issuer).await
            } else {
                page
            };
            assert!(!page.location.is_empty(), "the provider stopped at {path}: {page:?}");
            to = page.location;
        }
        panic!("too many redirects")
    }

    async fn sign_in(&self, place: &Place, account: &str, acr: &str) -> (Visitor, Visitor) {
        let (mut here, there, to) = self.away(place, account, acr).await;
        let done = here.get(to.strip_prefix(&place.host.public).unwrap()).await;
        assert_eq!((done.status, done.location.as_str()), (303, "/account"), "{done:?}");
        (here, there)
    }
}
