//! A seal whose P-256 key lies in a token: SoftHSM, made in a temporary folder.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::{process::Command, sync::Arc};

use support::{KEY, config};
use zhongtai_cap_seal::{
    EmbeddedSeals, MIGRATIONS, NewSeal, SealConfig, SealError, SealProvider, TokenConfig, TokenCredential, Trust,
    contract::{act, name, ofd, official, order, pdf},
    examine,
};
use zhongtai_kernel::{Clock, SystemClock};
use zhongtai_pki::{Algorithm, Profile, SoftwareKey, Subject, testing::World, x509_cert::der::EncodePem};
use zhongtai_store::testing::sqlite;
use zhongtai_test_tools::tool;

const DRIVER: &str = "/usr/lib/softhsm/libsofthsm2.so";

fn must(command: &mut Command) {
    let out = command.output().unwrap();
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
}

/// The driver reads its configuration from the environment when it is loaded, and a process loads it once: so the work
/// is done in a process of its own.
#[test]
fn a_seal_signs_pdf_with_a_key_in_a_token_and_the_chain_of_another_authority() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("tokens")).unwrap();
    std::fs::write(path("softhsm2.conf"), format!("directories.tokendir = {}\n", path("tokens").display())).unwrap();
    std::fs::write(path("pin"), "246810\n").unwrap();
    let softhsm = |arguments: &str| {
        let mut run = tool("softhsm2-util");
        must(run.args(arguments.split_whitespace()).env("SOFTHSM2_CONF", path("softhsm2.conf")).current_dir(&folder));
    };
    softhsm("--init-token --free --label seals --pin 246810 --so-pin 97531864");
    for (label, id, kind) in [("permit", "01", "ec_paramgen_curve:P-256"), ("rsa", "02", "rsa_keygen_bits:3072")] {
        let algorithm = if label == "rsa" { "RSA" } else { "EC" };
        let file = path(&format!("{label}.pem"));
        must(tool("openssl").args(["genpkey", "-algorithm", algorithm, "-pkeyopt", kind, "-out"]).arg(file));
        softhsm(&format!("--import {label}.pem --token seals --label {label} --id {id} --pin 246810"));
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "inside_the_process_with_the_token", "--ignored", "--nocapture"]);
    let out = child.env("SOFTHSM2_CONF", path("softhsm2.conf")).current_dir(&folder).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
#[ignore = "runs in a process of its own"]
async fn inside_the_process_with_the_token() {
    let database = sqlite(MIGRATIONS).await;
    let token = TokenConfig { driver: DRIVER.into(), label: "seals".to_owned(), pin_file: "pin".into() };
    let config = SealConfig { token: Some(token), ..config() };
    // One for all: a process opens a driver once.
    let host = EmbeddedSeals::new(database.store.clone(), Arc::new(SystemClock), &KEY, &config).unwrap();
    let now = SystemClock.now();

    // Another authority certifies the key that lies in the token.
    let world = World::at(Algorithm::EcdsaP256Sha256, now);
    let chain = |label: &str| {
        let key = SoftwareKey::from_pem(&std::fs::read_to_string(format!("{label}.pem")).unwrap()).unwrap();
        let subject = Subject::new("城市管理局公章").unwrap();
        let credential = world.department.enrol(Arc::new(key), &subject, Profile::DocumentSigner, 365).unwrap();
        credential.chain.iter().map(|one| one.to_pem(Default::default()).unwrap()).collect::<String>()
    };
    let new = |label: &str, chain: String| NewSeal {
        token: Some(TokenCredential { key: label.to_owned(), chain }),
        ..official("permit")
    };
    let rsa = host.create(new("rsa", chain("rsa")), "keeper").await;
    assert!(matches!(rsa, Err(SealError::Invalid { what: "token", .. })), "{rsa:?}");
    let other = host.create(new("permit", chain("rsa")), "keeper").await;
    assert!(matches!(other, Err(SealError::Chain(_))), "{other:?}");
    let absent = host.create(new("absent", chain("permit")), "keeper").await;
    assert!(matches!(absent, Err(SealError::Token(_))), "{absent:?}");

    let seal = host.create(new("permit", chain("permit")), "keeper").await.unwrap();
    assert_eq!(seal.token_key.as_deref(), Some("permit"));
    assert!(seal.valid_until <= now.checked_add(jiff::SignedDuration::from_hours(365 * 24 + 1)).unwrap());
    let sealed = host.apply(&act("a"), &name("permit"), order(pdf(1))).await.unwrap();
    let own = host.trust().await.unwrap();
    let report = examine(&sealed.bytes, &own, SystemClock.now());
    assert!(report.has("untrusted"), "the other authority is not ours: {report:?}");
    let outside = world.trust();
    let both = Trust {
        roots: [own.roots.clone(), outside.roots].concat(),
        revocations: [own.revocations.clone(), outside.revocations].concat(),
    };
    let report = examine(&sealed.bytes, &both, SystemClock.now());
    assert!(report.is_valid(), "{report:?}");
    assert!(host.apply(&act("a"), &name("permit"), order(pdf(1))).await.unwrap() == sealed, "made again");
    let ofd = host.apply(&act("b"), &name("permit"), order(ofd(50))).await.unwrap();
    assert!(examine(&ofd.bytes, &own, SystemClock.now()).is_valid(), "its SM2 key is the platform's own");
}
