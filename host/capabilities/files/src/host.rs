//! The capability as guests see it: parse, authorise, ask the provider, convert. A file's owner matters to policy, so
//! a file is looked up before policy is asked; one that does not exist is asked for as one of nobody's, and answered
//! alike.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};
use zhongtai_kernel::{Access, AccountId, Attribute};
use zhongtai_runtime::{Invocation, Refusal, slow_lane};

use crate::{
    CaseRef, FileId, FileKind, FileRecord, FilesError, FilesProvider, InvalidText, LEVEL, Link, NewFile, PATH, Ticket,
};

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-files;
        world host { import zhongtai:files/files@0.1.0; }
    ",
    path: "../../../wit/files",
    world: "zhongtai:host-files/host",
    imports: { default: async | trappable },
});

use zhongtai::files::files as wit;

/// Bytes of one read: the guest chooses, and the host holds them in memory.
const MAX_READ: u32 = 1 << 20;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

/// A guest's answer; the outer result traps.
type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

impl wit::Host for Invocation {
    async fn upload(&mut self, want: wit::Want) -> Answer<wit::Ticket> {
        Ok(upload(self, want).await)
    }

    async fn download(&mut self, id: String, purpose: String) -> Answer<wit::Ticket> {
        Ok(download(self, &id, purpose).await)
    }

    async fn stat(&mut self, id: String, purpose: String) -> Answer<wit::File> {
        Ok(find(self, ("files:read", Some(&purpose)), &id).await.map(|(_, record)| file(record)))
    }

    async fn list(&mut self, case: String, whose: wit::Whose, purpose: String) -> Answer<Vec<wit::File>> {
        Ok(list(self, &case, whose, &purpose).await)
    }

    async fn read(&mut self, id: String, purpose: String, offset: u64, length: u32) -> Answer<Vec<u8>> {
        Ok(read(self, (&id, &purpose), offset, length.min(MAX_READ) as usize).await)
    }

    async fn attach(&mut self, id: String) -> Answer<()> {
        Ok(attach(self, &id).await)
    }

    async fn remove(&mut self, id: String) -> Answer<()> {
        Ok(remove(self, &id).await)
    }
}

async fn upload(invocation: &mut Invocation, want: wit::Want) -> Result<wit::Ticket, wit::Error> {
    let account = invocation.account().ok_or(wit::Error::Anonymous)?;
    check_purpose(invocation, &want.purpose)?;
    let new = NewFile {
        scenario: invocation.release().scenario().clone(),
        case: want.case.parse()?,
        purpose: want.purpose,
        kinds: want.kinds.into_iter().map(FileKind::from).collect(),
        max_bytes: want.max_bytes,
        account,
    };
    let asked = Asked { id: "new".to_owned(), account: Some(account), attached: None };
    authorise(invocation, ("files:ticket", Some(&new.purpose)), &asked).await?;
    let provider = provider(invocation).await?;
    let ticket = provider.upload_ticket(new).await;
    ticket.map(convert_ticket).map_err(|error| answer(invocation, error))
}

async fn download(invocation: &mut Invocation, id: &str, purpose: String) -> Result<wit::Ticket, wit::Error> {
    let account = invocation.account().ok_or(wit::Error::Anonymous)?;
    let (provider, record) = find(invocation, ("files:link", Some(&purpose)), id).await?;
    let ticket = provider.download_ticket(&record, Link { account, purpose }).await;
    ticket.map(convert_ticket).map_err(|error| answer(invocation, error))
}

async fn list(
    invocation: &mut Invocation,
    case: &str,
    whose: wit::Whose,
    purpose: &str,
) -> Result<Vec<wit::File>, wit::Error> {
    check_purpose(invocation, purpose)?;
    let case: CaseRef = case.parse()?;
    let of = match whose {
        wit::Whose::Own => Some(invocation.account().ok_or(wit::Error::Anonymous)?),
        wit::Whose::All => None,
    };
    let asked = Asked { id: "*".to_owned(), account: of, attached: None };
    authorise(invocation, ("files:list", Some(purpose)), &asked).await?;
    let provider = provider(invocation).await?;
    let found = provider.list(invocation.release().scenario(), &case, of).await;
    found.map(|files| files.into_iter().map(file).collect()).map_err(|error| answer(invocation, error))
}

async fn read(
    invocation: &mut Invocation,
    (id, purpose): (&str, &str),
    offset: u64,
    length: usize,
) -> Result<Vec<u8>, wit::Error> {
    let (provider, record) = find(invocation, ("files:read", Some(purpose)), id).await?;
    let bytes = async {
        let opened = provider.open(&record.scenario, record.id).await?;
        match opened {
            Some((_, mut content)) => content.read(offset, length).await.map(Some),
            None => Ok(None),
        }
    };
    let bytes = bytes.await.map_err(|error| answer(invocation, error))?;
    bytes.map(Vec::from).ok_or(wit::Error::NotFound)
}

async fn attach(invocation: &mut Invocation, id: &str) -> Result<(), wit::Error> {
    let (provider, record) = find(invocation, ("files:attach", None), id).await?;
    let done = provider.attach(&record.scenario, record.id).await.map_err(|error| answer(invocation, error))?;
    if done { Ok(()) } else { Err(wit::Error::NotFound) }
}

