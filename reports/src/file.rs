//! Where a report goes: a file that appears whole or not at all, or standard output.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A report could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {source} (choose another path, or make its folder writable)")]
pub struct OutputError {
    /// Where to.
    pub path: String,
    /// Why not.
    #[source]
    pub source: io::Error,
}

impl OutputError {
    pub(crate) fn on_standard_output(source: io::Error) -> Self {
        Self {
            path: "standard output".to_owned(),
            source,
        }
    }
}

/// A report in the making. It is written beside its place and put there at the end, so that no half report is left.
#[derive(Debug)]
pub struct OutputFile {
    path: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    StandardOutput,
    /// A device or a pipe: it is written to, since a rename would put a file in its stead.
    Direct(File),
    /// The file beside, and where it goes.
    Beside(NamedTempFile, PathBuf),
    Finished,
}

impl OutputFile {
    /// Opens the place for writing; `-` is standard output.
    ///
    /// # Errors
    /// When the folder does not let a file be made, or the place cannot be written.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        let place = if path == Path::new("-") {
            Place::StandardOutput
        } else {
            open(path).map_err(|source| OutputError {
                path: path.display().to_string(),
                source,
            })?
        };
        Ok(Self {
            path: path.to_path_buf(),
            place,
        })
    }

    pub(crate) fn error(&self, source: io::Error) -> OutputError {
        OutputError {
            path: self.path.display().to_string(),
            source,
        }
    }

    /// Appends to the report.
    ///
    /// # Errors
    /// When the disk is full, say. A reader of standard output who has gone away is no error.
    pub fn write(&mut self, text: &str) -> Result<(), OutputError> {
        self.write_octets(text.as_bytes())
    }

    /// Appends what is no text.
    ///
    /// # Errors
    /// Likewise.
    pub fn write_octets(&mut self, octets: &[u8]) -> Result<(), OutputError> {
        let result = match &mut self.place {
            Place::StandardOutput => io::stdout().lock().write_all(octets),
            Place::Direct(file) => file.write_all(octets),
            Place::Beside(file, _) => file.write_all(octets),
            Place::Finished => Ok(()),
        };
        match result {
            Err(source) if source.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(source) => Err(self.error(source)),
            Ok(()) => Ok(()),
        }
    }

    /// Puts the report in its place.
    ///
    /// # Errors
    /// When the place cannot be written after all.
    pub fn finish(&mut self) -> Result<(), OutputError> {
        match std::mem::replace(&mut self.place, Place::Finished) {
            Place::Beside(file, path) => file
                .persist(path)
                .map(drop)
                .map_err(|failed| self.error(failed.error)),
            Place::StandardOutput | Place::Direct(_) | Place::Finished => Ok(()),
        }
    }
}

/// Makes a folder with all above it where it is missing, and sees that a file can be made in it.
pub(crate) fn make_folder(path: &Path) -> Result<(), OutputError> {
    fs::create_dir_all(path)
        .and_then(|()| tempfile::tempfile_in(path).map_err(|error| io::Error::from(error.kind())))
        .map(drop)
        .map_err(|source| OutputError {
            path: path.display().to_string(),
            source,
        })
}

fn open(path: &Path) -> io::Result<Place> {
    // A link keeps pointing where it did.
    let path = match fs::canonicalize(path) {
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_path_buf(),
        Err(error) => return Err(error),
    };
    match path.metadata() {
        Ok(known) if known.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(known) if !known.is_file() => {
            let file = OpenOptions::new().write(true).open(&path)?;
            return Ok(Place::Direct(file));
        }
        // A rename would succeed, but whoever took the permission away meant the file.
        Ok(known) if known.permissions().readonly() => {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        _ => {}
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut beside = tempfile::Builder::new();
    beside.prefix(".halfopen-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Temporary files are for their owner alone; a report is a file like others: the umask decides.
        beside.permissions(fs::Permissions::from_mode(0o666));
    }
    let file = beside
        .tempfile_in(folder)
        // The random name of the file beside would only confuse.
        .map_err(|error| io::Error::from(error.kind()))?;
    Ok(Place::Beside(file, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.json");
        let mut file = OutputFile::create(&path).expect("it can be written");
        file.write("one").expect("there is room");
        assert!(!path.exists());
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);

        let mut file = OutputFile::create(&path).expect("it can be written");
        file.write("two").expect("there is room");
        file.finish().expect("it takes its place");
        assert_eq!(fs::read_to_string(&path).expect("the file"), "two");
    }

    #[test]
    fn what_cannot_be_written_is_known_before_anything_runs() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kept.json");
        fs::write(&path, "kept").expect("a file");
        let mut permissions = fs::metadata(&path).expect("the file").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).expect("it is ours");
        for wrong in [
            path.as_path(),
            folder.path(),
            &path.join("below-a-file"),
            &folder.path().join("none/report.json"),
        ] {
            let error = OutputFile::create(wrong).expect_err("it cannot be written");
            assert!(error.to_string().contains("choose another path"));
        }
        assert_eq!(fs::read_to_string(&path).expect("the file"), "kept");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_keeps_pointing_where_it_did() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&path, "old").expect("a file");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        let mut file = OutputFile::create(&link).expect("it can be written");
        file.write("new").expect("there is room");
        file.finish().expect("it takes its place");
        assert_eq!(fs::read_to_string(&path).expect("the file"), "new");
        assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        // A link, so that even a wrong rename could not touch the device itself.
        let folder = tempfile::tempdir().expect("a folder");
        let link = folder.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &link).expect("a link");
        let file = OutputFile::create(&link).expect("it takes all");
        assert!(matches!(file.place, Place::Direct(_)));
    }
}
