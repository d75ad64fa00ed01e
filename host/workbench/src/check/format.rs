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
    ends.pop();
    let (mut pieces, mut from, mut held) = (Vec::new(), 0, 0);
    for end in ends {
        held += 1;
        let rest = text.get(end..)?;
        let line = rest.find('\n').map_or(rest.len(), |newline| newline + 1);
        // A second policy on the same line stays with the first.
        let ends_line = |tail: &str| tail.trim().is_empty() || tail.trim_start().starts_with("//");
        if held >= PIECE && rest.get(..line).is_some_and(ends_line) {
            pieces.push(text.get(from..end + line)?);
            (from, held) = (end + line, 0);
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

    fn whole(text: &str) -> String {
        policies_str_to_pretty(text, &Config { line_width: LINE_WIDTH, indent_width: INDENT }).unwrap()
    }

    #[test]
    fn pieces_are_formatted_as_the_whole_would_be() {
        let tails = [" permit(principal,\naction, resource);", "", " // at the end", "\n\n// between\n"];
        let policy = |number: usize, shift: usize| {
            let tail = tails[(number + shift) % tails.len()];
            format!("// before\n@id(\"p{number}\") permit(principal,action,resource)when{{\"//;\\n\"!=\";\"}};{tail}\n")
        };
        // Each tail comes to stand where a piece is cut.
        for shift in 0..tails.len() {
            for policies in [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5] {
                let text: String = (0..policies).map(|number| policy(number, shift)).collect::<String>() + "// after\n";
                assert_eq!(format(&text).unwrap(), whole(&text), "{policies} policies, tails from {shift}");
                assert!(policies <= PIECE + 1 || pieces(&text).unwrap().len() > 2);
            }
        }
    }

    #[test]
    fn two_policies_on_the_line_of_a_cut_are_formatted_as_the_whole_would_be() {
        let one = "permit(principal,action,resource);";
        for tail in ["", " // at the end", " // one; // two", "\n// below\n", " \t", "\r"] {
            for line in [format!("{one} {one}{tail}\n"), format!("{one}{one}{one}{tail}\n"), format!("{one}{tail}\n")] {
                let text = line.repeat(3 * PIECE);
                assert_eq!(format(&text).unwrap(), whole(&text), "{line:?}");
            }
            // The first piece is one long line, and ends within it.
            let text = format!("{one} ").repeat(PIECE) + &format!("{one}{tail}\n").repeat(PIECE);
            assert_eq!(format(&text).unwrap(), whole(&text), "{tail:?}");
        }
    }
}
