//! Seals on what was made, at the place that the template keeps for them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use support::{PERMIT, made, saved, text};
use zhongtai_impression::{Design, Drawing, Font};
use zhongtai_ofd::{ESeal, Picture, SealFacts, SealKind};
use zhongtai_pades::{SealAppearance, SignatureFacts};
use zhongtai_pki::{Algorithm, Profile, Subject, testing::World};
use zhongtai_test_tools::tool;

static FACE: LazyLock<Drawing> = LazyLock::new(|| {
    let file = std::fs::read("/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc").unwrap();
    Design::round("清远市清城区城市管理局").draw(&Font::parse(&file, 2).unwrap()).unwrap()
});

#[tokio::test]
async fn a_pdf_is_sealed_at_its_place_and_stays_sound() {
    let made = made(&text(PERMIT)).await;
    let place = &made.facts.seal_places[0];
    let world = World::at(Algorithm::EcdsaP256Sha256, SystemTime::now().try_into().unwrap());
    let (x_mm, y_mm) = place.centred(FACE.width_mm, FACE.height_mm);
    let placement = zhongtai_pades::Placement { page: place.page, x_mm, y_mm };
    let seal = SealAppearance { drawing: &FACE, placement };
    let facts = SignatureFacts::at(world.now());
    let sealed = zhongtai_pades::sign(&made.pdf, Some(seal), &world.seal, Some(&world.stamper), &facts).unwrap();
    assert!(zhongtai_pades::verify(&sealed, &world.trust()).unwrap().is_intact());
    let (_folder, path) = saved("sealed.pdf", &sealed);
    let said = tool("pdfsig").arg("-nocert").arg(&path).output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("Signature is Valid.") && said.contains("Total document signed"), "{said}");
    let said = tool("qpdf").arg("--check").arg(&path).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
}

#[tokio::test]
async fn an_ofd_is_sealed_at_its_place_and_is_valid() {
    let made = made(&text(PERMIT)).await;
    let place = &made.facts.seal_places[0];
    let world = World::new(Algorithm::Sm2Sm3);
    let key = zhongtai_pki::testing::key(Algorithm::Sm2Sm3);
    let name = Subject::new("清城区电子印章制作").unwrap();
    let maker = world.department.enrol(key, &name, Profile::DocumentSigner, 1000).unwrap();
    let facts = SealFacts {
        id: "44180200000001".to_owned(),
        name: "清远市清城区城市管理局".to_owned(),
        kind: SealKind::Organisation,
        created: world.now(),
        valid_from: world.now(),
        valid_until: world.now() + Duration::from_secs(365 * 86_400),
    };
    let eseal = ESeal::make(&facts, &Picture::of(&FACE), &world.seal.chain[..1], &maker).unwrap();
    let (x_mm, y_mm) = place.centred(FACE.width_mm, FACE.height_mm);
    let placement = zhongtai_ofd::Placement { page: place.page, x_mm, y_mm };
    let sealed =
        zhongtai_ofd::seal(&made.ofd, &eseal, placement, &world.seal, Some(&world.stamper), world.now()).unwrap();
    assert!(zhongtai_ofd::verify_at(&sealed, &world.trust(), world.now()).unwrap().is_valid());
}
