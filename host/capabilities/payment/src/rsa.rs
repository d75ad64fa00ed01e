//! RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2): what WeChat Pay calls `SHA256-RSA2048` and Alipay `RSA2`. Signed with
//! ring, whose RSA takes the same time for every key.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use x509_cert::{
    Certificate,
    der::{Decode, Encode, oid::ObjectIdentifier},
    spki::SubjectPublicKeyInfoRef,
};
use zeroize::Zeroizing;

/// `rsaEncryption`, RFC 8017, appendix C.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A merchant's private key, 2048 bits or more. It has no `Debug`.
pub struct SigningKey(RsaKeyPair);

/// A gateway's public key, 2048 bits or more.
#[derive(Clone)]
pub struct VerifyingKey {
    /// `RSAPublicKey`, DER.
    pkcs1: Vec<u8>,
}

// === impl SigningKey ===

impl SigningKey {
    /// PKCS #8 or PKCS #1, as PEM or as the bare base64 that Alipay's tools write. `None` for anything else.
    pub fn from_text(text: &[u8]) -> Option<Self> {
        let der = unarmoured(text)?;
        RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der)).ok().map(Self)
    }

    /// Signs; the signature is in base64, as both gateways want it. `None` when there is no randomness to blind with.
    pub fn sign(&self, message: &[u8]) -> Option<String> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(STANDARD.encode(signature))
    }
}

// === impl VerifyingKey ===

impl VerifyingKey {
    /// A `SubjectPublicKeyInfo` or a certificate, as PEM or bare base64. `None` for anything else.
    pub fn from_text(text: &[u8]) -> Option<Self> {
        let der = unarmoured(text)?;
        Self::from_spki(&der).or_else(|| Self::of_certificate(&Certificate::from_der(&der).ok()?))
    }

    /// The key of a certificate.
    pub fn of_certificate(certificate: &Certificate) -> Option<Self> {
        Self::from_spki(&certificate.tbs_certificate().subject_public_key_info().to_der().ok()?)
    }

    fn from_spki(der: &[u8]) -> Option<Self> {
        let info = SubjectPublicKeyInfoRef::from_der(der).ok()?;
        let pkcs1 = info.subject_public_key.as_bytes()?.to_vec();
        (info.algorithm.oid == RSA_ENCRYPTION).then_some(Self { pkcs1 })
    }

    /// Whether the key's owner signed `message`; the signature is in base64.
    pub fn verifies(&self, message: &[u8], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.pkcs1).verify(message, &signature).is_ok()
    }
}

/// The bytes of PEM's only block, or of bare base64.
fn unarmoured(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = std::str::from_utf8(text).ok()?;
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    let base64: Zeroizing<String> = Zeroizing::new(lines.collect());
    STANDARD.decode(base64.as_str()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    /// A fresh key by OpenSSL: PKCS #8, PKCS #1 and the public half.
    fn keys() -> [Vec<u8>; 3] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let openssl = |arguments: &[&str]| {
            let mut run = Command::new("openssl");
            let run = run.args(arguments).arg(&path).stderr(Stdio::null());
            run.output().unwrap().stdout
        };
        openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out"]);
        let pkcs8 = std::fs::read(&path).unwrap();
        [pkcs8, openssl(&["rsa", "-traditional", "-in"]), openssl(&["pkey", "-pubout", "-in"])]
    }

    #[test]
    fn a_key_signs_and_its_public_half_verifies_in_every_form() {
        let [pkcs8, pkcs1, public] = keys();
        let bare = |pem: &[u8]| -> Vec<u8> {
            let text = std::str::from_utf8(pem).unwrap();
            text.lines().filter(|line| !line.starts_with("---")).collect::<String>().into_bytes()
        };
        for private in [&pkcs8, &pkcs1, &bare(&pkcs8), &bare(&pkcs1)] {
            let signature = SigningKey::from_text(private).unwrap().sign(b"message").unwrap();
            for public in [&public, &bare(&public)] {
                let key = VerifyingKey::from_text(public).unwrap();
                assert!(key.verifies(b"message", &signature));
                assert!(!key.verifies(b"massage", &signature));
                assert!(!key.verifies(b"message", &signature.replacen(|_: char| true, "!", 1)));
                assert!(!key.verifies(b"message", ""));
            }
        }
        assert!(SigningKey::from_text(&public).is_none() && VerifyingKey::from_text(&pkcs8).is_none());
        assert!(SigningKey::from_text(b"").is_none() && VerifyingKey::from_text(b"\xff").is_none());
    }
}
