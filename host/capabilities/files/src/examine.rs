//! Whether a file that has arrived whole is what its first bytes say, and safe to hand on.

use std::io::BufReader;

use crate::{
    FileKind, FilesConfig, FilesError, UnsafeContent, archive,
    kind::{Family, HEAD},
    seal::Opener,
};

/// The kind of a whole file; an error if it is none of `wanted`.
pub(crate) fn examine(
    file: &Opener,
    bytes: u64,
    wanted: &[FileKind],
    config: &FilesConfig,
) -> Result<FileKind, FilesError> {
    let wrong = || FilesError::WrongKind { wanted: wanted.to_vec() };
    let head = file.read(0, HEAD)?;
    let kind = match Family::of(&head).ok_or_else(wrong)? {
        Family::Pdf => FileKind::Pdf,
        Family::Jpeg => image(file, FileKind::Jpeg, config)?,
        Family::Png => image(file, FileKind::Png, config)?,
        Family::Archive => archive::inspect(file.reader(), bytes, &config.archive)?,
    };
    if wanted.contains(&kind) { Ok(kind) } else { Err(wrong()) }
}

/// An image whose size can be read and that is not too large when it is unpacked.
fn image(file: &Opener, kind: FileKind, config: &FilesConfig) -> Result<FileKind, UnsafeContent> {
    let size = imagesize::reader_size(BufReader::new(file.reader())).map_err(|_| UnsafeContent::Broken)?;
    let pixels = (size.width as u64).saturating_mul(size.height as u64);
    if pixels > config.pixels() { Err(UnsafeContent::Pixels) } else { Ok(kind) }
}
