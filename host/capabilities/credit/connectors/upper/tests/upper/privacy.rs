use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;
use zhongtai_cap_credit::{CreditProvider, contract};

use crate::scene::{KEY, Scene};

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

#[tokio::test]
async fn neither_logs_nor_errors_say_whom_it_is_about_or_what_happened() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(captured.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let mut scene = Scene::with(|config| config.system.attempts = 2);
    scene.upper.records(&contract::enterprise()).await.unwrap();
    scene.pass(Duration::from_secs(61));
    let mut shown = format!("{:?}", scene.upper);
    for mode in ["not-json", "wrong-type", "other-subject", "incomplete", "unsigned", "status:500", "hang-up", "huge"] {
        scene.behave(mode);
        for whom in [contract::enterprise(), contract::person()] {
            let error = scene.upper.ask(&whom).await.unwrap_err();
            shown.push_str(&format!("{} {error:?}", zhongtai_kernel::chain(&error)));
            if let Err(error) = scene.upper.records(&whom).await {
                shown.push_str(&format!("{error} {error:?}"));
            }
        }
    }
    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("an older answer is used"), "the log is captured: {log}");
    for private in [
        "91350100M000100Y43",
        "11010519491231002X",
        "11320000MB151840XJ",
        "拖欠工资",
        "人力资源",
        "maintenance",
        "told to",
        KEY,
    ] {
        assert!(!shown.contains(private), "{private} in {shown}");
        assert!(!log.contains(private), "{private} in {log}");
    }
}
