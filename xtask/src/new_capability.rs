//! `cargo xtask new-capability NAME`: a capability that compiles, is tested, and follows the one-folder pattern.

use std::path::Path;

use anyhow::{Context, bail};

use crate::run::{cargo, must};

const FILES: &[(&str, &str)] = &[
    ("host/capabilities/{name}/Cargo.toml", include_str!("../templates/capability/Cargo.toml.txt")),
    ("host/capabilities/{name}/README.md", include_str!("../templates/capability/README.md.txt")),
    ("host/capabilities/{name}/src/lib.rs", include_str!("../templates/capability/lib.rs.txt")),
    ("host/capabilities/{name}/src/provider.rs", include_str!("../templates/capability/provider.rs.txt")),
    ("host/capabilities/{name}/src/embedded.rs", include_str!("../templates/capability/embedded.rs.txt")),
    ("host/capabilities/{name}/src/error.rs", include_str!("../templates/capability/error.rs.txt")),
    ("host/capabilities/{name}/src/host.rs", include_str!("../templates/capability/host.rs.txt")),
    ("host/capabilities/{name}/src/migration.rs", include_str!("../templates/capability/migration.rs.txt")),
    ("host/capabilities/{name}/src/contract.rs", include_str!("../templates/capability/contract.rs.txt")),
    ("host/capabilities/{name}/tests/embedded.rs", include_str!("../templates/capability/tests.rs.txt")),
    ("wit/{name}/package.wit", include_str!("../templates/capability/package.wit.txt")),
    ("policies/{name}/{name}.cedarschema", include_str!("../templates/capability/schema.cedarschema.txt")),
    ("policies/{name}/{name}.cedar", include_str!("../templates/capability/policies.cedar.txt")),
    ("policies/{name}/tests/allow/own.json", include_str!("../templates/capability/case.allow.json.txt")),
    ("policies/{name}/tests/deny/another.json", include_str!("../templates/capability/case.deny.json.txt")),
];

/// Makes the folders, and says what is left to do by hand.
pub(crate) fn run(name: &str) -> anyhow::Result<()> {
    let is_word = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !is_word {
        bail!("`{name}` is not a name: one word of a-z and 0-9, such as `logistics`");
    }
    if Path::new("host/capabilities").join(name).exists() {
        bail!("host/capabilities/{name} is there already");
    }
    for (path, text) in FILES {
        let path = path.replace("{name}", name);
        let path = Path::new(&path);
        if path.exists() {
            println!("kept {}, which is there already: add what the example needs", path.display());
            continue;
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, render(text, name)).with_context(|| format!("{}", path.display()))?;
        println!("created {}", path.display());
    }
    let package = format!("zhongtai-cap-{name}");
    println!("testing {package} (SQLite and PostgreSQL)");
    must(&mut cargo(&["fmt", "--package", &package]))?;
    must(&mut cargo(&["test", "--quiet", "--package", &package]))?;
    println!(
        "\nleft to do by hand:\n  \
         1. Cargo.toml: `{package} = {{ path = \"host/capabilities/{name}\" }}` under [workspace.dependencies]\n  \
         2. host/server: the dependency, its MIGRATIONS and one line in `capabilities` of src/serve.rs\n  \
         3. wit/scenario/package.wit: `import zhongtai:{name}/{name}@0.1.0;` once it is ready for guests, the path in\n     \
            host/runtime/src/bindings.rs, and a client in sdk/rust\n  \
         4. the example interface `note`: make it yours in WIT, provider, host and policies"
    );
    Ok(())
}

fn render(text: &str, name: &str) -> String {
    let mut letters = name.chars();
    let title: String = letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
    text.replace("{{name}}", name).replace("{{Name}}", &title)
}
