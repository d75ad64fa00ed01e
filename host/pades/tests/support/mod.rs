//! What the tests of this crate share: documents, a seal, and the tools that judge.
#![allow(dead_code, reason = "no test file needs all of it")]

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, LazyLock},
    time::SystemTime,
};

use tempfile::TempDir;
use zhongtai_impression::{Design, Drawing, Font};
use zhongtai_pades::{Fault, PdfReport, Placement, SealAppearance, SignatureFacts, sign, verify};
use zhongtai_pki::{
    Algorithm, Credential, Profile, SoftwareKey, Subject, TimeStamper, testing::World, x509_cert::der::EncodePem,
};
use zhongtai_test_tools::tool;

/// Drawn once: the font has 27 MB.
pub static SEAL: LazyLock<Drawing> = LazyLock::new(|| {
    let file = std::fs::read("/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc").unwrap();
    let design = Design { code: Some("4418020012345".into()), ..Design::round("清远市清城区城市管理局") };
    design.draw(&Font::parse(&file, 2).unwrap()).unwrap()
});

/// Keys and certificates that are valid now: the tools have no other clock.
pub fn world() -> World {
    World::at(Algorithm::EcdsaP256Sha256, SystemTime::now().try_into().unwrap())
}

pub fn facts(world: &World) -> SignatureFacts {
    SignatureFacts {
        name: Some("清城区城市管理局".into()),
        reason: Some("占道挖掘许可 (1)".into()),
        location: Some("清远".into()),
        at: world.now(),
    }
}

pub fn on(page: u32, x_mm: f64, y_mm: f64) -> Option<SealAppearance<'static>> {
    Some(SealAppearance { drawing: &SEAL, placement: Placement { page, x_mm, y_mm } })
}

/// Sealed on the first page by the world's department.
pub fn seal(world: &World, pdf: &[u8]) -> Vec<u8> {
    seal_on(world, pdf, 1, 120.0, 200.0)
}

/// The same, by a seal of its own.
pub fn seal_by_another(world: &World, pdf: &[u8], x_mm: f64) -> Vec<u8> {
    let key = Arc::new(SoftwareKey::generate(Algorithm::EcdsaP256Sha256).unwrap());
    let subject = Subject::new(&format!("公章 {x_mm}")).unwrap();
    let seal = world.department.enrol(key, &subject, Profile::DocumentSigner, 365).unwrap();
    sign(pdf, on(1, x_mm, 20.0), &seal, Some(&world.stamper), &facts(world)).unwrap()
}

pub fn seal_on(world: &World, pdf: &[u8], page: u32, x_mm: f64, y_mm: f64) -> Vec<u8> {
    sign(pdf, on(page, x_mm, y_mm), &world.seal, Some(&world.stamper), &facts(world)).unwrap()
}

pub fn sign_with(world: &World, credential: &Credential, stamper: Option<&dyn TimeStamper>) -> Vec<u8> {
    sign(&document(), None, credential, stamper, &facts(world)).unwrap()
}

/// Two pages of A4 with a line of text; the second is turned by `rotate` degrees.
pub fn document_turned(rotate: u32) -> Vec<u8> {
    let content = b"BT /F1 24 Tf 72 720 Td (Permit No. 17) Tj ET".to_vec();
    let mut stream = format!("<</Length {}>>\nstream\n", content.len()).into_bytes();
    stream.extend(content);
    stream.extend(b"\nendstream");
    let page = |rest: &str| {
        format!("<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</Font<</F1 6 0 R>>>>{rest}>>").into_bytes()
    };
    file(&[
        b"<</Type/Catalog/Pages 2 0 R/Lang(zh-CN)>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 595.276 841.89]>>".to_vec(),
        page(""),
        page(&format!("/Rotate {rotate}")),
        stream,
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_vec(),
    ])
}

pub fn document() -> Vec<u8> {
    document_turned(0)
}

/// A file of these objects; the first is the catalog.
pub fn file(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut pdf = b"%PDF-1.7\n%\xE4\xB8\xAD\xE5\n".to_vec();
    append(&mut pdf, &objects.iter().zip(1..).map(|(body, number)| (number, body.clone())).collect::<Vec<_>>(), None);
    pdf
}

