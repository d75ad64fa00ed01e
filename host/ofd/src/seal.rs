use std::time::SystemTime;

use der::{
    Any, Encode,
    asn1::{BitString, Ia5String, OctetString},
};
use sha2::Sha256;
use sm3::{Digest, Sm3};
use zhongtai_pki::{Algorithm, Credential, TimeStamper};

use crate::{
    ESeal, Location, OfdError,
    entry::Entry,
    package::Package,
    ses::{self, SesSignature, TbsSign},
    signature::{List, ListEntry, NewSignature, Reference, Signature, Stamp},
    time,
    unpack::unpack,
};

/// Where a seal goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// The page, from 1.
    pub page: u32,
    /// The face's left edge, from the page's left edge.
    pub x_mm: f64,
    /// The face's upper edge, from the page's upper edge.
    pub y_mm: f64,
}

/// Puts a seal on a document: a seal signature by GB/T 38540-2020 (version 4) in an OFD file.
///
/// It covers each file of the document, and with that all seals that are there already. The list of seals is left open,
/// so that others can follow; each one after it covers what it adds.
///
/// # Errors
/// When the file is not an OFD document or is over a limit, the seal does not lie on a page of it, may not be used at
/// that time or not by this signer, the document was closed by an earlier seal, or the key or the time stamping
/// authority fails.
pub fn seal(
    ofd: &[u8],
    seal: &ESeal,
    placement: Placement,
    credential: &Credential,
    stamper: Option<&dyn TimeStamper>,
    at: SystemTime,
) -> Result<Vec<u8>, OfdError> {
    may_use(seal, credential, at)?;
    put(ofd, seal, placement, credential, stamper, at)
}

/// The same by whoever may or may not use the seal.
pub(crate) fn put(
    ofd: &[u8],
    seal: &ESeal,
    placement: Placement,
    credential: &Credential,
    stamper: Option<&dyn TimeStamper>,
    at: SystemTime,
) -> Result<Vec<u8>, OfdError> {
    let mut package = unpack(ofd)?;
    let entry = Entry::read(&package)?;
    let stamp = stamp(&package, &entry, seal, placement)?;
    let (list_at, mut list) = list(&mut package, &entry)?;
    let id = list.next_id()?;
    let place = Place::free(&package, &list_at);
    package.put(place.seal.clone(), seal.to_der()?)?;

    let files = package.files().iter().filter(|file| file.location != list_at);
    let references: Vec<Reference> = files.map(|file| Reference::to(&file.location, &file.data)).collect();
    let new = NewSignature { id, at, stamp, seal: &place.seal, signed_value: &place.signed_value };
    let signature = new.to_xml(&references)?;
    let signed_value = sign(seal, credential, stamper, at, &place.signature, &signature)?;

    package.put(place.signature.clone(), signature)?;
    package.put(place.signed_value, signed_value)?;
    list.max_id = id;
    list.entries.push(ListEntry { id: id.to_string(), is_seal: true, location: place.signature });
    package.put(list_at, list.to_xml()?)?;
    package.to_zip()
}

fn may_use(seal: &ESeal, credential: &Credential, at: SystemTime) -> Result<(), OfdError> {
    let refuse = |problem| Err(OfdError::Seal { id: seal.facts().id.clone(), problem });
    if credential.signer.algorithm() != Algorithm::Sm2Sm3 {
        return Err(OfdError::NotSm2(credential.signer.algorithm()));
    }
    let Some(certificate) = credential.chain.first() else {
        return refuse("its user has no certificate");
    };
    if !seal.lists(&certificate.to_der()?)? {
        return refuse("the signer's certificate is not among those that may use it");
    }
    if !seal.is_valid_at(at) {
        return refuse("it is not valid at this time");
    }
    Ok(())
}

