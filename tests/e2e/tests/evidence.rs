//! Evidence: anchored and proved by a guest in the sandbox, checked by `zt evidence verify` with nothing but the keys.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::{
    Place, Plugin, copy,
    counter::{Counter, error, with},
    printed,
};
use zhongtai_kernel::Digest;

const PERMIT: &[u8] = b"%PDF-1.7 the permit";

fn anchor() -> Value {
    json!({ "hash": Digest::of(PERMIT).to_string(), "purpose": "permit-issued", "reference": "WJ-1" })
}

/// What the guest anchored, proved: the bundle's text.
async fn bundle(counter: &Counter) -> String {
    let anchored = counter.guest("", "/anchors", &anchor()).await;
    let id = anchored["ok"]["id"].as_str().unwrap_or_else(|| panic!("{anchored}"));
    let proved = counter.guest("", &format!("/anchors/{id}"), &Value::Null).await;
    proved["ok"].as_str().unwrap_or_else(|| panic!("{proved}")).to_owned()
}

/// The log's public keys, kept in a file.
fn keys(counter: &Counter) -> String {
    let keys = counter.file("keys", counter.place.zt_as("auditor", &["audit", "keys"]));
    keys.to_str().unwrap().to_owned()
}

/// `zt evidence verify`: whether it holds, and what was said.
fn verify(place: &Place, bundle: &Path, keys: &str, file: Option<&Path>) -> (bool, String) {
    let mut arguments = vec!["evidence", "verify", bundle.to_str().unwrap(), "--keys", keys];
    arguments.extend(file.into_iter().flat_map(|file| ["--file", file.to_str().unwrap()]));
    let mut command = place.host.command(&arguments);
    // It asks no host.
    let output = command.env("ZT_ADMIN", "http://127.0.0.1:9").env("ZT_PUBLIC", "http://127.0.0.1:9").output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
    (output.status.success(), printed(&output))
}

/// What is done to a bundle, what is said of it, and how it is done.
type Tampering<'a> = (&'a str, &'a str, &'a dyn Fn(&mut Value));

#[tokio::test]
async fn a_guest_anchors_a_hash_once_and_anybody_proves_it() {
    let counter = Counter::open();
    let first = counter.guest("", "/anchors", &anchor()).await;
    assert_eq!(counter.guest("li", "/anchors", &anchor()).await, first, "anchored once");
    let other = with(anchor(), json!({ "reference": "WJ-2" }));
    assert_ne!(counter.guest("", "/anchors", &other).await["ok"]["id"], first["ok"]["id"]);
    let sm3 = with(anchor(), json!({ "hash": format!("sm3:{}", "0".repeat(64)) }));
    assert!(counter.guest("", "/anchors", &sm3).await["ok"]["id"].is_string());
    for (change, expected) in [
        (json!({ "hash": "sha256:00" }), "Invalid(\"hash: expected"),
        (json!({ "hash": Digest::of(PERMIT).to_string().to_uppercase() }), "Invalid(\"hash: expected"),
        (json!({ "hash": format!("md5:{}", "0".repeat(64)) }), "Invalid(\"hash: expected"),
        (json!({ "purpose": "张三的证" }), "Invalid(\"purpose: expected"),
        (json!({ "purpose": "" }), "Invalid(\"purpose: expected"),
        (json!({ "reference": "a b" }), "Invalid(\"reference: expected"),
        (json!({ "reference": "a".repeat(129) }), "Invalid(\"reference: expected"),
    ] {
        let told = counter.guest("", "/anchors", &with(anchor(), change)).await;
        assert!(error(&told).starts_with(expected), "{told}");
    }
    for unknown in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "x"] {
        let told = counter.guest("li", &format!("/anchors/{unknown}"), &Value::Null).await;
        assert_eq!(error(&told), "NotFound");
    }
    let bundle: Value = serde_json::from_str(&bundle(&counter).await).unwrap();
    assert_eq!((&bundle["anchor"]["id"], &bundle["anchor"]["hash"]), (&first["ok"]["id"], &anchor()["hash"]));
    assert_eq!(bundle["anchor"]["scenario"], counter.plugin.scenario);
}

#[tokio::test]
async fn another_scenario_proves_an_anchor_for_who_signed_in_only() {
    let counter = Counter::open_with(|setup, dir| {
        let policies = dir.join("policies");
        copy(&zhongtai_e2e::repository().join("policies"), &policies);
        let closed = "@id(\"closed\")\nforbid (principal, action == Action::\"evidence:anchor\", resource)\n\
                      when { context has purpose && context.purpose == \"refused\" };\n";
        std::fs::write(policies.join("evidence/closed.cedar"), closed).unwrap();
        setup.policies = vec![policies];
    });
    let anchored = counter.guest("", "/anchors", &anchor()).await;
    let path = format!("/anchors/{}", anchored["ok"]["id"].as_str().unwrap());
    let told = counter.guest("", "/anchors", &with(anchor(), json!({ "purpose": "refused" }))).await;
    assert!(error(&told).starts_with("Denied("), "policy sees the purpose: {told}");

    let component = std::fs::read(&counter.plugin.component).unwrap();
    let more = "purposes = [\"loan\"]\n[capabilities]\ncertificate = { reason = \"x\" }\nevidence = { reason = \"x\" }\n\
                subject = { reason = \"x\" }";
    let manifest = support::manifest("others", "0.1.0", "public", more);
    let others = Plugin::with_manifest(counter.place.dir.path(), "others", &manifest, &component);
    counter.place.install(&Plugin { capabilities: counter.plugin.capabilities.clone(), ..others });
    let Counter { place, plugin } = counter;
    let others = Counter { place, plugin: Plugin { scenario: "441802-test/others".to_owned(), ..plugin } };
    let told = others.guest("", &path, &Value::Null).await;
    assert!(error(&told).starts_with("Denied("), "nobody, through another scenario: {told}");
    assert!(others.guest("zhang", &path, &Value::Null).await["ok"].is_string());
}

