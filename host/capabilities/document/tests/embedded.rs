//! Templates over both databases.
#![allow(clippy::unwrap_used, reason = "a test that can't go on must stop")]

mod support;

use std::sync::Arc;

use support::{TestShelf, clock, documents, templates};
use zhongtai_cap_document::{DocumentError, DocumentTemplate, MIGRATIONS, contract};
use zhongtai_kernel::{Clock, ErrorKind};
use zhongtai_store::testing::{both, sqlite};

#[tokio::test]
async fn the_embedded_provider_keeps_the_contract_on_both_databases() {
    for database in both(MIGRATIONS).await {
        contract::holds(&*templates(&database, &clock())).await;
    }
}

#[tokio::test]
async fn another_host_sees_a_new_version_at_once() {
    for database in both(MIGRATIONS).await {
        let (one, other) = (templates(&database, &clock()), templates(&database, &clock()));
        one.put(contract::notice("一")).await.unwrap();
        assert_eq!(other.find("notice", None).await.unwrap().version(), 1);
        one.put(contract::notice("二")).await.unwrap();
        assert_eq!(other.find("notice", None).await.unwrap().version(), 2);
    }
}

#[tokio::test]
async fn a_version_in_the_database_that_is_no_template_any_more_is_a_fault_and_no_document() {
    let database = sqlite(MIGRATIONS).await;
    let provider = templates(&database, &clock());
    provider.put(contract::notice("一")).await.unwrap();
    sqlx::query("UPDATE document_templates SET file = '{}'").execute(database.store.pool()).await.unwrap();
    let error = provider.find("notice", None).await.unwrap_err();
    assert!(matches!(error, DocumentError::Store(_)), "{error}");
    assert_eq!(error.kind(), ErrorKind::Internal);
}

#[tokio::test]
async fn a_template_that_can_not_be_laid_out_or_lacks_a_font_does_not_get_online() {
    let (database, clock) = (sqlite(MIGRATIONS).await, clock());
    let documents = documents(&database, &clock, Arc::new(TestShelf::default()));
    for (text, expected) in
        [("#nobody", "unknown variable"), ("#set text(font: \"FangSong_GB2312\")\n文", "unknown font family")]
    {
        let error = documents.put(contract::notice(text), clock.now()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.code(), "faulty-template");
    }
    assert_eq!(documents.provider().all().await.unwrap(), []);
    documents.put(contract::notice("文"), clock.now()).await.unwrap();
}

#[test]
fn what_is_no_template_is_refused_with_what_is_wrong() {
    let file = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut file = serde_json::json!({
            "definition": { "name": "n", "title": "t", "owner": "441802-chengguan", "schema": { "type": "object" } },
            "sample": {},
            "parts": { "main.typ": "" },
        });
        change(&mut file);
        DocumentTemplate::parse(&serde_json::to_vec(&file).unwrap()).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(file(&|_| {}), Ok(()));
    let refused = |expected: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let error = file(change).unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    refused("name: expected", &|file| file["definition"]["name"] = "No Name".into());
    refused("title: expected", &|file| file["definition"]["title"] = "".into());
    refused("schema: expected", &|file| file["definition"]["schema"] = serde_json::json!({ "type": "array" }));
    refused("schema:", &|file| file["definition"]["schema"]["$ref"] = "https://example.org/schema.json".into());
    refused("sample.json: `no`: it is required", &|file| {
        file["definition"]["schema"]["required"] = serde_json::json!(["no"])
    });
    refused("main.typ is missing", &|file| file["parts"] = serde_json::json!({ "other.typ": "" }));
    refused("not base64", &|file| file["parts"]["main.typ"] = "#".into());
    refused("unknown field", &|file| file["more"] = 1.into());
}
