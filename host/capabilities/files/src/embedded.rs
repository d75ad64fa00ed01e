//! Files in a folder of the host's, and what is known about them in the platform's database.
//!
//! The row comes before the file, and goes after it: what is killed in between leaves a row that says so, never a file
//! that nobody knows. A row says `stored` only when the file is whole on the disk.

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;
use zhongtai_kernel::{AccountId, Clock, DepartmentId, ScenarioId, Timestamp};
use zhongtai_store::Store;

use crate::{
    Announced, CaseRef, Content, FileId, FileRecord, FilesConfig, FilesError, FilesProvider, Grant, Link, MAX_FILES,
    NewFile, Ticket, TicketSecret, Upload,
    folder::{Folder, Place},
    receive::{Receiving, Work},
    rows::{self, StoredFile},
    seal::Opener,
    tickets::{self, Stored},
    vault::{Belongs, Vault},
};

/// How long after the end of its time an upload is swept: hosts' clocks differ, and the last step takes a while.
const GRACE: Duration = Duration::from_secs(120);
/// How often files whose time is over are removed.
const SWEEP: Duration = Duration::from_secs(60);
/// How many of them at once.
const SWEPT: u32 = 100;
/// How long a ticket is remembered after it was over: who comes late is told the same as with one that never was.
const TICKET_MEMORY: Duration = Duration::from_hours(24);

/// The embedded provider. A clone is the same.
#[derive(Clone)]
pub struct EmbeddedFiles(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: FilesConfig,
    pub(crate) folder: Folder,
    vault: Vault,
}

// === impl EmbeddedFiles ===

impl EmbeddedFiles {
    /// The provider over a store that has [`crate::MIGRATIONS`], and a folder, which is made. `key` seals the keys of
    /// files, and must never change.
    pub fn open(
        store: Store,
        clock: Arc<dyn Clock>,
        config: FilesConfig,
        folder: &Path,
        key: &[u8; 32],
    ) -> Result<Self, FilesError> {
        let folder = Folder::open(folder).map_err(FilesError::folder("open the folder of files"))?;
        Ok(Self(Arc::new(Shared { store, clock, config, folder, vault: Vault::new(key) })))
    }

    /// What is configured.
    pub fn config(&self) -> &FilesConfig {
        &self.0.config
    }

    /// Bytes that the files of a department hold, with what is reserved for those on their way.
    pub async fn usage(&self, department: &DepartmentId) -> Result<u64, FilesError> {
        Ok(rows::department_bytes(self.0.store.pool(), department).await?.try_into().unwrap_or(0))
    }

    /// Sweeps until `shutdown` is true, or its sender is gone.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) {
        while !*shutdown.borrow_and_update() {
            match self.sweep().await {
                Ok(0) => {}
                Ok(swept) => tracing::info!(swept, "files whose time was over are removed"),
                Err(error) => tracing::error!(%error, "files whose time is over can't be removed"),
            }
            tokio::select! {
                changed = shutdown.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(SWEEP) => {}
            }
        }
    }

    /// Removes uploads that never came to their end, files that no case relies on in time, and what a host was
    /// removing when it was killed. Returns how many.
    pub async fn sweep(&self) -> Result<u32, FilesError> {
        let shared = &self.0;
        let now = shared.now().as_millisecond();
        let expired = rows::expire(shared.store.pool(), now, SWEPT).await?;
        let mut swept = 0;
        for id in expired {
            // One that can't be removed must not keep the others.
            match shared.erase(id).await {
                Ok(()) => swept += 1,
                Err(error) => tracing::error!(file = %id, %error, "a file can't be removed"),
            }
        }
        tickets::forget(shared.store.pool(), now.saturating_sub(TICKET_MEMORY.as_millis() as i64)).await?;
        Ok(swept)
    }

    /// What may be handed in, within what is taken at all.
    fn within_config(&self, mut file: NewFile) -> Result<NewFile, FilesError> {
        let config = &self.0.config;
        if file.kinds.is_empty() || !file.kinds.iter().all(|kind| config.kinds.contains(kind)) {
            return Err(FilesError::KindsNotTaken);
        }
        file.max_bytes = file.max_bytes.min(config.max_file());
        Ok(file)
    }

    /// Reserves, in one transaction, what the file may hold; then makes the file.
    async fn receive(
        &self,
        ticket: Option<&TicketSecret>,
        file: NewFile,
        announced: Announced,
    ) -> Result<Box<dyn Upload>, FilesError> {
        let shared = &self.0;
        let reserved = announced.bytes.unwrap_or(file.max_bytes);
        if reserved > file.max_bytes {
            return Err(FilesError::TooLarge(file.max_bytes));
        }
        let id = FileId::generate()?;
        let belongs = Belongs { file: id, scenario: &file.scenario, case: &file.case, account: file.account };
        let (key, sealed_key) = shared.vault.new_key(belongs)?;
        let sealed_name = announced.name.as_ref().map(|name| shared.vault.seal_name(belongs, name)).transpose()?;
        let mut write = shared.store.begin_write().await?;
        if let Some(secret) = ticket {
            let now = shared.now().as_millisecond();
            if !tickets::claim(&mut write, secret.digest(), id, now).await? {
                return Err(FilesError::TicketBusy);
            }
        }
        let expires_at = shared.after(shared.config.upload() + GRACE);
        let incoming =
            rows::Incoming { id, file: &file, reserved: reserved as i64, sealed_key, sealed_name, expires_at };
        let place = shared.reserve(&mut write, incoming).await?;
        write.commit().await?;
        let mut receiving = Box::new(Receiving {
            shared: shared.clone(),
            id,
            place,
            file,
            name: announced.name,
            key: key.clone(),
            reserved,
            deadline: shared.now() + shared.config.upload(),
            work: None,
            head: Vec::new(),
            received: 0,
            gathered: Vec::new(),
            gathered_bytes: 0,
            record: None,
        });
        match shared.create(place).await {
            Ok(file) => receiving.work = Some(Work::new(file, &key)),
            Err(error) => {
                // What can't be removed now is swept.
                if let Err(second) = receiving.discard().await {
                    tracing::warn!(file = %id, error = %second, "a file that could not be made can't be removed");
                }
                return Err(error);
            }
        }
        Ok(receiving)
    }
}

