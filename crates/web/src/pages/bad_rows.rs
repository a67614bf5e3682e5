//! The bad rows of a spreadsheet as a table, for whoever corrects it. No address stands in it.

use axum::Extension;
use axum::extract::Path;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::lists::ReadList;
use crate::pages::upload::found;
use crate::trouble::Trouble;
use crate::uploads::Stage;
use crate::visitor::Visitor;

/// Without it Excel takes the file for one of its own country's encoding.
const BYTE_ORDER_MARK: &str = "\u{feff}";

pub(crate) async fn download(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let (_, upload) = found(&visitor, &id)?;
    let Stage::Read(list) = &upload.stage else { return Err(Trouble::NotFound) };
    let table = table(&**list).map_err(|error| Trouble::Failed(format!("a table: {error}")))?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"bad-rows.csv\""),
    ];
    Ok((headers, table).into_response())
}

fn table(list: &dyn ReadList) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    table.write_record(["row", "column", "what is wrong"])?;
    for problem in list.problems() {
        let (row, column) = (problem.row.to_string(), problem.column.as_deref().unwrap_or_default());
        table.write_record([row.as_str(), &as_text(column), &problem.reason.to_string()])?;
    }
    table.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// A heading is somebody else's text: a spreadsheet program must not take it for a formula (CWE-1236).
fn as_text(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_is_no_formula() {
        assert_eq!(as_text("=HYPERLINK(\"https://evil.example\")"), "'=HYPERLINK(\"https://evil.example\")");
        assert_eq!(as_text("e-mail"), "e-mail");
    }
}
