//! Where a report goes: a file that appears whole or not at all, or standard output.

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
    /// None for standard output.
    temporary: Option<NamedTempFile>,
}

impl OutputFile {
    /// Opens the place for writing; `-` is standard output.
    ///
    /// # Errors
    /// When the folder does not let a file be made, or the place cannot be written.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        if path == Path::new("-") {
            return Ok(Self {
                path: path.to_path_buf(),
                temporary: None,
            });
        }
        let error = |source| OutputError {
            path: path.display().to_string(),
            source,
        };
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if path.is_dir() {
            return Err(error(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        if let Ok(existing) = path.metadata()
            && existing.permissions().readonly()
        {
            return Err(error(io::Error::from(io::ErrorKind::PermissionDenied)));
        }
        let temporary = NamedTempFile::new_in(folder).map_err(error)?;
        Ok(Self {
            path: path.to_path_buf(),
            temporary: Some(temporary),
        })
    }

    fn error(&self, source: io::Error) -> OutputError {
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
        let result = match &mut self.temporary {
            Some(file) => file.write_all(text.as_bytes()),
            None => io::stdout().lock().write_all(text.as_bytes()),
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
        use std::os::unix::fs::PermissionsExt;
        let Some(file) = self.temporary.take() else {
            return Ok(());
        };
        // Temporary files are for their owner alone; a report is for whoever may read the folder.
        let readable = std::fs::Permissions::from_mode(0o644);
        file.as_file()
            .set_permissions(readable)
            .map_err(|source| self.error(source))?;
        file.persist(&self.path)
            .map(drop)
            .map_err(|failed| self.error(failed.error))
    }
}
