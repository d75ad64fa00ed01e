//! Seals and signatures in PDF files: PAdES-B-T (ETSI EN 319 142-1), and a check that is stricter than readers'.
//!
//! [`sign`] appends a revision with one signature and leaves every byte before it alone, so that several seals can
//! follow each other. [`verify`] tells for each signature what is wrong with it, and what was done to the file since.
//!
//! ```no_run
//! use zhongtai_pades::{Placement, SealAppearance, SignatureFacts, sign, verify};
//! # fn seal(pdf: &[u8], drawing: zhongtai_impression::Drawing, credential: zhongtai_pki::Credential,
//! #     stamper: zhongtai_pki::TimeStampAuthority, trust: zhongtai_pki::Trust,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let placement = Placement { page: 1, x_mm: 130.0, y_mm: 220.0 };
//! let appearance = SealAppearance { drawing: &drawing, placement };
//! let facts = SignatureFacts { reason: Some("占道挖掘许可".into()), ..SignatureFacts::at(std::time::SystemTime::now()) };
//! let sealed = sign(pdf, Some(appearance), &credential, Some(&stamper), &facts)?;
//! assert!(verify(&sealed, &trust)?.is_intact());
//! # Ok(())
//! # }
//! ```

mod date;
mod error;
mod field;
mod pdf;
mod sign;
mod verify;

pub use error::PadesError;
pub use pdf::PdfError;
pub use sign::{Placement, SealAppearance, SignatureFacts, sign};
pub use verify::{Appended, Change, Fault, PdfReport, SignatureReport, verify};

/// Signatures in one file: each costs a verifier another look at the whole of it.
pub(crate) const MOST_SIGNATURES: usize = 32;
