use std::{
    borrow::Cow,
    io::{self, Write},
};

use flate2::{Compression, Crc, write::DeflateEncoder};
use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchiveWriter};

use crate::{Location, OfdError};

/// The files of an OFD document. They keep the order in which they were put, and those that came out of a package go
/// into the next one as they were packed.
#[derive(Debug, Default)]
pub(crate) struct Package<'a> {
    files: Vec<File<'a>>,
}

#[derive(Debug)]
pub(crate) struct File<'a> {
    pub(crate) location: Location,
    pub(crate) data: Vec<u8>,
    pub(crate) packed: Packed<'a>,
}

/// What stands in the package for a file.
#[derive(Debug)]
pub(crate) struct Packed<'a> {
    pub(crate) method: CompressionMethod,
    pub(crate) bytes: Cow<'a, [u8]>,
    pub(crate) crc: u32,
}

// === impl Package ===

impl<'a> Package<'a> {
    pub(crate) fn new(files: Vec<File<'a>>) -> Self {
        Self { files }
    }

    pub(crate) fn files(&self) -> &[File<'a>] {
        &self.files
    }

    pub(crate) fn get(&self, location: &Location) -> Option<&[u8]> {
        self.files.iter().find(|file| file.location == *location).map(|file| file.data.as_slice())
    }

    /// The file, which must be there.
    pub(crate) fn file(&self, location: &Location) -> Result<&[u8], OfdError> {
        self.get(location).ok_or_else(|| OfdError::Missing(location.clone()))
    }

    /// Adds a file, or puts it where one of this name was.
    pub(crate) fn put(&mut self, location: Location, data: Vec<u8>) -> io::Result<()> {
        let packed = Packed::deflate(&data)?;
        let file = File { location, data, packed };
        match self.files.iter_mut().find(|one| one.location == file.location) {
            Some(place) => *place = file,
            None => self.files.push(file),
        }
        Ok(())
    }

    /// The ZIP file. It says nothing of when it was written: the same files give the same bytes.
    pub(crate) fn to_zip(&self) -> Result<Vec<u8>, OfdError> {
        let mut bytes = Vec::with_capacity(self.files.iter().map(|file| file.packed.bytes.len() + 256).sum());
        let mut zip = ZipArchiveWriter::new(&mut bytes);
        for File { location, data, packed } in &self.files {
            let file = zip.new_file(location.as_str()).compression_method(packed.method);
            let (mut entry, _) = file.start().map_err(OfdError::Package)?;
            entry.write_all(&packed.bytes)?;
            entry.finish(DataDescriptorOutput::new(packed.crc, data.len() as u64)).map_err(OfdError::Package)?;
        }
        zip.finish().map_err(OfdError::Package)?;
        Ok(bytes)
    }
}

// === impl Packed ===

impl Packed<'_> {
    /// Also what can't get smaller is deflated: some readers refuse stored files whose size stands behind them.
    fn deflate(data: &[u8]) -> io::Result<Self> {
        let mut encoder = DeflateEncoder::new(Vec::with_capacity(data.len() / 2 + 64), Compression::default());
        encoder.write_all(data)?;
        let mut crc = Crc::new();
        crc.update(data);
        Ok(Self { method: CompressionMethod::DEFLATE, bytes: encoder.finish()?.into(), crc: crc.sum() })
    }
}
