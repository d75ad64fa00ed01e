//! A document, a seal and a way to change packages, for all tests of this crate.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support: each test uses a part of it, and one that can't go on must stop"
)]

use std::{
    io::{Read, Write},
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use rawzip::{CompressionMethod, ZipArchive, ZipArchiveWriter};
use zhongtai_impression::Design;
use zhongtai_ofd::{
    ESeal, Font, Glyph, Item, Layout, OfdError, Page, Picture, Placement, SealFacts, SealKind, Segment, Stroke, seal,
    write,
};
use zhongtai_pki::{Algorithm, Credential, Profile, Subject, testing::World};

/// Where the tests' seal goes.
pub const PLACE: Placement = Placement { page: 2, x_mm: 130.0, y_mm: 200.0 };

const DAY: Duration = Duration::from_secs(86_400);

/// Files of a package, in their order.
pub type Files = Vec<(String, Vec<u8>)>;

/// Authorities, those who seal, and a seal.
pub struct Office {
    pub world: World,
    pub maker: Credential,
    pub seal: ESeal,
}

impl Office {
    pub fn new() -> Self {
        Self::at(World::new(Algorithm::Sm2Sm3))
    }

    pub fn at(world: World) -> Self {
        let name = Subject::new("清城区电子印章制作").unwrap();
        let key = zhongtai_pki::testing::key(Algorithm::Sm2Sm3);
        let maker = world.department.enrol(key, &name, Profile::DocumentSigner, 1000).unwrap();
        let seal = ESeal::make(&facts(&world), &picture(), &world.seal.chain[..1], &maker).unwrap();
        Self { world, maker, seal }
    }

    /// The two-page permit with a stamped seal.
    pub fn sealed(&self) -> Vec<u8> {
        self.seal_on(&write(&permit()).unwrap()).unwrap()
    }

    pub fn seal_on(&self, ofd: &[u8]) -> Result<Vec<u8>, OfdError> {
        seal(ofd, &self.seal, PLACE, &self.world.seal, Some(&self.world.stamper), self.world.now())
    }
}

pub fn facts(world: &World) -> SealFacts {
    SealFacts {
        id: "44180200000001".to_owned(),
        name: "清远市清城区城市管理局".to_owned(),
        kind: SealKind::Organisation,
        created: world.now(),
        valid_from: world.now(),
        valid_until: world.now() + 365 * DAY,
    }
}

/// The face of the department's seal.
pub fn picture() -> Picture {
    static PICTURE: LazyLock<Picture> = LazyLock::new(|| {
        let file = std::fs::read("/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc").unwrap();
        let font = zhongtai_impression::Font::parse(&file, 2).unwrap();
        Picture::of(&Design::round("清远市清城区城市管理局").draw(&font).unwrap())
    });
    PICTURE.clone()
}

/// A subset is a font of its own; this whole one does as well.
pub fn font() -> Font {
    let data = std::fs::read("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf").unwrap();
    Font { name: "宋体".to_owned(), data }
}

/// A line of characters that are a glyph each, evenly spaced.
pub fn line(text: &str, x_mm: f64, y_mm: f64, size_mm: f64) -> Item {
    let glyph = |(number, one): (usize, char)| Glyph {
        id: u16::try_from(number).unwrap() + 36,
        text: one.to_string(),
        dx_mm: size_mm * f64::from(u16::try_from(number).unwrap()),
    };
    let glyphs = text.chars().enumerate().map(glyph).collect();
    Item::Glyphs { font: 0, size_mm, x_mm, y_mm, fill: [0, 0, 0], glyphs }
}

/// A document of two pages with text, lines and a picture.
pub fn permit() -> Layout {
    let frame = Item::Path {
        fill: None,
        stroke: Some(Stroke { colour: [180, 0, 0], width_mm: 0.5 }),
        segments: vec![
            Segment::MoveTo { x: 20.0, y: 20.0 },
            Segment::LineTo { x: 190.0, y: 20.0 },
            Segment::CurveTo { x1: 195.0, y1: 100.0, x2: 195.0, y2: 200.0, x: 190.0, y: 277.0 },
            Segment::LineTo { x: 20.0, y: 277.0 },
            Segment::Close,
        ],
    };
    let picture = Item::Image { x_mm: 30.0, y_mm: 240.0, width_mm: 20.0, height_mm: 20.0, png: picture().png };
    let page = |items| Page { width_mm: 210.0, height_mm: 297.0, items };
    Layout {
        title: "占道挖掘许可证".to_owned(),
        created: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_305_600),
        fonts: vec![font()],
        pages: vec![
            page(vec![frame, line("占道挖掘许可证", 60.0, 60.0, 12.0), line("A & B < C", 40.0, 90.0, 5.0)]),
            page(vec![line("清远市清城区城市管理局", 90.0, 220.0, 6.0), picture]),
        ],
    }
}

/// The files of a package, unpacked.
pub fn files(ofd: &[u8]) -> Files {
    let archive = ZipArchive::from_slice(ofd).unwrap();
    let read = |header: Result<rawzip::ZipFileHeaderRecord<'_>, rawzip::Error>| {
        let header = header.unwrap();
        let mut data = Vec::new();
        let entry = archive.get_entry(header.wayfinder()).unwrap();
        flate2::bufread::DeflateDecoder::new(entry.data()).read_to_end(&mut data).unwrap();
        (String::from_utf8(header.file_path().as_bytes().to_vec()).unwrap(), data)
    };
    archive.entries().map(read).collect()
}

/// A package of these files.
pub fn pack(files: &Files) -> Vec<u8> {
    let mut zip = ZipArchiveWriter::new(Vec::new());
    for (name, data) in files {
        let file = zip.new_file(name.as_str()).compression_method(CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start().unwrap();
        let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
        let mut writer = config.wrap(encoder);
        writer.write_all(data).unwrap();
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    zip.finish().unwrap()
}

/// The same package after `change`.
pub fn changed(ofd: &[u8], change: impl FnOnce(&mut Files)) -> Vec<u8> {
    let mut files = files(ofd);
    change(&mut files);
    pack(&files)
}

/// One file of a package.
pub fn file(ofd: &[u8], name: &str) -> Vec<u8> {
    files(ofd).into_iter().find(|(one, _)| one == name).unwrap().1
}

/// The package with another text in one of its files.
pub fn replaced(ofd: &[u8], name: &str, from: &str, to: &str) -> Vec<u8> {
    changed(ofd, |files| {
        let (_, data) = files.iter_mut().find(|(one, _)| one == name).unwrap();
        let text = String::from_utf8(data.clone()).unwrap();
        assert!(text.contains(from), "{name} has no {from}: {text}");
        *data = text.replacen(from, to, 1).into_bytes();
    })
}
