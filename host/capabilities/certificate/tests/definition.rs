//! Types by file: what is refused, and how it is said.
#![allow(clippy::unwrap_used, reason = "a test that can't go on must stop")]

use zhongtai_cap_certificate::{CertificateType, EXAMPLES};

fn refused(change: impl Fn(&str) -> String) -> String {
    let changed = change(EXAMPLES[1]);
    assert_ne!(changed, EXAMPLES[1], "the change must change something");
    CertificateType::parse(changed.as_bytes()).map(drop).unwrap_err().to_string()
}

#[test]
fn the_shipped_types_are_types() {
    for example in EXAMPLES {
        let kind = CertificateType::parse(example.as_bytes()).unwrap();
        let again = CertificateType::parse(kind.to_json().as_bytes()).unwrap();
        assert_eq!(again.to_json(), kind.to_json());
        assert!(kind.level() >= 2);
    }
}

#[test]
fn a_file_that_is_no_type_is_refused_with_what_is_wrong() {
    let said = |change: &dyn Fn(&str) -> String, expected: &str| {
        let said = refused(change);
        assert!(said.contains(expected), "{said}");
    };
    said(&|json| json.replace("\"title\": \"占道挖掘许可证\"", "\"titel\": \"x\""), "unknown field `titel`");
    said(&|json| json.replace("excavation-permit", "Excavation Permit"), "name: expected");
    said(&|json| json.replace("13338W002", "13338W02"), "code: ");
    said(&|json| json.replace("11441802MB2D01234Y", "11441802MB2D01234X"), "issuer: not a valid GB 32100-2015");
    said(
        &|json| json.replace("\"additionalProperties\": false", "\"additionalProperties\": true"),
        "additionalProperties",
    );
    said(&|json| json.replace("\"level\": 3", "\"level\": 5"), "`contact_phone` has level 5, expected 1 to 4");
    said(
        &|json| json.replace("\"conditions\": { \"type\"", "\"terms\": { \"type\""),
        "`terms` of the schema has no level",
    );
    said(&|json| json.replace("\"validity_days\": 90", "\"validity_days\": 0"), "validity_days");
    said(&|json| json.replace("\"type\": \"number\"", "\"type\": \"quantity\""), "schema: ");
    said(&|json| format!("{json}{}", " ".repeat(70_000)), "the file has");
}

#[test]
fn a_schema_that_refers_to_another_document_is_refused_and_nothing_is_fetched() {
    for elsewhere in ["http://127.0.0.1:9/schema.json", "file:///etc/passwd", "https://example.cn/s.json"] {
        let said = refused(|json| {
            json.replace(
                "{ \"type\": \"number\", \"exclusiveMinimum\": 0, \"maximum\": 100000 }",
                &format!("{{ \"$ref\": \"{elsewhere}\" }}"),
            )
        });
        assert!(said.contains("schema: "), "{said}");
    }
}
