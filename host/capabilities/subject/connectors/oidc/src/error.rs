//! What can go wrong. Each `Display` may be read by the public; the source says more, to the log. No text here comes from
//! a provider, a browser or a token.

use std::time::Duration;

use zhongtai_kernel::{Assurance, ErrorKind};

/// A sign-in or a sign-out through a provider failed.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The provider can't be reached.
    #[error("the sign-in service does not answer; try again later")]
    Unavailable(#[source] HttpFault),
    /// It could not be reached a moment ago, and is not asked again yet.
    #[error("the sign-in service does not answer; try again in {} seconds", retry_after.as_secs())]
    Resting {
        /// When it will be asked again, in whole seconds.
        retry_after: Duration,
    },
    /// The provider's answer breaks the protocol, or a limit of ours.
    #[error("the sign-in service gave an answer that can't be used")]
    BadAnswer(#[source] AnswerFault),
    /// The provider did not sign the subject in.
    #[error("the sign-in service refused: {0}")]
    Refused(Refusal),
    /// The browser came back with something that does not belong to a sign-in begun here.
    #[error("this sign-in was not begun here, is over, or took too long; begin again")]
    Callback(#[source] CallbackFault),
    /// A token is not valid.
    #[error("the sign-in service's token is not valid")]
    Token(#[source] TokenFault),
    /// A claim that the operator mapped has another form than it must have.
    #[error("the sign-in service gave a {claim} that is not valid")]
    Claim {
        /// Which one, by our name for it.
        claim: &'static str,
    },
    /// The subject signed in, but not as surely as was asked for.
    #[error("this needs a surer sign-in")]
    TooWeak {
        /// What was asked for.
        wanted: Assurance,
        /// What it was.
        reached: Assurance,
    },
    /// No `acr` of the configuration stands for an assurance as high as was asked for.
    #[error("this sign-in service can't sign in as surely as this needs")]
    NeverThatSure,
    /// The provider does not know our client, or our own key can't be used.
    #[error("sign-in is not set up correctly")]
    Misconfigured(#[source] ClientFault),
}

/// The provider refused at the authorization endpoint (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6) or did not take
/// the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The subject, or the provider, said no.
    #[error("access was denied")]
    AccessDenied,
    /// `prompt=none`, and the subject would have to do something.
    #[error("the subject has to sign in there")]
    InteractionRequired,
    /// The provider can't sign in as surely as was asked for (`unmet_authentication_requirements`).
    #[error("it can't sign in as surely as asked")]
    TooWeak,
    /// The code was used before, is too old, or is not ours.
    #[error("the code is not valid any more")]
    Code,
    /// The provider has a fault, or no time.
    #[error("it has a fault")]
    Fault,
    /// Anything else.
    #[error("it gave another reason")]
    Other,
}

/// What is wrong with what a browser brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackFault {
    /// `state` is not the one that was sent.
    #[error("the state is another one")]
    State,
    /// This sign-in was completed before.
    #[error("the state was used before")]
    Replayed,
    /// It was begun more than ten minutes ago.
    #[error("the sign-in took too long")]
    Late,
    /// It was begun with another provider.
    #[error("the sign-in was begun with another provider")]
    OtherProvider,
    /// `iss` names another provider, or is missing where the provider says that it sends it (RFC 9207).
    #[error("the answer comes from another issuer")]
    Issuer,
    /// Neither a code nor an error.
    #[error("there is no code")]
    NoCode,
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Not a JWS in compact form with the claims that it must have.
    #[error("it is not a signed token with the claims it needs")]
    Malformed,
    /// Signed in a way that is not accepted, or not at all.
    #[error("its algorithm is not accepted")]
    Algorithm,
    /// Signed with a key that the provider does not publish, or that is not one key alone.
    #[error("the provider publishes no such key")]
    NoKey,
    /// The signature does not fit.
    #[error("its signature does not fit")]
    Signature,
    /// Its type says that it is something else.
    #[error("it is a token of another type")]
    Type,
    /// Another issuer.
    #[error("it is from another issuer")]
    Issuer,
    /// Not for us, or not for us alone.
    #[error("it is for another client")]
    Audience,
    /// Given to another client (`azp`).
    #[error("it was given to another client")]
    AuthorizedParty,
    /// Another nonce, or none, or one where there must be none.
    #[error("its nonce is not the one expected")]
    Nonce,
    /// Not valid any more.
    #[error("it has expired")]
    Expired,
    /// Issued in the future, too long ago, or before the sign-in was begun.
    #[error("it was issued at another time than now")]
    IssuedAt,
    /// The access token beside it is another one (`at_hash`).
    #[error("its access token is another one")]
    AccessToken,
    /// No subject, or one that is not 1 to 255 printable ASCII characters.
    #[error("its subject is not valid")]
    Subject,
    /// Userinfo tells about somebody else.
    #[error("userinfo is about another subject")]
    OtherSubject,
    /// The subject signed in longer ago than was asked for, or it is not said when.
    #[error("the subject signed in too long ago")]
    AuthTime,
    /// A logout token without the event, without an id, or about nobody.
    #[error("it is not a logout token")]
    NotLogout,
    /// A logout token that was taken before.
    #[error("it was used before")]
    Replayed,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerFault {
    /// The answer as a whole.
    #[error(transparent)]
    Http(#[from] HttpFault),
    /// Another status than 200.
    #[error("{what} came with status {status}")]
    Status {
        /// Which document.
        what: &'static str,
        /// The HTTP status.
        status: u16,
    },
    /// Not JSON, or without what it must have.
    #[error("{0} can't be read")]
    Malformed(&'static str),
    /// The discovery document names another issuer (OpenID Connect Discovery, 4.3).
    #[error("the discovery document is another issuer's")]
    OtherIssuer,
    /// An endpoint is not `https`, or has a user, a password or a fragment.
    #[error("the discovery document's {0} is not a URL that is used")]
    Endpoint(&'static str),
    /// The provider takes none of the ways in which this client can prove itself.
    #[error("the provider does not take the client's way to authenticate")]
    ClientAuthentication,
    /// There was no ID token.
    #[error("there is no ID token")]
    NoIdToken,
    /// The access token has characters that no header can carry.
    #[error("the access token can't be sent")]
    AccessToken,
}

/// What is wrong with a request or its answer, before anybody reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpFault {
    /// Not an endpoint of this provider.
    #[error("the URL is not an endpoint of the provider")]
    NotAllowed,
    /// No connection, or it broke.
    #[error("no connection")]
    Unreachable,
    /// Not in time.
    #[error("no answer in time")]
    TimedOut,
    /// More than 256 KiB.
    #[error("the answer is too large")]
    TooLarge,
    /// A redirect: secrets and tokens are never carried on.
    #[error("the answer is a redirect")]
    Redirected,
    /// A 5xx.
    #[error("the provider has a fault")]
    Fault,
}

/// What is wrong on our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientFault {
    /// The provider does not accept the client's id, secret, key or redirect URI.
    #[error("the provider does not accept the client")]
    NotAccepted,
    /// The client's key can't sign.
    #[error("the client's key can't sign")]
    Key,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
}

// === impl OidcError ===

impl OidcError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unavailable(HttpFault::TimedOut) => ErrorKind::Timeout,
            Self::Unavailable(_) | Self::Resting { .. } | Self::BadAnswer(_) => ErrorKind::Unavailable,
            Self::Refused(Refusal::Fault) => ErrorKind::Unavailable,
            Self::Refused(_) | Self::TooWeak { .. } | Self::NeverThatSure => ErrorKind::Denied,
            Self::Callback(_) | Self::Claim { .. } => ErrorKind::Invalid,
            Self::Token(_) => ErrorKind::Unauthenticated,
            Self::Misconfigured(_) => ErrorKind::Internal,
        }
    }

    /// True when the provider did not answer, and the same may work later.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Resting { .. } | Self::Refused(Refusal::Fault))
    }
}

impl From<HttpFault> for OidcError {
    fn from(fault: HttpFault) -> Self {
        match fault {
            HttpFault::Unreachable | HttpFault::TimedOut | HttpFault::Fault => Self::Unavailable(fault),
            HttpFault::NotAllowed | HttpFault::TooLarge | HttpFault::Redirected => Self::BadAnswer(fault.into()),
        }
    }
}

impl From<AnswerFault> for OidcError {
    fn from(fault: AnswerFault) -> Self {
        Self::BadAnswer(fault)
    }
}

impl From<CallbackFault> for OidcError {
    fn from(fault: CallbackFault) -> Self {
        Self::Callback(fault)
    }
}

impl From<TokenFault> for OidcError {
    fn from(fault: TokenFault) -> Self {
        Self::Token(fault)
    }
}

impl From<ClientFault> for OidcError {
    fn from(fault: ClientFault) -> Self {
        Self::Misconfigured(fault)
    }
}
