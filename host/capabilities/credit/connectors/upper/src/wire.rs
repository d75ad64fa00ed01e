//! The platform's JSON. Read field by field: what is wrong is named, and what it says is never repeated.

use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value};
use zhongtai_cap_credit::{Category, CreditRecord, CreditSubject, Gravity, State};
use zhongtai_kernel::Timestamp;

use crate::AnswerFault;

/// More about one subject can't be meant.
const MOST_RECORDS: usize = 1_000;

/// Longer texts can't be meant either, characters.
const MOST_NAME: usize = 256;
const MOST_DETAIL: usize = 4_096;

/// Whom we ask about.
#[derive(Serialize)]
pub(crate) struct Asked<'a> {
    kind: &'static str,
    code: &'a str,
}

/// What the platform said.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) as_of: Timestamp,
    pub(crate) records: Vec<CreditRecord>,
}

// === impl Asked ===

impl<'a> Asked<'a> {
    pub(crate) fn about(whom: &'a CreditSubject) -> Self {
        match whom {
            CreditSubject::Enterprise(code) => Self { kind: "credit-code", code: code.as_str() },
            CreditSubject::Person(id) => Self { kind: "resident-id", code: id.expose() },
        }
    }
}

// === impl Told ===

impl Told {
    /// Reads an answer about `whom`, complete, ordered by source and id.
    pub(crate) fn read(body: &[u8], whom: &CreditSubject) -> Result<Self, AnswerFault> {
        let answer: Value = serde_json::from_slice(body).map_err(|_| AnswerFault::NotJson)?;
        let answer = answer.as_object().ok_or(AnswerFault::Field("the answer"))?;
        let subject = answer.get("subject").and_then(Value::as_object).ok_or(AnswerFault::Field("subject"))?;
        let asked = Asked::about(whom);
        let is = |field: &'static str| subject.get(field).and_then(Value::as_str).ok_or(AnswerFault::Field("subject"));
        if is("kind")? != asked.kind || !is("code")?.eq_ignore_ascii_case(asked.code) {
            return Err(AnswerFault::OtherSubject);
        }
        match answer.get("complete") {
            Some(Value::Bool(true)) => {}
            Some(Value::Bool(false)) => return Err(AnswerFault::Incomplete),
            _ => return Err(AnswerFault::Field("complete")),
        }
        let as_of = text(answer, "as_of", MOST_NAME)?.parse().map_err(|_| AnswerFault::Field("as_of"))?;
        let records = answer.get("records").and_then(Value::as_array).ok_or(AnswerFault::Field("records"))?;
        if records.len() > MOST_RECORDS {
            return Err(AnswerFault::TooMany(MOST_RECORDS));
        }
        let mut records = records.iter().map(record).collect::<Result<Vec<_>, _>>()?;
        records.sort_by(|a, b| (&a.source, &a.id).cmp(&(&b.source, &b.id)));
        if records.windows(2).any(|pair| matches!(pair, [a, b] if (&a.source, &a.id) == (&b.source, &b.id))) {
            return Err(AnswerFault::Twice);
        }
        Ok(Self { as_of, records })
    }
}

fn record(value: &Value) -> Result<CreditRecord, AnswerFault> {
    let record = value.as_object().ok_or(AnswerFault::Field("records"))?;
    let category: Category =
        text(record, "category", MOST_NAME)?.parse().map_err(|_| AnswerFault::Field("category"))?;
    let gravity: Gravity = text(record, "gravity", MOST_NAME)?.parse().map_err(|_| AnswerFault::Field("gravity"))?;
    let state: State = text(record, "state", MOST_NAME)?.parse().map_err(|_| AnswerFault::Field("state"))?;
    let since = day(text(record, "since", MOST_NAME)?).ok_or(AnswerFault::Field("since"))?;
    let until = match record.get("until") {
        None | Some(Value::Null) => None,
        Some(_) => Some(day(text(record, "until", MOST_NAME)?).ok_or(AnswerFault::Field("until"))?),
    };
    if until.is_some_and(|until| until < since) {
        return Err(AnswerFault::Field("until"));
    }
    Ok(CreditRecord {
        key: None,
        id: name(record, "id")?,
        source: name(record, "source")?,
        department: None,
        category,
        gravity,
        since,
        until,
        state,
        held: false,
        detail: text(record, "detail", MOST_DETAIL)?.to_owned(),
    })
}

/// `YYYY-MM-DD` and nothing else.
fn day(text: &str) -> Option<Date> {
    let day: Date = text.parse().ok()?;
    (day.to_string() == text).then_some(day)
}

fn name(record: &Map<String, Value>, field: &'static str) -> Result<String, AnswerFault> {
    let name = text(record, field, MOST_NAME)?;
    let is_name = !name.trim().is_empty() && !name.chars().any(char::is_control);
    is_name.then(|| name.to_owned()).ok_or(AnswerFault::Field(field))
}

