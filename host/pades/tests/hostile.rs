//! Files that want to harm their reader: every one ends in a typed error or a report, soon and in little memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::{
    io::Write,
    sync::LazyLock,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use support::{append, document, facts, file, find, last_start, must, seal, with_streams, world};
use zhongtai_kernel::ErrorKind;
use zhongtai_pades::{PadesError, PdfError, sign, verify};
use zhongtai_pki::testing::World;
use zhongtai_test_tools::tool;

static WORLD: LazyLock<World> = LazyLock::new(world);
static SEALED: LazyLock<[Vec<u8>; 2]> =
    LazyLock::new(|| [seal(&WORLD, &document()), seal(&WORLD, &with_streams(&document()))]);

const PAGES: &[u8] = b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>";
const PAGE: &[u8] = b"<</Type/Page/Parent 2 0 R>>";

/// What signing says; verification is tried too.
fn refusal(pdf: &[u8]) -> PdfError {
    let begun = Instant::now();
    let _ = verify(pdf, &WORLD.trust());
    let error = sign(pdf, None, &WORLD.seal, None, &facts(&WORLD)).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    match error {
        PadesError::Pdf(error) => error,
        other => panic!("{other}"),
    }
}

fn three(catalog: &str, pages: &[u8], page: &[u8]) -> Vec<u8> {
    file(&[format!("<</Type/Catalog/Pages 2 0 R{catalog}>>").into_bytes(), pages.to_vec(), page.to_vec()])
}

#[test]
fn circles_end() {
    let kids = three("", b"<</Type/Pages/Kids[2 0 R]/Count 1>>", PAGE);
    assert_eq!(refusal(&kids), PdfError::Document("the page tree goes round in a circle"));
    let twice = three("", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Pages/Kids[2 0 R]/Count 1>>");
    assert_eq!(refusal(&twice), PdfError::Document("the page tree goes round in a circle"));
    let fields = three("/AcroForm<</Fields[3 0 R]>>", PAGES, b"<</T(a)/Kids[3 0 R]>>");
    assert_eq!(refusal(&fields), PdfError::Document("a field is in the form twice"));
    let form = three("/AcroForm 3 0 R", PAGES, b"3 0 R");
    assert_eq!(refusal(&form), PdfError::Document("references go round in a circle"));
    let mut previous = three("", PAGES, PAGE);
    let start = last_start(&previous);
    append(&mut previous, &[(3, PAGE.to_vec())], Some(start));
    let second = last_start(&previous);
    let mut bytes = previous.clone();
    let at = support::find_last(&bytes, format!("/Prev {start}").as_bytes()) + 6;
    bytes.splice(at..at + start.to_string().len(), second.to_string().into_bytes());
    assert_eq!(refusal(&bytes), PdfError::Document("the cross-references go round in a circle"));
}

#[test]
fn a_stream_whose_length_is_itself_and_a_stream_in_itself_are_refused() {
    let length = three("/AcroForm 3 0 R", PAGES, b"<</Length 3 0 R>>\nstream\n\nendstream");
    assert!(matches!(refusal(&length), PdfError::Broken { .. }));
    // Object 1, the catalog, is said to be packed in object 4, and object 4 in itself.
    let rows = [[2_u8, 0, 4, 0], [2, 0, 4, 1]].concat();
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let start = pdf.len();
    let dict = format!("<</Type/XRef/W[1 2 1]/Index[1 1 4 1]/Size 5/Root 1 0 R/Length {}>>", rows.len());
    pdf.extend([format!("9 0 obj\n{dict}\nstream\n").as_bytes(), &rows, b"\nendstream\nendobj\n"].concat());
    pdf.extend(format!("startxref\n{start}\n%%EOF\n").into_bytes());
    assert_eq!(refusal(&pdf), PdfError::Document("an object stream is not one"));
}

#[test]
fn objects_that_stand_deep_in_each_other_do_not_take_the_stack() {
    for open in ["[", "<</A"] {
        let deep = three("/AcroForm 3 0 R", PAGES, open.repeat(1_000_000).as_bytes());
        assert!(matches!(refusal(&deep), PdfError::Broken { what: "objects stand too deep in each other", .. }));
    }
}

#[test]
fn an_object_with_millions_of_values_is_not_read_to_its_end() {
    let many = three("/AcroForm 3 0 R", PAGES, format!("[{}]", "0 ".repeat(3_000_000)).as_bytes());
    assert_eq!(refusal(&many), PdfError::TooLarge("values in one object"));
}

#[test]
fn a_million_objects_are_read_and_more_than_two_million_are_not() {
    let with = |count: usize| {
        let mut pdf = three("", PAGES, PAGE);
        let (previous, start) = (last_start(&pdf), pdf.len());
        pdf.extend(format!("xref\n10 {count}\n").into_bytes());
        pdf.extend(b"0000000009 00000 n\r\n".repeat(count));
        pdf.extend(format!("trailer\n<</Size {}/Root 1 0 R/Prev {previous}>>\n", count + 10).into_bytes());
        pdf.extend(format!("startxref\n{start}\n%%EOF\n").into_bytes());
        pdf
    };
    let begun = Instant::now();
    sign(&with(1_000_000), None, &WORLD.seal, None, &facts(&WORLD)).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let error = refusal(&with(2_000_001));
    assert_eq!((error.kind(), error), (ErrorKind::TooLarge, PdfError::TooLarge("objects")));
}

#[test]
fn cross_references_that_promise_what_is_not_there_are_refused_at_once() {
    let mut listed = b"%PDF-1.7\n".to_vec();
    listed.extend(b"xref\n0 4000000000\n0000000000 65535 f\r\ntrailer\n<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n");
    assert!(matches!(refusal(&listed), PdfError::Broken { .. }));
    for (widths, expected) in
        [("1 2 1", "the cross-reference stream is not one"), ("0 0 0", "the cross-reference stream is not one")]
    {
        let mut packed = b"%PDF-1.7\n".to_vec();
        let dict = format!("<</Type/XRef/W[{widths}]/Index[0 4000000000]/Size 9/Root 1 0 R/Length 4>>");
        packed.extend(format!("9 0 obj\n{dict}\nstream\n1234\nendstream\nendobj\nstartxref\n9\n%%EOF\n").into_bytes());
        assert!(matches!(refusal(&packed), PdfError::Broken { what, .. } if what == expected));
    }
    let mut far = b"%PDF-1.7\n".to_vec();
    far.extend(b"xref\n4294967295 1\n0000000000 65535 f\r\ntrailer\n<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n");
    assert_eq!(refusal(&far), PdfError::TooLarge("object numbers"));
}

#[test]
fn a_stream_that_swells_is_not_unpacked_to_its_end() {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..1024 {
        packer.write_all(&[0; 1 << 20]).unwrap();
    }
    let bomb = packer.finish().unwrap();
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let dict = format!("<</Type/XRef/W[1 2 1]/Size 9/Root 1 0 R/Filter/FlateDecode/Length {}>>", bomb.len());
    pdf.extend([format!("9 0 obj\n{dict}\nstream\n").as_bytes(), &bomb, b"\nendstream\nendobj\n"].concat());
    pdf.extend(b"startxref\n9\n%%EOF\n");
    assert_eq!(refusal(&pdf), PdfError::TooLarge("packed streams"));
}

#[test]
fn encrypted_and_hybrid_files_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.pdf"), folder.path().join("to.pdf"));
    std::fs::write(&from, document()).unwrap();
    must(tool("qpdf").args(["--encrypt", "", "owner", "256", "--"]).arg(&from).arg(&to));
    assert_eq!(refusal(&std::fs::read(to).unwrap()), PdfError::Encrypted);
    let mut hybrid = three("", PAGES, PAGE);
    let at = support::find_last(&hybrid, b"/Root");
    hybrid.splice(at..at, b"/XRefStm 9".iter().copied());
    assert_eq!(refusal(&hybrid), PdfError::Hybrid);
}

