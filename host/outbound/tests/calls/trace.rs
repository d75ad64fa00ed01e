use zhongtai_kernel::{RequestId, within};
use zhongtai_outbound::{Repeat, Request};

use crate::support::{Act, Scene};

#[tokio::test]
async fn a_call_carries_the_request_that_it_is_for() {
    let scene = Scene::new([Act::Answer(503, "", "")]);
    let system = scene.system(|_| {});
    let (current, named) = (RequestId::generate(), RequestId::generate());
    within(current, Box::pin(system.send(Request::get("x"), Repeat::Idempotent))).await.unwrap();
    let mut request = Request::get("y");
    request.for_request = Some(named);
    request.headers.insert("traceparent", "00-forged".parse().unwrap());
    within(current, Box::pin(system.send(request, Repeat::Never))).await.unwrap();
    let asked = scene.server.asked();
    let trace = |index: usize| {
        let header = asked[index].header("traceparent").unwrap().to_owned();
        let parts: Vec<_> = header.split('-').map(str::to_owned).collect();
        assert_eq!((parts.len(), parts[0].as_str(), parts[2].len()), (4, "00", 16), "{header}");
        (parts[1].clone(), parts[2].clone())
    };
    let hex = |id: RequestId| id.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!((trace(0).0, trace(1).0, trace(2).0), (hex(current), hex(current), hex(named)));
    assert_ne!(trace(0).1, trace(1).1, "each attempt is a parent of its own");
}

#[tokio::test]
async fn a_call_for_no_request_is_a_trace_of_its_own() {
    let scene = Scene::new([]);
    let system = scene.system(|_| {});
    for _ in 0..2 {
        system.send(Request::get("x"), Repeat::Never).await.unwrap();
    }
    let asked = scene.server.asked();
    let trace = |index: usize| asked[index].header("traceparent").unwrap()[3..35].to_owned();
    assert_ne!(trace(0), trace(1));
}
