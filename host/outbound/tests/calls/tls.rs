use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Stdio},
};

use tempfile::TempDir;
use zhongtai_outbound::{Answer, Outbound, OutboundError, Repeat, Request, SystemConfig, Unreachable};

use crate::support::Scene;

/// Python's HTTPS servers, and the authority of most of them.
struct Authorities {
    folder: TempDir,
    ports: BTreeMap<String, u16>,
    process: Child,
}

impl Authorities {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = zhongtai_test_tools::python()
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/calls/authorities.py"))
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { folder, ports: serde_json::from_str(&line).unwrap(), process }
    }

    fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn config(&self, which: &str, ca_file: Option<PathBuf>) -> SystemConfig {
        let base_url = format!("https://127.0.0.1:{}", self.ports[which]);
        SystemConfig { base_url, ca_file, first_pause_ms: 1, ..SystemConfig::at("") }
    }
}

impl Drop for Authorities {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn call(outbound: &Outbound, config: &SystemConfig) -> Result<Answer, OutboundError> {
    outbound.system("upper", config).unwrap().send(Request::get("x"), Repeat::Idempotent).await
}

#[tokio::test]
async fn a_certificate_is_verified_in_every_way() {
    let (authorities, scene) = (Authorities::start(), Scene::new([]));
    let good = call(&scene.outbound, &authorities.config("good", Some(authorities.ca()))).await.unwrap();
    assert_eq!(&good.body[..], b"/x");
    for (which, reason) in [
        ("untrusted", Unreachable::Untrusted),
        ("other-name", Unreachable::OtherName),
        ("expired", Unreachable::Expired),
        ("not-yet", Unreachable::Expired),
    ] {
        let error = call(&scene.outbound, &authorities.config(which, Some(authorities.ca()))).await.unwrap_err();
        assert_eq!(error, OutboundError::Unreachable { system: "upper".to_owned(), reason }, "{which}");
        assert!(!error.may_have_arrived(), "{which}: nothing but the handshake was sent");
    }
    assert_eq!(scene.calls()[1..], [(zhongtai_outbound::Outcome::Unreachable, 1); 4], "and not tried again");
}

#[tokio::test]
async fn a_private_authority_counts_for_its_system_only() {
    let (authorities, scene) = (Authorities::start(), Scene::new([]));
    let with = authorities.config("good", Some(authorities.ca()));
    assert!(call(&scene.outbound, &with).await.is_ok());
    let without = authorities.config("good", None);
    let error = call(&scene.outbound, &without).await.unwrap_err();
    let reason = Unreachable::Untrusted;
    assert_eq!(error, OutboundError::Unreachable { system: "upper".to_owned(), reason });
}

#[tokio::test]
async fn plain_http_of_a_tls_port_brings_no_answer() {
    let (authorities, scene) = (Authorities::start(), Scene::new([]));
    let base_url = format!("http://127.0.0.1:{}", authorities.ports["good"]);
    let error = call(&scene.outbound, &SystemConfig { attempts: 1, ..SystemConfig::at(base_url) }).await.unwrap_err();
    assert!(matches!(error, OutboundError::BrokenOff { .. }), "{error}");
}

#[test]
fn a_file_of_authorities_is_read_when_the_host_starts() {
    let scene = Scene::new([]);
    let folder = tempfile::tempdir().unwrap();
    let with = |name: &str, content: Option<&str>| {
        let file = folder.path().join(name);
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let config = SystemConfig { ca_file: Some(file.clone()), ..SystemConfig::at("https://upper.example.cn") };
        let error = scene.outbound.system("upper", &config).unwrap_err().to_string();
        error.replace(&format!("{}: ", file.display()), "")
    };
    assert_eq!(with("missing", None), "upper: ca_file: the file can't be read");
    assert_eq!(with("empty", Some("")), "upper: ca_file: the file has no certificate");
    assert_eq!(with("text", Some("hunter2")), "upper: ca_file: the file has no certificate");
    let broken = "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n";
    assert_eq!(with("broken", Some(broken)), "upper: ca_file: the file is not PEM");
    let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(with("other", Some(other)), "upper: ca_file: a certificate in the file can't be used as an authority");
}
