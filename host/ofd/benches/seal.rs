//! What it costs to write, seal and verify a two-page permit, on one core. Prints one JSON object. Run by
//! `cargo xtask bench`.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{
    hint::black_box,
    time::{Duration, Instant, SystemTime},
};

use serde_json::json;
use zhongtai_ofd::{
    ESeal, Font, Glyph, Item, Layout, Page, Picture, Placement, SealFacts, SealKind, Segment, Stroke, seal, verify_at,
    write,
};
use zhongtai_pki::{Algorithm, Profile, Subject, TimeStamper, testing};

/// The best of so many rounds counts, as others use the machine too.
const ROUNDS: usize = 5;
const TIMES: u32 = 40;
const PLACE: Placement = Placement { page: 2, x_mm: 130.0, y_mm: 200.0 };

fn main() {
    let world = testing::World::new(Algorithm::Sm2Sm3);
    let eseal = eseal(&world);
    let layout = permit();
    let ofd = write(&layout).expect("a document");
    let (signer, now, trust) = (&world.seal, world.now(), world.trust());
    let stamper: &dyn TimeStamper = &world.stamper;
    let put = |stamper| seal(&ofd, &eseal, PLACE, signer, stamper, now).expect("a sealed document");
    let sealed = put(Some(stamper));
    let plain = put(None);
    assert!(verify_at(&sealed, &trust, now).expect("a report").is_valid(), "the seal must hold");

    let writing = best(|| drop(black_box(write(&layout).expect("a document"))));
    let whole = best(|| drop(black_box(put(Some(stamper)))));
    let unpacking = best(|| drop(black_box(verify_at(&ofd, &trust, now).expect("a report"))));
    let signing = best(|| drop(black_box(signer.signer.sign(&[7; 4096]).expect("a signature"))));
    let stamping = best(|| drop(black_box(stamper.stamp(&[7; 32]).expect("a stamp"))));
    let verifying = best(|| drop(black_box(verify_at(&sealed, &trust, now).expect("a report"))));
    let verifying_plain = best(|| drop(black_box(verify_at(&plain, &trust, now).expect("a report"))));
    let rest = whole.saturating_sub(unpacking + signing + stamping);
    let share = |part: Duration| (part.as_secs_f64() / whole.as_secs_f64() * 1000.0).round() / 10.0;
    println!(
        "{}",
        json!({ "OFD, two-page permit with a font of 96 KiB": {
            "bytes": ofd.len(),
            "write, ms": millis(writing),
            "seal with time stamp, ms": millis(whole),
            "seals per second, one core": (1.0 / whole.as_secs_f64()).round(),
            "share, %": {
                "unpack": share(unpacking),
                "SM2 signature": share(signing),
                "time stamp": share(stamping),
                "digests, XML, DER, packing": share(rest),
            },
            "verify, ms": millis(verifying),
            "verify without time stamp, ms": millis(verifying_plain),
        } })
    );
}

fn best(mut work: impl FnMut()) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        for _ in 0..TIMES {
            work();
        }
        began.elapsed() / TIMES
    });
    rounds.min().unwrap_or_default()
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e5).round() / 100.0
}

fn eseal(world: &testing::World) -> ESeal {
    let name = Subject::new("清城区电子印章制作").expect("a name");
    let maker = world.department.enrol(testing::key(Algorithm::Sm2Sm3), &name, Profile::DocumentSigner, 1000);
    let facts = SealFacts {
        id: "44180200000001".to_owned(),
        name: "清远市清城区城市管理局".to_owned(),
        kind: SealKind::Organisation,
        created: world.now(),
        valid_from: world.now(),
        valid_until: world.now() + Duration::from_secs(365 * 86_400),
    };
    // As large as the face of a round seal at 12 dots per millimetre.
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(noise(24 * 1024));
    let picture = Picture { png, width_mm: 42, height_mm: 42 };
    ESeal::make(&facts, &picture, world.seal.chain.get(..1).expect("a certificate"), &maker.expect("a maker"))
        .expect("a seal")
}

/// Bytes that do not pack, as outlines and pictures mostly do not.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

/// 60 lines of 30 characters, 40 rules, and a font as large as the subset of a permit's characters.
fn permit() -> Layout {
    let line = |number: u16| Item::Glyphs {
        font: 0,
        size_mm: 4.2,
        x_mm: 25.0,
        y_mm: 30.0 + f64::from(number % 30) * 8.0,
        fill: [0, 0, 0],
        glyphs: (0..30_u16)
            .map(|at| Glyph {
                id: (number * 31 + at * 7) % 400,
                text: char::from_u32(0x4e00 + u32::from(number) * 61 + u32::from(at) * 17).unwrap_or('永').to_string(),
                dx_mm: f64::from(at) * 4.2,
            })
            .collect(),
    };
    let rule = |number: u16| {
        let y = 26.0 + f64::from(number) * 12.0;
        let segments = vec![Segment::MoveTo { x: 25.0, y }, Segment::LineTo { x: 185.0, y }];
        Item::Path { fill: None, stroke: Some(Stroke { colour: [0, 0, 0], width_mm: 0.2 }), segments }
    };
    let page = |from: u16| Page {
        width_mm: 210.0,
        height_mm: 297.0,
        items: (0..20).map(rule).chain((from..from + 30).map(line)).collect(),
    };
    let mut data = vec![0, 1, 0, 0];
    data.extend(noise(96 * 1024));
    Layout {
        title: "占道挖掘许可证".to_owned(),
        created: SystemTime::UNIX_EPOCH,
        fonts: vec![Font { name: "Noto Serif CJK SC".to_owned(), data }],
        pages: vec![page(0), page(30)],
    }
}
