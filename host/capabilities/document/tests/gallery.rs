//! The templates of the gallery, as documents that programs of others judge.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use support::{clock, example, typesetter};
use tempfile::TempDir;
use zhongtai_kernel::Clock;
use zhongtai_test_tools::{node, python, tool};
use zhongtai_typeset::{Order, Typeset};

async fn made(name: &str, change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>)) -> Typeset {
    let template = example(name);
    let mut inputs = template.sample().clone();
    change(&mut inputs);
    template.check(&inputs).unwrap();
    let (layout, title) = (template.layout().clone(), template.title().to_owned());
    typesetter().typeset(&Order { template: layout, inputs, title, at: clock().now() }).await.unwrap()
}

fn saved(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn script(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn text(pdf: &[u8]) -> String {
    let (_folder, path) = saved("one.pdf", pdf);
    // Justified text has blanks between its characters.
    said(tool("pdftotext").arg("-raw").arg(path).arg("-")).replace([' ', '　'], "")
}

#[tokio::test]
async fn both_are_sound_pdf_a_files_with_a_place_for_the_seal_on_the_first_page() {
    for (name, pages) in [("excavation-permit", 2), ("business-licence", 1), ("payment-receipt", 1)] {
        let made = made(name, |_| {}).await;
        assert_eq!(made.facts.warnings, [], "{name}");
        assert_eq!(made.facts.pages, pages, "{name}");
        let [place] = made.facts.seal_places.as_slice() else { unreachable!("{:?}", made.facts) };
        assert_eq!((place.page, place.name.as_str()), (1, ""), "{name}");
        let (_folder, path) = saved("one.pdf", &made.pdf);
        let checked = said(python().arg(script("typeset/tests/pdfa.py")).arg(&path));
        assert!(checked.starts_with("checked ") && checked.lines().count() == 1, "{name}: {checked}");
        assert!(said(tool("qpdf").arg("--check").arg(&path)).contains("No syntax or stream encoding errors"));
        let (_folder, path) = saved("one.ofd", &made.ofd);
        let seen = said(node().arg(script("ofd/tests/read.cjs")).arg(path));
        let seen: serde_json::Value = serde_json::from_str(&seen).unwrap();
        assert_eq!(seen["text"].as_array().unwrap().len(), pages, "{name}");
    }
}

#[tokio::test]
async fn a_receipt_says_what_was_paid_in_figures_and_capitals() {
    let text = text(&made("payment-receipt", |_| {}).await.pdf);
    for expected in
        ["非税收入电子票据", "441802300126112700000179", "5409.50", "伍仟肆佰零玖元伍角整", "2026年11月27日"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[tokio::test]
async fn a_permit_says_what_was_permitted() {
    let text = text(&made("excavation-permit", |_| {}).await.pdf);
    for expected in [
        "城市道路占用挖掘许可证",
        "清远市清城区水务工程有限公司",
        "186.5平方米",
        "自2026年3月5日起至2026年6月2日止",
        "2026年3月2日",
        "特别条件",
        "第1页，共2页",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[tokio::test]
async fn what_is_not_filled_in_leaves_no_trace() {
    let bare = |inputs: &mut serde_json::Map<String, serde_json::Value>| {
        for field in ["contact", "contact_phone", "conditions"] {
            inputs.remove(field);
        }
    };
    let text = text(&made("excavation-permit", bare).await.pdf);
    for absent in ["联系人", "联系电话", "特别条件", "none"] {
        assert!(!text.contains(absent), "{absent}: {text}");
    }
}

#[tokio::test]
async fn capital_is_written_in_capital_characters() {
    let cases: [(i64, &str); 9] = [
        (100_000_000, "人民币壹佰万元整"),
        (0, "人民币零元整"),
        (100, "人民币壹元整"),
        (1_000_300, "人民币壹万零叁元整"),
        (105_050, "人民币壹仟零伍拾元伍角整"),
        (10_000_005, "人民币壹拾万元零伍分"),
        (2_000_100_000, "人民币贰仟万壹仟元整"),
        (100_000_500_000, "人民币壹拾亿零伍仟元整"),
        (123_456_789_012, "人民币壹拾贰亿叁仟肆佰伍拾陆万柒仟捌佰玖拾元壹角贰分"),
    ];
    for (fen, expected) in cases {
        let made = made("business-licence", |inputs| drop(inputs.insert("registered_capital_fen".into(), fen.into())));
        let text = text(&made.await.pdf);
        assert!(text.replace('\n', "").contains(expected), "{expected}: {text}");
    }
}

#[tokio::test]
async fn the_longest_inputs_still_lie_on_the_page() {
    let long = |inputs: &mut serde_json::Map<String, serde_json::Value>| {
        inputs.insert("conditions".into(), "施工期间应当保持道路畅通。\n".repeat(70).into());
        inputs.insert("place".into(), "清城区人民二路".repeat(40).into());
    };
    let made = made("excavation-permit", long).await;
    assert!(made.facts.pages > 2, "the conditions go on");
    let page = made.facts.seal_places[0].page.to_string();
    let (_folder, path) = saved("one.pdf", &made.pdf);
    let signed = said(tool("pdftotext").args(["-raw", "-f", &page, "-l", &page]).arg(path).arg("-")).replace(' ', "");
    assert!(
        signed.contains("发证机关") && signed.contains("2026年3月2日"),
        "the seal goes where the date goes: {signed}"
    );
}
