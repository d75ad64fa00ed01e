//! Random policies over the registry's schema. What they say makes no sense; that it is the same everywhere does.

use super::{
    dice::Dice,
    rows::{AREAS, DATASETS, DEPARTMENTS, MOMENTS, NUMBERS, TEXTS},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Flag,
    Number,
    Text,
    Moment,
    Department,
    Area,
    Record,
}

/// What may be asked for once it was tested with `has`.
const GUARDED: &[(&str, &str, Sort)] = &[
    ("resource has score", "resource.score", Sort::Number),
    ("resource has factor", "resource.factor", Sort::Number),
    ("resource has note", "resource.note", Sort::Text),
    ("resource has sealed", "resource.sealed", Sort::Flag),
    ("resource has region", "resource.region", Sort::Area),
    ("resource has until", "resource.until", Sort::Moment),
    ("resource has keeper", "resource.keeper", Sort::Record),
    ("resource.department has rank", "resource.department.rank", Sort::Number),
    ("resource.department has open", "resource.department.open", Sort::Flag),
    ("resource.department has label", "resource.department.label", Sort::Text),
    ("resource.department has head", "resource.department.head", Sort::Department),
    ("resource.department has head.rank", "resource.department.head.rank", Sort::Number),
    ("resource.department has head.label", "resource.department.head.label", Sort::Text),
    ("principal has subject", "principal.subject.clearance", Sort::Number),
];

/// The same for what has no SQL.
const UNTRANSLATABLE: &[&str] = &[
    "(resource has extra && resource.extra == \"a\")",
    "(resource has marks && resource.marks.contains(\"a\"))",
    "(resource has keeper && resource.keeper.level < 3)",
    "(resource has keeper && resource.keeper in Dataset::\"s1\")",
    "(resource has region && resource.department in resource.region)",
    "(resource.since.toDate() == datetime(\"1970-01-01\"))",
    "({ level: resource.level }.level < 3)",
];

/// Writes policies, and knows what has been tested for.
pub struct Author<'a> {
    dice: &'a mut Dice,
    tested: Vec<usize>,
    /// Of 100 conditions, how many have no SQL.
    untranslatable: usize,
}

impl<'a> Author<'a> {
    pub fn new(dice: &'a mut Dice, untranslatable: usize) -> Self {
        Self { dice, tested: Vec::new(), untranslatable }
    }

    pub fn policies(&mut self) -> String {
        let permits = 1 + self.dice.below(3);
        let forbids = self.dice.below(3);
        let effects = std::iter::repeat_n("permit", permits).chain(std::iter::repeat_n("forbid", forbids));
        effects.enumerate().map(|(number, effect)| self.policy(number, effect)).collect()
    }

    fn policy(&mut self, number: usize, effect: &str) -> String {
        let principal = *self.dice.pick(&[
            "principal",
            "principal",
            "principal",
            "principal in Role::\"clerk\"",
            "principal in Department::\"441802-chengguan\"",
            "principal in Department::\"d1\"",
        ]);
        let action =
            *self.dice.pick(&["action", "action == Action::\"record:list\"", "action in Action::\"record:use\""]);
        let resource = match self.dice.below(8) {
            0 => format!("resource in {}", self.dataset()),
            1 => format!("resource in {}", self.entity(Sort::Area)),
            2 => "resource in Catalog::\"base\"".to_owned(),
            3 => "resource is Record".to_owned(),
            4 => format!("resource == Record::\"r{}\"", self.dice.below(9)),
            _ => "resource".to_owned(),
        };
        let clause = *self.dice.pick(&["when", "when", "unless"]);
        let depth = 1 + self.dice.below(4);
        let condition = self.flag(depth);
        format!("@id(\"p{number}\")\n{effect} ({principal}, {action}, {resource})\n{clause} {{ {condition} }};\n")
    }

