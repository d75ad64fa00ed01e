//! The embedded provider over both databases.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::{process::Command, time::Duration};

use support::{KEY, Place, limits};
use zhongtai_cap_files::{
    Announced, EmbeddedFiles, FilesConfig, FilesError, FilesProvider, MAX_FILES, NewFile, Upload,
    contract::{self, fetch, pdf, send, store, wanted},
};
use zhongtai_test_tools::tool;

const SCENARIO: &str = "441802-chengguan/pothole";
const MIB: usize = 1 << 20;

fn of_size(max_bytes: usize) -> NewFile {
    NewFile { max_bytes: max_bytes as u64, ..wanted(SCENARIO, "1") }
}

#[tokio::test]
async fn the_embedded_provider_keeps_the_contract_on_both_databases() {
    for place in Place::both().await {
        contract::holds(&place.host()).await;
    }
}

#[tokio::test]
async fn digests_are_those_that_openssl_computes() {
    let place = Place::sqlite().await;
    let content = pdf(300_000);
    let record = store(&place.host(), wanted(SCENARIO, "1"), &content).await.unwrap();
    let path = place.dir.path().join("plain");
    std::fs::write(&path, &content).unwrap();
    let openssl = |digest: &str| {
        let out = tool("openssl").args(["dgst", digest, "-r"]).arg(&path).output().unwrap();
        String::from_utf8(out.stdout).unwrap().split(' ').next().unwrap().to_owned()
    };
    assert_eq!(record.sha256.hex(), openssl("-sha256"));
    assert_eq!(record.sm3.to_string(), openssl("-sm3"));
}

#[tokio::test]
async fn nothing_of_a_file_or_its_name_can_be_read_from_the_disk_or_the_database() {
    let place = Place::sqlite().await;
    let (host, content) =
        (place.host(), [&pdf(20)[..], "身份证号4418021990".as_bytes(), &[0; 200_000]].concat().into());
    let ticket = host.upload_ticket(wanted(SCENARIO, "1")).await.unwrap();
    let name = Some("张三的身份证.pdf".parse().unwrap());
    let record = send(&host, &ticket.secret, Announced { bytes: None, name }, &content).await.unwrap();
    assert_eq!(fetch(&host, &record).await.unwrap(), content);
    let database = place.database.url.trim_start_matches("sqlite://").split('?').next().unwrap();
    let files = place.on_disk().into_iter().chain([database.into(), format!("{database}-wal").into()]);
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        for secret in ["%PDF", "身份证", "张三", ticket.secret.expose().as_str()] {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} in {}", path.display());
        }
    }
    let path = place.on_disk().pop().unwrap();
    for part in path.strip_prefix(place.dir.path().join("files")).unwrap() {
        let name = part.to_str().unwrap();
        assert!(name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
    }
}

#[tokio::test]
async fn a_byte_that_was_flipped_at_rest_is_found_before_its_chunk_is_given_out() {
    let place = Place::sqlite().await;
    let (host, content) = (place.host(), pdf(200_000));
    let record = store(&host, wanted(SCENARIO, "1"), &content).await.unwrap();
    let path = place.on_disk().pop().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[70_000] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (_, mut read) = host.open(&record.scenario, record.id).await.unwrap().unwrap();
    assert_eq!(read.read(0, 65_536).await.unwrap(), content.slice(..65_536), "the chunk before");
    let error = read.read(65_536, 10).await.unwrap_err();
    assert!(matches!(error, FilesError::Tampered), "{error}");
    assert!(read.read(0, 200_000).await.is_err());
    assert_eq!(read.read(131_072, 10).await.unwrap(), content.slice(131_072..131_082), "the chunk after");
}

#[tokio::test]
async fn a_file_that_was_cut_removed_or_swapped_for_another_is_not_given_out() {
    let place = Place::sqlite().await;
    let host = place.host();
    let tampered = async |record: &_| matches!(fetch(&host, record).await, Err(FilesError::Tampered));
    let first = store(&host, wanted(SCENARIO, "1"), &pdf(100_000)).await.unwrap();
    let first_path = place.on_disk().pop().unwrap();
    let second = store(&host, wanted(SCENARIO, "1"), &pdf(100_000)).await.unwrap();
    let second_path = place.on_disk().into_iter().find(|path| *path != first_path).unwrap();
    std::fs::copy(&second_path, &first_path).unwrap();
    assert!(tampered(&first).await, "swapped");
    std::fs::File::options().write(true).open(&second_path).unwrap().set_len(65_552).unwrap();
    assert!(tampered(&second).await, "cut");
    std::fs::remove_file(&second_path).unwrap();
    assert!(tampered(&second).await, "removed");
    std::os::unix::fs::symlink("/etc/passwd", &second_path).unwrap();
    assert!(tampered(&second).await, "a link");
}

