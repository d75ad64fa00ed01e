use std::path::{Path, PathBuf};

use zhongtai_e2e::repository;
use zhongtai_toolchain::{BuildOptions, Toolchain};

/// A folder with a `plugin.toml` and a component, as a department would hand it in.
pub struct Plugin {
    pub scenario: String,
    pub capabilities: Vec<String>,
    pub folder: PathBuf,
    pub component: PathBuf,
}

/// The component of a crate in `tests/guests`: from `$ZHONGTAI_GUESTS` when somebody built it already, or built here.
/// Cargo sees to it that an unchanged one is not built again.
pub fn guest(name: &str) -> PathBuf {
    built("tests/guests", name)
}

fn built(workspace: &str, name: &str) -> PathBuf {
    if let Some(built) = std::env::var_os("ZHONGTAI_GUESTS") {
        return PathBuf::from(built).join(format!("{name}.wasm"));
    }
    let options = BuildOptions {
        package: Some(name.to_owned()),
        target_dir: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests")),
        ..BuildOptions::default()
    };
    let toolchain = Toolchain::find().expect("a toolchain for guests");
    toolchain.build(&repository().join(workspace), &options).expect("the guest builds").component_path
}

/// A component written by hand, in `tests/guests/wat`.
pub fn wat(name: &str) -> Vec<u8> {
    wat::parse_str(wat_text(name)).expect("a component")
}

fn wat_text(name: &str) -> String {
    std::fs::read_to_string(repository().join(format!("tests/guests/wat/{name}.wat"))).expect("its text")
}

/// A component that answers 200 with this text to everything: the smallest one, with a body.
pub fn answering(text: &str) -> Vec<u8> {
    let status = "(i32.store16 (i32.const 16) (i32.const 200))";
    let body = format!(
        "{status} (i32.store (i32.const 28) (i32.const 64)) (i32.store (i32.const 32) (i32.const {}))",
        text.len()
    );
    let memory = "(memory (export \"memory\") 1)";
    let data = format!("{memory} (data (i32.const 64) \"{text}\")");
    wat::parse_str(wat_text("handler").replace(status, &body).replace(memory, &data)).expect("a component")
}

/// A manifest of `441802-test`, with more of it.
pub fn manifest(name: &str, version: &str, access: &str, more: &str) -> String {
    format!(
        "[plugin]\nname = \"{name}\"\nversion = \"{version}\"\ndepartment = \"441802-test\"\ntitle = \"测试\"\n\
         access = \"{access}\"\n{more}\n"
    )
}

// === impl Plugin ===

impl Plugin {
    /// A fixture with the manifest beside it.
    pub fn fixture(name: &str) -> Self {
        let folder = repository().join("tests/guests").join(name);
        let capabilities = match name {
            "fees" => ["keyvalue", "payment"].map(str::to_owned).into(),
            "hello" => vec!["credit".to_owned()],
            "licences" => ["certificate", "evidence", "subject"].map(str::to_owned).into(),
            "materials" => vec!["files".to_owned()],
            "parcels" => ["keyvalue", "logistics"].map(str::to_owned).into(),
            "places" => vec!["geo".to_owned()],
            "promises" => ["credit", "subject"].map(str::to_owned).into(),
            "seals" => ["files", "seal"].map(str::to_owned).into(),
            "papers" => ["document", "files"].map(str::to_owned).into(),
            _ => vec!["keyvalue".to_owned()],
        };
        Self { scenario: format!("441802-test/{name}"), capabilities, component: guest(name), folder }
    }

    /// A shipped plugin, with all that its manifest asks for.
    pub fn shipped(name: &str) -> Self {
        let folder = repository().join("plugins").join(name);
        let manifest = std::fs::read_to_string(folder.join("plugin.toml")).expect("a manifest");
        let manifest: toml::Table = manifest.parse().expect("TOML");
        let capabilities = manifest["capabilities"].as_table().expect("capabilities").keys().cloned().collect();
        let department = manifest["plugin"]["department"].as_str().expect("a department");
        Self { scenario: format!("{department}/{name}"), capabilities, component: built("plugins", name), folder }
    }

    /// A public scenario `name` in a folder of its own, that needs no grant.
    pub fn made(dir: &Path, name: &str, version: &str, component: &[u8]) -> Self {
        Self::with_manifest(dir, name, &manifest(name, version, "public", ""), component)
    }

    /// A scenario `name` with this manifest in a folder of its own.
    pub fn with_manifest(dir: &Path, name: &str, manifest: &str, component: &[u8]) -> Self {
        let number = std::fs::read_dir(dir).expect("the test's folder").count();
        let folder = dir.join(format!("{name}-{number}"));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("plugin.toml"), manifest).expect("a manifest");
        let path = folder.join("component.wasm");
        std::fs::write(&path, component).expect("a component");
        Self { scenario: format!("441802-test/{name}"), capabilities: Vec::new(), folder, component: path }
    }

    /// The hostile guest as release 0.1.0 of `name`, with this time for a request.
    pub fn hostile(dir: &Path, name: &str, timeout_ms: u32) -> Self {
        let more = format!(
            "[capabilities]\nkeyvalue = {{ reason = \"floods it\" }}\n\
             [limits]\nmemory_mib = 160\nbody_kib = 64\ntimeout_ms = {timeout_ms}"
        );
        let component = std::fs::read(guest("hostile")).expect("the hostile guest");
        let made = Self::with_manifest(dir, name, &manifest(name, "0.1.0", "public", &more), &component);
        Self { capabilities: vec!["keyvalue".to_owned()], ..made }
    }

    /// Its public path.
    pub fn path(&self, below: &str) -> String {
        format!("/s/{}{below}", self.scenario)
    }

    pub fn deploy_arguments(&self) -> Vec<&str> {
        let (folder, component) = (self.folder.to_str(), self.component.to_str());
        vec!["plugin", "deploy", folder.expect("UTF-8"), "--component", component.expect("UTF-8")]
    }
}
