//! `zt sign-in`: a fresh token for an operator whose token has expired.

use std::io::Read;

use anyhow::Context;

use super::Client;
use crate::{
    edge::{SignIn, SignedIn},
    serve::write_secret,
};

/// Who signs in.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The login name. The password is read from `$ZT_PASSWORD`, or from standard input.
    #[arg(default_value = "operator")]
    login: String,
}

// === impl Args ===

impl Args {
    /// Writes the token to the file that the other commands read it from.
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        let request = SignIn { login: self.login, password: password()? };
        let signed_in: SignedIn = client.sign_in(&request).await?;
        write_secret(client.token_file(), &signed_in.token)?;
        println!("signed in until {}; the token is in {}", signed_in.expires_at, client.token_file().display());
        Ok(())
    }
}

fn password() -> anyhow::Result<String> {
    if let Ok(password) = std::env::var("ZT_PASSWORD") {
        return Ok(password);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("the password can't be read from standard input")?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
