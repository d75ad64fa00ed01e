//! The list of signatures and the description of each (GB/T 33190, 18).

use std::{io, time::SystemTime};

use base64::{Engine, prelude::BASE64_STANDARD};
use sm3::{Digest, Sm3};

use crate::{
    Location, OfdError,
    measure::{box_of, parse_box},
    package::Package,
    time,
    xml::{self, Element, Part},
};

/// SM3 (GM/T 0006).
const SM3: &str = "1.2.156.10197.1.401";
/// SM2 with SM3 (GM/T 0006).
const SM2_WITH_SM3: &str = "1.2.156.10197.1.501";

/// Each seal costs several signatures to check and a look at all files; a document has a few.
const MAX_SEALS: usize = 50;

/// `Signatures.xml` (18.1).
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) max_id: u32,
    pub(crate) entries: Vec<ListEntry>,
}

/// A signature in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListEntry {
    pub(crate) id: String,
    pub(crate) is_seal: bool,
    pub(crate) location: Location,
}

/// `Signature.xml` (18.2).
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) check_method: String,
    pub(crate) method: String,
    pub(crate) references: Vec<Reference>,
    pub(crate) stamps: Vec<Stamp>,
    pub(crate) seal: Option<Location>,
    pub(crate) signed_value: Location,
}

/// A file that a signature covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) file: Location,
    pub(crate) digest: Vec<u8>,
}

/// Where a seal stands (`StampAnnot`, 18.2.3). Millimetres from the page's top left corner.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stamp {
    pub(crate) page: String,
    pub(crate) boundary: [f64; 4],
}

/// What a new `Signature.xml` says.
pub(crate) struct NewSignature<'a> {
    pub(crate) id: u32,
    pub(crate) at: SystemTime,
    pub(crate) stamp: Stamp,
    pub(crate) seal: &'a Location,
    pub(crate) signed_value: &'a Location,
}

// === impl List ===

impl List {
    pub(crate) fn read(location: &Location, package: &Package<'_>) -> Result<Self, OfdError> {
        let part = Part::parse(location, package.file(location)?)?;
        let mut list = Self::default();
        for element in part.root("Signatures")?.elements() {
            match element.name() {
                Some("MaxSignId") => list.max_id = element.text()?.parse().unwrap_or(0),
                Some("Signature") => list.push(ListEntry::read(element)?, element)?,
                _ => return Err(element.wrong("the list of signatures has something else in it")),
            }
        }
        let ids = list.entries.iter().filter_map(|entry| entry.id.parse().ok());
        list.max_id = ids.fold(list.max_id, u32::max);
        Ok(list)
    }

    /// The number of another seal, if there is room for one.
    pub(crate) fn next_id(&self) -> Result<u32, OfdError> {
        if self.entries.len() >= MAX_SEALS {
            return Err(OfdError::TooLarge { what: "as many seals as it can have", limit: MAX_SEALS as u64 - 1 });
        }
        self.max_id.checked_add(1).ok_or(OfdError::Refused("its list of seals has no number left"))
    }

    /// Nobody signs the list: one signature named twice would look like two.
    fn push(&mut self, new: ListEntry, element: Element<'_>) -> Result<(), OfdError> {
        if self.entries.len() >= MAX_SEALS {
            return Err(OfdError::TooLarge { what: "too many seals", limit: MAX_SEALS as u64 });
        }
        let is_there = self.entries.iter().any(|entry| entry.id == new.id || entry.location == new.location);
        if is_there {
            return Err(element.wrong("a signature is listed twice"));
        }
        self.entries.push(new);
        Ok(())
    }

    pub(crate) fn to_xml(&self) -> io::Result<Vec<u8>> {
        xml::file("Signatures", &[], |xml| {
            xml::text(xml, "MaxSignId", &[], self.max_id)?;
            for entry in &self.entries {
                let kind = if entry.is_seal { "Seal" } else { "Sign" };
                let attributes =
                    [("ID", entry.id.clone()), ("Type", kind.to_owned()), ("BaseLoc", entry.location.absolute())];
                xml::empty(xml, "Signature", &attributes)?;
            }
            Ok(())
        })
    }
}

// === impl ListEntry ===

