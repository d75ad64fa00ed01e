//! What the capability needs of others; the server wires it.

use async_trait::async_trait;
use zhongtai_kernel::{AccountId, ScenarioId};
use zhongtai_runtime::Asker;

use crate::{Format, SealError, Sealed};

/// A file from the shelf.
pub struct Taken {
    /// The case that it is of.
    pub case: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// Where the files of cases are. A guest names a file, and its bytes never get to it.
#[async_trait]
pub trait Shelf: Send + Sync + 'static {
    /// A file of the asker's scenario, if policy lets the asker read it for this purpose. No more than `most` bytes.
    async fn take(&self, asker: &mut Asker, file: &str, purpose: &str, most: u64) -> Result<Taken, SealError>;

    /// Puts a sealed document into the case of the file that it was made of. Returns the new file's id; the same one
    /// for the same bytes, as a request may come again.
    async fn put(&self, asker: &mut Asker, of: &str, sealed: &Sealed) -> Result<String, SealError>;
}

/// Who accounts are.
#[async_trait]
pub trait People: Send + Sync + 'static {
    /// The account's verified name, as it is to stand in a certificate; none when nobody verified it.
    async fn name_of(&self, account: AccountId) -> Result<Option<String>, SealError>;
}

/// Where cases are.
#[async_trait]
pub trait Cases: Send + Sync + 'static {
    /// The stage that a case of the scenario has come to; none when the host does not keep it. What the host knows
    /// counts, whatever the asker says.
    async fn stage(&self, scenario: &ScenarioId, case: &str) -> Result<Option<String>, SealError>;
}

/// Cases that scenarios keep themselves: where one is, the scenario says, and the log has its word.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeptByScenarios;

#[async_trait]
impl Cases for KeptByScenarios {
    async fn stage(&self, _: &ScenarioId, _: &str) -> Result<Option<String>, SealError> {
        Ok(None)
    }
}

/// The name that a file of this format is given beside the one it was made of.
pub fn sealed_name(original: Option<&str>, format: Format) -> String {
    let extension = format.as_str();
    let stem = original.and_then(|name| name.rsplit_once('.')).map_or("document", |(stem, _)| stem);
    format!("{stem}-sealed.{extension}")
}
