//! `zt plugin new`: a plugin that builds, passes its test and answers, to start from.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use zhongtai_kernel::{DepartmentId, ScenarioId};

/// The template's files, compiled in: `zt` needs no other file to make a plugin.
const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../../../../sdk/templates/rust/Cargo.toml")),
    ("README.md", include_str!("../../../../sdk/templates/rust/README.md")),
    (".gitignore", include_str!("../../../../sdk/templates/rust/.gitignore")),
    ("plugin.toml", include_str!("../../../../sdk/templates/rust/plugin.toml")),
    ("src/lib.rs", include_str!("../../../../sdk/templates/rust/src/lib.rs")),
    ("tests/notes.rs", include_str!("../../../../sdk/templates/rust/tests/notes.rs")),
];

/// What to make.
#[derive(clap::Args)]
pub(super) struct New {
    /// The scenario's name, such as `pothole`.
    name: String,
    /// The department that owns it, such as `441802-chengguan`.
    #[arg(long)]
    department: DepartmentId,
    /// The SDK's folder; by default the one that this `zt` was built beside.
    #[arg(long, env = "ZT_SDK")]
    sdk: Option<PathBuf>,
}

// === impl New ===

impl New {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        ScenarioId::new(&self.department, &self.name)?;
        let folder = Path::new(&self.name);
        if folder.exists() {
            bail!("{} is there already", folder.display());
        }
        let sdk = self.sdk_line()?;
        for (path, text) in FILES {
            let path = folder.join(path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).with_context(|| format!("{}", parent.display()))?;
            }
            std::fs::write(&path, self.render(text, &sdk)).with_context(|| format!("{}", path.display()))?;
        }
        let names: Vec<_> = FILES.iter().map(|(path, _)| *path).collect();
        println!("created {}/  ({})", self.name, names.join(", "));
        println!("next:   cd {} && cargo test && zt plugin build && zt plugin deploy", self.name);
        Ok(())
    }

    fn render(&self, text: &str, sdk: &str) -> String {
        text.replace("{{name}}", &self.name)
            .replace("{{crate}}", &self.name.replace('-', "_"))
            .replace("{{department}}", self.department.as_str())
            .replace("{{sdk}}", sdk)
    }

    fn sdk_line(&self) -> anyhow::Result<String> {
        let built_beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/rust");
        let folder = self.sdk.clone().unwrap_or(built_beside);
        let folder = folder
            .canonicalize()
            .with_context(|| format!("the SDK is not at {}: set --sdk or ZT_SDK to its folder", folder.display()))?;
        Ok(format!("zhongtai = {{ path = \"{}\" }}", folder.display()))
    }
}
