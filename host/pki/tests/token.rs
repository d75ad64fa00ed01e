//! Keys in a token: SoftHSM, made in a temporary folder.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod outside;

use std::{path::Path, sync::Arc};

use der::Decode as _;
use outside::Folder;
use zhongtai_pki::{
    Algorithm, Pin, Profile, Signer as _, Subject, SubjectPublicKeyInfoOwned, Token, TokenError, Usage, testing::World,
    verify,
};

const DRIVER: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// The driver reads its configuration from the environment when it is loaded, and a process loads it once: so the
/// work is done in a process of its own.
fn in_a_process(test: &str) {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("tokens")).unwrap();
    folder.put("softhsm2.conf", format!("directories.tokendir = {}\n", folder.path("tokens").display()));
    folder.put("pin", "246810\n");
    folder.put("wrong", "135790\n");
    let config = folder.path("softhsm2.conf");
    let run = |tool: &str, arguments: &str| {
        let mut command = zhongtai_test_tools::tool(tool);
        let outcome = folder.run(command.args(arguments.split_whitespace()).env("SOFTHSM2_CONF", &config));
        assert!(outcome.0, "{tool} {arguments}: {}", outcome.1);
    };
    run("softhsm2-util", "--init-token --free --label seals --pin 246810 --so-pin 97531864");
    let keys = [
        ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out", "p256", "01"),
        ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out", "rsa", "02"),
        ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out", "weak", "03"),
        ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out", "p384", "04"),
    ];
    for (generate, label, id) in keys {
        run("openssl", &format!("{generate} {label}.pem"));
        let import = format!("--import {label}.pem --token seals --label {label} --id {id} --pin 246810");
        run("softhsm2-util", &import);
    }
    run("softhsm2-util", "--import p256.pem --token seals --label twice --id 05 --pin 246810");
    run("softhsm2-util", "--import rsa.pem --token seals --label twice --id 06 --pin 246810");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let child = child.args(["--exact", test, "--ignored", "--nocapture"]).env("SOFTHSM2_CONF", &config);
    let outcome = folder.run(child.env("TOKEN_PIN", "246810"));
    assert!(outcome.0 && outcome.1.contains("1 passed"), "{}", outcome.1);
}

#[test]
fn keys_in_a_token_sign_and_are_certified() {
    in_a_process("inside_keys_in_a_token_sign_and_are_certified");
}

#[test]
#[ignore = "runs in a process of its own"]
fn inside_keys_in_a_token_sign_and_are_certified() {
    let open = |pin: &str| Token::open(Path::new(DRIVER), "seals", Pin::from_file(Path::new(pin)).unwrap());
    let wrong = open("wrong").unwrap_err();
    assert!(matches!(wrong, TokenError::Token(_)) && !wrong.to_string().contains("135790"), "{wrong}");
    let token = open("pin").unwrap();
    for (label, algorithm) in [("p256", Algorithm::EcdsaP256Sha256), ("rsa", Algorithm::RsaPkcs1Sha256)] {
        let key = Arc::new(token.key(label).unwrap());
        assert_eq!(key.algorithm(), algorithm);
        let public = SubjectPublicKeyInfoOwned::from_der(key.public_key()).unwrap();
        for message in [b"one".as_slice(), b"two"] {
            assert_eq!(verify(&public, algorithm, message, &key.sign(message).unwrap()), Ok(()));
        }
        let text = format!("{key:?}");
        assert!(text.contains(label) && !text.contains("246810"), "{text}");
        assert_eq!(openssl_verifies(key.public_key(), &key.sign(b"one").unwrap()), "Signature Verified Successfully");

        let world = World::new(Algorithm::EcdsaP256Sha256);
        let seal = world.department.enrol(key, &Subject::new("章").unwrap(), Profile::DocumentSigner, 30).unwrap();
        let outcome = world.trust().check(&seal.chain[0], &seal.chain, world.now(), Usage::DocumentSigning);
        assert_eq!(outcome, Ok(()));
    }
    refusals(&token);
}

fn refusals(token: &Token) {
    let said = |label: &str| token.key(label).unwrap_err().to_string();
    assert_eq!(
        said("weak"),
        "the key \"weak\" is an RSA key of fewer than 2048 bits: use P-256, or RSA of at least 2048 bits"
    );
    assert!(said("p384").contains("on another curve than P-256 (SM2 has no PKCS #11 mechanism)"), "{}", said("p384"));
    assert!(said("none").contains("0 private keys labelled \"none\""), "{}", said("none"));
    assert!(said("twice").contains("2 private keys labelled \"twice\""), "{}", said("twice"));
    let other = Token::open(Path::new("/nowhere/driver.so"), "seals", Pin::from_environment("TOKEN_PIN").unwrap());
    assert!(matches!(other, Err(TokenError::Driver(_))));
}

fn openssl_verifies(public_key: &[u8], signature: &[u8]) -> String {
    let folder = Folder::new();
    folder.public_key("key.pem", &SubjectPublicKeyInfoOwned::from_der(public_key).unwrap());
    folder.put("message", "one");
    folder.put("signature", signature);
    let verify = "pkeyutl -verify -pubin -inkey key.pem -rawin -digest sha256 -in message -sigfile signature";
    folder.openssl(verify).1.trim().to_owned()
}

#[test]
fn a_pin_comes_from_a_file_or_the_environment_and_is_never_shown() {
    let folder = Folder::new();
    folder.put("pin", "246810\nsecond line\n");
    folder.put("empty", "\n");
    assert_eq!(format!("{:?}", Pin::from_file(&folder.path("pin")).unwrap()), "Pin");
    for missing in ["empty", "nothing"] {
        let error = Pin::from_file(&folder.path(missing)).unwrap_err();
        assert!(error.to_string().contains("put the token's PIN there"), "{error}");
    }
    assert!(matches!(Pin::from_environment("NO_SUCH_PIN"), Err(TokenError::NoPin(name)) if name == "$NO_SUCH_PIN"));
}
