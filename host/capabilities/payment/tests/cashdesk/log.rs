//! What the channel leaves in the log, at its most talkative.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing_subscriber::fmt::MakeWriter;
use zhongtai_cap_payment::{Gateway, Headers};

use crate::{channel::order, desk::Real};

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
    let order = order(500);
    let qr = real.channel.prepay(&order).await.unwrap().qr;
    real.press(&qr, "pay").await;
    let (headers, body) = real.receiver.next().await;
    real.channel.callback(&headers, &body).await.unwrap();
    real.channel.callback(&Headers::default(), &body).await.unwrap_err();
    let shown = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(shown.contains("the log is captured"));
    let token = qr.rsplit('/').next().unwrap();
    for hidden in ["the-secret-of-this-test", headers.get("cashdesk-signature").unwrap(), "道路挖掘", token] {
        assert!(!shown.contains(hidden), "{hidden} is shown in {shown}");
    }
}
