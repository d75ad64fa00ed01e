use serde_json::json;
use zhongtai_cap_credit::{CreditProvider, contract};
use zhongtai_conn_credit_upper::{Method, UpperError};
use zhongtai_kernel::{Clock, RequestId, within};

use crate::scene::{KEY, Scene};

#[tokio::test]
async fn it_keeps_the_contract_with_either_signature() {
    for signature in [Method::HmacSha256, Method::HmacSm3] {
        let mut scene = Scene::with(|config| config.signature = signature);
        let asked = scene.clock.now();
        contract::holds(&scene.upper, asked).await;
        assert_eq!(scene.platform.seen("refused"), json!([]), "every signature was verified by the platform");
        assert_eq!(scene.platform.seen("accepted"), 4, "four subjects");
        assert_eq!(scene.platform.seen("apps")[0], "qingcheng");
    }
}

#[tokio::test]
async fn whom_it_asks_about_is_in_no_url() {
    let mut scene = Scene::new();
    scene.upper.ask(&contract::enterprise()).await.unwrap();
    assert_eq!(scene.platform.seen("targets"), json!(["/credit/v1/credit/records"]));
}

#[tokio::test]
async fn a_call_carries_the_request_that_it_is_for() {
    let mut scene = Scene::new();
    let request = RequestId::generate();
    within(request, scene.upper.records(&contract::enterprise())).await.unwrap();
    let trace = scene.platform.seen("traces")[0].as_str().unwrap().to_owned();
    let hex: String = request.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(trace[3..35], hex);
}

#[tokio::test]
async fn each_attempt_is_signed_anew() {
    let mut scene = Scene::new();
    scene.behave(json!(["hang-up", "status:503", "fine"]));
    scene.upper.ask(&contract::enterprise()).await.unwrap();
    assert_eq!(scene.platform.seen("requests"), 3);
    assert_eq!(scene.platform.seen("refused"), json!([]), "a nonce is taken once: each attempt had its own");
}

#[tokio::test]
async fn with_another_key_the_platform_refuses_and_the_error_says_so() {
    let mut scene = Scene::with(|config| {
        let zhongtai_outbound::SecretSource::File(path) = &config.key else { panic!("a file") };
        std::fs::write(path, KEY.replace('0', "1")).unwrap();
    });
    let error = scene.upper.ask(&contract::enterprise()).await.unwrap_err();
    assert_eq!(error, UpperError::Status(401));
    assert_eq!(scene.platform.seen("refused"), json!(["signature"]));
}

#[tokio::test]
async fn a_clock_that_is_far_off_is_refused_by_the_platform() {
    let mut scene = Scene::new();
    scene.clock.advance(std::time::Duration::from_secs(3_600));
    let error = scene.upper.ask(&contract::enterprise()).await.unwrap_err();
    assert_eq!(error, UpperError::Status(401));
    assert_eq!(scene.platform.seen("refused"), json!(["time"]));
}
