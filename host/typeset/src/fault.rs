use std::fmt;

use serde::{Deserialize, Serialize};
use zhongtai_kernel::Words;

use crate::chinese;

/// What is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Where, when it can be told.
    pub place: Option<Place>,
    /// What, in English.
    pub problem: String,
    /// What may help, in English.
    pub hints: Vec<String>,
}

/// A place in a part of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The part's name.
    pub part: String,
    /// From 1; none for a picture.
    pub line: Option<usize>,
    /// In characters, from 1; none for a picture.
    pub column: Option<usize>,
}

// === impl Fault ===

impl Fault {
    /// Where, as compilers write it: `main.typ:14:7`; empty when it can't be told.
    pub fn at(&self) -> String {
        match &self.place {
            Some(Place { part, line: Some(line), column: Some(column) }) => format!("{part}:{line}:{column}"),
            Some(Place { part, .. }) => part.clone(),
            None => String::new(),
        }
    }

    /// What, in both languages.
    pub fn words(&self) -> Words {
        Words::new(chinese::of(&self.problem), self.with_hints())
    }

    fn with_hints(&self) -> String {
        self.hints.iter().fold(self.problem.clone(), |text, hint| format!("{text} ({hint})"))
    }

    /// One line of Chinese: 第 14 行第 7 列（main.typ）：未知变量 hodler.
    pub fn chinese(&self) -> String {
        let place = match &self.place {
            Some(Place { part, line: Some(line), column: Some(column) }) => {
                format!("第 {line} 行第 {column} 列（{part}）：")
            }
            Some(Place { part, .. }) => format!("{part}："),
            None => String::new(),
        };
        format!("{place}{}", chinese::of(&self.problem))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at() {
            at if at.is_empty() => f.write_str(&self.with_hints()),
            at => write!(f, "{at}: {}", self.with_hints()),
        }
    }
}
