//! A template as a file: what `zt template put` sends and the database keeps.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zhongtai_kernel::DepartmentId;

/// What says what a template is called and takes.
const DEFINITION: &str = "template.json";
/// Inputs to try it with.
const SAMPLE: &str = "sample.json";

/// A template in one piece: its definition, a sample of its inputs, and its parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateFile {
    /// `template.json`.
    pub definition: Definition,
    /// `sample.json`: inputs that the template is tried with when it is put online.
    pub sample: Map<String, Value>,
    /// All other files, base64 by name.
    pub parts: BTreeMap<String, String>,
}

/// What `template.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// 1 to 64 of a-z, 0-9 and `-`.
    pub name: String,
    /// What people call the document; readers show it.
    pub title: String,
    /// The department whose template it is.
    pub owner: DepartmentId,
    /// JSON Schema 2020-12 of the inputs.
    pub schema: Value,
}

/// A folder is no template.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file can't be read.
    #[error("{} can't be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A JSON file does not say what it should.
    #[error("{}", path.display())]
    Json {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The name is none that a part can have.
    #[error("{} has a name that is not UTF-8", .0.display())]
    Name(PathBuf),
}

// === impl TemplateFile ===

impl TemplateFile {
    /// Reads a folder with `template.json`, `sample.json`, `main.typ` and further parts; or the folder that a
    /// `template.json` lies in. Hidden files are left out.
    ///
    /// # Errors
    /// When a file can't be read, or one of the JSON files is missing or not right.
    pub fn of_folder(path: &Path) -> Result<Self, FolderError> {
        let folder = if path.ends_with(DEFINITION) { path.parent().unwrap_or(path) } else { path };
        let mut parts = BTreeMap::new();
        collect(folder, "", &mut parts)?;
        Ok(Self {
            definition: json(&folder.join(DEFINITION))?,
            sample: json(&folder.join(SAMPLE))?,
            parts: parts.into_iter().filter(|(name, _)| ![DEFINITION, SAMPLE].contains(&name.as_str())).collect(),
        })
    }
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, FolderError> {
    let text = std::fs::read(path).map_err(|source| FolderError::Read { path: path.to_owned(), source })?;
    serde_json::from_slice(&text).map_err(|source| FolderError::Json { path: path.to_owned(), source })
}

fn collect(folder: &Path, before: &str, parts: &mut BTreeMap<String, String>) -> Result<(), FolderError> {
    let failed = |source| FolderError::Read { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let name = entry.file_name().into_string().map_err(|_| FolderError::Name(path.clone()))?;
        // A link is not followed: what lies elsewhere was not meant to be sent.
        let kind = entry.file_type().map_err(failed)?;
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            collect(&path, &format!("{before}{name}/"), parts)?;
        } else if kind.is_file() {
            let data = std::fs::read(&path).map_err(|source| FolderError::Read { path: path.clone(), source })?;
            parts.insert(format!("{before}{name}"), STANDARD.encode(data));
        }
    }
    Ok(())
}
