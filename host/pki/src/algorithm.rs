use std::fmt;

use const_oid::ObjectIdentifier;
use der::Any;
use sha2::{Digest as _, Sha256};
use sm3::Sm3;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

pub(crate) const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(crate) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SM2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.301");
pub(crate) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A kind of key with the digest that goes with it. There is no other pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 over SHA-256 (FIPS 186-5): the default.
    EcdsaP256Sha256,
    /// RSA PKCS #1 v1.5 over SHA-256 (RFC 8017, 8.2), of 2048 to 8192 bits.
    RsaPkcs1Sha256,
    /// SM2 over SM3 (GB/T 32918.2, GB/T 32905).
    Sm2Sm3,
}

/// The digest of an [`Algorithm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hash {
    /// FIPS 180-4.
    Sha256,
    /// GB/T 32905.
    Sm3,
}

// === impl Algorithm ===

impl Algorithm {
    /// What a signature made with it is named in certificates and CMS (`signatureAlgorithm`).
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::EcdsaP256Sha256 => ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
            Self::RsaPkcs1Sha256 => ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
            Self::Sm2Sm3 => ObjectIdentifier::new_unwrap("1.2.156.10197.1.501"),
        }
    }

    /// The same with its parameters: NULL for RSA (RFC 4055, 5), none for the others (RFC 5758, 3.2; GM/T 0015).
    pub fn identifier(self) -> AlgorithmIdentifierOwned {
        let parameters = matches!(self, Self::RsaPkcs1Sha256).then(Any::null);
        AlgorithmIdentifierOwned { oid: self.oid(), parameters }
    }

    /// Its digest.
    pub const fn hash(self) -> Hash {
        match self {
            Self::EcdsaP256Sha256 | Self::RsaPkcs1Sha256 => Hash::Sha256,
            Self::Sm2Sm3 => Hash::Sm3,
        }
    }

    /// What a key signs with; none when it is of another kind or curve.
    pub fn of_key(key: &SubjectPublicKeyInfoOwned) -> Option<Self> {
        let parameters = key.algorithm.parameters.as_ref();
        match key.algorithm.oid {
            EC_PUBLIC_KEY => match parameters?.decode_as::<ObjectIdentifier>().ok()? {
                P256 => Some(Self::EcdsaP256Sha256),
                SM2 => Some(Self::Sm2Sm3),
                _ => None,
            },
            RSA => parameters.is_some_and(Any::is_null).then_some(Self::RsaPkcs1Sha256),
            _ => None,
        }
    }

    /// What a certificate or revocation list says that it was signed with.
    pub fn of_signature(named: &AlgorithmIdentifierOwned) -> Option<Self> {
        let found = [Self::EcdsaP256Sha256, Self::RsaPkcs1Sha256, Self::Sm2Sm3];
        let found = found.into_iter().find(|algorithm| algorithm.oid() == named.oid)?;
        let null = named.parameters.as_ref().map(Any::is_null);
        let allowed = match found {
            Self::EcdsaP256Sha256 => null.is_none(),
            Self::RsaPkcs1Sha256 => null == Some(true),
            // Both forms are in use: GM/T 0015 shows none, some authorities write NULL.
            Self::Sm2Sm3 => null != Some(false),
        };
        allowed.then_some(found)
    }

    /// What a CMS signer says that it signed with: there RSA may be named without its digest (RFC 3370, 3.2).
    pub fn of_cms_signature(named: &AlgorithmIdentifierOwned) -> Option<Self> {
        let plain_rsa = named.oid == RSA && named.parameters.as_ref().is_none_or(Any::is_null);
        if plain_rsa { Some(Self::RsaPkcs1Sha256) } else { Self::of_signature(named) }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EcdsaP256Sha256 => "P-256",
            Self::RsaPkcs1Sha256 => "RSA",
            Self::Sm2Sm3 => "SM2",
        })
    }
}

// === impl Hash ===

impl Hash {
    /// Its name in CMS (`digestAlgorithm`).
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha256 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1"),
            Self::Sm3 => ObjectIdentifier::new_unwrap("1.2.156.10197.1.401"),
        }
    }

    /// The same without parameters (RFC 5754, 2).
    pub fn identifier(self) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned { oid: self.oid(), parameters: None }
    }

    /// Whether `named` is this digest; its parameters are absent or NULL.
    pub fn is_named_by(self, named: &AlgorithmIdentifierOwned) -> bool {
        named.oid == self.oid() && named.parameters.as_ref().is_none_or(Any::is_null)
    }

    /// The digest of `data`.
    pub fn digest(self, data: &[u8]) -> [u8; 32] {
        match self {
            Self::Sha256 => Sha256::digest(data).into(),
            Self::Sm3 => Sm3::digest(data).into(),
        }
    }
}
