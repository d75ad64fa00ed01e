//! What programs that we did not write say about seals of the built-in authorities, and about what was done to them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::{path::PathBuf, process::Command, sync::Arc, time::Duration};

use der::{Decode as _, EncodePem as _};
use serde_json::Value;
use support::{find, host};
use tempfile::TempDir;
use zhongtai_cap_seal::{
    Cause, EmbeddedSeals, MIGRATIONS, Report, SealProvider,
    contract::{act, name, ofd, official, order, pdf},
    examine,
};
use zhongtai_kernel::{Clock, ManualClock, SystemClock};
use zhongtai_pki::CertificateList;
use zhongtai_store::testing::{TestDatabase, sqlite};
use zhongtai_test_tools::{node, python, python_tool, tool};

/// A host with a seal, on a clock of its own that begins as many hours ago, and what the tools work on. The tools have
/// no clock but the machine's.
struct Desk {
    host: EmbeddedSeals,
    clock: Arc<ManualClock>,
    folder: TempDir,
    _database: TestDatabase,
}

impl Desk {
    async fn hours_ago(hours: u64) -> Self {
        let begun = SystemClock.now().checked_sub(jiff::SignedDuration::from_hours(hours as i64)).unwrap();
        let (database, clock) = (sqlite(MIGRATIONS).await, Arc::new(ManualClock::at(begun)));
        let host = host(&database, clock.clone());
        host.create(official("permit"), "keeper").await.unwrap();
        let desk = Self { host, clock, folder: tempfile::tempdir().unwrap(), _database: database };
        for (number, root) in desk.host.roots().await.unwrap().iter().enumerate() {
            desk.write(["p256.pem", "sm2.pem"][number], root.to_pem(Default::default()).unwrap().as_bytes());
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    async fn sealed(&self, key: &str, document: Vec<u8>) -> Vec<u8> {
        self.host.apply(&act(key), &name("permit"), order(document)).await.unwrap().bytes
    }

    async fn report(&self, document: &[u8]) -> Report {
        examine(document, &self.host.trust().await.unwrap(), SystemClock.now())
    }

    fn pdfsig(&self, pdf: &[u8], root: &str) -> String {
        let folder = self.path(&format!("nss-{root}"));
        let database = format!("sql:{}", folder.display());
        if !folder.exists() {
            std::fs::create_dir(&folder).unwrap();
            must(tool("certutil").args(["-N", "--empty-password", "-d", &database]));
            let add = ["-A", "-a", "-n", "root", "-t", "C,C,C", "-d", &database, "-i"];
            must(tool("certutil").args(add).arg(self.path(root)));
        }
        said(tool("pdfsig").args(["-nssdir", &database]).arg(self.write("pdfsig.pdf", pdf))).1
    }

    fn pyhanko(&self, pdf: &[u8], root: &str) -> (bool, String) {
        let mut run = python_tool("pyhanko");
        run.args(["sign", "validate", "--pretty-print", "--no-revocation-check", "--trust-replace", "--trust"]);
        said(run.arg(self.path(root)).arg(self.write("pyhanko.pdf", pdf)))
    }

    /// The value of the last signature, and the bytes that it signs.
    fn taken_out(&self, pdf: &[u8]) -> (PathBuf, PathBuf) {
        let at = pdf.windows(12).rposition(|part| part == b"/ByteRange [").unwrap() + 12;
        let end = at + find(&pdf[at..], b"]");
        let range: Vec<usize> =
            std::str::from_utf8(&pdf[at..end]).unwrap().split_whitespace().map(|n| n.parse().unwrap()).collect();
        let (first, second) = (range[1], range[2]);
        let digits = std::str::from_utf8(&pdf[first + 1..second - 1]).unwrap();
        let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        let mut value: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
        value.truncate(4 + usize::from(u16::from_be_bytes([value[2], value[3]])));
        let content = [&pdf[..first], &pdf[second..second + range[3]]].concat();
        (self.write("signature.der", &value), self.write("content.bin", &content))
    }

    /// `openssl cms -verify -cades`, with every revocation list of the platform.
    async fn openssl(&self, pdf: &[u8], root: &str) -> (bool, String) {
        let (signature, content) = self.taken_out(pdf);
        let mut authorities = std::fs::read_to_string(self.path(root)).unwrap();
        for id in ["root-p256-1", "441802-chengguan-p256-1"] {
            let list = self.host.revocation_list(id).await.unwrap().unwrap();
            let list: CertificateList = CertificateList::from_der(&list).unwrap();
            authorities += &list.to_pem(Default::default()).unwrap();
        }
        let authorities = self.write("authorities.pem", authorities.as_bytes());
        let mut run = tool("openssl");
        run.args(["cms", "-verify", "-cades", "-binary", "-inform", "DER", "-purpose", "any", "-crl_check_all"]);
        run.args(["-out", "/dev/null", "-in"]).arg(signature).arg("-content").arg(content);
        said(run.arg("-CAfile").arg(authorities))
    }

    /// What the Python check of `host/ofd` says of each seal, and the folder with their parts.
    fn ses_check(&self, ofd: &[u8]) -> (Vec<Value>, TempDir) {
        let parts = tempfile::tempdir().unwrap();
        let script = of_ofd("ses_check.py");
        let (ok, text) = said(python().arg(script).arg(self.write("ses.ofd", ofd)).arg(parts.path()));
        assert!(ok, "{text}");
        (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), parts)
    }

    fn ofd_js(&self, ofd: &[u8]) -> Value {
        let (ok, text) = said(node().arg(of_ofd("read.cjs")).arg(self.write("read.ofd", ofd)));
        assert!(ok, "{text}");
        serde_json::from_str(text.lines().find(|line| line.starts_with('{')).unwrap()).unwrap()
    }
}

/// A check that lies beside the crate that it was written for.
fn of_ofd(script: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../ofd/tests").join(script)
}

fn must(command: &mut Command) {
    let (ok, text) = said(command);
    assert!(ok, "{command:?}: {text}");
}

fn said(command: &mut Command) -> (bool, String) {
    let out = command.output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    (out.status.success(), text)
}

/// The checks of `ses_check.py` that failed.
fn failed(seal: &Value) -> Vec<String> {
    let checks = seal.as_object().unwrap().iter();
    checks.filter(|(_, value)| **value == Value::Bool(false)).map(|(name, _)| name.clone()).collect()
}

#[tokio::test]
async fn everybody_calls_a_sealed_pdf_valid_trusted_and_whole() {
    let desk = Desk::hours_ago(1).await;
    let sealed = desk.sealed("a", pdf(17)).await;
    let told = desk.pdfsig(&sealed, "p256.pem");
    for line in ["Signature is Valid.", "Certificate is Trusted.", "Total document signed", "ETSI.CAdES.detached"] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let (content, told) = desk.pyhanko(&sealed, "p256.pem");
    assert!(content && told.contains("The signature is judged VALID."), "{told}");
    let (valid, told) = desk.openssl(&sealed, "p256.pem").await;
    assert!(valid && told.contains("CAdES Verification successful"), "{told}");
    assert!(desk.report(&sealed).await.is_valid());
}

#[tokio::test]
async fn openssl_verifies_the_answer_of_the_time_stamping_authority() {
    let desk = Desk::hours_ago(1).await;
    let data = desk.write("data.bin", b"a permit");
    let query = desk.path("query.tsq");
    must(tool("openssl").args(["ts", "-query", "-sha256", "-cert", "-data"]).arg(&data).arg("-out").arg(&query));
    let answer = desk.host.time_stamp(&std::fs::read(&query).unwrap()).await.unwrap();
    let answer = desk.write("answer.tsr", &answer);
    let check = |data: &PathBuf, root: &str| {
        let mut run = tool("openssl");
        run.args(["ts", "-verify", "-in"]).arg(&answer).arg("-data").arg(data);
        said(run.arg("-CAfile").arg(desk.path(root))).1
    };
    assert!(check(&data, "p256.pem").contains("Verification: OK"));
    assert!(check(&desk.write("other.bin", b"another"), "p256.pem").contains("Verification: FAILED"));
    let other = Desk::hours_ago(1).await;
    desk.write("other.pem", &std::fs::read(other.path("p256.pem")).unwrap());
    assert!(check(&data, "other.pem").contains("Verification: FAILED"), "another platform's root");
}

#[tokio::test]
async fn everybody_calls_a_sealed_ofd_true_and_its_chain_holds_link_by_link() {
    let desk = Desk::hours_ago(1).await;
    let sealed = desk.sealed("a", ofd(50)).await;
    let (seals, parts) = desk.ses_check(&sealed);
    assert_eq!(seals.len(), 1);
    assert_eq!(failed(&seals[0]), Vec::<String>::new(), "{}", seals[0]);
    assert_eq!(seals[0]["name"], "清远市清城区城市管理局");
    let read = desk.ofd_js(&sealed);
    assert_eq!((&read["seals"][0]["digests"], &read["seals"][0]["signature"]), (&true.into(), &true.into()), "{read}");
    assert!(desk.report(&sealed).await.is_valid());

    // OpenSSL takes the SM2 id for the first certificate only: each link by itself.
    let link = |below: &PathBuf, above: &PathBuf, id: &str| {
        let mut run = tool("openssl");
        run.args(["verify", "-partial_chain", "-vfyopt", &format!("distid:{id}"), "-trusted"]);
        said(run.arg(above).arg(below))
    };
    let pem = |name: &str| {
        let (ok, text) = said(tool("openssl").args(["x509", "-inform", "DER", "-in"]).arg(parts.path().join(name)));
        assert!(ok, "{text}");
        desk.write(&format!("{name}.pem"), text.as_bytes())
    };
    let (signer, maker) = (pem("signer.der"), pem("maker.der"));
    let sql = "SELECT chain FROM seal_authorities WHERE id = '441802-chengguan-sm2-1'";
    let chain: String = sqlx::query_scalar(sql).fetch_one(desk._database.store.pool()).await.unwrap();
    // `openssl x509` reads the first of them.
    let department = desk.write("department.pem", chain.as_bytes());
    let root = desk.path("sm2.pem");
    for (below, above) in [(&signer, &department), (&department, &root), (&maker, &root)] {
        let (ok, told) = link(below, above, "1234567812345678");
        assert!(ok && told.contains(": OK"), "{told}");
        assert!(!link(below, above, "8765432187654321").0, "under another id");
    }
    assert!(!link(&signer, &root, "1234567812345678").0, "the root did not issue it");
}

#[tokio::test]
async fn everybody_sees_a_flipped_byte_and_we_an_appended_revision_and_another_root() {
    let desk = Desk::hours_ago(1).await;
    let sealed = desk.sealed("a", pdf(17)).await;
    let mut flipped = sealed.clone();
    let at = find(&flipped, b"Permit No. 17") + 12;
    flipped[at] = b'8';
    assert!(desk.pdfsig(&flipped, "p256.pem").contains("Digest Mismatch."));
    assert!(!desk.pyhanko(&flipped, "p256.pem").0);
    assert!(!desk.openssl(&flipped, "p256.pem").await.0);
    assert!(desk.report(&flipped).await.has("changed"));

    // The page's text again, in a revision that follows the seal.
    let start: usize = {
        let at = sealed.windows(10).rposition(|part| part == b"startxref\n").unwrap() + 10;
        let digits: Vec<u8> = sealed[at..].iter().copied().take_while(u8::is_ascii_digit).collect();
        String::from_utf8(digits).unwrap().parse().unwrap()
    };
    let content = "BT /F1 24 Tf 72 720 Td (Permit No. 99) Tj ET";
    let mut appended = sealed.clone();
    let object = appended.len();
    let size = format!("4 0 obj\n<</Length {}>>\nstream\n{content}\nendstream\nendobj\n", content.len());
    appended.extend(size.into_bytes());
    let table = appended.len();
    let text = format!(
        "xref\n4 1\n{object:010} 00000 n\r\ntrailer\n<</Size 100/Root 1 0 R/Prev {start}>>\nstartxref\n{table}\n%%EOF\n"
    );
    appended.extend(text.into_bytes());
    assert!(!desk.pdfsig(&appended, "p256.pem").contains("Total document signed"));
    assert!(!desk.pyhanko(&appended, "p256.pem").0);
    let report = desk.report(&appended).await;
    assert!(!report.is_valid(), "{report:?}");
    let after = report.after_last.unwrap();
    assert_eq!((after.bytes, after.harmless), ((appended.len() - sealed.len()) as u64, false));
    let report = desk.report(&[sealed.as_slice(), b"\n"].concat()).await;
    assert!(!report.is_valid() && report.after_last.is_some_and(|after| after.bytes == 1), "one byte is told too");

    let other = Desk::hours_ago(1).await;
    desk.write("other.pem", &std::fs::read(other.path("p256.pem")).unwrap());
    assert!(!desk.pdfsig(&sealed, "other.pem").contains("Certificate is Trusted."));
    assert!(!desk.pyhanko(&sealed, "other.pem").0);
    assert!(!desk.openssl(&sealed, "other.pem").await.0);
    for document in [sealed, desk.sealed("b", ofd(50)).await] {
        let report = examine(&document, &other.host.trust().await.unwrap(), SystemClock.now());
        assert!(!report.is_valid() && report.has("untrusted"), "{report:?}");
    }
}

#[tokio::test]
async fn everybody_sees_a_changed_page_of_an_ofd() {
    let desk = Desk::hours_ago(1).await;
    let sealed = desk.sealed("a", ofd(50)).await;
    let script = "import sys, zipfile\n\
        old = zipfile.ZipFile(sys.argv[1])\n\
        with zipfile.ZipFile(sys.argv[2], 'w', zipfile.ZIP_DEFLATED) as new:\n\
        \x20   for name in old.namelist():\n\
        \x20       data = old.read(name)\n\
        \x20       new.writestr(name, data.replace(b'0.3', b'0.4') if name.endswith('Content.xml') else data)\n";
    let (before, after) = (desk.write("before.ofd", &sealed), desk.path("after.ofd"));
    must(python().args(["-c", script]).arg(before).arg(&after));
    let changed = std::fs::read(after).unwrap();
    let (seals, _parts) = desk.ses_check(&changed);
    assert_eq!(failed(&seals[0]), ["digests"]);
    assert_eq!(desk.ofd_js(&changed)["seals"][0]["digests"], false);
    let report = desk.report(&changed).await;
    assert!(!report.is_valid() && report.has("changed"), "{report:?}");
    let appended = [sealed.as_slice(), b"more"].concat();
    assert_eq!(desk.report(&appended).await.verdict, zhongtai_cap_seal::Verdict::Unreadable);
}

#[tokio::test]
async fn a_seal_that_was_revoked_before_is_refused_by_openssl_and_us_and_one_revoked_later_holds() {
    let desk = Desk::hours_ago(48).await;
    let before = desk.sealed("a", pdf(17)).await;
    let before_ofd = desk.sealed("b", ofd(50)).await;
    desk.clock.advance(Duration::from_secs(3600));
    // What a thief seals after it: with the keys, past the ledger. So the row is given back for a moment.
    desk.host.revoke(&name("permit"), "keeper", (Cause::KeyCompromise, "被盗")).await.unwrap();
    let run =
        async |sql: &'static str| sqlx::raw_sql(sql).execute(desk._database.store.pool()).await.map(drop).unwrap();
    run("UPDATE seals SET state = 'valid'").await;
    desk.clock.advance(Duration::from_secs(3600));
    let after = desk.sealed("c", pdf(18)).await;
    let after_ofd = desk.sealed("d", ofd(60)).await;

    for document in [&before, &before_ofd] {
        let report = desk.report(document).await;
        assert!(report.is_valid(), "a trusted stamp says that it was before: {report:?}");
    }
    for document in [&after, &after_ofd] {
        let report = desk.report(document).await;
        assert!(!report.is_valid() && report.has("revoked"), "{report:?}");
    }
    let (valid, told) = desk.openssl(&after, "p256.pem").await;
    assert!(!valid && told.contains("certificate revoked"), "{told}");
}

#[tokio::test]
async fn a_seal_with_an_expired_certificate_is_refused_by_everybody() {
    let desk = Desk::hours_ago(24 * 365 * 4).await;
    let run =
        async |sql: &'static str| sqlx::raw_sql(sql).execute(desk._database.store.pool()).await.map(drop).unwrap();
    run("UPDATE seals SET valid_until = 9000000000000").await;
    // Three years and a bit later, as if nobody had looked at the seal's end.
    desk.clock.advance(Duration::from_secs(86_400 * (365 * 4 - 1)));
    desk.host.tick().await.unwrap();
    let sealed = desk.sealed("a", pdf(17)).await;
    let told = desk.pdfsig(&sealed, "p256.pem");
    assert!(told.contains("Signature is Valid.") && told.contains("Certificate has Expired"), "{told}");
    assert!(!desk.pyhanko(&sealed, "p256.pem").0);
    let (valid, told) = desk.openssl(&sealed, "p256.pem").await;
    assert!(!valid && told.contains("expired"), "{told}");
    let report = desk.report(&sealed).await;
    assert!(!report.is_valid() && report.has("expired"), "{report:?}");
    let refused = desk.host.apply(&act("b"), &name("permit"), order(ofd(50))).await;
    assert!(refused.is_err(), "the data of GB/T 38540 know their end");
}
