//! What host and worker tell each other, over the worker's standard input and output: frames of a length (4 bytes, big
//! endian) and so many bytes. The host sends a [`Setup`] and then orders; each is answered before the next.

use std::{
    io::{self, Read, Write},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{Facts, error::Refusal};

/// What a worker begins with.
#[derive(Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) fonts: Vec<PathBuf>,
    /// Beyond the fonts.
    pub(crate) memory_mib: u64,
    pub(crate) most_pages: usize,
}

/// The answer to a [`Setup`].
#[derive(Serialize, Deserialize)]
pub(crate) enum Started {
    Ready,
    /// The fonts can't be used.
    Fonts(String),
}

/// The answer to an order.
#[derive(Serialize, Deserialize)]
pub(crate) enum Answer {
    /// Two more frames follow: the PDF and the OFD.
    Made(Facts),
    Refused(Refusal),
}

/// A frame that is longer than this is not one of ours.
pub(crate) const LONGEST: usize = 64 << 20;

pub(crate) fn put(out: &mut impl Write, data: &[u8]) -> io::Result<()> {
    out.write_all(&length(data)?)?;
    out.write_all(data)
}

/// None at the end.
pub(crate) fn take(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let mut data = vec![0; checked(length, LONGEST)?];
    from.read_exact(&mut data)?;
    Ok(Some(data))
}

pub(crate) async fn send(out: &mut (impl AsyncWrite + Unpin), data: &[u8]) -> io::Result<()> {
    out.write_all(&length(data)?).await?;
    out.write_all(data).await?;
    out.flush().await
}

/// A frame of at most `longest` bytes.
pub(crate) async fn receive(from: &mut (impl AsyncRead + Unpin), longest: usize) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length).await?;
    let mut data = vec![0; checked(length, longest)?];
    from.read_exact(&mut data).await?;
    Ok(data)
}

fn length(data: &[u8]) -> io::Result<[u8; 4]> {
    let short = u32::try_from(data.len()).ok().filter(|length| *length as usize <= LONGEST);
    short.map(u32::to_be_bytes).ok_or_else(too_long)
}

fn checked(length: [u8; 4], longest: usize) -> io::Result<usize> {
    let length = u32::from_be_bytes(length) as usize;
    if length <= longest { Ok(length) } else { Err(too_long()) }
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "the frame is too long")
}
