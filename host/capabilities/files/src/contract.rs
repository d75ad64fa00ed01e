//! What every provider of files must do.
#![expect(clippy::expect_used, clippy::panic, reason = "a contract that does not hold must stop the test")]

use bytes::Bytes;
use zhongtai_kernel::{AccountId, ScenarioId};

use crate::{
    Announced, CaseRef, FileKind, FileName, FileRecord, FilesError, FilesProvider, Link, NewFile, TicketSecret,
};

/// A PDF of `bytes` bytes: enough of one for who looks at its first bytes.
pub fn pdf(bytes: usize) -> Bytes {
    let filling = (0..bytes.saturating_sub(9)).map(|n| (n * 31 % 251) as u8);
    b"%PDF-1.7\n".iter().copied().chain(filling).collect()
}

/// A PDF for a scenario's case.
pub fn wanted(scenario: &str, case: &str) -> NewFile {
    NewFile {
        scenario: scenario.parse().expect("a scenario"),
        case: case.parse().expect("a case"),
        purpose: "road-repair".to_owned(),
        kinds: vec![FileKind::Pdf],
        max_bytes: 1 << 20,
        account: AccountId::generate(),
    }
}

/// Sends a whole file with a ticket.
pub async fn send(
    provider: &dyn FilesProvider,
    secret: &TicketSecret,
    announced: Announced,
    bytes: &Bytes,
) -> Result<FileRecord, FilesError> {
    let mut upload = provider.begin(secret, announced).await?;
    let sent = async {
        for start in (0..bytes.len()).step_by(10_000) {
            upload.write(bytes.slice(start..bytes.len().min(start + 10_000))).await?;
        }
        upload.complete().await
    };
    match sent.await {
        Ok(record) => upload.publish().await.map(|()| record),
        Err(error) => {
            upload.discard().await?;
            Err(error)
        }
    }
}

/// Sends a whole file for `new`.
pub async fn store(provider: &dyn FilesProvider, new: NewFile, bytes: &Bytes) -> Result<FileRecord, FilesError> {
    let ticket = provider.upload_ticket(new).await?;
    send(provider, &ticket.secret, Announced::default(), bytes).await
}

/// All bytes of a file.
pub async fn fetch(provider: &dyn FilesProvider, record: &FileRecord) -> Result<Vec<u8>, FilesError> {
    let opened = provider.open(&record.scenario, record.id).await?;
    let (_, mut content) = opened.expect("a stored file");
    let mut whole = Vec::new();
    loop {
        let piece = content.read(whole.len() as u64, 100_000).await?;
        if piece.is_empty() {
            return Ok(whole);
        }
        whole.extend_from_slice(&piece);
    }
}

/// Holds when a provider without files keeps the contract. It takes PDF and PNG of 1 MiB at least.
pub async fn holds(provider: &dyn FilesProvider) {
    a_ticket_takes_one_file(provider).await;
    an_upload_is_seen_when_it_is_published(provider).await;
    a_scenario_sees_its_own(provider).await;
    a_download_is_for_once(provider).await;
    a_removed_file_is_gone(provider).await;
}

