//! A mock host's files: what subjects handed in, and the tickets that were given out.

use super::state::State;
use crate::{
    clock::Timestamp,
    files::{Error, File, Kind, Ticket, Want, Whose},
};

/// A file that a subject handed in, for a test: `Upload::new("2026-1", Kind::Pdf, b"%PDF-1.7").by("wang")`.
#[derive(Clone, Debug)]
pub struct Upload {
    owner: String,
    file: File,
    content: Vec<u8>,
}

impl Upload {
    /// A file of a case; its id is 32 zeros, and its digests are, too: a test that needs them sets them.
    pub fn new(case: &str, kind: Kind, content: &[u8]) -> Self {
        let (zeros, bytes) = ("0".repeat(64), content.len() as u64);
        let file = File {
            id: "0".repeat(32),
            case: case.into(),
            purpose: String::new(),
            kind,
            bytes,
            sha256: zeros.clone(),
            sm3: zeros,
            name: None,
            stored_at: Timestamp::from_nanos(0),
            attached: false,
        };
        Self { owner: String::new(), file, content: content.into() }
    }

    /// With this id.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        self.file.id = id.into();
        self
    }

    /// Handed in by the subject with this handle.
    #[must_use]
    pub fn by(mut self, handle: &str) -> Self {
        self.owner = handle.into();
        self
    }

    /// One that the case relies on.
    #[must_use]
    pub fn attached(mut self) -> Self {
        self.file.attached = true;
        self
    }

    /// Called this by its sender.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.file.name = Some(name.into());
        self
    }
}

/// What a mock host knows of files.
#[derive(Debug, Default)]
pub struct Uploads {
    pub files: Vec<Upload>,
    pub wanted: Vec<Want>,
}

impl Uploads {
    pub fn add(&mut self, upload: Upload, now: u64) {
        let file = File { stored_at: Timestamp::from_nanos(now), ..upload.file };
        self.files.push(Upload { file, ..upload });
    }

    /// A ticket that nobody can use: there is no network here.
    pub fn ticket(&mut self, now: u64) -> Ticket {
        Ticket { path: "/api/v1/files/mock-ticket".into(), expires_at: Timestamp::from_nanos(now + 600_000_000_000) }
    }

    pub fn find(&mut self, id: &str) -> Result<&mut Upload, Error> {
        self.files.iter_mut().find(|upload| upload.file.id == id).ok_or(Error::NotFound)
    }
}

impl State {
    /// The file, when the subject handed it in, or is an officer: as the platform's own policies have it.
    fn file(&mut self, action: &str, id: &str) -> Result<&mut Upload, Error> {
        self.check(action)?;
        let person = self.person.as_ref().map(|person| (person.subject.handle.clone(), is_officer(person)));
        let seen =
            |upload: &Upload| person.as_ref().is_some_and(|(handle, officer)| *officer || *handle == upload.owner);
        match self.uploads.find(id) {
            Ok(upload) if seen(upload) => Ok(upload),
            Err(error) if person.as_ref().is_some_and(|(_, officer)| *officer) => Err(error),
            _ => Err(Error::Denied(format!("mock-decision:{action}"))),
        }
    }

    fn check(&self, action: &str) -> Result<(), Error> {
        if self.denied.contains(action) { Err(Error::Denied(format!("mock-decision:{action}"))) } else { Ok(()) }
    }

    pub fn want(&mut self, want: Want) -> Result<Ticket, Error> {
        self.person.as_ref().ok_or(Error::Anonymous)?;
        self.check("files:ticket")?;
        if want.kinds.is_empty() {
            return Err(Error::Invalid("files of these kinds are not taken here".into()));
        }
        self.uploads.wanted.push(want);
        Ok(self.uploads.ticket(self.now))
    }

    pub fn link(&mut self, id: &str) -> Result<Ticket, Error> {
        self.person.as_ref().ok_or(Error::Anonymous)?;
        self.file("files:link", id)?;
        Ok(self.uploads.ticket(self.now))
    }

    pub fn stat_file(&mut self, id: &str) -> Result<File, Error> {
        Ok(self.file("files:read", id)?.file.clone())
    }

    pub fn list_files(&self, case: &str, whose: Whose) -> Result<Vec<File>, Error> {
        self.check("files:list")?;
        let person = self.person.as_ref().ok_or(Error::Anonymous)?;
        if whose == Whose::All && !is_officer(person) {
            return Err(Error::Denied("mock-decision:files:list".into()));
        }
        let listed = |upload: &&Upload| {
            upload.file.case == case && (whose == Whose::All || upload.owner == person.subject.handle)
        };
        Ok(self.uploads.files.iter().filter(listed).map(|upload| upload.file.clone()).collect())
    }

    pub fn read_file(&mut self, id: &str, offset: u64, length: u32) -> Result<Vec<u8>, Error> {
        let content = &self.file("files:read", id)?.content;
        let rest = usize::try_from(offset).ok().and_then(|offset| content.get(offset..)).unwrap_or_default();
        Ok(rest.iter().take(length.min(1 << 20) as usize).copied().collect())
    }

    pub fn attach_file(&mut self, id: &str) -> Result<(), Error> {
        self.file("files:attach", id)?.file.attached = true;
        Ok(())
    }

    pub fn remove_file(&mut self, id: &str) -> Result<(), Error> {
        if self.file("files:remove", id)?.file.attached {
            return Err(Error::Denied("mock-decision:files:remove".into()));
        }
        self.uploads.files.retain(|upload| upload.file.id != id);
        Ok(())
    }
}

fn is_officer(person: &super::Person) -> bool {
    person.subject.kind == crate::subject::Kind::Officer
}