impl ListEntry {
    fn read(element: Element<'_>) -> Result<Self, OfdError> {
        let is_seal = match element.node.attribute("Type") {
            // Table 67: what is not said to be a signature only is a seal.
            None | Some("Seal") => true,
            Some("Sign") => false,
            Some(_) => return Err(element.wrong("a signature of an unknown type")),
        };
        let location = element.resolve(element.attribute("BaseLoc")?)?;
        Ok(Self { id: element.attribute("ID")?.to_owned(), is_seal, location })
    }
}

// === impl Signature ===

impl Signature {
    pub(crate) fn read(location: &Location, package: &Package<'_>) -> Result<Self, OfdError> {
        let part = Part::parse(location, package.file(location)?)?;
        let root = part.root("Signature")?;
        let info = root.one("SignedInfo")?;
        let references = info.one("References")?;
        let seal = info.optional("Seal")?.map(|seal| seal.one("BaseLoc")?.location()).transpose()?;
        Ok(Self {
            // Table 68: MD5 where it is not named.
            check_method: references.node.attribute("CheckMethod").unwrap_or("MD5").to_owned(),
            method: info.one("SignatureMethod")?.text()?,
            references: references.all("Reference").map(Reference::read).collect::<Result<_, _>>()?,
            stamps: info.all("StampAnnot").map(Stamp::read).collect::<Result<_, _>>()?,
            seal,
            signed_value: root.one("SignedValue")?.location()?,
        })
    }

    /// Whether its digests are SM3, by the object identifier or the name that some writers use.
    pub(crate) fn is_sm3(&self) -> bool {
        self.check_method == SM3 || self.check_method.eq_ignore_ascii_case("SM3")
    }

    /// Whether it says that it is signed with SM2.
    pub(crate) fn is_sm2(&self) -> bool {
        self.method == SM2_WITH_SM3
    }
}

// === impl Reference ===

impl Reference {
    pub(crate) fn to(file: &Location, data: &[u8]) -> Self {
        Self { file: file.clone(), digest: Sm3::digest(data).to_vec() }
    }

    fn read(element: Element<'_>) -> Result<Self, OfdError> {
        let file = element.resolve(element.attribute("FileRef")?)?;
        let value = element.one("CheckValue")?;
        let digest = BASE64_STANDARD.decode(value.text()?).map_err(|_| value.wrong("a digest is not Base64"))?;
        Ok(Self { file, digest })
    }
}

// === impl Stamp ===

impl Stamp {
    fn read(element: Element<'_>) -> Result<Self, OfdError> {
        let boundary = parse_box(element.attribute("Boundary")?).ok_or_else(|| element.wrong("a seal has no place"))?;
        Ok(Self { page: element.attribute("PageRef")?.to_owned(), boundary })
    }
}

// === impl NewSignature ===

impl NewSignature<'_> {
    /// `Signature.xml` over these files.
    pub(crate) fn to_xml(&self, references: &[Reference]) -> Result<Vec<u8>, OfdError> {
        let at = time::signature_time(self.at)?;
        let provider = [
            ("ProviderName", "Zhongtai".to_owned()),
            ("Version", env!("CARGO_PKG_VERSION").to_owned()),
            ("Company", "Zhongtai".to_owned()),
        ];
        Ok(xml::file("Signature", &[], |xml| {
            xml::element(xml, "SignedInfo", &[], |xml| {
                xml::empty(xml, "Provider", &provider)?;
                xml::text(xml, "SignatureMethod", &[], SM2_WITH_SM3)?;
                xml::text(xml, "SignatureDateTime", &[], at)?;
                xml::element(xml, "References", &[("CheckMethod", SM3.to_owned())], |xml| {
                    references.iter().try_for_each(|reference| {
                        xml::element(xml, "Reference", &[("FileRef", reference.file.absolute())], |xml| {
                            xml::text(xml, "CheckValue", &[], BASE64_STANDARD.encode(&reference.digest))
                        })
                    })
                })?;
                let [x, y, width, height] = self.stamp.boundary;
                let stamp = [
                    ("ID", self.id.to_string()),
                    ("PageRef", self.stamp.page.clone()),
                    ("Boundary", box_of(x, y, width, height)),
                ];
                xml::empty(xml, "StampAnnot", &stamp)?;
                xml::element(xml, "Seal", &[], |xml| xml::text(xml, "BaseLoc", &[], self.seal.absolute()))
            })?;
            xml::text(xml, "SignedValue", &[], self.signed_value.absolute())
        })?)
    }
}
