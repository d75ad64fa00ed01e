//! The data of electronic seals and of what is sealed with them, as GB/T 38540-2020 defines them in ASN.1.
//!
//! What a signature covers is kept as it was read ([`Any`]): it is checked over those bytes, not over what we would
//! write.

use const_oid::ObjectIdentifier;
use der::{
    Any, Decode, Encode, Sequence,
    asn1::{BitString, GeneralizedTime, Ia5String, OctetString, PrintableString},
};
use x509_cert::Certificate;

/// The version of both structures.
pub(crate) const VERSION: u32 = 4;
/// `SES_Header.ID`.
pub(crate) const MAGIC: &str = "ES";
/// `certListType`: the certificates themselves.
pub(crate) const CERTIFICATES: u32 = 1;
/// `certListType`: their digests.
pub(crate) const DIGESTS: u32 = 2;
/// SM2 with SM3 (GM/T 0006).
pub(crate) const SM2_WITH_SM3: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.501");
/// `PkiPath` (X.509, 10; `id-at-pkiPath`): the certificates above the one beside it, for which GB/T 38540 has no place.
pub(crate) const PKI_PATH: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.70");

/// `SES_Seal` (GB/T 38540, 6.2).
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct SesSeal {
    /// [`SesSealInfo`], which `signed_value` signs.
    pub(crate) info: Any,
    pub(crate) cert: OctetString,
    pub(crate) sign_alg_id: ObjectIdentifier,
    pub(crate) signed_value: BitString,
}

/// `SES_SealInfo` (6.2).
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct SesSealInfo {
    pub(crate) header: SesHeader,
    pub(crate) es_id: Ia5String,
    pub(crate) property: SesProperty,
    pub(crate) picture: SesPicture,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) ext_datas: Option<Vec<ExtData>>,
}

/// `SES_Header` (6.2).
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct SesHeader {
    pub(crate) id: Ia5String,
    pub(crate) version: u32,
    pub(crate) vid: Ia5String,
}

/// `SES_ESPropertyInfo` (6.2).
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct SesProperty {
    pub(crate) kind: u32,
    pub(crate) name: String,
    pub(crate) cert_list_type: u32,
    /// A list of `OCTET STRING` or of [`CertDigest`], as `cert_list_type` says.
    pub(crate) cert_list: Any,
    pub(crate) create_date: GeneralizedTime,
    pub(crate) valid_start: GeneralizedTime,
    pub(crate) valid_end: GeneralizedTime,
}

/// `CertDigestObj` (6.2).
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct CertDigest {
    pub(crate) kind: PrintableString,
    pub(crate) value: OctetString,
}

/// `SES_ESPictrueInfo` (6.2): its sides in millimetres.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct SesPicture {
    pub(crate) kind: Ia5String,
    pub(crate) data: OctetString,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// `ExtData` (6.2).
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct ExtData {
    pub(crate) extn_id: ObjectIdentifier,
    #[asn1(default = "Default::default")]
    pub(crate) critical: bool,
    pub(crate) extn_value: OctetString,
}

/// `SES_Signature` (7.1).
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct SesSignature {
    /// [`TbsSign`], which `signature` signs.
    pub(crate) to_sign: Any,
    pub(crate) cert: OctetString,
    pub(crate) signature_alg_id: ObjectIdentifier,
    pub(crate) signature: BitString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) time_stamp: Option<BitString>,
}

/// `TBS_Sign` (7.1).
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct TbsSign {
    pub(crate) version: u32,
    pub(crate) eseal: SesSeal,
    pub(crate) time_info: GeneralizedTime,
    pub(crate) data_hash: BitString,
    pub(crate) property_info: Ia5String,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) ext_datas: Option<Vec<ExtData>>,
}

/// The certificates above the first, to stand beside it; none when there are none.
pub(crate) fn path_above(chain: &[Certificate]) -> Result<Option<Vec<ExtData>>, der::Error> {
    let above: Vec<Certificate> = chain.iter().skip(1).rev().cloned().collect();
    if above.is_empty() {
        return Ok(None);
    }
    let extn_value = OctetString::new(above.to_der()?)?;
    Ok(Some(vec![ExtData { extn_id: PKI_PATH, critical: false, extn_value }]))
}

/// Reads what [`path_above`] wrote. What others put there is none of ours.
pub(crate) fn read_path(ext_datas: Option<&Vec<ExtData>>) -> Result<Vec<Certificate>, der::Error> {
    let path = ext_datas.into_iter().flatten().find(|data| data.extn_id == PKI_PATH);
    path.map_or(Ok(Vec::new()), |data| Vec::<Certificate>::from_der(data.extn_value.as_bytes()))
}
