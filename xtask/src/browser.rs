//! A browser for the demo: curl with a jar for cookies. What it asks for is shown as the command a newcomer could type.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

/// Somebody in front of the host's pages.
pub(crate) struct Browser {
    jar: PathBuf,
    base: String,
}

/// Where a request ended, redirects followed.
pub(crate) struct Page {
    pub(crate) url: String,
    pub(crate) text: String,
}

// === impl Browser ===

impl Browser {
    /// One without cookies; it keeps them in `jar`.
    pub(crate) fn open(base: &str, jar: &Path) -> Self {
        Self { jar: jar.to_owned(), base: base.to_owned() }
    }

    /// Signs in with a password, by the form of the sign-in page.
    pub(crate) fn sign_in(&self, login: &str, password: &str) -> anyhow::Result<()> {
        let page = self.get("/sign-in?return_to=/account")?;
        let token = hidden(&page.text, "form_token").context("the sign-in page has no form")?;
        let fields =
            [("form_token", token.as_str()), ("return_to", "/account"), ("login", login), ("password", password)];
        let origin = self.base.clone();
        self.arrived(&self.post(&format!("{}/sign-in", self.base), &origin, &fields)?)
    }

    /// Signs in at the identity provider `city`, which is asked to be sure: there as `account`, and back.
    pub(crate) fn sign_in_through_the_city(&self, issuer: &str, account: &str) -> anyhow::Result<()> {
        let there = self.get("/sign-in/oidc/city?return_to=%2Faccount&level=2")?;
        if !there.url.starts_with(issuer) {
            bail!("the host did not send the browser to {issuer} but to {}", there.url);
        }
        let fields = [("account", account), ("acr", "urn:example:loa:2")];
        self.arrived(&self.post(&format!("{}/login", there.url), issuer, &fields)?)
    }

    /// Asks the host as its own pages do, and returns the body; an answer that is not 2xx is an error.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &[u8]) -> anyhow::Result<String> {
        let url = format!("{}{path}", self.base);
        let file = self.jar.with_extension("body");
        std::fs::write(&file, body)?;
        let mut command = self.curl();
        command.args(["--fail-with-body", "-X", method, "-H", &format!("origin: {}", self.base)]);
        command.args(["-H", "sec-fetch-site: same-origin"]);
        if !body.is_empty() {
            let kind = if body.starts_with(b"{") { "application/json" } else { "application/octet-stream" };
            command.args(["-H", &format!("content-type: {kind}"), "--data-binary"]).arg(format!("@{}", file.display()));
        }
        let output = command.arg(&url).output().context("curl can't be started")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            bail!("{method} {path}: {text}{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(text)
    }

    /// Saves what is at a path into a file.
    pub(crate) fn fetch(&self, path: &str, file: &Path) -> anyhow::Result<()> {
        let output = self.curl().arg("--fail").arg("-o").arg(file).arg(format!("{}{path}", self.base)).output()?;
        if !output.status.success() {
            bail!("{path}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    fn get(&self, path: &str) -> anyhow::Result<Page> {
        self.follow(self.curl().arg(format!("{}{path}", self.base)))
    }

    fn post(&self, url: &str, origin: &str, fields: &[(&str, &str)]) -> anyhow::Result<Page> {
        let mut command = self.curl();
        command.args(["-H", &format!("origin: {origin}")]);
        for (name, value) in fields {
            command.args(["--data-urlencode", &format!("{name}={value}")]);
        }
        self.follow(command.arg(url))
    }

    /// Follows redirects, as a browser does, and says where they ended.
    fn follow(&self, command: &mut Command) -> anyhow::Result<Page> {
        let output = command.args(["-L", "-w", "\n%{url_effective}"]).output().context("curl can't be started")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (text, url) = text.rsplit_once('\n').context("curl printed nothing")?;
        if !output.status.success() {
            bail!("{url}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(Page { url: url.to_owned(), text: text.to_owned() })
    }

    fn curl(&self) -> Command {
        let mut command = Command::new("curl");
        command.args(["-sS", "--noproxy", "*", "-b"]).arg(&self.jar).arg("-c").arg(&self.jar);
        command
    }

    fn arrived(&self, page: &Page) -> anyhow::Result<()> {
        if page.url != format!("{}/account", self.base) {
            bail!("the sign-in ended at {}", page.url);
        }
        Ok(())
    }
}

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> Option<String> {
    let field = page.split("<input").find(|field| field.contains(&format!("name=\"{name}\"")))?;
    Some(field.split("value=\"").nth(1)?.split('"').next()?.to_owned())
}
