//! `zt sign-in`: a fresh token for an operator whose token has expired.

use super::{Client, ask, client::Refused};
use crate::{
    edge::{SignIn, SignedIn},
    serve::write_secret,
};

/// Who signs in.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The login name. The password is read from `$ZT_PASSWORD`, or from standard input; a code, where the account has
    /// a second factor, from `$ZT_TOTP`, or from the next line.
    #[arg(default_value = "operator")]
    login: String,
}

// === impl Args ===

impl Args {
    /// Writes the token to the file that the other commands read it from.
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        let totp = std::env::var("ZT_TOTP").ok();
        let mut request = SignIn { login: self.login, password: password()?, totp };
        let signed_in: SignedIn = match client.sign_in(&request).await {
            Err(error) if request.totp.is_none() && is_code_needed(&error) => {
                request.totp = Some(ask::code("the code of your authenticator app")?);
                client.sign_in(&request).await?
            }
            outcome => outcome?,
        };
        write_secret(client.token_file(), &signed_in.token)?;
        println!("signed in until {}; the token is in {}", signed_in.expires_at, client.token_file().display());
        Ok(())
    }
}

fn password() -> anyhow::Result<String> {
    if let Ok(password) = std::env::var("ZT_PASSWORD") {
        return Ok(password);
    }
    ask::line("the password")
}

fn is_code_needed(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refused>().is_some_and(|refused| refused.code == "second-factor-needed")
}
