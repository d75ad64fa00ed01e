//! Keys in a token: a smart card, a USB key, a hardware security module, reached by PKCS #11 (OASIS, 2.40 and later).

use std::{fmt, path::Path, sync::Arc};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::Mechanism,
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    slot::Slot,
    types::AuthPin,
};
use der::{
    Any, Decode as _, Encode as _,
    asn1::{BitString, ObjectIdentifier, OctetString, UintRef},
};
use parking_lot::Mutex;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use zeroize::Zeroizing;
use zhongtai_kernel::ErrorKind;

use crate::{
    Algorithm, Hash, SignError, Signer,
    algorithm::{EC_PUBLIC_KEY, P256},
    software::rsa_public_key,
};

/// The secret that opens a token. It comes from a file or the environment, never from a configuration's text.
pub struct Pin(AuthPin);

/// An open token.
///
/// P-256 and RSA keys of 2048 bits or more can be used. PKCS #11 names no mechanism for SM2: tokens that have it speak
/// a maker's dialect or GM/T 0016, so an SM2 key in a token is refused by name.
#[derive(Clone)]
pub struct Token(Arc<Opened>);

struct Opened {
    library: Pkcs11,
    slot: Slot,
    pin: AuthPin,
}

/// A private key in a token. The token signs; the key never leaves it.
pub struct TokenKey {
    token: Token,
    label: String,
    algorithm: Algorithm,
    public_key: Vec<u8>,
    session: Mutex<Option<Ready>>,
}

/// A session that is logged in, and the key in it. Handles mean something in their session only.
struct Ready {
    session: Session,
    key: ObjectHandle,
}

/// A token or its key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The PIN's file or variable is not there, or is empty.
    #[error("no PIN in {0}: put the token's PIN there, readable by the host alone")]
    NoPin(String),
    /// The driver does not load.
    #[error("the token's driver does not load: {0}")]
    Driver(String),
    /// No token of this label.
    #[error("no token is labelled {0:?}: is it plugged in, and initialized?")]
    NoToken(String),
    /// No key of this label, or several.
    #[error("the token has {found} private keys labelled {label:?}: it needs just one, with its public key beside it")]
    NoKey {
        /// The key's label.
        label: String,
        /// How many there are.
        found: usize,
    },
    /// A key that can't be used for signatures here.
    #[error("the key {label:?} is {what}: use P-256, or RSA of at least 2048 bits")]
    Unsupported {
        /// The key's label.
        label: String,
        /// What it is.
        what: &'static str,
    },
    /// The token refused or failed.
    #[error("the token answered: {0}")]
    Token(String),
}

// === impl TokenError ===

impl TokenError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoPin(_) | Self::NoKey { .. } | Self::Unsupported { .. } => ErrorKind::Invalid,
            Self::Driver(_) | Self::NoToken(_) | Self::Token(_) => ErrorKind::Unavailable,
        }
    }
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        Self::Token(error.to_string())
    }
}

impl From<der::Error> for TokenError {
    fn from(error: der::Error) -> Self {
        Self::Token(format!("its public key can't be read: {error}"))
    }
}

// === impl Pin ===

impl Pin {
    /// The first line of a file.
    ///
    /// # Errors
    /// When it can't be read, or the line is empty.
    pub fn from_file(path: &Path) -> Result<Self, TokenError> {
        let missing = || TokenError::NoPin(path.display().to_string());
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|_| missing())?);
        Self::of(text.lines().next().unwrap_or_default()).ok_or_else(missing)
    }

    /// An environment variable.
    ///
    /// # Errors
    /// When it is not set, or empty.
    pub fn from_environment(name: &str) -> Result<Self, TokenError> {
        let missing = || TokenError::NoPin(format!("${name}"));
        let text = Zeroizing::new(std::env::var(name).map_err(|_| missing())?);
        Self::of(&text).ok_or_else(missing)
    }

    fn of(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(AuthPin::from(text)))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin")
    }
}

// === impl Token ===

impl Token {
    /// Loads a driver (a PKCS #11 library) and opens the token of that label. One process opens a driver once.
    ///
    /// # Errors
    /// When the driver does not load, no token has the label, or the PIN is wrong.
    pub fn open(driver: &Path, label: &str, pin: Pin) -> Result<Self, TokenError> {
        let library = Pkcs11::new(driver).map_err(|error| TokenError::Driver(error.to_string()))?;
        let arguments = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
        library.initialize(arguments).map_err(|error| TokenError::Driver(error.to_string()))?;
        let slot = slot(&library, label)?;
        let token = Self(Arc::new(Opened { library, slot, pin: pin.0 }));
        token.session()?;
        Ok(token)
    }

    /// The key of that label.
    ///
    /// # Errors
    /// When there is none or more than one, or it is of a kind that is not known.
    pub fn key(&self, label: &str) -> Result<TokenKey, TokenError> {
        let ready = self.ready(label)?;
        let public = find(&ready.session, label, ObjectClass::PUBLIC_KEY)?;
        let (algorithm, public_key) = public_key(&ready.session, public, label)?;
        let session = Mutex::new(Some(ready));
        Ok(TokenKey { token: self.clone(), label: label.to_owned(), algorithm, public_key, session })
    }

