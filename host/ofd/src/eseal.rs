use std::time::SystemTime;

use der::{
    Any, Decode, Encode,
    asn1::{BitString, Ia5String, OctetString},
};
use sm3::{Digest, Sm3};
use x509_cert::Certificate;
use zhongtai_impression::Drawing;
use zhongtai_pki::{Algorithm, Credential};

use crate::{
    OfdError,
    ses::{self, CertDigest, SesHeader, SesPicture, SesProperty, SesSeal, SesSealInfo},
    time,
};

/// Who made the data's form (`Vid`).
const VENDOR: &str = "Zhongtai";
/// Some readers turn a picture into an argument list before they show it, and fail on larger ones.
const MAX_PICTURE: usize = 100_000;
/// Printers draw thin lines whole at this resolution (305 dots to an inch), and a face stays below 40 kB.
const DOTS_PER_MM: f32 = 12.0;
/// Larger faces are mistakes in units.
const MAX_SIDE_MM: u32 = 200;

/// Whose seal it is (GB/T 38540, 6.2, `type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealKind {
    /// 单位印章: of a department or another organisation.
    Organisation,
    /// 个人印章: of a natural person.
    Person,
    /// Another kind, by its number.
    Other(u32),
}

/// What a seal says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealFacts {
    /// 印章编码, unique; ASCII.
    pub id: String,
    /// What it is called, such as 清远市清城区城市管理局.
    pub name: String,
    /// Whose it is.
    pub kind: SealKind,
    /// When it was made.
    pub created: SystemTime,
    /// From when on it may be used.
    pub valid_from: SystemTime,
    /// Until when it may be used.
    pub valid_until: SystemTime,
}

/// A seal's face (印模), as readers show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// A PNG file, transparent beside the lines, of at most 100 kB.
    pub png: Vec<u8>,
    /// Width on paper.
    pub width_mm: u32,
    /// Height on paper.
    pub height_mm: u32,
}

/// An electronic seal: `SES_Seal`, version 4 (GB/T 38540-2020, 6.2). Its maker signed it; it names the certificates of
/// those who may seal with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ESeal {
    pub(crate) data: SesSeal,
    pub(crate) info: SesSealInfo,
    facts: SealFacts,
}

// === impl SealKind ===

impl SealKind {
    fn number(self) -> u32 {
        match self {
            Self::Organisation => 1,
            Self::Person => 2,
            Self::Other(number) => number,
        }
    }

    fn of(number: u32) -> Self {
        match number {
            1 => Self::Organisation,
            2 => Self::Person,
            other => Self::Other(other),
        }
    }
}

// === impl Picture ===

impl Picture {
    /// A drawing as readers can show it: many know no vector faces. Its sides are rounded up to whole millimetres.
    pub fn of(drawing: &Drawing) -> Self {
        // A cast goes to the nearest number there is; what is no size is refused where a seal is made.
        let side = |mm: f64| mm.ceil() as u32;
        Self { png: drawing.png(DOTS_PER_MM), width_mm: side(drawing.width_mm), height_mm: side(drawing.height_mm) }
    }
}

// === impl ESeal ===

impl ESeal {
    /// Makes a seal that the holders of `signers` may use.
    ///
    /// # Errors
    /// When `maker` has no SM2 key, or a fact can't be right: no signer, an identifier beyond ASCII, a validity that
    /// ends before it begins or reaches beyond the maker's certificate, a face too large.
    pub fn make(
        facts: &SealFacts,
        picture: &Picture,
        signers: &[Certificate],
        maker: &Credential,
    ) -> Result<Self, OfdError> {
        let wrong = |problem| Err(OfdError::Seal { id: facts.id.clone(), problem });
        if maker.signer.algorithm() != Algorithm::Sm2Sm3 {
            return Err(OfdError::NotSm2(maker.signer.algorithm()));
        }
        let Some(certificate) = maker.chain.first() else {
            return wrong("its maker has no certificate");
        };
        if let Some(problem) = problem_of(facts, picture, signers, certificate) {
            return wrong(problem);
        }
        let info = seal_info(facts, picture, signers, &maker.chain)?;
        let signed = info.to_der()?;
        let data = SesSeal {
            info: Any::from_der(&signed)?,
            cert: OctetString::new(certificate.to_der()?)?,
            sign_alg_id: ses::SM2_WITH_SM3,
            signed_value: BitString::from_bytes(&maker.signer.sign(&signed)?)?,
        };
        Self::read(data).map_err(OfdError::Encode)
    }

