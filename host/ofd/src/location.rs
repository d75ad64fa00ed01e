use std::fmt;

/// Longer names are refused: no writer needs them, and other systems can't store them.
const MAX_LENGTH: usize = 255;

/// Where a file lies in a package, counted from its root, such as `Doc_0/Document.xml`.
///
/// It has no empty, `.` or `..` part, no backslash, colon or control character: it can't lead out of the package, and
/// all systems read it alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location(String);

// === impl Location ===

impl Location {
    /// A name in the package's directory.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let good = name.len() <= MAX_LENGTH && name.split('/').all(is_good_part);
        good.then(|| Self(name.to_owned()))
    }

    /// What `text` (`ST_Loc`, GB/T 33190, 7.3) refers to where it stands in this file: counted from the root when it
    /// begins with a slash, else from the file's folder.
    pub(crate) fn resolve(&self, text: &str) -> Option<Self> {
        let text = text.trim();
        match (text.strip_prefix('/'), self.folder()) {
            (Some(from_root), _) => Self::parse(from_root),
            (None, "") => Self::parse(text),
            (None, folder) => Self::parse(&format!("{folder}/{}", text.strip_prefix("./").unwrap_or(text))),
        }
    }

    /// The folder that it lies in; empty for the root.
    pub(crate) fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Another file of the same folder or one below it.
    pub(crate) fn beside(&self, name: &str) -> Self {
        match self.folder() {
            "" => Self(name.to_owned()),
            folder => Self(format!("{folder}/{name}")),
        }
    }

    /// Whether it lies in that folder or below it. Capital letters are like small ones, as some systems see them.
    pub(crate) fn is_in(&self, folder: &str) -> bool {
        let name = self.0.to_lowercase();
        name.strip_prefix(&folder.to_lowercase()).is_some_and(|rest| rest.starts_with('/'))
    }

    /// As the files of a package refer to it: with a slash before it.
    pub(crate) fn absolute(&self) -> String {
        format!("/{}", self.0)
    }

    /// Without a slash before it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_good_part(part: &str) -> bool {
    let is_good_character = |one: char| !one.is_control() && !matches!(one, '\\' | ':');
    !part.is_empty() && part != "." && part != ".." && part.chars().all(is_good_character)
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_out_of_the_package_is_no_location() {
        for name in ["../a", "/etc/passwd", "a/../../b", "a//b", "./a", "C:/a", "a\\b", "a\0", "", "a/"] {
            assert_eq!(Location::parse(name), None, "{name:?}");
        }
        assert!(Location::parse("Doc_0/公章.xml").is_some());
    }

    #[test]
    fn a_reference_counts_from_its_files_folder_or_from_the_root() {
        let file = Location::parse("Doc_0/Signs/Signatures.xml").unwrap();
        let resolved = |text: &str| file.resolve(text).map(|location| location.as_str().to_owned());
        assert_eq!(resolved("Sign_0/Signature.xml").as_deref(), Some("Doc_0/Signs/Sign_0/Signature.xml"));
        assert_eq!(resolved("./a.xml").as_deref(), Some("Doc_0/Signs/a.xml"));
        assert_eq!(resolved("/OFD.xml").as_deref(), Some("OFD.xml"));
        assert_eq!(resolved("../Document.xml"), None);
    }
}
