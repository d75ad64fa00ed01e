//! Keys sign what tools that we did not write accept, and stay secret.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod outside;

use der::Decode as _;
use outside::{Folder, refused, said};
use zhongtai_kernel::ErrorKind;
use zhongtai_pki::{
    Algorithm, KeyError, KeyVault, Signer, SoftwareKey, SubjectPublicKeyInfoOwned, VerifyError, verify,
};

const MESSAGE: &[u8] = "准予占道挖掘".as_bytes();

fn public(key: &dyn Signer) -> SubjectPublicKeyInfoOwned {
    SubjectPublicKeyInfoOwned::from_der(key.public_key()).unwrap()
}

/// As another authority would hand it out.
fn rsa(folder: &Folder, bits: u32) -> String {
    let (made, text) = folder.openssl(&format!("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:{bits} -out rsa.pem"));
    assert!(made, "{text}");
    String::from_utf8(folder.read("rsa.pem")).unwrap()
}

fn signed(folder: &Folder, key: &dyn Signer) -> Vec<u8> {
    let signature = key.sign(MESSAGE).unwrap();
    folder.put("message", MESSAGE);
    folder.put("signature", &signature);
    folder.public_key("key.pem", &public(key));
    signature
}

const VERIFY: &str = "pkeyutl -verify -pubin -inkey key.pem -rawin -in message -sigfile signature";

#[test]
fn openssl_accepts_p256_and_rsa_signatures_and_no_other_message() {
    let folder = Folder::new();
    let imported = SoftwareKey::from_pem(&rsa(&folder, 3072)).unwrap();
    for key in [SoftwareKey::generate(Algorithm::EcdsaP256Sha256).unwrap(), imported] {
        signed(&folder, &key);
        said(folder.openssl(&format!("{VERIFY} -digest sha256")), "Signature Verified Successfully");
        folder.put("message", "不准占道挖掘");
        refused(folder.openssl(&format!("{VERIFY} -digest sha256")), "Signature Verification Failure");
    }
}

#[test]
fn openssl_accepts_sm2_signatures_under_the_default_id_only() {
    let (folder, key) = (Folder::new(), SoftwareKey::generate(Algorithm::Sm2Sm3).unwrap());
    let mut signature = signed(&folder, &key);
    let check = |id: &str| folder.openssl(&format!("{VERIFY} -digest sm3 -pkeyopt distid:{id}"));
    said(check("1234567812345678"), "Signature Verified Successfully");
    refused(check("1234567812345679"), "Signature Verification Failure");
    *signature.last_mut().unwrap() ^= 1;
    folder.put("signature", &signature);
    refused(check("1234567812345678"), "Signature Verification Failure");
}

/// gmssl for Python takes r || s and the digest with Z, so that it computes each on its own.
const GMSSL: &str = r"
import sys
from asn1crypto import core, keys
from gmssl import sm2
class Pair(core.Sequence):
    _fields = [('r', core.Integer), ('s', core.Integer)]
key = keys.PublicKeyInfo.load(open('key.der', 'rb').read())['public_key'].native
pair = Pair.load(open('signature', 'rb').read(), strict=True).native
raw = '%064x%064x' % (pair['r'], pair['s'])
crypt = sm2.CryptSM2(private_key=None, public_key=key[1:].hex())
message = open('message', 'rb').read()
print(crypt.verify_with_sm3(raw, message), crypt.verify_with_sm3(raw, message + b' '))
";

#[test]
fn gmssl_accepts_sm2_signatures_and_no_other_message() {
    let (folder, key) = (Folder::new(), SoftwareKey::generate(Algorithm::Sm2Sm3).unwrap());
    signed(&folder, &key);
    folder.put("key.der", key.public_key());
    let outcome = folder.run(zhongtai_test_tools::python().args(["-c", GMSSL]));
    said(outcome, "True False");
}

#[test]
fn a_signature_of_openssl_is_accepted_and_one_under_another_id_is_not() {
    let folder = Folder::new();
    assert!(folder.openssl("genpkey -algorithm SM2 -out secret.pem").0);
    let key = SoftwareKey::from_pem(&String::from_utf8(folder.read("secret.pem")).unwrap()).unwrap();
    assert_eq!(key.algorithm(), Algorithm::Sm2Sm3);
    folder.put("message", MESSAGE);
    let sign = "pkeyutl -sign -inkey secret.pem -rawin -in message -out signature -digest sm3 -pkeyopt distid:";
    assert!(folder.openssl(&format!("{sign}1234567812345678")).0);
    assert_eq!(verify(&public(&key), Algorithm::Sm2Sm3, MESSAGE, &folder.read("signature")), Ok(()));
    assert!(folder.openssl(&format!("{sign}someone")).0);
    let error = verify(&public(&key), Algorithm::Sm2Sm3, MESSAGE, &folder.read("signature")).unwrap_err();
    assert_eq!(error, VerifyError::Signature(Algorithm::Sm2Sm3));
}

