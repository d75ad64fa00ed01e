//! Path patterns: `/reports/{id}`.

use syn::{Error, LitStr, Result};

/// The most parameters a pattern can have; `zhongtai` keeps that many without allocating.
pub const MAX_PARAMETERS: usize = 8;

/// One part of a path, between two slashes.
#[derive(Debug, PartialEq, Eq)]
pub enum Segment {
    /// Text that must be the same.
    Literal(String),
    /// A name in braces; matches any text that is not empty.
    Parameter(String),
}

/// Reads a pattern, or says at the literal what is wrong with it.
pub fn parse(literal: &LitStr) -> Result<Vec<Segment>> {
    read(&literal.value()).map_err(|message| Error::new(literal.span(), message))
}

fn read(pattern: &str) -> std::result::Result<Vec<Segment>, String> {
    let Some(rest) = pattern.strip_prefix('/') else {
        return Err("a path begins with `/`, such as \"/reports/{id}\"".into());
    };
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let segments: Vec<_> = rest.split('/').map(segment).collect::<std::result::Result<_, _>>()?;
    let names: Vec<_> = segments.iter().filter_map(parameter).collect();
    if names.len() > MAX_PARAMETERS {
        return Err(format!("a path has at most {MAX_PARAMETERS} parameters"));
    }
    match names.iter().enumerate().find(|(at, name)| names.iter().take(*at).any(|earlier| earlier == *name)) {
        Some((_, name)) => Err(format!("the parameter `{name}` appears twice")),
        None => Ok(segments),
    }
}

fn parameter(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Literal(_) => None,
        Segment::Parameter(name) => Some(name),
    }
}

fn segment(text: &str) -> std::result::Result<Segment, String> {
    if text.is_empty() {
        return Err("a path has no empty part, so no `//` and no `/` at its end".into());
    }
    if let Some(name) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        return match plain {
            true => Ok(Segment::Parameter(name.into())),
            false => Err(format!("`{{{name}}}` is not a parameter: write a name, such as `{{id}}`")),
        };
    }
    match text.contains(['{', '}', '?', '#', '%', ' ']) {
        true => Err(format!("`{text}` is neither plain text nor one `{{parameter}}`")),
        false => Ok(Segment::Literal(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Segment, read};

    #[test]
    fn text_and_parameters_are_told_apart() {
        let read = read("/reports/{id}/photos").unwrap();
        assert_eq!(
            read,
            [Segment::Literal("reports".into()), Segment::Parameter("id".into()), Segment::Literal("photos".into())]
        );
    }

    #[test]
    fn the_root_has_no_segments() {
        assert_eq!(read("/").unwrap(), []);
    }

    #[test]
    fn mistakes_are_named() {
        for (pattern, part) in [
            ("reports", "begins with `/`"),
            ("/reports/", "no empty part"),
            ("/a//b", "no empty part"),
            ("/{id}/{id}", "`id` appears twice"),
            ("/{}", "not a parameter"),
            ("/x{id}", "neither plain text"),
            ("/a?b=1", "neither plain text"),
        ] {
            let message = read(pattern).unwrap_err();
            assert!(message.contains(part), "{pattern}: {message}");
        }
    }
}
