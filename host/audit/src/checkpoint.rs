//! A checkpoint: how many records there are and the root hash over them, as a C2SP tlog-checkpoint in a signed note.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use signed_note::Note;
use tlog_tiles::Hash;

use crate::keys::{AuditKeys, PublicKeys, Signed};

/// The newest checkpoint's file.
pub(crate) const FILE: &str = "checkpoint";

/// A checkpoint as it was read: not yet to be believed.
pub(crate) struct Checkpoint {
    pub(crate) note: Note,
    pub(crate) tree: tlog_tiles::Checkpoint,
}

// === impl Checkpoint ===

impl Checkpoint {
    /// Reads a signed note. Checks no signature.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let note = Note::from_bytes(bytes).map_err(|error| error.to_string())?;
        let tree = tlog_tiles::Checkpoint::from_bytes(note.text()).map_err(|error| error.to_string())?;
        Ok(Self { note, tree })
    }

    /// The signatures, when each key signed; else what is wrong.
    pub(crate) fn check(&self, keys: &PublicKeys) -> Result<(), String> {
        match keys.check(&self.note).into_iter().find(|(_, signed)| *signed != Signed::Yes) {
            None => Ok(()),
            Some((key, Signed::No)) => Err(format!("the key {key} did not sign it")),
            Some((key, _)) => Err(format!("the signature of the key {key} is not of this text")),
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.tree.size()
    }

    pub(crate) fn root(&self) -> Hash {
        *self.tree.hash()
    }
}

/// A signed note over a tree.
pub(crate) fn sign(keys: &AuditKeys, size: u64, root: Hash) -> io::Result<Vec<u8>> {
    let tree = tlog_tiles::Checkpoint::new(keys.name(), size, root, "").map_err(|e| io::Error::other(e.to_string()))?;
    keys.sign(&tree.to_bytes()).map_err(io::Error::other)
}

/// Puts `bytes` in the place of `dir/name`: a crash leaves the old file or the new one.
pub(crate) fn replace(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let draft = dir.join(format!("{name}.draft"));
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, dir.join(name))?;
    sync_folder(dir)
}

/// Waits until the names in a folder are on disk.
pub(crate) fn sync_folder(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
