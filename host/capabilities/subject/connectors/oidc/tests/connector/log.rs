//! What a sign-in leaves in the log, at its most talkative.

use std::{
    io,
    sync::{Arc, Mutex},
};

use crate::support::{Answer, Hostile, Signer, callback, parameter, provider};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;
use zhongtai_conn_subject_oidc::{Callback, Wanted};
use zhongtai_kernel::{Clock, SystemClock, chain};

const SECRET: &str = "client-secret-of-the-test";

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn neither_log_nor_error_nor_debug_shows_a_secret_a_token_or_a_person() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(captured.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), SECRET).unwrap();
    let hostile = Hostile::start().await;
    hostile.document(|document| document["userinfo_endpoint"] = json!(format!("{}/me", hostile.issuer)));
    hostile
        .answer("/me", Answer::json(&json!({ "sub": "zhang-san-7", "name": "张三", "id_card": "11010519491231002X" })));
    let more = format!(
        "client_id = \"zt\"\nclient_secret_file = \"{}\"\nclaims.resident_id = \"id_card\"",
        secret.path().display()
    );
    let clock = Arc::new(SystemClock);
    let ours = provider(&hostile.issuer, &more, clock.clone());

    let mut shown = format!("{ours:?}");
    let mut hidden: Vec<String> = [SECRET, "code-of-the-test", "access-token-of-the-test", "zhang-san-7", "张三"]
        .into_iter()
        .chain(["11010519491231002X"])
        .map(str::to_owned)
        .collect();
    for key in [&hostile.key, &Signer::new("unknown"), &Signer::new("key-1")] {
        let begin = ours.begin(&Wanted::default()).await.unwrap();
        let nonce = parameter(&begin.url, "nonce").unwrap();
        let now = clock.now().as_second();
        let id_token = key.sign(&json!({
            "iss": hostile.issuer, "aud": "zt", "sub": "zhang-san-7", "iat": now, "exp": now + 60, "nonce": nonce,
        }));
        hostile.gives(&id_token);
        let query = format!("http://x/?code=code-of-the-test&state={}", begin.pending.state());
        let callback: Callback = callback(&query);
        shown += &format!("{callback:?} {:?}", begin.pending);
        hidden.extend([begin.pending.state().to_owned(), nonce, id_token]);
        match ours.complete(callback, begin.pending).await {
            Ok(person) => shown += &format!("{person:?}"),
            Err(error) => shown += &format!("{error:?} {}", chain(&error)),
        }
    }
    shown += &String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(shown.contains("a token names an unknown key"), "the log was captured");
    for text in hidden {
        assert!(!shown.contains(&text), "{text} is shown");
    }
}
