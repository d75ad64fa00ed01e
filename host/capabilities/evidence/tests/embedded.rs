//! The embedded provider over both databases and a real audit log; its bundles are checked by code we did not write.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::{fs, sync::atomic::Ordering};

use base64::{Engine, prelude::BASE64_STANDARD};
use ct_merkle::{InclusionProof as IndependentProof, RootHash};
use sha2::Sha256;
use support::{TestLog, clock};
use zhongtai_audit::{AuditKeys, InclusionProof, check_proof};
use zhongtai_cap_evidence::{Bundle, EmbeddedEvidence, EvidenceError, EvidenceProvider, Hash, MIGRATIONS, contract};
use zhongtai_kernel::{Event, Record, Recorder, RequestId};
use zhongtai_store::testing::{both, sqlite};

/// The audit log's own form of a bundle's proof.
fn in_the_logs_form(bundle: &Bundle) -> InclusionProof {
    serde_json::from_value(serde_json::to_value(&bundle.proof).unwrap()).unwrap()
}

/// Whether `ct-merkle` leads from the record to the root that the checkpoint's third line has.
fn holds_elsewhere(bundle: &Bundle) -> bool {
    let decode = |text: &str| BASE64_STANDARD.decode(text).unwrap();
    let proof = &bundle.proof;
    let root = decode(proof.checkpoint.lines().nth(2).unwrap());
    let root = RootHash::<Sha256>::new(root.as_slice().try_into().unwrap(), proof.size);
    let path: Vec<u8> = proof.hashes.iter().flat_map(|hash| decode(hash)).collect();
    let path = IndependentProof::<Sha256>::try_from_bytes(path).unwrap();
    root.verify_inclusion(&proof.record.as_bytes(), proof.index, &path).is_ok()
}

/// Whether OpenSSL accepts both signatures of the bundle's checkpoint over `text`.
fn openssl_accepts(log: &TestLog, bundle: &Bundle, text: &str) -> Vec<bool> {
    let (_, signatures) = bundle.proof.checkpoint.rsplit_once("\n\n").unwrap();
    let sm2 = ["-digest", "sm3", "-pkeyopt", "distid:1234567812345678"];
    let check = |(line, (key, options)): (&str, (&str, &[&str]))| {
        let dir = tempfile::tempdir().unwrap();
        let (message, file) = (dir.path().join("message"), dir.path().join("signature"));
        fs::write(&message, text).unwrap();
        fs::write(&file, &BASE64_STANDARD.decode(line.rsplit(' ').next().unwrap()).unwrap()[4..]).unwrap();
        let key = log.dir.path().join("keys").join(key);
        let output = std::process::Command::new("openssl")
            .args(["pkeyutl", "-verify", "-pubin", "-rawin", "-inkey"])
            .arg(key)
            .arg("-in")
            .arg(message)
            .arg("-sigfile")
            .arg(file)
            .args(options)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(said.contains("Signature Verif"), "openssl could not check at all: {said}");
        output.status.success() && said.contains("Signature Verified")
    };
    signatures.lines().zip([("ed25519.pem", &[][..]), ("sm2.pem", &sm2[..])]).map(check).collect()
}

fn noise(log: &TestLog, records: usize) {
    for n in 0..records {
        let event =
            Event::Act { actor: "cli".into(), action: "noise:made", target: n.to_string(), outcome: "ok".into() };
        let at = zhongtai_kernel::Clock::now(&*clock());
        log.log.record(Record { at, request: RequestId::generate(), sequence: 0, event }).unwrap();
    }
}

#[tokio::test]
async fn the_embedded_provider_keeps_the_contract_on_both_databases() {
    for database in both(MIGRATIONS).await {
        contract::holds(&EmbeddedEvidence::new(database.store.clone(), clock(), TestLog::new("a"))).await;
    }
}

