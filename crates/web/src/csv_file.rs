//! Tables for a spreadsheet program.

use axum::http::HeaderName;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use csv::{Terminator, Writer, WriterBuilder};

/// Without it Excel takes the file for one of its own country's encoding.
pub(crate) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The headers of a table that is kept under this name.
pub(crate) fn headers(name: &str) -> [(HeaderName, String); 2] {
    [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ]
}

/// Rows that go behind what was written before.
pub(crate) fn rows_behind(before: Vec<u8>) -> Writer<Vec<u8>> {
    WriterBuilder::new().terminator(Terminator::CRLF).from_writer(before)
}

/// The octets of all rows.
///
/// # Errors
/// None at this time: they are written to memory.
pub(crate) fn octets(rows: Writer<Vec<u8>>) -> Result<Vec<u8>, csv::Error> {
    rows.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// What somebody else wrote: a spreadsheet program must not take it for a formula (CWE-1236).
pub(crate) fn as_text(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_is_no_formula() {
        assert_eq!(as_text("=HYPERLINK(\"https://evil.example\")"), "'=HYPERLINK(\"https://evil.example\")");
        assert_eq!(as_text("e-mail"), "e-mail");
    }
}
