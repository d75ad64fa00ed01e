//! Draws one seal of each kind as SVG and PNG into a folder: `cargo run --example faces -- FONT INDEX FOLDER`.
#![expect(clippy::expect_used, reason = "an example that can't go on must say so and stop")]

use zhongtai_impression::{Design, Font};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |what: &str| arguments.next().expect(what);
    let file = std::fs::read(argument("a font file"))?;
    let font = Font::parse(&file, argument("the face's index").parse()?)?;
    let folder = std::path::PathBuf::from(argument("a folder"));
    for (name, design) in designs() {
        let drawing = design.draw(&font)?;
        std::fs::write(folder.join(format!("{name}.svg")), drawing.svg())?;
        std::fs::write(folder.join(format!("{name}.png")), drawing.png(12.0))?;
    }
    Ok(())
}

fn designs() -> Vec<(&'static str, Design)> {
    let with = |line: Option<&str>, code: Option<&str>, design: Design| Design {
        line_text: line.map(str::to_owned),
        code: code.map(str::to_owned),
        ..design
    };
    vec![
        ("short", Design::round("财政局")),
        ("government", Design::round("清城区人民政府")),
        ("department", with(None, Some("4418020012345"), Design::round("清远市清城区城市管理和综合执法局"))),
        ("contract", with(Some("合同专用章"), Some("4418020012346"), Design::round("清远市清城区市场监督管理局"))),
        (
            "long",
            with(
                Some("行政审批专用章"),
                None,
                Design::round("清远市清城区住房和城乡建设局工程施工许可审批服务窗口办公室"),
            ),
        ),
        ("invoice", with(Some("发票专用章"), Some("91350100M000100Y43"), Design::oval("清远市清城区某某科技有限公司"))),
        ("person-two", Design::square("张三")),
        ("person-three", Design::square("欧阳修")),
        ("person-four", Design::square("张三之印")),
    ]
}