#[test]
fn the_same_key_twice_is_refused() {
    let twice = three("/Pages 3 0 R", PAGES, PAGE);
    assert!(matches!(refusal(&twice), PdfError::Broken { what: "a dictionary has the same key twice", .. }));
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused_or_not_intact() {
    let trust = WORLD.trust();
    for sealed in &*SEALED {
        for end in (0..sealed.len()).step_by(97).chain(sealed.len() - 60..sealed.len() - 1) {
            if let Ok(report) = verify(&sealed[..end], &trust) {
                assert!(!report.is_intact(), "the first {end} bytes");
            }
        }
    }
}

#[test]
fn more_signatures_than_are_looked_at_are_refused() {
    let fields: Vec<Vec<u8>> = (0..33).map(|number| format!("<</FT/Sig/T({number})/V 3 0 R>>").into_bytes()).collect();
    let list: String = (4..37).map(|number| format!("{number} 0 R ")).collect();
    let catalog = format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[{list}]>>>>").into_bytes();
    let pdf = file(&[vec![catalog, PAGES.to_vec(), PAGE.to_vec()], fields].concat());
    let error = verify(&pdf, &WORLD.trust()).unwrap_err();
    assert!(matches!(error, PadesError::Pdf(PdfError::TooLarge("signatures"))), "{error}");
    let error = sign(&pdf, None, &WORLD.seal, None, &facts(&WORLD)).unwrap_err();
    assert!(matches!(error, PadesError::TooManySignatures(33)), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Whatever is done to a file, nothing panics; and nothing but the case of a digit goes unnoticed.
    #[test]
    fn a_mangled_file_never_panics_and_never_passes(
        which in 0..2_usize, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let sealed = &SEALED[which];
        let mut mangled = sealed.clone();
        for (at, byte) in changes {
            let at = at.index(mangled.len());
            mangled[at] = byte;
        }
        let start = find(sealed, b"/Contents <") + 11;
        let same = |a: &[u8], b: &[u8]| a.eq_ignore_ascii_case(b);
        let [_, first, second, _] = support::byte_range(sealed);
        let outside = mangled[..first] == sealed[..first] && mangled[second..] == sealed[second..];
        let _ = (start, sign(&mangled, None, &WORLD.seal, None, &facts(&WORLD)));
        if let Ok(report) = verify(&mangled, &WORLD.trust()) && !(outside && same(&mangled, sealed)) {
            let inside = outside && report.is_intact();
            // Certificates that nobody needed may be changed: they are not signed, and prove nothing.
            prop_assert!(!report.is_intact() || inside);
        }
    }

    #[test]
    fn any_bytes_between_header_and_end_never_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let pdf = [b"%PDF-1.7\n".as_slice(), &body, b"\nstartxref\n9\n%%EOF\n"].concat();
        prop_assert!(sign(&pdf, None, &WORLD.seal, None, &facts(&WORLD)).is_err());
        prop_assert!(verify(&pdf, &WORLD.trust()).is_err());
    }
}
