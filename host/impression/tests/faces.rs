//! Faces drawn with a real font.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

use std::{path::Path, sync::LazyLock};

use proptest::prelude::*;
use zhongtai_impression::{Design, DesignError, Drawing, Font, Segment, Shape};
use zhongtai_kernel::ErrorKind;

static SERIF: LazyLock<Vec<u8>> =
    LazyLock::new(|| std::fs::read("/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc").unwrap());

fn font() -> Font<'static> {
    Font::parse(&SERIF, 2).unwrap()
}

fn draw(design: &Design) -> Drawing {
    design.draw(&font()).unwrap()
}

fn full() -> Design {
    Design {
        line_text: Some("合同专用章".into()),
        code: Some("4418020012346".into()),
        ..Design::round("清城区人民政府")
    }
}

/// The box around each path: left, top, right, bottom.
fn boxes(drawing: &Drawing) -> Vec<[f64; 4]> {
    drawing.paths.iter().map(|path| bounds(&path.segments)).collect()
}

fn points(segments: &[Segment]) -> Vec<(f64, f64)> {
    let of = |segment: &Segment| match *segment {
        Segment::MoveTo { x, y } | Segment::LineTo { x, y } => vec![(x, y)],
        Segment::CurveTo { x1, y1, x2, y2, x, y } => vec![(x1, y1), (x2, y2), (x, y)],
        Segment::Close => vec![],
    };
    segments.iter().flat_map(of).collect()
}

fn bounds(segments: &[Segment]) -> [f64; 4] {
    let start = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    points(segments)
        .into_iter()
        .fold(start, |[left, top, right, bottom], (x, y)| [left.min(x), top.min(y), right.max(x), bottom.max(y)])
}

/// Where a glyph stands, clockwise from the top of a round seal, in degrees.
fn bearing([left, top, right, bottom]: [f64; 4], centre: f64) -> f64 {
    let (x, y) = (f64::midpoint(left, right) - centre, f64::midpoint(top, bottom) - centre);
    x.atan2(-y).to_degrees()
}

#[test]
fn a_round_seal_has_its_ring_its_star_and_a_glyph_for_each_character() {
    let drawing = draw(&full());
    assert_eq!((drawing.width_mm, drawing.height_mm), (42.0, 42.0));
    assert_eq!(drawing.paths.len(), 1 + 7 + 1 + 5 + 13, "ring, name, star, line, code");
    assert_eq!(bounds(&drawing.paths[0].segments), [0.0, 0.0, 42.0, 42.0], "the ring touches the edges");
    let star = boxes(&drawing)[8];
    assert!((star[1] - (21.0 - 7.0)).abs() < 1e-9, "the star's upper point stands 7 mm above the middle");
    assert!(drawing.paths.iter().all(|path| path.fill == [200, 0, 0]));
}

#[test]
fn a_ring_is_1_2_mm_wide_at_42_mm() {
    let ring = &draw(&Design::round("清城区人民政府")).paths[0];
    let inner = ring.segments.iter().rposition(|segment| matches!(segment, Segment::MoveTo { .. })).unwrap();
    let [left, ..] = bounds(&ring.segments[inner..]);
    assert!((left - 1.2).abs() < 1e-9, "{left}");
}

#[test]
fn names_of_2_to_30_characters_stand_evenly_about_the_top_without_touching() {
    for count in 2..=30 {
        let drawing = draw(&Design { star: false, ..Design::round(&"国".repeat(count)) });
        let bearings: Vec<f64> = boxes(&drawing)[1..].iter().map(|one| bearing(*one, 21.0)).collect();
        assert_eq!(bearings.len(), count);
        // The boxes of turned glyphs are off their middles by a degree.
        assert!((bearings[0] + bearings[count - 1]).abs() < 2.5, "{count}: as far left as right, {bearings:?}");
        let steps: Vec<f64> = bearings.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let (least, most) = (steps.iter().copied().fold(f64::MAX, f64::min), steps.iter().copied().fold(0.0, f64::max));
        assert!(most - least < 2.5, "{count}: steps from {least} to {most}");
        for pair in drawing.paths[1..].windows(2) {
            assert!(gap(&pair[0].segments, &pair[1].segments) > 0.0, "{count}: glyphs touch");
        }
    }
}