#[tokio::test]
async fn a_bundle_holds_with_the_keys_alone_and_with_what_was_anchored() {
    let counter = Counter::open();
    let (place, keys) = (&counter.place, keys(&counter));
    let bundle = counter.file("bundle.json", bundle(&counter).await);
    let permit = counter.file("permit.pdf", PERMIT);
    let (holds, told) = verify(place, &bundle, &keys, Some(&permit));
    assert!(holds && told.contains("was anchored by 441802-test/licences") && told.contains("as WJ-1"), "{told}");
    assert!(verify(place, &bundle, &keys, None).0);
    let json = place.zt(&["--json", "evidence", "verify", bundle.to_str().unwrap(), "--keys", &keys]);
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["hash"], anchor()["hash"]);

    let other = counter.file("other.pdf", b"%PDF-1.7 another permit");
    let (holds, told) = verify(place, &bundle, &keys, Some(&other));
    assert!(!holds && told.contains("is not what was anchored"), "{told}");
    let (holds, told) = verify(place, &bundle, &keys, Some(Path::new("/nowhere")));
    assert!(!holds && told.contains("/nowhere can't be read"), "{told}");
}

#[tokio::test]
async fn a_bundle_that_was_tampered_with_and_keys_of_another_log_are_refused() {
    let counter = Counter::open();
    let (place, own) = (&counter.place, keys(&counter));
    let other = Place::start();
    let other = counter.file("other-keys", other.zt_as("auditor", &["audit", "keys"]));
    // A second record, so that there is a way up the tree to tamper with.
    counter.guest("", "/anchors", &with(anchor(), json!({ "reference": "WJ-0" }))).await;
    let text = bundle(&counter).await;
    let whole: Value = serde_json::from_str(&text).unwrap();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut bundle = whole.clone();
        change(&mut bundle);
        assert_ne!(bundle, whole, "the change must change something");
        let path = counter.file("tampered.json", bundle.to_string());
        verify(place, &path, &own, None)
    };
    let forged = Digest::of(b"another permit").to_string();
    let genuine = anchor()["hash"].as_str().unwrap().to_owned();
    let replace = |text: &Value, from: &str, to: &str| json!(text.as_str().unwrap().replace(from, to));
    let tampered: [Tampering<'_>; 10] = [
        ("the hash", "another anchor", &|bundle| bundle["anchor"]["hash"] = json!(forged)),
        ("the scenario", "another anchor", &|bundle| bundle["anchor"]["scenario"] = json!("441802-test/others")),
        ("the reference", "another anchor", &|bundle| bundle["anchor"]["reference"] = json!("WJ-9")),
        ("the time", "another time", &|bundle| bundle["anchor"]["at"] = json!("2020-01-01T00:00:00Z")),
        ("the hash and the record", "", &|bundle| {
            bundle["anchor"]["hash"] = json!(forged);
            bundle["proof"]["record"] = replace(&bundle["proof"]["record"], &genuine, &forged);
        }),
        ("the act", "something else", &|bundle| {
            bundle["proof"]["record"] = replace(&bundle["proof"]["record"], "evidence:anchor", "release:deploy");
        }),
        ("the way up", "", &|bundle| {
            let first = bundle["proof"]["hashes"][0].as_str().unwrap();
            let flipped = if first.starts_with('A') { "B" } else { "A" };
            bundle["proof"]["hashes"][0] = json!(format!("{flipped}{}", &first[1..]));
        }),
        ("the place", "", &|bundle| bundle["proof"]["index"] = json!(bundle["proof"]["index"].as_u64().unwrap() - 1)),
        ("the size", "", &|bundle| bundle["proof"]["size"] = json!(bundle["proof"]["size"].as_u64().unwrap() + 1)),
        ("the signatures", "", &|bundle| {
            let note = bundle["proof"]["checkpoint"].as_str().unwrap();
            let (body, _) = note.split_once("\n\n").unwrap();
            bundle["proof"]["checkpoint"] = json!(format!("{body}\n\n"));
        }),
    ];
    for (what, reason, change) in tampered {
        let (holds, told) = changed(change);
        assert!(!holds && told.contains(reason), "{what}: {told}");
    }

    let bundle = counter.file("bundle.json", &text);
    let (holds, told) = verify(place, &bundle, &own, None);
    assert!(holds, "{told}");
    let (holds, told) = verify(place, &bundle, other.to_str().unwrap(), None);
    assert!(!holds && !told.contains("was anchored"), "keys of another log: {told}");
    for (name, content) in [("empty", ""), ("garbage", "no keys at all"), ("binary", "\u{0}\u{1}")] {
        let keys = counter.file(name, content);
        assert!(!verify(place, &bundle, keys.to_str().unwrap(), None).0, "{name}");
    }
    for (name, content) in [("text", "no bundle"), ("proof-only", &whole["proof"].to_string())] {
        let (holds, told) = verify(place, &counter.file(name, content), &own, None);
        assert!(!holds && told.contains("is not a bundle"), "{told}");
    }
}