/// Appends a revision with these objects.
pub fn append(pdf: &mut Vec<u8>, objects: &[(u32, Vec<u8>)], previous: Option<usize>) {
    let mut table = b"xref\n".to_vec();
    if previous.is_none() {
        table.extend(b"0 1\n0000000000 65535 f\r\n");
    }
    for (number, body) in objects {
        table.extend(format!("{number} 1\n{:010} 00000 n\r\n", pdf.len()).into_bytes());
        pdf.extend(format!("{number} 0 obj\n").into_bytes());
        pdf.extend(body);
        pdf.extend(b"\nendobj\n");
    }
    let start = pdf.len();
    let size =
        objects.iter().map(|(number, _)| number + 1).max().unwrap().max(if previous.is_some() { 100 } else { 0 });
    let previous = previous.map_or(String::new(), |at| format!("/Prev {at}"));
    pdf.extend(table);
    pdf.extend(format!("trailer\n<</Size {size}/Root 1 0 R{previous}>>\nstartxref\n{start}\n%%EOF\n").into_bytes());
}

/// Where the last cross-references begin.
pub fn last_start(pdf: &[u8]) -> usize {
    let at = find_last(pdf, b"startxref\n") + 10;
    let digits: Vec<u8> = pdf[at..].iter().copied().take_while(u8::is_ascii_digit).collect();
    String::from_utf8(digits).unwrap().parse().unwrap()
}

pub fn find(pdf: &[u8], needle: &[u8]) -> usize {
    pdf.windows(needle.len()).position(|window| window == needle).unwrap()
}

pub fn find_last(pdf: &[u8], needle: &[u8]) -> usize {
    pdf.windows(needle.len()).rposition(|window| window == needle).unwrap()
}

