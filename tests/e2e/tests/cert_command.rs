//! `zt cert ...` against a real host: who may, what is refused, and how it is said.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use serde_json::{Value, json};
use support::{
    Place,
    counter::{self, BANK, Counter, KIND, WANG},
};

/// `zt` as somebody; what it printed and its exit code.
fn zt(place: &Place, who: &str, arguments: &[&str]) -> (i32, String) {
    let output = place.host.command_as(who, arguments).output().unwrap();
    (output.status.code().unwrap(), support::printed(&output))
}

#[tokio::test]
async fn the_command_issues_lists_verifies_and_revokes() {
    let counter = Counter::open();
    let place = &counter.place;
    let holder = counter.file("holder", format!("resident-id:{WANG}\n"));
    let fields = counter.file("fields.json", counter::fields().to_string());
    let (holder, fields) = (holder.to_str().unwrap(), fields.to_str().unwrap());
    let issue = ["cert", "issue", KIND, fields, "--holder", holder, "--case", "WJ-1", "--until", "2999-12-31"];
    let (code, told) = zt(place, "li", &issue);
    assert!(code == 0 && told.contains("valid") && told.contains("2999-12-31"), "{told}");
    let issued: Value = serde_json::from_str(&zt(place, "li", &[&issue[..], &["--json"]].concat()).1).unwrap();
    let (id, number) = (issued[0]["id"].as_str().unwrap(), issued[0]["number"].as_str().unwrap());
    assert!(told.contains(id) && told.contains(number), "by the case and the type: the same again: {told}");

    let other = counter.file("other.json", counter::with(counter::fields(), json!({ "place": "别处" })).to_string());
    let again = ["cert", "issue", KIND, other.to_str().unwrap(), "--holder", holder, "--case", "WJ-1"];
    let (code, told) = zt(place, "li", &again);
    assert!(code == 1 && told.contains("the idempotency key was used for another request"), "{told}");
    let (code, told) = zt(place, "li", &[&again[..], &["--key", "another"]].concat());
    assert_eq!(code, 0, "{told}");
    let (code, told) = zt(place, "zhang", &issue);
    assert!(code == 1 && told.contains("access denied"), "{told}");
    let (code, told) = zt(place, "li", &["cert", "issue", "dog-licence", fields, "--holder", holder, "--case", "WJ-1"]);
    assert!(code == 1 && told.contains("there is no certificate type `dog-licence`"), "{told}");

    let (code, told) = zt(place, "wang", &["cert", "list", "--purpose", "loan"]);
    assert!(code == 0 && told.lines().count() == 3 && told.contains(id), "{told}");
    let (code, told) = zt(place, "zhang", &["cert", "list", "--purpose", "loan"]);
    assert!(code == 0 && told.lines().count() == 1, "{told}");
    let search = ["cert", "list", "--purpose", "road-repair", "--holder", holder, "--case", "WJ-1"];
    assert!(zt(place, "li", &search).1.contains(id));
    assert_eq!(zt(place, "li", &search[..6]).0, 2, "a holder's certificates are looked at for a case");

    let (code, told) = zt(place, "zhang", &["cert", "verify", number]);
    assert!(code == 0 && told.contains("valid"), "{told}");
    let (code, told) = zt(place, "zhang", &["cert", "verify", &number.replace(".001.", ".002.")]);
    assert!(code == 1, "{told}");
    std::fs::write(place.host.data().join("nobody.token"), "zt_x").unwrap();
    let (code, told) = zt(place, "nobody", &["cert", "verify", number]);
    assert!(code == 1 && told.contains("no valid bearer token"), "{told}");

    let revoke = ["cert", "revoke", id, "--reason", "虚假承诺", "--case", "WJ-2"];
    let (code, told) = zt(place, "li", &revoke);
    assert!(code == 1 && told.contains("access denied"), "{told}");
    assert!(zt(place, "chief", &revoke).1.contains("revoked"));
    assert_eq!(zt(place, "chief", &revoke).0, 0, "the same again is fine");
    assert!(zt(place, "zhang", &["cert", "verify", number]).1.contains("revoked"));
}

