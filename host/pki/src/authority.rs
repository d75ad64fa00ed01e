use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use der::{
    asn1::{BitString, OctetString},
    referenced::OwnedToRef as _,
};
use p256::ecdsa::signature::Keypair;
use x509_cert::{
    Certificate,
    builder::{Builder as _, CertificateBuilder},
    ext::{
        Extension,
        pkix::{
            BasicConstraints, CrlDistributionPoints, SubjectKeyIdentifier,
            crl::dp::DistributionPoint,
            name::{DistributionPointName, GeneralName},
        },
    },
    name::Name,
    serial_number::SerialNumber,
    spki::{
        self, AlgorithmIdentifierOwned, Document, DynSignatureAlgorithmIdentifier, EncodePublicKey,
        SubjectPublicKeyInfoOwned,
    },
    time::{Time, Validity},
};
use zhongtai_kernel::{Clock, ErrorKind};

use crate::{
    Credential, Profile, SignError, Signer, Subject,
    profile::{Order, extension, key_identifier},
    software::public_key_of,
    time::encode,
};

/// The built-in certificate authority: a root, below it those of departments, below them those who sign.
///
/// ```
/// use std::sync::Arc;
/// use zhongtai_kernel::SystemClock;
/// use zhongtai_pki::{Algorithm, Authority, Profile, SoftwareKey, Subject};
///
/// let key = || SoftwareKey::generate(Algorithm::EcdsaP256Sha256).map(Arc::new);
/// let root = Authority::root(key()?, &Subject::new("清城区根证书")?, 7300, Arc::new(SystemClock))?;
/// let department = root.department(key()?, &Subject::new("城市管理局")?, 3650)?;
/// let seal = department.enrol(key()?, &Subject::new("城市管理局公章")?, Profile::DocumentSigner, 1095)?;
/// assert_eq!(seal.chain.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Authority {
    pub(crate) credential: Credential,
    pub(crate) clock: Arc<dyn Clock>,
    lists_at: Option<String>,
}

/// A certificate or revocation list could not be issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// It would be valid for longer than its issuer.
    #[error("the certificate would outlive its issuer's: ask for fewer days, or renew the issuer's first")]
    OutlivesIssuer,
    /// The clock shows what certificates can't say.
    #[error("the time can't be written into a certificate: check the clock and the number of days")]
    Time,
    /// Only a root issues a department's authority, and only authorities issue anything.
    #[error("this authority does not issue certificates of that kind")]
    NotAllowed,
    /// The system gives no random numbers.
    #[error("no random number for a serial number: check the system's random source")]
    Random,
    /// The key made no signature.
    #[error("the authority's key made no signature")]
    Sign(#[from] SignError),
    /// Something has no DER form.
    #[error("a certificate can't be encoded")]
    Encode(#[source] der::Error),
}

// === impl IssueError ===

impl IssueError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::OutlivesIssuer | Self::NotAllowed => ErrorKind::Invalid,
            Self::Random => ErrorKind::Unavailable,
            Self::Sign(error) => error.kind(),
            Self::Time | Self::Encode(_) => ErrorKind::Internal,
        }
    }
}

impl From<der::Error> for IssueError {
    fn from(error: der::Error) -> Self {
        Self::Encode(error)
    }
}

impl From<x509_cert::builder::Error> for IssueError {
    fn from(error: x509_cert::builder::Error) -> Self {
        match error {
            x509_cert::builder::Error::Asn1(error) => Self::Encode(error),
            _ => Self::Encode(der::ErrorKind::Failed.into()),
        }
    }
}

// === impl Authority ===

