//! Templates in the platform's own database.

use std::sync::Arc;

use async_trait::async_trait;
use quick_cache::sync::Cache;
use zhongtai_kernel::{Clock, Timestamp};
use zhongtai_store::{Store, StoreError};

use crate::{DocumentError, DocumentTemplate, Registered, TemplateProvider, TemplateSummary};

/// Versions that are kept in memory: a version never changes.
const KEPT: usize = 128;

/// Templates in the platform's own database.
pub struct EmbeddedTemplates {
    store: Store,
    clock: Arc<dyn Clock>,
    kept: Cache<(String, i64), Arc<DocumentTemplate>>,
}

type Newest = (i64, String, String);
type Summary = (String, i64, String, String, String, i64);

const NEWEST: &str =
    "SELECT version, digest, owner FROM document_templates WHERE name = $1 ORDER BY version DESC LIMIT 1";

// === impl EmbeddedTemplates ===

impl EmbeddedTemplates {
    /// Templates of a store that has [`crate::MIGRATIONS`].
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, kept: Cache::new(KEPT) }
    }

    async fn version(&self, name: &str, version: i64) -> Result<Option<Arc<DocumentTemplate>>, DocumentError> {
        let key = (name.to_owned(), version);
        if let Some(template) = self.kept.get(&key) {
            return Ok(Some(template));
        }
        let sql = "SELECT file FROM document_templates WHERE name = $1 AND version = $2";
        let file: Option<String> =
            sqlx::query_scalar(sql).bind(name).bind(version).fetch_optional(self.store.pool()).await?;
        let Some(file) = file else { return Ok(None) };
        let template = Arc::new(parse(&file, version)?);
        self.kept.insert(key, template.clone());
        Ok(Some(template))
    }

    async fn newest(&self, name: &str) -> Result<Option<i64>, DocumentError> {
        let sql = "SELECT MAX(version) FROM document_templates WHERE name = $1";
        Ok(sqlx::query_scalar(sql).bind(name).fetch_one(self.store.pool()).await?)
    }
}

#[async_trait]
impl TemplateProvider for EmbeddedTemplates {
    async fn put(&self, template: DocumentTemplate) -> Result<Registered, DocumentError> {
        let digest = template.digest();
        let mut write = self.store.begin_write().await?;
        let newest: Option<Newest> = sqlx::query_as(NEWEST).bind(template.name()).fetch_optional(&mut *write).await?;
        let newest_version = newest.as_ref().map_or(0, |(version, ..)| *version);
        if let Some((_, at_hand, owner)) = newest {
            if owner != template.owner().as_str() {
                return Err(DocumentError::invalid("owner", format!("`{owner}`, whose template it is already")));
            }
            if at_hand == digest {
                return Ok(Registered { version: number(newest_version)?, digest, is_new: false });
            }
        }
        let version = newest_version + 1;
        let sql = "INSERT INTO document_templates (name, version, digest, owner, title, file, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        sqlx::query(sql)
            .bind(template.name())
            .bind(version)
            .bind(&digest)
            .bind(template.owner().as_str())
            .bind(template.title())
            .bind(template.to_json())
            .bind(self.clock.now().as_millisecond())
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        Ok(Registered { version: number(version)?, digest, is_new: true })
    }

    async fn find(&self, name: &str, version: Option<u32>) -> Result<Arc<DocumentTemplate>, DocumentError> {
        let version = match version {
            Some(version) => Some(i64::from(version)),
            None => self.newest(name).await?,
        };
        let found = match version {
            Some(version) => self.version(name, version).await?,
            None => None,
        };
        // The name may be anything that a guest sent: an error must not repeat all of it.
        found.ok_or_else(|| DocumentError::UnknownTemplate(name.chars().take(64).collect()))
    }

    async fn all(&self) -> Result<Vec<TemplateSummary>, DocumentError> {
        let sql = "SELECT name, version, title, owner, digest, created_at FROM document_templates \
                   ORDER BY name, version DESC";
        let rows: Vec<Summary> = sqlx::query_as(sql).fetch_all(self.store.pool()).await?;
        rows.into_iter().map(summary).collect()
    }
}

fn summary((name, version, title, owner, digest, created_at): Summary) -> Result<TemplateSummary, DocumentError> {
    let created_at = Timestamp::from_millisecond(created_at).map_err(|error| corrupt(error.to_string()))?;
    Ok(TemplateSummary { name, version: number(version)?, title, owner, digest, created_at })
}

fn parse(file: &str, version: i64) -> Result<DocumentTemplate, DocumentError> {
    let file = serde_json::from_str(file).map_err(|error| corrupt(error.to_string()))?;
    DocumentTemplate::new(file, number(version)?).map_err(|error| corrupt(error.to_string()).into())
}

fn number(version: i64) -> Result<u32, StoreError> {
    u32::try_from(version).map_err(|_| corrupt("the version is no number of a version".to_owned()))
}

fn corrupt(problem: String) -> StoreError {
    StoreError::corrupt("document_templates", problem)
}
