//! Documents, against the mock host.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

use zhongtai::{
    document::{self, Document, Error, Format},
    prelude::*,
    testing::*,
};

#[derive(Serialize)]
struct Notice {
    number: &'static str,
}

#[post("/cases/{case}/notice")]
fn notice(subject: Subject, Path(case): Path<String>) -> Result<String> {
    let fields = Notice { number: "清城管〔2026〕12号" };
    let notice = Document::new("acceptance-notice", &fields, &case, Purpose("road-repair"))?.of(&subject.handle);
    Ok(document::render(&notice)?.file)
}

zhongtai::plugin!(notice);

#[test]
fn a_document_becomes_a_file_of_its_case() {
    let host = MockHost::new().subject("wang");
    assert_eq!(host.post("/cases/WJ-1/notice", json!({})).text(), "mock-document-1");
    let made = host.documents();
    assert_eq!((made[0].template.as_str(), made[0].case.as_str()), ("acceptance-notice", "WJ-1"));
    assert_eq!((made[0].format, made[0].subject.as_deref()), (Format::Pdf, Some("wang")));
    assert_eq!(serde_json::from_str::<Value>(&made[0].inputs).unwrap(), json!({ "number": "清城管〔2026〕12号" }));
    host.run(|| {
        let file = zhongtai::files::stat("mock-document-1", Purpose("road-repair")).unwrap();
        assert_eq!((file.case.as_str(), file.attached), ("WJ-1", true));
    });
}

#[test]
fn refusals_and_mistakes_become_problems() {
    let ask = |host: MockHost| host.subject("wang").post("/cases/WJ-1/notice", json!({}));
    let denied = ask(MockHost::new().deny("document:render"));
    assert_eq!((denied.status(), denied.json()["code"].clone()), (403, json!("access-denied")));
    assert_eq!(ask(MockHost::new().document_templates(&["other"])).status(), 503);
    assert_eq!(ask(MockHost::new().purposes(&["loan"])).status(), 500);
    MockHost::new().run(|| {
        let notice = Document::new("n", &json!({}), "WJ-1", Purpose("road-repair")).unwrap();
        assert_eq!(document::render(&notice), Err(Error::Anonymous));
        assert!(Document::new("n", &json!([]), "WJ-1", Purpose("road-repair")).is_err());
    });
}