impl Authority {
    /// A new root, valid for `days` from now.
    ///
    /// # Errors
    /// When the key makes no signature or the time does not fit.
    pub fn root(
        signer: Arc<dyn Signer>,
        subject: &Subject,
        days: u32,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, IssueError> {
        let name = subject.to_name()?;
        let key = public_key_of(&*signer)?;
        let issuer_key = key_identifier(key.owned_to_ref())?;
        let order = Order { profile: Profile::Root, issuer: name.clone(), subject: name, issuer_key, further: vec![] };
        let certificate = build(&*signer, order, key, validity(&*clock, days)?)?;
        Ok(Self { credential: Credential { signer, chain: vec![certificate] }, clock, lists_at: None })
    }

    /// An authority that exists.
    ///
    /// # Errors
    /// When its certificate is not one of an authority.
    pub fn load(credential: Credential, clock: Arc<dyn Clock>) -> Result<Self, IssueError> {
        let authority = Self { credential, clock, lists_at: None };
        authority.depth_below()?;
        Ok(authority)
    }

    /// The same, writing into certificates where its revocation lists are published.
    pub fn with_lists_at(mut self, url: &str) -> Self {
        self.lists_at = Some(url.to_owned());
        self
    }

    /// A new authority of a department, which issues to those who sign.
    ///
    /// # Errors
    /// When this is not a root, and as [`issue`](Self::issue).
    pub fn department(&self, signer: Arc<dyn Signer>, subject: &Subject, days: u32) -> Result<Self, IssueError> {
        let credential = self.enrol(signer, subject, Profile::Department, days)?;
        Ok(Self { credential, clock: Arc::clone(&self.clock), lists_at: None })
    }

    /// A certificate for `signer`, with the chain above it, the root included.
    ///
    /// # Errors
    /// As [`issue`](Self::issue).
    pub fn enrol(
        &self,
        signer: Arc<dyn Signer>,
        subject: &Subject,
        profile: Profile,
        days: u32,
    ) -> Result<Credential, IssueError> {
        let certificate = self.issue(signer.public_key(), subject, profile, days)?;
        let chain = [&[certificate], self.credential.chain.as_slice()].concat();
        Ok(Credential { signer, chain })
    }

    /// A certificate for a public key (`SubjectPublicKeyInfo`, DER), valid for `days` from now.
    ///
    /// # Errors
    /// When this authority may not issue that kind, when it would outlive this authority's own certificate, or when
    /// the key makes no signature.
    pub fn issue(
        &self,
        public_key: &[u8],
        subject: &Subject,
        profile: Profile,
        days: u32,
    ) -> Result<Certificate, IssueError> {
        let needed = match profile {
            Profile::Root => return Err(IssueError::NotAllowed),
            Profile::Department => 1,
            Profile::DocumentSigner | Profile::TimeStamper => 0,
        };
        if self.depth_below()? < needed {
            return Err(IssueError::NotAllowed);
        }
        let validity = validity(&*self.clock, days)?;
        let own = self.credential.certificate()?.tbs_certificate();
        if validity.not_after.to_system_time() > own.validity().not_after.to_system_time() {
            return Err(IssueError::OutlivesIssuer);
        }
        let order = Order {
            profile,
            issuer: own.subject().clone(),
            subject: subject.to_name()?,
            issuer_key: self.key_identifier()?,
            further: self.further()?,
        };
        let key = SubjectPublicKeyInfoOwned::try_from(public_key).map_err(|_| IssueError::NotAllowed)?;
        build(&*self.credential.signer, order, key, validity)
    }

    /// Its key and chain.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Its own certificate.
    ///
    /// # Errors
    /// When its chain was emptied.
    pub fn certificate(&self) -> Result<&Certificate, SignError> {
        self.credential.certificate()
    }

    /// How many authorities may follow below.
    fn depth_below(&self) -> Result<u8, IssueError> {
        let own = self.credential.certificate()?.tbs_certificate();
        match own.get_extension::<BasicConstraints>()? {
            Some((_, constraints)) if constraints.ca => Ok(constraints.path_len_constraint.unwrap_or(u8::MAX)),
            _ => Err(IssueError::NotAllowed),
        }
    }

    pub(crate) fn key_identifier(&self) -> Result<OctetString, IssueError> {
        let own = self.credential.certificate()?.tbs_certificate();
        match own.get_extension::<SubjectKeyIdentifier>()? {
            Some((_, identifier)) => Ok(identifier.0),
            None => Ok(key_identifier(own.subject_public_key_info().owned_to_ref())?),
        }
    }

    pub(crate) fn name(&self) -> Result<Name, IssueError> {
        Ok(self.credential.certificate()?.tbs_certificate().subject().clone())
    }

    fn further(&self) -> Result<Vec<Extension>, IssueError> {
        let Some(url) = &self.lists_at else { return Ok(vec![]) };
        let name = GeneralName::UniformResourceIdentifier(der::asn1::Ia5String::new(url)?);
        let point = DistributionPoint {
            distribution_point: Some(DistributionPointName::FullName(vec![name])),
            reasons: None,
            crl_issuer: None,
        };
        Ok(vec![extension(&CrlDistributionPoints(vec![point]), false)?])
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("signer", &self.credential.signer).finish_non_exhaustive()
    }
}

fn build(
    signer: &dyn Signer,
    order: Order,
    key: SubjectPublicKeyInfoOwned,
    validity: Validity,
) -> Result<Certificate, IssueError> {
    let mut builder = CertificateBuilder::new(order, serial()?, validity, key)?;
    let named = Named(signer);
    let message = builder.finalize(&named)?;
    let signature = BitString::from_bytes(&signer.sign(&message)?)?;
    Ok(builder.assemble(signature, &named)?)
}

fn validity(clock: &dyn Clock, days: u32) -> Result<Validity, IssueError> {
    let now = SystemTime::from(clock.now());
    let end = now.checked_add(Duration::from_secs(u64::from(days) * 86_400)).ok_or(IssueError::Time)?;
    let time = |at: SystemTime| -> Result<Time, IssueError> { encode(at).map_err(|_| IssueError::Time) };
    Ok(Validity::new(time(now)?, time(end)?))
}

/// 126 random bits, so that nobody can foresee what a certificate will say; positive, of 16 bytes.
pub(crate) fn serial() -> Result<SerialNumber, IssueError> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| IssueError::Random)?;
    if let Some(first) = bytes.first_mut() {
        *first = *first & 0x3f | 0x40;
    }
    Ok(SerialNumber::new(&bytes)?)
}

/// How the builder is told what it is signed with.
struct Named<'a>(&'a dyn Signer);

#[derive(Clone)]
struct PublicKey(Vec<u8>);

// === impl Named ===

impl Keypair for Named<'_> {
    type VerifyingKey = PublicKey;

    fn verifying_key(&self) -> PublicKey {
        PublicKey(self.0.public_key().to_vec())
    }
}

impl DynSignatureAlgorithmIdentifier for Named<'_> {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        Ok(self.0.algorithm().identifier())
    }
}

// === impl PublicKey ===

impl EncodePublicKey for PublicKey {
    fn to_public_key_der(&self) -> spki::Result<Document> {
        Ok(Document::try_from(self.0.as_slice())?)
    }
}