#[tokio::test]
async fn a_bundle_is_accepted_by_ct_merkle_and_openssl_and_each_change_to_it_is_refused() {
    let (database, log) = (sqlite(MIGRATIONS).await, TestLog::new("a"));
    noise(&log, 300);
    let evidence = EmbeddedEvidence::new(database.store.clone(), clock(), log.clone());
    let anchor = evidence.anchor(contract::of("许可证".as_bytes())).await.unwrap();
    noise(&log, 300);
    let json = serde_json::to_string(&evidence.prove(anchor.id).await.unwrap()).unwrap();
    let bundle: Bundle = serde_json::from_str(&json).unwrap();

    assert!(bundle.anchor.hash.is_of("许可证".as_bytes()));
    bundle.check_record().unwrap();
    check_proof(&in_the_logs_form(&bundle), &log.keys).unwrap();
    assert!(holds_elsewhere(&bundle));
    let (text, _) = bundle.proof.checkpoint.rsplit_once("\n\n").unwrap();
    assert_eq!(openssl_accepts(&log, &bundle, &format!("{text}\n")), [true, true]);
    let other = format!("{text}\n").replacen(&bundle.proof.size.to_string(), "1", 1);
    assert_eq!(openssl_accepts(&log, &bundle, &other), [false, false]);

    let mut forged = bundle.clone();
    forged.anchor.hash = Hash::sm3(b"forged");
    assert!(matches!(forged.check_record(), Err(EvidenceError::Mismatch(_))), "another hash than the record's");
    forged.proof.record = forged.proof.record.replace(&bundle.anchor.hash.to_string(), &forged.anchor.hash.to_string());
    forged.check_record().unwrap();
    assert!(check_proof(&in_the_logs_form(&forged), &log.keys).is_err(), "the record was changed with it");
    assert!(!holds_elsewhere(&forged));
    let mut earlier = bundle.clone();
    earlier.anchor.at = "2025-01-01T00:00:00Z".parse().unwrap();
    assert!(matches!(earlier.check_record(), Err(EvidenceError::Mismatch(_))));
    let mut taken = bundle.clone();
    taken.anchor.scenario = "441802-chengguan/lamps".parse().unwrap();
    assert!(matches!(taken.check_record(), Err(EvidenceError::Mismatch(_))));
    let mut another_act = bundle.clone();
    another_act.proof.record = another_act.proof.record.replace("evidence:anchor", "release:deploy");
    assert!(matches!(another_act.check_record(), Err(EvidenceError::Mismatch(_))));
    let stranger = AuditKeys::derive("zhongtai.audit/a", &[8; 32]).unwrap().public();
    assert!(check_proof(&in_the_logs_form(&bundle), &stranger).is_err(), "another host's keys");
}

#[tokio::test]
async fn what_was_cut_off_is_written_and_proved_later_and_the_proof_outlives_the_log() {
    for database in both(MIGRATIONS).await {
        let log = TestLog::new("a");
        let evidence = EmbeddedEvidence::new(database.store.clone(), clock(), log.clone());
        log.is_full.store(true, Ordering::SeqCst);
        let error = evidence.anchor(contract::of(b"permit")).await.unwrap_err();
        assert!(matches!(error, EvidenceError::Log(_)), "nothing is anchored that is not in the log: {error}");
        assert!(evidence.settle().await.is_err());
        log.is_full.store(false, Ordering::SeqCst);
        assert_eq!(evidence.settle().await.unwrap(), 1);
        assert_eq!(evidence.settle().await.unwrap(), 0);
        let anchor = evidence.anchor(contract::of(b"permit")).await.unwrap();

        // Another host, whose log does not have it, gives out the proof that is kept.
        let other = EmbeddedEvidence::new(database.store.clone(), clock(), TestLog::new("b"));
        let bundle = other.prove(anchor.id).await.unwrap();
        check_proof(&in_the_logs_form(&bundle), &log.keys).unwrap();
    }
}

#[tokio::test]
async fn an_anchor_that_only_another_host_can_prove_says_so() {
    for database in both(MIGRATIONS).await {
        let evidence = EmbeddedEvidence::new(database.store.clone(), clock(), TestLog::new("a"));
        let anchor = evidence.anchor(contract::of(b"permit")).await.unwrap();
        let other = EmbeddedEvidence::new(database.store.clone(), clock(), TestLog::new("b"));
        let error = other.prove(anchor.id).await.unwrap_err();
        assert!(matches!(&error, EvidenceError::Elsewhere(name) if name == "zhongtai.audit/a"), "{error}");
        assert_eq!(other.settle().await.unwrap(), 0, "not its own");
    }
}
