//! A file on its way in: on disk, in a file without a name, hashed as it comes.

use std::{
    fs::File,
    io::{BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use sha2::{Digest as _, Sha256};

use crate::CreditError;

/// A file that is being received. It is gone when this is dropped, also when the host dies.
pub struct Spool {
    file: File,
    hash: Sha256,
    bytes: u64,
    most: u64,
}

// === impl Spool ===

impl Spool {
    /// A spool in a folder, for so many MiB at most.
    pub fn new(folder: &Path, most_mib: u32) -> Result<Self, CreditError> {
        let file = tempfile::tempfile_in(folder).map_err(|error| failed(&error))?;
        Ok(Self { file, hash: Sha256::new(), bytes: 0, most: u64::from(most_mib) << 20 })
    }

    /// Takes the next part.
    pub fn write(&mut self, part: &[u8]) -> Result<(), CreditError> {
        self.bytes = self.bytes.saturating_add(part.len() as u64);
        if self.bytes > self.most {
            return Err(CreditError::Import(format!("the file is larger than {} MiB", self.most >> 20)));
        }
        self.hash.update(part);
        self.file.write_all(part).map_err(|error| failed(&error))
    }

    /// SHA-256 of what came.
    pub(super) fn digest(&self) -> String {
        hex::encode(self.hash.clone().finalize())
    }

    /// The file from its beginning, after a byte-order mark.
    pub(super) fn rewind(&mut self) -> Result<BufReader<&mut File>, CreditError> {
        let mut mark = [0; 3];
        self.file.seek(SeekFrom::Start(0)).map_err(|error| failed(&error))?;
        let has_mark = self.file.read_exact(&mut mark).is_ok() && mark == *b"\xef\xbb\xbf";
        let start = if has_mark { 3 } else { 0 };
        self.file.seek(SeekFrom::Start(start)).map_err(|error| failed(&error))?;
        Ok(BufReader::new(&mut self.file))
    }

    /// True when it begins with a byte-order mark: then it is UTF-8, whatever its lines look like.
    pub(super) fn has_mark(&mut self) -> Result<bool, CreditError> {
        let start = self.rewind()?.into_inner().stream_position().map_err(|error| failed(&error))?;
        Ok(start != 0)
    }
}

fn failed(error: &std::io::Error) -> CreditError {
    CreditError::Fault(format!("the import can't be kept on disk: {}", error.kind()))
}