#[test]
fn every_flipped_byte_of_a_signature_breaks_it() {
    let folder = Folder::new();
    let keys = [
        SoftwareKey::generate(Algorithm::EcdsaP256Sha256).unwrap(),
        SoftwareKey::generate(Algorithm::Sm2Sm3).unwrap(),
        SoftwareKey::from_pem(&rsa(&folder, 2048)).unwrap(),
    ];
    for key in keys {
        let signature = key.sign(MESSAGE).unwrap();
        assert_eq!(verify(&public(&key), key.algorithm(), MESSAGE, &signature), Ok(()));
        for at in 0..signature.len() {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert!(verify(&public(&key), key.algorithm(), MESSAGE, &changed).is_err(), "byte {at}");
        }
        let longer = [signature.as_slice(), &[0]].concat();
        assert!(verify(&public(&key), key.algorithm(), MESSAGE, &longer).is_err(), "a byte more");
    }
}

#[test]
fn a_signature_is_not_taken_for_one_of_another_kind() {
    let key = SoftwareKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    let signature = key.sign(MESSAGE).unwrap();
    let error = verify(&public(&key), Algorithm::Sm2Sm3, MESSAGE, &signature).unwrap_err();
    assert_eq!(error, VerifyError::OtherKey { named: Algorithm::Sm2Sm3, key: Algorithm::EcdsaP256Sha256 });
    assert_eq!(error.to_string(), "the signature is said to be SM2, but the key is P-256");
}

#[test]
fn weak_and_foreign_keys_are_refused() {
    let folder = Folder::new();
    assert!(matches!(SoftwareKey::generate(Algorithm::RsaPkcs1Sha256), Err(KeyError::NoRsa)));
    assert!(matches!(SoftwareKey::from_pem(&rsa(&folder, 1024)), Err(KeyError::Format)));
    assert!(folder.openssl("genpkey -algorithm ED25519 -out other.pem").0);
    let other = String::from_utf8(folder.read("other.pem")).unwrap();
    let error = SoftwareKey::from_pem(&other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("openssl pkcs8"), "{error}");
    assert!(matches!(SoftwareKey::from_pem("nothing"), Err(KeyError::Format)));
}

#[test]
fn a_sealed_key_opens_only_where_and_under_the_key_it_was_sealed() {
    let folder = Folder::new();
    let vault = KeyVault::new(&[7; 32]).unwrap();
    let keys = [
        SoftwareKey::generate(Algorithm::EcdsaP256Sha256).unwrap(),
        SoftwareKey::generate(Algorithm::Sm2Sm3).unwrap(),
        SoftwareKey::from_pem(&rsa(&folder, 2048)).unwrap(),
    ];
    for key in keys {
        let sealed = vault.seal(&key, "seal/1").unwrap();
        let opened = vault.open(&sealed, "seal/1").unwrap();
        assert_eq!(opened.public_key(), key.public_key());
        let signature = opened.sign(MESSAGE).unwrap();
        assert_eq!(verify(&public(&key), key.algorithm(), MESSAGE, &signature), Ok(()));

        assert_ne!(vault.seal(&key, "seal/1").unwrap(), sealed, "another nonce every time");
        let refused = |outcome: Result<SoftwareKey, KeyError>| matches!(outcome, Err(KeyError::Sealed));
        assert!(refused(vault.open(&sealed, "seal/2")), "another place");
        assert!(refused(KeyVault::new(&[8; 32]).unwrap().open(&sealed, "seal/1")), "another platform key");
        assert!(refused(vault.open(&sealed[..12], "seal/1")), "half a nonce");
        for at in [0, 1, 20, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(refused(vault.open(&changed, "seal/1")), "byte {at}");
        }
    }
}

#[test]
fn a_key_is_neither_in_its_debug_text_nor_in_what_is_kept_at_rest() {
    let folder = Folder::new();
    assert!(folder.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out secret.pem").0);
    let key = SoftwareKey::from_pem(&String::from_utf8(folder.read("secret.pem")).unwrap()).unwrap();
    assert!(folder.openssl("pkcs8 -topk8 -nocrypt -in secret.pem -outform DER -out secret.der").0);
    // PKCS #8 of P-256: the scalar begins at byte 36.
    let scalar = folder.read("secret.der")[36..68].to_vec();
    assert_eq!(format!("{key:?}"), "SoftwareKey { algorithm: EcdsaP256Sha256, .. }");
    let sealed = KeyVault::new(&[7; 32]).unwrap().seal(&key, "seal/1").unwrap();
    assert!(!sealed.windows(8).any(|part| scalar.windows(8).any(|secret| part == secret)));
}
