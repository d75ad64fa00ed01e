use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use http::HeaderValue;
use tracing_subscriber::fmt::MakeWriter;
use zhongtai_outbound::{OutboundError, Repeat, Request, header};

use crate::support::{Act, Scene};

/// Everything that was logged.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const PRIVATE: [&str; 6] = ["91350100M000100Y43", "hunter2", "t0ken", "zhangsan", "5ecret-path", "an5wer"];

fn request() -> Request {
    Request::post("5ecret-path", "text/plain", "zhangsan")
        .segment("91350100M000100Y43")
        .query("key", "hunter2")
        .header(header::AUTHORIZATION, HeaderValue::from_static("t0ken"))
}

#[tokio::test]
async fn neither_logs_nor_errors_show_what_was_said() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(captured.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let acts = [
        Act::HangUp,
        Act::HalfABody,
        Act::Answer(302, "location: https://hunter2.example\r\n", "an5wer"),
        Act::HugeAndSaysSo(2 << 20),
        Act::Answer(500, "", "an5wer"),
        Act::HangUp,
        Act::HangUp,
    ];
    let scene = Scene::new(acts);
    let system = scene.system(|config| config.breaker_failures = 3);
    let mut shown = String::new();
    for _ in 0..8 {
        let result = system.send(request(), Repeat::Never).await;
        if let Err(error) = &result {
            shown.push_str(&zhongtai_kernel::chain(error));
        }
        shown.push_str(&format!("{result:?}"));
    }
    assert!(shown.contains("Resting"), "{shown}");
    shown.push_str(&format!("{:?} {system:?} {:?}", request(), scene.outbound));
    let mut wrong = request();
    wrong.path.push_str("/../hunter2");
    let error = system.send(wrong, Repeat::Never).await.unwrap_err();
    assert!(matches!(error, OutboundError::NotAllowed { .. }));
    shown.push_str(&format!("{error} {error:?}"));

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let ours: String = log.lines().filter(|line| line.contains("zhongtai_outbound")).collect();
    assert!(ours.contains("left alone"), "the log is captured: {log}");
    for private in PRIVATE {
        assert!(!shown.contains(private), "{private} in {shown}");
        assert!(!log.contains(private), "{private} in {log}");
    }
}
