//! From a path to a handler: a walk over a static slice, so that a request builds nothing.

use std::ops::Range;

use super::{Incoming, IntoResponse, Method, Request, Response, text};
use crate::problem::{Problem, not_found};

/// As many parameters as the macros allow a pattern to have.
const MAX_PARAMETERS: usize = 8;

/// One part of a pattern.
#[derive(Clone, Copy, Debug)]
pub enum Segment {
    /// Text that must be the same.
    Literal(&'static str),
    /// Any text that is not empty, under this name.
    Parameter(&'static str),
}

/// A handler and what it answers.
pub struct Route {
    /// The method it answers.
    pub method: Method,
    /// The pattern as it was written.
    pub pattern: &'static str,
    /// The pattern's parts.
    pub segments: &'static [Segment],
    /// Extracts the arguments, calls the function, turns its result into an answer.
    pub call: fn(&mut Incoming) -> Response,
}

/// Implemented by the attributes for the enum that carries a function's route.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    note = "put `#[get(\"/...\")]`, `#[post(\"/...\")]`, ... above the function"
)]
pub trait Endpoint {
    /// Where the function is found.
    const ROUTE: Route;
}

/// Where in the path the parameters lie.
#[derive(Clone, Debug, Default)]
pub struct Captures {
    ranges: [Range<usize>; MAX_PARAMETERS],
    count: usize,
}

impl Captures {
    fn push(&mut self, range: Range<usize>) {
        if let Some(free) = self.ranges.get_mut(self.count) {
            *free = range;
            self.count += 1;
        }
    }

    pub(crate) fn texts<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a str> {
        self.ranges.iter().take(self.count).filter_map(|range| path.get(range.clone()))
    }
}

/// Answers a request with the first route that fits; 404 or 405 when none does.
pub fn dispatch(routes: &'static [Route], request: Request) -> Response {
    let head = request.method == "HEAD";
    let method = if head { "GET" } else { &request.method };
    let mut others = Vec::new();
    for route in routes {
        let Some(captures) = matches(route.segments, &request.path) else { continue };
        if route.method.name() != method {
            others.push(route.method);
            continue;
        }
        let mut incoming = Incoming { captures, segments: route.segments, ..Incoming::new(request) };
        let response = (route.call)(&mut incoming);
        return if head { response.with_body([]) } else { response };
    }
    nobody(&request, &others).into_response()
}

fn nobody(request: &Request, others: &[Method]) -> Problem {
    if others.is_empty() {
        return not_found(format!("there is no {}", request.path));
    }
    let mut allow: Vec<_> = others.iter().map(|method| method.name()).collect();
    if allow.contains(&"GET") {
        allow.push("HEAD");
    }
    allow.dedup();
    let allow = allow.join(", ");
    let detail = format!("{} answers {allow}, not {}", request.path, request.method);
    Problem::new(405, "method-not-allowed", detail).allowing(allow)
}

fn matches(segments: &[Segment], path: &str) -> Option<Captures> {
    let mut captures = Captures::default();
    let mut start = 1;
    let mut rest = path.strip_prefix('/')?;
    let mut wanted = segments.iter();
    if rest.is_empty() {
        return segments.is_empty().then_some(captures);
    }
    loop {
        let (part, tail) = match rest.split_once('/') {
            Some((part, tail)) => (part, Some(tail)),
            None => (rest, None),
        };
        match wanted.next()? {
            Segment::Literal(text) if same(part, text) => {}
            Segment::Parameter(_) if !part.is_empty() => captures.push(start..start + part.len()),
            _ => return None,
        }
        start += part.len() + 1;
        match tail {
            Some(tail) => rest = tail,
            None => return wanted.next().is_none().then_some(captures),
        }
    }
}

fn same(part: &str, literal: &str) -> bool {
    part == literal || (part.contains('%') && text::decode(part, false) == literal)
}

/// Refuses, when the plugin is compiled, a handler that an earlier one hides.
#[expect(clippy::panic, clippy::indexing_slicing, reason = "runs in the compiler, where a panic is an error message")]
pub const fn check(routes: &[Route]) {
    let mut later = 1;
    while later < routes.len() {
        let mut earlier = 0;
        while earlier < later {
            if hides(&routes[earlier], &routes[later]) {
                panic!(
                    "in plugin!(...), a handler's path is already answered by an earlier one: list the narrower first"
                );
            }
            earlier += 1;
        }
        later += 1;
    }
}

#[expect(clippy::indexing_slicing, reason = "runs in the compiler; both slices have the same length")]
const fn hides(earlier: &Route, later: &Route) -> bool {
    if earlier.method as u8 != later.method as u8 || earlier.segments.len() != later.segments.len() {
        return false;
    }
    let mut at = 0;
    while at < earlier.segments.len() {
        let covers = match (earlier.segments[at], later.segments[at]) {
            (Segment::Parameter(_), _) => true,
            (Segment::Literal(a), Segment::Literal(b)) => equal(a.as_bytes(), b.as_bytes()),
            (Segment::Literal(_), Segment::Parameter(_)) => false,
        };
        if !covers {
            return false;
        }
        at += 1;
    }
    true
}

#[expect(clippy::indexing_slicing, reason = "runs in the compiler; both slices have the same length")]
const fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATTERN: &[Segment] = &[Segment::Literal("报告"), Segment::Parameter("id"), Segment::Literal("x")];

    fn captured(segments: &[Segment], path: &str) -> Option<Vec<String>> {
        matches(segments, path).map(|captures| captures.texts(path).map(Into::into).collect())
    }

    #[test]
    fn parameters_are_captured_and_literals_may_be_encoded() {
        assert_eq!(captured(PATTERN, "/报告/7/x"), Some(vec!["7".into()]));
        assert_eq!(captured(PATTERN, "/%E6%8A%A5%E5%91%8A/7/x"), Some(vec!["7".into()]));
    }

    #[test]
    fn shorter_longer_and_empty_paths_do_not_match() {
        for path in ["/报告/7", "/报告/7/x/y", "/报告//x", "/报告/7/x/", "/", ""] {
            assert_eq!(captured(PATTERN, path), None, "{path}");
        }
        assert_eq!(captured(&[], "/"), Some(vec![]));
    }

    #[test]
    fn a_wider_pattern_hides_a_narrower_one_only_when_it_comes_first() {
        const fn route(segments: &'static [Segment]) -> Route {
            Route { method: Method::Get, pattern: "", segments, call: |_| Response::new(204) }
        }
        let (wide, narrow) = (route(&[Segment::Parameter("id")]), route(&[Segment::Literal("new")]));
        assert!(hides(&wide, &narrow));
        assert!(!hides(&narrow, &wide));
        assert!(hides(&narrow, &narrow));
    }
}