fn text<'a>(object: &'a Map<String, Value>, field: &'static str, most: usize) -> Result<&'a str, AnswerFault> {
    let text = object.get(field).and_then(Value::as_str).ok_or(AnswerFault::Field(field))?;
    if text.chars().count() > most { Err(AnswerFault::Field(field)) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use zhongtai_cap_credit::contract;

    use super::*;

    fn answer() -> Value {
        json!({
            "subject": { "kind": "credit-code", "code": "91350100M000100Y43" },
            "as_of": "2026-01-01T00:00:00Z",
            "complete": true,
            "records": [record("2"), record("1")],
        })
    }

    fn record(id: &str) -> Value {
        json!({
            "id": id, "source": "市场监督管理局", "category": "penalty", "gravity": "serious",
            "state": "published", "since": "2025-01-01", "until": "2026-12-31", "detail": "虚假宣传",
        })
    }

    fn read(answer: &Value) -> Result<Told, AnswerFault> {
        Told::read(answer.to_string().as_bytes(), &contract::enterprise())
    }

    fn fault(change: impl FnOnce(&mut Value)) -> AnswerFault {
        let mut answer = answer();
        change(&mut answer);
        read(&answer).unwrap_err()
    }

    #[test]
    fn an_answer_is_read_in_the_order_of_source_and_id() {
        let told = read(&answer()).unwrap();
        assert_eq!(told.as_of, "2026-01-01T00:00:00Z".parse().unwrap());
        let ids: Vec<_> = told.records.iter().map(|record| record.id.as_str()).collect();
        assert_eq!(ids, ["1", "2"]);
        let first = &told.records[0];
        assert_eq!(
            (first.category, first.gravity, first.state),
            (Category::Penalty, Gravity::Serious, State::Published)
        );
        assert_eq!(
            (first.since.to_string(), first.until.unwrap().to_string()),
            ("2025-01-01".into(), "2026-12-31".into())
        );
        assert_eq!((first.key, first.held, first.detail.as_str()), (None, false, "虚假宣传"));
    }

    #[test]
    fn a_validity_may_have_no_end_and_answers_may_say_more() {
        let mut answer = answer();
        answer["records"][0]["until"] = Value::Null;
        answer["records"][1].as_object_mut().unwrap().remove("until");
        answer["trace"] = json!("x");
        assert!(read(&answer).unwrap().records.iter().all(|record| record.until.is_none()));
    }

    #[test]
    fn every_field_of_another_type_or_missing_is_named() {
        for (field, wrong) in [
            ("id", json!(1)),
            ("id", json!(" ")),
            ("id", json!("x".repeat(257))),
            ("source", json!(null)),
            ("source", json!("a\nb")),
            ("category", json!("black list")),
            ("gravity", json!(3)),
            ("state", json!("")),
            ("since", json!("2025-13-01")),
            ("since", json!("2025-01-01T00:00:00")),
            ("until", json!(20261231)),
            ("until", json!("2024-12-31")),
            ("detail", json!(["x"])),
            ("detail", json!("x".repeat(4097))),
        ] {
            assert_eq!(
                fault(|answer| answer["records"][1][field] = wrong.clone()),
                AnswerFault::Field(field),
                "{wrong}"
            );
        }
        for field in ["id", "source", "category", "gravity", "state", "since", "detail"] {
            let missing = fault(|answer| drop(answer["records"][0].as_object_mut().unwrap().remove(field)));
            assert_eq!(missing, AnswerFault::Field(field));
        }
        for (field, wrong) in [
            ("subject", json!("91350100M000100Y43")),
            ("as_of", json!("yesterday")),
            ("as_of", json!(1767225600)),
            ("complete", json!("true")),
            ("records", json!({})),
        ] {
            assert_eq!(fault(|answer| answer[field] = wrong), AnswerFault::Field(field));
        }
        assert_eq!(fault(|answer| answer["records"][0] = json!([])), AnswerFault::Field("records"));
        assert_eq!(fault(|answer| *answer = json!([])), AnswerFault::Field("the answer"));
        assert_eq!(Told::read(b"{", &contract::enterprise()).unwrap_err(), AnswerFault::NotJson);
        assert_eq!(Told::read(b"\xff", &contract::enterprise()).unwrap_err(), AnswerFault::NotJson);
        let deep = "[".repeat(100_000);
        assert_eq!(Told::read(deep.as_bytes(), &contract::enterprise()).unwrap_err(), AnswerFault::NotJson);
    }

    #[test]
    fn an_answer_about_another_subject_is_refused() {
        let other = fault(|answer| answer["subject"]["code"] = json!("11320000MB151840XJ"));
        assert_eq!(other, AnswerFault::OtherSubject);
        assert_eq!(fault(|answer| answer["subject"]["kind"] = json!("resident-id")), AnswerFault::OtherSubject);
    }

    #[test]
    fn what_is_left_out_or_told_twice_or_too_much_is_refused() {
        assert_eq!(fault(|answer| answer["complete"] = json!(false)), AnswerFault::Incomplete);
        assert_eq!(fault(|answer| answer["records"] = json!([record("1"), record("1")])), AnswerFault::Twice);
        let many: Vec<_> = (0..1_001).map(|id| record(&id.to_string())).collect();
        assert_eq!(fault(|answer| answer["records"] = json!(many)), AnswerFault::TooMany(1_000));
    }
}
