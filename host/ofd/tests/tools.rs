//! Sealed documents, judged by programs that we did not write: asn1crypto with gmssl, OpenSSL and the reader ofd.js.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{Office, replaced};
use tempfile::TempDir;
use zhongtai_test_tools::{SES_CHECKS, node, python, tool};

const PAGE: &str = "Doc_0/Pages/Page_0/Content.xml";
const SIGNATURE: &str = "Doc_0/Signs/Sign_0/Signature.xml";

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn saved(ofd: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("permit.ofd");
    std::fs::write(&path, ofd).unwrap();
    (folder, path)
}

/// What the Python check says of each seal, and the folder with their parts.
fn ses_check(ofd: &[u8]) -> (Vec<Value>, TempDir) {
    let (folder, path) = saved(ofd);
    let run = python().arg(script("ses_check.py")).arg(path).arg(folder.path()).output().unwrap();
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{told}");
    let lines = String::from_utf8(run.stdout).unwrap();
    (lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), folder)
}

/// The names of those checks that failed.
fn failed(seal: &Value) -> Vec<&'static str> {
    SES_CHECKS.into_iter().filter(|check| seal[check] != true).collect()
}

fn read(ofd: &[u8]) -> Value {
    let (_folder, path) = saved(ofd);
    let run = node().arg(script("read.cjs")).arg(path).output().unwrap();
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{told}");
    serde_json::from_slice(&run.stdout).unwrap()
}

/// What OpenSSL says of the signature in `folder`, under this distinguishing id.
fn openssl(folder: &Path, [certificate, signed, signature]: [&str; 3], id: &str) -> String {
    let key = folder.join("key.pem");
    let mut extract = tool("openssl");
    extract.args(["x509", "-inform", "DER", "-pubkey", "-noout", "-in"]).arg(folder.join(certificate));
    std::fs::write(&key, extract.output().unwrap().stdout).unwrap();
    let mut check = tool("openssl");
    check.args([
        "pkeyutl",
        "-verify",
        "-rawin",
        "-digest",
        "sm3",
        "-pkeyopt",
        &format!("distid:{id}"),
        "-pubin",
        "-inkey",
    ]);
    check.arg(key).arg("-in").arg(folder.join(signed)).arg("-sigfile").arg(folder.join(signature));
    String::from_utf8(check.output().unwrap().stdout).unwrap()
}

#[test]
fn an_independent_check_finds_nothing_wrong_with_two_seals() {
    let office = Office::new();
    let (seals, _folder) = ses_check(&office.seal_on(&office.sealed()).unwrap());
    assert_eq!(seals.len(), 2);
    for seal in &seals {
        assert_eq!(failed(seal), Vec::<&str>::new(), "{seal}");
        assert_eq!(seal["versions"], serde_json::json!([4, 4, "ES"]));
        assert_eq!(seal["name"], "清远市清城区城市管理局");
    }
    assert!(seals[1]["covered"].as_array().unwrap().contains(&SIGNATURE.into()));
}

#[test]
fn an_independent_check_finds_a_changed_page_and_a_changed_description() {
    let office = Office::new();
    let sealed = office.sealed();
    let (page, _folder) = ses_check(&replaced(&sealed, PAGE, "占道", "占地"));
    assert_eq!(failed(&page[0]), ["digests"]);
    let (moved, _folder) = ses_check(&replaced(&sealed, SIGNATURE, "130 200 42 42", "10 200 42 42"));
    assert_eq!(failed(&moved[0]), ["dataHash"]);
}

#[test]
fn openssl_verifies_signer_and_maker_under_the_standard_id_and_no_other() {
    let office = Office::new();
    let (_, folder) = ses_check(&office.sealed());
    let parts = [["signer.der", "signed.der", "signature.der"], ["maker.der", "seal-info.der", "seal-signature.der"]];
    for part in parts {
        let told = openssl(folder.path(), part, "1234567812345678");
        assert!(told.contains("Signature Verified Successfully"), "{told}");
        let told = openssl(folder.path(), part, "8765432187654321");
        assert!(told.contains("Signature Verification Failure"), "{told}");
    }
    let signed = folder.path().join("signed.der");
    let mut flipped = std::fs::read(&signed).unwrap();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    std::fs::write(&signed, flipped).unwrap();
    let told = openssl(folder.path(), parts[0], "1234567812345678");
    assert!(told.contains("Signature Verification Failure"), "{told}");
}

#[test]
fn openssl_reads_the_data_and_the_time_stamp_is_of_the_signature() {
    let office = Office::new();
    let (_, folder) = ses_check(&office.sealed());
    let parse =
        tool("openssl").args(["asn1parse", "-inform", "DER", "-in"]).arg(folder.path().join("ses.der")).output();
    let parse = parse.unwrap();
    assert!(parse.status.success());
    let text = String::from_utf8(parse.stdout).unwrap();
    for part in ["IA5STRING         :ES", "GENERALIZEDTIME", "OBJECT            :SM2-with-SM3", "cont [ 0 ]"] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    let mut stamp = tool("openssl");
    stamp.args(["ts", "-reply", "-token_in", "-token_out", "-text", "-in"]).arg(folder.path().join("stamp.der"));
    let stamp = String::from_utf8(stamp.output().unwrap().stdout).unwrap();
    assert!(stamp.contains("Hash Algorithm: sha256"), "{stamp}");
    let hex = |byte: &u8| format!("{byte:02x}");
    let imprint: Vec<String> = {
        use sha2::{Digest, Sha256};
        Sha256::digest(std::fs::read(folder.path().join("signature.der")).unwrap()).iter().map(hex).collect()
    };
    // OpenSSL prints sixteen bytes in a line, with a dash in their middle.
    let line = format!("{}-{}", imprint[..8].join(" "), imprint[8..16].join(" "));
    assert!(stamp.contains(&line), "{line}\n{stamp}");
}

#[test]
fn ofd_js_shows_the_text_and_says_that_seals_and_digests_are_true() {
    let office = Office::new();
    let found = read(&office.seal_on(&office.sealed()).unwrap());
    assert_eq!(found["documents"], 1);
    assert_eq!(found["text"][0], "占道挖掘许可证A & B < C");
    assert_eq!(found["text"][1], "清远市清城区城市管理局");
    assert_eq!(found["paths"][0], 1);
    // The picture on the page, and two seals.
    assert_eq!((&found["images"][0], &found["images"][1]), (&0.into(), &3.into()));
    let seals = found["seals"].as_array().unwrap();
    assert_eq!(seals.len(), 2);
    for seal in seals {
        assert_eq!(seal["type"], "png");
        assert_eq!(seal["version"], 4);
        assert_eq!(seal["name"], "清远市清城区城市管理局");
        assert_eq!(seal["signature"], true);
        assert_eq!(seal["boundary"], serde_json::json!({ "x": 130, "y": 200, "w": 42, "h": 42 }));
    }
    // It keeps the digests of the last seal only.
    assert_eq!(seals[1]["digests"], true);
    assert!(seals[1]["files"].as_u64().unwrap() >= 12, "{seals:?}");
}

#[test]
fn ofd_js_says_that_the_digests_of_a_changed_page_are_false() {
    let office = Office::new();
    let found = read(&replaced(&office.sealed(), PAGE, "占道", "占地"));
    assert_eq!(found["seals"][0]["digests"], false);
    assert_eq!(found["seals"][0]["signature"], true);
}