    fn flag(&mut self, depth: usize) -> String {
        if self.dice.chance(self.untranslatable) {
            return (*self.dice.pick(UNTRANSLATABLE)).to_owned();
        }
        if depth == 0 {
            return self.leaf(Sort::Flag);
        }
        let depth = depth - 1;
        match self.dice.below(20) {
            0..=3 => self.guarded(depth),
            4 | 5 => format!("({} && {})", self.flag(depth), self.flag(depth)),
            6 | 7 => format!("({} || {})", self.flag(depth), self.flag(depth)),
            8 | 9 => format!("!{}", self.parenthesised(depth)),
            10 => self.choice(Sort::Flag, depth),
            11..=13 => self.comparison(depth),
            14 => self.equality(depth),
            15 => self.pattern(depth),
            16 => self.membership(depth),
            17 => self.within(depth),
            18 => self.moments(depth),
            _ => self.leaf(Sort::Flag),
        }
    }

    fn parenthesised(&mut self, depth: usize) -> String {
        format!("({})", self.flag(depth))
    }

    /// Tests for something and then may use it.
    fn guarded(&mut self, depth: usize) -> String {
        let number = self.dice.below(GUARDED.len());
        let (test, _, sort) = GUARDED[number];
        let before = self.tested.len();
        self.tested.push(number);
        let used = match sort {
            Sort::Flag => self.flag(depth),
            Sort::Number => self.comparison(depth),
            Sort::Text if self.dice.chance(50) => self.pattern(depth),
            Sort::Moment => self.moments(depth),
            Sort::Area | Sort::Record if self.dice.chance(50) => self.within(depth),
            _ => self.equality(depth),
        };
        self.tested.truncate(before);
        match self.dice.below(4) {
            0 => format!("(if {test} then {used} else {})", self.flag(depth)),
            1 => format!("(!({test}) || {})", self.flag(depth)),
            _ => format!("({test} && {used})"),
        }
    }

    fn choice(&mut self, sort: Sort, depth: usize) -> String {
        let condition = self.flag(depth);
        format!("(if {condition} then {} else {})", self.value(sort, depth), self.value(sort, depth))
    }

    fn comparison(&mut self, depth: usize) -> String {
        let operator = *self.dice.pick(&["<", "<=", ">", ">=", "==", "!="]);
        format!("({} {operator} {})", self.value(Sort::Number, depth), self.value(Sort::Number, depth))
    }

    fn moments(&mut self, depth: usize) -> String {
        let operator = *self.dice.pick(&["<", "<=", ">", ">=", "==", "!="]);
        format!("({} {operator} {})", self.value(Sort::Moment, depth), self.value(Sort::Moment, depth))
    }

    fn equality(&mut self, depth: usize) -> String {
        let sort = *self.dice.pick(&[Sort::Flag, Sort::Text, Sort::Department, Sort::Area, Sort::Record]);
        let operator = *self.dice.pick(&["==", "!="]);
        format!("({} {operator} {})", self.value(sort, depth), self.value(sort, depth))
    }

    fn pattern(&mut self, depth: usize) -> String {
        let operand = self.value(Sort::Text, depth);
        let mut pattern = String::new();
        let wild = 30;
        for character in self.dice.pick(TEXTS).chars() {
            match self.dice.below(100) {
                chance if chance < wild => pattern.push('*'),
                chance if chance < 2 * wild => pattern.extend(['*', character]),
                _ => pattern.push(character),
            }
        }
        // A star that is no wildcard is written \* in Cedar.
        let is_literal = self.dice.chance(30);
        let text = pattern.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let text = if is_literal { text.replacen('*', "\\*", 1) } else { text };
        format!("({operand} like \"{text}\")")
    }

    fn membership(&mut self, depth: usize) -> String {
        let sort = *self.dice.pick(&[Sort::Number, Sort::Text, Sort::Department]);
        let size = 1 + self.dice.below(3);
        let elements: Vec<String> = (0..size).map(|_| self.value(sort, depth.min(1))).collect();
        let set = format!("[{}]", elements.join(", "));
        match self.dice.below(5) {
            0 => format!("{set}.containsAny([{}, {}])", self.value(sort, 0), self.value(sort, 0)),
            1 => format!("{set}.containsAll([{}])", self.value(sort, depth)),
            2 => format!("principal.purposes.contains({})", self.value(Sort::Text, depth)),
            _ => format!("{set}.contains({})", self.value(sort, depth)),
        }
    }

