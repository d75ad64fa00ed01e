//! The Merkle tree (RFC 6962, section 2.1) as it grows: only the hashes that later records still need.

use tlog_tiles::{EMPTY_HASH, Hash, node_hash};

/// Tree levels per stored level: a stored hash stands for 256 of the level below.
pub(crate) const HEIGHT: u32 = 8;

/// The roots of the complete subtrees that a tree of `size` records is made of, the largest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

// === impl Frontier ===

impl Frontier {
    /// A tree whose complete subtrees are known.
    pub(crate) fn new(size: u64, peaks: Vec<Hash>) -> Self {
        Self { size, peaks }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Adds a record's hash. `store` gets each hash that has to be kept, with its stored level.
    pub(crate) fn push(&mut self, leaf: Hash, mut store: impl FnMut(usize, Hash)) {
        store(0, leaf);
        let mut hash = leaf;
        // As many subtrees are completed as the size has trailing ones.
        for height in 1..=self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(left, hash);
            if height % HEIGHT == 0 {
                store((height / HEIGHT) as usize, hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The tree's hash.
    pub(crate) fn root(&self) -> Hash {
        self.peaks.iter().copied().rev().reduce(|right, left| node_hash(left, right)).unwrap_or(EMPTY_HASH)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "a test that can't go on must stop")]

    use tlog_tiles::record_hash;

    use super::*;

    /// RFC 6962, section 2.1, word by word.
    fn mth(leaves: &[Hash]) -> Hash {
        match leaves.len() {
            0 => EMPTY_HASH,
            1 => leaves[0],
            n => {
                let k = n.next_power_of_two() / 2;
                node_hash(mth(&leaves[..k]), mth(&leaves[k..]))
            }
        }
    }

    #[test]
    fn the_root_is_that_of_the_rfc_and_stored_hashes_are_those_of_whole_tiles() {
        let leaves: Vec<Hash> = (0..1_100_u32).map(|n| record_hash(&n.to_le_bytes())).collect();
        let mut frontier = Frontier::default();
        let mut stored = vec![Vec::new(); 2];
        for (n, leaf) in leaves.iter().enumerate() {
            assert_eq!(frontier.root(), mth(&leaves[..n]), "{n} records");
            frontier.push(*leaf, |level, hash| stored[level].push(hash));
        }
        assert_eq!(stored[0], leaves);
        assert_eq!(stored[1], leaves.chunks_exact(256).map(mth).collect::<Vec<_>>());
    }
}
