//! A folder of files that tools are run in.

use std::{path::PathBuf, process::Command};

use der::{Encode, EncodePem as _, pem::LineEnding};
use zhongtai_pki::{Certificate, CertificateList, SubjectPublicKeyInfoOwned};

pub struct Folder(tempfile::TempDir);

// Each test binary uses what it needs.
#[allow(dead_code, reason = "shared by several test binaries")]
impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub fn certificate(&self, name: &str, certificate: &Certificate) {
        self.put(name, certificate.to_pem(LineEnding::LF).unwrap());
    }

    pub fn public_key(&self, name: &str, key: &SubjectPublicKeyInfoOwned) {
        self.put(name, key.to_pem(LineEnding::LF).unwrap());
    }

    pub fn list(&self, name: &str, list: &CertificateList) {
        self.put(name, der::pem::encode_string("X509 CRL", LineEnding::LF, &list.to_der().unwrap()).unwrap());
    }

    /// Whether openssl ended well, and all that it said.
    pub fn openssl(&self, arguments: &str) -> (bool, String) {
        self.run(zhongtai_test_tools::tool("openssl").args(arguments.split_whitespace()))
    }

    pub fn run(&self, command: &mut Command) -> (bool, String) {
        let output = command.current_dir(self.0.path()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }
}

/// Of a certificate.
#[allow(dead_code, reason = "shared by several test binaries")]
pub fn key_of(certificate: &Certificate) -> &SubjectPublicKeyInfoOwned {
    certificate.tbs_certificate().subject_public_key_info()
}

#[allow(dead_code, reason = "shared by several test binaries")]
pub fn said(outcome: (bool, String), part: &str) {
    assert!(outcome.0 && outcome.1.contains(part), "{outcome:?}");
}

#[allow(dead_code, reason = "shared by several test binaries")]
pub fn refused(outcome: (bool, String), part: &str) {
    assert!(!outcome.0 && outcome.1.contains(part), "{outcome:?}");
}