async fn a_ticket_takes_one_file(provider: &dyn FilesProvider) {
    let new = wanted("441802-chengguan/mine", "1");
    let ticket = provider.upload_ticket(new.clone()).await.expect("a ticket");
    let grant = provider.ticket(&ticket.secret).await.expect("an answer").expect("a valid ticket");
    assert_eq!((grant.download, grant.account), (None, new.account));
    let name: FileName = "营业执照.pdf".parse().expect("a name");
    let announced = Announced { bytes: Some(200_000), name: Some(name.clone()) };
    let record = send(provider, &ticket.secret, announced, &pdf(200_000)).await.expect("a file");
    assert_eq!((record.kind, record.bytes, record.attached), (FileKind::Pdf, 200_000, false));
    assert_eq!(record.name, Some(name));
    let stored = provider.stat(&record.scenario, record.id).await.expect("an answer").expect("the file");
    assert_eq!(FileRecord { stored_at: record.stored_at, ..stored }, record);
    assert_eq!(fetch(provider, &record).await.expect("its bytes"), pdf(200_000));
    let again = send(provider, &ticket.secret, Announced::default(), &pdf(10)).await;
    assert!(matches!(again, Err(FilesError::NoTicket)), "used up");
    assert_eq!(provider.ticket(&ticket.secret).await.expect("an answer"), None);

    let wrong = store(provider, new.clone(), &Bytes::from_static(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR")).await;
    assert!(matches!(wrong, Err(FilesError::WrongKind { .. })), "{wrong:?}");
    let large = store(provider, NewFile { max_bytes: 99, ..new.clone() }, &pdf(100)).await;
    assert!(matches!(large, Err(FilesError::TooLarge(99))), "{large:?}");
    let empty = provider.upload_ticket(NewFile { kinds: Vec::new(), ..new }).await;
    assert!(matches!(empty, Err(FilesError::KindsNotTaken)));
}

async fn an_upload_is_seen_when_it_is_published(provider: &dyn FilesProvider) {
    let new = wanted("441802-chengguan/mine", "2");
    let ticket = provider.upload_ticket(new.clone()).await.expect("a ticket");
    let list = async || provider.list(&new.scenario, &new.case, None).await.expect("a list");
    let mut upload = provider.begin(&ticket.secret, Announced::default()).await.expect("an upload");
    let second = provider.begin(&ticket.secret, Announced::default()).await;
    assert!(matches!(second.err(), Some(FilesError::TicketBusy)), "one at a time");
    upload.write(pdf(1_000)).await.expect("room");
    let record = upload.complete().await.expect("a file");
    assert_eq!(list().await, []);
    assert_eq!(provider.stat(&new.scenario, record.id).await.expect("an answer"), None);
    assert!(provider.open(&new.scenario, record.id).await.expect("an answer").is_none());
    upload.discard().await.expect("no more");
    assert_eq!(list().await, []);
    let record = send(provider, &ticket.secret, Announced::default(), &pdf(1_000)).await.expect("the ticket holds");
    assert_eq!(list().await.iter().map(|file| file.id).collect::<Vec<_>>(), [record.id]);
}

async fn a_scenario_sees_its_own(provider: &dyn FilesProvider) {
    let new = wanted("441802-chengguan/mine", "3");
    let mine = store(provider, new.clone(), &pdf(10)).await.expect("a file");
    let theirs = NewFile { account: AccountId::generate(), ..new.clone() };
    let theirs = store(provider, theirs, &pdf(20)).await.expect("a file");
    let ids = async |of| {
        let files = provider.list(&new.scenario, &new.case, of).await.expect("a list");
        files.into_iter().map(|file| file.id).collect::<Vec<_>>()
    };
    let mut both = ids(None).await;
    both.sort();
    let mut expected = vec![mine.id, theirs.id];
    expected.sort();
    assert_eq!(both, expected);
    assert_eq!(ids(Some(mine.account)).await, [mine.id]);

    let other: ScenarioId = "441802-chengguan/yours".parse().expect("a scenario");
    assert_eq!(provider.stat(&other, mine.id).await.expect("an answer"), None);
    assert!(provider.open(&other, mine.id).await.expect("an answer").is_none());
    assert!(!provider.attach(&other, mine.id).await.expect("an answer"));
    assert!(!provider.remove(&other, mine.id).await.expect("an answer"));
    let case: CaseRef = new.case.clone();
    assert_eq!(provider.list(&other, &case, None).await.expect("a list"), []);
    assert!(provider.attach(&new.scenario, mine.id).await.expect("an answer"));
    let attached = provider.stat(&new.scenario, mine.id).await.expect("an answer").expect("the file");
    assert!(attached.attached);
}

async fn a_download_is_for_once(provider: &dyn FilesProvider) {
    let record = store(provider, wanted("441802-chengguan/mine", "4"), &pdf(70_000)).await.expect("a file");
    let link = Link { account: AccountId::generate(), purpose: "review".to_owned() };
    let ticket = provider.download_ticket(&record, link.clone()).await.expect("a ticket");
    let grant = provider.ticket(&ticket.secret).await.expect("an answer").expect("a valid ticket");
    assert_eq!((grant.download, grant.account, grant.purpose), (Some(record.id), link.account, link.purpose));
    let Err(FilesError::NoTicket) = provider.begin(&ticket.secret, Announced::default()).await else {
        panic!("a download's ticket takes no file")
    };
    let (found, mut content) = provider.redeem(&ticket.secret).await.expect("the file");
    assert_eq!(found.id, record.id);
    assert_eq!(content.read(69_990, 100).await.expect("its end"), pdf(70_000).slice(69_990..));
    assert!(matches!(provider.redeem(&ticket.secret).await.err(), Some(FilesError::NoTicket)), "used up");
}

async fn a_removed_file_is_gone(provider: &dyn FilesProvider) {
    let record = store(provider, wanted("441802-chengguan/mine", "5"), &pdf(10)).await.expect("a file");
    assert!(provider.remove(&record.scenario, record.id).await.expect("an answer"));
    assert!(!provider.remove(&record.scenario, record.id).await.expect("an answer"));
    assert_eq!(provider.stat(&record.scenario, record.id).await.expect("an answer"), None);
}