/// How far two neighbours on the ring are apart as seen from the middle, in degrees.
fn gap(left: &[Segment], right: &[Segment]) -> f64 {
    let angle = |(x, y): (f64, f64)| (x - 21.0).atan2(21.0 - y).to_degrees();
    let ends = points(left).into_iter().map(angle).fold(f64::MIN, f64::max);
    let begins = points(right).into_iter().map(angle).fold(f64::MAX, f64::min);
    begins - ends
}

#[test]
fn every_part_lies_within_the_ring_and_apart_from_the_others() {
    for count in 2..=30 {
        let drawing = draw(&Design { arc_text: "国".repeat(count), ..full() });
        let parts: Vec<&[Segment]> = drawing.paths[1..].iter().map(|path| path.segments.as_slice()).collect();
        for part in &parts {
            let reach = points(part).into_iter().map(|(x, y)| (x - 21.0).hypot(y - 21.0)).fold(0.0, f64::max);
            assert!(reach < 21.0 - 1.2, "{count}: {reach} mm from the middle");
        }
        let (name, rest) = parts.split_at(count);
        assert!(apart(name, &rest[1..]), "{count}: the name, and the line with the code");
    }
}

#[test]
fn the_number_of_an_oval_seal_stands_apart_from_its_name_and_line() {
    for count in 2..=22 {
        let number = Some("91350100M000100Y43".into());
        let line_text = Some("发票专用章".into());
        let drawing = draw(&Design { code: number, line_text, ..Design::oval(&"国".repeat(count)) });
        let parts: Vec<&[Segment]> = drawing.paths[1..].iter().map(|path| path.segments.as_slice()).collect();
        let (name, rest) = parts.split_at(count);
        let (line, code) = rest.split_at(5);
        assert!(apart(name, rest) && apart(line, code), "{count}");
    }
}

/// Whether no point of the ones' outlines lies in a box of the others.
fn apart(some: &[&[Segment]], others: &[&[Segment]]) -> bool {
    let others: Vec<[f64; 4]> = others.iter().map(|glyph| bounds(glyph)).collect();
    some.iter().flat_map(|glyph| points(glyph)).all(|(x, y)| {
        others.iter().all(|[left, top, right, bottom]| x < *left || x > *right || y < *top || y > *bottom)
    })
}

