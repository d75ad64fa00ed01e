//! Broken promises that scenarios report.

use super::{
    EmbeddedCredit, Report,
    act::{Act, claim},
};
use crate::{Category, CreditError, RecordId, State};

pub(super) async fn report(host: &EmbeddedCredit, report: Report) -> Result<RecordId, CreditError> {
    let (id, now) = (RecordId::generate(), host.now());
    let found_on = report.found_on.to_string();
    let what = [&*report.whom.to_text(), &report.case, report.gravity.as_str(), &found_on, &report.detail];
    let request = [["report"].as_slice(), &what].concat();
    let act = Act {
        scope: format!("scenario:{}", report.scenario),
        key: &report.key,
        request: host.vault().digest(&request),
    };
    let mut write = host.store().begin_write().await?;
    if let Some(earlier) = claim(&mut write, &act, &id.to_string(), now).await? {
        write.rollback().await?;
        return earlier.parse();
    }
    let (department, source_id) = (report.scenario.department().as_str(), format!("{}/{id}", report.scenario));
    let content = host.vault().digest(&request);
    let sql = "INSERT INTO credit_entries (id, source, source_id, subject_index, subject_sealed, department, category, \
               gravity, since, until, detail_sealed, content, state, held, recorded_at, recorded_by) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, $10, $11, $12, 0, $13, $14)";
    sqlx::query(sql)
        .bind(id.to_string())
        .bind(department)
        .bind(&source_id)
        .bind(host.vault().index(&report.whom))
        .bind(host.vault().seal(&["subject", department, &source_id], &report.whom.to_text())?)
        .bind(department)
        .bind(Category::Commitment.as_str())
        .bind(report.gravity.as_str())
        .bind(&found_on)
        .bind(host.vault().seal(&["detail", department, &source_id], &report.detail)?)
        .bind(content)
        .bind(State::Unpublished.as_str())
        .bind(now.as_millisecond())
        .bind(format!("{}, case {}", report.scenario, report.case))
        .execute(&mut *write)
        .await?;
    write.commit().await?;
    host.forget(&report.whom);
    Ok(id)
}
