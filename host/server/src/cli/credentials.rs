//! `zt user totp ...` and `zt token ...`

use reqwest::Method;
use serde_json::json;

use super::{Client, ask, format::table};
use crate::admin::{Code, Enrolling, RecoveryCodes, TokenReport};

/// `zt user totp ...`
#[derive(clap::Subcommand)]
pub(super) enum Totp {
    /// Enrol an authenticator app for yourself: shows the secret, asks for a code, shows recovery codes once.
    Enrol,
    /// Take an account's second factor away and sign it out everywhere, for somebody who lost it.
    Reset {
        /// The login name.
        login: String,
    },
}

/// `zt token ...`
#[derive(clap::Subcommand)]
pub(super) enum Token {
    /// The tokens of an account, without their secrets.
    List {
        /// The login name.
        login: String,
    },
    /// Revoke one token of an account.
    Revoke {
        /// The login name.
        login: String,
        /// The token's id, as `zt token list` shows it.
        id: String,
    },
}

// === impl Totp ===

impl Totp {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::Enrol => enrol(client).await,
            Self::Reset { login } => {
                client.act(Method::POST, &format!("users/{login}/second-factor/reset")).await?;
                println!("{login} has no second factor now, and is signed out everywhere");
                Ok(())
            }
        }
    }
}

async fn enrol(client: &Client) -> anyhow::Result<()> {
    let enrolling: Enrolling = client.post("me/second-factor", &json!({})).await?;
    // Not on standard output, which scripts keep: it is for the eyes of whoever holds the app.
    eprintln!("add this to your authenticator app:\n  {}\n  or by hand: {}", enrolling.uri, enrolling.secret);
    let code = ask::code("the code that the app shows now")?;
    let codes: RecoveryCodes = client.post("me/second-factor/confirm", &Code { code }).await?;
    if client.json() {
        println!("{}", serde_json::to_string(&codes)?);
        return Ok(());
    }
    println!("the second factor counts from now on: sign in again with a code");
    println!("recovery codes, shown only now; each stands in for a code once:");
    codes.recovery_codes.iter().for_each(|code| println!("  {code}"));
    Ok(())
}

// === impl Token ===

impl Token {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::List { login } => list(client, &login).await,
            Self::Revoke { login, id } => {
                client.act(Method::DELETE, &format!("users/{login}/tokens/{id}")).await?;
                println!("{id} is revoked");
                Ok(())
            }
        }
    }
}

async fn list(client: &Client, login: &str) -> anyhow::Result<()> {
    let tokens: Vec<TokenReport> = client.get(&format!("users/{login}/tokens")).await?;
    if client.json() {
        println!("{}", serde_json::to_string(&tokens)?);
        return Ok(());
    }
    let row = |token: &TokenReport| {
        let state = if token.revoked_at.is_some() { "revoked" } else { "" };
        vec![
            token.id.clone(),
            token.scopes.join(" "),
            token.expires_at.to_string(),
            state.to_owned(),
            token.label.clone(),
        ]
    };
    table(&["TOKEN", "SCOPES", "EXPIRES", "", "LABEL"], &tokens.iter().map(row).collect::<Vec<_>>());
    Ok(())
}