    fn session(&self) -> Result<Session, TokenError> {
        let session = self.0.library.open_ro_session(self.0.slot)?;
        match session.login(UserType::User, Some(&self.0.pin)) {
            // Whoever logs in, logs in all sessions of the process.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(error) => Err(error.into()),
        }
    }

    fn ready(&self, label: &str) -> Result<Ready, TokenError> {
        let session = self.session()?;
        let key = find(&session, label, ObjectClass::PRIVATE_KEY)?;
        Ok(Ready { session, key })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("slot", &self.0.slot.id()).finish_non_exhaustive()
    }
}

// === impl TokenKey ===

impl TokenKey {
    /// Signs in the session at hand; in a new one when the token was taken out, or has closed it.
    fn sign_by_token(&self, mechanism: &Mechanism<'_>, data: &[u8]) -> Result<Vec<u8>, TokenError> {
        let mut session = self.session.lock();
        if let Some(ready) = session.take()
            && let Ok(signature) = ready.session.sign(mechanism, ready.key, data)
        {
            *session = Some(ready);
            return Ok(signature);
        }
        let ready = self.token.ready(&self.label)?;
        let signature = ready.session.sign(mechanism, ready.key, data)?;
        *session = Some(ready);
        Ok(signature)
    }

    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        if self.algorithm == Algorithm::RsaPkcs1Sha256 {
            return self.sign_by_token(&Mechanism::Sha256RsaPkcs, message);
        }
        let digest = Hash::Sha256.digest(message);
        let raw = self.sign_by_token(&Mechanism::Ecdsa, &digest)?;
        let signature = p256::ecdsa::Signature::from_slice(&raw)
            .map_err(|_| TokenError::Token("a signature of the wrong size".to_owned()))?;
        Ok(signature.to_der().as_bytes().to_vec())
    }
}

impl Signer for TokenKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let failed = |error: TokenError| SignError::Token { algorithm: self.algorithm, reason: error.to_string() };
        self.try_sign(message).map_err(failed)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, algorithm, .. } = self;
        f.debug_struct("TokenKey").field("label", label).field("algorithm", algorithm).finish_non_exhaustive()
    }
}

fn slot(library: &Pkcs11, label: &str) -> Result<Slot, TokenError> {
    for slot in library.get_slots_with_initialized_token()? {
        if library.get_token_info(slot)?.label() == label {
            return Ok(slot);
        }
    }
    Err(TokenError::NoToken(label.to_owned()))
}

fn find(session: &Session, label: &str, class: ObjectClass) -> Result<ObjectHandle, TokenError> {
    let found = session.find_objects(&[Attribute::Class(class), Attribute::Label(label.into())])?;
    match found.as_slice() {
        [one] => Ok(*one),
        several => Err(TokenError::NoKey { label: label.to_owned(), found: several.len() }),
    }
}

fn public_key(session: &Session, key: ObjectHandle, label: &str) -> Result<(Algorithm, Vec<u8>), TokenError> {
    let unsupported = |what| TokenError::Unsupported { label: label.to_owned(), what };
    let wanted = [AttributeType::KeyType, AttributeType::EcParams, AttributeType::EcPoint];
    let rsa = [AttributeType::KeyType, AttributeType::Modulus, AttributeType::PublicExponent];
    let kind = session.get_attributes(key, &[AttributeType::KeyType])?;
    match kind.as_slice() {
        [Attribute::KeyType(KeyType::EC)] => match session.get_attributes(key, &wanted)?.as_slice() {
            [_, Attribute::EcParams(curve), Attribute::EcPoint(point)] => {
                if ObjectIdentifier::from_der(curve).ok() != Some(P256) {
                    return Err(unsupported("on another curve than P-256 (SM2 has no PKCS #11 mechanism)"));
                }
                Ok((Algorithm::EcdsaP256Sha256, p256_public_key(point)?))
            }
            _ => Err(unsupported("an elliptic-curve key without its point")),
        },
        [Attribute::KeyType(KeyType::RSA)] => match session.get_attributes(key, &rsa)?.as_slice() {
            [_, Attribute::Modulus(modulus), Attribute::PublicExponent(exponent)] => {
                if modulus.len() < 256 {
                    return Err(unsupported("an RSA key of fewer than 2048 bits"));
                }
                let key = vec![Any::encode_from(&UintRef::new(modulus)?)?, Any::encode_from(&UintRef::new(exponent)?)?];
                Ok((Algorithm::RsaPkcs1Sha256, rsa_public_key(&key.to_der()?)?))
            }
            _ => Err(unsupported("an RSA key without its modulus")),
        },
        _ => Err(unsupported("neither an elliptic-curve nor an RSA key")),
    }
}

/// `CKA_EC_POINT` is the point in an `OCTET STRING` (PKCS #11, 2.3.3).
fn p256_public_key(point: &[u8]) -> der::Result<Vec<u8>> {
    let point = OctetString::from_der(point)?;
    let algorithm = AlgorithmIdentifierOwned { oid: EC_PUBLIC_KEY, parameters: Some(Any::encode_from(&P256)?) };
    SubjectPublicKeyInfoOwned { algorithm, subject_public_key: BitString::from_bytes(point.as_bytes())? }.to_der()
}
