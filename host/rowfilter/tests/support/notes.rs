//! Rows that are asked about as the platform asks: one `ActiveSet::evaluate` each.

use sqlx::AnyPool;
use zhongtai_authz::ActiveSet;
use zhongtai_kernel::{Attribute, CallerFacts, Question};
use zhongtai_rowfilter::{Column, Table};

use super::now;

pub const CREATE: &str = "CREATE TABLE notes (id TEXT PRIMARY KEY, level BIGINT, title TEXT, department TEXT, \
                          sealed BIGINT, holder TEXT)";

/// Who sees which notes: a department's officers, whose note it is, and of sealed ones the keeper only.
pub const POLICIES: &str = r#"
@id("own-department")
permit (principal, action == Action::"note:list", resource)
when {
  principal has subject && principal.subject.kind == "officer" &&
  resource.department == principal.department && resource.level <= principal.subject.clearance
};
@id("own-notes")
permit (principal, action == Action::"note:list", resource)
when { principal has subject && resource has holder && resource.holder == principal.subject.account };
@id("sealed")
forbid (principal, action, resource is Note) when { resource.sealed } unless { principal in Role::"keeper" };
"#;

pub fn table() -> Table {
    Table::new("Note", "notes", "id")
        .attribute("level", Column::number("level"))
        .attribute("title", Column::text("title"))
        .attribute("department", Column::entity("department", "Department"))
        .attribute("sealed", Column::flag("sealed"))
        .attribute("holder", Column::text("holder").optional())
}

#[derive(Debug, Clone)]
pub struct Note {
    pub id: String,
    pub level: i64,
    pub title: String,
    pub department: String,
    pub sealed: i64,
    pub holder: Option<String>,
}

impl Note {
    pub fn new(id: &str, level: i64, title: &str, department: &str, sealed: i64, holder: Option<&str>) -> Self {
        let own = str::to_owned;
        Self { id: own(id), level, title: own(title), department: own(department), sealed, holder: holder.map(own) }
    }

    pub async fn insert(&self, pool: &AnyPool) {
        sqlx::query("INSERT INTO notes VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(&self.id)
            .bind(self.level)
            .bind(&self.title)
            .bind(&self.department)
            .bind(self.sealed)
            .bind(self.holder.clone())
            .execute(pool)
            .await
            .unwrap();
    }

    /// Allowed, and to be shown as it is.
    pub fn is_shown(&self, policies: &ActiveSet, caller: &CallerFacts, action: &str) -> bool {
        let text = |text: &str| Attribute::Text(text.to_owned().into());
        let mut attributes = vec![
            ("level".to_owned(), Attribute::Number(self.level)),
            ("title".to_owned(), text(&self.title)),
            ("department".to_owned(), Attribute::Entity("Department".into(), self.department.clone().into())),
            ("sealed".to_owned(), Attribute::Flag(self.sealed == 1)),
        ];
        attributes.extend(self.holder.as_ref().map(|holder| ("holder".to_owned(), text(holder))));
        let question = Question {
            action: action.to_owned(),
            kind: "Note".to_owned(),
            id: self.id.clone(),
            attributes,
            purpose: None,
            basis: None,
            consent: None,
            case: None,
        };
        let decision = policies.evaluate(caller, question, now());
        decision.is_allow() && decision.mask.is_none()
    }
}
