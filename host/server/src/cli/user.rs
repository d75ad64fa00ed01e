//! `zt user ...`

use std::collections::BTreeMap;

use anyhow::Context;
use reqwest::Method;
use zhongtai_kernel::{Assurance, DepartmentId, SubjectKind};

use super::{Client, credentials, format::table, mandate};
use crate::admin::{AddedUser, IssuedToken, NewPassword, NewToken, NewUser, UserReport};

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Make an account; its password is generated and shown once.
    Add {
        /// The login name.
        login: String,
        /// natural-person, legal-person or officer.
        #[arg(long, value_parser = word::<SubjectKind>)]
        kind: SubjectKind,
        /// low, substantial or high.
        #[arg(long, value_parser = word::<Assurance>, default_value = "low")]
        assurance: Assurance,
        /// An officer's department.
        #[arg(long)]
        department: Option<DepartmentId>,
        /// An officer's role; may be repeated.
        #[arg(long = "role")]
        roles: Vec<String>,
        /// The highest data level that an officer is cleared for: 1 to 4.
        #[arg(long, value_parser = clap::value_parser!(u8).range(1..=4))]
        clearance: Option<u8>,
        /// `name=...`, `email=...`, `phone=...`; may be repeated.
        #[arg(long = "set", value_parser = pair)]
        attributes: Vec<(String, String)>,
    },
    /// The accounts, without personal attributes.
    List,
    /// Sign an account out everywhere, for good.
    Disable {
        /// The login name.
        login: String,
    },
    /// Issue a bearer token; it is shown once. `zt token list` and `zt token revoke` look after them.
    Token {
        /// The login name.
        login: String,
        /// `scenario` or `admin`; may be repeated.
        #[arg(long = "scope", default_value = "scenario")]
        scopes: Vec<String>,
        /// Days until it expires.
        #[arg(long, default_value_t = 30)]
        days: u32,
        /// What it is for.
        #[arg(long, default_value = "command line")]
        label: String,
    },
    /// Give an account a new generated password and sign it out everywhere; it is shown once.
    Password {
        /// The login name.
        login: String,
    },
    /// Who may act for which enterprise.
    #[command(subcommand)]
    Mandate(mandate::Verb),
    /// Second factors: enrol your own, or take a lost one away.
    #[command(subcommand)]
    Totp(credentials::Totp),
}

fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected name=value")?;
    Ok((name.to_owned(), value.to_owned()))
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::Add { login, kind, assurance, department, roles, clearance, attributes } => {
                let attributes = BTreeMap::from_iter(attributes);
                add(client, NewUser { login, kind, assurance, department, roles, clearance, attributes }).await
            }
            Self::List => list(client).await,
            Self::Disable { login } => {
                client.act(Method::POST, &format!("users/{login}/disable")).await?;
                println!("{login} is disabled");
                Ok(())
            }
            Self::Password { login } => password(client, &login).await,
            Self::Mandate(verb) => verb.run(client).await,
            Self::Totp(verb) => verb.run(client).await,
            Self::Token { login, scopes, days, label } => {
                let token: IssuedToken =
                    client.post(&format!("users/{login}/tokens"), &NewToken { scopes, days, label }).await?;
                match client.json() {
                    true => println!("{}", serde_json::to_string(&token)?),
                    false => println!("{}", token.token),
                }
                Ok(())
            }
        }
    }
}

async fn add(client: &Client, user: NewUser) -> anyhow::Result<()> {
    let added: AddedUser = client.post("users", &user).await.context("the account was not made")?;
    if client.json() {
        println!("{}", serde_json::to_string(&added)?);
    } else {
        println!("made {} ({})", added.login, added.account);
        println!("password, shown only now: {}", added.password);
    }
    Ok(())
}

async fn password(client: &Client, login: &str) -> anyhow::Result<()> {
    let new: NewPassword = client.post(&format!("users/{login}/password"), &serde_json::json!({})).await?;
    if client.json() {
        println!("{}", serde_json::to_string(&new)?);
    } else {
        println!("password of {login}, shown only now: {}", new.password);
    }
    Ok(())
}

async fn list(client: &Client) -> anyhow::Result<()> {
    let users: Vec<UserReport> = client.get("users").await?;
    if client.json() {
        println!("{}", serde_json::to_string(&users)?);
        return Ok(());
    }
    let row = |user: &UserReport| {
        vec![
            user.login.clone(),
            user.kind.as_str().to_owned(),
            user.department.as_ref().map(ToString::to_string).unwrap_or_default(),
            user.roles.join(" "),
            user.clearance.map(|level| level.to_string()).unwrap_or_default(),
            if user.disabled_at.is_some() { "disabled" } else { "" }.to_owned(),
        ]
    };
    table(&["LOGIN", "KIND", "DEPARTMENT", "ROLES", "CLEARANCE", ""], &users.iter().map(row).collect::<Vec<_>>());
    Ok(())
}
