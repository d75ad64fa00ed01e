use zhongtai::testing::*;
use {{crate}}::MockHost;

#[test]
fn a_note_is_kept_and_counted() {
    let host = MockHost::new().config("greeting", "你好").at("2026-01-02T03:04:05Z");

    let left = host.post("/notes", json!({ "text": "the gate is open" }));
    assert_eq!(left.status(), 201);
    assert_eq!(left.json()["left"], "2026-01-02T11:04:05+08:00");

    let number = left.json()["number"].to_string().replace('"', "");
    assert_eq!(host.get(&format!("/notes/{number}")).json()["text"], "the gate is open");
    assert_eq!(host.get("/").text(), "你好! 1 notes so far.");
    assert_eq!(host.logs()[0].message, "note left");
}

#[test]
fn a_note_without_text_is_refused() {
    let host = MockHost::new();
    assert_eq!(host.post("/notes", json!({ "text": " " })).status(), 422);
    assert_eq!(host.get("/notes/unknown").status(), 404);
    assert!(host.keys("").is_empty());
}