async fn remove(invocation: &mut Invocation, id: &str) -> Result<(), wit::Error> {
    let (provider, record) = find(invocation, ("files:remove", None), id).await?;
    let done = provider.remove(&record.scenario, record.id).await.map_err(|error| answer(invocation, error))?;
    if done { Ok(()) } else { Err(wit::Error::NotFound) }
}

/// What policy is asked about.
struct Asked {
    id: String,
    account: Option<AccountId>,
    attached: Option<bool>,
}

/// A file of the scenario, if policy lets this caller do `action` with it.
async fn find(
    invocation: &mut Invocation,
    (action, purpose): (&'static str, Option<&str>),
    id: &str,
) -> Result<(Arc<dyn FilesProvider>, FileRecord), wit::Error> {
    if let Some(purpose) = purpose {
        check_purpose(invocation, purpose)?;
    }
    let id: FileId = id.parse()?;
    let provider = provider(invocation).await?;
    let found = provider.stat(invocation.release().scenario(), id).await.map_err(|error| answer(invocation, error))?;
    let asked = Asked {
        id: id.to_string(),
        account: found.as_ref().map(|record| record.account),
        attached: Some(found.as_ref().is_some_and(|record| record.attached)),
    };
    authorise(invocation, (action, purpose), &asked).await?;
    found.map(|record| (provider, record)).ok_or(wit::Error::NotFound)
}

async fn provider(invocation: &Invocation) -> Result<Arc<dyn FilesProvider>, wit::Error> {
    let provider = invocation.provider::<Arc<dyn FilesProvider>>();
    slow_lane().await;
    provider.map_err(|error| {
        tracing::error!(request = %invocation.request_id(), %error, "there are no files here");
        wit::Error::Other("files can't be reached; try again later".to_owned())
    })
}

fn check_purpose(invocation: &Invocation, purpose: &str) -> Result<(), wit::Error> {
    if invocation.release().declares(purpose) { Ok(()) } else { Err(wit::Error::UndeclaredPurpose(purpose.to_owned())) }
}

async fn authorise(
    invocation: &mut Invocation,
    (action, purpose): (&'static str, Option<&str>),
    asked: &Asked,
) -> Result<(), wit::Error> {
    let release = invocation.release().clone();
    let scenario = release.scenario();
    let mut attributes = vec![
        ("scenario", Attribute::Entity("Scenario".into(), scenario.as_str().into())),
        ("owner", Attribute::Entity("Department".into(), scenario.department().as_str().into())),
        ("level", Attribute::Number(LEVEL)),
    ];
    attributes.extend(asked.account.map(|account| ("account", Attribute::Text(account.to_string().into()))));
    attributes.extend(asked.attached.map(|attached| ("attached", Attribute::Flag(attached))));
    let mut access = Access::described(action, "CaseFile", asked.id.as_str(), &attributes);
    access.purpose = purpose;
    invocation.authorise(&access).await.map_err(|refusal| match refusal {
        Refusal::Denied(reference) => wit::Error::Denied(reference),
        Refusal::Unrecorded => wit::Error::Other("the decision can't be recorded; try again later".to_owned()),
    })
}

fn convert_ticket(ticket: Ticket) -> wit::Ticket {
    let path = format!("{PATH}{}", ticket.secret.expose());
    wit::Ticket { path, expires_at: nanoseconds(ticket.expires_at) }
}

fn file(record: FileRecord) -> wit::File {
    wit::File {
        id: record.id.to_string(),
        case: record.case.as_str().to_owned(),
        purpose: record.purpose,
        kind: record.kind.into(),
        bytes: record.bytes,
        sha256: record.sha256.hex(),
        sm3: record.sm3.to_string(),
        name: record.name.map(|name| name.as_str().to_owned()),
        stored_at: nanoseconds(record.stored_at),
        attached: record.attached,
    }
}

fn nanoseconds(time: zhongtai_kernel::Timestamp) -> u64 {
    u64::try_from(time.as_nanosecond()).unwrap_or(0)
}

/// What the guest may know of a failure; faults of ours are logged.
fn answer(invocation: &Invocation, error: FilesError) -> wit::Error {
    match error {
        FilesError::KindsNotTaken => wit::Error::Invalid(error.to_string()),
        FilesError::QuotaExceeded(which) => wit::Error::QuotaExceeded(which.to_owned()),
        error => {
            let (request, error) = (invocation.request_id(), zhongtai_kernel::chain(&error));
            tracing::error!(%request, error, "a file can't be handled");
            wit::Error::Other("the file can't be handled; try again later".to_owned())
        }
    }
}

impl From<InvalidText> for wit::Error {
    fn from(error: InvalidText) -> Self {
        Self::Invalid(error.to_string())
    }
}

/// Kinds with the same names on both sides.
macro_rules! kinds {
    ($($name:ident)*) => {
        impl From<FileKind> for wit::Kind {
            fn from(kind: FileKind) -> Self {
                match kind { $(FileKind::$name => Self::$name,)* }
            }
        }

        impl From<wit::Kind> for FileKind {
            fn from(kind: wit::Kind) -> Self {
                match kind { $(wit::Kind::$name => Self::$name,)* }
            }
        }
    };
}

kinds!(Pdf Ofd Jpeg Png Docx Xlsx Zip);
