//! What the channel leaves in the log, at its most talkative.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing_subscriber::fmt::MakeWriter;
use zhongtai_cap_payment::{Callback, Gateway};

use crate::real::Real;

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
async fn neither_secret_nor_signature_nor_body_is_logged() {
    let captured = Captured::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(captured.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    tracing::info!("the log is captured");
    let real = Real::start().await;
    let order = real.paid(500).await;
    let (headers, body) = real.made(&order, "").await;
    let Callback::Paid { payment, .. } = real.channel.callback(&headers, &body).await.unwrap() else {
        panic!("a payment")
    };
    for wrong in ["signature", "field", "seller", "old"] {
        let (headers, body) = real.made(&order, wrong).await;
        real.channel.callback(&headers, &body).await.unwrap_err();
    }
    let shown = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(shown.contains("the log is captured"));
    let key = std::fs::read_to_string(real.path().join("app.pem")).unwrap();
    let key = key.lines().nth(3).unwrap();
    let form = String::from_utf8(body.clone()).unwrap();
    let signature = form.split("sign=").nth(1).unwrap().get(..20).unwrap();
    for hidden in [key, signature, "159****5620", payment.transaction.as_str(), "道路挖掘"] {
        assert!(!shown.contains(hidden), "{hidden} is shown in {shown}");
    }
}
