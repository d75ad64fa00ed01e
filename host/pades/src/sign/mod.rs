//! Signing: one more revision, with a field, a signature dictionary and, for a seal, what it looks like.

mod appearance;
mod cms;
mod form;
mod slot;

use std::{fmt, time::SystemTime};

use sha2::{Digest, Sha256};
use zhongtai_impression::Drawing;
use zhongtai_pki::{Algorithm, Credential, SignError, TimeStamper};

use self::slot::Slot;
use crate::{
    PadesError,
    pdf::{Budget, File, Increment},
};

/// Room for what is not certificates: the attributes, and an RSA signature of 4096 bits.
const ROOM_FOR_SIGNATURE: usize = 1536;

/// Room for a time stamp with its certificates: what public authorities send is 3 to 6 KiB.
const ROOM_FOR_STAMP: usize = 8192;

/// Where a drawing goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// From 1.
    pub page: u32,
    /// Of the drawing's left edge from the page's, as the page is shown.
    pub x_mm: f64,
    /// Of the drawing's upper edge from the page's, downwards.
    pub y_mm: f64,
}

/// What a seal looks like, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct SealAppearance<'a> {
    /// In its own size.
    pub drawing: &'a Drawing,
    /// Where.
    pub placement: Placement,
}

/// What the signature says of itself. Readers show it; only the time stamp proves anything.
#[derive(Clone, PartialEq, Eq)]
pub struct SignatureFacts {
    /// Who signs.
    pub name: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Where.
    pub location: Option<String>,
    /// When.
    pub at: SystemTime,
}

// === impl SignatureFacts ===

impl SignatureFacts {
    /// Nothing but the time.
    pub fn at(at: SystemTime) -> Self {
        Self { name: None, reason: None, location: None, at }
    }
}

impl fmt::Debug for SignatureFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The name may be a person's.
        f.debug_struct("SignatureFacts").field("at", &self.at).finish_non_exhaustive()
    }
}

/// Signs a PDF by appending a revision: PAdES-B-T (EN 319 142-1, 6), or PAdES-B-B without a `stamper`.
///
/// What is in the file stays as it is, byte for byte, so that earlier signatures hold. A PDF/A file stays one: the
/// seal is drawn in DeviceRGB, which the file's output intent covers, without fonts and without transparency.
///
/// # Errors
/// When the file is not a PDF that can be read, is encrypted or locked, when the seal does not fit on the page, or
/// when the key or the stamper refuses.
pub fn sign(
    pdf: &[u8],
    appearance: Option<SealAppearance<'_>>,
    credential: &Credential,
    stamper: Option<&dyn TimeStamper>,
    facts: &SignatureFacts,
) -> Result<Vec<u8>, PadesError> {
    check(credential)?;
    let budget = Budget::new();
    let file = File::open(pdf, &budget)?;
    let signer = cms::Signing::new(credential, stamper)?;
    let mut room = signer.certificates_len() + ROOM_FOR_SIGNATURE + stamper.map_or(0, |_| ROOM_FOR_STAMP);
    // A second time for a stamper whose stamps are larger than anybody thought.
    for _ in 0..2 {
        let slot = Slot::new(facts, room)?;
        let mut signed = append(&file, appearance.as_ref(), &slot)?;
        let value = signer.sign(&signed.digest())?;
        if signed.fill(&value) {
            return Ok(signed.bytes);
        }
        room = value.len() + ROOM_FOR_SIGNATURE;
    }
    Err(PadesError::Room(room))
}

fn check(credential: &Credential) -> Result<(), PadesError> {
    if credential.signer.algorithm() == Algorithm::Sm2Sm3 {
        return Err(PadesError::Algorithm(Algorithm::Sm2Sm3));
    }
    let key = credential.certificate()?.tbs_certificate().subject_public_key_info();
    if der::Encode::to_der(key)? != credential.signer.public_key() {
        return Err(SignError::Credential("holds the certificate of another key").into());
    }
    Ok(())
}

/// The file with its new revision, whose signature is still empty.
fn append(file: &File<'_>, appearance: Option<&SealAppearance<'_>>, slot: &Slot) -> Result<slot::Pending, PadesError> {
    let mut increment = Increment::new(file);
    let value = increment.reserve();
    form::add(file, &mut increment, appearance, value)?;
    increment.put_bytes(value, slot.body.clone());
    let state = [file.bytes().len().to_be_bytes().as_slice(), file.start.to_be_bytes().as_slice(), &slot.body].concat();
    let mut identifier = [0; 16];
    identifier.iter_mut().zip(Sha256::digest(state)).for_each(|(to, from)| *to = from);
    Ok(slot.place(increment.write(identifier), value))
}
