//! Building one plugin.

use std::{
    env, fs,
    io::BufReader,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use cargo_metadata::{Artifact, Message};
use sha2::{Digest, Sha256};

use crate::{Error, Source, TARGET, Toolchain, command, component, debian};

/// What a guest is compiled with, so that an author's Cargo.toml needs no profile. Speed before size: a handler is
/// compiled ahead of time once and runs for every request.
const PROFILE: [(&str, &str); 6] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_LTO", "fat"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
];

/// How to build.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// One package of a workspace; not needed when the directory holds just one.
    pub package: Option<String>,
    /// Where cargo keeps its work. By default `$CARGO_TARGET_DIR/guest`, or `target/guest` in the crate.
    pub target_dir: Option<PathBuf>,
    /// Where the component goes. By default beside the module, as `<name>.component.wasm`.
    pub output: Option<PathBuf>,
    /// Passes `--locked`: Cargo.lock must be up to date.
    pub locked: bool,
    /// Passes `--offline`: nothing is downloaded.
    pub offline: bool,
    /// Keeps function names, for a readable trace of a trap; larger by about a third.
    pub keep_names: bool,
}

/// A component that was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The package's name.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// The component.
    pub component_path: PathBuf,
    /// Its size in bytes.
    pub size: usize,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// The interfaces it imports, such as `zhongtai:log/logging@0.1.0`, sorted.
    pub imports: Vec<String>,
    /// The interfaces it exports, sorted.
    pub exports: Vec<String>,
}

/// What cargo made.
struct Module {
    package: String,
    version: String,
    path: PathBuf,
}

impl Toolchain {
    /// Builds the crate in `directory`, in release, to a component. Cargo's messages go to standard error.
    ///
    /// # Errors
    /// [`Error::Build`] when it does not compile, [`Error::NoModule`] when it is no plugin, [`Error::Component`] when
    /// the module does not fit the world.
    pub fn build(&self, directory: &Path, options: &BuildOptions) -> Result<Built, Error> {
        let what = options.package.clone().unwrap_or_else(|| directory.display().to_string());
        let module = self.compile(directory, options, &what)?;
        let bytes = fs::read(&module.path).map_err(|source| file("read", &module.path, source))?;
        let component = component::componentize(&bytes)?;
        let component_path = options.output.clone().unwrap_or_else(|| module.path.with_extension("component.wasm"));
        write(&component_path, &component.bytes)?;
        Ok(Built {
            package: module.package,
            version: module.version,
            component_path,
            size: component.bytes.len(),
            sha256: hex::encode(Sha256::digest(&component.bytes)),
            imports: component.imports,
            exports: component.exports,
        })
    }

    fn compile(&self, directory: &Path, options: &BuildOptions, what: &str) -> Result<Module, Error> {
        let mut cargo = self.cargo(directory, options);
        let run = |source| Error::Run { program: "cargo".into(), source };
        let mut child = cargo.spawn().map_err(run)?;
        let modules = modules(&mut child);
        if !child.wait().map_err(run)?.success() {
            return Err(Error::Build { what: what.into() });
        }
        let found = modules.iter().map(|module| module.package.as_str()).collect::<Vec<_>>().join(", ");
        let mut modules = modules.into_iter();
        match (modules.next(), modules.next()) {
            (Some(module), None) => Ok(module),
            (None, _) => Err(Error::NoModule { what: what.into() }),
            _ => Err(Error::ManyModules { what: what.into(), found }),
        }
    }

    fn cargo(&self, directory: &Path, options: &BuildOptions) -> Command {
        let mut cargo = self.bare_cargo();
        cargo.current_dir(directory).args(["build", "--release", "--lib", "--target", TARGET]);
        cargo.arg("--message-format=json-render-diagnostics").arg("--target-dir").arg(target_dir(directory, options));
        cargo.envs(PROFILE).env(format!("CARGO_TARGET_{}_RUSTFLAGS", variable(TARGET)), rustflags(directory));
        if let Some(package) = &options.package {
            cargo.args(["--package", package]);
        }
        if options.locked {
            cargo.arg("--locked");
        }
        if options.offline {
            cargo.arg("--offline");
        }
        if options.keep_names {
            cargo.env("CARGO_PROFILE_RELEASE_STRIP", "debuginfo");
        }
        cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        cargo
    }

