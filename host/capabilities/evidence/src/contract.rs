//! What every evidence provider must do.
#![expect(clippy::expect_used, reason = "a contract that does not hold must stop the test")]

use crate::{AnchorId, EvidenceError, EvidenceProvider, Hash, NewAnchor};

/// An anchor of something with that content.
pub fn of(content: &[u8]) -> NewAnchor {
    NewAnchor {
        scenario: "441802-chengguan/excavation".parse().expect("a scenario"),
        hash: Hash::sm3(content),
        purpose: "permit-issued".parse().expect("a purpose"),
        reference: "WJ-1".parse().expect("a reference"),
    }
}

/// Holds when the provider anchors once, finds, and proves what it anchored.
pub async fn holds(provider: &dyn EvidenceProvider) {
    let first = provider.anchor(of(b"permit")).await.expect("an anchor");
    assert_eq!(provider.anchor(of(b"permit")).await.expect("the same").id, first.id, "anchored once");
    let mut elsewhere = of(b"permit");
    elsewhere.scenario = "441802-chengguan/lamps".parse().expect("a scenario");
    assert_ne!(provider.anchor(elsewhere).await.expect("another").id, first.id, "another scenario's");
    assert_eq!(provider.find(first.id).await.expect("an answer"), Some(first.clone()));

    let bundle = provider.prove(first.id).await.expect("a proof");
    assert_eq!(bundle.anchor, first);
    bundle.check_record().expect("the record is of the anchor");
    assert_eq!(provider.prove(first.id).await.expect("a proof"), bundle, "a proof does not change");

    let unknown = AnchorId::generate();
    assert_eq!(provider.find(unknown).await.expect("an answer"), None);
    assert!(matches!(provider.prove(unknown).await, Err(EvidenceError::NotFound)));
}
