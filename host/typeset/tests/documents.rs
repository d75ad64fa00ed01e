//! What is made, judged by programs that we did not write: Poppler, qpdf, pyHanko and ofd.js.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{PERMIT, made, order, saved, text, typesetter};
use zhongtai_test_tools::{node, python, tool};
use zhongtai_typeset::{SealPlace, Template};

fn script(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn said(command: &mut std::process::Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    format!("{out}{err}")
}

#[tokio::test]
async fn the_pdf_has_subsets_of_its_fonts_its_text_and_no_mistake() {
    let (_folder, path) = saved("permit.pdf", &made(&text(PERMIT)).await.pdf);
    let fonts = said(tool("pdffonts").arg(&path));
    let fonts: Vec<_> = fonts.lines().skip(2).collect();
    assert_eq!(fonts.len(), 3, "regular and bold serif, and sans: {fonts:?}");
    for font in fonts {
        let columns: Vec<_> = font.split_whitespace().rev().take(5).collect();
        assert_eq!(columns[2..], ["yes", "yes", "yes"], "embedded, subset, readable: {font}");
        assert!(font.contains("NotoSerifCJKsc") || font.contains("NotoSansCJKsc"), "mainland forms: {font}");
    }
    // Chinese and Latin letters have some room between them.
    let words = said(tool("pdftotext").arg("-layout").arg(&path).arg("-")).replace(' ', "");
    for expected in [
        "占道挖掘许可证",
        "清城管〔2026〕12号",
        "清远市清城区水务工程有限公司",
        "186.5",
        "2026年3月2日",
        "“明显标志”；",
    ] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
    let checked = said(tool("qpdf").arg("--check").arg(&path));
    assert!(checked.contains("No syntax or stream encoding errors found"), "{checked}");
    assert!(!checked.contains("WARNING"), "{checked}");
    let info = said(tool("pdfinfo").arg("-isodates").arg(&path));
    for line in [
        "Title:           占道挖掘许可证",
        "Creator:         Zhongtai",
        "CreationDate:    2026-03-0",
        "Tagged:          yes",
    ] {
        assert!(info.contains(line), "{line}: {info}");
    }
}

#[tokio::test]
async fn the_pdf_has_what_pdf_a_2b_asks_for_and_a_changed_one_is_found_out() {
    let pdf = made(&text(PERMIT)).await.pdf;
    let (_folder, path) = saved("permit.pdf", &pdf);
    let check = |path: &Path| said(python().arg(script("tests/pdfa.py")).arg(path));
    assert_eq!(check(&path), "checked 3 fonts on 2 pages\n");
    // The check sees what it looks for.
    let changed = String::from_utf8_lossy(&pdf).contains("GTS_PDFA1");
    assert!(changed, "the output intent is readable in the file");
    let at = pdf.windows(9).position(|window| window == b"GTS_PDFA1").unwrap();
    let mut other = pdf.clone();
    other[at + 8] = b'2';
    let (_folder, path) = saved("other.pdf", &other);
    assert!(check(&path).contains("6.2.3: one output intent"), "{}", check(&path));
}

#[tokio::test]
async fn the_same_order_gives_the_same_bytes_in_another_worker_too() {
    let one = made(&text(PERMIT)).await;
    let typesetter = typesetter();
    for _ in 0..2 {
        let other = typesetter.typeset(&text(PERMIT)).await.unwrap();
        assert!(one.pdf == other.pdf && one.ofd == other.ofd);
    }
    let mut later = text(PERMIT);
    later.at = "2026-03-02T18:30:00Z".parse().unwrap();
    assert!(typesetter.typeset(&later).await.unwrap().pdf != one.pdf);
}

#[tokio::test]
async fn the_place_of_a_seal_is_told_in_millimetres() {
    let made = made(&text(PERMIT)).await;
    let [place] = made.facts.seal_places.as_slice() else { unreachable!("{:?}", made.facts) };
    // A4 with margins of 30 mm: the box ends 30 mm from the right edge and 50 mm from the lower one.
    let expected = [210.0 - 30.0 - 42.0, 297.0 - 30.0 - 20.0 - 42.0, 42.0, 42.0];
    let found = [place.x_mm, place.y_mm, place.width_mm, place.height_mm];
    for (found, expected) in found.into_iter().zip(expected) {
        assert!((found - expected).abs() < 0.01, "{found} and not {expected}");
    }
    assert_eq!((place.page, place.name.as_str()), (1, ""));
    let (x_mm, y_mm) = place.centred(40.0, 30.0);
    assert!((x_mm - place.x_mm - 1.0).abs() < 1e-9 && (y_mm - place.y_mm - 6.0).abs() < 1e-9);
}

#[tokio::test]
async fn several_seals_have_names_and_pages_and_flow_with_the_text() {
    let template = "#v(50mm)\n#align(right)[#block(width: 40mm, height: 40mm) <seal-甲方>]\n#pagebreak()\n\
                    #box(width: 30mm, height: 30mm)<seal-乙方>";
    let places = made(&text(template)).await.facts.seal_places;
    let seen: Vec<_> = places.iter().map(|SealPlace { name, page, .. }| (name.as_str(), *page)).collect();
    assert_eq!(seen, [("甲方", 1), ("乙方", 2)]);
}

/// The reader's view of an OFD file.
fn read(ofd: &[u8]) -> Value {
    let (_folder, path) = saved("permit.ofd", ofd);
    serde_json::from_str(said(node().arg(script("../ofd/tests/read.cjs")).arg(path)).trim()).unwrap()
}

#[tokio::test]
async fn a_reader_sees_the_text_and_the_lines_of_the_ofd() {
    let seen = read(&made(&text(PERMIT)).await.ofd);
    let pages = seen["text"].as_array().unwrap();
    assert_eq!(pages.len(), 2);
    for expected in ["占道挖掘许可证", "清远市清城区水务工程有限公司", "2026年3月2日"] {
        assert!(pages[0].as_str().unwrap().contains(expected), "{expected}: {}", pages[0]);
    }
    assert!(pages[1].as_str().unwrap().contains("附件：许可条件。"), "{}", pages[1]);
    assert!(seen["paths"][0].as_u64().unwrap() >= 6, "the table's lines: {}", seen["paths"]);
}

#[tokio::test]
async fn characters_stand_at_the_same_places_in_both_files() {
    let made = made(&text(PERMIT)).await;
    let (_folder, pdf) = saved("permit.pdf", &made.pdf);
    let boxes = said(tool("pdftotext").arg("-bbox").arg(&pdf).arg("-"));
    let (_folder, ofd) = saved("permit.ofd", &made.ofd);
    let content = said(tool("unzip").arg("-p").arg(&ofd).arg("Doc_0/Pages/Page_0/Content.xml"));
    let lines = ofd_lines(&content);
    let mut compared = 0;
    for (word, x_mm) in pdf_words(&boxes) {
        for (text, left_mm) in &lines {
            if *text == word {
                assert!((left_mm - x_mm).abs() < 0.1, "{word}: {x_mm} mm in PDF, {left_mm} mm in OFD");
                compared += 1;
            }
        }
    }
    assert!(compared >= 4, "{compared} of {lines:?} in {boxes}");
}

#[tokio::test]
async fn a_font_of_the_ofd_can_be_used_alone() {
    let made = made(&text(PERMIT)).await;
    let (folder, ofd) = saved("permit.ofd", &made.ofd);
    said(tool("unzip").arg("-q").arg(&ofd).arg("Doc_0/Res/*").arg("-d").arg(folder.path()));
    for font in std::fs::read_dir(folder.path().join("Doc_0/Res")).unwrap() {
        let path = font.unwrap().path();
        let format = "%{family} %{fontformat} %{charset}";
        let scanned = said(tool("fc-scan").arg("--format").arg(format).arg(&path));
        assert!(scanned.contains("CJK SC") && scanned.contains("CFF"), "{scanned}");
        // 许 or, in the sans part, 施.
        assert!(["8bb8", "65bd"].iter().any(|character| scanned.contains(character)), "{scanned}");
    }
}

/// Words of the first page with their left edges.
fn pdf_words(boxes: &str) -> Vec<(String, f64)> {
    let first = boxes.split("</page>").next().unwrap();
    let words = first.lines().filter_map(|line| {
        let x = line.split("xMin=\"").nth(1)?.split('"').next()?.parse::<f64>().ok()?;
        let word = line.split('>').nth(1)?.split('<').next()?;
        Some((word.to_owned(), x * 25.4 / 72.0))
    });
    words.collect()
}

/// Lines of text with their left edges.
fn ofd_lines(content: &str) -> Vec<(String, f64)> {
    let lines = content.split("<ofd:TextObject").skip(1).filter_map(|object| {
        let boundary = object.split("Boundary=\"").nth(1)?.split(' ').next()?.parse::<f64>().ok()?;
        let code = object.split("<ofd:TextCode").nth(1)?;
        let x = code.split(" X=\"").nth(1)?.split('"').next()?.parse::<f64>().ok()?;
        let text = code.split('>').nth(1)?.split('<').next()?;
        Some((text.to_owned(), boundary + x))
    });
    lines.collect()
}

#[tokio::test]
async fn drawings_and_pictures_get_into_both_files() {
    let main =
        "#image(\"ring.svg\", width: 40mm)\n#image(\"dot.png\", width: 10mm)\n#rotate(-30deg)[#text(size: 40pt)[样本]]";
    let svg = br##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><circle cx="10" cy="10" r="8" fill="none" stroke="#b00" stroke-width="2"/><path d="M2 2q8 8 16 0z" fill="#00b"/></svg>"##;
    let parts = [
        ("main.typ".to_owned(), main.as_bytes().to_vec()),
        ("ring.svg".to_owned(), svg.to_vec()),
        ("dot.png".to_owned(), dot()),
    ];
    let made = made(&order(Template::new(parts).unwrap(), support::inputs())).await;
    let seen = read(&made.ofd);
    assert_eq!(seen["images"][0], 1);
    assert_eq!(seen["paths"][0], 3, "two of the drawing, one of the turned text");
    let (_folder, path) = saved("drawing.pdf", &made.pdf);
    assert_eq!(said(tool("pdfimages").arg("-list").arg(&path)).lines().count(), 3, "two lines of heading");
}

/// A PNG of one red pixel.
fn dot() -> Vec<u8> {
    let mut pixmap = Vec::new();
    pixmap.extend(b"\x89PNG\r\n\x1a\n");
    for (kind, data) in [
        (b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0".to_vec()),
        (b"IDAT", b"\x78\x9c\x63\xf8\xcf\xc0\0\0\x03\x01\x01\0".to_vec()),
        (b"IEND", Vec::new()),
    ] {
        let body = [kind.as_slice(), &data].concat();
        pixmap.extend((data.len() as u32).to_be_bytes());
        pixmap.extend(&body);
        pixmap.extend(crc32(&body).to_be_bytes());
    }
    pixmap
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
        crc
    })
}
