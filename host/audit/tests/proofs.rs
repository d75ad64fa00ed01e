//! Proofs and signatures, checked by programs that we did not write: the `ct-merkle` crate and OpenSSL.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::{fs, path::Path, process::Command};

use base64::{Engine, prelude::BASE64_STANDARD};
use ct_merkle::{InclusionProof as IndependentProof, RootHash, mem_backed_tree::MemoryBackedTree};
use sha2::Sha256;
use support::{act, check, files, flip, lines, open, public, rewrite, written};
use tlog_tiles::{Hash, Tile, TileHashReader, TileReader};
use zhongtai_audit::{AuditKeys, InclusionProof, ProofError, check_proof, export, prove, publish_tiles, verify};
use zhongtai_kernel::Recorder;

/// Checks a proof with `ct-merkle` only: the root is taken from the checkpoint's third line.
fn holds_elsewhere(proof: &InclusionProof) -> bool {
    let decode = |text: &str| BASE64_STANDARD.decode(text).unwrap();
    let root = decode(proof.checkpoint.lines().nth(2).unwrap());
    let root = RootHash::<Sha256>::new(root.as_slice().try_into().unwrap(), proof.size);
    let path: Vec<u8> = proof.hashes.iter().flat_map(|hash| decode(hash)).collect();
    let path = IndependentProof::<Sha256>::try_from_bytes(path).unwrap();
    root.verify_inclusion(&proof.record.as_bytes(), proof.index, &path).is_ok()
}

#[test]
fn another_implementation_accepts_each_proof_and_refuses_it_for_another_record() {
    for size in [1, 2, 3, 255, 256, 257, 700] {
        let dir = written(size, 100);
        for number in [0, 1, size / 2, 254, 255, 256, 511, 512, size - 1] {
            if number >= size {
                continue;
            }
            let mut proof = prove(dir.path(), number).unwrap();
            assert!(holds_elsewhere(&proof), "{number} of {size}");
            check_proof(&proof, &public()).unwrap();
            proof.record = proof.record.replace("cli", "eve");
            assert!(!holds_elsewhere(&proof), "{number} of {size}");
            assert!(matches!(check_proof(&proof, &public()), Err(ProofError::Invalid(_))));
        }
    }
}

#[test]
fn another_implementation_gives_the_same_root() {
    let dir = written(700, 100);
    let mut tree = MemoryBackedTree::<Sha256, String>::new();
    lines(dir.path()).into_iter().for_each(|line| tree.push(line));
    assert_eq!(BASE64_STANDARD.encode(tree.root().as_bytes()), check(dir.path()).root);
}

#[test]
fn a_proof_survives_json_and_each_change_to_it_is_refused() {
    let dir = written(700, 100);
    let proof = prove(dir.path(), 300).unwrap();
    let json = serde_json::to_string(&proof).unwrap();
    assert_eq!(serde_json::from_str::<InclusionProof>(&json).unwrap(), proof);
    let refused = |change: &dyn Fn(&mut InclusionProof)| {
        let mut changed = proof.clone();
        change(&mut changed);
        check_proof(&changed, &public()).unwrap_err().to_string()
    };
    refused(&|proof| proof.index = 301);
    refused(&|proof| proof.size = 699);
    refused(&|proof| drop(proof.hashes.pop()));
    refused(&|proof| proof.hashes.swap(0, 1));
    refused(&|proof| proof.hashes[0] = "AAAA".to_owned());
    refused(&|proof| proof.hashes = vec![Hash([0; 32]).to_string(); 1_000]);
    refused(&|proof| proof.checkpoint = proof.checkpoint.replacen("\n700\n", "\n701\n", 1));
    let other = AuditKeys::derive("zhongtai.audit/test", &[8; 32]).unwrap().public();
    assert!(matches!(check_proof(&proof, &other), Err(ProofError::Untrusted(_))));
}

#[test]
fn a_record_that_is_not_signed_yet_or_was_altered_is_not_proved() {
    let dir = written(20, 100);
    assert!(matches!(prove(dir.path(), 20), Err(ProofError::NotSigned { number: 20, signed: 20 })));
    let offset = fs::read_to_string(&files(dir.path())[0]).unwrap().find("cli").unwrap();
    flip(&files(dir.path())[0], offset);
    assert!(matches!(prove(dir.path(), 0), Err(ProofError::Broken(0))));
    prove(dir.path(), 1).unwrap();
}

/// Splits a note as its format says: the text, and the bytes of each signature after the key's four.
fn split(note: &str) -> (String, Vec<Vec<u8>>) {
    let (text, signatures) = note.rsplit_once("\n\n").unwrap();
    let decode = |line: &str| BASE64_STANDARD.decode(line.rsplit(' ').next().unwrap()).unwrap()[4..].to_vec();
    (format!("{text}\n"), signatures.lines().map(decode).collect())
}