    fn within(&mut self, depth: usize) -> String {
        let department = self.value(Sort::Department, depth.min(1));
        let area = self.value(Sort::Area, depth.min(1));
        match self.dice.below(9) {
            0 => format!("(resource in {})", self.dataset()),
            1 => format!("(resource in [{}, {}])", self.dataset(), self.dataset()),
            2 => format!("(principal in {department})"),
            3 => format!("(principal in [{department}, {}])", self.value(Sort::Department, 0)),
            4 => format!("({department} in {})", self.entity(Sort::Area)),
            5 => format!("({area} in {})", self.entity(Sort::Area)),
            6 => format!("({} in {area})", self.entity(Sort::Department)),
            7 => format!("(resource in {})", self.value(Sort::Record, depth)),
            _ => format!("(resource in {})", self.entity(Sort::Area)),
        }
    }

    fn value(&mut self, sort: Sort, depth: usize) -> String {
        if sort == Sort::Flag {
            return self.flag(depth);
        }
        if depth == 0 || self.dice.chance(40) {
            return self.leaf(sort);
        }
        let depth = depth - 1;
        match (sort, self.dice.below(7)) {
            (_, 0) => self.choice(sort, depth),
            (Sort::Number, 1 | 2) => format!("({} + {})", self.value(sort, depth), self.value(sort, depth)),
            (Sort::Number, 3) => format!("({} - {})", self.value(sort, depth), self.value(sort, depth)),
            (Sort::Number, 4 | 5) => format!("({} * {})", self.value(sort, depth), self.value(sort, depth)),
            (Sort::Number, _) => format!("(-({}))", self.value(sort, depth)),
            _ => self.leaf(sort),
        }
    }

    fn leaf(&mut self, sort: Sort) -> String {
        let tested: Vec<usize> = self.tested.iter().copied().filter(|number| GUARDED[*number].2 == sort).collect();
        if !tested.is_empty() && self.dice.chance(70) {
            return GUARDED[*self.dice.pick(&tested)].1.to_owned();
        }
        match sort {
            Sort::Flag => match self.dice.below(6) {
                0 => "true".to_owned(),
                1 => "false".to_owned(),
                2 => GUARDED[self.dice.below(GUARDED.len())].0.to_owned(),
                _ => "resource.open".to_owned(),
            },
            Sort::Number if self.dice.chance(50) => "resource.level".to_owned(),
            Sort::Number => format!("({})", self.dice.pick(NUMBERS)),
            Sort::Text => match self.dice.below(6) {
                0 => "resource.department.area".to_owned(),
                1 => "principal.area".to_owned(),
                2 | 3 => "resource.title".to_owned(),
                _ => format!("{:?}", self.dice.pick(TEXTS)),
            },
            Sort::Moment => match self.dice.below(3) {
                0 => "context.now".to_owned(),
                1 => "resource.since".to_owned(),
                _ => {
                    let moment = self.dice.pick(MOMENTS);
                    format!("datetime(\"1970-01-01\").offset(duration(\"{moment}ms\"))")
                }
            },
            Sort::Department => match self.dice.below(4) {
                0 | 1 => "resource.department".to_owned(),
                2 => "principal.department".to_owned(),
                _ => self.entity(sort),
            },
            Sort::Area => self.entity(sort),
            Sort::Record if self.dice.chance(60) => "resource".to_owned(),
            Sort::Record => self.entity(sort),
        }
    }

    fn entity(&mut self, sort: Sort) -> String {
        match sort {
            Sort::Department => format!("Department::{:?}", self.dice.pick(DEPARTMENTS)),
            Sort::Area => format!("Area::{:?}", self.dice.pick(AREAS)),
            _ => format!("Record::\"r{}\"", self.dice.below(9)),
        }
    }

    fn dataset(&mut self) -> String {
        format!("Dataset::{:?}", self.dice.pick(DATASETS))
    }
}
