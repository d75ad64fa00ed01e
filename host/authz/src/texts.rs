//! Policy texts: what is read from folders, hashed, sent between hosts and put in force. Nothing is parsed here.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use zhongtai_kernel::Digest;

use crate::PolicyError;

/// The most bytes of all texts together: 10,000 policies take about 3 MB.
pub const MAX_BYTES: usize = 4 << 20;

/// A folder of policies: `*.cedarschema`, `*.cedar`, `entities.json` and `grants.json`, here and one level down;
/// test cases in the `tests/allow` and `tests/deny` of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFolder(pub PathBuf);

/// The text of every file, by its path within its folder: `credit/credit.cedar`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyTexts(BTreeMap<String, String>);

/// What a file of a policy folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `*.cedarschema`
    Schema,
    /// `*.cedar`
    Policies,
    /// `entities.json`: entities in force.
    Entities,
    /// `grants.json`: links of templates.
    Grants,
    /// `tests/entities.json`: entities for test cases only.
    CaseEntities,
    /// `tests/allow/*.json`
    AllowCase,
    /// `tests/deny/*.json`
    DenyCase,
}

// === impl FileKind ===

impl FileKind {
    /// What the file at `path` is; `None` for a file that is no part of a policy set, such as a README.
    pub fn of(path: &str) -> Option<Self> {
        let path = Path::new(path);
        let folder = path.parent().unwrap_or(Path::new(""));
        match path.extension().and_then(|extension| extension.to_str())? {
            "cedarschema" => Some(Self::Schema),
            "cedar" => Some(Self::Policies),
            "json" if folder.ends_with("tests/allow") => Some(Self::AllowCase),
            "json" if folder.ends_with("tests/deny") => Some(Self::DenyCase),
            "json" if path.ends_with("tests/entities.json") => Some(Self::CaseEntities),
            "json" if path.ends_with("entities.json") => Some(Self::Entities),
            "json" if path.ends_with("grants.json") => Some(Self::Grants),
            _ => None,
        }
    }
}

// === impl PolicyTexts ===

impl PolicyTexts {
    /// Texts that are at hand: a draft, a bundle, a test's. Files that are no part of a policy set are refused.
    pub fn new(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, PolicyError> {
        let mut texts = Self::default();
        for (path, text) in files {
            if FileKind::of(&path).is_none() {
                return Err(PolicyError::Invalid {
                    path,
                    line: None,
                    problem: "is not a policy file; there are *.cedar, *.cedarschema, entities.json, grants.json and \
                              tests/allow|deny/*.json"
                        .to_owned(),
                });
            }
            texts.add(path, text)?;
        }
        Ok(texts)
    }

    /// Reads every policy file of the folders.
    pub fn read(folders: &[PolicyFolder]) -> Result<Self, PolicyError> {
        let mut texts = Self::default();
        for PolicyFolder(folder) in folders {
            texts.read_folder(folder, folder, 0)?;
        }
        Ok(texts)
    }

    /// The files, by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The files of one kind, by path.
    pub fn of_kind(&self, kind: FileKind) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(move |(path, _)| FileKind::of(path) == Some(kind))
    }

    /// One file's text.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// The same texts with some files replaced, added or, where there is no text, removed: a draft of a change.
    pub fn with(&self, changes: impl IntoIterator<Item = (String, Option<String>)>) -> Result<Self, PolicyError> {
        let mut files = self.0.clone();
        for (path, text) in changes {
            match text {
                Some(text) => files.insert(path, text),
                None => files.remove(&path),
            };
        }
        Self::new(files)
    }

    /// The hash that decisions carry: over every file's path and text.
    pub fn hash(&self) -> Digest {
        let mut bytes = Vec::new();
        for (path, text) in &self.0 {
            for part in [path, text] {
                bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
                bytes.extend_from_slice(part.as_bytes());
            }
        }
        Digest::of(&bytes)
    }

    fn read_folder(&mut self, root: &Path, folder: &Path, depth: usize) -> Result<(), PolicyError> {
        let fail = |source| PolicyError::Read { path: folder.to_owned(), source };
        for entry in std::fs::read_dir(folder).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            // domain/tests/allow is as deep as it goes.
            if path.is_dir() && depth < 3 {
                self.read_folder(root, &path, depth + 1)?;
            } else if path.is_file() {
                self.read_file(root, &path)?;
            }
        }
        Ok(())
    }

    fn read_file(&mut self, root: &Path, path: &Path) -> Result<(), PolicyError> {
        let relative = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        if FileKind::of(&relative).is_none() {
            return Ok(());
        }
        let text =
            std::fs::read_to_string(path).map_err(|source| PolicyError::Read { path: path.to_owned(), source })?;
        self.add(relative, text)
    }

    fn add(&mut self, path: String, text: String) -> Result<(), PolicyError> {
        let bytes = text.len() + self.0.values().map(String::len).sum::<usize>();
        if bytes > MAX_BYTES {
            return Err(PolicyError::TooLarge { bytes, most: MAX_BYTES });
        }
        match self.0.entry(path) {
            Entry::Vacant(free) => {
                free.insert(text);
                Ok(())
            }
            Entry::Occupied(taken) => Err(PolicyError::Invalid {
                path: taken.key().clone(),
                line: None,
                problem: "two policy folders hold a file of this name; rename one of them".to_owned(),
            }),
        }
    }
}
