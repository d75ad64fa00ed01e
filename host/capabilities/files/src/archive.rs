//! What is in an archive: its kind, and whether it is safe to hand on. Everything is unpacked once, into nothing, so
//! that what an entry's header says of its size does not matter.

use std::io::{Cursor, Read, Seek, SeekFrom};

use zip::{
    ZipArchive,
    read::{ArchiveOffset, Config, ZipFile},
    result::ZipError,
};

use crate::{
    ArchiveLimits, FileKind, UnsafeContent,
    kind::{Family, HEAD},
};

/// Small archives of much text unpack to many times their size, which harms nobody.
const ALWAYS_UNPACKED: u64 = 10 << 20;
/// An archive in an archive is held in memory to be examined, so it may not be larger.
const NESTED_BYTES: u64 = 32 << 20;
/// Bytes that tell every archive format that we know.
const ARCHIVE_HEAD: usize = 512;
/// The end of central directory record without its comment (APPNOTE 4.3.16), and the longest comment.
const END: (u64, u64) = (22, 65_535);

/// Examines an archive of `bytes` bytes.
pub(crate) fn inspect(
    archive: impl Read + Seek,
    bytes: u64,
    limits: &ArchiveLimits,
) -> Result<FileKind, UnsafeContent> {
    let unpacked = limits.unpacked_bytes().min(ALWAYS_UNPACKED.max(bytes.saturating_mul(limits.ratio.into())));
    Inspection { limits, entries_left: limits.entries, unpacked_left: unpacked }.archive(archive, bytes, 0)
}

/// What may still come, over all archives within the outermost.
struct Inspection<'a> {
    limits: &'a ArchiveLimits,
    entries_left: u32,
    unpacked_left: u64,
}

// === impl Inspection ===

impl Inspection<'_> {
    fn archive(&mut self, mut archive: impl Read + Seek, bytes: u64, depth: u32) -> Result<FileKind, UnsafeContent> {
        let entries = declared_entries(&mut archive, bytes)?;
        // Before the directory is read: it is read into memory as a whole.
        self.entries_left = self.entries_left.checked_sub(entries).ok_or(UnsafeContent::Entries)?;
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let mut archive = ZipArchive::with_config(config, archive).map_err(broken)?;
        if archive.len() != entries as usize {
            return Err(UnsafeContent::Broken);
        }
        // Two readers must not see two archives: no headers that differ, overlap or hide.
        archive.validate_header_consistency().map_err(broken)?;
        let mut names = Names::default();
        for index in 0..archive.len() {
            self.check_entry(&archive.by_index_raw(index).map_err(broken)?, &mut names)?;
            self.unpack(archive.by_index(index).map_err(broken)?, depth)?;
        }
        Ok(names.kind())
    }

    fn check_entry<R: Read>(&self, entry: &ZipFile<'_, R>, names: &mut Names) -> Result<(), UnsafeContent> {
        if entry.encrypted() {
            return Err(UnsafeContent::Encrypted);
        }
        let name = entry.name_raw();
        if entry.is_symlink() || leads_out(name) || leads_out(entry.name().map_err(broken)?.as_bytes()) {
            return Err(UnsafeContent::Escapes);
        }
        names.see(name);
        Ok(())
    }

    /// Unpacks an entry into nothing, or, when it is an archive itself, into memory.
    fn unpack(&mut self, mut entry: impl Read, depth: u32) -> Result<(), UnsafeContent> {
        let mut head = Vec::with_capacity(ARCHIVE_HEAD);
        self.take(entry.by_ref().take(ARCHIVE_HEAD as u64), |bytes| head.extend_from_slice(bytes))?;
        if !is_archive(&head) {
            return self.take(entry, |_| {});
        }
        let is_zip = Family::of(head.get(..HEAD).unwrap_or_default()) == Some(Family::Archive);
        if !is_zip || depth >= self.limits.nesting {
            return Err(UnsafeContent::Nested);
        }
        let mut whole = head;
        self.take(entry.take(NESTED_BYTES), |bytes| whole.extend_from_slice(bytes))?;
        if whole.len() as u64 > NESTED_BYTES {
            return Err(UnsafeContent::Nested);
        }
        let bytes = whole.len() as u64;
        self.archive(Cursor::new(whole), bytes, depth + 1).map(drop)
    }

    /// Reads to the end, as far as may still be unpacked.
    fn take(&mut self, mut from: impl Read, mut to: impl FnMut(&[u8])) -> Result<(), UnsafeContent> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = from.read(&mut buffer).map_err(|_| UnsafeContent::Broken)?;
            if read == 0 {
                return Ok(());
            }
            self.unpacked_left = self.unpacked_left.checked_sub(read as u64).ok_or(UnsafeContent::Unpacked)?;
            to(buffer.get(..read).unwrap_or_default());
        }
    }
}

