//! From conditions to text.

use std::{collections::HashMap, fmt::Write};

use crate::{
    Bind, Dialect,
    condition::{Comparison, Condition, Kind, Operator, Place, Term, TermKind},
};

/// SQL with a gap for the number of every parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    /// What is written, and before which parameter: an index into `binds`.
    parts: Vec<(String, usize)>,
    end: String,
    pub(crate) binds: Vec<Bind>,
}

// === impl Clause ===

impl Clause {
    /// The condition over the rows of `table`.
    pub(crate) fn new(condition: &Condition, table: &'static str, dialect: Dialect) -> Self {
        let clause = Self { parts: Vec::new(), end: String::new(), binds: Vec::new() };
        let mut writer = Writer { clause, numbers: HashMap::new(), table, dialect };
        writer.condition(condition);
        writer.clause
    }

    /// How many bytes its text has, about.
    pub(crate) fn bytes(&self) -> usize {
        self.parts.iter().map(|(text, _)| text.len() + 6).sum::<usize>() + self.end.len()
    }

    /// The text, where the first parameter is `$first`.
    pub(crate) fn text(&self, first: usize) -> String {
        let mut text = String::with_capacity(self.bytes());
        for (part, bind) in &self.parts {
            // Writing to a String can't fail.
            let _ = write!(text, "{part}${}", first + bind);
        }
        text + &self.end
    }
}

struct Writer {
    clause: Clause,
    /// Equal values are sent once.
    numbers: HashMap<Bind, usize>,
    table: &'static str,
    dialect: Dialect,
}

// === impl Writer ===

impl Writer {
    fn push(&mut self, text: &str) {
        self.clause.end.push_str(text);
    }

    fn bind(&mut self, bind: &Bind) {
        let next = self.clause.binds.len();
        let number = *self.numbers.entry(bind.clone()).or_insert(next);
        if number == next {
            self.clause.binds.push(bind.clone());
        }
        let before = std::mem::take(&mut self.clause.end);
        self.clause.parts.push((before, number));
    }

    fn condition(&mut self, condition: &Condition) {
        match condition.kind() {
            Kind::True => self.push("1 = 1"),
            Kind::False => self.push("1 = 0"),
            Kind::All(list) => self.balanced(list, " AND "),
            Kind::Any(list) => self.balanced(list, " OR "),
            Kind::Not(inner) => {
                if let Kind::Present(place) = inner.kind() {
                    self.place(*place);
                    return self.push(" IS NULL");
                }
                self.push("NOT (");
                self.condition(inner);
                self.push(")");
            }
            Kind::Present(place) => {
                self.place(*place);
                self.push(" IS NOT NULL");
            }
            Kind::Compare(comparison, left, right) => {
                self.term(left);
                self.push(match comparison {
                    Comparison::Equal => " = ",
                    Comparison::Less => " < ",
                    Comparison::LessEqual => " <= ",
                });
                self.term(right);
            }
            Kind::Among(term, values) => {
                self.term(term);
                self.push(" IN (");
                for (index, value) in values.iter().enumerate() {
                    self.push(if index == 0 { "" } else { ", " });
                    self.bind(value);
                }
                self.push(")");
            }
            Kind::Like(text, pattern) => self.like(text, pattern),
            Kind::HoldsNul(text) => self.holds_nul(text),
        }
    }

    /// As a balanced tree: SQLite refuses expressions that are more than 1,000 deep, and a plain list is as deep as
    /// it is long.
    fn balanced(&mut self, list: &[Condition], operator: &str) {
        let (left, right) = list.split_at(list.len() / 2);
        match list {
            [] => {}
            [only] => self.condition(only),
            _ => {
                self.push("(");
                self.balanced(left, operator);
                self.push(operator);
                self.balanced(right, operator);
                self.push(")");
            }
        }
    }

    /// SQLite's `LIKE` takes ASCII letters of both cases for one another; its `GLOB` does not.
    fn like(&mut self, text: &Term, pattern: &[String]) {
        self.term(text);
        match self.dialect {
            Dialect::Sqlite => {
                self.push(" GLOB ");
                let parts: Vec<String> = pattern.iter().map(|part| escaped(part, &['*', '?', '['], "[", "]")).collect();
                self.bind(&Bind::Text(parts.join("*")));
            }
            Dialect::Postgres => {
                self.push(" LIKE ");
                let parts: Vec<String> = pattern.iter().map(|part| escaped(part, &['%', '_', '!'], "!", "")).collect();
                self.bind(&Bind::Text(parts.join("%")));
                self.push(" ESCAPE '!'");
            }
        }
    }

    fn holds_nul(&mut self, text: &Term) {
        match self.dialect {
            Dialect::Sqlite => {
                self.push("instr(");
                self.term(text);
                self.push(", char(0)) > 0");
            }
            // Its texts can't hold one.
            Dialect::Postgres => self.push("1 = 0"),
        }
    }

    fn term(&mut self, term: &Term) {
        match term.kind() {
            TermKind::Column(place) => {
                self.place(*place);
                // Were the column declared COLLATE NOCASE, "Secret" would equal "secret".
                if place.is_text && self.dialect == Dialect::Sqlite {
                    self.push(" COLLATE BINARY");
                }
            }
            TermKind::Bind(bind) => self.bind(bind),
            TermKind::Choice(condition, then, otherwise) => {
                self.push("CASE WHEN ");
                self.condition(condition);
                self.push(" THEN ");
                match then {
                    Some(then) => self.term(then),
                    None => self.push("NULL"),
                }
                self.push(" ELSE ");
                self.term(otherwise);
                self.push(" END");
            }
            TermKind::Lookup(of, arms) => {
                self.push("CASE ");
                self.term(of);
                for (is, stands_for) in arms {
                    self.push(" WHEN ");
                    self.bind(is);
                    self.push(" THEN ");
                    self.bind(stands_for);
                }
                self.push(" END");
            }
            TermKind::Arithmetic(operator, left, right) => {
                self.push("(");
                self.term(left);
                self.push(match operator {
                    Operator::Plus => " + ",
                    Operator::Minus => " - ",
                    Operator::Times => " * ",
                    Operator::DividedBy => " / ",
                });
                self.term(right);
                self.push(")");
            }
        }
    }

    /// With the table's name: SQLite takes a quoted name that is no column for a text, but not a qualified one.
    fn place(&mut self, place: Place) {
        let text = format!("\"{}\".\"{}\"", self.table, place.name);
        self.push(&text);
    }
}

fn escaped(text: &str, special: &[char], before: &str, after: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if special.contains(&character) {
            escaped.extend([before, character.encode_utf8(&mut [0; 4]), after]);
        } else {
            escaped.push(character);
        }
    }
    escaped
}