#[test]
fn what_cannot_be_drawn_is_refused_by_its_place() {
    let cases = [
        (Design::round("清城区 人民政府"), DesignError::Unprintable { what: "name", position: 4 }),
        (Design::round("清城\u{3164}区"), DesignError::Unprintable { what: "name", position: 3 }),
        (Design::round("清城区\u{7}"), DesignError::Unprintable { what: "name", position: 4 }),
        (Design::round("清城\u{10FFFD}"), DesignError::MissingGlyph { what: "name", position: 3 }),
        (Design::round("局"), DesignError::Length { what: "name", found: 1, least: 2, most: 30 }),
        (Design::round(&"局".repeat(31)), DesignError::Length { what: "name", found: 31, least: 2, most: 30 }),
        (Design::square("一二三四五六七八九十"), DesignError::Length { what: "name", found: 10, least: 2, most: 9 }),
        (
            Design { line_text: Some("章".repeat(11)), ..full() },
            DesignError::Length { what: "line", found: 11, least: 1, most: 10 },
        ),
        (Design { code: Some("4418-1".into()), ..full() }, DesignError::Unprintable { what: "code", position: 5 }),
        (
            Design { code: Some("1".repeat(21)), ..full() },
            DesignError::Length { what: "code", found: 21, least: 1, most: 20 },
        ),
    ];
    for (design, expected) in cases {
        let error = design.draw(&font()).unwrap_err();
        assert_eq!(error, expected);
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}

#[test]
fn what_would_be_squeezed_until_nobody_can_read_it_is_refused() {
    let line = Design { line_text: Some("章".repeat(10)), ..full() };
    let error = DesignError::Length { what: "line", found: 10, least: 1, most: 9 };
    assert_eq!(line.draw(&font()).unwrap_err(), error);
    assert!(Design { code: None, ..line }.draw(&font()).is_ok(), "without a code there is room");
}

#[test]
fn measures_that_no_seal_has_are_refused() {
    for diameter_mm in [0.0, -42.0, 14.9, 80.1, f64::NAN, f64::INFINITY] {
        let error = Design { shape: Shape::Round { diameter_mm }, ..full() }.draw(&font()).unwrap_err();
        assert_eq!(error, DesignError::Size { what: "diameter", least: 15, most: 80 });
    }
    let flat = Design { shape: Shape::Oval { width_mm: 60.0, height_mm: 20.0 }, ..Design::oval("某某公司") };
    assert!(matches!(flat.draw(&font()), Err(DesignError::Conflict(_))));
    let both = Design { star: true, code: Some("1".into()), ..Design::oval("某某公司") };
    assert!(matches!(both.draw(&font()), Err(DesignError::Conflict(_))));
    assert!(matches!(Design { star: true, ..Design::square("张三") }.draw(&font()), Err(DesignError::Conflict(_))));
}

#[test]
fn a_file_that_is_no_font_is_refused() {
    assert!(matches!(Font::parse(b"", 0), Err(DesignError::Font(_))));
    assert!(matches!(Font::parse(b"OTTO but no more", 0), Err(DesignError::Font(_))));
    assert!(matches!(Font::parse(&SERIF, 1000), Err(DesignError::Font(_))));
}

#[test]
fn a_name_seal_reads_from_the_right() {
    let drawing = draw(&Design::square("欧阳修"));
    let boxes = boxes(&drawing);
    let [first, second, third] = [boxes[1], boxes[2], boxes[3]];
    assert!(first[0] > second[2] && first[0] > third[2], "the surname stands right of the given name");
    assert!(second[3] < third[1], "the given name reads downwards");
}

#[test]
fn a_design_is_the_same_after_a_round_trip_through_json() {
    let design = full();
    let json = serde_json::to_string(&design).unwrap();
    assert_eq!(serde_json::from_str::<Design>(&json).unwrap(), design);
    let short = r#"{"shape":{"round":{"diameter_mm":42}},"arc_text":"清城区人民政府","star":true}"#;
    assert_eq!(serde_json::from_str::<Design>(short).unwrap(), Design::round("清城区人民政府"));
    assert!(
        serde_json::from_str::<Design>(r#"{"shape":{"round":{"diameter_mm":42}},"arc_text":"a","stars":1}"#).is_err()
    );
}

#[test]
fn a_picture_has_no_more_than_4096_pixels_to_a_side() {
    let drawing = draw(&Design::round("清城区人民政府"));
    let size = |png: &[u8]| u32::from_be_bytes(png[16..20].try_into().unwrap());
    assert_eq!(size(&drawing.png(10.0)), 420);
    assert_eq!(size(&drawing.png(1e9)), 4096);
    assert_eq!(size(&drawing.png(f32::NAN)).min(4096), size(&drawing.png(f32::NAN)));
    assert_eq!(size(&drawing.png(-1.0)), 1);
}

/// Shares of red pixels, from a PPM picture that poppler made.
fn pixels(ppm: &[u8]) -> (usize, Vec<[u8; 3]>) {
    let mut fields = ppm.splitn(4, |byte| byte.is_ascii_whitespace());
    let (magic, width, _height) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
    assert_eq!(magic, b"P6");
    let rest = fields.next().unwrap();
    let data = &rest[rest.iter().position(|byte| *byte == b'\n').unwrap() + 1..];
    let width = std::str::from_utf8(width).unwrap().parse().unwrap();
    (width, data.chunks_exact(3).map(|pixel| pixel.try_into().unwrap()).collect())
}

fn red(pixel: [u8; 3]) -> bool {
    pixel[0] > 150 && pixel[1] < 128
}

/// Poppler draws the PDF operators; our own rasteriser has no part in it.
#[test]
fn poppler_draws_the_operators_as_a_red_seal() {
    let folder = tempfile::tempdir().unwrap();
    let pdf = folder.path().join("seal.pdf");
    std::fs::write(&pdf, page(&draw(&full()))).unwrap();
    let (width, pixels) = pixels(&rendered(&pdf));
    let at = |x_mm: f64, y_mm: f64| {
        let scale = width as f64 / 42.0;
        pixels[(y_mm * scale) as usize * width + (x_mm * scale) as usize]
    };
    assert!(red(at(21.0, 0.6)), "the ring's top");
    assert!(red(at(41.4, 21.0)), "the ring's right");
    assert!(red(at(21.0, 21.0)), "the star");
    assert!(!red(at(21.0, 12.9)) && !red(at(1.0, 1.0)), "between star and name, and outside");
    let share = pixels.iter().filter(|pixel| red(**pixel)).count() as f64 / pixels.len() as f64;
    assert!((0.1..0.3).contains(&share), "{share} of the square is red");
}

fn rendered(pdf: &Path) -> Vec<u8> {
    let out = zhongtai_test_tools::tool("pdftoppm").args(["-r", "254"]).arg(pdf).output().unwrap();
    assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

/// A page as large as the drawing, in points.
fn page(drawing: &Drawing) -> Vec<u8> {
    let points = 72.0 / 25.4;
    let content = [format!("{points} 0 0 {points} 0 0 cm\n").into_bytes(), drawing.pdf_content()].concat();
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    let size = format!("{} {}", drawing.width_mm * points, drawing.height_mm * points);
    let stream =
        [format!("<</Length {}>>\nstream\n", content.len()).into_bytes(), content, b"\nendstream".to_vec()].concat();
    let objects = [
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 {size}]/Contents 4 0 R/Resources<<>>>>").into_bytes(),
        stream,
    ];
    for (number, object) in objects.into_iter().enumerate() {
        offsets.push(pdf.len());
        pdf.extend([format!("{} 0 obj\n", number + 1).into_bytes(), object, b"\nendobj\n".to_vec()].concat());
    }
    let start = pdf.len();
    pdf.extend(b"xref\n0 5\n0000000000 65535 f\r\n");
    pdf.extend(offsets.iter().flat_map(|offset| format!("{offset:010} 00000 n\r\n").into_bytes()));
    pdf.extend(format!("trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").into_bytes());
    pdf
}

/// Python's XML parser, which we did not write, reads the SVG.
#[test]
fn an_xml_parser_reads_the_svg() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seal.svg");
    std::fs::write(&file, draw(&full()).svg()).unwrap();
    let script = "import sys, xml.etree.ElementTree as tree\nroot = tree.parse(sys.argv[1]).getroot()\n\
                  print(root.get('width'), root.get('viewBox'), len(root))";
    let out = zhongtai_test_tools::python().args(["-c", script]).arg(&file).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout).trim(), "42mm 0 0 42 42 27");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_gives_a_drawing_or_a_typed_error(
        arc_text in "\\PC{0,40}", line in proptest::option::of("\\PC{0,15}"), code in proptest::option::of(".{0,25}"),
        size in -10.0..100.0_f64,
    ) {
        let shape = Shape::Round { diameter_mm: size };
        let design = Design { shape, arc_text, line_text: line, code, ..full() };
        if let Ok(drawing) = design.draw(&font()) {
            let finite = drawing.paths.iter().flat_map(|path| points(&path.segments)).all(|(x, y)| x.is_finite() && y.is_finite());
            prop_assert!(finite);
            prop_assert!(drawing.paths.iter().all(|path| bounds(&path.segments)[0] >= -1e-9));
        }
    }
}
