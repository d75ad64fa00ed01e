//! A file at rest: AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015), chunk by chunk.
//! A chunk that was changed, moved, left out or cut off does not open, and neither does a file without its end.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::FileExt,
};

use aead_stream::{NewStream, Nonce, StreamBE32, StreamPrimitive};
use aes_gcm::Aes256Gcm;
use zeroize::Zeroizing;

use crate::FilesError;

/// Bytes of a chunk, all but the last; what is held in memory at a time, and the least that is read.
pub(crate) const CHUNK: usize = 64 << 10;
/// What a chunk grows by.
const TAG: u64 = 16;

/// One file's key. No other file has it, so the nonces of two files can't meet.
pub(crate) type FileKey = Zeroizing<[u8; 32]>;

type Stream = StreamBE32<Aes256Gcm>;

fn stream(key: &FileKey) -> Stream {
    Stream::new(&(**key).into(), &Nonce::<Aes256Gcm, Stream>::default())
}

/// The index of the last chunk of `bytes` bytes: there is always one, if an empty one.
fn last_chunk(bytes: u64) -> u64 {
    bytes.saturating_sub(1) / CHUNK as u64
}

/// What `bytes` bytes are on the disk.
pub(crate) fn sealed_len(bytes: u64) -> u64 {
    bytes + (last_chunk(bytes) + 1) * TAG
}

/// Writes sealed chunks.
pub(crate) struct Sealer<W> {
    sink: W,
    stream: Stream,
    position: u32,
    chunk: Vec<u8>,
}

// === impl Sealer ===

impl<W: Write> Sealer<W> {
    pub(crate) fn new(sink: W, key: &FileKey) -> Self {
        Self { sink, stream: stream(key), position: 0, chunk: Vec::with_capacity(CHUNK + TAG as usize) }
    }

    /// Takes more of the file. A full chunk stays until more comes: it may be the last.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), FilesError> {
        while !bytes.is_empty() {
            if self.chunk.len() == CHUNK {
                self.write_chunk(false)?;
            }
            let (now, rest) = bytes.split_at(bytes.len().min(CHUNK - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            bytes = rest;
        }
        Ok(())
    }

    /// Writes the last chunk.
    pub(crate) fn finish(mut self) -> Result<W, FilesError> {
        self.write_chunk(true)?;
        Ok(self.sink)
    }

    fn write_chunk(&mut self, is_last: bool) -> Result<(), FilesError> {
        self.stream
            .encrypt_in_place(self.position, is_last, &[], &mut self.chunk)
            .map_err(|_| FilesError::Fault("a chunk can't be sealed"))?;
        self.sink.write_all(&self.chunk).map_err(FilesError::folder("write a file"))?;
        self.chunk.clear();
        self.position = self.position.checked_add(1).ok_or(FilesError::Fault("a file has too many chunks"))?;
        Ok(())
    }
}

/// Opens chunks, in any order.
pub(crate) struct Opener {
    file: File,
    stream: Stream,
    bytes: u64,
}

// === impl Opener ===

impl Opener {
    /// Over a file that holds `bytes` bytes. Its length is checked at once: what was cut or grew is not that file.
    pub(crate) fn new(file: File, key: &FileKey, bytes: u64) -> Result<Self, FilesError> {
        let found = file.metadata().map_err(FilesError::folder("look at a file"))?;
        if !found.is_file() || found.len() != sealed_len(bytes) {
            return Err(FilesError::Tampered);
        }
        Ok(Self { file, stream: stream(key), bytes })
    }

    /// Bytes from `offset`, at most `length`. Nothing of a chunk that does not open is returned.
    pub(crate) fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, FilesError> {
        let end = self.bytes.min(offset.saturating_add(length as u64));
        let mut read = Vec::new();
        let mut at = offset;
        while at < end {
            let chunk = self.chunk(at / CHUNK as u64)?;
            let within = (at % CHUNK as u64) as usize;
            let take = (end - at).min((chunk.len().saturating_sub(within)) as u64) as usize;
            let part = chunk.get(within..within + take).filter(|part| !part.is_empty()).ok_or(FilesError::Tampered)?;
            read.extend_from_slice(part);
            at += take as u64;
        }
        Ok(read)
    }

    fn chunk(&self, index: u64) -> Result<Vec<u8>, FilesError> {
        let sealed_chunk = CHUNK as u64 + TAG;
        let length = sealed_chunk.min(sealed_len(self.bytes).saturating_sub(index * sealed_chunk));
        let mut chunk = vec![0; length as usize];
        self.file.read_exact_at(&mut chunk, index * sealed_chunk).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => FilesError::Tampered,
            _ => FilesError::folder("read a file")(error),
        })?;
        let position = u32::try_from(index).map_err(|_| FilesError::Tampered)?;
        self.stream
            .decrypt_in_place(position, index == last_chunk(self.bytes), &[], &mut chunk)
            .map_err(|_| FilesError::Tampered)?;
        Ok(chunk)
    }

    /// The file as what parsers read.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { opener: self, at: 0, index: u64::MAX, chunk: Vec::new() }
    }
}

