//! SQL before it is text: conditions and terms, simplified as they are put together.
//!
//! Two rules hold for everything built here, because a database is free to evaluate the parts of a clause in any
//! order. A term never raises an error, whatever the row holds. And neither a term nor a condition is `NULL` on a row
//! where what it depends on is there; who builds one guards it with [`Condition::present`] where that is not sure.

use std::{collections::HashSet, sync::Arc};

/// Parts of at most this many nodes are compared when conditions are simplified.
const SMALL: usize = 6;

/// A value that is sent beside the SQL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Bind {
    /// For a `TEXT` column.
    Text(String),
    /// For a `BIGINT` column.
    Number(i64),
}

/// A column, by its name within the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) is_text: bool,
}

/// Something that is true or false of a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Condition(Arc<Costed<Kind>>);

#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    True,
    False,
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Condition),
    /// The column is not `NULL`.
    Present(Place),
    Compare(Comparison, Term, Term),
    /// The term is one of these; there is at least one.
    Among(Term, Vec<Bind>),
    /// The text matches a pattern whose parts are the texts between wildcards.
    Like(Term, Vec<String>),
    /// The text holds U+0000, at which SQLite's `GLOB` stops reading.
    HoldsNul(Term),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Comparison {
    Equal,
    Less,
    LessEqual,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Term(Arc<Costed<TermKind>>);

#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) enum TermKind {
    Column(Place),
    Bind(Bind),
    /// The first term where the condition is true, else the second; `None` is `NULL`.
    Choice(Condition, Option<Term>, Term),
    /// What a value stands for; `NULL` for one that is not listed.
    Lookup(Term, Vec<(Bind, Bind)>),
    Arithmetic(Operator, Term, Term),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operator {
    Plus,
    Minus,
    Times,
    /// Truncates, on both databases.
    DividedBy,
}

/// A node with what its text will cost.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Costed<T> {
    node: T,
    /// Nodes, with repeated ones counted again: they are written again.
    size: usize,
    /// How deep the parentheses go.
    depth: usize,
}

// === impl Costed ===

impl<T> Costed<T> {
    fn new(node: T, own: usize, parts: &[(usize, usize)]) -> Arc<Self> {
        let size = parts.iter().fold(own, |sum, (size, _)| sum.saturating_add(*size));
        let deepest = parts.iter().map(|(_, depth)| *depth).max().unwrap_or(0);
        // Long lists are written as balanced trees.
        let own_depth = 1 + parts.len().max(1).ilog2() as usize;
        Arc::new(Self { node, size, depth: deepest + own_depth })
    }
}

// === impl Condition ===

impl Condition {
    pub(crate) fn kind(&self) -> &Kind {
        &self.0.node
    }

    pub(crate) fn size(&self) -> usize {
        self.0.size
    }

    pub(crate) fn depth(&self) -> usize {
        self.0.depth
    }

    pub(crate) fn constant(value: bool) -> Self {
        Self(Costed::new(if value { Kind::True } else { Kind::False }, 1, &[]))
    }

    pub(crate) fn is(&self, value: bool) -> bool {
        matches!((self.kind(), value), (Kind::True, true) | (Kind::False, false))
    }

    pub(crate) fn present(place: Place) -> Self {
        Self(Costed::new(Kind::Present(place), 1, &[]))
    }

    pub(crate) fn compare(comparison: Comparison, left: Term, right: Term) -> Self {
        let parts = [left.cost(), right.cost()];
        Self(Costed::new(Kind::Compare(comparison, left, right), 1, &parts))
    }

    pub(crate) fn among(term: Term, mut values: Vec<Bind>) -> Self {
        match (values.pop(), values.is_empty()) {
            (None, _) => Self::constant(false),
            (Some(only), true) => Self::compare(Comparison::Equal, term, Term::bind(only)),
            (Some(last), false) => {
                values.push(last);
                let parts = [term.cost()];
                let own = 1 + values.len();
                Self(Costed::new(Kind::Among(term, values), own, &parts))
            }
        }
    }

    pub(crate) fn like(text: Term, pattern: Vec<String>) -> Self {
        let parts = [text.cost()];
        Self(Costed::new(Kind::Like(text, pattern), 1, &parts))
    }

    pub(crate) fn holds_nul(text: Term) -> Self {
        let parts = [text.cost()];
        Self(Costed::new(Kind::HoldsNul(text), 1, &parts))
    }

    pub(crate) fn negated(&self) -> Self {
        match self.kind() {
            Kind::True => Self::constant(false),
            Kind::False => Self::constant(true),
            Kind::Not(inner) => inner.clone(),
            _ => Self(Costed::new(Kind::Not(self.clone()), 1, &[self.cost()])),
        }
    }

