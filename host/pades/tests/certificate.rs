//! Whose certificate a seal was made with: unknown, expired, revoked, or for something else.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::time::Duration;

use support::{document, faults, seal, sign_with, world};
use zhongtai_pades::{Fault, verify};
use zhongtai_pki::{Algorithm, PathError, Reason, Revoked, testing::World};

#[test]
fn an_unknown_root_an_expired_and_a_revoked_certificate_are_named() {
    let world = world();
    let sealed = seal(&world, &document());
    let found = verify(&sealed, &self::world().trust()).unwrap().signatures.remove(0).faults;
    assert!(
        matches!(found.as_slice(), [Fault::TimeStamp(_), Fault::Certificate(PathError::Untrusted { .. })]),
        "{found:?}"
    );

    let old = World::new(Algorithm::EcdsaP256Sha256);
    old.clock.advance(Duration::from_secs(4 * 365 * 86_400));
    let found = faults(&old, &seal(&old, &document()));
    assert!(matches!(found.as_slice(), [Fault::Certificate(PathError::Expired { .. })]), "{found:?}");

    let serial = world.seal.certificate().unwrap().tbs_certificate().serial_number().clone();
    let revoked = |since| [Revoked { serial: serial.clone(), since, reason: Reason::KeyCompromise }];
    let before = world.trust_with(&revoked(world.now() - Duration::from_secs(60)));
    let found = verify(&sealed, &before).unwrap().signatures.remove(0).faults;
    assert!(matches!(found.as_slice(), [Fault::Certificate(PathError::Revoked { .. })]), "{found:?}");
    world.clock.advance(Duration::from_secs(7200));
    let after = world.trust_with(&revoked(world.now() - Duration::from_secs(60)));
    let report = verify(&sealed, &after).unwrap();
    assert!(report.is_intact(), "it was stamped before it was revoked: {report:?}");
}

#[test]
fn a_certificate_that_is_not_for_documents_is_refused() {
    let world = world();
    let key = zhongtai_pki::SoftwareKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    let subject = zhongtai_pki::Subject::new("another stamper").unwrap();
    let profile = zhongtai_pki::Profile::TimeStamper;
    let stamper = world.department.enrol(std::sync::Arc::new(key), &subject, profile, 100).unwrap();
    let found = faults(&world, &sign_with(&world, &stamper, Some(&world.stamper)));
    assert!(matches!(found.as_slice(), [Fault::Certificate(PathError::Usage { .. })]), "{found:?}");
}
