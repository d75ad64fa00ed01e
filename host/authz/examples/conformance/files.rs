//! The files of the tests, by their paths within the folder: handwritten ones, and those packed in an archive.

use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

use flate2::read::GzDecoder;

/// Every file's text.
pub(crate) struct Files(BTreeMap<String, String>);

// === impl Files ===

impl Files {
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let mut files = Self(BTreeMap::new());
        for folder in ["tests", "sample-data"] {
            files.read_folder(root, &root.join(folder))?;
        }
        files.read_archive(&root.join("corpus-tests.tar.gz"))?;
        Ok(files)
    }

    /// The paths of the tests.
    pub(crate) fn tests(&self) -> impl Iterator<Item = &str> {
        let tests = self.0.keys().map(String::as_str).filter(|path| path.ends_with(".json"));
        tests.filter(|path| !path.ends_with("entities.json"))
    }

    pub(crate) fn get(&self, path: &str) -> Result<&str, String> {
        self.0.get(path).map(String::as_str).ok_or_else(|| format!("there is no file {path}"))
    }

    fn read_folder(&mut self, root: &Path, folder: &Path) -> Result<(), String> {
        let fail = |error| format!("{}: {error}", folder.display());
        for entry in std::fs::read_dir(folder).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            if path.is_dir() {
                self.read_folder(root, &path)?;
            } else {
                let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                self.0.insert(name, std::fs::read_to_string(&path).map_err(fail)?);
            }
        }
        Ok(())
    }

    fn read_archive(&mut self, path: &Path) -> Result<(), String> {
        let fail = |error| format!("{}: {error}", path.display());
        let mut archive = tar::Archive::new(GzDecoder::new(File::open(path).map_err(fail)?));
        for entry in archive.entries().map_err(fail)? {
            let mut entry = entry.map_err(fail)?;
            if entry.header().entry_type().is_file() {
                let name = entry.path().map_err(fail)?.to_string_lossy().into_owned();
                let mut text = String::new();
                entry.read_to_string(&mut text).map_err(fail)?;
                self.0.insert(name.trim_start_matches("./").to_owned(), text);
            }
        }
        Ok(())
    }
}
