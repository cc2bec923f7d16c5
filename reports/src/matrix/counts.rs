//! How many requirements stand how.

use super::{Mark, Row};

/// How many cells of a column have each mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MarkCounts {
    counts: [usize; Mark::ALL.len()],
}

impl MarkCounts {
    /// Counts the cells of one column.
    pub fn of<'r>(rows: impl IntoIterator<Item = &'r Row>, column: usize) -> Self {
        let mut counts = Self::default();
        for cell in rows.into_iter().filter_map(|row| row.cells.get(column)) {
            counts.counts[place(cell.mark)] += 1;
        }
        counts
    }

    /// How many have this mark.
    pub fn get(&self, mark: Mark) -> usize {
        self.counts[place(mark)]
    }

    /// How many can be tested.
    pub fn testable(&self) -> usize {
        self.counts.iter().sum::<usize>() - self.get(Mark::NotTestable)
    }

    /// The marks that some cell has, with their counts.
    pub fn shown(&self) -> impl Iterator<Item = (Mark, usize)> {
        Mark::ALL
            .into_iter()
            .zip(self.counts)
            .filter(|(_, count)| *count > 0)
    }
}

fn place(mark: Mark) -> usize {
    Mark::ALL
        .iter()
        .position(|known| *known == mark)
        .unwrap_or_default()
}