#[async_trait]
impl FilesProvider for EmbeddedFiles {
    async fn upload_ticket(&self, file: NewFile) -> Result<Ticket, FilesError> {
        let file = self.within_config(file)?;
        let secret = TicketSecret::generate()?;
        let expires_at = self.0.now() + self.0.config.ticket();
        tickets::insert_upload(self.0.store.pool(), secret.digest(), &file, expires_at.as_millisecond()).await?;
        Ok(Ticket { secret, expires_at })
    }

    async fn download_ticket(&self, file: &FileRecord, link: Link) -> Result<Ticket, FilesError> {
        let secret = TicketSecret::generate()?;
        let expires_at = self.0.now() + self.0.config.link();
        let pool = self.0.store.pool();
        tickets::insert_download(pool, secret.digest(), file, &link, expires_at.as_millisecond()).await?;
        Ok(Ticket { secret, expires_at })
    }

    async fn ticket(&self, secret: &TicketSecret) -> Result<Option<Grant>, FilesError> {
        let found = self.0.find_ticket(secret).await?;
        Ok(found.map(|ticket| match ticket {
            Stored::Download(grant) => grant,
            Stored::Upload { file, .. } => {
                Grant { download: None, scenario: file.scenario, purpose: file.purpose, account: file.account }
            }
        }))
    }

    async fn begin(&self, secret: &TicketSecret, announced: Announced) -> Result<Box<dyn Upload>, FilesError> {
        match self.0.find_ticket(secret).await? {
            Some(Stored::Upload { busy: true, .. }) => Err(FilesError::TicketBusy),
            Some(Stored::Upload { file, .. }) => self.receive(Some(secret), file, announced).await,
            _ => Err(FilesError::NoTicket),
        }
    }

    async fn begin_own(&self, file: NewFile, announced: Announced) -> Result<Box<dyn Upload>, FilesError> {
        let file = self.within_config(file)?;
        self.receive(None, file, announced).await
    }

    async fn redeem(&self, secret: &TicketSecret) -> Result<(FileRecord, Box<dyn Content>), FilesError> {
        let Some(Stored::Download(Grant { download: Some(id), scenario, .. })) = self.0.find_ticket(secret).await?
        else {
            return Err(FilesError::NoTicket);
        };
        let opened = self.open(&scenario, id).await?.ok_or(FilesError::NoTicket)?;
        // Of two requests at the same time, one gets the file.
        let now = self.0.now().as_millisecond();
        if !tickets::spend_download(self.0.store.pool(), secret.digest(), now).await? {
            return Err(FilesError::NoTicket);
        }
        Ok(opened)
    }

    async fn stat(&self, scenario: &ScenarioId, id: FileId) -> Result<Option<FileRecord>, FilesError> {
        let found = rows::find(self.0.store.pool(), &self.0.vault, scenario, id).await?;
        Ok(found.map(|stored| stored.record))
    }

