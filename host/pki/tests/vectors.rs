//! Vectors of the national standards.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use der::Decode as _;
use zhongtai_pki::{Algorithm, Hash, Signer as _, SoftwareKey, SubjectPublicKeyInfoOwned, verify};

/// PKCS #8 of an SM2 key, up to its scalar.
const SM2_PKCS8: &str = "3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420";

/// GB/T 32918.5, A.2.
const SCALAR: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
const POINT: &str = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020\
                     ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
const R: &str = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3";
const S: &str = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";

#[test]
fn sm3_of_abc_is_that_of_gb_t_32905() {
    let digest = hex::encode(Hash::Sm3.digest(b"abc"));
    assert_eq!(digest, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
}

#[test]
fn the_key_and_the_signature_of_gb_t_32918_are_read_as_it_says() {
    let document = hex::decode(format!("{SM2_PKCS8}{SCALAR}"));
    let key = SoftwareKey::from_pkcs8(&document.unwrap()).unwrap();
    let public = SubjectPublicKeyInfoOwned::from_der(key.public_key()).unwrap();
    assert_eq!(hex::encode(public.subject_public_key.raw_bytes()), POINT);

    // Both begin with a bit that is set, so that each is 33 bytes long as an INTEGER.
    let signature = hex::decode(format!("3046022100{R}022100{S}")).unwrap();
    assert_eq!(verify(&public, Algorithm::Sm2Sm3, b"message digest", &signature), Ok(()));
    assert!(verify(&public, Algorithm::Sm2Sm3, b"message digesT", &signature).is_err());
    // r || s, which some libraries write, is not what certificates and CMS carry.
    let raw = hex::decode(format!("{R}{S}")).unwrap();
    assert!(verify(&public, Algorithm::Sm2Sm3, b"message digest", &raw).is_err());
}
