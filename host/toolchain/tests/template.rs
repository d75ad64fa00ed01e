//! What `zt plugin new` gives an author passes its own tests, and becomes a component that imports just what it uses.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use zhongtai_toolchain::{BuildOptions, Toolchain};

const SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk");
/// Kept between runs, so that only the first one waits for the dependencies.
const TARGET_DIR: &str = env!("CARGO_TARGET_TMPDIR");

fn render(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            render(&entry.path(), &target)?;
            continue;
        }
        let text = fs::read_to_string(entry.path())?;
        let text = text.replace("{{name}}", "note-box").replace("{{crate}}", "note_box");
        let text = text.replace("{{department}}", "441802-chengguan");
        fs::write(target, text.replace("{{sdk}}", &format!("zhongtai = {{ path = '{SDK}/rust' }}")))?;
    }
    Ok(())
}

fn cargo_test(directory: &Path) -> Result<()> {
    let mut cargo = Command::new(env!("CARGO"));
    let cargo = cargo.current_dir(directory).args(["test", "--target-dir"]).arg(Path::new(TARGET_DIR).join("native"));
    let output = cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[test]
fn the_template_passes_its_tests_and_becomes_a_component() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let plugin = directory.path().join("note-box");
    render(&Path::new(SDK).join("templates/rust"), &plugin)?;

    let source = fs::read_to_string(plugin.join("src/lib.rs"))?;
    assert!(source.lines().count() <= 30, "an author reads it in a minute");
    cargo_test(&plugin).context("the template's own tests")?;

    let target_dir = Some(Path::new(TARGET_DIR).join("guest"));
    let built = Toolchain::find()?.build(&plugin, &BuildOptions { target_dir, ..BuildOptions::default() })?;
    assert_eq!((built.package.as_str(), built.version.as_str()), ("note-box", "0.1.0"));
    assert_eq!(
        built.imports,
        [
            "zhongtai:clock/clock@0.1.0",
            "zhongtai:config/settings@0.1.0",
            "zhongtai:keyvalue/store@0.1.0",
            "zhongtai:log/logging@0.1.0",
            "zhongtai:random/random@0.1.0",
        ]
    );
    assert_eq!(built.exports, ["zhongtai:scenario/http@0.1.0"]);
    assert_eq!(fs::metadata(&built.component_path)?.len(), built.size as u64);
    Ok(())
}