/// The four numbers of the last signature.
pub fn byte_range(pdf: &[u8]) -> [usize; 4] {
    let at = find_last(pdf, b"/ByteRange [") + 12;
    let end = at + find(&pdf[at..], b"]");
    let numbers: Vec<usize> =
        std::str::from_utf8(&pdf[at..end]).unwrap().split_whitespace().map(|number| number.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

/// What the tools work on.
pub struct Bench {
    pub folder: TempDir,
}

impl Bench {
    pub fn new(world: &World) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        let root = world.root.certificate().unwrap().to_pem(Default::default()).unwrap();
        std::fs::write(bench.path("root.pem"), root).unwrap();
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// What poppler says; the database of trusted certificates holds the root alone.
    pub fn pdfsig(&self, pdf: &[u8]) -> String {
        let database = format!("sql:{}", self.folder.path().display());
        if !self.path("cert9.db").exists() {
            must(tool("certutil").args(["-N", "--empty-password", "-d", &database]));
            let root = self.path("root.pem");
            must(tool("certutil").args(["-A", "-a", "-n", "root", "-t", "C,C,C", "-d", &database, "-i"]).arg(root));
        }
        let file = self.write("pdfsig.pdf", pdf);
        said(tool("pdfsig").args(["-nssdir", &database]).arg(file))
    }

    /// What pyHanko says, and whether it is content.
    pub fn pyhanko(&self, command: &str, pdf: &[u8]) -> (bool, String) {
        let file = self.write("pyhanko.pdf", pdf);
        let mut run = zhongtai_test_tools::python_tool("pyhanko");
        run.args(["sign", command, "--pretty-print", "--no-revocation-check", "--trust-replace", "--trust"]);
        let out = run.arg(self.path("root.pem")).arg(file).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        (out.status.success(), said)
    }

    /// Takes the last signature out: its value and the bytes that it signs.
    pub fn take_out(&self, pdf: &[u8]) -> (PathBuf, PathBuf) {
        let [_, first, second, rest] = byte_range(pdf);
        let digits = std::str::from_utf8(&pdf[first + 1..second - 1]).unwrap();
        let mut value: Vec<u8> =
            (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect();
        let length = 4 + usize::from(u16::from_be_bytes([value[2], value[3]]));
        assert_eq!(value[..2], [0x30, 0x82], "a sequence of 256 to 65535 bytes");
        value.truncate(length);
        let content = [&pdf[..first], &pdf[second..second + rest]].concat();
        (self.write("signature.der", &value), self.write("content.bin", &content))
    }

    /// `openssl cms -verify -cades` with the certificates and lists of `authorities`.
    pub fn openssl_cms(&self, pdf: &[u8], authorities: &Path, more: &[&str]) -> (bool, String) {
        let (signature, content) = self.take_out(pdf);
        let mut run = tool("openssl");
        run.args([
            "cms",
            "-verify",
            "-cades",
            "-binary",
            "-inform",
            "DER",
            "-purpose",
            "any",
            "-out",
            "/dev/null",
            "-in",
        ]);
        let out = run
            .arg(signature)
            .arg("-content")
            .arg(content)
            .arg("-CAfile")
            .arg(authorities)
            .args(more)
            .output()
            .unwrap();
        (out.status.success(), String::from_utf8_lossy(&out.stderr).into_owned())
    }
}

pub fn must(command: &mut Command) {
    let out = command.output().unwrap();
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
}

pub fn said(command: &mut Command) -> String {
    let out = command.output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// The file with its cross-references and objects in streams.
pub fn with_streams(pdf: &[u8]) -> Vec<u8> {
    by_qpdf(pdf, &["--object-streams=generate", "--compress-streams=y"])
}

/// The file in the order in which a browser needs it: its last cross-references stand at its beginning.
pub fn linearized(pdf: &[u8]) -> Vec<u8> {
    by_qpdf(pdf, &["--linearize"])
}

fn by_qpdf(pdf: &[u8], how: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.pdf"), folder.path().join("to.pdf"));
    std::fs::write(&from, pdf).unwrap();
    must(tool("qpdf").args(how).arg(&from).arg(&to));
    std::fs::read(to).unwrap()
}

/// A page as poppler shows it: width, height and pixels, 2 to the millimetre.
pub fn shown(pdf: &[u8], page: u32) -> (usize, usize, Vec<[u8; 3]>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.pdf");
    std::fs::write(&file, pdf).unwrap();
    let page = page.to_string();
    let out = tool("pdftoppm").args(["-r", "50.8", "-f", &page, "-l", &page]).arg(&file).output().unwrap();
    assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    let mut fields = out.stdout.splitn(4, u8::is_ascii_whitespace);
    assert_eq!(fields.next().unwrap(), b"P6");
    let mut number = || std::str::from_utf8(fields.next().unwrap()).unwrap().parse::<usize>().unwrap();
    let (width, height) = (number(), number());
    let pixels = &out.stdout[out.stdout.len() - width * height * 3..];
    (width, height, pixels.chunks_exact(3).map(|pixel| pixel.try_into().unwrap()).collect())
}

/// The box around what is red, in millimetres of the page as it is shown: left, top, right, bottom.
pub fn red_box(pdf: &[u8], page: u32) -> Option<[f64; 4]> {
    let (width, _, pixels) = shown(pdf, page);
    let red = pixels.iter().enumerate().filter(|(_, pixel)| pixel[0] > 150 && pixel[1] < 128);
    let places = red.map(|(at, _)| ((at % width) as f64 / 2.0, (at / width) as f64 / 2.0));
    places.fold(None, |found: Option<[f64; 4]>, (x, y)| {
        let [left, top, right, bottom] = found.unwrap_or([x, y, x, y]);
        Some([left.min(x), top.min(y), right.max(x), bottom.max(y)])
    })
}

/// What our own check says of a file.
pub fn report(world: &World, pdf: &[u8]) -> PdfReport {
    verify(pdf, &world.trust()).unwrap()
}

/// What is wrong with its first signature.
pub fn faults(world: &World, pdf: &[u8]) -> Vec<Fault> {
    report(world, pdf).signatures.remove(0).faults
}

/// Writes `text` over `old`, which is as long or longer, with spaces after it.
pub fn overwrite(pdf: &mut [u8], old: &str, text: &str) {
    let at = find_last(pdf, old.as_bytes());
    pdf[at..at + old.len()].copy_from_slice(format!("{text:<width$}", width = old.len()).as_bytes());
}
