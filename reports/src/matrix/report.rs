//! The sink that fills the matrix, and writes it when all drills are done.

use std::io::{self, Write};
use std::time::Duration;

use halfopen_drill::SessionEvent;

use super::{Matrix, console, html, json, markdown};
use crate::progress::Progress;
use crate::{OutputError, OutputFile, Sink, Style};

/// In which form a matrix is written to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatrixFormat {
    /// Tables as GitHub shows them.
    Markdown,
    /// One object.
    Json,
    /// One page that needs nothing else.
    Html,
}

/// The matrix of a session: on the console, and in files.
pub struct MatrixReport<W> {
    matrix: Matrix,
    out: W,
    style: Style,
    progress: Progress,
    files: Vec<(MatrixFormat, OutputFile)>,
}

impl<W: Write> MatrixReport<W> {
    /// A report of `matrix` on `out` and into `files`.
    pub fn new(
        matrix: Matrix,
        out: W,
        style: Style,
        files: Vec<(MatrixFormat, OutputFile)>,
    ) -> Self {
        Self {
            matrix,
            out,
            style,
            progress: Progress::new(style.progress),
            files,
        }
    }

    /// The matrix, as full as it is.
    pub const fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    fn end(&mut self, drills: usize, wall: Duration) -> Result<(), OutputError> {
        self.progress.finish();
        for (format, file) in &mut self.files {
            let text = match format {
                MatrixFormat::Markdown => markdown::render(&self.matrix),
                MatrixFormat::Json => json::render(&self.matrix),
                MatrixFormat::Html => html::render(&self.matrix)
                    .map_err(|error| file.error(io::Error::other(error)))?,
            };
            file.write(&text)?;
            file.finish()?;
        }
        let mut text = console::render(&self.matrix, self.style.colour, self.style.verbose);
        let requirements = self.matrix.rows().len();
        let seconds = wall.as_secs_f64();
        text.push_str(&format!(
            "\n{requirements} requirements, {drills} drills in {seconds:.2} s\n"
        ));
        match self.out.write_all(text.as_bytes()) {
            // A reader who has seen enough has gone away.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(OutputError::on_standard_output(error)),
            Ok(()) => Ok(()),
        }
    }
}

impl<W: Write> Sink for MatrixReport<W> {
    fn handle(&mut self, event: &SessionEvent) -> Result<(), OutputError> {
        match event {
            SessionEvent::Started { total } => self.progress.start(*total),
            SessionEvent::Progress { done } => self.progress.set(*done),
            SessionEvent::Finished(outcome) => self.matrix.add(outcome),
            SessionEvent::Ended { counts, wall } => return self.end(counts.total(), *wall),
        }
        Ok(())
    }
}
