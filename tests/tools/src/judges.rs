//! What tools that we did not write say of sealed documents.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{node, python, python_tool, tool};

/// The tools with the roots that they trust, and a folder that they work in.
pub struct Judges {
    folder: TempDir,
}

/// The checks of `ses_check.py`, each true for a seal that holds.
pub const SES_CHECKS: [&str; 11] = [
    "methods",
    "digests",
    "dataHash",
    "propertyInfo",
    "signature",
    "sealSignature",
    "algorithms",
    "listed",
    "sealFile",
    "inValidity",
    "stamped",
];

/// The id that SM2 signatures are made under when nothing else is said, GB/T 35276.
pub const DISTID: &str = "1234567812345678";

// === impl Judges ===

impl Judges {
    /// They trust the root of the P-256 chain, PEM.
    pub fn trusting(root: &str) -> Self {
        let judges = Self { folder: tempfile::tempdir().expect("a temporary directory") };
        judges.write("root.pem", root.as_bytes());
        judges
    }

    /// A file in their folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file into their folder.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), bytes).expect("a file");
        self.path(name)
    }

    /// What poppler says; its database of trusted certificates holds the root alone.
    pub fn pdfsig(&self, pdf: &[u8]) -> String {
        let database = format!("sql:{}", self.folder.path().display());
        if !self.path("cert9.db").exists() {
            must(tool("certutil").args(["-N", "--empty-password", "-d", &database]));
            let add = ["-A", "-a", "-n", "root", "-t", "C,C,C", "-d", &database, "-i"];
            must(tool("certutil").args(add).arg(self.path("root.pem")));
        }
        said(tool("pdfsig").args(["-nssdir", &database]).arg(self.write("pdfsig.pdf", pdf))).1
    }

    /// What `pyhanko sign <verb>` says (`validate`, `adesverify`), and whether it is content.
    pub fn pyhanko(&self, verb: &str, pdf: &[u8]) -> (bool, String) {
        let mut run = python_tool("pyhanko");
        run.args(["sign", verb, "--pretty-print", "--no-revocation-check", "--trust-replace", "--trust"]);
        said(run.arg(self.path("root.pem")).arg(self.write("pyhanko.pdf", pdf)))
    }

    /// What `openssl cms -verify -cades` says of the last signature.
    pub fn openssl_cms(&self, pdf: &[u8]) -> (bool, String) {
        let (signature, content) = self.taken_out(pdf);
        let mut run = tool("openssl");
        run.args(["cms", "-verify", "-cades", "-binary", "-inform", "DER", "-purpose", "any", "-out", "/dev/null"]);
        said(run.arg("-in").arg(signature).arg("-content").arg(content).arg("-CAfile").arg(self.path("root.pem")))
    }

    /// What `openssl ts -verify` says of the time stamp on the last signature.
    pub fn openssl_ts(&self, pdf: &[u8]) -> (bool, String) {
        let script = "import sys\nfrom asn1crypto import cms\n\
            info = cms.ContentInfo.load(open(sys.argv[1], 'rb').read(), strict=True)['content']['signer_infos'][0]\n\
            stamp, = [a for a in info['unsigned_attrs'] if a['type'].native == 'signature_time_stamp_token']\n\
            open(sys.argv[2], 'wb').write(stamp['values'][0].dump())\n\
            open(sys.argv[3], 'wb').write(info['signature'].native)";
        let (signature, _) = self.taken_out(pdf);
        let parts = ["token.der", "value.bin"].map(|name| self.path(name));
        must(python().args(["-c", script]).arg(signature).args(&parts));
        let [token, value] = parts;
        let mut run = tool("openssl");
        run.args(["ts", "-verify", "-token_in", "-in"]).arg(token).arg("-data").arg(value);
        said(run.arg("-CAfile").arg(self.path("root.pem")))
    }

    /// The value of the last signature, and the bytes that it signs.
    fn taken_out(&self, pdf: &[u8]) -> (PathBuf, PathBuf) {
        let at = pdf.windows(12).rposition(|part| part == b"/ByteRange [").expect("a signature") + 12;
        let range = String::from_utf8_lossy(pdf.get(at..at + 80).expect("a range"));
        let range: Vec<usize> = range.split(']').next().expect("an end").split_whitespace().map(number).collect();
        let [_, first, second, rest] = range[..] else { panic!("not a ByteRange: {range:?}") };
        let part = |from: usize, to: usize| pdf.get(from..to).expect("a part of the file");
        let digits = std::str::from_utf8(part(first + 1, second - 1)).expect("digits");
        let mut value: Vec<u8> = digits.as_bytes().chunks(2).map(byte).collect();
        if let [_, _, high, low, ..] = value[..] {
            value.truncate(4 + usize::from(u16::from_be_bytes([high, low])));
        }
        let content = [part(0, first), part(second, second + rest)].concat();
        (self.write("signature.der", &value), self.write("content.bin", &content))
    }

    /// What ofd.js finds in an OFD file, as `host/ofd/tests/read.cjs` prints it.
    pub fn ofd_js(&self, ofd: &[u8]) -> Value {
        let (ok, text) = said(node().arg(of_ofd("read.cjs")).arg(self.write("read.ofd", ofd)));
        let line = text.lines().find(|line| line.starts_with('{')).filter(|_| ok);
        serde_json::from_str(line.unwrap_or_else(|| panic!("ofd.js: {text}"))).expect("JSON")
    }

    /// What the Python check (`host/ofd/tests/ses_check.py`: asn1crypto, gmssl) says of each seal. The parts of the last
    /// one are then in [`path`](Self::path).
    pub fn ses_check(&self, ofd: &[u8]) -> Vec<Value> {
        let file = self.write("ses.ofd", ofd);
        let (ok, text) = said(python().arg(of_ofd("ses_check.py")).arg(file).arg(self.folder.path()));
        assert!(ok, "{text}");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Whether OpenSSL verifies the SM2 signature of the seal that was checked last, under this id.
    pub fn openssl_sm2(&self, id: &str) -> (bool, String) {
        let mut extract = tool("openssl");
        extract.args(["x509", "-inform", "DER", "-pubkey", "-noout", "-in"]).arg(self.path("signer.der"));
        let key = self.write("key.pem", &extract.output().expect("openssl").stdout);
        let mut check = tool("openssl");
        check.args(["pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-pkeyopt", &format!("distid:{id}"), "-pubin"]);
        check.arg("-inkey").arg(key).arg("-in").arg(self.path("signed.der"));
        said(check.arg("-sigfile").arg(self.path("signature.der")))
    }

    /// What `openssl verify -partial_chain` says of each link of the signer's SM2 chain, from the root down to the
    /// signer of the seal that was checked last.
    pub fn openssl_sm2_chain(&self, root: &str) -> Vec<(bool, String)> {
        // The certificates above the signer travel in the seal's extension 2.5.4.70 (PkiPath); the last one is its.
        let script = "import sys\nfrom asn1crypto import core, pem, x509\n\
            class Path(core.SequenceOf): _child_spec = x509.Certificate\n\
            data = open(sys.argv[1] + '/ses.der', 'rb').read()\n\
            at = data.rindex(bytes.fromhex('0603550446')) + 5\n\
            at += 3 if data[at] == 1 else 0\n\
            certificates = [c.dump() for c in Path.load(core.OctetString.load(data[at:]).native)]\n\
            certificates.append(open(sys.argv[1] + '/signer.der', 'rb').read())\n\
            for n, c in enumerate(certificates): open(f'{sys.argv[1]}/link-{n}.pem', 'wb').write(pem.armor('CERTIFICATE', c))\n\
            print(len(certificates))";
        let (ok, count) = said(python().args(["-c", script]).arg(self.folder.path()));
        assert!(ok, "{count}");
        let links = (0..number(count.trim())).map(|number| self.path(&format!("link-{number}.pem")));
        let above = std::iter::once(self.write("sm2-root.pem", root.as_bytes())).chain(links.clone());
        let verify = |(above, below): (PathBuf, PathBuf)| {
            let mut run = tool("openssl");
            run.args(["verify", "-partial_chain", "-vfyopt", &format!("distid:{DISTID}"), "-trusted"]);
            said(run.arg(above).arg(below))
        };
        above.zip(links).map(verify).collect()
    }
}

/// A check that lies beside the crate that it was written for.
fn of_ofd(script: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../host/ofd/tests").join(script)
}

fn number(text: &str) -> usize {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

fn byte(digits: &[u8]) -> u8 {
    let digits = std::str::from_utf8(digits).expect("two digits");
    u8::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("not two digits: {digits}"))
}

/// What a command printed, and whether it ended well.
pub fn said(command: &mut Command) -> (bool, String) {
    let out = command.output().expect("the tool runs");
    (out.status.success(), format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)))
}

fn must(command: &mut Command) {
    let (ok, text) = said(command);
    assert!(ok, "{command:?}: {text}");
}
