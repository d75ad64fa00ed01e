//! Who is asking. A handler takes a [`Subject`] as an argument; reading attributes needs a grant for `subject`.

use serde::Serialize;

use crate::{Problem, Purpose, host, problem};

/// Who is asking: a natural person, a legal person or an officer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Opaque and stable for the plugin's department; another department sees another handle.
    pub handle: String,
    /// What sort of subject it is.
    pub kind: Kind,
    /// How sure the host is of who it is.
    pub assurance: Assurance,
    /// An officer's roles; empty for others.
    pub roles: Vec<String>,
    /// Who acts for the legal person by a mandate; nobody when its own account does.
    pub agent: Option<Agent>,
}

/// A person who acts for a legal person (委托). What they do is the legal person's; policy holds them to the mandate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Agent {
    /// The person, as [`Subject::handle`] would be if they asked for themselves.
    pub handle: String,
    /// What the mandate is for: `apply`, `pay`, `sign`.
    pub actions: Vec<String>,
}

/// What sort of subject it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// 自然人
    NaturalPerson,
    /// 法人
    LegalPerson,
    /// 政务人员
    Officer,
}

/// How sure the host is of who the subject is; a later one is surer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assurance {
    /// A password.
    Low,
    /// A password and a second factor, or a provider that says as much.
    Substantial,
    /// Identity proven in person or by an electronic certificate.
    High,
}

impl Subject {
    /// The subject of this request, or nothing when nobody signed in.
    pub fn current() -> Option<Self> {
        host::subject()
    }

    /// Whether the subject is an officer with this role.
    pub fn has_role(&self, role: &str) -> bool {
        self.kind == Kind::Officer && self.roles.iter().any(|have| have == role)
    }

    /// Whether it may `apply`, `pay` or `sign`: everybody for themselves, an agent as the mandate says.
    pub fn may(&self, action: &str) -> bool {
        self.agent.as_ref().is_none_or(|agent| agent.actions.iter().any(|have| have == action))
    }

    /// The named attributes (`name`, `phone`, `credit-code`, ...) that exist and that policy allows for the purpose.
    /// A refused one is left out.
    ///
    /// # Errors
    /// `?` turns an undeclared purpose into 500 and a failure into 503.
    pub fn fields(&self, names: &[&str], purpose: Purpose<'_>) -> Result<Fields, Error> {
        host::fields(names, purpose.0).map(Fields)
    }
}

/// Attributes of the subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// An attribute, when it exists and policy allowed it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(have, _)| *have == name).map(|(_, value)| value)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Why there are no attributes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nobody signed in.
    #[error("nobody signed in")]
    Anonymous,
    /// The purpose is not one of those in the manifest.
    #[error("the purpose `{0}` is not declared")]
    UndeclaredPurpose(String),
    /// The capability failed.
    #[error("{0}")]
    Other(String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Anonymous => problem::unauthenticated("sign in first"),
            Error::UndeclaredPurpose(purpose) => problem::undeclared(&purpose),
            Error::Other(what) => problem::failed("subject", what),
        }
    }
}