/// How many entries the archive's last record says there are; the directory must have as many. Archives beyond 65,534
/// entries or 4 GiB (ZIP64) are not taken.
fn declared_entries(archive: &mut (impl Read + Seek), bytes: u64) -> Result<u32, UnsafeContent> {
    let from = bytes.saturating_sub(END.0 + END.1);
    let mut tail = Vec::new();
    let read = archive.seek(SeekFrom::Start(from)).and_then(|_| archive.take(END.0 + END.1).read_to_end(&mut tail));
    read.map_err(|_| UnsafeContent::Broken)?;
    let number = |at: usize| Some(u16::from_le_bytes(*tail.get(at..)?.first_chunk::<2>()?));
    let is_end = |at: usize| {
        let comment = number(at + 20).map(usize::from);
        tail.get(at..).is_some_and(|rest| rest.starts_with(b"PK\x05\x06"))
            && comment == tail.len().checked_sub(at + END.0 as usize)
    };
    let at = (0..tail.len()).rev().find(|at| is_end(*at)).ok_or(UnsafeContent::Broken)?;
    match number(at + 10) {
        None | Some(u16::MAX) => Err(UnsafeContent::Entries),
        Some(entries) => Ok(entries.into()),
    }
}

/// True for a name that would be written elsewhere than below the folder that the archive is unpacked into, on Unix or
/// on Windows, or that can't be read.
fn leads_out(name: &[u8]) -> bool {
    let is_separator = |b: &u8| matches!(b, b'/' | b'\\');
    let has_drive = name.get(1) == Some(&b':');
    name.is_empty()
        || name.first().is_some_and(is_separator)
        || has_drive
        || name.iter().any(|b| b.is_ascii_control())
        || name.split(is_separator).any(|part| part == b"..")
}

/// True for a format that holds other files and can be unpacked to more than it is.
fn is_archive(head: &[u8]) -> bool {
    use infer::archive::{
        is_7z, is_bz2, is_bz3, is_cab, is_cpio, is_gz, is_lz, is_lz4, is_rar, is_tar, is_xz, is_z, is_zip, is_zst,
    };
    let formats =
        [is_7z, is_bz2, is_bz3, is_cab, is_cpio, is_gz, is_lz, is_lz4, is_rar, is_tar, is_xz, is_z, is_zip, is_zst];
    formats.iter().any(|is| is(head))
}

/// The names that make an archive more than an archive.
#[derive(Default)]
struct Names {
    ofd: bool,
    content_types: bool,
    word: bool,
    excel: bool,
}

// === impl Names ===

impl Names {
    fn see(&mut self, name: &[u8]) {
        match name {
            b"OFD.xml" => self.ofd = true,
            b"[Content_Types].xml" => self.content_types = true,
            b"word/document.xml" => self.word = true,
            b"xl/workbook.xml" => self.excel = true,
            _ => {}
        }
    }

    fn kind(&self) -> FileKind {
        match self {
            Self { ofd: true, .. } => FileKind::Ofd,
            Self { content_types: true, word: true, .. } => FileKind::Docx,
            Self { content_types: true, excel: true, .. } => FileKind::Xlsx,
            _ => FileKind::Zip,
        }
    }
}

fn broken(error: ZipError) -> UnsafeContent {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            UnsafeContent::Encrypted
        }
        _ => UnsafeContent::Broken,
    }
}
