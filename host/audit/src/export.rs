//! Copies of the log for those who check it elsewhere.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use tlog_tiles::{HASH_SIZE, Tile};
use zhongtai_kernel::ErrorKind;

use crate::{
    checkpoint::{self, Checkpoint},
    levels::{self, Levels},
    reader::{ReadError, Reader},
    recover::KEYS,
    segment::{self, SegmentFile},
    tree::HEIGHT,
};

/// A log can't be copied.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is something already.
    #[error("{0} is not empty: export into a new folder")]
    NotEmpty(PathBuf),
    /// Records were removed after their time at this very moment.
    #[error("records of {0} were removed after their time just now: remove the copy and export again")]
    Changed(PathBuf),
    /// There is no checkpoint to go by.
    #[error("{path} is not a checkpoint: {problem}. check the log with `zt audit verify`")]
    Checkpoint {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The log can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The copy can't be written.
    #[error("{path} can't be written: {source}")]
    Write {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    /// The oldest record.
    pub first: u64,
    /// Records under the checkpoint: the newest has the number before this.
    pub signed: u64,
}

// === impl ExportError ===

impl ExportError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotEmpty(_) | Self::Changed(_) => ErrorKind::Conflict,
            Self::Checkpoint { .. } => ErrorKind::Internal,
            Self::Read(error) => error.kind(),
            Self::Write { .. } => ErrorKind::Unavailable,
        }
    }
}

/// Copies what the newest checkpoint of the log in `dir` covers into the folder `out`: records, hashes, checkpoint
/// and public keys, in the layout of the log itself. The log may be written meanwhile.
pub fn export(dir: &Path, out: &Path) -> Result<Exported, ExportError> {
    // Listed before and after the checkpoint is read: files that were removed between the two left their record
    // behind it, and would seem to be missing.
    let oldest = Reader::new(dir).first()?;
    let (note, signed) = begin(dir, out)?;
    let files = Reader::new(dir).files()?;
    if files.first().map(|file| file.first) != oldest {
        return Err(ExportError::Changed(dir.to_owned()));
    }
    for (index, file) in files.iter().enumerate().filter(|(_, file)| file.first < signed) {
        let end = files.get(index + 1).map_or(u64::MAX, |next| next.first);
        copy_records(file, end, signed, out)?;
    }
    copy_levels(dir, out, signed)?;
    copy_keys(dir, out)?;
    // The checkpoint last: a copy that was broken off has none.
    write(&out.join(checkpoint::FILE), &note)?;
    Ok(Exported { first: files.first().map_or(0, |file| file.first), signed })
}

/// Writes the tiles of the newest checkpoint as C2SP tlog-tiles lays them out: `checkpoint` and `tile/<L>/<N>[.p/<W>]`
/// below `out`, for tools that know that layout.
pub fn publish_tiles(dir: &Path, out: &Path) -> Result<(), ExportError> {
    let (note, signed) = begin(dir, out)?;
    let stored = Levels::of(dir);
    for level in (0..).take_while(|level| levels::hashes(signed, *level) > 0) {
        let hashes = levels::hashes(signed, level);
        for tile in 0..hashes.div_ceil(1 << HEIGHT) {
            let first = tile << HEIGHT;
            let width = (hashes - first).min(1 << HEIGHT);
            let bytes = stored.read(level, first, width);
            let bytes = bytes.map_err(|source| ReadError::io(&stored.path(level), source))?;
            let path = out.join(tile_path(level, tile, width));
            let folder = path.parent().unwrap_or(out);
            std::fs::create_dir_all(folder).map_err(|source| write_error(folder, source))?;
            write(&path, &bytes)?;
        }
    }
    write(&out.join(checkpoint::FILE), &note)
}

/// C2SP leaves the tile's height out of its path, as it is always 8.
fn tile_path(level: usize, tile: u64, width: u64) -> String {
    let tile = Tile::new(HEIGHT as u8, level as u8, tile, width as u32, false);
    tile.path().replacen("tile/8/", "tile/", 1)
}

fn write_error(path: &Path, source: io::Error) -> ExportError {
    ExportError::Write { path: path.to_owned(), source }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    std::fs::write(path, bytes).map_err(|source| write_error(path, source))
}

/// Reads the checkpoint and makes the folder.
fn begin(dir: &Path, out: &Path) -> Result<(Vec<u8>, u64), ExportError> {
    let path = dir.join(checkpoint::FILE);
    let note = std::fs::read(&path).map_err(|source| ReadError::io(&path, source))?;
    let checkpoint = Checkpoint::parse(&note).map_err(|problem| ExportError::Checkpoint { path, problem })?;
    std::fs::create_dir_all(out).map_err(|source| write_error(out, source))?;
    let mut there = std::fs::read_dir(out).map_err(|source| write_error(out, source))?;
    match there.next() {
        Some(_) => Err(ExportError::NotEmpty(out.to_owned())),
        None => Ok((note, checkpoint.size())),
    }
}

/// Copies a file, up to the last signed record.
fn copy_records(file: &SegmentFile, end: u64, signed: u64, out: &Path) -> Result<(), ExportError> {
    let target = out.join(segment::name(file.first));
    if end <= signed {
        return std::fs::copy(&file.path, &target).map(drop).map_err(|source| write_error(&target, source));
    }
    let read = |source| ReadError::io(&file.path, source);
    let mut lines = file.lines().map_err(read)?;
    let copy = File::create(&target).map_err(|source| write_error(&target, source))?;
    let (mut copy, mut line) = (BufWriter::new(copy), Vec::new());
    for _ in file.first..signed {
        if !lines.next(&mut line).map_err(read)? {
            break;
        }
        line.push(b'\n');
        copy.write_all(&line).map_err(|source| write_error(&target, source))?;
    }
    copy.flush().map_err(|source| write_error(&target, source))
}

fn copy_levels(dir: &Path, out: &Path, signed: u64) -> Result<(), ExportError> {
    let folder = out.join(levels::FOLDER);
    std::fs::create_dir_all(&folder).map_err(|source| write_error(&folder, source))?;
    for (level, path) in levels::existing(&dir.join(levels::FOLDER)) {
        let target = folder.join(level.to_string());
        std::fs::copy(&path, &target).map_err(|source| write_error(&target, source))?;
        let bytes = levels::hashes(signed, level) * HASH_SIZE as u64;
        let cut = File::options().write(true).open(&target).and_then(|copy| {
            let length = copy.metadata()?.len();
            copy.set_len(length.min(bytes))
        });
        cut.map_err(|source| write_error(&target, source))?;
    }
    Ok(())
}

fn copy_keys(dir: &Path, out: &Path) -> Result<(), ExportError> {
    let (from, folder) = (dir.join(KEYS), out.join(KEYS));
    std::fs::create_dir_all(&folder).map_err(|source| write_error(&folder, source))?;
    for entry in std::fs::read_dir(&from).map_err(|source| ReadError::io(&from, source))? {
        let entry = entry.map_err(|source| ReadError::io(&from, source))?;
        let target = folder.join(entry.file_name());
        std::fs::copy(entry.path(), &target).map_err(|source| write_error(&target, source))?;
    }
    Ok(())
}