/// Reads through an [`Opener`], and keeps the chunk it is in.
pub(crate) struct Reader<'a> {
    opener: &'a Opener,
    at: u64,
    index: u64,
    chunk: Vec<u8>,
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.opener.bytes {
            return Ok(0);
        }
        let index = self.at / CHUNK as u64;
        if index != self.index {
            self.chunk = self.opener.chunk(index).map_err(io::Error::other)?;
            self.index = index;
        }
        let rest = self.chunk.get((self.at % CHUNK as u64) as usize..).unwrap_or_default();
        let take = rest.len().min(into.len());
        if let (Some(into), Some(rest)) = (into.get_mut(..take), rest.get(..take)) {
            into.copy_from_slice(rest);
        }
        self.at += take as u64;
        Ok(take)
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.opener.bytes.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn plain(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|n| (n * 31 % 251) as u8).collect()
    }

    /// Pushed in pieces of `step`.
    fn sealed(plain: &[u8], step: usize) -> Vec<u8> {
        let mut sealer = Sealer::new(Vec::new(), &Zeroizing::new(KEY));
        plain.chunks(step.max(1)).for_each(|piece| sealer.push(piece).unwrap());
        sealer.finish().unwrap()
    }

    fn opener(sealed: &[u8], bytes: u64) -> Result<Opener, FilesError> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(sealed).unwrap();
        Opener::new(file, &Zeroizing::new(KEY), bytes)
    }

    fn opened(sealed: &[u8], bytes: u64) -> Result<Vec<u8>, FilesError> {
        opener(sealed, bytes)?.read(0, usize::MAX)
    }

    #[test]
    fn what_is_sealed_opens_again_at_every_size_and_from_every_offset() {
        for bytes in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17] {
            let plain = plain(bytes);
            for step in [1_000, CHUNK, usize::MAX] {
                let sealed = sealed(&plain, step);
                assert_eq!(sealed.len() as u64, sealed_len(bytes as u64), "{bytes}");
                assert_eq!(opened(&sealed, bytes as u64).unwrap(), plain, "{bytes} in {step}");
            }
        }
        let (plain, sealed) = (plain(3 * CHUNK), sealed(&plain(3 * CHUNK), CHUNK));
        let opener = opener(&sealed, plain.len() as u64).unwrap();
        for (offset, length) in [(0, 10), (CHUNK - 5, 10), (10, 2 * CHUNK), (3 * CHUNK - 1, 10), (3 * CHUNK, 10)] {
            let end = plain.len().min(offset + length);
            assert_eq!(opener.read(offset as u64, length).unwrap(), plain[offset..end], "{offset} {length}");
        }
        assert_eq!(opener.read(u64::MAX, 10).unwrap(), b"");
    }

    #[test]
    fn a_flipped_byte_is_found_in_its_chunk_and_the_chunks_before_still_open() {
        let (plain, good) = (plain(3 * CHUNK), sealed(&plain(3 * CHUNK), CHUNK));
        for at in [0, CHUNK, CHUNK + 16, 2 * CHUNK + 40, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            let opener = opener(&bad, plain.len() as u64).unwrap();
            let chunk = at / (CHUNK + 16);
            assert_eq!(opener.read(0, chunk * CHUNK).unwrap(), plain[..chunk * CHUNK]);
            let refused = opener.read((chunk * CHUNK) as u64, 1).unwrap_err();
            assert!(matches!(refused, FilesError::Tampered), "{at}");
        }
    }

    #[test]
    fn chunks_that_were_swapped_left_out_or_cut_off_do_not_open() {
        let sealed_chunk = CHUNK + 16;
        let good = sealed(&plain(3 * CHUNK), CHUNK);
        let tampered = |bytes: &[u8], size: usize| matches!(opened(bytes, size as u64), Err(FilesError::Tampered));
        let mut swapped = good.clone();
        let (first, rest) = swapped.split_at_mut(sealed_chunk);
        first.swap_with_slice(&mut rest[..sealed_chunk]);
        assert!(tampered(&swapped, 3 * CHUNK), "swapped");
        assert!(tampered(&good[..2 * sealed_chunk], 3 * CHUNK), "cut");
        assert!(tampered(&good[..2 * sealed_chunk], 2 * CHUNK), "cut, and the size lied about");
        assert!(tampered(&good[sealed_chunk..], 2 * CHUNK), "without its beginning");
        assert!(tampered(&[&good[..], b"x"].concat(), 3 * CHUNK), "grown");
        assert!(opened(&good, 3 * CHUNK as u64).is_ok());
    }

    #[test]
    fn another_files_key_opens_nothing() {
        let sealed = sealed(&plain(100), 100);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&sealed).unwrap();
        let opener = Opener::new(file, &Zeroizing::new([8; 32]), 100).unwrap();
        assert!(matches!(opener.read(0, 1), Err(FilesError::Tampered)));
    }

    #[test]
    fn a_full_disk_is_told_apart() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut sealer = Sealer::new(full, &Zeroizing::new(KEY));
        let error = sealer.push(&plain(2 * CHUNK)).unwrap_err();
        assert!(matches!(error, FilesError::NoRoom), "{error:?}");
    }

    #[test]
    fn a_parser_reads_and_seeks_as_in_a_plain_file() {
        let (plain, sealed) = (plain(2 * CHUNK + 5), sealed(&plain(2 * CHUNK + 5), CHUNK));
        let opener = opener(&sealed, plain.len() as u64).unwrap();
        let mut reader = opener.reader();
        reader.seek(SeekFrom::End(-7)).unwrap();
        let mut end = Vec::new();
        reader.read_to_end(&mut end).unwrap();
        assert_eq!(end, plain[plain.len() - 7..]);
        reader.seek(SeekFrom::Start(CHUNK as u64 - 1)).unwrap();
        let mut across = [0; 2];
        reader.read_exact(&mut across).unwrap();
        assert_eq!(across, plain[CHUNK - 1..CHUNK + 1]);
        assert!(reader.seek(SeekFrom::Current(-10_000_000)).is_err());
    }
}
