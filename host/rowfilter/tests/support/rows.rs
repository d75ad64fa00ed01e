//! Random rows: as the database holds them, and as Cedar sees them.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityUid, RestrictedExpression};
use sqlx::AnyPool;
use zhongtai_rowfilter::{Column, Table};

use super::dice::Dice;

pub const TEXTS: &[&str] = &[
    "",
    "%",
    "_",
    "*",
    "?",
    "!",
    "\\",
    "a",
    "A",
    "b",
    "abc",
    "aBc",
    "ABC",
    "a%c",
    "a_c",
    "a*c",
    "a?c",
    "a!c",
    "a ",
    " a",
    "[a]",
    "[",
    "]",
    "a[b",
    "O'Brien",
    "\"quoted\"",
    "a\nb",
    "a\\c",
    "中台",
    "中",
    "台",
    "é",
    "e\u{301}",
    "É",
    "😀",
    "$1",
    "1",
    "true",
    "null",
    "441802",
];
pub const NUMBERS: &[i64] = &[
    i64::MIN,
    i64::MIN + 1,
    i64::MIN / 2,
    -3_037_000_500,
    -3,
    -2,
    -1,
    0,
    1,
    2,
    3,
    7,
    3_037_000_499,
    3_037_000_500,
    i64::MAX / 2,
    i64::MAX / 2 + 1,
    i64::MAX - 1,
    i64::MAX,
];
pub const DEPARTMENTS: &[&str] = &["d1", "D1", "住建局", "%", "ghost", "441802-chengguan"];
pub const AREAS: &[&str] = &["province", "city", "east", "West's", "nowhere"];
pub const DATASETS: &[&str] = &["s1", "S1", "数据", "none"];
pub const MOMENTS: &[i64] = &[i64::MIN, -1, 0, 1, 86_400_000, 1_767_574_800_000, 1_767_574_800_001, i64::MAX];

pub const CREATE: &str = "CREATE TABLE records (id TEXT, level BIGINT, score BIGINT, factor BIGINT, title TEXT, \
                          note TEXT, is_open BIGINT, sealed BIGINT, department TEXT, region TEXT, since BIGINT, \
                          until BIGINT, keeper TEXT, dataset TEXT, place TEXT)";

pub fn table() -> Table {
    Table::new("Record", "records", "id")
        .attribute("level", Column::number("level"))
        .attribute("score", Column::number("score").optional())
        .attribute("factor", Column::number("factor").optional())
        .attribute("title", Column::text("title"))
        .attribute("note", Column::text("note").optional())
        .attribute("open", Column::flag("is_open"))
        .attribute("sealed", Column::flag("sealed").optional())
        .attribute("department", Column::entity("department", "Department"))
        .attribute("region", Column::entity("region", "Area").optional())
        .attribute("since", Column::moment("since"))
        .attribute("until", Column::moment("until").optional())
        .attribute("keeper", Column::entity("keeper", "Record").optional())
        .parent(Column::entity("dataset", "Dataset"))
        .parent(Column::entity("place", "Area").optional())
}

/// A cell of the table, and what it is to Cedar.
#[derive(Debug, Clone)]
pub enum Cell {
    Text(Option<String>),
    Number(Option<i64>),
}

/// The cells in the order of the columns.
#[derive(Debug, Clone)]
pub struct Row(pub Vec<Cell>);

impl Row {
    pub fn random(number: usize, dice: &mut Dice) -> Self {
        let required = 97;
        let optional = 70;
        // Often itself: then Cedar knows the keeper's attributes too.
        let keeper = format!("r{}", if dice.chance(40) { number } else { dice.below(number + 2) });
        let cells = vec![
            Cell::Text(Some(format!("r{number}"))),
            dice.number(NUMBERS, required),
            dice.number(NUMBERS, optional),
            dice.number(NUMBERS, optional),
            dice.text(TEXTS, required),
            dice.text(TEXTS, optional),
            dice.number(&[0, 1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 2], required),
            dice.number(&[0, 1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1, -1], optional),
            dice.text(DEPARTMENTS, required),
            dice.text(AREAS, optional),
            dice.number(MOMENTS, required),
            dice.number(MOMENTS, optional),
            Cell::Text(dice.chance(optional).then_some(keeper)),
            dice.text(DATASETS, required),
            dice.text(AREAS, optional),
        ];
        Self(cells)
    }

    pub fn id(&self) -> &str {
        self.text(0).unwrap()
    }

    pub async fn insert(&self, pool: &AnyPool) {
        let places: Vec<String> = (1..=self.0.len()).map(|number| format!("${number}")).collect();
        let sql = format!("INSERT INTO records VALUES ({})", places.join(", "));
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for cell in &self.0 {
            query = match cell {
                Cell::Text(text) => query.bind(text.clone()),
                Cell::Number(number) => query.bind(*number),
            };
        }
        query.execute(pool).await.unwrap();
    }

    /// `None` when Cedar has no value for what the row holds.
    pub fn entity(&self) -> Option<Entity> {
        let mut attributes = HashMap::new();
        let mut add = |name: &str, value: Option<RestrictedExpression>| {
            attributes.extend(value.map(|value| (name.to_owned(), value)));
        };
        add("level", self.number(1).map(RestrictedExpression::new_long));
        add("score", self.number(2).map(RestrictedExpression::new_long));
        add("factor", self.number(3).map(RestrictedExpression::new_long));
        add("title", self.text(4).map(|text| RestrictedExpression::new_string(text.to_owned())));
        add("note", self.text(5).map(|text| RestrictedExpression::new_string(text.to_owned())));
        add("open", flag(self.number(6))?);
        add("sealed", flag(self.number(7))?);
        add("department", self.text(8).map(|id| reference("Department", id)));
        add("region", self.text(9).map(|id| reference("Area", id)));
        add("since", self.number(10).map(moment));
        add("until", self.number(11).map(moment));
        add("keeper", self.text(12).map(|id| reference("Record", id)));
        let mut parents = HashSet::from([uid("Dataset", self.text(13)?)]);
        parents.extend(self.text(14).map(|id| uid("Area", id)));
        Entity::new(uid("Record", self.id()), attributes, parents).ok()
    }

    fn text(&self, column: usize) -> Option<&str> {
        match &self.0[column] {
            Cell::Text(text) => text.as_deref(),
            Cell::Number(_) => panic!("column {column} holds a number"),
        }
    }

    fn number(&self, column: usize) -> Option<i64> {
        match &self.0[column] {
            Cell::Number(number) => *number,
            Cell::Text(_) => panic!("column {column} holds a text"),
        }
    }
}

impl Dice {
    fn number(&mut self, from: &[i64], percent: usize) -> Cell {
        Cell::Number(self.chance(percent).then(|| *self.pick(from)))
    }

    fn text(&mut self, from: &[&str], percent: usize) -> Cell {
        Cell::Text(self.chance(percent).then(|| (*self.pick(from)).to_owned()))
    }
}

pub fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.parse().unwrap(), cedar_policy::EntityId::new(id))
}

fn reference(kind: &str, id: &str) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid(kind, id))
}

fn flag(number: Option<i64>) -> Option<Option<RestrictedExpression>> {
    match number {
        None => Some(None),
        Some(0 | 1) => Some(number.map(|number| RestrictedExpression::new_bool(number == 1))),
        Some(_) => None,
    }
}

fn moment(milliseconds: i64) -> RestrictedExpression {
    format!("datetime(\"1970-01-01\").offset(duration(\"{milliseconds}ms\"))").parse().unwrap()
}