/// Whether OpenSSL accepts a signature.
fn openssl_accepts(dir: &Path, key: &str, text: &str, signature: &[u8], options: &[&str]) -> bool {
    let (message, file) = (dir.join("message"), dir.join("signature"));
    fs::write(&message, text).unwrap();
    fs::write(&file, signature).unwrap();
    let output = Command::new("openssl")
        .args(["pkeyutl", "-verify", "-pubin", "-rawin", "-inkey"])
        .arg(dir.join("keys").join(key))
        .arg("-in")
        .arg(message)
        .arg("-sigfile")
        .arg(file)
        .args(options)
        .output()
        .unwrap_or_else(|error| panic!("this test needs the program `openssl` 3 (Debian package openssl): {error}"));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let (yes, no) = (said.contains("Signature Verified"), said.contains("Signature Verification Failure"));
    assert!(yes || no, "openssl could not check at all: {said}");
    yes && output.status.success()
}

#[test]
fn openssl_accepts_both_signatures_of_a_checkpoint_and_refuses_them_for_another_text() {
    let dir = written(300, 100);
    let (text, signatures) = split(&fs::read_to_string(dir.path().join("checkpoint")).unwrap());
    let other = text.replacen("\n300\n", "\n299\n", 1);
    assert!(text != other && signatures.len() == 2);
    let sm2 = ["-digest", "sm3", "-pkeyopt", "distid:1234567812345678"];
    for (key, signature, options) in [("ed25519.pem", 0, &[][..]), ("sm2.pem", 1, &sm2)] {
        assert!(openssl_accepts(dir.path(), key, &text, &signatures[signature], options), "{key}");
        assert!(!openssl_accepts(dir.path(), key, &other, &signatures[signature], options), "{key}");
    }
}

/// The only block of code of a kind in the README.
fn readme(kind: &str) -> &'static str {
    let after = include_str!("../README.md").split_once(&format!("```{kind}\n")).unwrap().1;
    after.split_once("```").unwrap().0
}

fn run(dir: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(dir).output();
    let output = output.unwrap_or_else(|error| panic!("this test needs the program `{program}`: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_commands_of_the_readme_check_a_log() {
    let dir = written(700, 100);
    let checked = run(dir.path(), "sh", &["-ec", readme("sh")]);
    assert_eq!(checked, "Signature Verified Successfully\n".repeat(2));
    let root = run(dir.path(), "python3", &["-c", readme("python")]);
    assert_eq!(root.trim(), check(dir.path()).root);
    rewrite(&files(dir.path())[0], |lines| lines[5] = lines[5].replace("cli", "eve"));
    assert_ne!(run(dir.path(), "python3", &["-c", readme("python")]).trim(), check(dir.path()).root);
}

#[test]
fn an_export_verifies_without_the_host_and_holds_only_what_is_signed() {
    let (dir, elsewhere) = (written(700, 100), tempfile::tempdir().unwrap());
    // Written after the checkpoint that is exported.
    let last = files(dir.path()).pop().unwrap();
    let after = "{\"number\":700,\"at\":1}\n{\"number\":701,\"torn";
    fs::write(&last, fs::read_to_string(&last).unwrap() + after).unwrap();
    let out = elsewhere.path().join("copy");
    let exported = export(dir.path(), &out).unwrap();
    drop(dir);
    assert_eq!((exported.first, exported.signed), (0, 700));
    let keys = fs::read_to_string(out.join("keys/public")).unwrap().parse().unwrap();
    let report = verify(&out, &keys, None).unwrap();
    assert!(report.is_ok(), "{report}");
    assert_eq!((report.checked, report.unsigned), (700, 0));
    check_proof(&prove(&out, 699).unwrap(), &keys).unwrap();
    assert!(export(&out, &out).unwrap_err().to_string().contains("is not empty"));
}

#[test]
fn a_log_is_exported_and_verified_while_it_is_written() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = open(dir.path());
    std::thread::scope(|scope| {
        scope.spawn(|| (0..20_000).for_each(|n| log.record(act(&n.to_string())).unwrap()));
        for copy in 0..5 {
            let out = elsewhere.path().join(copy.to_string());
            export(dir.path(), &out).unwrap();
            for folder in [&out, dir.path()] {
                let report = check(folder);
                assert!(report.is_ok(), "{report}");
            }
        }
    });
}

/// Reads published tiles as a client of C2SP tlog-tiles does.
struct Published<'a>(&'a Path);

impl TileReader for Published<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let read = |tile: &Tile| fs::read(self.0.join(tile.path().replacen("tile/8/", "tile/", 1))).unwrap();
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

#[test]
fn published_tiles_are_what_a_tlog_tiles_client_expects() {
    let (dir, out) = (written(700, 100), tempfile::tempdir().unwrap());
    publish_tiles(dir.path(), out.path()).unwrap();
    for tile in ["tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2"] {
        assert!(out.path().join(tile).is_file(), "{tile}");
    }
    // The client checks each tile against the root.
    let root = Hash::parse_hash(&check(dir.path()).root).unwrap();
    let published = Published(out.path());
    let client = TileHashReader::new(700, root, &published);
    for (number, line) in lines(dir.path()).iter().enumerate().step_by(37) {
        let path = tlog_tiles::prove_record(700, number as u64, &client).unwrap();
        let leaf = tlog_tiles::record_hash(line.as_bytes());
        tlog_tiles::check_record(&path, 700, root, number as u64, leaf).unwrap();
    }
}
