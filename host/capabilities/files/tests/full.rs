//! A disk without room, on which the kernel refuses to write. Alone in its program: the limit holds for all of it.
#![allow(clippy::unwrap_used, reason = "a test that can't go on must stop")]

mod support;

use support::Place;
use zhongtai_cap_files::{
    Announced, FilesError, FilesProvider as _,
    contract::{fetch, pdf, send, wanted},
};
use zhongtai_test_tools::tool;

#[tokio::test]
async fn an_upload_that_finds_no_room_is_refused_and_leaves_nothing() {
    let place = Place::sqlite().await;
    let host = place.host();
    let new = zhongtai_cap_files::NewFile { max_bytes: 16 << 20, ..wanted("441802-chengguan/pothole", "1") };
    let ticket = host.upload_ticket(new).await.unwrap();
    // Without somebody who listens the signal would end the program.
    let _listener = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(25)).unwrap();
    let limit = |bytes: &str| {
        let own = std::process::id().to_string();
        let set = tool("prlimit").args(["--pid", &own, &format!("--fsize={bytes}:")]).status().unwrap();
        assert!(set.success());
    };
    limit("4194304");
    let error = send(&host, &ticket.secret, Announced::default(), &pdf(8 << 20)).await.unwrap_err();
    limit("unlimited");
    assert!(matches!(error, FilesError::NoRoom), "{error:?}");
    assert!(place.on_disk().is_empty());
    assert_eq!(place.count("SELECT bytes FROM files_departments").await, 0);
    let record = send(&host, &ticket.secret, Announced::default(), &pdf(8 << 20)).await.unwrap();
    assert_eq!(fetch(&host, &record).await.unwrap(), pdf(8 << 20));
}
