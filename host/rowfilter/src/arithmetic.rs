//! Cedar's arithmetic on 64-bit numbers, which errs when the result does not fit. SQLite would go on with floating
//! point, PostgreSQL would fail the whole statement; so whether it fits is asked first, by sums that always do.

use crate::{
    condition::{Comparison, Condition, Operator, Term},
    meaning::Scalar,
};

// === impl Scalar ===

impl Scalar {
    pub(crate) fn plus(self, right: Self) -> Self {
        let overflows = plus_overflows(&self.term, &right.term);
        self.guarded(right, Operator::Plus, overflows)
    }

    pub(crate) fn minus(self, right: Self) -> Self {
        let overflows = minus_overflows(&self.term, &right.term);
        self.guarded(right, Operator::Minus, overflows)
    }

    pub(crate) fn times(self, right: Self) -> Self {
        // A factor that is the same for every row makes a guard of two comparisons.
        let (left, right) = if self.term.as_number().is_some() { (right, self) } else { (self, right) };
        let overflows = match right.term.as_number() {
            Some(factor) => times_constant_overflows(&left.term, factor),
            None => times_overflows(&left.term, &right.term),
        };
        left.guarded(right, Operator::Times, overflows)
    }

    pub(crate) fn negated(self) -> Self {
        // 0 - i64::MIN is the one that does not fit.
        let overflows = equal(self.term.clone(), i64::MIN);
        Self::guarded(Self { term: Term::number(0), bad: Condition::constant(false) }, self, Operator::Minus, overflows)
    }

    /// The operation is behind a CASE: a database may evaluate it on rows that another condition rules out.
    fn guarded(self, right: Self, operator: Operator, overflows: Condition) -> Self {
        let result = Term::arithmetic(operator, self.term, right.term);
        let bad = Condition::any([self.bad, right.bad, overflows.clone()]);
        Self { term: Term::choice(overflows, None, result), bad }
    }
}

fn plus_overflows(left: &Term, right: &Term) -> Condition {
    match (left.as_number(), right.as_number()) {
        (_, Some(k)) if k >= 0 => above(left.clone(), Term::number(i64::MAX - k)),
        (_, Some(k)) => below(left.clone(), Term::number(i64::MIN - k)),
        (Some(_), None) => plus_overflows(right, left),
        (None, None) => Condition::any([
            above(left.clone(), safe(Term::number(i64::MAX), Operator::Minus, positive(right))),
            below(left.clone(), safe(Term::number(i64::MIN), Operator::Minus, negative(right))),
        ]),
    }
}

fn minus_overflows(left: &Term, right: &Term) -> Condition {
    match right.as_number() {
        Some(k) if k >= 0 => below(left.clone(), Term::number(i64::MIN + k)),
        Some(k) => above(left.clone(), Term::number(i64::MAX + k)),
        None => Condition::any([
            below(left.clone(), safe(Term::number(i64::MIN), Operator::Plus, positive(right))),
            above(left.clone(), safe(Term::number(i64::MAX), Operator::Plus, negative(right))),
        ]),
    }
}

fn times_constant_overflows(left: &Term, factor: i64) -> Condition {
    match factor {
        0 | 1 => Condition::constant(false),
        -1 => equal(left.clone(), i64::MIN),
        _ => outside(left, Term::number(i64::MIN / factor), Term::number(i64::MAX / factor), factor > 0),
    }
}

fn times_overflows(left: &Term, right: &Term) -> Condition {
    let limit = |limit: i64, divisor: &Term| safe(Term::number(limit), Operator::DividedBy, divisor.clone());
    // The divisors are never 0 and never -1, by which i64::MIN can't be divided.
    let over = Term::choice(above(right.clone(), Term::number(0)), Some(right.clone()), Term::number(1));
    let under = Term::choice(below(right.clone(), Term::number(-1)), Some(right.clone()), Term::number(-2));
    Condition::any([
        outside(left, limit(i64::MIN, &over), limit(i64::MAX, &over), true),
        Condition::all([equal(right.clone(), -1), equal(left.clone(), i64::MIN)]),
        Condition::all([
            below(right.clone(), Term::number(-1)),
            outside(left, limit(i64::MIN, &under), limit(i64::MAX, &under), false),
        ]),
    ])
}

/// Dividing by a negative factor turns the limits around.
fn outside(term: &Term, of_min: Term, of_max: Term, ascending: bool) -> Condition {
    let (low, high) = if ascending { (of_min, of_max) } else { (of_max, of_min) };
    Condition::any([below(term.clone(), low), above(term.clone(), high)])
}

/// Arithmetic whose operands are such that it fits.
fn safe(left: Term, operator: Operator, right: Term) -> Term {
    Term::arithmetic(operator, left, right)
}

fn positive(term: &Term) -> Term {
    Term::choice(above(term.clone(), Term::number(0)), Some(term.clone()), Term::number(0))
}

fn negative(term: &Term) -> Term {
    Term::choice(below(term.clone(), Term::number(0)), Some(term.clone()), Term::number(0))
}

fn below(term: Term, limit: Term) -> Condition {
    Condition::compare(Comparison::Less, term, limit)
}

fn above(term: Term, limit: Term) -> Condition {
    Condition::compare(Comparison::Less, limit, term)
}

fn equal(term: Term, value: i64) -> Condition {
    Condition::compare(Comparison::Equal, term, Term::number(value))
}
