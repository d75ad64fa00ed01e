//! What this crate and the database below it write to the log. Alone in its binary: it captures every thread.

mod support;

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use support::{PASSWORD, WRONG, clock, host, person};
use zhongtai_cap_subject::{Accounts, MIGRATIONS, SubjectProvider, Tokens, contract};
use zhongtai_store::testing::both;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_about_a_person_and_no_secret_is_in_the_log_in_debug_or_in_errors() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let mut secrets = Vec::new();
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let tokens = Tokens::new(accounts.clone());
        let mut new = person("zhang-13900139000");
        new.attributes = contract::fixture();
        tracing::info!(?new, "as someone might log it");
        let account = accounts.create(new.clone()).await.unwrap();
        let id = account.subject.account;
        let (record, token) = tokens.issue(id, &["scenario"], Duration::from_secs(60), "笔记本").await.unwrap();
        let session = tokens.resolve(token.expose()).await.unwrap();
        let contact = accounts.contact(id).await.unwrap();
        let attributes = accounts.attributes(id, &[]).await.unwrap();
        accounts.fields(id, &["name", "resident-id"]).await.unwrap();
        tracing::info!(?account, ?record, ?token, ?session, ?contact, ?attributes, "as someone might log it");

        let stranger = Accounts::new(database.store.clone(), clock.clone(), [8; 32]);
        let errors = [
            accounts.create(new).await.unwrap_err(),
            accounts.sign_in("zhang-13900139000", WRONG).await.unwrap_err(),
            stranger.fields(id, &["name"]).await.unwrap_err(),
        ];
        errors.iter().for_each(|error| tracing::error!(%error, ?error, "as someone might log it"));
        accounts.sign_in("zhang-13900139000", PASSWORD).await.unwrap();
        secrets.push(token.expose().to_owned());
    }
    secrets.extend(["13900139000", PASSWORD, WRONG, "$argon2id"].map(str::to_owned));
    secrets.extend(contract::fixture().iter().map(|(_, value)| value.to_owned()));

    let log = String::from_utf8(log.0.lock().clone()).unwrap();
    assert!(log.contains("as someone might log it") && log.contains("INSERT INTO subject_accounts"), "{log}");
    for secret in secrets {
        assert!(!log.contains(&secret), "`{secret}` is in the log");
    }
}