#[tokio::test]
async fn a_row_that_was_moved_to_another_scenario_opens_nothing() {
    for place in Place::both().await {
        let host = place.host();
        let mine = store(&host, wanted(SCENARIO, "1"), &pdf(10)).await.unwrap();
        let other = store(&host, wanted("441802-chengguan/lamps", "1"), &pdf(10)).await.unwrap();
        sqlx::query("UPDATE files SET scenario = $2 WHERE id = $1")
            .bind(mine.id.to_string())
            .bind(other.scenario.as_str())
            .execute(place.store().pool())
            .await
            .unwrap();
        let error = host.open(&other.scenario, mine.id).await.err().unwrap();
        assert!(matches!(error, FilesError::Store(_)), "{error}");
    }
}

#[tokio::test]
async fn a_file_too_large_is_refused_before_it_is_sent_or_when_it_has_passed_the_limit() {
    let place = Place::sqlite().await;
    let host = place.host_with(limits(1, 10, 10));
    let ticket = host.upload_ticket(of_size(5 * MIB)).await.unwrap();
    let announced = |bytes| Announced { bytes: Some(bytes), name: None };
    let error = host.begin(&ticket.secret, announced(MIB as u64 + 1)).await.err().unwrap();
    assert!(matches!(error, FilesError::TooLarge(1_048_576)), "the host's own limit holds: {error}");
    let error = send(&host, &ticket.secret, Announced::default(), &pdf(MIB + 1)).await.unwrap_err();
    assert!(matches!(error, FilesError::TooLarge(1_048_576)), "{error}");
    let error = send(&host, &ticket.secret, announced(100), &pdf(101)).await.unwrap_err();
    assert!(matches!(error, FilesError::TooLarge(100)), "more than announced: {error}");
    assert!(place.on_disk().is_empty());
    send(&host, &ticket.secret, Announced::default(), &pdf(MIB)).await.unwrap();
}

#[tokio::test]
async fn uploads_at_the_same_time_never_hold_more_than_the_quota() {
    for place in Place::both().await {
        let host = place.host_with(limits(1, 3, 100));
        let mut uploads: Vec<Box<dyn Upload>> = Vec::new();
        let begin = async |bytes: usize| host.begin_own(of_size(bytes), Announced::default()).await;
        let results = futures(&host, 8).await;
        let refused = results.iter().filter(|result| matches!(result, Err(FilesError::QuotaExceeded("case")))).count();
        assert_eq!((results.len(), refused), (8, 5), "1 MiB each into 3 MiB");
        uploads.extend(results.into_iter().flatten());
        assert_eq!(
            host.usage(&SCENARIO.parse::<zhongtai_kernel::ScenarioId>().unwrap().department().clone()).await.unwrap(),
            3 * MIB as u64
        );

        // What ends smaller gives the rest back; what is discarded gives all.
        let mut first = uploads.pop().unwrap();
        first.write(pdf(1_000)).await.unwrap();
        first.complete().await.unwrap();
        assert!(begin(MIB).await.is_err());
        first.publish().await.unwrap();
        begin(MIB - 1_000).await.unwrap().discard().await.unwrap();
        uploads.pop().unwrap().discard().await.unwrap();
        begin(MIB).await.unwrap().discard().await.unwrap();
        uploads.pop().unwrap().discard().await.unwrap();
        let held = "SELECT bytes FROM files_departments";
        assert_eq!((place.count(held).await, place.count("SELECT bytes FROM files_cases").await), (1_000, 1_000));
        let counted = "SELECT CAST(SUM(bytes) AS BIGINT) FROM files";
        assert_eq!(place.count(counted).await, 1_000);
    }
}

/// Begins `many` uploads of 1 MiB at once.
async fn futures(host: &EmbeddedFiles, many: usize) -> Vec<Result<Box<dyn Upload>, FilesError>> {
    let begun: Vec<_> = (0..many)
        .map(|_| {
            let host = host.clone();
            tokio::spawn(async move { host.begin_own(of_size(MIB), Announced::default()).await })
        })
        .collect();
    let mut results = Vec::new();
    for one in begun {
        results.push(one.await.unwrap());
    }
    results
}

#[tokio::test]
async fn the_departments_quota_bounds_all_its_scenarios_together() {
    let place = Place::sqlite().await;
    let host = place.host_with(limits(1, 2, 2));
    store(&host, wanted(SCENARIO, "1"), &pdf(MIB)).await.unwrap();
    let other = host.begin_own(wanted("441802-chengguan/lamps", "1"), Announced::default()).await.unwrap();
    let third = host.begin_own(wanted("441802-chengguan/trees", "1"), Announced::default()).await;
    assert!(matches!(third.err(), Some(FilesError::QuotaExceeded("department"))));
    host.begin_own(wanted("441802-minzheng/trees", "1"), Announced::default()).await.unwrap();
    drop(other);
}