    /// Reads a seal (`Seal.esl`). Whether it holds is for [`verify`](crate::verify) to say.
    ///
    /// # Errors
    /// When it is not `SES_Seal` in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, OfdError> {
        SesSeal::from_der(der).and_then(Self::read).map_err(OfdError::NotASeal)
    }

    pub(crate) fn read(data: SesSeal) -> Result<Self, der::Error> {
        let info: SesSealInfo = data.info.decode_as()?;
        let facts = SealFacts {
            id: info.es_id.to_string(),
            name: info.property.name.clone(),
            kind: SealKind::of(info.property.kind),
            created: info.property.create_date.to_system_time(),
            valid_from: info.property.valid_start.to_system_time(),
            valid_until: info.property.valid_end.to_system_time(),
        };
        Ok(Self { data, info, facts })
    }

    /// The seal as it is stored and goes into documents.
    ///
    /// # Errors
    /// Never for a seal that was read or made.
    pub fn to_der(&self) -> Result<Vec<u8>, OfdError> {
        Ok(self.data.to_der()?)
    }

    /// What it says of itself.
    pub fn facts(&self) -> &SealFacts {
        &self.facts
    }

    /// Width and height of its face on paper, in millimetres.
    pub fn size_mm(&self) -> (u32, u32) {
        (self.info.picture.width, self.info.picture.height)
    }

    /// Whether the holder of this certificate may use it: by the list of certificates in it, or of their digests.
    pub(crate) fn lists(&self, certificate: &[u8]) -> Result<bool, der::Error> {
        let list = &self.info.property.cert_list;
        match self.info.property.cert_list_type {
            ses::CERTIFICATES => {
                let list: Vec<OctetString> = list.decode_as()?;
                Ok(list.iter().any(|one| one.as_bytes() == certificate))
            }
            ses::DIGESTS => {
                let (list, digest): (Vec<CertDigest>, _) = (list.decode_as()?, Sm3::digest(certificate));
                let is_sm3 = |one: &CertDigest| matches!(one.kind.as_str(), "SM3" | "sm3" | "1.2.156.10197.1.401");
                Ok(list.iter().any(|one| is_sm3(one) && one.value.as_bytes() == digest.as_slice()))
            }
            _ => Ok(false),
        }
    }

    /// Whether it may be used then.
    pub(crate) fn is_valid_at(&self, at: SystemTime) -> bool {
        (self.facts.valid_from..=self.facts.valid_until).contains(&at)
    }
}

fn problem_of(
    facts: &SealFacts,
    picture: &Picture,
    signers: &[Certificate],
    maker: &Certificate,
) -> Option<&'static str> {
    let validity = &maker.tbs_certificate().validity();
    let sides = [picture.width_mm, picture.height_mm];
    if facts.id.is_empty() || !facts.id.is_ascii() {
        Some("its identifier is empty or not ASCII")
    } else if facts.name.is_empty() {
        Some("it has no name")
    } else if signers.is_empty() {
        Some("nobody may use it: name at least one certificate")
    } else if facts.valid_from >= facts.valid_until {
        Some("its validity ends before it begins")
    } else if facts.valid_until > validity.not_after.to_system_time()
        || facts.valid_from < validity.not_before.to_system_time()
    {
        Some("it would be valid when its maker's certificate is not: shorten it")
    } else if !sides.iter().all(|side| (1..=MAX_SIDE_MM).contains(side)) {
        Some("its face is not within 1 and 200 mm")
    } else if picture.png.len() > MAX_PICTURE || !picture.png.starts_with(b"\x89PNG") {
        Some("its face is no PNG file of at most 100 kB")
    } else {
        None
    }
}

fn seal_info(
    facts: &SealFacts,
    picture: &Picture,
    signers: &[Certificate],
    maker: &[Certificate],
) -> Result<SesSealInfo, OfdError> {
    let list = signers.iter().map(|one| OctetString::new(one.to_der()?)).collect::<Result<Vec<_>, der::Error>>()?;
    Ok(SesSealInfo {
        header: SesHeader { id: Ia5String::new(ses::MAGIC)?, version: ses::VERSION, vid: Ia5String::new(VENDOR)? },
        es_id: Ia5String::new(&facts.id)?,
        property: SesProperty {
            kind: facts.kind.number(),
            name: facts.name.clone(),
            cert_list_type: ses::CERTIFICATES,
            cert_list: Any::encode_from(&list)?,
            create_date: time::generalized(facts.created)?,
            valid_start: time::generalized(facts.valid_from)?,
            valid_end: time::generalized(facts.valid_until)?,
        },
        picture: SesPicture {
            kind: Ia5String::new("png")?,
            data: OctetString::new(picture.png.clone())?,
            width: picture.width_mm,
            height: picture.height_mm,
        },
        ext_datas: ses::path_above(maker)?,
    })
}
