use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Stdio},
};

use anyhow::Context;
use serde_json::{Value, json};

/// The OpenID Connect connector's own, with its sign-in without a page.
const PROVIDER: &[u8] = include_bytes!("../../../host/capabilities/subject/connectors/oidc/tests/provider.mjs");

const SECRET: &str = "a secret of this machine only";

/// The city's identity provider (npm `oidc-provider`), in a process of its own, which ends with this value.
#[derive(Debug)]
pub struct City {
    /// Where it is.
    pub issuer: String,
    process: Child,
}

// === impl City ===

impl City {
    /// Where a host will be found: the provider has to know before either of them starts.
    pub fn free_address() -> anyhow::Result<String> {
        Ok(format!("http://{}", TcpListener::bind("127.0.0.1:0")?.local_addr()?))
    }

    /// Starts one that knows the host at `public` and these accounts.
    pub fn start(public: &str, accounts: &Value) -> anyhow::Result<Self> {
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
            .context("the identity provider can't be started")?;
        process.stdin.take().context("a pipe")?.write_all(PROVIDER)?;
        let mut lines = BufReader::new(process.stdout.take().context("a pipe")?).lines();
        let ready = lines.find_map(|line| serde_json::from_str::<Value>(&line.ok()?).ok());
        let ready = ready.context("the identity provider ended")?;
        let issuer = ready.get("issuer").and_then(Value::as_str).context("the provider names no issuer")?.to_owned();
        Ok(Self { issuer, process })
    }

    /// What the host has to be told of it; puts the client's secret into a file in `dir`.
    pub fn config(&self, public: &str, dir: &Path) -> anyhow::Result<String> {
        let secret = dir.join("client-secret");
        std::fs::write(&secret, format!("{SECRET}\n"))?;
        Ok(format!(
            "[sign_in.oidc.city]\ntitle = \"市统一身份认证\"\nissuer = \"{}\"\nclient_id = \"zhongtai\"\n\
             client_secret_file = \"{}\"\nredirect_base = \"{public}\"\nscopes = [\"profile\"]\n\
             claims = {{ name = \"name\", resident_id = \"id_card\", credit_code = \"uscc\", kind = \"user_type\" }}\n\
             kinds = {{ 1 = \"natural-person\", 2 = \"legal-person\" }}\n\
             acr = {{ \"urn:example:loa:2\" = \"substantial\" }}\n",
            self.issuer,
            secret.display(),
        ))
    }
}

impl Drop for City {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