    /// Cargo of this toolchain, with nothing of an outer cargo's environment.
    fn bare_cargo(&self) -> Command {
        let mut cargo = match self.source() {
            Source::Active | Source::Rustup => Command::new("cargo"),
            Source::Debian => Command::new(debian::CARGO),
        };
        command::clear_foreign(&mut cargo);
        if self.source() == Source::Debian {
            let path = env::var_os("PATH").unwrap_or_default();
            let paths = [PathBuf::from("/usr/bin")].into_iter().chain(env::split_paths(&path));
            cargo.env("PATH", env::join_paths(paths).unwrap_or(path));
            cargo.env("RUSTC", debian::RUSTC).env("RUSTC_BOOTSTRAP", "1");
            cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("LD_LIBRARY_PATH");
            cargo.arg("-Zbuild-std=std,panic_abort");
        }
        cargo
    }
}

/// The modules among what cargo says it made.
fn modules(child: &mut Child) -> Vec<Module> {
    let Some(stdout) = child.stdout.take() else { return Vec::new() };
    let messages = Message::parse_stream(BufReader::new(stdout)).filter_map(Result::ok);
    messages
        .filter_map(|message| if let Message::CompilerArtifact(made) = message { module(made) } else { None })
        .collect()
}

fn module(artifact: Artifact) -> Option<Module> {
    let path = artifact.filenames.iter().find(|file| file.extension() == Some("wasm"))?;
    let (package, version) = identity(&artifact.package_id.repr);
    Some(Module { package, version, path: path.into() })
}

/// Name and version from `path+file:///srv/pothole#0.1.0` or `path+file:///srv/dir#pothole@0.1.0`.
fn identity(id: &str) -> (String, String) {
    let (place, rest) = id.rsplit_once('#').unwrap_or((id, ""));
    let directory = place.rsplit('/').next().unwrap_or_default();
    let (name, version) = rest.split_once('@').unwrap_or((directory, rest));
    (name.into(), version.into())
}

/// The custom backend is the SDK's (`zhongtai`'s feature `getrandom`). A stack of 256 KiB is enough for a handler, and
/// keeps the memory to scan between two requests small. Paths of this machine stay out of the component, so that
/// another one builds the same bytes.
fn rustflags(directory: &Path) -> String {
    let mut flags = vec!["--cfg=getrandom_backend=\"custom\"".into(), "-Clink-arg=-zstack-size=262144".into()];
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = env::home_dir().map(|home| home.join(".cargo"));
    let places = [(cargo_home.or(home), "/cargo"), (directory.canonicalize().ok(), "/plugin")];
    for (place, name) in places {
        // Flags are separated by spaces, so a path that has one cannot be named.
        if let Some(place) = place.map(|place| place.display().to_string()).filter(|place| !place.contains(' ')) {
            flags.push(format!("--remap-path-prefix={place}={name}"));
        }
    }
    flags.join(" ")
}

fn variable(target: &str) -> String {
    target.to_uppercase().replace('-', "_")
}

fn target_dir(directory: &Path, options: &BuildOptions) -> PathBuf {
    let default = || match env::var_os("CARGO_TARGET_DIR") {
        Some(outer) => PathBuf::from(outer).join("guest"),
        None => directory.join("target/guest"),
    };
    let chosen = options.target_dir.clone().unwrap_or_else(default);
    // Cargo runs in the crate's directory, so a relative path must not depend on that.
    std::path::absolute(&chosen).unwrap_or(chosen)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|source| file("create the directory of", path, source))?;
    }
    fs::write(path, bytes).map_err(|source| file("write", path, source))
}

fn file(what: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::File { what, path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::{identity, variable};

    #[test]
    fn a_package_is_named_by_its_id() {
        let named = |id| identity(id);
        assert_eq!(named("path+file:///srv/pothole#0.1.0"), ("pothole".into(), "0.1.0".into()));
        assert_eq!(named("path+file:///srv/dir#pothole@0.1.0"), ("pothole".into(), "0.1.0".into()));
    }

    #[test]
    fn a_target_names_its_variable() {
        assert_eq!(variable("wasm32-unknown-unknown"), "WASM32_UNKNOWN_UNKNOWN");
    }
}
