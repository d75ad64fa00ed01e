//! What every provider of templates must do.
#![expect(clippy::expect_used, reason = "a contract that does not hold must stop the test")]

use crate::{DocumentError, DocumentTemplate, TemplateFile, TemplateProvider};

/// A template of 441802-chengguan with that text.
pub fn notice(text: &str) -> DocumentTemplate {
    let mut file: TemplateFile = serde_json::from_value(serde_json::json!({
        "definition": {
            "name": "notice",
            "title": "受理通知书",
            "owner": "441802-chengguan",
            "schema": {
                "type": "object",
                "additionalProperties": false,
                "required": ["number"],
                "properties": { "number": { "type": "string", "maxLength": 40 } },
            },
        },
        "sample": { "number": "清城管〔2026〕12号" },
        "parts": {},
    }))
    .expect("a file");
    file.parts.insert("main.typ".to_owned(), base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text));
    DocumentTemplate::new(file, 0).expect("a template")
}

/// The same of another department.
pub fn of_another_department(template: &DocumentTemplate) -> DocumentTemplate {
    let json = template.to_json().replace("441802-chengguan", "441802-minzheng");
    DocumentTemplate::parse(json.as_bytes()).expect("a template")
}

/// Holds when versions are made, kept, told apart and found.
pub async fn holds(provider: &dyn TemplateProvider) {
    let (first, second) = (notice("#sys.inputs.number"), notice("编号：#sys.inputs.number"));
    assert!(matches!(provider.find("notice", None).await, Err(DocumentError::UnknownTemplate(_))));

    let put = provider.put(first.clone()).await.expect("registered");
    assert_eq!((put.version, put.is_new), (1, true));
    assert_eq!(put.digest, first.digest());
    let again = provider.put(first.clone()).await.expect("registered");
    assert_eq!((again.version, again.is_new), (1, false), "the same template changes nothing");

    let changed = provider.put(second.clone()).await.expect("registered");
    assert_eq!((changed.version, changed.is_new), (2, true));
    let newest = provider.find("notice", None).await.expect("found");
    assert_eq!((newest.version(), newest.digest()), (2, second.digest()));
    let old = provider.find("notice", Some(1)).await.expect("found");
    assert_eq!((old.version(), old.digest()), (1, first.digest()), "a version stays what it was");
    assert!(matches!(provider.find("notice", Some(3)).await, Err(DocumentError::UnknownTemplate(_))));

    let back = provider.put(first).await.expect("registered");
    assert_eq!((back.version, back.is_new), (3, true), "going back is a version too");
    let theirs = provider.put(of_another_department(&second)).await;
    assert!(matches!(theirs, Err(DocumentError::Invalid { what: "owner", .. })), "{theirs:?}");

    let all = provider.all().await.expect("listed");
    let seen: Vec<_> = all.iter().map(|one| (one.name.as_str(), one.version)).collect();
    assert_eq!(seen, [("notice", 3), ("notice", 2), ("notice", 1)]);
}
