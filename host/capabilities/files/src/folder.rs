//! The folder of files, through handles: a department's folder in it, a case's in that, and a file in that. All are
//! called by random ids, so nothing that anybody typed is a part of a path; and no link is followed on the way.

use std::{fs::File, io, path::Path};

use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::{
    ambient_authority,
    fs::{Dir, DirBuilder, DirBuilderExt as _, OpenOptions, OpenOptionsExt as _},
};

use crate::{FileId, FilesError};

/// Where a file lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) department: FileId,
    pub(crate) case: FileId,
    pub(crate) file: FileId,
}

/// The folder of all files.
pub(crate) struct Folder(Dir);

// === impl Folder ===

impl Folder {
    /// Opens the folder, and makes it when it is not there. Only this user may look into it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Ok(Self(Dir::open_ambient_dir(path, ambient_authority())?))
    }

    /// A new file, to write and to read.
    pub(crate) fn create(&self, place: Place) -> io::Result<File> {
        let department = enter(&self.0, place.department)?;
        let case = enter(&department, place.case)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600).follow(FollowSymlinks::No);
        Ok(case.open_with(place.file.to_string(), &options)?.into_std())
    }

    /// A file that was stored. What lies there and is no plain file is not opened: a pipe would never answer.
    pub(crate) fn read(&self, place: Place) -> Result<File, FilesError> {
        let doing = FilesError::folder("open a file");
        let case = match self.case(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(FilesError::Tampered),
            found => found.map_err(&doing)?,
        };
        let name = place.file.to_string();
        match case.symlink_metadata(&name) {
            Ok(found) if !found.is_file() => return Err(FilesError::Tampered),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(FilesError::Tampered),
            found => found.map_err(&doing)?,
        };
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No).nonblock(true);
        Ok(case.open_with(name, &options).map_err(doing)?.into_std())
    }

    /// Removes a file, if it is there. Folders stay: they are empty, and the next file of the case may need them.
    pub(crate) fn remove(&self, place: Place) -> io::Result<()> {
        let removed = self.case(place).and_then(|case| {
            case.remove_file(place.file.to_string())?;
            sync(&case)
        });
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Waits until the file's name is on the disk, up to the folder of all files.
    pub(crate) fn sync(&self, place: Place) -> io::Result<()> {
        let department = self.0.open_dir_nofollow(place.department.to_string())?;
        sync(&department.open_dir_nofollow(place.case.to_string())?)?;
        sync(&department)?;
        sync(&self.0)
    }

    fn case(&self, place: Place) -> io::Result<Dir> {
        self.0.open_dir_nofollow(place.department.to_string())?.open_dir_nofollow(place.case.to_string())
    }
}

/// The folder in `within`, made when it is not there.
fn enter(within: &Dir, id: FileId) -> io::Result<Dir> {
    let name = id.to_string();
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    match within.create_dir_with(&name, &builder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => within.open_dir_nofollow(name),
    }
}

/// A handle on a folder is for finding paths only (O_PATH), so it is opened once more.
fn sync(folder: &Dir) -> io::Result<()> {
    folder.open(".")?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        os::unix::fs::{PermissionsExt as _, symlink},
        path::PathBuf,
    };

    use super::*;

    fn place() -> Place {
        let id = || FileId::generate().unwrap();
        Place { department: id(), case: id(), file: id() }
    }

    fn path(root: &Path, place: Place) -> PathBuf {
        root.join(place.department.to_string()).join(place.case.to_string()).join(place.file.to_string())
    }

    #[test]
    fn a_file_is_written_read_and_removed_and_nobody_else_may_look() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("files");
        let (folder, place) = (Folder::open(&root).unwrap(), place());
        folder.create(place).unwrap().write_all(b"abc").unwrap();
        folder.sync(place).unwrap();
        let mut text = String::new();
        folder.read(place).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let file = path(&root, place);
        assert_eq!((mode(&file), mode(file.parent().unwrap()), mode(&root)), (0o600, 0o700, 0o700));
        assert!(folder.create(place).is_err(), "never over another file");
        folder.remove(place).unwrap();
        folder.remove(place).unwrap();
        assert!(matches!(folder.read(place), Err(FilesError::Tampered)));
    }

    #[test]
    fn a_link_in_the_folder_is_not_followed_wherever_it_leads() {
        let dir = tempfile::tempdir().unwrap();
        let (root, outside) = (dir.path().join("files"), dir.path().join("outside"));
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("secret"), "secret").unwrap();
        let folder = Folder::open(&root).unwrap();
        let stored = place();
        folder.create(stored).unwrap();

        // A file that is a link: out of the folder, and to another file in it.
        for target in [outside.join("secret"), path(&root, stored)] {
            let linked = Place { file: FileId::generate().unwrap(), ..stored };
            symlink(target, path(&root, linked)).unwrap();
            assert!(matches!(folder.read(linked), Err(FilesError::Tampered)));
            assert!(folder.create(linked).is_err());
        }
        // The same by a relative path, which stays in the folder; and to where a new file could be made.
        for target in [stored.file, FileId::generate().unwrap()] {
            let linked = Place { file: FileId::generate().unwrap(), ..stored };
            symlink(target.to_string(), path(&root, linked)).unwrap();
            assert!(matches!(folder.read(linked), Err(FilesError::Tampered)));
            assert!(folder.create(linked).is_err());
        }
        // A case's folder that is a link, and a department's: out of the folder, and by a relative path in it.
        let case = PathBuf::from(stored.case.to_string());
        let department = PathBuf::from(stored.department.to_string());
        for (depth, within) in [("case", case), ("department", department)] {
            for target in [&outside, &within] {
                let mut linked = Place { file: stored.file, ..place() };
                let link = match depth {
                    "case" => {
                        linked.department = stored.department;
                        path(&root, linked).parent().unwrap().to_owned()
                    }
                    _ => {
                        linked.case = stored.case;
                        path(&root, linked).parent().unwrap().parent().unwrap().to_owned()
                    }
                };
                symlink(target, link).unwrap();
                assert!(folder.read(linked).is_err(), "{depth}");
                let new = Place { file: FileId::generate().unwrap(), ..linked };
                assert!(folder.create(new).is_err(), "{depth}");
                assert!(folder.remove(linked).is_err(), "{depth}");
            }
        }
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
    }

    #[test]
    fn a_pipe_or_a_folder_in_a_files_place_is_not_opened() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let stored = place();
        folder.create(stored).unwrap();
        let pipe = Place { file: FileId::generate().unwrap(), ..stored };
        let made = std::process::Command::new("mkfifo").arg(path(dir.path(), pipe)).status().unwrap();
        assert!(made.success());
        assert!(matches!(folder.read(pipe), Err(FilesError::Tampered)));
        let inner = Place { file: FileId::generate().unwrap(), ..stored };
        std::fs::create_dir(path(dir.path(), inner)).unwrap();
        assert!(matches!(folder.read(inner), Err(FilesError::Tampered)));
    }
}
