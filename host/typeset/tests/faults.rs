//! What is wrong with a template is told by part, line and column, and in Chinese.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use support::{faults, inputs, order, typesetter};
use zhongtai_typeset::{Place, Template, TemplateError, TypesetError};

fn at(line: usize, column: usize) -> Place {
    Place { part: "main.typ".to_owned(), line: Some(line), column: Some(column) }
}

#[tokio::test]
async fn a_mistake_has_its_line_and_column() {
    let found = faults("第一行\n被许可人：#hodler").await;
    assert_eq!(found[0].place, Some(at(2, 7)));
    assert_eq!(found[0].chinese(), "第 2 行第 7 列（main.typ）：未知变量 hodler");
    assert!(found[0].to_string().starts_with("main.typ:2:7: unknown variable: hodler"), "{}", found[0]);
    let found = faults("#let data = sys.inputs\n\n#data.holder").await;
    assert_eq!(found[0].place.as_ref().unwrap().line, Some(3));
    assert_eq!(found[0].chinese(), "第 3 行第 7 列（main.typ）：数据中没有字段 \"holder\"");
    let found = faults("#table(columns: 2\n").await;
    assert!(found[0].chinese().contains("没有闭合"), "{}", found[0].chinese());
}

#[tokio::test]
async fn a_mistake_in_another_part_is_found_there() {
    let parts =
        [("main.typ", "#import \"lib/words.typ\": day\n#day(1)"), ("lib/words.typ", "// 日期\n#let day(n) = n + x\n")];
    let parts = parts.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    let error = typesetter().typeset(&order(Template::new(parts).unwrap(), inputs())).await.unwrap_err();
    let TypesetError::Template(found) = error else { unreachable!("{error}") };
    assert_eq!(found[0].place, Some(Place { part: "lib/words.typ".to_owned(), line: Some(2), column: Some(19) }));
}

#[tokio::test]
async fn a_character_that_no_font_has_is_an_error_and_not_a_box() {
    // A character of the private use area stands for a rare one in a name.
    let found = faults("姓名：\u{e000}").await;
    assert_eq!(found[0].chinese(), "第 1 行第 4 列（main.typ）：所有字体都没有这个字：\u{e000} (U+E000)");
    let template = Template::of_text("姓名：\n#sys.inputs.name").unwrap();
    let named = order(template, serde_json::json!({ "name": "张\u{e000}" }));
    let TypesetError::Template(found) = typesetter().typeset(&named).await.unwrap_err() else { unreachable!() };
    assert_eq!(found[0].place.as_ref().unwrap().line, Some(2), "where the name stands");
}

#[tokio::test]
async fn what_pdf_can_show_and_ofd_can_not_is_refused_for_both() {
    for (template, expected) in [
        ("#rect(fill: red.transparentize(50%))", "transparent"),
        ("#rect(fill: gradient.linear(red, blue))", "gradient"),
        ("#line(length: 3cm, stroke: (dash: \"dashed\"))", "dashed"),
        ("#box(width: 1cm, height: 1cm, clip: true)[很长的文字很长的文字]", "clip"),
        ("#box(width: 1cm, height: 1cm)<seal>\n#box(width: 1cm, height: 1cm)<seal>", "second seal place"),
        ("#rotate(30deg)[#box(width: 1cm, height: 1cm)<seal>]", "seal place that is turned"),
        ("#place(top + left, dx: -3cm)[#box(width: 1cm, height: 1cm)<seal>]", "seal place that"),
    ] {
        let found = faults(template).await;
        assert!(found[0].to_string().contains(expected), "{template}: {}", found[0]);
        assert!(!found[0].chinese().is_ascii(), "{template}: {}", found[0].chinese());
    }
}

#[test]
fn parts_have_names_and_kinds() {
    let of = |name: &str, data: &[u8]| {
        Template::new([("main.typ".to_owned(), Vec::new()), (name.to_owned(), data.to_vec())]).map(|_| ())
    };
    for name in ["../up.typ", "/etc/passwd.txt", "a//b.typ", ".hidden.typ", "a\\b.typ", "blank .typ", ""] {
        assert!(matches!(of(name, b""), Err(TemplateError::Name(_))), "{name}");
    }
    assert!(matches!(of("run.wasm", b""), Err(TemplateError::Kind(_))));
    assert!(matches!(of("words.typ", b"\xff\xfe"), Err(TemplateError::Text(_))));
    assert_eq!(of("图/国徽.svg", b"<svg/>"), Ok(()));
    assert_eq!(Template::new([("other.typ".to_owned(), Vec::new())]).unwrap_err(), TemplateError::NoMain);
    let large = Template::new([("main.typ".to_owned(), vec![b' '; (1 << 20) + 1])]);
    assert_eq!(large.unwrap_err(), TemplateError::TooLarge);
}

#[test]
fn a_digest_tells_templates_apart_and_survives_the_way() {
    let of = |parts: [(&str, &str); 2]| {
        Template::new(parts.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))).unwrap()
    };
    let one = of([("main.typ", "a"), ("b.typ", "c")]);
    assert_ne!(one.digest(), of([("main.typ", "ab"), ("b.typ", "")]).digest());
    let json = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<Template>(&json).unwrap(), one);
    assert!(serde_json::from_str::<Template>(r#"{"parts":{"../x.typ":""}}"#).is_err());
}
