//! A host that is killed in the middle of an upload or of a removal. The host is this program, started again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that can't go on must stop; what is started says how far it is"
)]

mod support;

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use support::{KEY, Place};
use zhongtai_cap_files::{
    Announced, EmbeddedFiles, FilesConfig, FilesProvider, MIGRATIONS, TicketSecret,
    contract::{fetch, pdf, send, wanted},
};
use zhongtai_kernel::SystemClock;
use zhongtai_store::Store;

const WHERE: &str = "ZHONGTAI_TEST_FILES";

/// Uploads as far as it is told, says so, and waits to be killed.
#[tokio::test]
#[ignore = "the other tests start it"]
async fn uploader() {
    let Ok(told) = env::var(WHERE) else { return };
    let [url, folder, secret, point] = told.split('|').collect::<Vec<_>>().try_into().unwrap();
    let store = Store::open(url, MIGRATIONS).await.unwrap();
    let host = EmbeddedFiles::open(store, Arc::new(SystemClock), FilesConfig::default(), Path::new(folder), &KEY);
    let host = host.unwrap();
    let secret: TicketSecret = secret.parse().unwrap();
    let mut upload = host.begin(&secret, Announced::default()).await.unwrap();
    if point != "begun" {
        upload.write(pdf(400_000)).await.unwrap();
    }
    if matches!(point, "complete" | "published") {
        upload.complete().await.unwrap();
    }
    if point == "published" {
        upload.publish().await.unwrap();
    }
    println!("\nreached {point}");
    std::thread::sleep(Duration::from_secs(60));
}

/// A host that is killed with SIGKILL when it has come to `point`.
fn killed_at(place: &Place, secret: &TicketSecret, point: &str) {
    let folder = place.dir.path().join("files");
    let told = format!("{}|{}|{}|{point}", place.database.url, folder.display(), secret.expose());
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "uploader", "--nocapture"])
        .env(WHERE, told)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == format!("reached {point}")), "the host did not get there");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn an_upload_whose_host_was_killed_is_never_seen_and_swept_with_its_quota_and_its_ticket_holds() {
    for place in Place::both().await {
        // The killed host's clock is the machine's.
        let now = zhongtai_kernel::Timestamp::now();
        let host = EmbeddedFiles::open(
            place.store().clone(),
            Arc::new(zhongtai_kernel::ManualClock::at(now)),
            FilesConfig { ticket_s: 100_000.try_into().unwrap(), ..FilesConfig::default() },
            &place.dir.path().join("files"),
            &KEY,
        )
        .unwrap();
        for point in ["begun", "written", "complete"] {
            let new = wanted("441802-chengguan/pothole", point);
            let ticket = host.upload_ticket(new.clone()).await.unwrap();
            killed_at(&place, &ticket.secret, point);
            assert_eq!(host.list(&new.scenario, &new.case, None).await.unwrap(), [], "{point}");
            assert_eq!(place.on_disk().len(), 1, "{point}");
            assert_eq!(host.sweep().await.unwrap(), 0, "{point}: its time is not over");
            let later = now + Duration::from_secs(15 * 60 + 125);
            let later = EmbeddedFiles::open(
                place.store().clone(),
                Arc::new(zhongtai_kernel::ManualClock::at(later)),
                FilesConfig::default(),
                &place.dir.path().join("files"),
                &KEY,
            )
            .unwrap();
            assert_eq!(later.sweep().await.unwrap(), 1, "{point}");
            assert!(place.on_disk().is_empty(), "{point}");
            assert_eq!(place.count("SELECT COUNT(*) FROM files").await, 0, "{point}");
            assert_eq!(later.usage(new.scenario.department()).await.unwrap(), 0, "{point}");
            let record = send(&later, &ticket.secret, Announced::default(), &pdf(400_000)).await.unwrap();
            assert_eq!(fetch(&later, &record).await.unwrap(), pdf(400_000), "{point}");
            assert!(later.remove(&record.scenario, record.id).await.unwrap());
        }
    }
}

#[tokio::test]
async fn an_upload_that_was_published_is_whole_when_its_host_is_killed_after_it() {
    let place = Place::sqlite().await;
    let now = zhongtai_kernel::Timestamp::now();
    let clock = Arc::new(zhongtai_kernel::ManualClock::at(now));
    let folder = place.dir.path().join("files");
    let host =
        EmbeddedFiles::open(place.store().clone(), clock.clone(), FilesConfig::default(), &folder, &KEY).unwrap();
    let new = wanted("441802-chengguan/pothole", "1");
    let ticket = host.upload_ticket(new.clone()).await.unwrap();
    killed_at(&place, &ticket.secret, "published");
    clock.advance(Duration::from_hours(1));
    assert_eq!(host.sweep().await.unwrap(), 0);
    let files = host.list(&new.scenario, &new.case, None).await.unwrap();
    let [record] = files.try_into().unwrap();
    assert_eq!(fetch(&host, &record).await.unwrap(), pdf(400_000));
}

#[tokio::test]
async fn a_removal_that_was_killed_in_between_is_ended_by_the_sweep() {
    for place in Place::both().await {
        let host = place.host();
        for file_is_gone in [false, true] {
            let new = wanted("441802-chengguan/pothole", "1");
            let record = zhongtai_cap_files::contract::store(&host, new, &pdf(10)).await.unwrap();
            // Where the host was killed: after it hid the row, and before or after it removed the file.
            sqlx::query("UPDATE files SET state = 'removing', expires_at = 0 WHERE id = $1")
                .bind(record.id.to_string())
                .execute(place.store().pool())
                .await
                .unwrap();
            if file_is_gone {
                std::fs::remove_file(place.on_disk().pop().unwrap()).unwrap();
            }
            assert!(host.stat(&record.scenario, record.id).await.unwrap().is_none());
            assert_eq!(host.sweep().await.unwrap(), 1);
            assert!(place.on_disk().is_empty());
            assert_eq!(host.usage(record.department()).await.unwrap(), 0);
        }
    }
}

#[tokio::test]
async fn an_upload_that_was_swept_can_not_be_published_any_more() {
    let place = Place::sqlite().await;
    let host = place.host();
    let mut upload = host.begin_own(wanted("441802-chengguan/pothole", "1"), Announced::default()).await.unwrap();
    upload.write(pdf(100)).await.unwrap();
    upload.complete().await.unwrap();
    place.clock.advance(Duration::from_hours(1));
    assert_eq!(host.sweep().await.unwrap(), 1);
    let error = upload.publish().await.unwrap_err();
    assert!(matches!(error, zhongtai_cap_files::FilesError::UploadLost), "{error}");
    assert_eq!(place.count("SELECT COUNT(*) FROM files").await, 0);
}
