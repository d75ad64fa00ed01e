//! The components of `tests/guests`: from `$ZHONGTAI_GUESTS` when somebody built them already, or built here.

use std::{
    collections::HashMap,
    env, fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use zhongtai_toolchain::{BuildOptions, Toolchain};

const GUESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/guests");

/// The component of a crate in `tests/guests`. Built once in a process; cargo sees to it that an unchanged one is
/// not built again by the next.
pub fn guest(name: &'static str) -> &'static [u8] {
    static BUILT: Mutex<Option<HashMap<&str, &[u8]>>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built.get_or_insert_default().entry(name).or_insert_with(|| read(&find_or_build(name)).leak())
}

fn find_or_build(name: &str) -> PathBuf {
    match env::var_os("ZHONGTAI_GUESTS") {
        Some(built) => PathBuf::from(built).join(format!("{name}.wasm")),
        None => build(name),
    }
}

fn build(name: &str) -> PathBuf {
    let options = BuildOptions {
        package: Some(name.to_owned()),
        target_dir: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests")),
        ..BuildOptions::default()
    };
    let toolchain = Toolchain::find().expect("a toolchain for guests");
    toolchain.build(GUESTS.as_ref(), &options).expect("the guest builds").component_path
}

/// A component written by hand, in `tests/guests/wat`.
pub fn wat(name: &str) -> Vec<u8> {
    wat::parse_str(wat_text(name)).expect("a component")
}

/// Its text, to change something in it.
pub fn wat_text(name: &str) -> String {
    String::from_utf8(read(format!("{GUESTS}/wat/{name}.wat").as_ref())).expect("text")
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
