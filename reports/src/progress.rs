//! A progress bar on the terminal, where there is one.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The bar; hidden until it is started, and for good where no terminal shows it.
pub(crate) struct Progress {
    bar: ProgressBar,
    is_wanted: bool,
}

impl Progress {
    pub(crate) fn new(is_wanted: bool) -> Self {
        Self {
            bar: ProgressBar::hidden(),
            is_wanted,
        }
    }

    pub(crate) fn start(&mut self, total: usize) {
        if self.is_wanted {
            self.bar = ProgressBar::new(total as u64);
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} drills, {elapsed}");
            if let Ok(style) = style {
                self.bar.set_style(style);
            }
        }
    }

    pub(crate) fn set(&self, done: usize) {
        self.bar.set_position(done as u64);
    }

    /// Takes the bar away while something else is printed.
    pub(crate) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