#[tokio::test]
async fn the_command_says_in_the_clerks_language_which_fields_do_not_fit_and_shows_no_value() {
    let counter = Counter::open();
    let wrong = json!({ "applicant": "x", "area_m2": -4_321, "purpose": "x", "colour": "crimson" });
    let (holder, fields) =
        (counter.file("holder", format!("credit-code:{BANK}")), counter.file("f", wrong.to_string()));
    let issue =
        ["cert", "issue", KIND, fields.to_str().unwrap(), "--holder", holder.to_str().unwrap(), "--case", "WJ-1"];
    let (code, zh) = zt(&counter.place, "li", &[&["--lang", "zh"], &issue[..]].concat());
    let (_, en) = zt(&counter.place, "li", &[&issue[..], &["--lang", "en"]].concat());
    assert_eq!(code, 1);
    for line in [
        "有字段不符合要求",
        "面积（平方米） (`area_m2`): 必须大于 0",
        "挖掘地点 (`place`): 必须填写",
        "`colour`: 此类证照没有这个字段",
    ] {
        assert!(zh.contains(line), "{zh}");
    }
    for line in ["fields do not fit the type", "(`area_m2`): it must be more than 0", "(`place`): it is required"] {
        assert!(en.contains(line), "{en}");
    }
    assert!(![&zh, &en].iter().any(|told| told.contains("4321") || told.contains("crimson")), "{zh}{en}");

    let broken = counter.file("broken", "resident-id:11010519491231002");
    let issue =
        ["cert", "issue", KIND, fields.to_str().unwrap(), "--holder", broken.to_str().unwrap(), "--case", "WJ-1"];
    let (code, told) = zt(&counter.place, "li", &issue);
    assert!(code == 1 && !told.contains("1101051949"), "a holder's code is not repeated: {told}");
}

#[tokio::test]
async fn types_are_registered_by_an_operator_and_what_is_used_is_counted() {
    let counter = Counter::open();
    let place = &counter.place;
    let types = place.zt(&["cert", "type", "list"]);
    assert!(types.contains(KIND) && types.contains("441802-test") && types.contains("占道挖掘许可证"), "{types}");
    let file = place.dir.path().join("type.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let put = |name: &str, text: &str| {
        let path = counter.file(name, text);
        zt(place, "operator", &["cert", "type", "put", path.to_str().unwrap()])
    };
    assert!(put("same", &text).1.contains("version 1"), "the same file changes nothing");
    assert!(put("longer", &text.replace("\"validity_days\": 90", "\"validity_days\": 91")).1.contains("version 2"));
    let (code, told) = put("stolen", &text.replace("441802-test", "441802-other"));
    assert!(code == 1 && told.contains("owner"), "{told}");
    let (code, told) = put("open", &text.replace("\"additionalProperties\": false", "\"additionalProperties\": true"));
    assert!(code == 1 && told.contains("additionalProperties"), "{told}");
    for who in ["li", "security", "auditor"] {
        let (code, told) = zt(place, who, &["cert", "type", "put", file.to_str().unwrap()]);
        assert!(code == 1 && told.contains("refused"), "{who}: {told}");
    }

    let permit = counter.permit("permit-1").await;
    let shown = json!({ "purpose": "loan", "verifier": BANK, "minutes": 10 });
    let path = format!("/{}/present", permit["id"].as_str().unwrap());
    let token = counter.api("wang", &path, &shown).await.json()["token"].clone();
    assert_eq!(counter.api("bank", "/redeem", &json!({ "token": token, "purpose": "loan" })).await.status, 200);
    let usage = place.zt(&["cert", "usage"]);
    assert!(usage.contains(&format!("{KIND}: 1 of 1 certificates were used (100 %)")), "{usage}");
    let report: Value = serde_json::from_str(&place.zt(&["cert", "usage", "--json"])).unwrap();
    let by = |department: &str| {
        let all = report["usage"].as_array().unwrap();
        all.iter().find(|usage| usage["department"] == department).unwrap_or_else(|| panic!("{report}")).clone()
    };
    assert_eq!((&by("441802-test")["issued"], &by(BANK)["presented"]), (&1.into(), &1.into()));
    assert_eq!(by(BANK)["used"], 1);
    assert_eq!(zt(place, "li", &["cert", "usage"]).0, 1);
}