#[tokio::test]
async fn a_case_has_a_hundred_files_at_most() {
    let place = Place::sqlite().await;
    let host = place.host();
    for _ in 0..MAX_FILES {
        host.begin_own(of_size(1), Announced::default()).await.unwrap();
    }
    let error = host.begin_own(of_size(1), Announced::default()).await.err().unwrap();
    assert!(matches!(error, FilesError::QuotaExceeded("case")), "{error}");
    host.begin_own(wanted(SCENARIO, "2"), Announced::default()).await.unwrap();
}

#[tokio::test]
async fn an_upload_that_takes_too_long_is_ended() {
    let place = Place::sqlite().await;
    let host = place.host();
    let ticket = host.upload_ticket(wanted(SCENARIO, "1")).await.unwrap();
    let mut upload = host.begin(&ticket.secret, Announced::default()).await.unwrap();
    upload.write(pdf(1_000)).await.unwrap();
    place.clock.advance(FilesConfig::default().upload());
    upload.write(pdf(1_000)).await.unwrap();
    place.clock.advance(Duration::from_millis(1));
    let error = upload.write(pdf(1_000)).await.unwrap_err();
    assert!(matches!(error, FilesError::TooSlow), "{error}");
    upload.discard().await.unwrap();
    assert!(place.on_disk().is_empty());
}

#[tokio::test]
async fn a_ticket_is_over_after_its_time_and_forgotten_after_a_day() {
    for place in Place::both().await {
        let host = place.host();
        let upload = host.upload_ticket(wanted(SCENARIO, "1")).await.unwrap();
        place.clock.advance(Duration::from_secs(30 * 60 - 1));
        assert!(host.ticket(&upload.secret).await.unwrap().is_some());
        place.clock.advance(Duration::from_secs(1));
        assert!(host.ticket(&upload.secret).await.unwrap().is_none());
        assert!(matches!(host.begin(&upload.secret, Announced::default()).await.err(), Some(FilesError::NoTicket)));
        host.sweep().await.unwrap();
        assert_eq!(place.count("SELECT COUNT(*) FROM files_tickets").await, 1);
        place.clock.advance(Duration::from_hours(25));
        host.sweep().await.unwrap();
        assert_eq!(place.count("SELECT COUNT(*) FROM files_tickets").await, 0);
    }
}

#[tokio::test]
async fn a_file_that_no_case_relies_on_is_removed_in_the_end_and_an_attached_one_stays() {
    for place in Place::both().await {
        let host = place.host();
        let left = store(&host, wanted(SCENARIO, "1"), &pdf(10)).await.unwrap();
        let kept = store(&host, wanted(SCENARIO, "1"), &pdf(20)).await.unwrap();
        assert!(host.attach(&kept.scenario, kept.id).await.unwrap());
        place.clock.advance(Duration::from_hours(7 * 24));
        assert_eq!(host.sweep().await.unwrap(), 0);
        place.clock.advance(Duration::from_millis(1));
        assert_eq!(host.sweep().await.unwrap(), 1);
        assert!(host.stat(&left.scenario, left.id).await.unwrap().is_none());
        assert_eq!(fetch(&host, &kept).await.unwrap(), pdf(20));
        assert_eq!((place.on_disk().len(), place.count("SELECT bytes FROM files_cases").await), (1, 20));
    }
}

#[tokio::test]
async fn another_platforms_key_opens_no_file() {
    let place = Place::sqlite().await;
    let record = store(&place.host(), wanted(SCENARIO, "1"), &pdf(10)).await.unwrap();
    let folder = place.dir.path().join("files");
    let mut key = KEY;
    key[0] ^= 1;
    let other =
        EmbeddedFiles::open(place.store().clone(), place.clock.clone(), FilesConfig::default(), &folder, &key).unwrap();
    assert!(matches!(fetch(&other, &record).await, Err(FilesError::Store(_))));
}

#[tokio::test]
async fn a_link_in_a_departments_place_takes_no_upload_out_of_the_folder() {
    let place = Place::sqlite().await;
    let host = place.host();
    store(&host, wanted(SCENARIO, "1"), &pdf(10)).await.unwrap();
    let files = place.dir.path().join("files");
    let department = std::fs::read_dir(&files).unwrap().next().unwrap().unwrap().path();
    let outside = place.dir.path().join("outside");
    std::fs::rename(&department, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &department).unwrap();
    let error = store(&host, wanted(SCENARIO, "1"), &pdf(10)).await.unwrap_err();
    assert!(matches!(error, FilesError::Folder { doing: "make a file", .. }), "{error:?}");
    assert_eq!(place.count("SELECT COUNT(*) FROM files").await, 2, "its row waits for the sweep");
    let found = Command::new("find").arg(&outside).args(["-type", "f"]).output().unwrap();
    assert_eq!(String::from_utf8(found.stdout).unwrap().lines().count(), 1);
}
