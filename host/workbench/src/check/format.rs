//! One way to write policies, so that a change shows in a diff and nothing else does.

use cedar_policy::PolicySet;
use cedar_policy_formatter::{Config, policies_str_to_pretty};
use serde::Serialize;
use zhongtai_authz::{FileKind, PolicyTexts};

use super::{Finding, Severity};
use crate::Words;

/// Characters in a line, as in the platform's own policies.
const LINE_WIDTH: usize = 110;
const INDENT: isize = 2;

/// How many policies are formatted at a time.
const PIECE: usize = 16;

/// A `*.cedar` file as it should be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Formatted {
    /// `credit/credit.cedar`
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A text as it should be written. `None` when it does not parse.
///
/// Cedar's formatter takes a time that grows with the square of the text, so it is given a few policies at a time.
pub fn format(text: &str) -> Option<String> {
    let config = Config { line_width: LINE_WIDTH, indent_width: INDENT };
    let pieces = pieces(text)?.into_iter().map(|piece| policies_str_to_pretty(piece, &config).ok());
    Some(pieces.collect::<Option<Vec<_>>>()?.join("\n"))
}

/// The text in pieces of some policies each, cut at the ends of lines that end a policy.
fn pieces(text: &str) -> Option<Vec<&str>> {
    let policies: PolicySet = text.parse().ok()?;
    let statics = policies.policies().filter_map(|policy| Some(policy.as_ref().loc()?.end()));
    let templates = policies.templates().filter_map(|template| Some(template.as_ref().loc()?.end()));
    let mut ends: Vec<_> = statics.chain(templates).collect();
    ends.sort_unstable();
    let (mut pieces, mut from) = (Vec::new(), 0);
    for end in ends.chunks(PIECE).rev().skip(1).rev().filter_map(|chunk| chunk.last()) {
        let rest = text.get(*end..)?;
        let line = rest.find('\n').map_or(rest.len(), |newline| newline + 1);
        // A second policy on the same line stays with the first.
        if rest.get(..line).is_some_and(|tail| tail.trim().is_empty() || tail.trim_start().starts_with("//")) {
            pieces.push(text.get(from..end + line)?);
            from = end + line;
        }
    }
    pieces.push(text.get(from..)?);
    Some(pieces)
}

/// The files that are written differently.
pub(crate) fn unformatted(texts: &PolicyTexts) -> Vec<Formatted> {
    let files = texts.of_kind(FileKind::Policies);
    let other = files.filter_map(|(path, text)| {
        let formatted = format(text)?;
        (formatted != text).then(|| Formatted { path: path.to_owned(), text: formatted })
    });
    other.collect()
}

/// What is told about each.
pub(crate) fn finding(texts: &PolicyTexts, file: &Formatted) -> Finding {
    let line = texts.get(&file.path).map(|text| first_difference(text, &file.text));
    Finding {
        id: "unformatted",
        severity: Severity::Warning,
        path: file.path.clone(),
        line,
        policy: None,
        problem: Words::new("从这一行起格式不统一", "from this line on it is not formatted"),
        remedy: Words::new("改成报告 `formatted` 中给出的文本", "write it as the report gives it under `formatted`"),
    }
}

/// The first line that differs, from 1.
fn first_difference(text: &str, formatted: &str) -> usize {
    text.lines().zip(formatted.lines()).take_while(|(a, b)| a == b).count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_formatted_as_the_whole_would_be() {
        let policy = |number: usize| {
            let tail = ["", " // at the end", "\n\n// between\n", " permit(principal, action, resource);"][number % 4];
            format!("// before\n@id(\"p{number}\") permit(principal,action,resource)when{{\"//;\\n\"!=\";\"}};{tail}\n")
        };
        for policies in [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5] {
            let text: String = (0..policies).map(policy).collect::<String>() + "// after\n";
            let whole =
                policies_str_to_pretty(&text, &Config { line_width: LINE_WIDTH, indent_width: INDENT }).unwrap();
            assert_eq!(format(&text).unwrap(), whole);
            assert!(policies <= PIECE || pieces(&text).unwrap().len() > 1);
        }
    }
}
