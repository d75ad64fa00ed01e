use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Stdio},
};

use serde_json::{Value, json};

/// npm `oidc-provider` in a process of its own, which ends with this value.
pub(crate) struct RealProvider {
    pub(crate) issuer: String,
    process: Child,
}

// === impl RealProvider ===

impl RealProvider {
    /// Starts it with these clients, and waits until it listens.
    pub(crate) fn start(clients: Value) -> Self {
        let settings = json!({ "clients": clients, "accounts": accounts() });
        let mut process = zhongtai_test_tools::node()
            .arg("--input-type=module")
            .env("PROVIDER", settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(include_bytes!("../../provider.mjs")).unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = lines.find_map(|line| serde_json::from_str::<Value>(&line.unwrap()).ok());
        let issuer = ready.and_then(|ready| Some(ready["issuer"].as_str()?.to_owned()));
        let Some(issuer) = issuer else {
            let _ = process.kill();
            panic!("the provider does not start")
        };
        Self { issuer, process }
    }

    /// New signing keys; the old ones stay published when they are kept.
    pub(crate) async fn rotate_keys(&self, keep: bool) {
        let url = format!("{}/test/rotate{}", self.issuer, if keep { "?keep" } else { "" });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        assert!(client.post(url).send().await.unwrap().status().is_success());
    }
}

impl Drop for RealProvider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn accounts() -> Value {
    json!({
        "zhang-san": {
            "name": "张三",
            "user_type": "1",
            "id_card": "11010519491231002x",
            "phone_number": "+86 138-0013-8000",
            "phone_number_verified": true,
        },
        "qingcheng-farm": { "name": "清城农场", "user_type": "2", "uscc": "91350100M000100Y43" },
        "typo": { "name": "李四", "user_type": "1", "id_card": "110105194912310021" },
    })
}
