//! One row as it was read, and what receives it.

use std::ops::ControlFlow;

use crate::error::ImportError;
use crate::problem::Reason;

/// One row of cells: one buffer for all rows of a file.
#[derive(Default)]
pub(crate) struct Row {
    /// As a spreadsheet program numbers it.
    pub(crate) number: u64,
    /// Hidden by a filter or by hand.
    pub(crate) hidden: bool,
    text: String,
    ends: Vec<usize>,
    /// What the format itself says is wrong with a cell; at most one a cell.
    faults: Vec<(usize, Reason)>,
}

impl Row {
    pub(crate) fn numbered(number: u64) -> Self {
        Self { number, ..Self::default() }
    }

    pub(crate) fn clear(&mut self) {
        self.hidden = false;
        self.text.clear();
        self.ends.clear();
        self.faults.clear();
    }

    /// Appends to the cell that is being written.
    pub(crate) fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Ends the cell that is being written.
    pub(crate) fn end_cell(&mut self) {
        self.ends.push(self.text.len());
    }

    /// Says that the cell that is being written cannot be used.
    pub(crate) fn fault(&mut self, reason: Reason) {
        let cell = self.ends.len();
        if self.faults.last().is_none_or(|(at, _)| *at != cell) {
            self.faults.push((cell, reason));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Octets so far, the ends of cells counted too: an empty cell costs memory as well.
    pub(crate) fn octets(&self) -> usize {
        self.text.len() + self.ends.len()
    }

    /// A cell without the white space around it; one that is not there is empty.
    pub(crate) fn cell(&self, index: usize) -> &str {
        let Some(end) = self.ends.get(index) else { return "" };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        trim(&self.text[start..*end])
    }

    pub(crate) fn faults(&self) -> &[(usize, Reason)] {
        &self.faults
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.faults.is_empty() && trim(&self.text).is_empty()
    }
}

/// White space with NBSP, which spreadsheets are full of, and a byte order mark that two joined files leave.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}')
}

/// Receives the rows of a file in their order.
pub(crate) type Each<'a> = dyn FnMut(&Row) -> Result<ControlFlow<()>, ImportError> + 'a;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_trimmed_and_may_be_missing() {
        let mut row = Row::default();
        row.push_str(" a\u{a0}");
        row.end_cell();
        row.fault(Reason::Quote);
        row.push_str("b");
        row.end_cell();
        assert_eq!((row.cell(0), row.cell(1), row.cell(2), row.len()), ("a", "b", "", 2));
        assert_eq!(row.faults(), [(1, Reason::Quote)]);
        row.clear();
        assert!(row.is_blank());
    }
}
