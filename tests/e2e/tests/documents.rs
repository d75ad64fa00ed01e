//! Documents from templates: put online and tried by `zt template`, made by a guest, fetched as files of their case.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{Place, Plugin, Reply};
use zhongtai_e2e::repository;
use zhongtai_test_tools::tool;

const CASE: &str = "WJ-2026-17";

fn gallery(name: &str) -> PathBuf {
    repository().join("host/capabilities/document/gallery").join(name)
}

fn sample() -> Value {
    serde_json::from_slice(&std::fs::read(gallery("excavation-permit").join("sample.json")).unwrap()).unwrap()
}

fn put(place: &Place, folder: &Path) -> String {
    place.zt(&["template", "put", folder.to_str().unwrap()])
}

/// A copy of the permit's template that a test may change.
fn copy(place: &Place) -> PathBuf {
    let folder = place.dir.path().join("template");
    support::copy(&gallery("excavation-permit"), &folder);
    folder
}

/// The permit as a template of the department that the guest is of.
fn own(place: &Place) -> PathBuf {
    let folder = copy(place);
    let file = folder.join("template.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("441802-chengguan", "441802-test")).unwrap();
    folder
}

#[test]
fn a_template_is_put_online_listed_shown_and_tried() {
    let place = Place::start();
    assert!(put(&place, &gallery("excavation-permit")).starts_with("excavation-permit is online, version 1 (sha256:"));
    assert!(put(&place, &gallery("excavation-permit")).starts_with("excavation-permit was online already, version 1"));
    put(&place, &gallery("business-licence"));
    let folder = copy(&place);
    let main = folder.join("main.typ");
    let text = std::fs::read_to_string(&main).unwrap();
    std::fs::write(&main, text.replace("附件：许可条件", "附件：条件")).unwrap();
    assert!(put(&place, &folder).starts_with("excavation-permit is online, version 2"));

    let list = place.zt(&["template", "list"]);
    assert_eq!(list.lines().count(), 3, "{list}");
    assert!(list.contains("城市道路占用挖掘许可证") && list.contains("441802-shichang"), "{list}");
    assert_eq!(place.zt(&["template", "list", "--all"]).lines().count(), 4);
    let shown = place.zt(&["template", "show", "excavation-permit", "--number", "1"]);
    assert!(
        shown.contains("version 1") && shown.contains("part    dates.typ") && shown.contains("valid_until"),
        "{shown}"
    );

    let pdf = place.dir.path().join("permit.pdf");
    place.zt(&["template", "try", "excavation-permit", "-o", pdf.to_str().unwrap()]);
    let words = tool("pdftotext").arg("-raw").arg(&pdf).arg("-").output().unwrap();
    assert!(String::from_utf8_lossy(&words.stdout).contains("附件：条件"), "the newest");
    let data = place.dir.path().join("data.json");
    std::fs::write(&data, sample().to_string()).unwrap();
    let ofd = place.dir.path().join("permit.ofd");
    let (data, out) = (data.to_str().unwrap(), ofd.to_str().unwrap());
    place.zt(&["template", "try", "excavation-permit", data, "-o", out, "--number", "1"]);
    assert!(std::fs::read(&ofd).unwrap().starts_with(b"PK"));
}

#[test]
fn a_faulty_template_is_told_by_line_and_column_and_stays_off() {
    let place = Place::start();
    let folder = copy(&place);
    std::fs::write(folder.join("main.typ"), "第一行\n被许可人：#hodler").unwrap();
    let told = place.refused(&["--lang", "zh", "template", "put", folder.to_str().unwrap()]);
    assert!(told.contains("main.typ:2:7") && told.contains("未知变量 hodler"), "{told}");
    std::fs::write(folder.join("main.typ"), "#for a in range(100000) { for b in range(100000) { let c = a * b } }")
        .unwrap();
    let told = place.refused(&["template", "put", folder.to_str().unwrap()]);
    assert!(told.contains("was not laid out within 10.0 s"), "{told}");
    std::fs::write(folder.join("main.typ"), "#range(10000000).map(number => str(number) * 100).len()").unwrap();
    let told = place.refused(&["template", "put", folder.to_str().unwrap()]);
    assert!(told.contains("more than 512 MiB of memory"), "{told}");
    assert_eq!(place.zt(&["template", "list"]).lines().count(), 1, "nothing but the heading");
    put(&place, &gallery("excavation-permit"));
}

#[tokio::test]
async fn a_guest_makes_a_document_that_its_subject_fetches() {
    let place = Place::start();
    put(&place, &own(&place));
    put(&place, &gallery("business-licence"));
    let plugin = Plugin::fixture("papers");
    place.install(&plugin);
    place.add_user("zhang", &["--kind", "natural-person"]);
    let citizen = place.token("zhang", &[]);
    let call = async |method: &str, path: &str, token: Option<&str>, body: Option<Value>| {
        let request = place.http.request(method.parse().unwrap(), place.public(&plugin.path(path)));
        let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
        Reply::of(body.iter().fold(request, |request, body| request.json(body))).await
    };
    let render = async |template: &str, case: &str, inputs: Value, token: Option<&str>| {
        let (inputs, purpose) = (inputs.to_string(), "road-repair");
        let want = json!({ "template": template, "inputs": inputs, "case": case, "purpose": purpose });
        call("POST", "/render", token, Some(want)).await.json()
    };

    let made = render("excavation-permit", CASE, sample(), Some(&citizen)).await;
    let made = made["ok"].clone();
    assert_eq!((made["pages"].clone(), made["version"].clone()), (json!(2), json!(1)), "{made}");
    let id = made["file"].as_str().unwrap();
    let file = call("GET", &format!("/files/{id}"), Some(&citizen), None).await.json();
    assert_eq!((file["case"].clone(), file["attached"].clone()), (json!(CASE), json!(true)), "{file}");
    assert_eq!((&file["sha256"], &file["sm3"]), (&made["sha256"], &made["sm3"]));
    let ticket = call("POST", &format!("/files/{id}/link"), Some(&citizen), None).await.json();
    let request = place.http.get(place.public(ticket["path"].as_str().unwrap())).bearer_auth(&citizen);
    let document = request.send().await.unwrap().bytes().await.unwrap();
    assert!(document.starts_with(b"%PDF-1.7"));

    let error = async |told: Value| told["error"].as_str().unwrap_or_default().to_owned();
    let told = error(render("business-licence", CASE, sample(), Some(&citizen)).await).await;
    assert!(told.starts_with("Denied"), "before its inputs are looked at: {told}");
    let licence = std::fs::read(gallery("business-licence").join("sample.json")).unwrap();
    let licence: Value = serde_json::from_slice(&licence).unwrap();
    let told = error(render("business-licence", CASE, licence, Some(&citizen)).await).await;
    assert!(told.starts_with("Denied"), "a template of another department: {told}");
    let told = error(render("nobody", CASE, sample(), Some(&citizen)).await).await;
    assert!(told.starts_with("UnknownTemplate"), "{told}");
    let told = error(render("excavation-permit", "WJ/1", sample(), Some(&citizen)).await).await;
    assert!(told.starts_with("Invalid("), "{told}");
    let told = error(render("excavation-permit", CASE, sample(), None).await).await;
    assert!(told.starts_with("Anonymous"), "{told}");
    let mut wrong = sample();
    wrong["area_m2"] = json!("一百八十六");
    let told = error(render("excavation-permit", CASE, wrong, Some(&citizen)).await).await;
    assert!(told.starts_with("InvalidInputs") && told.contains("area_m2") && !told.contains("一百"), "{told}");

    let log = place.host.log();
    for value in ["李建国", "0763-3300123", "水务工程", "一百八十六"] {
        assert!(!log.contains(value), "{value} is in the log");
        assert!(!std::fs::read_to_string(place.host.audit()).unwrap().contains(value), "{value} is in the audit log");
    }
}
