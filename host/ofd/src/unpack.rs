//! Reads packages of unknown origin. What one reader would see otherwise than another is refused, not repaired: a seal
//! says nothing about files that only some readers find.

use std::{borrow::Cow, collections::BTreeSet, io::Read};

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive, ZipSliceEntry};

use crate::{
    Location, OfdError,
    package::{File, Package, Packed},
};

/// A document has a few files for each page; ten thousand are an attack.
const MAX_FILES: u64 = 10_000;
/// One file, unpacked, in bytes.
const MAX_FILE: u64 = 64 << 20;
/// All files together, unpacked, in bytes.
const MAX_TOTAL: u64 = 256 << 20;
/// How much larger than its packed form a file may be. Long XML of many like lines reaches 50.
const MAX_RATIO: u64 = 250;
/// Small files may be of any ratio: a page of spaces is no bomb.
const RATIO_COUNTS_FROM: u64 = 1 << 20;

/// What may stand before a data descriptor (APPNOTE 4.3.9.3).
const DESCRIPTOR: &[u8] = b"PK\x07\x08";

/// Where a file's bytes lie in the package, its header before them and its data descriptor behind them.
type Range = (u64, u64);

/// Reads a package.
///
/// # Errors
/// When it is not a ZIP file, is over a limit, or is one that readers would understand in different ways.
pub(crate) fn unpack(ofd: &[u8]) -> Result<Package<'_>, OfdError> {
    let archive = ZipArchive::from_slice(ofd).map_err(OfdError::Package)?;
    if archive.end_offset() != ofd.len() as u64 || !archive.comment().as_bytes().is_empty() {
        return Err(OfdError::Refused("bytes stand behind its end"));
    }
    if claimed(&archive)? > MAX_TOTAL {
        return Err(OfdError::TooLarge { what: "too many bytes", limit: MAX_TOTAL });
    }
    let mut reading = Reading { ofd, ..Reading::default() };
    for entry in archive.entries() {
        reading.entry(&archive, &entry.map_err(OfdError::Package)?)?;
    }
    if reading.entries != archive.entries_hint() {
        return Err(OfdError::Refused("its directory does not have as many entries as it says"));
    }
    no_gaps(reading.ranges, archive.directory_offset())?;
    Ok(Package::new(reading.files))
}

/// How large all files would be, as the directory says; each is held to it later.
fn claimed(archive: &ZipSliceArchive<&[u8]>) -> Result<u64, OfdError> {
    archive.entries().try_fold(0_u64, |total, entry| {
        Ok(total.saturating_add(entry.map_err(OfdError::Package)?.uncompressed_size_hint()))
    })
}

/// Each byte before the directory belongs to just one entry: nothing is hidden, nothing overlaps.
fn no_gaps(mut ranges: Vec<Range>, directory: u64) -> Result<(), OfdError> {
    ranges.sort_unstable();
    ranges.push((directory, directory));
    let mut end = 0;
    for (from, to) in ranges {
        if from != end {
            return Err(OfdError::Refused("its entries overlap, or bytes stand between them"));
        }
        end = to;
    }
    Ok(())
}

/// What was read so far.
#[derive(Default)]
struct Reading<'a> {
    ofd: &'a [u8],
    files: Vec<File<'a>>,
    names: BTreeSet<String>,
    ranges: Vec<Range>,
    entries: u64,
}

// === impl Reading ===

