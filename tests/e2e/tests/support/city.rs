use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Stdio},
};

use serde_json::{Value, json};

use super::{Page, Place, Visitor};

/// The connector's own, with its sign-in without a page.
const PROVIDER: &[u8] = include_bytes!("../../../../host/capabilities/subject/connectors/oidc/tests/provider.mjs");

const SECRET: &str = "a secret of this test only";

/// The city's identity provider (npm `oidc-provider`), in a process of its own, which ends with this value.
pub struct City {
    pub issuer: String,
    process: Child,
}

// === impl City ===

impl City {
    /// Where a host will be found: the provider has to know before either of them starts.
    pub fn free_address() -> String {
        format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
    }

    /// Starts one that knows the host at `public` and these accounts.
    pub fn start(public: &str, accounts: &Value) -> Self {
        let client = json!({
            "client_id": "zhongtai",
            "client_secret": SECRET,
            "redirect_uris": [format!("{public}/sign-in/oidc/city/callback")],
            "backchannel_logout_uri": format!("{public}/sign-in/oidc/city/logout"),
            "backchannel_logout_session_required": true,
        });
        let settings = json!({ "clients": [client], "accounts": accounts });
        let mut process = zhongtai_test_tools::node()
            .arg("--input-type=module")
            .env("PROVIDER", settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(PROVIDER).unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = lines.find_map(|line| serde_json::from_str::<Value>(&line.unwrap()).ok());
        let issuer = ready.expect("the provider starts")["issuer"].as_str().unwrap().to_owned();
        Self { issuer, process }
    }

    /// What the host has to be told of it; puts the client's secret into a file in `dir`.
    pub fn config(&self, public: &str, dir: &Path) -> String {
        let secret = dir.join("client-secret");
        std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
        format!(
            "[sign_in.oidc.city]\ntitle = \"市统一身份认证\"\nissuer = \"{}\"\nclient_id = \"zhongtai\"\n\
             client_secret_file = \"{}\"\nredirect_base = \"{public}\"\nscopes = [\"profile\"]\n\
             claims = {{ name = \"name\", resident_id = \"id_card\", credit_code = \"uscc\", kind = \"user_type\" }}\n\
             kinds = {{ 1 = \"natural-person\", 2 = \"legal-person\" }}\n\
             acr = {{ \"urn:example:loa:2\" = \"substantial\" }}\n",
            self.issuer,
            secret.display(),
        )
    }

    /// From the host's sign-in page to the provider, there as `account`, and back: the visitor here and there, and the
    /// last redirect of the provider.
    pub async fn away(&self, place: &Place, account: &str, acr: &str) -> (Visitor, Visitor, String) {
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

    /// The same to the end: the browser here, signed in, and the one there.
    pub async fn sign_in(&self, place: &Place, account: &str, acr: &str) -> (Visitor, Visitor) {
        let (mut here, there, to) = self.away(place, account, acr).await;
        let done = here.get(to.strip_prefix(&place.host.public).unwrap()).await;
        assert_eq!((done.status, done.location.as_str()), (303, "/account"), "{done:?}");
        (here, there)
    }
}

impl Drop for City {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
