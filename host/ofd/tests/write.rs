//! Documents as they are written.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use support::{files, line, permit};
use zhongtai_kernel::ErrorKind;
use zhongtai_ofd::{Glyph, Item, Layout, OfdError, Segment, write};
use zhongtai_test_tools::tool;

fn page(layout: &Layout, number: usize) -> String {
    let name = format!("Doc_0/Pages/Page_{number}/Content.xml");
    String::from_utf8(support::file(&write(layout).unwrap(), &name)).unwrap()
}

fn refusal(change: impl FnOnce(&mut Layout)) -> String {
    let mut layout = permit();
    change(&mut layout);
    match write(&layout) {
        Err(error @ OfdError::Layout { .. }) => {
            assert_eq!(error.kind(), ErrorKind::Invalid);
            error.to_string()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_package_begins_with_its_main_entry_and_has_every_part() {
    let names: Vec<String> = files(&write(&permit()).unwrap()).into_iter().map(|(name, _)| name).collect();
    let expected = [
        "OFD.xml",
        "Doc_0/Document.xml",
        "Doc_0/Pages/Page_0/Content.xml",
        "Doc_0/Pages/Page_1/Content.xml",
        "Doc_0/PublicRes.xml",
        "Doc_0/DocumentRes.xml",
        "Doc_0/Res/font_1.ttf",
    ];
    assert_eq!(names[..7], expected);
    assert!(names[7].starts_with("Doc_0/Res/image_") && names.len() == 8, "{names:?}");
}

#[test]
fn the_same_layout_gives_the_same_bytes() {
    assert_eq!(write(&permit()).unwrap(), write(&permit()).unwrap());
}

#[test]
fn unzip_and_xmllint_find_no_fault_in_a_package() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("permit.ofd");
    std::fs::write(&path, write(&permit()).unwrap()).unwrap();
    let tested = tool("unzip").arg("-t").arg(&path).output().unwrap();
    let text = String::from_utf8_lossy(&tested.stdout).into_owned();
    assert!(tested.status.success() && text.contains("No errors detected"), "{text}");

    assert!(tool("unzip").args(["-q", "-d"]).arg(folder.path()).arg(&path).status().unwrap().success());
    for (name, _) in files(&write(&permit()).unwrap()).into_iter().filter(|(name, _)| name.ends_with(".xml")) {
        let checked = tool("xmllint").args(["--noout", "--nonet"]).arg(folder.path().join(&name)).output().unwrap();
        assert!(checked.status.success(), "{name}: {}", String::from_utf8_lossy(&checked.stderr));
    }
}

#[test]
fn a_line_keeps_its_characters_its_glyphs_and_their_places() {
    let content = page(&permit(), 1);
    assert!(content.contains(">清远市清城区城市管理局</ofd:TextCode>"), "{content}");
    assert!(content.contains(r#"CodePosition="0" CodeCount="11" GlyphCount="11""#), "{content}");
    assert!(content.contains("<ofd:Glyphs>36 37 38 39 40 41 42 43 44 45 46</ofd:Glyphs>"), "{content}");
    assert!(content.contains(r#"DeltaX="6 6 6 6 6 6 6 6 6 6""#), "{content}");
    // X and Y count from the boundary, which has room around the glyphs.
    assert!(content.contains(r#"Boundary="88.5 212.8 69 10.2""#), "{content}");
    assert!(content.contains(r#"X="1.5" Y="7.2""#), "{content}");
}

#[test]
fn a_ligature_and_a_glyph_of_several_parts_stay_together() {
    let mut layout = permit();
    let glyph = |id, text: &str, dx_mm| Glyph { id, text: text.to_owned(), dx_mm };
    let glyphs =
        vec![glyph(1, "a", 0.0), glyph(2, "fi", 4.0), glyph(3, "e", 8.0), glyph(4, "", 8.5), glyph(5, "z", 12.0)];
    layout.pages[0].items =
        vec![Item::Glyphs { font: 0, size_mm: 4.0, x_mm: 10.0, y_mm: 10.0, fill: [1, 2, 3], glyphs }];
    let content = page(&layout, 0);
    let counts: Vec<&str> = content.split("CodeCount=").skip(1).map(|rest| &rest[..18]).collect();
    assert_eq!(
        counts,
        ["\"1\" GlyphCount=\"1\"", "\"2\" GlyphCount=\"1\"", "\"1\" GlyphCount=\"2\"", "\"1\" GlyphCount=\"1\""]
    );
    assert!(content.contains(r#"DeltaX="2">fi<"#), "{content}");
    assert!(content.contains("<ofd:Glyphs>3 4</ofd:Glyphs>"), "{content}");
}

#[test]
fn rounding_does_not_make_a_long_line_drift() {
    let mut layout = permit();
    let step = 1.000_049;
    let glyphs = (0..1000_u16).map(|id| Glyph { id, text: "永".to_owned(), dx_mm: f64::from(id) * step }).collect();
    layout.pages[0].items =
        vec![Item::Glyphs { font: 0, size_mm: 1.0, x_mm: 0.0, y_mm: 10.0, fill: [0, 0, 0], glyphs }];
    let content = page(&layout, 0);
    let deltas = content.split("DeltaX=\"").nth(1).unwrap().split('"').next().unwrap();
    let end: f64 = deltas.split(' ').map(|one| one.parse::<f64>().unwrap()).sum();
    assert!((end - 999.0 * step).abs() < 0.001, "{end}");
}

#[test]
fn a_path_is_written_from_the_corner_of_its_boundary() {
    let mut layout = permit();
    layout.pages[0].items = vec![Item::Path {
        fill: Some([200, 0, 0]),
        stroke: None,
        segments: vec![
            Segment::MoveTo { x: 10.0, y: 10.0 },
            Segment::LineTo { x: 20.0, y: 10.0 },
            Segment::CurveTo { x1: 21.0, y1: 11.0, x2: 21.0, y2: 12.0, x: 20.0, y: 13.0 },
            Segment::Close,
        ],
    }];
    let content = page(&layout, 0);
    assert!(content.contains(r#"Boundary="9.99 9.99 11.02 3.02" Stroke="false" Fill="true""#), "{content}");
    assert!(content.contains("M 0.01 0.01 L 10.01 0.01 B 11.01 1.01 11.01 2.01 10.01 3.01 C"), "{content}");
}

#[test]
fn a_picture_on_two_pages_is_in_the_package_once() {
    let mut layout = permit();
    let picture = layout.pages[1].items[1].clone();
    layout.pages[0].items.push(picture);
    let names = files(&write(&layout).unwrap());
    assert_eq!(names.iter().filter(|(name, _)| name.ends_with(".png")).count(), 1);
    assert!(page(&layout, 0).contains("<ofd:ImageObject") && page(&layout, 1).contains("<ofd:ImageObject"));
}

#[test]
fn the_date_of_a_document_is_the_day_in_china() {
    // 2026-11-22 17:00 UTC is the next day there.
    let mut layout = permit();
    layout.created = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_795_366_800);
    let entry = support::file(&write(&layout).unwrap(), "OFD.xml");
    assert!(String::from_utf8(entry).unwrap().contains("<ofd:CreationDate>2026-11-23</ofd:CreationDate>"));
}

#[test]
fn a_layout_that_no_file_can_hold_is_refused_by_name() {
    assert_eq!(refusal(|layout| layout.pages.clear()), "the document: it has no page: lay out at least one");
    let told = refusal(|layout| layout.fonts[0].data = b"ttcf....".to_vec());
    assert_eq!(told, "font 0: neither TrueType nor OpenType: take a single font out of a collection");
    assert_eq!(refusal(|layout| layout.fonts.clear()), "page 1: a text is in a font that the layout has not");
    assert_eq!(refusal(|layout| layout.pages[1].width_mm = f64::NAN), "page 2: its size is not within 0 and 5000 mm");
    assert_eq!(refusal(|layout| layout.pages[1].height_mm = 0.0), "page 2: its size is not within 0 and 5000 mm");
    let told = refusal(|layout| layout.title = "a\u{0}b".to_owned());
    assert_eq!(told, "the title: a text has a control character, which XML can't hold");
    let told = refusal(|layout| layout.pages[0].items.push(line("a\u{b}", 1.0, 1.0, 1.0)));
    assert_eq!(told, "page 1: a text has a control character, which XML can't hold");
    let told = refusal(|layout| layout.pages[0].items.push(line("a", f64::INFINITY, 1.0, 1.0)));
    assert_eq!(told, "page 1: a text has a place or a size that is no length in millimetres");
    let told = refusal(|layout| layout.pages[0].items.push(line("", 1.0, 1.0, 1.0)));
    assert_eq!(told, "page 1: a text has no glyph: leave it out");
    let empty = Glyph { id: 1, text: String::new(), dx_mm: 0.0 };
    let told = refusal(|layout| {
        layout.pages[0].items =
            vec![Item::Glyphs { font: 0, size_mm: 1.0, x_mm: 0.0, y_mm: 0.0, fill: [0; 3], glyphs: vec![empty] }];
    });
    assert_eq!(told, "page 1: a text begins with a glyph that stands for no character");
    let path = |segments| Item::Path { fill: None, stroke: None, segments };
    let told = refusal(|layout| layout.pages[0].items.push(path(vec![Segment::Close])));
    assert_eq!(told, "page 1: a path does not begin with a move");
    let told = refusal(|layout| layout.pages[0].items.push(path(vec![Segment::MoveTo { x: f64::NAN, y: 0.0 }])));
    assert_eq!(told, "page 1: a path has a coordinate or a line width that is no length in millimetres");
    let image =
        |png: &[u8], width_mm| Item::Image { x_mm: 0.0, y_mm: 0.0, width_mm, height_mm: 1.0, png: png.to_vec() };
    let told = refusal(|layout| layout.pages[0].items.push(image(b"GIF89a", 1.0)));
    assert_eq!(told, "page 1: a picture is no PNG file: convert it");
    let told = refusal(|layout| layout.pages[0].items.push(image(b"\x89PNG\r\n\x1a\n", -1.0)));
    assert_eq!(told, "page 1: a picture has a place or a size that is no length in millimetres");
}