impl<'a> Reading<'a> {
    fn entry(&mut self, archive: &ZipSliceArchive<&[u8]>, header: &ZipFileHeaderRecord<'_>) -> Result<(), OfdError> {
        self.entries += 1;
        if self.entries > MAX_FILES {
            return Err(OfdError::TooLarge { what: "too many files", limit: MAX_FILES });
        }
        let name = header.file_path().as_bytes();
        let refuse = |problem| OfdError::entry(name, problem);
        let entry = archive.get_entry(header.wayfinder()).map_err(OfdError::Package)?;
        self.ranges.push(self.range(header, &entry)?);
        if header.flags().is_encrypted() {
            return Err(refuse("it is encrypted"));
        }
        if entry.local_header().file_path().as_bytes() != name {
            return Err(refuse("it has another name where its data begins"));
        }
        if name.ends_with(b"/") && entry.data().is_empty() {
            return Ok(());
        }
        let location = std::str::from_utf8(name).ok().and_then(Location::parse);
        let location = location.ok_or_else(|| refuse("its name is no path inside of the package"))?;
        // Systems that don't tell capital letters apart would find either of the two.
        if !self.names.insert(location.as_str().to_lowercase()) {
            return Err(refuse("there is another of that name"));
        }
        let data = Self::data(header, &entry)?;
        let packed = Packed {
            method: header.compression_method(),
            bytes: Cow::Borrowed(self.bytes(entry.compressed_data_range())?),
            crc: entry.claim_verifier().crc,
        };
        self.files.push(File { location, data, packed });
        Ok(())
    }

    fn data(header: &ZipFileHeaderRecord<'_>, entry: &ZipSliceEntry<'_>) -> Result<Vec<u8>, OfdError> {
        let refuse = |problem| OfdError::entry(header.file_path().as_bytes(), problem);
        let packed = entry.data();
        let size = entry.claim_verifier().uncompressed_size;
        if size > MAX_FILE {
            return Err(OfdError::TooLarge { what: "a file of too many bytes", limit: MAX_FILE });
        }
        if size > RATIO_COUNTS_FROM && size / MAX_RATIO > packed.len() as u64 {
            return Err(OfdError::TooLarge {
                what: "a file that is too many times larger than packed",
                limit: MAX_RATIO,
            });
        }
        let data = match header.compression_method() {
            CompressionMethod::STORE => packed.to_vec(),
            CompressionMethod::DEFLATE => inflate(packed, size).ok_or_else(|| refuse("its data are damaged"))?,
            _ => return Err(refuse("it is packed in a way that OFD does not know")),
        };
        let mut crc = flate2::Crc::new();
        crc.update(&data);
        let is_whole = data.len() as u64 == size && crc.sum() == entry.claim_verifier().crc;
        if is_whole { Ok(data) } else { Err(refuse("its data are damaged")) }
    }

    /// From the entry's header to the end of its data descriptor, which must say what the directory says.
    fn range(&self, header: &ZipFileHeaderRecord<'_>, entry: &ZipSliceEntry<'_>) -> Result<Range, OfdError> {
        let (_, end) = entry.compressed_data_range();
        let Some(descriptor) = entry.data_descriptor().map_err(OfdError::Package)? else {
            return Ok((header.local_header_offset(), end));
        };
        let central = entry.claim_verifier();
        let agrees = descriptor.crc32() == central.crc
            && descriptor.uncompressed_size() == central.uncompressed_size
            && descriptor.compressed_size() == entry.data().len() as u64;
        if !agrees {
            return Err(OfdError::entry(header.file_path().as_bytes(), "its size behind its data is not its size"));
        }
        let has_mark = self.bytes((end, end + 4))? == DESCRIPTOR;
        Ok((header.local_header_offset(), end + if has_mark { 16 } else { 12 }))
    }

    fn bytes(&self, (from, to): Range) -> Result<&'a [u8], OfdError> {
        let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        range.and_then(|(from, to)| self.ofd.get(from..to)).ok_or(OfdError::Refused("an entry reaches beyond its end"))
    }
}

/// Unpacks what gives `size` bytes and uses all of `packed` for it. Never makes more than one byte above `size`.
fn inflate(packed: &[u8], size: u64) -> Option<Vec<u8>> {
    let mut decoder = DeflateDecoder::new(packed).take(size.checked_add(1)?);
    let mut data = Vec::with_capacity(usize::try_from(size.min(RATIO_COUNTS_FROM)).ok()?);
    decoder.read_to_end(&mut data).ok()?;
    (decoder.into_inner().total_in() == packed.len() as u64).then_some(data)
}
