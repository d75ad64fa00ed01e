//! The tree's hashes on disk: `tiles/0` holds every record's hash, `tiles/1` the hash of each 256 of them, and so on.
//!
//! A C2SP tile of level L and number N is the 8,192 bytes from `N * 8192` of `tiles/L`. One file for a level, not one
//! for a tile, so that a checkpoint costs one sync for a level, however many tiles were filled since the last one.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use tlog_tiles::{Error, HASH_SIZE, Hash, HashReader, Tile, split_stored_hash_index};

use crate::{
    checkpoint::sync_folder,
    tree::{Frontier, HEIGHT},
};

/// The folder of the levels.
pub(crate) const FOLDER: &str = "tiles";

/// Hashes that are not on disk yet, by level; they go there with the next checkpoint.
pub(crate) struct LevelWriter {
    dir: PathBuf,
    pending: Vec<Vec<u8>>,
}

/// The levels as they are read.
pub(crate) struct Levels {
    dir: PathBuf,
}

// === impl LevelWriter ===

impl LevelWriter {
    /// Begins after the `size` records that `dir` has hashes of; what is beyond them is cut off.
    pub(crate) fn open(dir: &Path, size: u64) -> io::Result<Self> {
        let dir = dir.join(FOLDER);
        std::fs::create_dir_all(&dir)?;
        for (level, path) in existing(&dir) {
            OpenOptions::new().write(true).open(&path)?.set_len(hashes(size, level) * HASH_SIZE as u64)?;
        }
        Ok(Self { dir, pending: Vec::new() })
    }

    pub(crate) fn store(&mut self, level: usize, hash: Hash) {
        if self.pending.len() <= level {
            self.pending.resize_with(level + 1, Vec::new);
        }
        if let Some(pending) = self.pending.get_mut(level) {
            pending.extend_from_slice(&hash.0);
        }
    }

    /// Appends what was stored, and waits until it is on disk.
    pub(crate) fn persist(&mut self) -> io::Result<()> {
        for (level, pending) in self.pending.iter_mut().enumerate().filter(|(_, pending)| !pending.is_empty()) {
            let path = self.dir.join(level.to_string());
            let is_new = !path.exists();
            let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
            file.write_all(pending)?;
            file.sync_data()?;
            if is_new {
                sync_folder(&self.dir)?;
            }
            pending.clear();
        }
        Ok(())
    }
}

/// Hashes of `level` in a tree of `size` records.
pub(crate) fn hashes(size: u64, level: usize) -> u64 {
    size.checked_shr(HEIGHT * level as u32).unwrap_or(0)
}

/// The levels that there are, from the lowest.
pub(crate) fn existing(dir: &Path) -> impl Iterator<Item = (usize, PathBuf)> {
    (0..).map(|level: usize| (level, dir.join(level.to_string()))).take_while(|(_, path)| path.exists())
}

// === impl Levels ===

impl Levels {
    /// The levels of the log in `dir`.
    pub(crate) fn of(dir: &Path) -> Self {
        Self { dir: dir.join(FOLDER) }
    }

    pub(crate) fn path(&self, level: usize) -> PathBuf {
        self.dir.join(level.to_string())
    }

    /// `count` hashes of a level, from `first`.
    pub(crate) fn read(&self, level: usize, first: u64, count: u64) -> io::Result<Vec<u8>> {
        let size = usize::try_from(count).ok().and_then(|count| count.checked_mul(HASH_SIZE));
        let mut bytes = vec![0; size.ok_or_else(|| io::Error::other("too many hashes at once"))?];
        if !bytes.is_empty() {
            File::open(self.path(level))?.read_exact_at(&mut bytes, first * HASH_SIZE as u64)?;
        }
        Ok(bytes)
    }

    /// The tree of the first `size` records, from the stored hashes.
    pub(crate) fn frontier(&self, size: u64) -> io::Result<Frontier> {
        let mut peaks = Vec::new();
        for height in (0..u64::BITS).rev().filter(|height| size >> height & 1 == 1) {
            // The subtree of this height before which only larger ones lie.
            peaks.push(self.subtree(height, (size >> height) - 1)?);
        }
        Ok(Frontier::new(size, peaks))
    }

    /// The root of the `n`th complete subtree of 2^height records.
    fn subtree(&self, height: u32, n: u64) -> io::Result<Hash> {
        let within = height % HEIGHT;
        let bytes = self.read((height / HEIGHT) as usize, n << within, 1 << within)?;
        Ok(Tile::subtree_hash(&bytes))
    }
}

impl HashReader for Levels {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let read = |index: &u64| {
            let (height, n) = split_stored_hash_index(*index);
            self.subtree(height.into(), n).map_err(|error| Error::InvalidInput(error.to_string()))
        };
        indexes.iter().map(read).collect()
    }
}
