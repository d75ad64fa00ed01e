//! Keys, certificates, paths and time stamps: what seals and signatures stand on.
//!
//! A private key is behind [`Signer`], in memory ([`SoftwareKey`], at rest in a [`KeyVault`]) or in a [`Token`]. An
//! [`Authority`] issues certificates and revocation lists for it; [`Trust`] checks those of anybody; a
//! [`TimeStampAuthority`] says when. All of it in P-256 and in SM2.
//!
//! ```
//! use std::sync::Arc;
//! use zhongtai_kernel::SystemClock;
//! use zhongtai_pki::{Algorithm, Authority, Profile, Signer, SoftwareKey, Subject, Trust, Usage, verify};
//!
//! let key = || SoftwareKey::generate(Algorithm::Sm2Sm3).map(Arc::new);
//! let root = Authority::root(key()?, &Subject::new("清城区根证书")?, 7300, Arc::new(SystemClock))?;
//! let department = root.department(key()?, &Subject::new("城市管理局")?, 3650)?;
//! let seal = department.enrol(key()?, &Subject::new("城市管理局公章")?, Profile::DocumentSigner, 1095)?;
//!
//! let signature = seal.signer.sign(b"a permit")?;
//! let public_key = seal.certificate()?.tbs_certificate().subject_public_key_info();
//! verify(public_key, Algorithm::Sm2Sm3, b"a permit", &signature)?;
//!
//! let week = std::time::Duration::from_secs(7 * 86_400);
//! let trust = Trust {
//!     roots: vec![root.certificate()?.clone()],
//!     revocations: vec![root.revocation_list(1, &[], week)?, department.revocation_list(1, &[], week)?],
//! };
//! trust.check(seal.certificate()?, &seal.chain, std::time::SystemTime::now(), Usage::DocumentSigning)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
pub mod attribute;
mod authority;
mod credential;
mod form;
mod path;
mod profile;
mod revocation;
mod signer;
mod software;
mod status;
mod subject;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod time_stamp;
mod token;
mod trust;
mod vault;
mod verify;

pub use algorithm::{Algorithm, Hash};
pub use authority::{Authority, IssueError};
pub use const_oid::ObjectIdentifier;
pub use credential::{Credential, CredentialError, certificates};
pub use profile::Profile;
pub use revocation::{Reason, Revoked, revocation_list};
pub use signer::{SignError, Signer};
pub use software::{KeyError, SoftwareKey};
pub use subject::{InvalidSubject, Subject};
pub use time_stamp::{TimeStampAuthority, TimeStampError, TimeStamper, verify_time_stamp};
pub use token::{Pin, Token, TokenError, TokenKey};
pub use trust::{PathError, Trust, Usage};
pub use vault::KeyVault;
pub use verify::{VerifyError, verify};
pub use x509_cert::{self, Certificate, crl::CertificateList, spki::SubjectPublicKeyInfoOwned};