/// Where the seal's face comes to lie: all of it on the page.
fn stamp(package: &Package<'_>, entry: &Entry, seal: &ESeal, placement: Placement) -> Result<Stamp, OfdError> {
    let Placement { page, x_mm, y_mm } = placement;
    let pages = entry.pages(package)?;
    let position = usize::try_from(page).ok().and_then(|page| page.checked_sub(1));
    let found = position.and_then(|position| pages.get(position));
    let found = found.ok_or(OfdError::NoSuchPage { page, pages: pages.len() })?;
    let (width_mm, height_mm) = entry.size(package, found)?;
    let (width, height) = seal.size_mm();
    let (width, height) = (f64::from(width), f64::from(height));
    // Written so that what is no number does not lie on it either.
    let lies_on_it = x_mm >= 0.0 && y_mm >= 0.0 && x_mm + width <= width_mm && y_mm + height <= height_mm;
    if !lies_on_it {
        return Err(OfdError::OffPage { page, width_mm, height_mm });
    }
    Ok(Stamp { page: found.id.clone(), boundary: [x_mm, y_mm, width, height] })
}

/// The document's list of seals. A document without one gets its place in `OFD.xml` now: the seal covers that file.
fn list(package: &mut Package<'_>, entry: &Entry) -> Result<(Location, List), OfdError> {
    let Some(location) = entry.signatures() else {
        let location = entry.new_signatures();
        let (name, data) = entry.with_signatures(package, &location)?;
        package.put(name, data)?;
        return Ok((location, List::default()));
    };
    let list = List::read(location, package)?;
    for entry in &list.entries {
        let signature = Signature::read(&entry.location, package)?;
        if signature.references.iter().any(|reference| reference.file == *location) {
            return Err(OfdError::Closed(entry.location.clone()));
        }
    }
    Ok((location.clone(), list))
}

/// The files of a new signature.
struct Place {
    signature: Location,
    seal: Location,
    signed_value: Location,
}

// === impl Place ===

impl Place {
    /// In the first folder beside the list that has no files.
    fn free(package: &Package<'_>, list: &Location) -> Self {
        let is_free = |name: &String| {
            let folder = list.beside(name);
            !package.files().iter().any(|file| file.location.is_in(folder.as_str()))
        };
        // One of them is free: there are more names than files.
        let names = (0..=package.files().len()).map(|number| format!("Sign_{number}"));
        let folder = names.into_iter().find(is_free).unwrap_or_default();
        let file = |name| list.beside(&format!("{folder}/{name}"));
        Self { signature: file("Signature.xml"), seal: file("Seal.esl"), signed_value: file("SignedValue.dat") }
    }
}

/// `SES_Signature` (GB/T 38540, 7.1) over a `Signature.xml`.
fn sign(
    seal: &ESeal,
    credential: &Credential,
    stamper: Option<&dyn TimeStamper>,
    at: SystemTime,
    location: &Location,
    signature_xml: &[u8],
) -> Result<Vec<u8>, OfdError> {
    let certificate = credential.chain.first().map(Encode::to_der).transpose()?.unwrap_or_default();
    let to_sign = TbsSign {
        version: ses::VERSION,
        eseal: seal.data.clone(),
        time_info: time::generalized(at)?,
        data_hash: BitString::from_bytes(&Sm3::digest(signature_xml))?,
        property_info: Ia5String::new(&location.absolute())?,
        ext_datas: ses::path_above(&credential.chain)?,
    };
    let signed = to_sign.to_der()?;
    let signature = credential.signer.sign(&signed)?;
    let time_stamp = stamper.map(|stamper| stamper.stamp(&Sha256::digest(&signature).into())).transpose()?;
    let value = SesSignature {
        to_sign: Any::encode_from(&to_sign)?,
        cert: OctetString::new(certificate)?,
        signature_alg_id: ses::SM2_WITH_SM3,
        signature: BitString::from_bytes(&signature)?,
        time_stamp: time_stamp.map(|token| BitString::from_bytes(&token)).transpose()?,
    };
    Ok(value.to_der()?)
}
