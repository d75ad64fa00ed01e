//! Recomputes the tree from the stored hashes of the records, and holds the upper levels against it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use tlog_tiles::{HASH_SIZE, Hash};

use crate::{finding::Finding, levels::Levels, reader::ReadError, tree::Frontier};

/// What the stored hashes give.
pub(crate) struct StoredTree {
    /// The root, if there are enough hashes for one.
    pub(crate) root: Option<Hash>,
    /// The root at the older checkpoint's size.
    pub(crate) mark: Option<Hash>,
    pub(crate) findings: Vec<Finding>,
}

/// Stored hashes one after the other, by level. A level that is missing or ends early gives nothing.
struct Stored {
    levels: Levels,
    open: BTreeMap<usize, Option<(BufReader<File>, u64)>>,
}

/// Checks the levels of the first `signed` records in `dir`.
pub(crate) fn check(dir: &Path, signed: u64, mark: Option<u64>) -> Result<StoredTree, ReadError> {
    let mut stored = Stored { levels: Levels::of(dir), open: BTreeMap::new() };
    let mut tree = StoredTree { root: None, mark: None, findings: Vec::new() };
    let mut frontier = Frontier::default();
    loop {
        if mark == Some(frontier.size()) {
            tree.mark = Some(frontier.root());
        }
        if frontier.size() == signed {
            tree.root = Some(frontier.root());
            return Ok(tree);
        }
        let Some(leaf) = stored.next(0)?.1 else {
            tree.findings.push(Finding::Tiles { level: 0, index: frontier.size() });
            return Ok(tree);
        };
        let mut above = Vec::new();
        frontier.push(leaf, |level, hash| above.push((level, hash)));
        for (level, hash) in above.into_iter().skip(1) {
            let (index, found) = stored.next(level)?;
            if found != Some(hash) && !tree.findings.iter().any(|finding| is_of(finding, level)) {
                tree.findings.push(Finding::Tiles { level, index });
            }
        }
    }
}

fn is_of(finding: &Finding, wanted: usize) -> bool {
    matches!(finding, Finding::Tiles { level, .. } if *level == wanted)
}

// === impl Stored ===

impl Stored {
    /// The next hash of a level, and which it is.
    fn next(&mut self, level: usize) -> Result<(u64, Option<Hash>), ReadError> {
        let path = self.levels.path(level);
        let open =
            self.open.entry(level).or_insert_with(|| File::open(&path).ok().map(|file| (BufReader::new(file), 0)));
        let Some((reader, next)) = open else { return Ok((0, None)) };
        let index = *next;
        *next += 1;
        let mut hash = [0; HASH_SIZE];
        match reader.read_exact(&mut hash) {
            Ok(()) => Ok((index, Some(Hash(hash)))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok((index, None)),
            Err(source) => Err(ReadError::io(&path, source)),
        }
    }
}