    async fn list(
        &self,
        scenario: &ScenarioId,
        case: &CaseRef,
        of: Option<AccountId>,
    ) -> Result<Vec<FileRecord>, FilesError> {
        rows::list(self.0.store.pool(), &self.0.vault, scenario, case, of).await
    }

    async fn open(
        &self,
        scenario: &ScenarioId,
        id: FileId,
    ) -> Result<Option<(FileRecord, Box<dyn Content>)>, FilesError> {
        let Some(StoredFile { record, place, sealed_key }) =
            rows::find(self.0.store.pool(), &self.0.vault, scenario, id).await?
        else {
            return Ok(None);
        };
        let key = self.0.vault.open_key(rows::belongs(&record), &sealed_key)?;
        let (shared, bytes) = (self.0.clone(), record.bytes);
        let opener = blocking(move || Opener::new(shared.folder.read(place)?, &key, bytes)).await?;
        Ok(Some((record, Box::new(Whole(Arc::new(opener))))))
    }

    async fn attach(&self, scenario: &ScenarioId, id: FileId) -> Result<bool, FilesError> {
        Ok(rows::attach(self.0.store.pool(), scenario, id).await?)
    }

    async fn remove(&self, scenario: &ScenarioId, id: FileId) -> Result<bool, FilesError> {
        if !rows::hide(self.0.store.pool(), scenario, id).await? {
            return Ok(false);
        }
        self.0.erase(id).await?;
        Ok(true)
    }
}

// === impl Shared ===

impl Shared {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Milliseconds since 1970, `later` from now.
    pub(crate) fn after(&self, later: Duration) -> i64 {
        self.now().as_millisecond().saturating_add(later.as_millis().try_into().unwrap_or(i64::MAX))
    }

    async fn find_ticket(&self, secret: &TicketSecret) -> Result<Option<Stored>, FilesError> {
        Ok(tickets::find(self.store.pool(), secret.digest(), self.now().as_millisecond()).await?)
    }

    /// Counts a file against the quotas, and writes its row.
    async fn reserve(
        &self,
        write: &mut zhongtai_store::WriteTransaction,
        incoming: rows::Incoming<'_>,
    ) -> Result<Place, FilesError> {
        let (scenario, case) = (&incoming.file.scenario, &incoming.file.case);
        let held = rows::lock(write, scenario, case).await?;
        let fits =
            |held: i64, quota: u64| u64::try_from(held.saturating_add(incoming.reserved)).is_ok_and(|n| n <= quota);
        if !fits(held.department.1, self.config.department_quota()) {
            return Err(FilesError::QuotaExceeded("department"));
        }
        let has_place = rows::count(write, scenario, case).await? < i64::from(MAX_FILES);
        if !has_place || !fits(held.case.1, self.config.case_quota()) {
            return Err(FilesError::QuotaExceeded("case"));
        }
        let place = Place { department: held.department.0, case: held.case.0, file: incoming.id };
        rows::hold(write, scenario, case, incoming.reserved).await?;
        rows::insert(write, incoming).await?;
        Ok(place)
    }

    async fn create(self: &Arc<Self>, place: Place) -> Result<std::fs::File, FilesError> {
        let shared = self.clone();
        blocking(move || shared.folder.create(place).map_err(FilesError::folder("make a file"))).await
    }

    /// Removes a hidden file: its bytes, then its row with its key. Whoever is killed in between is followed by a
    /// sweep, which does it again.
    pub(crate) async fn erase(self: &Arc<Self>, id: FileId) -> Result<(), FilesError> {
        let Some((place, scenario, case)) = rows::hidden(self.store.pool(), id).await? else { return Ok(()) };
        let shared = self.clone();
        blocking(move || shared.folder.remove(place).map_err(FilesError::folder("remove a file"))).await?;
        let mut write = self.store.begin_write().await?;
        rows::lock(&mut write, &scenario, &case).await?;
        if let Some(bytes) = rows::delete(&mut write, id).await? {
            rows::hold(&mut write, &scenario, &case, -bytes).await?;
            tickets::release(&mut write, id).await?;
        }
        write.commit().await?;
        Ok(())
    }
}

/// A stored file, opened.
struct Whole(Arc<Opener>);

#[async_trait]
impl Content for Whole {
    async fn read(&mut self, offset: u64, length: usize) -> Result<Bytes, FilesError> {
        let opener = self.0.clone();
        blocking(move || opener.read(offset, length).map(Bytes::from)).await
    }
}

/// Runs on a thread that may wait for the disk.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FilesError> + Send + 'static,
) -> Result<T, FilesError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| FilesError::Fault("a task was lost"))?
}