    /// All of them: false when one is, or when two contradict each other.
    pub(crate) fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        let mut parts = Parts::default();
        let conditions: Vec<Self> = conditions.into_iter().collect();
        if conditions.iter().any(|one| one.is(false)) {
            return Self::constant(false);
        }
        for condition in conditions {
            match condition.kind() {
                Kind::All(inner) => inner.iter().for_each(|one| parts.add(one)),
                _ => parts.add(&condition),
            }
        }
        let given = parts.given();
        // What is given need not be asked again further in.
        let list: Vec<Self> = parts.list.iter().filter_map(|one| one.assuming(&given)).collect();
        if list.iter().any(|one| one.is(false)) || parts.contradicts(&given) {
            return Self::constant(false);
        }
        Self::list(list, true)
    }

    /// Any of them.
    pub(crate) fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        let mut parts = Parts::default();
        for condition in conditions {
            match condition.kind() {
                Kind::Any(inner) => inner.iter().for_each(|one| parts.add(one)),
                _ => parts.add(&condition),
            }
        }
        if parts.list.iter().any(|one| one.is(true)) || parts.contradicts(&parts.given()) {
            return Self::constant(true);
        }
        parts.list.retain(|one| !one.is(false));
        Self::list(parts.list, false)
    }

    /// `list` is free of the constant that changes nothing.
    fn list(mut list: Vec<Self>, is_all: bool) -> Self {
        list.retain(|one| !one.is(is_all));
        if list.len() <= 1 {
            return list.pop().unwrap_or_else(|| Self::constant(is_all));
        }
        let costs: Vec<_> = list.iter().map(Self::cost).collect();
        Self(Costed::new(if is_all { Kind::All(list) } else { Kind::Any(list) }, 1, &costs))
    }

    /// The same where all of `given` are true; `None` where that leaves nothing to ask.
    fn assuming(&self, given: &HashSet<Self>) -> Option<Self> {
        let Kind::Any(options) = self.kind() else { return Some(self.clone()) };
        if options.iter().any(|one| one.is_small() && given.contains(one)) {
            return None;
        }
        let possible = options.iter().filter(|one| !(one.is_small() && given.contains(&one.negated())));
        Some(Self::list(possible.cloned().collect(), false))
    }

    fn is_small(&self) -> bool {
        self.size() <= SMALL
    }

    fn cost(&self) -> (usize, usize) {
        (self.0.size, self.0.depth)
    }
}

// === impl Term ===

impl Term {
    pub(crate) fn kind(&self) -> &TermKind {
        &self.0.node
    }

    pub(crate) fn column(place: Place) -> Self {
        Self(Costed::new(TermKind::Column(place), 1, &[]))
    }

    pub(crate) fn bind(bind: Bind) -> Self {
        Self(Costed::new(TermKind::Bind(bind), 1, &[]))
    }

    pub(crate) fn number(value: i64) -> Self {
        Self::bind(Bind::Number(value))
    }

    /// The number, where it is the same for every row.
    pub(crate) fn as_number(&self) -> Option<i64> {
        match self.kind() {
            TermKind::Bind(Bind::Number(value)) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn choice(condition: Condition, then: Option<Self>, otherwise: Self) -> Self {
        if condition.is(false) {
            return otherwise;
        }
        let mut parts = vec![condition.cost(), otherwise.cost()];
        parts.extend(then.as_ref().map(Self::cost));
        Self(Costed::new(TermKind::Choice(condition, then, otherwise), 1, &parts))
    }

    pub(crate) fn lookup(term: Self, arms: Vec<(Bind, Bind)>) -> Self {
        let parts = [term.cost()];
        let own = 1 + 2 * arms.len();
        Self(Costed::new(TermKind::Lookup(term, arms), own, &parts))
    }

    /// Only where the result and both operands are known to be in range, or behind a [`Self::choice`] that says so.
    pub(crate) fn arithmetic(operator: Operator, left: Self, right: Self) -> Self {
        let parts = [left.cost(), right.cost()];
        Self(Costed::new(TermKind::Arithmetic(operator, left, right), 1, &parts))
    }

    fn cost(&self) -> (usize, usize) {
        (self.0.size, self.0.depth)
    }
}

/// The parts of a list, each once.
#[derive(Default)]
struct Parts {
    list: Vec<Condition>,
    seen: HashSet<Condition>,
}

// === impl Parts ===

impl Parts {
    fn add(&mut self, condition: &Condition) {
        if !condition.is_small() || self.seen.insert(condition.clone()) {
            self.list.push(condition.clone());
        }
    }

    /// The small ones.
    fn given(&self) -> HashSet<Condition> {
        self.seen.clone()
    }

    fn contradicts(&self, given: &HashSet<Condition>) -> bool {
        given.iter().any(|one| matches!(one.kind(), Kind::Not(inner) if given.contains(inner)))
    }
}
