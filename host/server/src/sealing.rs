//! What seals need of others: the files of cases, and the names of accounts.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use zhongtai_cap_files::{
    Announced, EmbeddedFiles, FileId, FileKind, FileRecord, FilesError, FilesProvider as _, LEVEL, NewFile,
};
use zhongtai_cap_seal::{Format, People, SealError, Sealed, Shelf, Taken, sealed_name};
use zhongtai_cap_subject::SubjectProvider;
use zhongtai_kernel::{Access, AccountId, Attribute, chain};
use zhongtai_runtime::Asker;

/// The files of a scenario, as far as policy lets who asks read them.
pub(crate) struct SealedFiles(pub(crate) EmbeddedFiles);

/// The platform's accounts by the names that were verified.
pub(crate) struct Names(pub(crate) Arc<dyn SubjectProvider>);

/// Bytes that are taken at once.
const PIECE: usize = 1 << 20;

// === impl SealedFiles ===

impl SealedFiles {
    async fn find(&self, asker: &Asker, file: &str) -> Result<Option<FileRecord>, SealError> {
        let Ok(id) = file.parse::<FileId>() else { return Ok(None) };
        self.0.stat(asker.scenario(), id).await.map_err(failed)
    }

    /// A sealed file that the case has already: the request came before.
    async fn known(&self, asker: &Asker, of: &FileRecord, sealed: &Sealed) -> Result<Option<FileId>, SealError> {
        let files = self.0.list(asker.scenario(), &of.case, None).await.map_err(failed)?;
        Ok(files.into_iter().find(|file| file.sha256.to_bytes() == sealed.sha256).map(|file| file.id))
    }

    async fn store(&self, of: FileRecord, sealed: &Sealed) -> Result<FileId, FilesError> {
        let (kind, bytes) = (kind(sealed.format), sealed.bytes.len() as u64);
        let name = sealed_name(of.name.as_ref().map(|name| name.as_str()), sealed.format);
        let announced = Announced { bytes: Some(bytes), name: name.parse().ok() };
        let scenario = of.scenario.clone();
        let new = NewFile {
            scenario: of.scenario,
            case: of.case,
            purpose: of.purpose,
            kinds: vec![kind],
            max_bytes: bytes,
            account: of.account,
        };
        let mut upload = self.0.begin_own(new, announced).await?;
        for piece in sealed.bytes.chunks(PIECE) {
            if let Err(error) = upload.write(Bytes::copy_from_slice(piece)).await {
                upload.discard().await?;
                return Err(error);
            }
        }
        let record = match upload.complete().await {
            Ok(record) => record,
            Err(error) => {
                upload.discard().await?;
                return Err(error);
            }
        };
        upload.publish().await?;
        // What bears a seal is not swept.
        self.0.attach(&scenario, record.id).await?;
        Ok(record.id)
    }
}

#[async_trait]
impl Shelf for SealedFiles {
    async fn take(&self, asker: &mut Asker, file: &str, purpose: &str, most: u64) -> Result<Taken, SealError> {
        if !asker.declares(purpose) {
            return Err(SealError::UndeclaredPurpose(purpose.chars().take(64).collect()));
        }
        let found = self.find(asker, file).await?;
        may_read(asker, purpose, found.as_ref()).await?;
        let missing = || SealError::NotFound("file");
        let record = found.ok_or_else(missing)?;
        if record.bytes > most {
            return Err(SealError::TooLarge(most));
        }
        let opened = self.0.open(asker.scenario(), record.id).await.map_err(failed)?;
        let (_, mut content) = opened.ok_or_else(missing)?;
        let mut bytes = Vec::with_capacity(usize::try_from(record.bytes).unwrap_or_default());
        loop {
            let piece = content.read(bytes.len() as u64, PIECE).await.map_err(failed)?;
            if piece.is_empty() {
                return Ok(Taken { case: record.case.as_str().to_owned(), bytes });
            }
            bytes.extend_from_slice(&piece);
        }
    }

    async fn put(&self, asker: &mut Asker, of: &str, sealed: &Sealed) -> Result<String, SealError> {
        let record = self.find(asker, of).await?.ok_or(SealError::NotFound("file"))?;
        if let Some(known) = self.known(asker, &record, sealed).await? {
            return Ok(known.to_string());
        }
        Ok(self.store(record, sealed).await.map_err(failed)?.to_string())
    }
}

#[async_trait]
impl People for Names {
    async fn name_of(&self, account: AccountId) -> Result<Option<String>, SealError> {
        let fields = self.0.fields(account, &["name"]).await;
        let mut fields = fields.map_err(|error| SealError::People(error.to_string()))?;
        Ok(fields.remove("name").filter(|name| !name.is_empty()))
    }
}

/// Asks as `files:read` of the files capability does.
async fn may_read(asker: &mut Asker, purpose: &str, found: Option<&FileRecord>) -> Result<(), SealError> {
    let scenario = asker.scenario().clone();
    let mut attributes = vec![
        ("scenario", Attribute::Entity("Scenario".into(), scenario.as_str().into())),
        ("owner", Attribute::Entity("Department".into(), scenario.department().as_str().into())),
        ("level", Attribute::Number(LEVEL)),
        ("attached", Attribute::Flag(found.is_some_and(|record| record.attached))),
    ];
    attributes.extend(found.map(|record| ("account", Attribute::Text(record.account.to_string().into()))));
    // The guest chose the text: only an id is asked about.
    let id = found.map_or_else(|| "unknown".to_owned(), |record| record.id.to_string());
    let access = Access::described("files:read", "CaseFile", id, &attributes).for_purpose(purpose);
    Ok(asker.authorise(&access).await?)
}

fn kind(format: Format) -> FileKind {
    match format {
        Format::Pdf => FileKind::Pdf,
        Format::Ofd => FileKind::Ofd,
    }
}

fn failed(error: FilesError) -> SealError {
    match error {
        FilesError::Store(error) => SealError::Store(error),
        FilesError::QuotaExceeded(which) => SealError::Shelf(format!("the {which} holds as much as it may")),
        error => SealError::Shelf(chain(&error)),
    }
}
